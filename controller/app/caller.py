"""Whether AWS lets who gives an order be a person: in a role, with a source identity that only they can have."""

from collections import Counter
from typing import Final

from controller.app.reach import clients_for, in_words
from controller.errors import AccessError
from controller.model.people import Session

_ANYWHERE: Final = "us-east-1"
_SHORTEST: Final = 900  # seconds; less is not lent


def prove(session: Session, endpoint_url: str | None) -> None:
    """Assume the role with the source identity, which its trust policy has to allow; what is lent is thrown away.

    STS keeps the identity for as long as roles are assumed one after the other, and lets nobody change it
    (IAM User Guide, Monitor and control actions taken with assumed roles). An endpoint from the caller's own
    configuration is not asked. Raises AccessError, PlatformError.
    """
    from botocore.config import Config

    from controller.targets.ecs.answers import declined
    from controller.targets.ecs.session import read_config

    clients = clients_for(endpoint_url, Counter())
    try:
        own = clients.session(None, _ANYWHERE)
        if own.get_credentials() is None:
            raise AccessError("there are no AWS credentials: set them as for every AWS tool")
        only = Config(ignore_configured_endpoint_urls=True)  # type: ignore[call-arg]  # its stub does not know it
        config = read_config().merge(only)
        client = clients.make(own, "sts", str(own.get_config_variable("region") or _ANYWHERE), config)
        try:
            answer = client.assume_role(
                RoleArn=session.role,
                RoleSessionName=f"trueup-{session.source_identity}"[:64],
                SourceIdentity=session.source_identity,
                DurationSeconds=_SHORTEST,
            )
        except Exception as error:
            raise in_words(declined(error, f"AssumeRole of {session}")) from error
    finally:
        clients.close()
    if answer.get("SourceIdentity", session.source_identity) != session.source_identity:
        raise AccessError(f"AWS answered with another source identity than that of {session}")
