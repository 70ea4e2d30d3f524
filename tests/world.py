"""A world that behaves: platform, clock, store, alarms and people, all in memory."""

from collections.abc import Iterable
from copy import copy, deepcopy
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Event
from types import SimpleNamespace

from controller.errors import Conflict
from controller.gates.alarms import Alarms as AlarmGuard
from controller.loop.reconcile import reconcile
from controller.loop.run import Runner
from controller.model.consent import Authors, AuthorsOf, WhoIsWho
from controller.model.desired import Brake, Desired, DesiredTarget, Load, Unread
from controller.model.gate import Open, Shut, Unsure
from controller.model.group import Group
from controller.model.manifest import Manifest
from controller.model.names import Commit, DeploymentId, EnvName, Revision, TargetName
from controller.model.orders import Orders, Pause, Pin, Request, Rollback, TargetOrders
from controller.model.outcome import Sent
from controller.model.questions import (
    Alarm,
    Alarms,
    AlarmsOf,
    AlarmState,
    Candidate,
    ChangedBy,
    OnBranch,
    RangBetween,
    Unanswered,
)
from controller.model.record import Memory, Owner, Record
from controller.model.release import Settings
from controller.model.rollout import Expect, Terms
from controller.ports import NOTHING_ELSE, World
from tests.platform import FakePlatform, digest, place, release
from tests.rows import note

ENV = EnvName("prod")


def guard(name="5xx", **how):
    return AlarmGuard(account="111122223333", region="eu-west-1", role=None, names=(name,), **how)


GUARD = guard()


class Crash(BaseException):
    """The process died here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsOf:
    """Who approved this candidate?"""

    candidate: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """The people who said yes."""

    people: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A gate of the tests: enough people said yes."""

    needed: int = 1
    kind: str = "approval"

    def asks(self, candidate) -> Iterable:
        return (ApprovalsOf(candidate=candidate),)

    def judge(self, candidate, answers, now):
        approved = answers.get(ApprovalsOf(candidate=candidate))
        if not isinstance(approved, Approved):
            return Unsure(why="approvals unreadable")
        missing = self.needed - len(approved.people)
        return Open() if missing <= 0 else Shut(why=f"{missing} approval(s) missing")


@dataclass
class FakeStore:
    """A store that keeps values, not bytes; the same contract binds it as the real ones."""

    record: Record = field(default_factory=Record)
    writes: int = 0
    entries: list = field(default_factory=list)
    given: set = field(default_factory=set)

    def load(self, env):
        return self.record

    def save(self, before, after, env, entries=()):
        if before.version != self.record.version:
            raise Conflict("somebody else saved first")
        if after is before and not entries:
            return before
        self.writes += 1
        self.entries += entries
        claims = dict(after.claims)
        for name, memory in after.targets.items():
            if memory.place is not None:
                claims[memory.place.claim] = Owner(env=env, target=name)
        self.record = replace(after, version=str(self.writes), claims=claims, orders=self.record.orders)
        return self.record


class _SeenStore:
    """The store of a world, with what is planned before and after each effect."""

    def __init__(self, w):
        self._w = w
        self.load = w.store.load

    def save(self, before, after, env, entries=()):
        if after is before and not entries:
            return before
        return self._w.effect(self._w.store.save)(before, after, env, entries)


class _SeenPlatform:
    """The platform of a world, with what is planned before and after each effect."""

    def __init__(self, w):
        p = w.platform
        self.look, self.follow, self.evidence, self.tokens = p.look, p.follow, p.evidence, p.tokens
        self.act = w.effect(w.act)


