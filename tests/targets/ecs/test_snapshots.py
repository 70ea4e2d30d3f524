"""Snapshots as one-off work: made once, by a name that is their identity, and waited for until they are there."""

from datetime import timedelta
from typing import Any

import moto.rds.models as rds
import pytest

from controller.errors import Refusal
from controller.gates.backup import Backup
from controller.model.decision import Start, Stop
from controller.model.hooks import TaskAbsent, TaskAt, TaskEnded, TaskRuns, TaskUnseen
from controller.model.names import TargetName, TaskId
from controller.model.outcome import Lost, NotSent, Refused, Started
from controller.model.rollout import Purpose
from controller.targets.ecs.permit import Permission
from controller.targets.ecs.snapshots import snapshot_name
from tests.targets.ecs.rig import ACCOUNT, REGION, allow, release

ID = TaskId("a" * 32)
NAME = f"trueup-unifocus-prod-{ID}"
HOOK = Backup(account=ACCOUNT, region=REGION, database="Unifocus-Prod", take=True).hook
MASTER = {"MasterUsername": "root", "MasterUserPassword": "not-a-secret"}


@pytest.fixture
def database(ground):
    return ground.aws.client("rds").create_db_instance(
        DBInstanceIdentifier="unifocus-prod",
        Engine="postgres",
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        **MASTER,
    )


def start(ground, check=allow, **more):
    given: dict[str, Any] = {
        "target": TargetName("api"),
        "place": ground.place(),
        "id": ID,
        "hook": HOOK,
        "release": release("v1.2.3"),
        "revision": None,
        "purpose": Purpose.FORWARD,
        "not_after": ground.now() + timedelta(seconds=30),
        **more,
    }
    return ground.target.act(Start(**given), check)


def sight(ground):
    return ground.target.follow([TaskAt(id=ID, place=ground.place(), shape=HOOK.shape)])[ID]


def made(ground):
    return sorted(name for name in backend().database_snapshots if name.startswith("trueup-"))


def backend():
    return rds.rds_backends[ACCOUNT][REGION]


def test_a_snapshot_is_made_once_however_often_it_is_asked_for(ground, database):
    assert sight(ground) == TaskAbsent()
    first = start(ground)
    assert isinstance(first, Started) and first.task.endswith(f":snapshot:{NAME}")
    for again in (start(ground), start(ground, look_first=True)):
        assert isinstance(again, Started) and again.task == first.task
    assert made(ground) == [NAME]
    assert ("CreateDBSnapshot", "ok") in ground.changes() and ground.made("RunTask") == 0
    assert sight(ground) == TaskEnded(task=first.task, code=0)


def test_a_cluster_and_an_instance_that_belongs_to_one_are_saved_as_a_cluster(ground):
    client = ground.aws.client("rds")
    client.create_db_cluster(DBClusterIdentifier="unifocus-prod", Engine="aurora-postgresql", **MASTER)
    started = start(ground)
    assert isinstance(started, Started) and started.task.endswith(f":cluster-snapshot:{NAME}")
    assert sight(ground) == TaskEnded(task=started.task, code=0)
    assert (made(ground), list(backend().cluster_snapshots)[-1]) == ([], NAME)


def test_it_is_waited_for_and_one_that_fails_is_made_again(ground, database):
    task = start(ground).task
    backend().database_snapshots[NAME].status = "creating"
    assert sight(ground) == TaskRuns(task=task)
    backend().database_snapshots[NAME].status = "failed"
    ended = sight(ground)
    assert ended == TaskEnded(task=task, code=None, why=f"the snapshot {NAME} is failed", ground=True)


def test_what_is_being_saved_is_not_stopped(ground, database):
    named = {"target": TargetName("api"), "place": ground.place(), "id": ID, "task": start(ground).task}
    more = {"release": release("v1.2.3"), "why": "late", "purpose": Purpose.FORWARD, "not_after": ground.now()}
    action = Stop(**named, **more)
    assert ground.target.act(action, allow) == NotSent(
        action=action, why="what is being saved is not stopped; it is waited for"
    )
    assert made(ground) == [NAME]


def fault(code, operation="CreateDBSnapshot", status=400):
    return {"operation": f"rds:{operation}", "code": code, "message": "told so", "status": status, "times": 1}


def test_what_rds_refuses_is_tried_again_unless_it_will_never_be_taken(ground, database):
    again = ("AccessDenied", "InvalidDBInstanceState", "SnapshotQuotaExceeded", "Throttling")
    for code, outcome in {**dict.fromkeys(again, NotSent), "InvalidParameterValue": Refused}.items():
        ground.faults(errors=[fault(code)])
        assert type(start(ground)) is outcome, code
        ground.tick(60)
    assert made(ground) == []


def test_where_the_database_is_gone_nothing_is_made_and_the_release_is_not_to_blame(ground):
    outcome = start(ground)
    assert isinstance(outcome, NotSent) and "unifocus-prod" in outcome.why
    assert {result for name, result in ground.calls if "DB" in name} == {"refused"}
    assert (made(ground), backend().cluster_snapshots) == ([], {})


def test_an_answer_that_is_lost_is_found_by_reading(ground, database):
    ground.faults(lost={"rds:CreateDBSnapshot": 1})
    assert isinstance(start(ground), Lost)
    assert isinstance(sight(ground), TaskAbsent)  # it never arrived: the sandbox loses it before any effect
    assert isinstance(start(ground, look_first=True), Started)


def test_rds_that_cannot_be_read_says_nothing(ground, database):
    start(ground)
    ground.faults(errors=[fault("AccessDenied", "DescribeDBSnapshots")])
    assert isinstance(sight(ground), TaskUnseen)


def test_nothing_is_let_out_without_the_last_word(ground, database):
    def no():
        raise Refusal("the lease is gone")

    assert isinstance(start(ground, check=no), NotSent)
    assert isinstance(start(ground, not_after=ground.now() - timedelta(seconds=1)), NotSent)
    assert made(ground) == []


def test_only_the_snapshot_of_the_intent_is_let_out(ground, database):
    place = ground.place()
    access = ground.clients.access(place)
    access.verify()
    until = ground.now() + timedelta(seconds=30)
    mine = {"snapshot": NAME, "database": "unifocus-prod"}
    permission = Permission(place=place, family="", not_after=until, check=allow, **mine)
    right = {"DBSnapshotIdentifier": NAME, "DBInstanceIdentifier": "unifocus-prod"}
    with ground.clients.gate.permit(permission):
        for name in right:
            with pytest.raises(Refusal, match="its intent does not allow"):
                access.change_in("rds", "CreateDBSnapshot", **{**right, name: "another"})
        with pytest.raises(Refusal, match="its intent does not allow"):
            access.change_in("rds", "DeleteDBInstance", DBInstanceIdentifier="unifocus-prod")
        with pytest.raises(Refusal, match="its intent does not allow"):
            access.change("StopTask", cluster="prod", task="x")
        access.change_in("rds", "CreateDBSnapshot", **right)
    with pytest.raises(Refusal, match="without an intent"):
        access.change_in("rds", "CreateDBSnapshot", **{**right, "DBSnapshotIdentifier": "b"})
    assert made(ground) == [NAME]


def test_a_name_says_what_it_is_for():
    assert snapshot_name("Unifocus-Prod", ID) == NAME
    assert len(snapshot_name("d" * 63, ID)) <= 255
