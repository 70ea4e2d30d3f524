"""The promoted gate, and the ledger that answers it: the very digests were good elsewhere, for long enough."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.app.memory import codec
from controller.errors import PlatformError, SpecError
from controller.gates.promoted import Promoted
from controller.model.gate import Open, Shut, Unsure
from controller.model.manifest import Manifest
from controller.model.names import Digest, EnvName, Revision, TargetName
from controller.model.orders import Pause, Stopped, TargetOrders
from controller.model.packed import Packed
from controller.model.questions import Candidate, Proof, Proven, ProvenIn, Unanswered
from controller.model.record import Drift, Memory, Quarantined
from controller.model.release import Kept, Release
from controller.model.rollout import Phase, Purpose, Rollout, Terms
from controller.model.story import OF_SETTINGS, Entry, Event
from controller.probes import ledger
from controller.probes.ledger import Ledger
from controller.stores.memory import MemoryBackend
from controller.stores.records import Records
from tests.platform import place

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STAGE, API = EnvName("stage"), TargetName("api")
ONE, TWO, SIDE = (f"sha256:{digit * 64}" for digit in "123")
GATE = Promoted(source="stage", soak=30 * timedelta(minutes=1), environment="prod")


def release(version, api=ONE, sidecar=SIDE, env="stage"):
    images = {"api": f"r.example.com/unifocus-{env}-api@{api}", "proxy": f"r.example.com/envoy@{sidecar}"}
    manifest = Manifest.of(
        {f"taskDefinition.containerDefinitions[{name}].image": image for name, image in images.items()}
    )
    return Release(version=version, manifest=manifest, shape=Packed.of("{}"))


def candidate(**kw):
    return Candidate.of(EnvName("prod"), API, place("api"), release("v1.2.3", env="prod", **kw))


def judged(answer, gate=GATE, of=None):
    of = of or candidate()
    (question,) = gate.asks(of)
    return gate.judge(of, {question: answer}, NOW)


def test_it_asks_for_every_digest_whatever_the_images_are_called():
    assert list(GATE.asks(candidate())) == [ProvenIn(env=STAGE, target=API, images=(ONE, SIDE))]


def test_it_asks_for_the_named_containers_only_and_for_another_name_of_the_target():
    gate = replace(GATE, containers=("api",), target="backend")
    assert list(gate.asks(candidate())) == [ProvenIn(env=STAGE, target=TargetName("backend"), images=(ONE,))]


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Proven(proofs=(Proof(version="v1.2.3-stage", since=NOW - HOUR),)), Open()),
        (Proven(proofs=(Proof(version="v1.2.3-stage", since=NOW - 5 * HOUR, until=NOW - 4 * HOUR),)), Open()),
        (
            Proven(proofs=(Proof(version="v1.2.3-stage", since=NOW - HOUR / 6),)),
            Shut(why="v1.2.3-stage is good in stage for 10m of 30m", until=NOW + HOUR / 3),
        ),
        (
            Proven(proofs=(Proof(version="v1.2.3-stage", since=NOW - HOUR, until=NOW - HOUR * 5 / 6),)),
            Shut(why="v1.2.3-stage was good in stage for 10m of 30m, until 2026-03-02T11:10:00Z"),
        ),
        (Proven(), Shut(why=f"v1.2.3 ({ONE[:19]}…, {SIDE[:19]}…) was not good in stage")),
        (Proven(failed="alarm"), Shut(why="what v1.2.3 runs failed in stage: alarm")),
        (Unanswered(why="away"), Unsure(why="what was good in stage cannot be read: away")),
        (None, Unsure(why="what was good in stage cannot be read: not asked")),
    ],
)
def test_it_opens_on_one_proof_that_lasted_and_never_on_what_cannot_be_read(answer, verdict):
    assert judged(answer) == verdict


def test_the_longest_proof_counts():
    proofs = (
        Proof(version="v1.2.3-stage", since=NOW - HOUR / 60),
        Proof(version="v1.2.2-stage", since=NOW - 9 * HOUR, until=NOW - 8 * HOUR),
    )
    assert judged(Proven(proofs=proofs)) == Open()


def test_what_is_not_run_by_digest_is_never_proven():
    tagged = Candidate.of(
        EnvName("prod"),
        API,
        place("api"),
        replace(release("v1.2.3"), manifest=Manifest.of({"a[api].image": "r.example.com/api:v1.2.3"})),
    )
    assert list(GATE.asks(tagged)) == []
    assert isinstance(GATE.judge(tagged, {}, NOW), Unsure)
    named = replace(GATE, containers=("api", "worker"))
    assert named.judge(candidate(), {}, NOW) == Unsure(
        why="worker of v1.2.3 is not run by digest, so that nobody can tell whether it was good"
    )


def test_an_environment_cannot_prove_itself():
    with pytest.raises(SpecError, match="which is the environment itself"):
        Promoted(source="prod", environment="prod")


def test_time_in_which_it_was_paused_there_does_not_count():
    since = NOW - HOUR
    quarter = HOUR / 4

    def paused(*stopped, until=None):
        return Proof(version="v1.2.3-stage", since=since, until=until, stopped=stopped)

    over = Stopped(at=NOW - 3 * quarter, until=NOW - quarter)  # half an hour is left of the hour
    assert judged(Proven(proofs=(paused(over),))) == Open()
    longer = paused(over, Stopped(at=NOW - 2 * quarter, until=NOW - quarter / 2))
    assert judged(Proven(proofs=(longer,))) == Shut(
        why="v1.2.3-stage is good in stage for 22m30s of 30m", until=NOW + quarter / 2
    )
    now = paused(Stopped(at=NOW - 3 * quarter))
    assert judged(Proven(proofs=(now,))) == Shut(
        why="v1.2.3-stage is good in stage for 15m of 30m, and paused there: that does not count"
    )
    left = paused(Stopped(at=NOW - quarter), until=NOW - 2 * quarter)
    assert judged(Proven(proofs=(left,))) == Open()  # paused after it was left


def test_what_proves_it_is_said_for_the_journal():
    verdict = judged(Proven(proofs=(Proof(version="v1.2.3-stage", since=NOW - HOUR),)))
    assert verdict.why == (
        f"v1.2.3-stage good in stage/api for 1h since 2026-03-02T11:00:00Z, of 30m, with {ONE}, {SIDE}"
    )


# ---- the ledger


def stored(memory, *rows):
    store = Records(MemoryBackend(), codec())
    record = store.load(STAGE)
    entries = [
        Entry(at=at, env=STAGE, target=API, event=event, text="x", version=version, data=dict(data))
        for at, event, version, *data in rows
    ]
    store.save(record, replace(record, targets={API: memory}), STAGE, entries)
    return store


def kept(version, since, **kw):
    return Kept(release=release(version, **kw), revision=Revision(version), since=since)


def failed(version, since, images):
    return Quarantined(digest=Digest(version), version=version, owns=(), since=since, why="alarm", images=images)


def asked(store, *images):
    question = ProvenIn(env=STAGE, target=API, images=tuple(sorted(images)))
    with closing(store):
        return Ledger(store).answer([question])[question]


def test_what_runs_there_still_is_proven_since_it_became_good():
    good = kept("v1.2.3-stage", NOW - HOUR)
    store = stored(Memory(place=place("api"), current=good, goods=(good,)))
    assert asked(store, ONE) == Proven(proofs=(Proof(version="v1.2.3-stage", since=NOW - HOUR),))


def test_what_was_left_is_proven_until_the_next_rollout_was_opened():
    old, new = kept("v1.2.3-stage", NOW - 5 * HOUR), kept("v1.2.4-stage", NOW - HOUR, api=TWO)
    memory = Memory(place=place("api"), current=new, goods=(new, old))
    opened = (NOW - 2 * HOUR, Event.OPENED, "v1.2.4-stage")
    assert asked(stored(memory, opened), ONE, SIDE) == Proven(
        proofs=(Proof(version="v1.2.3-stage", since=NOW - 5 * HOUR, until=NOW - 2 * HOUR),)
    )
    # Where the journal no longer says when it was left, it counts for no time at all.
    assert asked(stored(memory), ONE).proofs[0].until == NOW - 5 * HOUR


GOOD = kept("v1.2.3-stage", NOW - 5 * HOUR)
OTHER = kept("v1.2.4-stage", NOW, api=TWO).release


def proofs(*rows, **memory):
    """What proves it that became good five hours ago and should still run."""
    found = asked(
        stored(Memory(**{"place": place("api"), "current": GOOD, "goods": (GOOD,), **memory}), *rows), ONE
    )
    return [((NOW - one.since) / HOUR, one.until and (NOW - one.until) / HOUR) for one in found.proofs]


def tried(purpose=Purpose.FORWARD, release=OTHER, opened=NOW - 2 * HOUR):
    return Rollout(number=2, release=release, terms=Terms(), purpose=purpose, opened=opened, since=opened)


def test_while_something_else_is_tried_there_it_is_not_proven():
    opened = (NOW - 2 * HOUR, Event.OPENED, "v1.2.4-stage")
    for phase in (Phase.ROLLING, Phase.BAKING, Phase.ROLLING_BACK, Phase.STALLED):
        assert proofs(opened, rollout=tried(), phase=phase) == [(5, 2)]
    # Nor while it is deployed itself, over what was tried before it was its turn again.
    again = tried(release=GOOD.release, opened=NOW - HOUR)
    assert proofs(opened, (NOW - HOUR, Event.OPENED, "v1.2.3-stage"), rollout=again, phase=Phase.ROLLING) == [
        (5, 2)
    ]
    restarts = (NOW - HOUR, Event.OPENED, "v1.2.3-stage", ("purpose", "restart"))
    assert proofs(restarts, rollout=tried(Purpose.RESTART, GOOD.release), phase=Phase.ROLLING) == [(5, None)]


def test_what_was_gone_back_to_is_proven_by_the_time_before_and_by_the_time_since():
    opened, came = (NOW - 3 * HOUR, Event.OPENED, "v1.2.4-stage"), replace(GOOD, since=NOW - HOUR)
    stalled = tried(Purpose.BACK, opened=NOW - 3 * HOUR)
    assert proofs(opened, current=came) == [(5, 3), (1, None)]
    assert proofs(opened, current=came, rollout=stalled, phase=Phase.STALLED) == [(5, 3), (1, None)]


def test_what_somebody_deployed_there_by_hand_proves_nothing_until_it_was_put_back():
    since = ("since", (NOW - 4 * HOUR).isoformat())
    seen = (NOW - 3 * HOUR, Event.DRIFT, "v1.2.3-stage", since)
    drift = Drift(digest=Digest("x"), since=NOW - 3 * HOUR, made=NOW - 4 * HOUR)
    assert proofs(seen, drift=drift) == [(5, 4)]
    assert proofs(seen, (NOW - HOUR, Event.DRIFT, "v1.2.3-stage", since)) == [(5, 4), (1, None)]
    fought = (NOW - 3 * HOUR, Event.FIGHT, "v1.2.3-stage", since)
    assert proofs(fought, drift=drift, fight=NOW - 3 * HOUR) == [(5, 4)]
    settings = (NOW - 3 * HOUR, Event.DRIFT, "v1.2.3-stage", since, (OF_SETTINGS, "true"))
    assert proofs(settings, drift=replace(drift, settings=True)) == [(5, None)]


def test_what_the_journal_does_not_reach_back_to_proves_nothing(monkeypatch):
    monkeypatch.setattr(ledger, "_FEW", 2)
    monkeypatch.setattr(ledger, "_MANY", 4)
    rows = [(NOW - minutes * HOUR / 60, Event.PHASE, "v1.2.3-stage") for minutes in range(9, 0, -1)]
    assert proofs(*rows[-3:]) == [(5, None)]
    assert proofs(*rows) == [(5, 5), (4 / 60, None)]


def test_an_image_that_was_built_anew_under_the_same_version_is_not_proven():
    good = kept("v1.2.3-stage", NOW - HOUR)
    assert asked(stored(Memory(place=place("api"), current=good, goods=(good,))), TWO) == Proven()


def test_going_back_there_voids_the_proof_until_it_is_good_again():
    good = kept("v1.2.3-stage", NOW - HOUR)
    memory = Memory(place=place("api"), current=good, goods=(good,))
    voided = replace(memory, quarantine={Digest("x"): failed("v1.2.3-stage", NOW - HOUR / 2, (ONE, SIDE))})
    assert asked(stored(voided), ONE) == Proven(failed="alarm")
    again = replace(memory, quarantine={Digest("x"): failed("v1.2.3-stage", NOW - 2 * HOUR, (ONE, SIDE))})
    assert asked(stored(again), ONE).proofs != ()


def test_that_a_neighbour_failed_beside_the_same_sidecar_says_nothing_of_this_one():
    good = kept("v1.2.3-stage", NOW - HOUR)
    memory = Memory(
        place=place("api"),
        current=good,
        goods=(good,),
        quarantine={Digest("x"): failed("v1.2.4-stage", NOW, (TWO, SIDE))},
    )
    assert asked(stored(memory), ONE, SIDE).failed == ""


def test_pauses_by_order_are_told_of_the_target_and_of_its_environment():
    good = kept("v1.2.3-stage", NOW - HOUR)
    store = stored(Memory(place=place("api"), current=good, goods=(good,)))
    over, holding = Stopped(at=NOW - HOUR, until=NOW - HOUR / 2), Pause(reason="x", at=NOW - HOUR / 4)
    mine = {API: TargetOrders(stopped=(over,), pause=holding)}
    row = Entry(at=NOW, env=STAGE, event=Event.ORDER, text="pause")
    store.order(STAGE, lambda old, _: replace(old, targets=mine, pause=Pause(reason="y", at=NOW)), row)
    (proof,) = asked(store, ONE).proofs
    assert proof.stopped == (over, Stopped(at=NOW), Stopped(at=NOW - HOUR / 4))


def test_an_environment_or_target_that_nobody_knows_is_not_answered():
    store = stored(Memory(place=place("api")))
    unknown = ProvenIn(env=EnvName("stge"), target=API, images=(ONE,))
    other = ProvenIn(env=STAGE, target=TargetName("web"), images=(ONE,))
    answers = Ledger(store).answer([unknown, other])
    assert answers[unknown] == Unanswered(why="this store remembers no environment 'stge'")
    assert answers[other] == Unanswered(why="this store remembers no target 'web' in stage")


def test_a_store_that_is_away_is_no_answer():
    class Away(Records):
        def environments(self):
            raise PlatformError("the disk is full")

    question = ProvenIn(env=STAGE, target=API, images=(ONE,))
    assert Ledger(Away(MemoryBackend(), codec())).answer([question])[question] == Unanswered(why="the disk is full")
