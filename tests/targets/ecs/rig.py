"""The ECS kind against a sandbox that stands still until it is ticked, and short sentences for its tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.model.decision import Ensure
from controller.model.names import Commit, TargetName
from controller.model.observation import Live, Sight
from controller.model.outcome import Outcome, Sent
from controller.model.packed import Packed
from controller.model.place import Place
from controller.model.release import Release
from controller.model.rollout import Expect, Purpose
from controller.ports import LookAt
from controller.sandbox.server import Sandbox
from controller.shaping import Native
from controller.targets.ecs.client import Clients
from controller.targets.ecs.session import AwsOptions
from controller.targets.ecs.spec import shape
from controller.targets.ecs.target import EcsTarget
from tests.sandbox.rig import ACCOUNT, REGION, ROLE, Rig, a_seed, definition

__all__ = ["ACCOUNT", "REGION", "ROLE", "Ground", "a_seed", "definition", "logged", "new_ground", "release"]
LOGGING = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": "/ecs/api", "awslogs-region": REGION, "awslogs-stream-prefix": "ecs"},
}
EXECUTION = f"arn:aws:iam::{ACCOUNT}:role/execution"


def release(version: str, service: dict[str, Any] | None = None, **more: Any) -> Release:
    """What a spec that names this version comes to."""
    shaped = shape(Native(definition=definition(version, **more), service=service or {}))
    assert shaped.faults == ()
    assert shaped.manifest is not None
    return Release(version=version, manifest=shaped.manifest, shape=Packed.of(shaped.shape), commit=Commit("9f3c"))


def logged(version: str, service: dict[str, Any] | None = None, **more: Any) -> Release:
    """The same, with a container whose log can be read."""
    container = {"name": "api", "image": f"registry.example/api:{version}", "logConfiguration": LOGGING, **more}
    return release(version, service, containerDefinitions=[container], executionRoleArn=EXECUTION)


def allow() -> None:
    """A last check that has nothing against it."""


@dataclass
class Ground:
    """A sandbox, the adapter under test with the calls that it made, and an AWS client of somebody else's."""

    sandbox: Sandbox
    aws: Rig
    calls: list[tuple[str, str]] = field(default_factory=list)
    opened: list[Clients] = field(default_factory=list)
    ahead: float = 0.0
    skew: float = 0.0

    def __post_init__(self) -> None:
        self.restart()

    def restart(self, **options: Any) -> None:
        """A new process: nothing is remembered."""
        clients = Clients(
            AwsOptions(endpoint_url=self.sandbox.endpoint_url, **options),
            now=self.now,
            elapsed=lambda: self.sandbox.clock.now() + self.ahead,
            wait=lambda _: True,
            on_call=lambda _account, _region, operation, result: self.calls.append((operation, result)),
        )
        self.opened.append(clients)
        self.clients = clients
        self.target = EcsTarget(clients)

    def forget(self) -> None:
        """A new process, but for its connections: they cost time, and remember nothing."""
        self.target = EcsTarget(self.clients)

    def close(self) -> None:
        for clients in self.opened:
            clients.close()
        self.aws.close()

    def now(self) -> datetime:
        """The controller's time: the sandbox's, and by how much its clock goes wrong."""
        return datetime.fromtimestamp(self.sandbox.clock.now() + self.skew, UTC)

    def tick(self, seconds: float = 1) -> None:
        self.sandbox.tick(seconds)

    def faults(self, **document: Any) -> None:
        self.sandbox.set_faults(document)

    def place(self, service: str = "api", **more: Any) -> Place:
        where = {"account": ACCOUNT, "region": REGION, "cluster": "prod", "role": ROLE, **more}
        return Place(kind="ecs", service=service, **where)

    def sight(self, service: str = "api", place: Place | None = None, **closer: Any) -> Sight:
        one = LookAt(target=TargetName(service), place=place or self.place(service), **closer)
        return self.target.look([one])[one.target]

    def look(self, service: str = "api", **closer: Any) -> Live:
        sight = self.sight(service, **closer)
        assert isinstance(sight, Live), sight
        return sight

    def action(self, wanted: Release, live: Live | None = None, **more: Any) -> Ensure:
        """Ensure this release where `live` (or what is there now) runs."""
        live = live or self.look()
        given: dict[str, Any] = {
            "target": TargetName("api"),
            "place": self.place(),
            "release": wanted,
            "revision": None,
            "purpose": Purpose.FORWARD,
            "expect": Expect(deployment=live.deployment, revision=live.revision),
            "not_after": self.now() + timedelta(seconds=30),
            "rollout": 7,
            **more,
        }
        return Ensure(**given)

    def act(self, wanted: Release, live: Live | None = None, check: Any = allow, **more: Any) -> Outcome:
        return self.target.act(self.action(wanted, live, **more), check)

    def send(self, wanted: Release, **more: Any) -> Sent:
        outcome = self.act(wanted, **more)
        assert isinstance(outcome, Sent), outcome
        return outcome

    def made(self, operation: str) -> int:
        """How often an operation was called."""
        return sum(name == operation for name, _ in self.calls)

    def changes(self) -> list[tuple[str, str]]:
        """The calls that can change something."""
        return [call for call in self.calls if not call[0].startswith(("Describe", "List", "Get", "Assume"))]

    def sandbox_calls(self, operation: str) -> list[dict[str, Any]]:
        """What was said in each call of an operation that reached the sandbox."""
        return [call["parameters"] for call in self.aws.ask("calls")["changes"] if call["operation"] == operation]

    def revision(self, number: int) -> str:
        return f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/unifocus-prod-api:{number}"

    def revisions(self, family: str = "unifocus-prod-api") -> list[str]:
        """What is registered, newest first."""
        answer = self.aws.ecs.list_task_definitions(familyPrefix=family, sort="DESC")
        return [arn.rsplit(":", 1)[1] for arn in answer["taskDefinitionArns"]]


@contextmanager
def new_ground(monkeypatch: pytest.MonkeyPatch, *, start: float | None = None, **seed: Any) -> Iterator[Ground]:
    """A sandbox with one service, and ambient credentials; only one can be open in a process."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    with Sandbox(speed=0, start=start) as sandbox:
        sandbox.seed([a_seed(**seed)])
        ground = Ground(sandbox=sandbox, aws=Rig(sandbox))
        try:
            yield ground
        finally:
            ground.close()