@dataclass
class FakeWorld:
    """Everything outside, with levers; `api` is the target unless told otherwise."""

    versions: dict = field(default_factory=lambda: {"api": "1"})
    places: dict = field(default_factory=dict)
    releases: dict = field(default_factory=dict)
    want: dict = field(default_factory=dict)
    terms: dict = field(default_factory=dict)
    guarding: dict = field(default_factory=dict)
    needs: dict = field(default_factory=dict)
    groups: dict = field(default_factory=dict)
    hooked: str = ""
    brake: Brake = field(default_factory=Brake)
    load: Load = field(default_factory=Load)
    platform: FakePlatform = field(default_factory=FakePlatform)
    store: FakeStore = field(default_factory=FakeStore)
    sick: set = field(default_factory=set)
    approvals: dict = field(default_factory=dict)
    people: object = field(default_factory=lambda: Unanswered(why="nobody is known"))
    answers: dict = field(default_factory=dict)
    author: str = ""
    wrote: object = None
    authors_asked: list = field(default_factory=list)
    at_commit: str = ""
    branch: object = field(default_factory=lambda: Unanswered(why="the repository is away"))
    branches_asked: list = field(default_factory=list)
    changer: object = field(default_factory=lambda: Unanswered(why="CloudTrail lists no such call yet"))
    trail_asked: list = field(default_factory=list)
    history: object = field(default_factory=lambda: Unanswered(why="no history can be read"))
    gaps_asked: list = field(default_factory=list)
    deaf: bool = False
    rings: bool = False
    unread: bool = False
    pause_in_spec: Pause | None = None
    complaints: tuple = ()
    broken_files: dict = field(default_factory=dict)
    now: datetime = datetime(2030, 1, 1, tzinfo=UTC)
    cycles: list = field(default_factory=list)
    conflicts: int = 0
    effects: int = 0
    at_effect: dict = field(default_factory=dict)
    left: list = field(default_factory=list)
    replaced: list = field(default_factory=list)
    holds: bool = True
    env: EnvName = ENV

    # --- the source
    def poll(self):
        pass

    def environments(self):
        return frozenset({self.env})

    def read(self, env, accepted, instead=NOTHING_ELSE):
        if self.unread:
            return Unread(env=env, why="git is away")
        targets = {
            TargetName(name): self.in_version(self.wanted(name), instead.get(name)) for name in self.versions
        }
        commit = Commit(self.at_commit or "c" + "".join(self.versions.values()))
        return Desired(
            env=env,
            commit=commit,
            targets=targets,
            author=self.author,
            brake=self.brake,
            load=self.load,
            pause=self.pause_in_spec,
            complaints=self.complaints,
            broken=self.broken_files,
        )

    def wanted(self, name):
        terms = Terms(guards=(guard(alarm_of(name), **self.guarding),), look_every=timedelta(minutes=3))
        terms = replace(terms, **self.terms)
        base = {"place": place(self.at(name)), "release": release(self.versions[name]), "terms": terms}
        needs = tuple(map(TargetName, self.needs.get(name, ())))
        own = self.want.get(name, {}) if isinstance(self.want.get(name), dict) else {}
        whole = {key: value for key, value in self.want.items() if key not in self.versions}
        return DesiredTarget(
            **{**base, "create": True, "needs": needs, "group": self.group_of(name), **whole, **own}
        )

    def group_of(self, name):
        """The group that a target is a member of."""
        group = next((one for one, members in self.groups.items() if name in members), None)
        if group is None:
            return None
        members = self.groups[group]
        inside = {one: tuple(n for n in self.needs.get(one, ()) if n in members) for one in members}
        return Group(
            name=group,
            version=max(self.versions.get(one, "") for one in members),
            members=tuple(map(TargetName, members)),
            needs=tuple(
                (TargetName(one), tuple(map(TargetName, others))) for one, others in inside.items() if others
            ),
            hooked=TargetName(self.hooked) if self.hooked else None,
            rollback_safe=self.terms.get("rollback_safe", True),
        )

    def in_version(self, want, version):
        """What is wanted, in another version than the spec's."""
        other = self.releases.get(version) or release(version)
        return replace(want, release=other, said=want.release) if version else want

    def at(self, name):
        """The service that a target lives in."""
        return self.places.get(name, name)

    # --- the probes
    def answer(self, questions):
        return {q: self.probe(q) for q in questions}

    def probe(self, q):
        if type(q) in self.answers:
            return self.answers[type(q)]
        if isinstance(q, (ApprovalsOf, WhoIsWho)):
            known = isinstance(q, ApprovalsOf)
            return Approved(people=self.approvals.get(q.candidate.version, frozenset())) if known else self.people
        if isinstance(q, AuthorsOf):
            self.authors_asked.append(q)
            email = self.author.rpartition("<")[2].removesuffix(">")
            return self.wrote or Authors(emails=(email,))
        if isinstance(q, OnBranch):
            self.branches_asked.append(q)
            return self.branch
        if isinstance(q, ChangedBy):
            self.trail_asked.append((self.now, q))
            return self.changer
        if isinstance(q, RangBetween):
            self.gaps_asked.append((self.now, q))
            return self.history
        assert isinstance(q, AlarmsOf)
        return Unanswered(why="alarms unreadable") if self.deaf else self.alarms(q)

    def alarms(self, q):
        rings = {
            alarm_of(name) for name in self.versions | dict(self.store.load(self.env).targets) if self.is_sick(name)
        }
        states = {name: AlarmState.ALARM if self.rings or name in rings else AlarmState.OK for name in q.names}
        return Alarms(alarms=tuple(Alarm(name=name, state=state) for name, state in states.items()))

    def is_sick(self, name):
        primary = self.platform.service(self.at(name)).primary
        return primary is not None and primary.manifest.digest in self.sick

    def effect(self, fn):
        """Run what is planned before and after an effect: a crash, or another controller's turn."""

        def call(*args, **kw):
            self.touch()
            out = fn(*args, **kw)
            self.touch()
            return out

        return call

    def touch(self):
        self.effects += 1
        planned = self.at_effect.pop(self.effects, None)
        if planned:
            planned()

    def world(self):
        return World(
            now=lambda: self.now,
            elapsed=lambda: 0.0,
            source=self,
            store=_SeenStore(self),
            targets={"fake": _SeenPlatform(self)},
            probes=dict.fromkeys(
                (AlarmsOf, ApprovalsOf, AuthorsOf, ChangedBy, OnBranch, RangBetween, WhoIsWho, *self.answers), self
            ),
        )

    def act(self, action, check):
        """Let the platform act; what leaves is kept, with what was stored and whether we might just then."""

        def checked():
            check()
            self.left.append((action, self.store.load(self.env), self.now, self.holds))

        there = self.there(action.place.service)
        outcome = self.platform.act(action, checked)
        if isinstance(outcome, Sent):
            self.replaced.append((action, there))
        return outcome

    def there(self, name):
        """What a call would replace just now."""
        p = self.platform.service(name).primary if name in self.platform.services else None
        return Expect(deployment=DeploymentId(p.id), revision=Revision(p.revision)) if p else None

    def last_check(self, action):
        """Check as a running controller does, just before the send."""
        leases = SimpleNamespace(holds=lambda env: self.holds)
        Runner._last_check(SimpleNamespace(_stop=Event(), _leases=leases), self.env, action)

    def turn(self, *due):
        """Make a turn of the targets that are due; of all if none is named."""
        try:
            cycle = reconcile(self.env, frozenset(map(TargetName, due)) or None, self.world(), self.last_check)
        except Conflict:
            self.conflicts += 1
            return None
        self.cycles.append(cycle)
        note(cycle)
        return cycle

    def tick(self, minutes=3, due=()):
        self.now += timedelta(minutes=minutes)
        self.platform.time = self.now
        self.platform.advance()
        return self.turn(*due)

    def ticks(self, n, minutes=3):
        for _ in range(n):
            self.tick(minutes)
        return self

    # --- levers of people
    def order(self, name="api", **kw):
        orders = self.store.load(self.env).orders
        mine = replace(orders.targets.get(name, TargetOrders()), **kw)
        self.give(replace(orders, targets={**orders.targets, name: mine}))

    def give(self, orders: Orders):
        self.store.writes += 1
        self.store.record = replace(self.store.record, version=str(self.store.writes), orders=orders)
        self.store.given.add(self.store.record.version)

    def next_number(self):
        self.store.writes += 1
        return self.store.writes

    def pause(self, reason="lunch", **kw):
        self.order(pause=Pause(reason=reason, at=self.now, **kw))

    def resume(self):
        self.order(pause=None)

    def retry(self, name="api"):
        self.order(name, retry=Request(number=self.next_number()))

    def restart(self, name="api"):
        self.order(name, restart=Request(number=self.next_number()))

    def go_back(self, to=None):
        """Order what `trueup rollback` orders: to go back, and to stay there."""
        number, kept = self.next_number(), next((k for k in self.memory.goods if k.release.version == to), None)
        pin = Pin(number=number, release=kept.release, spec=digest(self.version)) if kept else None
        self.order(rollback=Rollback(number=number, to=to), **({"pin": pin} if pin else {}))

    def recover(self, name="api"):
        self.order(name, recover=Request(number=self.next_number()))

    def rollback(self, to=None, name="api"):
        self.order(name, rollback=Rollback(number=self.next_number(), to=to))

    def pin(self, version):
        self.order(pin=Pin(number=self.next_number(), release=release(version), spec=digest(self.version)))

    @property
    def orders(self):
        return self.store.load(self.env).orders.targets.get("api", TargetOrders())

    @property
    def version(self):
        return self.versions["api"]

    @version.setter
    def version(self, v):
        self.versions["api"] = v

    @property
    def memory(self):
        return self.store.load(self.env).targets.get(TargetName("api"), Memory())

    @property
    def phase(self):
        return self.memory.phase.value

    @property
    def said(self):
        return self.cycles[-1].plan.decisions["api"].reason

    @property
    def goods(self):
        return [k.release.version for k in self.memory.goods]

    @property
    def quarantine(self):
        return set(self.memory.quarantine)

    @property
    def service(self):
        return self.platform.service(self.at("api"))

    @property
    def running(self):
        return dict(self.service.primary.manifest.fields)["taskDefinition.image"].removeprefix("api:")

    @property
    def sent(self):
        return [(a.purpose.value, a.release.version) for a in self.platform.calls]

    def trail(self):
        return [
            (c.after.targets["api"].phase.value, c.plan.decisions["api"].reason)
            for c in self.cycles
            if "api" in c.plan.decisions and "api" in c.after.targets
        ]


