"""Order and load where a spec leaves something to the world: only targets that were looked at are complete."""

from dataclasses import replace

from controller.model.desired import Load
from controller.model.lookups import Looked, LookedValue, Lookup
from controller.model.manifest import Manifest
from controller.model.names import Commit, Digest, TargetName
from controller.model.packed import Packed
from controller.model.release import Release
from controller.model.rollout import Phase
from controller.plan.mass import MASS_CHANGE
from tests.world import ENV, FakeWorld

NAMES = ("api", "job", "web")


class Drafted(FakeWorld):
    """A world whose specs say `words`: what they come to depends on what lies `below` and on what is looked up."""

    def __init__(self, **kw):
        super().__init__(versions=dict.fromkeys(NAMES, "1"), **kw)
        self.below = "a"
        self.value = ""
        self.commits = dict.fromkeys(NAMES, "first")
        self.completed = []

    def wanted(self, name):
        want = super().wanted(name)
        words = replace(want.release, commit=Commit(self.commits[name]), manifest=words_of(self.versions[name]))
        return replace(want, draft=Packed.of('{"draft":1}'), release=words)

    def complete(self, unfinished, now):
        self.completed.append({one.target for one in unfinished})
        return {one.target: self.whole(one.want) for one in unfinished}

    def whole(self, want):
        said = want.release
        asked = words_of(f"{said.version} {self.value}").digest if self.value else said.digest
        image = f"api:{said.version}/{self.below}{self.value}"
        manifest = Manifest.of({"taskDefinition.image": image}, owns=("taskDefinition",))
        core = Digest(f"core {said.version}{self.value}")
        release = replace(said, manifest=manifest, asked=asked, core=core)
        return replace(want, release=release, looked=self.looked(said.commit))

    def looked(self, commit):
        if not self.value:
            return None
        value = LookedValue(lookup=Lookup(kind="ssm", name="/a"), text=self.value)
        return Looked(commit=commit, values=(value,))

    def world(self):
        world = super().world()
        world.targets["fake"].complete = staticmethod(self.complete)
        return world

    def commit(self, version, *names, by="second"):
        self.versions.update(dict.fromkeys(names or NAMES, version))
        self.commits.update(dict.fromkeys(names or NAMES, by))


def words_of(said):
    return Manifest.of({"words": said}, owns=("words",))


def settled(*, value="", **kw):
    w = Drafted(**kw)
    w.value = value
    needs, w.needs, load, w.load = w.needs, {}, w.load, Load()
    w.ticks(14)
    assert {one.phase.value for one in memories(w).values()} == {"idle"}
    w.needs, w.load = needs, load
    w.platform.calls.clear()
    w.completed.clear()
    return w


def memories(w):
    return w.store.load(ENV).targets


def sent(w):
    return [(call.target, call.release.version) for call in w.platform.calls]


def why(w, name, gate):
    found = [one.why for one in w.cycles[-1].plan.decisions[name].blockers if one.gate == gate]
    return found[0] if found else ""


def confirm(w, **digests):
    orders = w.store.record.orders
    told = {TargetName(name): digest for name, digest in digests.items()}
    w.give(replace(orders, confirmed={**orders.confirmed, **told}))


def test_the_brake_counts_words_that_no_registry_was_asked_about_yet():
    w = settled(load=Load(changes=2))
    w.commit("2")
    w.tick(due=("api",))
    assert w.completed == [{"api"}] and sent(w) == []
    assert why(w, "api", MASS_CHANGE).startswith("3 of 3 targets would change (api, job, web), more than")


def test_words_that_stand_as_they_were_are_no_change():
    w = settled(load=Load(changes=2))
    w.commit("2", "api", "job")
    w.tick(due=("api",))
    w.tick(due=("job",))
    assert sent(w) == [("api", "2"), ("job", "2")]


def test_words_that_wait_are_counted_over_turns_and_confirmed_as_they_were_said():
    w = settled(load=Load(changes=2))
    w.commit("2")
    for name in NAMES:
        w.tick(1, due=(name,))
    assert sent(w) == []
    confirm(w, **dict.fromkeys(NAMES, words_of("2").digest))
    w.tick(1, due=("web",))
    assert sent(w) == [("web", "2")]


def test_words_that_failed_here_are_no_change():
    w = settled(load=Load(changes=1))
    w.sick.add(w.whole(replace(w.wanted("api"), release=asked("2"))).release.digest)
    w.commit("2", "api")
    w.ticks(20)
    assert memories(w)["api"].quarantine
    w.commit("1", "api")
    w.ticks(3)
    assert memories(w)["api"].phase is Phase.IDLE
    w.commit("2", "api")
    w.commit("3", "job")
    w.tick(due=("job",))
    assert ("job", "3") in sent(w)


def asked(version):
    return Release(version=version, manifest=words_of(version))


def test_what_was_looked_up_for_a_commit_is_no_change_and_what_was_not_yet_may_be_one():
    w = settled(value="x", load=Load(changes=1))
    w.commit("2", "api")
    w.tick(due=("api",))
    assert sent(w) == [("api", "2")]
    w.ticks(14)
    w.commit("3", "api", by="third")
    w.commits["web"] = "third"
    w.tick(due=("api",))
    assert why(w, "api", MASS_CHANGE).startswith("2 of 3 targets would change (api, web)")
    w.tick(1, due=("web",))
    w.tick(1, due=("api",))
    assert sent(w) == [("api", "2"), ("api", "3")]


def test_what_was_looked_up_and_waits_is_counted_over_turns():
    w = settled(value="x", load=Load(changes=2))
    w.commit("2")
    for _ in range(3):
        for name in NAMES:
            w.tick(1, due=(name,))
    assert sent(w) == []


def test_what_lies_below_is_seen_below_what_is_needed_too():
    w = settled(needs={"web": ("api",)})
    w.below = "b"
    w.tick(due=("web",))
    assert w.completed == [{"web"}, {"api"}] and sent(w) == [("api", "1")]
    assert why(w, "web", "needs") == "waits for api, which does not run 1 yet"
    for _ in range(40):
        w.tick(1, due=("web",))
    assert sent(w) == [("api", "1"), ("web", "1")]


def test_words_that_were_confirmed_once_let_no_later_base_past_the_brake():
    w = settled(load=Load(changes=1))
    w.commit("2")
    w.tick()
    confirm(w, **dict.fromkeys(NAMES, words_of("2").digest))
    w.ticks(14)
    assert len(sent(w)) == 3
    w.below = "b"
    w.ticks(3)
    assert len(sent(w)) == 3 and why(w, "api", MASS_CHANGE)
    confirm(w, **{name: memories(w)[name].next.release.digest for name in NAMES})
    w.tick()
    assert len(sent(w)) == 6
