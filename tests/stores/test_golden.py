"""What one version wrote, every later one reads: these texts lie in stores that people rely on.

When a test here fails, the form has changed. Give a new field a default that is none, nothing or zero, so that old
texts still mean the same; else raise SCHEMA and say how the old form is read. Only then write the files anew:

    python -m tests.stores.test_golden
"""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from controller.model.cycle import Cycle
from controller.model.decision import Blocker, Decision, Ensure, Plan
from controller.model.desired import Accepted, Brake, Complaint, Desired, DesiredTarget, OnDrift, Supersede
from controller.model.lookups import Looked, LookedValue, Lookup
from controller.model.manifest import Manifest
from controller.model.names import Commit, DeploymentId, EnvName, Revision, TargetName
from controller.model.observation import Absent, Blame, Deployment, Live, Observation, OurTags, State, Unseen
from controller.model.orders import Moved, Orders, Pause, Pin, Request, Rollback, TargetOrders
from controller.model.outcome import Lost, NotSent, Refused, Sent, Stale
from controller.model.packed import Packed
from controller.model.questions import Alarm, Alarms, AlarmsOf, AlarmState, Unanswered
from controller.model.record import Applied, Drift, Next, Owner, Quarantined, Record
from controller.model.release import Settings
from controller.model.rollout import Call, Expect, Phase, Purpose, Result, Terms
from controller.model.status import TargetStatus
from controller.model.story import Event
from controller.stores.contents import Pool
from tests.contracts import made
from tests.contracts.made import API, CODEC, NOW, PROD, WEB
from tests.strategies import Door, Lamp

GOLDEN = Path(__file__).parent / "golden"
LATER = NOW + timedelta(minutes=5, milliseconds=250)
EXPECT = Expect(deployment=DeploymentId("ecs-svc/1"), revision=Revision("api:1"))
SETTINGS = Settings(manifest=Manifest.of({"healthCheckGracePeriodSeconds": 30}), shape='{"grace":30}')
BAD = made.a_release("v1.3.0")

