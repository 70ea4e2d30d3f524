"""What a plan of a whole fleet costs in memory, once AWS has answered, beside `json.loads` of its answers.

It is what `trueup plan` does between the bytes of AWS's answers and what it prints: reading them, bringing every
service and every task definition to canonical form, deciding, telling how each stands, and listing what differs.
Git, the network, the store and printing are left out, and so are the specs: they are compiled before, once.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks import fleet, specs, stub
from benchmarks.fleet import CLUSTER, ENVIRONMENT, Native
from benchmarks.spent import Spent, Watch, spend
from benchmarks.wire import Asked
from controller import kinds
from controller.clock import Clock
from controller.errors import PlatformError
from controller.loop.observe import observe
from controller.model.desired import Desired, DesiredTarget, Reading
from controller.model.names import Commit, EnvName, TargetName
from controller.model.observation import Live, Observation, Sight
from controller.model.place import Place
from controller.model.record import Record
from controller.plan.compare import Difference, differences
from controller.plan.decide import decide
from controller.plan.remember import intend
from controller.plan.summarise import summarise
from controller.ports import LookAt, Unfinished, World
from controller.spec.parse import compile_environment
from controller.targets.ecs.definitions import Definitions
from controller.targets.ecs.look import Looking

NEXT_VERSION: Final = "v1.0.1"
EVERY: Final = 10
PARTS: Final = ("look", "decide", "summarise", "compare")
_ENV: Final = EnvName(ENVIRONMENT)
_COMMIT: Final = Commit("0" * 40)
_AT_ONCE: Final = 10
_NOW: Final = Clock().now


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What it took for `count` services of which `differing` are to change; `compiled` is CPU, before."""

    count: int
    differing: int
    compiled: float
    loads: Spent
    plan: Spent
    parts: dict[str, Spent]


def measure(count: int, rounds: int) -> Planned:
    """Plan so many services in so many rounds."""
    planning = Planning(count)
    loads, plan = spend(rounds, planning.answers.load, planning.plan)
    differing = sum(map(bool, planning.plan().values()))
    return Planned(
        count=count,
        differing=differing,
        compiled=planning.compiled,
        loads=loads,
        plan=plan,
        parts=planning.parts,
    )


class Answers:
    """What AWS answers about a fleet, as bytes by question; stands where clients and their connections would."""

    def __init__(self, count: int) -> None:
        cloud = stub.Cloud(count=count, clock=Clock(), rollout=20.0)
        names = [fleet.service_name(index) for index in range(count)]
        self._bodies: dict[tuple[str, ...], bytes] = {}
        for start in range(0, count, _AT_ONCE):
            batch = names[start : start + _AT_ONCE]
            self._bodies[tuple(batch)] = _ask(cloud, "DescribeServices", cluster=CLUSTER, services=batch)
        for name in names:
            arn = f"{fleet.BASE}:task-definition/{name}:{fleet.FIRST_REVISION}"
            self._bodies[(arn,)] = _ask(cloud, "DescribeTaskDefinition", taskDefinition=arn, include=["TAGS"])

    def load(self) -> list[Native]:
        """Read every answer, and do nothing else."""
        return [json.loads(body) for body in self._bodies.values()]

    def access(self, place: Place) -> "Answers":
        """Give access to a place: it is all here."""
        del place
        return self

    def verify(self) -> None:
        """Be who we are."""

    def elapsed(self) -> float:
        """Give a time that stands still."""
        return 0.0

    def ask(self, service: str, operation: str, **asked: object) -> Native:
        """Have no other service: what cannot be asked of it is not said."""
        del asked
        raise PlatformError(f"there is no {service} here to ask for {operation}")

    def read(self, operation: str, **asked: object) -> Native:
        """Answer as a client does, from bytes."""
        told = asked["services"] if operation == "DescribeServices" else [asked["taskDefinition"]]
        return json.loads(self._bodies[tuple(told)])


def _ask(cloud: stub.Cloud, operation: str, **asked: object) -> bytes:
    headers = {"x-amz-target": f"AmazonEC2ContainerServiceV20141113.{operation}"}
    return stub.answer(cloud, Asked("/", headers, json.dumps(asked).encode())).body


class Fresh:
    """ECS services to a process that never saw one; meets controller.ports.Target, but acts on nothing."""

    def __init__(self, answers: Answers) -> None:
        self._looking = Looking(answers, Definitions())

    def look(self, wanted: Sequence[LookAt]) -> Mapping[TargetName, Sight]:
        """Look at all of them."""
        return self._looking.look(wanted)

    def complete(self, wanted: Sequence[Unfinished], now: object) -> Mapping[TargetName, DesiredTarget]:
        """Leave them as they are: nothing is left to the world in these specs."""
        del now
        return {one.target: one.want for one in wanted}

    def tokens(self, places: Sequence[Place]) -> Mapping[str, int]:
        """Count nothing: a plan sends nothing."""
        del places
        return {}


class Planning:
    """A fleet whose specs are compiled, whose services are known, and of which one in ten is to change."""

    def __init__(self, count: int) -> None:
        self.answers = Answers(count)
        layout = specs.Layout(count=count, per_file=_AT_ONCE)
        newer = dict.fromkeys(range(0, count, EVERY), NEXT_VERSION)
        files = layout.files() | {layout.path(index): layout.file(index, newer) for index in range(count)}
        began = time.process_time()
        self._desired = _compiled({path.removeprefix("specs/"): text.encode() for path, text in files.items()})
        self.compiled = time.process_time() - began
        self.parts = {name: Spent() for name in PARTS}
        self._record = Record()
        desired, seen = self._observe()
        self._record = intend(self._record, decide(desired, seen, self._record, seen.at), desired)

    def plan(self) -> dict[TargetName, tuple[Difference, ...]]:
        """Plan all of it, as if for the first time; gives what differs."""
        watch = Watch()
        desired, seen = self._observe()
        watch.lap(self.parts["look"])
        plan = decide(desired, seen, self._record, seen.at)
        watch.lap(self.parts["decide"])
        summarise(desired, seen, self._record, plan, self._record)
        watch.lap(self.parts["summarise"])
        found = {name: self._differing(name, sight) for name, sight in seen.sights.items()}
        watch.lap(self.parts["compare"])
        return found

    def _observe(self) -> tuple[Reading, Observation]:
        """Look with nothing remembered of any look before."""
        world = World(
            now=_NOW,
            elapsed=time.monotonic,
            source=None,  # it was read before
            store=None,  # it would only be written to
            targets={"ecs": Fresh(self.answers)},
        )
        return observe(self._desired, self._record, None, world)

    def _differing(self, name: TargetName, sight: Sight) -> tuple[Difference, ...]:
        if not isinstance(sight, Live):
            raise TypeError(f"{name} cannot be seen: {sight}")
        want = self._desired.targets[name]
        settings = differences(sight.settings, want.settings.manifest) if want.settings else ()
        return (*differences(sight.manifest, want.release.manifest), *settings)


def _compiled(files: Mapping[str, bytes]) -> Desired:
    made = compile_environment(_ENV, files, prefix="specs", tables=kinds.SPEC, commit=_COMMIT)
    if made.complaints:
        raise ValueError(f"the specs are broken: {made.complaints[0]}")
    return Desired(env=_ENV, commit=_COMMIT, targets=made.targets, brake=made.brake, pause=made.pause)
