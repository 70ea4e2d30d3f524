"""The last gate: no changing request leaves this process unless an intent of this thread allows exactly that one.

A SigV4 signature is good for minutes, so the question is asked after signing: the SDK's `before-send` is the last
moment before the socket.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol
from urllib.parse import parse_qsl

from controller.errors import Refusal
from controller.model.lookups import find_lookups
from controller.model.place import Place
from controller.targets.ecs.native import last

REGISTER: Final = "RegisterTaskDefinition"
UPDATE: Final = "UpdateService"
CREATE: Final = "CreateService"
TAG: Final = "TagResource"
RUN: Final = "RunTask"
STOP: Final = "StopTask"
STOP_DEPLOYMENT: Final = "StopServiceDeployment"
CONTINUE_DEPLOYMENT: Final = "ContinueServiceDeployment"
SNAPSHOT: Final = "CreateDBSnapshot"
CLUSTER_SNAPSHOT: Final = "CreateDBClusterSnapshot"
_SNAPSHOTS: Final = MappingProxyType({
    SNAPSHOT: ("DBSnapshotIdentifier", "DBInstanceIdentifier"),
    CLUSTER_SNAPSHOT: ("DBClusterSnapshotIdentifier", "DBClusterIdentifier"),
})  # fmt: skip
_OF_DEPLOYMENTS: Final = frozenset({STOP_DEPLOYMENT, CONTINUE_DEPLOYMENT})
_CREDENTIAL: Final = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")


class Request(Protocol):
    """A request as the SDK has signed it."""

    @property
    def headers(self) -> "Headers":
        """What is said about it."""

    @property
    def body(self) -> bytes | str | None:
        """What it says."""


class Headers(Protocol):
    """Headers by name, whatever the case."""

    def get(self, name: str, default: str = "") -> str | bytes:
        """Give the header of this name."""


@dataclass(slots=True, kw_only=True)
class Permission:
    """What one intent allows, until when, and who has the last word; `opened` once a request was let out.

    `create`: the service is to be made, not updated. `resource` is the ARN that may be tagged. `starts` is the id
    of the one-off task that may be started, `stops` the ARN of the one that may be stopped; then nothing else is.
    `deployment` is the ARN of the service deployment that may be stopped, so that ECS goes back; with a `pause` of
    its own it may only be continued. `snapshot` is the name of the one that may be made, of `database`, and then
    nothing else.
    """

    place: Place
    family: str
    not_after: datetime
    check: Callable[[], None]
    create: bool = False
    resource: str = ""
    starts: str = ""
    stops: str = ""
    deployment: str = ""
    pause: str = ""
    snapshot: str = ""
    database: str = ""
    opened: bool = False


class Gate:
    """Keeps the permission of each thread, and refuses what it does not allow. `now` is the controller's time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._threads = threading.local()

    @contextmanager
    def permit(self, permission: Permission) -> Iterator[Permission]:
        """Allow what one intent allows, in this thread and for as long as this lasts."""
        self._threads.permission = permission
        try:
            yield permission
        finally:
            self._threads.permission = None

    def opened(self) -> Callable[[], bool]:
        """Forget what this thread let out before, and give what says whether it lets something out from now on."""
        permission: Permission | None = getattr(self._threads, "permission", None)
        if permission is None:
            return lambda: False
        permission.opened = False
        return lambda: permission.opened

    def ask(self, request: Request, account: str, verified: str | None) -> Permission:
        """Give the permission that allows this request, but for its last check; else raise Refusal.

        `account` is whose credentials the client has, `verified` the access key of which STS has said so.
        """
        permission: Permission | None = getattr(self._threads, "permission", None)
        if permission is None:
            raise Refusal("a changing call without an intent was stopped; nothing was sent")
        operation = _header(request, "X-Amz-Target").rsplit(".", 1)[-1] or str(_body(request).get("Action", ""))
        signed = _CREDENTIAL.search(_header(request, "Authorization"))
        key, region = (signed[1], signed[2]) if signed else ("", "")
        asked = {"operation": operation, "account": account, "region": region, **_said(request, operation)}
        differs = [f"{name} {value!r}" for name, value in asked.items() if value not in _allowed(permission, name)]
        if differs:
            raise Refusal(f"a changing call was stopped, its intent does not allow {', '.join(differs)}")
        unfilled = find_lookups(_body(request))
        if unfilled:
            raise Refusal(f"a changing call was stopped: nobody filled in {', '.join(sorted(map(str, unfilled)))}")
        if key != verified:
            raise Refusal("the credentials were renewed, and are to be checked first; nothing was sent")
        if self._now() > permission.not_after:
            raise Refusal("the intent is too old to be sent; the next turn decides again")
        return permission