TERMS = Terms(guards=(Lamp(name="api-5xx", wait=timedelta(seconds=90), only=("a",)), Door(shut=True)))
CALL = Call(digest=BAD.digest, expect=EXPECT, after=17, at=NOW, force=True, result=Result.UNSENT, why="throttled")
MEMORY = replace(
    made.rolling(made.a_memory("api-service", "v1.2.0", "v1.1.0"), "v1.3.0"),
    phase=Phase.ROLLING_BACK,
    found=made.kept("v1.0.0"),
    quarantine={BAD.digest: Quarantined(digest=BAD.digest, version="v1.3.0", owns=("",), since=NOW, why="exit 1")},
    next=Next(release=made.a_release("v1.4.0"), since=LATER, again=True),
    drift=Drift(digest=BAD.digest, since=NOW),
    heals=(NOW, LATER),
    applied=Applied(digest=BAD.digest, at=NOW, tries=2, why="refused"),
    revisions=((BAD.digest, Revision("api:3")),),
    identity="arn:service",
    halted=NOW,
    unknown="two deployments claim the same call",
    retried=1,
    ordered=2,
    unpinned=3,
    recovered=4,
    looked=Looked(
        commit=Commit("c" * 40),
        values=(
            LookedValue(lookup=Lookup(kind="ssm", name="/prod/url"), text=""),
            LookedValue(lookup=Lookup(kind="tfstate", name="subnets"), state="s3://b/k", items=("a", "b")),
        ),
    ),
)
MEMORY = replace(
    MEMORY,
    rollout=replace(
        MEMORY.rollout,
        terms=TERMS,
        settings=SETTINGS,
        way="commit",
        deployment=DeploymentId("ecs-svc/2"),
        revision=Revision("api:3"),
        call=CALL,
        tries=2,
        back=made.kept("v1.2.0"),
        barred=frozenset({BAD.digest}),
        baked=timedelta(minutes=1),
        well_at=NOW,
        short_since=NOW,
        unsure_since=NOW,
        rang=frozenset({"b", "a"}),
        cause="alarm",
        evidence=("exit 137",),
    ),
)
ORDERS = Orders(
    pause=Pause(reason="quarter end", at=NOW, until=LATER, armed=True, by="ops"),
    accept=Request(number=1, reason="rewritten", by="ops", commit=Commit("c" * 40)),
    recover=Request(number=2),
    targets={
        API: TargetOrders(
            pause=Pause(reason="look"),
            pin=Pin(number=3, release=made.a_release("v1.1.0"), spec=BAD.digest, reason="calm", by="ops"),
            retry=Request(number=4),
            rollback=Rollback(number=5, to="v1.1.0", reason="errors", by="ops"),
            recover=Request(number=6),
            forget=Request(number=7),
            moved=Moved(number=8, env=EnvName("stage"), target=WEB, by="ops"),
        )
    },
)
ENTRY = replace(made.an_entry("v1.3.0 → v1.2.0"), event=Event.QUARANTINED, rollout=4, version="v1.3.0", by="ops")
STATUS = TargetStatus(
    env=PROD,
    target=API,
    phase=Phase.BAKING,
    reason="watch: 4m of 10m",
    since=NOW,
    desired=2,
    running=1,
    synced=True,
    baked=240.5,
    blockers=(Blocker(gate="window", why="opens at nine", until=LATER),),
)
ENSURE = Ensure(
    target=API,
    place=made.a_place(),
    release=BAD,
    revision=None,
    purpose=Purpose.BACK,
    expect=EXPECT,
    not_after=LATER,
    settings=SETTINGS,
    look_first=True,
    rollout=4,
)
LIVE = Live(
    manifest=BAD.manifest,
    settings=SETTINGS.manifest,
    shape=Packed.of("{}"),
    revision=Revision("api:3"),
    deployment=DeploymentId("ecs-svc/2"),
    desired=2,
    running=1,
    asof=1_770_000_000_000_000,
    told=True,
    deployments=(
        Deployment(
            id=DeploymentId("ecs-svc/2"),
            born=17,
            manifest=BAD.manifest,
            state=State.RETURNING,
            blame=Blame.CONTENT,
            why="circuit breaker",
            evidence=("exit 1",),
        ),
    ),
    tags=OurTags(digest=BAD.digest, version="v1.3.0"),
)
QUESTION = AlarmsOf(account="111122223333", region="eu-west-1", role=None, prefix="api-")
TARGET = DesiredTarget(
    place=made.a_place(),
    release=BAD,
    owner="payments",
    file="specs/prod.yaml",
    settings=SETTINGS,
    gates=(Lamp(name="api-5xx"),),
    terms=TERMS,
    supersede=Supersede.AFTER_BAKE,
    on_drift=OnDrift.REPORT,
    pause=Pause(reason="spec"),
    create=True,
)
RECORD = Record(
    version="4-5-6",
    accepted=Accepted(commit=Commit("a" * 40), broken={"specs/prod/web.yaml": Commit("b" * 40)}),
    heard_accept=1,
    orders=ORDERS,
    targets={API: MEMORY},
    claims={made.a_place().claim: Owner(env=PROD, target=API)},
    rollbacks=(NOW,),
)
CYCLE = Cycle(
    desired=Desired(
        env=PROD,
        commit=Commit("a" * 40),
        targets={API: TARGET},
        committed_at=NOW,
        brake=Brake(limit=1),
        complaints=(Complaint(path="specs/prod/web.yaml", what="no version", line=3, column=1),),
    ),
    seen=Observation(
        sights={API: LIVE, WEB: Absent(), TargetName("cron"): Unseen(why="throttled")},
        answers={
            QUESTION: Alarms(alarms=(Alarm(name="api-5xx", state=AlarmState.NO_DATA, since=NOW),)),
            replace(QUESTION, prefix="web-"): Unanswered(why="denied"),
        },
        tokens={"111122223333/eu-west-1": 3},
        at=NOW,
    ),
    before=RECORD,
    now=NOW,
    plan=Plan(
        env=PROD,
        decided_at=NOW,
        decisions={
            API: Decision(
                memory=MEMORY,
                row=(Phase.ROLLING, "failing"),
                move="recover",
                reason="roll back: it fails",
                again=LATER,
                action=ENSURE,
                wanted=BAD.digest,
            )
        },
        dropped=frozenset({WEB}),
    ),
    outcomes=(
        Sent(action=ENSURE, deployment=DeploymentId("ecs-svc/3"), revision=Revision("api:2"), asof=18),
        Stale(action=ENSURE),
        NotSent(action=ENSURE, why="throttled"),
        Refused(action=ENSURE, why="no role"),
        Lost(action=ENSURE, why="timeout", revision=Revision("api:2")),
    ),
    after=RECORD,
    status=(STATUS,),
    seconds=0.25,
)
VALUES = {"memory": MEMORY, "orders": ORDERS, "entry": ENTRY, "status": STATUS}


def written(value) -> dict:
    """A value as it lies in a store, with the contents that it refers to."""
    found = CODEC.write(value)
    contents = {address: json.loads(CODEC.write_content(release)) for address, release in found.releases.items()}
    return {"item": json.loads(found.text), "contents": contents}


def pretty(tree) -> str:
    return json.dumps(tree, indent=1) + "\n"


def cycle_tree() -> dict:
    return json.loads(CODEC.write_cycle(CYCLE))


@pytest.mark.parametrize("name", VALUES)
def test_an_item_is_written_as_ever(name):
    assert pretty(written(VALUES[name])) == (GOLDEN / f"{name}.json").read_text()


@pytest.mark.parametrize("name", VALUES)
def test_an_item_of_old_is_read(name):
    tree, pool = json.loads((GOLDEN / f"{name}.json").read_text()), Pool()
    for address, content in tree["contents"].items():
        pool.add(address, CODEC.read_content(json.dumps(content)))
    value = CODEC.read(type(VALUES[name]), json.dumps(tree["item"]), pool)
    assert value == VALUES[name]
    assert written(value) == written(VALUES[name])


def test_a_turn_is_written_as_ever():
    assert pretty(cycle_tree()) == (GOLDEN / "cycle.json").read_text()


def test_a_turn_of_old_is_read():
    assert CODEC.read_cycle((GOLDEN / "cycle.json").read_text()) == CYCLE


if __name__ == "__main__":
    for name, value in VALUES.items():
        (GOLDEN / f"{name}.json").write_text(pretty(written(value)))
    (GOLDEN / "cycle.json").write_text(pretty(cycle_tree()))
