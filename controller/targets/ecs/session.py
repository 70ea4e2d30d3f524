"""Sessions with AWS: one for each account, region and role, all reading AWS's models through one loader."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from controller.model.place import Place
from controller.targets.ecs.shapes import loader

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.credentials import Credentials
    from botocore.session import Session

_NAME: Final = re.compile(r"[^\w+=,.@-]", re.ASCII)
_LONGEST_NAME: Final = 64
_CONNECT: Final = 3.0
_READ: Final = 10.0
_CHANGE: Final = 9.0
_READ_ATTEMPTS: Final = 3
_POOL: Final = 20
_PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}

OURSELVES: Final = "-"
"""No role: the credentials that this process has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsOptions:
    """How AWS is spoken to.

    `endpoint_url` is for a sandbox and holds for every service. `session` names us in CloudTrail. `share` is the
    part of AWS's budget for calls that is ours; `patience` how many seconds a read waits for its part. `role` is
    one to come as instead of the places' own, by its name in each account, or OURSELVES; empty leaves them theirs.
    """

    endpoint_url: str | None = None
    session: str = "controller"
    share: float = 1.0
    patience: float = 5.0
    role: str = ""

    def role_in(self, place: Place) -> str | None:
        """Give the role by which a place is reached."""
        if not self.role:
            return place.role
        if self.role == OURSELVES:
            return None
        known = place.role.split(":")[1] if place.role and place.role.startswith("arn:") else ""
        there = (partition for begin, partition in _PARTITIONS.items() if place.region.startswith(begin))
        return f"arn:{known or next(there, 'aws')}:iam::{place.account}:role/{self.role}"


def session_name(name: str) -> str:
    """Give a name that AssumeRole takes: 2 to 64 letters, digits and `+=,.@-`."""
    return f"trueup-{_NAME.sub('-', name)}"[:_LONGEST_NAME]


def ambient_session() -> "Session":
    """Open the session that has this process's own credentials; every other one is opened from it."""
    from botocore.session import Session  # noqa: PLC0415 - AWS's library is loaded only where it is used

    session = Session()
    session.register_component("data_loader", loader())
    # ECS answers instants as seconds since the epoch. To make dates of them is most of the work of reading a
    # service with its hundred events, and nobody looks at them: leave them as they are.
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=as_it_is)
    return session


def role_session(role: str, ambient: "Session", client: Callable[[str], Any], options: AwsOptions) -> "Session":
    """Open a session that assumes a role; `client` makes clients with given credentials.

    It shares what it can with the ambient one: a second session costs a tenth of the first.
    """
    from botocore.session import Session  # noqa: PLC0415 - AWS's library is loaded only where it is used

    session = Session()
    for shared in ("data_loader", "response_parser_factory"):
        session.register_component(shared, ambient.get_component(shared))
    session.register_component(
        "credential_provider", _Assumed(role, ambient, client, session_name(options.session))
    )
    return session


def as_it_is(instant: object) -> object:
    """Leave an instant as it came."""
    return instant


class _Assumed:
    """Where a session gets its credentials from: a role, assumed with the ambient ones."""

    def __init__(self, role: str, ambient: "Session", client: Callable[[str], Any], name: str) -> None:
        self._role = role
        self._ambient = ambient
        self._client = client
        self._name = name

    def load_credentials(self) -> "Credentials":
        """Give credentials that assume the role when they are first asked for, and again before they end."""
        from botocore import credentials, exceptions  # noqa: PLC0415 - AWS's library is loaded only where it is used

        source = self._ambient.get_credentials()
        if source is None:
            raise exceptions.NoCredentialsError
        fetcher = credentials.AssumeRoleCredentialFetcher(
            client_creator=self._client,
            source_credentials=source,
            role_arn=self._role,
            extra_args={"RoleSessionName": self._name},
        )
        renewed: Any = credentials.DeferredRefreshableCredentials  # its stub asks for more than it takes
        assumed: Credentials = renewed(refresh_using=fetcher.fetch_credentials, method="assume-role")
        return assumed


def read_config() -> "Config":
    """Give the settings of a client that only reads: the SDK's standard retries."""
    return _config(read_timeout=_READ, attempts=_READ_ATTEMPTS)


def change_config() -> "Config":
    """Give the settings of a client that changes things: one attempt; the next turn looks and decides again."""
    return _config(read_timeout=_CHANGE, attempts=1)


def _config(*, read_timeout: float, attempts: int) -> "Config":
    from botocore.config import Config  # noqa: PLC0415 - AWS's library is loaded only where it is used

    return Config(
        connect_timeout=_CONNECT,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=_POOL,
        user_agent_extra="trueup",
    )