def alarm_of(name):
    return "5xx" if name == "api" else f"5xx-{name}"


def grace(seconds):
    """Settings of the tests: one field that starts no deployment."""
    return Settings(manifest=Manifest.of({"service.grace": seconds}, owns=("service.grace",)))


def settled(*versions, **kw):
    """A world in which these versions were deployed and kept, one after the other."""
    return _settled(*versions, **kw) if kw else copied(_settled_once(*versions))


@cache
def _settled_once(*versions):
    return _settled(*versions)


def copied(w):
    """The same world, to be lived in without touching this one."""
    platform = replace(w.platform)
    for name in (
        "bad",
        "no_image",
        "inactive",
        "hide",
        "in_hand",
        "takes",
        "exits_with",
        "no_task",
        "pauses",
    ):
        setattr(platform, name, copy(getattr(w.platform, name)))
    platform.services = {name: deepcopy(service, _shared(service)) for name, service in w.platform.services.items()}
    platform.tasks = {name: copy(task) for name, task in w.platform.tasks.items()}
    platform.calls, platform.began = list(w.platform.calls), list(w.platform.began)
    again = replace(
        w, platform=platform, store=replace(w.store, entries=list(w.store.entries), given=set(w.store.given))
    )
    for each in fields(again):
        value = getattr(again, each.name)
        if isinstance(value, dict | set | list):
            setattr(again, each.name, copy(value))
    return again


def _shared(service):
    """What is frozen need not be copied: reads of the past, and what a deployment deploys."""
    return {id(one): one for one in (*service.past, *(made.manifest for made in service.made))}


def _settled(*versions, **kw):
    w = FakeWorld(**kw)
    for v in versions or ("1",):
        w.version = v
        w.ticks(14)
        assert w.memory.goods[0].release == release(v), w.trail()
    w.cycles.clear()
    w.platform.calls.clear()
    w.platform.began.clear()
    w.left.clear()
    w.replaced.clear()
    return w


__all__ = ["ENV", "Approval", "Crash", "FakePlatform", "FakeWorld", "digest", "release", "settled"]
