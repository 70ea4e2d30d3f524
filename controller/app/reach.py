"""Reach one account and region of AWS for a command that no spec has told where that is."""

import socket
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from controller.clock import Clock
from controller.errors import AccessError, PlatformError, SpecError, TrueupError
from controller.model.place import Place

if TYPE_CHECKING:
    from controller.targets.ecs.answers import Declined
    from controller.targets.ecs.client import Access, Clients

_PATIENCE: Final = 120.0  # seconds: a person waits for AWS's budget rather than begin again


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A way in, and where it leads; `calls` counts what was asked, by operation."""

    account: str
    region: str
    access: "Access"
    clients: "Clients"
    calls: Counter[str] = field(default_factory=Counter)

    def close(self) -> None:
        """Let go of every connection."""
        self.clients.close()


def clients_for(endpoint_url: str | None, calls: Counter[str], *, patience: float = _PATIENCE) -> "Clients":
    """Make the clients of a command: they count what they ask."""
    from controller.targets.ecs.client import Clients
    from controller.targets.ecs.session import AwsOptions

    clock, never = Clock(), threading.Event()

    def count(account: str, region: str, operation: str, result: str) -> None:
        del account, region, result
        calls[operation] += 1

    return Clients(
        AwsOptions(endpoint_url=endpoint_url, session=socket.gethostname() or "command", patience=patience),
        now=clock.now,
        elapsed=clock.elapsed,
        wait=lambda seconds: clock.wait(never, seconds),
        on_call=count,
    )


def reach(
    *, cluster: str, region: str | None, account: str | None, role: str | None, endpoint_url: str | None
) -> Reached:
    """Find the way into an account: without one it is that of the role, else STS says whose credentials we have.

    Raises SpecError where no region is said anywhere, AccessError and PlatformError as AWS answers.
    """
    calls: Counter[str] = Counter()
    clients = clients_for(endpoint_url, calls)
    try:
        place = region or _region(clients)
        whose = (
            account or (role or "").partition("::")[2].partition(":")[0] or who_we_are(clients, role, place).account
        )
        access = clients.access(
            Place(kind="ecs", account=whose, region=place, cluster=cluster, service="", role=role)
        )
        access.verify()
    except BaseException:
        clients.close()
        raise
    return Reached(account=whose, region=place, access=access, clients=clients, calls=calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who STS says that we are, and what time it was there when it answered; None if it did not say."""

    account: str
    arn: str
    at: datetime | None


def who_we_are(clients: "Clients", role: str | None, region: str) -> Identity:
    """Ask STS whose credentials we have; raises AccessError or PlatformError."""
    from controller.targets.ecs.answers import declined
    from controller.targets.ecs.session import read_config

    session = clients.session(role, region)
    if session.get_credentials() is None:
        raise AccessError("there are no AWS credentials: set them as for every AWS tool, or say --role-arn")
    client = clients.make(session, "sts", region, read_config())
    try:
        answer = client.get_caller_identity()
    except Exception as error:
        raise in_words(declined(error, f"AssumeRole of {role}" if role else "GetCallerIdentity")) from error
    finally:
        client.close()
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    return Identity(account=str(answer["Account"]), arn=str(answer.get("Arn", "")), at=_instant(said))


def _instant(text: str) -> datetime | None:
    """Read a Date header (RFC 9110, section 5.6.7)."""
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


def in_words(said: "Declined") -> TrueupError:
    """Name who must act when AWS does not answer with what was wanted."""
    from controller.targets.ecs.answers import Cause

    if said.cause is Cause.DENIED:
        return AccessError(str(said))
    wrong = said.cause in {Cause.NO_CLUSTER, Cause.CONTENT, Cause.GONE}
    return SpecError(str(said)) if wrong else PlatformError(str(said))


def _region(clients: "Clients") -> str:
    found = clients.session(None, "").get_config_variable("region")
    if not found:
        raise SpecError("the region is not known: say --region, or set AWS_REGION")
    return str(found)
