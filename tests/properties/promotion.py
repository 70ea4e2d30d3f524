"""Two environments on one real store, lived side by side: prod takes only what was good in stage."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

from hypothesis import strategies as st

from controller.app.memory import codec
from controller.cli.orders import set_pause
from controller.gates.promoted import Promoted
from controller.model.decision import Ensure
from controller.model.desired import OnDrift
from controller.model.images import digests_in
from controller.model.manifest import Manifest
from controller.model.names import EnvName, TargetName
from controller.model.orders import Pause
from controller.model.packed import Packed
from controller.model.questions import ProvenIn
from controller.model.record import Memory
from controller.model.release import Release
from controller.model.rollout import MOVING, Purpose
from controller.model.story import Entry, Event
from controller.probes.ledger import Ledger
from controller.stores.memory import MemoryBackend
from controller.stores.records import Records
from tests.world import Crash, FakeWorld

STAGE, PROD, API = EnvName("stage"), EnvName("prod"), TargetName("api")
MINUTE = timedelta(minutes=1)
SOAK = 20 * MINUTE
GATE = Promoted(source="stage", soak=SOAK, environment="prod")
VERSIONS = ("v1.0.0", "v1.1.0", "v1.2.0")
BAKE = {"bake": 4 * MINUTE, "look_every": 5 * MINUTE}


@cache
def built(version, build):
    """A version as it was built for the nth time: the same tag, and another image."""
    image = f"r.example.com/api@sha256:{hashlib.sha256(f'{version} {build}'.encode()).hexdigest()}"
    manifest = Manifest.of({"taskDefinition.containerDefinitions[api].image": image}, owns=("taskDefinition",))
    return Release(version=version, manifest=manifest, shape=Packed.of(f'"{image}"'))


@dataclass
class StoredWorld(FakeWorld):
    """A world whose memory is in a real store, beside those of other environments."""

    def world(self):
        made = super().world()
        return replace(made, probes={**made.probes, ProvenIn: Ledger(self.store)})

    def row(self, text):
        return Entry(at=self.now, env=self.env, event=Event.ORDER, text=text)

    def give(self, orders):
        self.store.order(self.env, lambda _, __: orders, self.row("order"))

    def next_number(self):
        numbers = []
        self.store.order(self.env, lambda old, number: numbers.append(number) or old, self.row("number"))
        return numbers[0]

    def stop(self, pause, target=API):
        """Pause, or go on, as the commands do it."""
        self.store.order(self.env, set_pause(target, pause, self.now), self.row("pause"))


@dataclass
class Witness:
    """What was seen of each image in stage, judged by what ran there and not by what is remembered of it.

    `now_for` is how long it has run there without a break since it was kept, `best` the longest of such times.
    """

    w: StoredWorld
    at: datetime
    now_for: dict = field(default_factory=dict)
    best: dict = field(default_factory=dict)
    barred: dict = field(default_factory=dict)

    def watch(self, now, was, resumes):
        """Count the time until now for what ran and was kept at the turn before, from when it was not paused on."""
        for image in [image for image in self.now_for if image != was]:
            del self.now_for[image]
        if was is not None:
            lasted = now - min(now, max(self.at, resumes or now))
            self.now_for[was] = self.now_for.get(was, timedelta()) + lasted
            self.best[was] = max(self.best.get(was, timedelta()), self.now_for[was])
        for failed in self.w.memory.quarantine.values():
            if self.barred.get(failed.digest) != failed.since:
                self.barred[failed.digest] = failed.since
                for image in failed.images:
                    self.now_for.pop(image, None)
                    self.best.pop(image, None)
        self.at = now

    def runs(self):
        """Which image is kept there, runs, and is meant to stay."""
        memory, made = self.w.memory, self.w.service.primary
        if made is None or not self.w.service.running:
            return None
        if memory.phase in MOVING and memory.rollout.release.digest != made.manifest.digest:
            return None
        return digests_in(made.manifest).get("api") if memory.is_good(made.manifest.digest) else None

    def resumes(self):
        """Say when the last pause that holds ends; None if one has no end."""
        orders = self.w.store.orders(STAGE)
        ends = [pause.until for pause in (orders.pause, self.w.orders.pause) if pause is not None]
        return None if None in ends else max([self.at, *ends])


class Both:
    """Stage and prod, with one clock and one store, and what is to be seen of them afterwards."""

    def __init__(self):
        self.backend = MemoryBackend()
        self.store = Records(self.backend, codec())
        self.builds = dict.fromkeys(VERSIONS, 0)
        self.stage, self.prod = (
            StoredWorld(env=env, store=self.store, terms=dict(BAKE), places={"api": f"{env}-api"})
            for env in (STAGE, PROD)
        )
        for w in (self.stage, self.prod):
            w.want |= {"release": built(VERSIONS[0], 0), "on_drift": OnDrift.HEAL, "heal_after": 5 * MINUTE}
        self.witness = Witness(self.stage, self.stage.now)
        self.opened = []
        self.ticks(5, 3)
        self.opened.clear()
        self.prod.want["gates"] = (GATE,)

    def ticks(self, count, minutes):
        for _ in range(count):
            was, resumes = self.witness.runs(), self.witness.resumes()
            self.tick(self.stage, minutes)
            self.witness.watch(self.stage.now, was, resumes)
            cycle = self.tick(self.prod, minutes)
            if cycle is not None:
                self.note(cycle)

    def tick(self, w, minutes):
        """Make a turn; after a crash another process begins with what is stored."""
        try:
            return w.tick(minutes)
        except Crash:
            self.store = self.stage.store = self.prod.store = Records(self.backend, codec())
            return None

    def note(self, cycle):
        """Keep what this turn opened in prod that was new there, with how long it was proven by then."""
        decision, before = cycle.plan.decisions[API], cycle.before.targets.get(API, Memory())
        action = decision.action
        if not isinstance(action, Ensure) or action.purpose is not Purpose.FORWARD:
            return
        if decision.memory.rollouts > before.rollouts and not before.is_known(action.release.digest):
            image = digests_in(action.release.manifest)["api"]
            self.opened.append((action.release.version, self.witness.best.get(image, timedelta())))

    def wants(self, w, version):
        w.want["release"] = built(version, self.builds[version])

    def do(self, step):
        stage, prod = self.stage, self.prod
        match step:
            case ("stage", version):
                self.wants(stage, version)
            case ("prod", version):
                self.wants(prod, version)
            case ("both", version):
                self.wants(stage, version)
                self.wants(prod, version)
            case ("build", version):
                self.builds[version] += 1
            case ("sick", where):
                w = stage if where == "stage" else prod
                w.sick.add(w.want["release"].digest)
            case ("cure",):
                stage.sick.clear()
                prod.sick.clear()
            case ("retry", where):
                (stage if where == "stage" else prod).retry()
            case ("back",):
                stage.rollback()
            case ("pause", all_of_it, minutes):
                until = stage.now + minutes * MINUTE if minutes else None
                stage.stop(Pause(reason="x", at=stage.now, until=until), None if all_of_it else API)
            case ("resume",):
                stage.stop(None)
                stage.stop(None, None)
            case ("by hand", version):
                stage.platform.deploy(stage.at("api"), built(version, self.builds[version]).manifest, by="ana")
            case ("crash", where, effects):
                w = stage if where == "stage" else prod
                w.at_effect[w.effects + effects] = dies
            case ("beside", where, effects):
                w = stage if where == "stage" else prod
                w.at_effect[w.effects + effects] = w.turn
            case ("wait",):
                pass


def dies():
    raise Crash


versions = st.sampled_from((*VERSIONS, *[VERSIONS[1]] * 3))
sides = st.sampled_from(("stage", "prod"))
releases = st.tuples(st.sampled_from(("both", "both", "stage", "prod", "build")), versions)
moves = st.one_of(
    releases,
    releases,
    releases,
    st.tuples(st.just("sick"), sides),
    st.tuples(st.just("retry"), sides),
    st.tuples(st.just("pause"), st.booleans(), st.sampled_from((0, 9, 30))),
    st.tuples(st.just("by hand"), versions),
    st.tuples(st.sampled_from(("crash", "beside")), sides, st.integers(1, 4)),
    st.sampled_from((("cure",), ("back",), ("resume",), ("resume",), ("wait",))),
)
# What happens, and then so many turns so many minutes apart.
turns, minutes = st.sampled_from((1, 2, 4, 7)), st.sampled_from((1, 5, 5))
steps = st.lists(st.tuples(moves, turns, minutes), min_size=2, max_size=7)


def lived(life):
    """Live one life of both: it begins with a release to both, and ends with a time in which it may start."""
    both = Both()
    for what, turns, minutes in ((("both", VERSIONS[1]), 4, 3), *life, (("wait",), 5, 5)):
        both.do(what)
        both.ticks(turns, minutes)
    return both