def _said(request: Request, operation: str) -> dict[str, object]:
    """Read what the request itself names: what it changes, and whose revision it wants to run."""
    named = _body(request)
    if operation == REGISTER:
        return {"family": named.get("family")}
    if operation == TAG:
        return {"resource": named.get("resourceArn")}
    if operation == STOP:
        return {"cluster": named.get("cluster"), "task": named.get("task")}
    if operation in _OF_DEPLOYMENTS:
        return _said_of_deployment(named)
    if operation in _SNAPSHOTS:
        snapshot, database = _SNAPSHOTS[operation]
        return {"snapshot": named.get(snapshot), "database": named.get(database)}
    revision = str(named.get("taskDefinition") or "").split(":")
    told = {"revision in": "/".join(revision[4:2:-1])} if len(revision) > 1 else {}
    if operation == RUN:
        ids = {"token": named.get("clientToken"), "id": named.get("startedBy")}
        return {"cluster": named.get("cluster"), "tasks": named.get("count", 1), **ids, **told}
    service = named.get("serviceName" if operation == CREATE else "service")
    return {"cluster": named.get("cluster"), "service": service, **told}


def _said_of_deployment(named: dict[str, object]) -> dict[str, object]:
    """Read what is said of a service deployment: its ARN names where it is, the cluster and the service."""
    arn = str(named.get("serviceDeploymentArn") or "")
    parts = [*arn.split(":", 5), *[""] * 6]
    return {
        "deployment": arn,
        "revision in": "/".join(parts[4:2:-1]),
        "deployment of": "/".join(parts[5].split("/")[1:3]),
        "pause": named.get("hookId", ""),
        "to": named.get("stopType", named.get("action")),
    }


def _body(request: Request) -> dict[str, object]:
    """Read what a request says, in either of the protocols of the services that are changed."""
    body = request.body or b"{}"
    said = body if isinstance(body, str) else body.decode()
    if _header(request, "Content-Type").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(said, keep_blank_values=True))
    named: dict[str, object] = json.loads(said)
    return named


def _allowed(permission: Permission, name: str) -> tuple[object, ...]:
    place = permission.place
    return {
        "operation": _operations(permission),
        "account": (place.account,),
        "region": (place.region,),
        "cluster": (place.cluster,),
        "service": (place.service,),
        "family": (permission.family,),
        "resource": (permission.resource,),
        "task": (permission.stops,),
        "tasks": (1,),
        "token": (permission.starts,),
        "id": (permission.starts,),
        "deployment": (permission.deployment,),
        "deployment of": (f"{last(place.cluster)}/{place.service}",),
        "pause": (permission.pause,),
        "snapshot": (permission.snapshot,),
        "database": (permission.database,),
        "to": ("CONTINUE" if permission.pause else "ROLLBACK",),
        "revision in": (f"{place.account}/{place.region}",),
    }[name]


def _operations(permission: Permission) -> tuple[str, ...]:
    if permission.snapshot:
        return tuple(_SNAPSHOTS)
    if permission.stops:
        return (STOP,)
    if permission.starts:
        return (REGISTER, RUN)
    if permission.pause:
        return (CONTINUE_DEPLOYMENT,)
    ends = (STOP_DEPLOYMENT,) if permission.deployment else ()
    return (REGISTER, TAG, CREATE if permission.create else UPDATE, *ends)


def _header(request: Request, name: str) -> str:
    value = request.headers.get(name, "")
    return value.decode() if isinstance(value, bytes) else value
