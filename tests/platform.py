"""An in-memory platform that behaves: deployments, a breaker, lost answers and calls, lagging reads, people."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from controller.errors import Refusal
from controller.model.decision import Continue, Start, Stop
from controller.model.hooks import TaskAbsent, TaskEnded, TaskRuns, TaskUnseen
from controller.model.images import Found, Missing
from controller.model.manifest import Manifest
from controller.model.names import DeploymentId, Revision
from controller.model.observation import Absent, Awaits, Blame, Deployment, Live, OurTags, State, Unseen
from controller.model.outcome import Done, NotSent, Refused, Sent, Stale, Started
from controller.model.packed import Packed
from controller.model.place import Place
from controller.model.release import Release
from controller.model.rollout import Expect, Purpose
from controller.model.ways import Exists, Left

MOVING, SUCCESSFUL, STOPPED = State.MOVING, State.SUCCESSFUL, State.STOPPED
_NO_SHAPE = Packed.of("{}")


def place(name="api"):
    return Place(kind="fake", account="111122223333", region="eu-west-1", cluster="c", service=name)


@cache
def release(version):
    manifest = Manifest.of({"taskDefinition.image": f"api:{version}"}, owns=("taskDefinition",))
    return Release(version=version, manifest=manifest, shape=Packed.of(f'"{version}"'))


def digest(version):
    return release(version).digest


@dataclass
class Made:
    """A deployment as the platform keeps it."""

    id: str
    born: int
    manifest: Manifest
    revision: str
    left: int
    state: State = MOVING
    blame: Blame | None = None
    why: str = ""
    by: str = "us"
    awaits: Awaits | None = None
    reached: int = 0

    def seen(self):
        return Deployment(
            id=DeploymentId(self.id),
            born=self.born,
            manifest=self.manifest,
            state=self.state,
            revision=Revision(self.revision),
            blame=self.blame,
            why=self.why,
            by=self.by,
            awaits=self.awaits,
            reached=self.reached,
            automatic=self.by == "ecs",
            evidence=("task 1: api exited 1",) if self.blame is Blame.CONTENT else (),
        )


@dataclass
class Task:
    """A one-off task as the platform keeps it: it runs for `left` more steps of time."""

    arn: str
    hook: str
    version: str
    left: int = 2
    code: int | None = 0
    why: str = ""
    ground: bool = False
    gone: bool = False


@dataclass
class Service:
    """One service: deployments, counts, and every state that a read may still show."""

    made: list = field(default_factory=list)
    primary: Made | None = None
    desired: int = 2
    running: int = 2
    exits: int = 0
    settings: dict = field(default_factory=dict)
    beside: dict | None = None
    unread: str = ""
    identity: str = "first"
    tags: OurTags | None = None
    past: list = field(default_factory=list)


@dataclass
class FakePlatform:
    """Moves only when time does; `bad` never start, with `breaker` the platform goes back by itself."""

    services: dict = field(default_factory=dict)
    time: datetime = datetime(2030, 1, 1, tzinfo=UTC)
    clock: int = 0
    bad: set = field(default_factory=set)
    no_image: set = field(default_factory=set)
    inactive: set = field(default_factory=set)
    breaker: bool = True
    trouble: str = ""
    blind: bool = False
    lag: int = 0
    throttled: int = 0
    lose_answer: int = 0
    lose_call: int = 0
    ignore_settings: bool = False
    hide: set = field(default_factory=set)
    in_hand: dict = field(default_factory=dict)
    tasks: dict = field(default_factory=dict)
    takes: dict = field(default_factory=dict)
    exits_with: dict = field(default_factory=dict)
    no_task: set = field(default_factory=set)
    task_trouble: int = 0
    task_blind: bool = False
    says: tuple = ("boom",)
    pauses: dict = field(default_factory=dict)
    calls: list = field(default_factory=list)
    began: list = field(default_factory=list)

    def bump(self):
        """Let something happen now: microseconds since the epoch, each a little later than the one before."""
        self.clock = max(self.clock + 1, round(self.time.timestamp() * 1_000_000))
        return self.clock

    def service(self, name):
        return self.services.setdefault(name, Service())

    def deploy(self, name, manifest, revision=None, by="somebody"):
        s, born = self.service(name), self.bump()
        for d in s.made:
            if d.state is MOVING:
                d.state = STOPPED
        s.primary = Made(
            id=f"ecs-svc/{born}", born=born, manifest=manifest, revision=revision or f"{name}:{born}", left=2, by=by
        )
        s.made.append(s.primary)
        s.exits = 0
        self.began.append((name, manifest.digest, by))
        self.snap(name)
        return s.primary

    def by_hand(self, name, version, by="ana"):
        return self.deploy(name, Manifest.of({"taskDefinition.image": f"api:{version}"}), by=by)

    def settle(self, name):
        self.service(name).primary.state = SUCCESSFUL
        self.bump()
        self.snap(name)

    def scale(self, name, desired):
        s = self.service(name)
        s.desired = desired
        self.bump()
        s.running = min(s.running, desired)
        self.snap(name)

    def delete(self, name):
        self.services.pop(name, None)

    def snap(self, name):
        s, p = self.services[name], self.services[name].primary
        if p is None:
            return
        shown = [d for d in s.made[-12:] if d.id not in self.hide]
        live = Live(
            manifest=p.manifest,
            settings=Manifest.of(s.settings),
            shape=_NO_SHAPE,
            revision=Revision(p.revision),
            deployment=DeploymentId(p.id),
            desired=s.desired,
            running=s.running,
            asof=self.clock,
            identity=s.identity,
            exits=s.exits,
            told=True,
            deployments=tuple(d.seen() for d in shown),
            tags=s.tags,
            beside=None if s.beside is None else Manifest.of(s.beside),
            unread=s.unread,
        )
        s.past.append(live)

    def advance(self):
        for task in self.tasks.values():
            task.left -= 1
        for name, s in list(self.services.items()):
            if s.primary is None:
                continue
            before = self.state(s)
            self.step(name, s)
            if before != self.state(s):
                self.bump()
            self.snap(name)

    def state(self, s):
        return [(d.id, d.state, d.blame) for d in s.made], s.running, s.desired, s.exits

    def step(self, name, s):
        p = s.primary
        for d in s.made:
            if d.state is State.RETURNING and p.state is SUCCESSFUL:
                d.state = State.RETURNED
        if p.state is not MOVING:
            if not self.trouble and p.manifest.digest not in self.bad:
                s.running = s.desired
            if p.state is SUCCESSFUL:
                p.blame = Blame.PLATFORM if self.trouble and s.running < s.desired else None
                p.why = self.trouble
            return
        if self.trouble:
            p.blame, p.why = Blame.PLATFORM, self.trouble
            return
        p.blame, p.why = None, ""
        if p.awaits is not None:
            return
        if p.left == 1 and p.manifest.digest in self.pauses:
            p.awaits, p.left = Awaits(pause=self.pauses.pop(p.manifest.digest), stage="POST_SCALE_UP"), 0
            return
        if p.left:
            p.left -= 1
            return
        if p.manifest.digest not in self.bad:
            p.state, s.running = SUCCESSFUL, s.desired
        elif self.breaker:
            self.trip(name, s, p)

    def trip(self, name, s, p, why="circuit breaker"):
        before = [d for d in s.made if d.state is SUCCESSFUL]
        p.blame, p.why = Blame.CONTENT, why
        if not before:
            p.state = State.FAILED
            return
        self.deploy(name, before[-1].manifest, before[-1].revision, by="ecs")
        p.state = State.RETURNING

    def look(self, wanted):
        return {one.target: self.look_at(one.place.service) for one in wanted}

    def look_at(self, name):
        if self.blind:
            return Unseen(why="describe timed out")
        s = self.services.get(name)
        if s is None or s.primary is None:
            return Absent()
        self.snap(name)
        return s.past[max(0, len(s.past) - 1 - self.lag)]

    # --- one-off tasks
    def follow(self, tasks):
        return {one.id: self.sight_of(one) for one in tasks}

    def sight_of(self, one):
        if self.blind or self.task_blind:
            return TaskUnseen(why="describe timed out")
        task = self.tasks.get(one.id)
        if task is None or task.gone:
            return TaskAbsent()
        if task.left > 0:
            return TaskRuns(task=task.arn)
        return TaskEnded(
            task=task.arn,
            code=task.code,
            why=task.why,
            ground=task.ground,
            lines=() if task.code == 0 else self.says,
        )

    def evidence(self, place, deployment):
        if self.blind:
            return ("describe timed out",)
        made = self.service(place.service).made
        return tuple(line for d in made if d.id == deployment for line in d.seen().evidence)

    def start(self, a):
        if a.hook.name in self.no_task:
            return Refused(action=a, why="the container does not exist")
        if self.trouble:
            return NotSent(action=a, why=self.trouble)
        if a.look_first and (self.blind or self.task_blind):
            return NotSent(action=a, why="describe timed out")
        if a.id not in self.tasks:
            code = self.exits_with.get(a.hook.name, 0)
            self.tasks[a.id] = task = Task(
                arn=f"task/{len(self.tasks) + 1}", hook=a.hook.name, version=a.release.version, code=code
            )
            task.left = self.takes.get(a.hook.name, 2)
            task.why = f"exited {code}" if code else ""
            if a.release.digest in self.no_image:
                task.code, task.why = None, "CannotPullContainer: not found"
            if self.task_trouble:
                task.code, task.ground, task.why, task.left = None, True, "no capacity", 0
                self.task_trouble -= 1
        if self.lose_answer:
            self.lose_answer -= 1
            raise TimeoutError("no answer")
        return Started(
            action=a, task=self.tasks[a.id].arn, revision=Revision(f"{a.place.service}:{a.release.version}")
        )

    def stop(self, a):
        task = self.tasks.get(a.id)
        if task is not None and task.left > 0:
            task.left, task.code = 0, 137
        return Done(action=a)

    def go_on(self, a):
        made = next((d for s in self.services.values() for d in s.made if d.id == a.deployment), None)
        if made is None:
            return Stale(action=a)
        if made.awaits is not None and made.awaits.pause == a.pause:
            made.awaits = None
            made.left = max(made.left, 1)
            self.bump()
        return Done(action=a)

    def tokens(self, places):
        return dict(self.in_hand)

    def exists(self, asked):
        return {one: self.left(one.kept) for one in asked}

    def left(self, kept):
        """What is left of a release: `inactive` were deregistered, the images of `no_image` are gone."""
        image = Missing(why="deleted") if kept.digest in self.no_image else Found(digest=str(kept.digest))
        images = ((dict(kept.release.manifest.fields)["taskDefinition.image"], image),)
        if self.blind:
            return Exists(revision=Left.UNKNOWN, why="describe timed out", images=images)
        if kept.revision in self.inactive:
            return Exists(revision=Left.DEREGISTERED, images=images)
        known = any(made.revision == kept.revision for s in self.services.values() for made in s.made)
        return Exists(revision=Left.ACTIVE if known else Left.GONE, images=images)

    def act(self, a, check):
        try:
            check()
        except Refusal as refusal:
            return NotSent(action=a, why=str(refusal))
        self.calls.append(a)
        name = a.place.service
        if self.throttled:
            self.throttled -= 1
            return NotSent(action=a, why="ThrottlingException")
        if self.lose_call:
            self.lose_call -= 1
            raise ConnectionError("reset before it was read")
        other = {Start: self.start, Stop: self.stop, Continue: self.go_on}.get(type(a))
        if other is not None:
            return other(a)
        p = self.services[name].primary if name in self.services else None
        if a.expect != (Expect(deployment=DeploymentId(p.id), revision=Revision(p.revision)) if p else None):
            return Stale(action=a)
        if a.purpose is Purpose.SETTINGS:
            return self.set(name, a, p)
        if a.release.digest in self.no_image:
            return Refused(action=a, why="CannotPullContainer: not found")
        revision = None if a.revision in self.inactive else a.revision
        if p is None or a.force or not a.release.runs_in(p.manifest):
            p = self.deploy(name, Manifest.of(dict(a.release.manifest.fields)), revision, by="us")
        if a.settings:
            self.apply(name, a.settings)
        if self.lose_answer:
            self.lose_answer -= 1
            raise TimeoutError("no answer")
        return Sent(action=a, deployment=DeploymentId(p.id), revision=Revision(p.revision), asof=self.clock)

    def set(self, name, a, p):
        self.apply(name, a.settings)
        return Sent(action=a, deployment=DeploymentId(p.id), revision=Revision(p.revision), asof=self.clock)

    def apply(self, name, settings):
        if not self.ignore_settings:
            self.service(name).settings.update(dict(settings.manifest.fields))
            self.bump()
            self.snap(name)
