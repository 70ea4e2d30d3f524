"""Backups of databases as RDS tells of them: which count, and why the others do not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import moto.rds.models as rds
import pytest

from controller.errors import AccessError
from controller.model.backups import Backup, Backups, BackupsOf
from controller.model.questions import Unanswered
from controller.probes.rds import RdsBackups
from tests.targets.ecs.rig import ACCOUNT, REGION, ROLE, Ground, new_ground

AT = datetime(2030, 1, 1, tzinfo=UTC)
ASKED = BackupsOf(account=ACCOUNT, region=REGION, role=ROLE, database="unifocus-prod")
TIMES = ("SnapshotCreateTime", "OriginalSnapshotCreateTime")


class NotFoundError(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.response = {"Error": {"Code": code}}


class Databases:
    """An RDS that answers from lists, a page of two at a time, and notes what it was asked."""

    def __init__(self, instance=None, cluster=None, snapshots=(), aws_backup=()):
        self.instance, self.cluster = instance, cluster
        self.snapshots, self.aws_backup, self.asked = snapshots, aws_backup, []

    def describe_db_instances(self, **asked):
        if self.instance is None:
            raise NotFoundError("DBInstanceNotFound")
        return {"DBInstances": [self.instance]}

    def describe_db_clusters(self, **asked):
        if self.cluster is None:
            raise NotFoundError("DBClusterNotFoundFault")
        return {"DBClusters": [self.cluster]}

    def describe_db_snapshots(self, **asked):
        return self._page("DBSnapshots", **asked)

    def describe_db_cluster_snapshots(self, **asked):
        return self._page("DBClusterSnapshots", **asked)

    def _page(self, name, **asked):
        assert name == "DBSnapshots" or "SnapshotType" not in asked, "RDS refuses that of a cluster"
        self.asked.append(asked)
        chosen = self.aws_backup if asked.get("SnapshotType") == "awsbackup" else self.snapshots
        start = int(asked.get("Marker", 0))
        more = {"Marker": str(start + 2)} if len(chosen) > start + 2 else {}
        return {name: list(chosen[start : start + 2]), **more}


def snap(name, hours, status="available", **more):
    at = (AT - timedelta(hours=hours)).isoformat()
    return {"DBSnapshotIdentifier": name, "DBClusterSnapshotIdentifier": name, "SnapshotType": "manual",
            "Status": status, "SnapshotCreateTime": at, "OriginalSnapshotCreateTime": at, **more}  # fmt: skip


INSTANCE = {"DBInstanceIdentifier": "unifocus-prod", "DbiResourceId": "db-1", "BackupRetentionPeriod": 0}


def ask(databases, question=ASKED):
    return RdsBackups(lambda *_: databases).answer([question])[question]


def test_the_newest_snapshot_of_all_pages_counts():
    snapshots = [snap(f"s{hours}", hours) for hours in (9, 3, 5, 7, 4)]
    found = ask(databases := Databases(INSTANCE, snapshots=snapshots))
    assert found == Backups(
        of="the instance unifocus-prod",
        found=(Backup(what="the manual snapshot s3", at=AT - timedelta(hours=3)),),
    )
    assert [one.get("Marker") for one in databases.asked] == [None, "2", "4", None]


def test_point_in_time_recovery_counts_only_where_backups_are_kept():
    at = {"LatestRestorableTime": AT.isoformat(), "PreferredBackupWindow": "01:37-02:07"}
    off = ask(Databases({**INSTANCE, **at}))
    assert (off.found, off.window) == ((), "")
    kept = ask(Databases({**INSTANCE, **at, "BackupRetentionPeriod": 7}, snapshots=[snap("a", 1)]))
    assert [one.what for one in kept.found] == [
        "the point in time that it can be restored to",
        "the manual snapshot a",
    ]
    assert kept.window == "01:37-02:07"


def test_snapshots_of_aws_backup_count():
    found = ask(Databases(INSTANCE, aws_backup=[snap("awsbackup:job-1", 1, SnapshotType="awsbackup")]))
    assert found.found[0].what == "the awsbackup snapshot awsbackup:job-1"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (
            {"Status": "creating", "PercentProgress": 40, **dict.fromkeys(TIMES)},
            "is still being created (40%)",
        ),
        ({"Status": "failed"}, "is failed"),
        ({"Status": ""}, "is in no known state"),
        ({"DbiResourceId": "db-0"}, "is of another database that had this name"),
        ({"SourceDBClusterSnapshotArn": "arn:x"}, "is a copy of an older one"),
    ],
)
def test_what_does_not_count_is_said_with_the_reason(other, why):
    good = snap("a", 5, DbiResourceId="db-1")
    found = ask(Databases(INSTANCE, snapshots=[good, {**snap("b", 1), **other}]))
    assert [one.what for one in found.found] == ["the manual snapshot a"]
    assert found.passed_over == (f"snapshot b {why}",)
    older = ask(Databases(INSTANCE, snapshots=[good, {**snap("b", 9), **other}]))
    assert older.passed_over == (found.passed_over if "creating" in str(other) else ())


def test_a_copy_is_as_old_as_what_was_copied():
    copy = {**snap("b", 1), "OriginalSnapshotCreateTime": (AT - timedelta(hours=90)).isoformat()}
    assert ask(Databases(INSTANCE, snapshots=[copy])).found[0].at == AT - timedelta(hours=90)
    found = ask(Databases(INSTANCE, snapshots=[snap("a", 5), copy]))
    assert [one.what for one in found.found] == ["the manual snapshot a"]


def test_what_belongs_to_a_cluster_has_the_backups_of_the_cluster():
    cluster = {"DBClusterIdentifier": "aurora", "DbClusterResourceId": "cluster-1", "BackupRetentionPeriod": 1}
    member = {**INSTANCE, "DBClusterIdentifier": "aurora", "BackupRetentionPeriod": 1}
    for databases in (Databases(member, cluster, [snap("a", 1)]), Databases(None, cluster, [snap("a", 1)])):
        found = ask(databases)
        assert found.found[0].what == "the manual snapshot a"
        assert found.of == f"the cluster {'aurora' if databases.instance else 'unifocus-prod'}"


def test_what_there_is_not_is_said_and_what_fails_is_not_answered():
    assert ask(Databases()) == Backups()

    def denied(*_):
        raise AccessError("the credentials belong to another account")

    assert RdsBackups(denied).answer([ASKED])[ASKED] == Unanswered(why="the credentials belong to another account")
    assert "str" in RdsBackups(denied).answer(["what?"])["what?"].why


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    with new_ground(monkeypatch) as ground:
        yield ground


def test_real_databases_are_told_apart_over_the_real_protocol(ground):
    probe, client = RdsBackups(ground.clients.rds), ground.aws.client("rds")
    cluster = replace(ASKED, database="orders")
    assert probe.answer([ASKED])[ASKED] == Backups()
    given = {"MasterUsername": "root", "MasterUserPassword": "not-a-secret"}
    client.create_db_instance(
        DBInstanceIdentifier="unifocus-prod",
        Engine="postgres",
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        BackupRetentionPeriod=0,
        **given,
    )
    client.create_db_cluster(DBClusterIdentifier="orders", Engine="aurora-postgresql", **given)
    ground.tick(3600)
    client.create_db_snapshot(DBInstanceIdentifier="unifocus-prod", DBSnapshotIdentifier="before-v2")
    answers = probe.answer([ASKED, cluster])
    (newest,) = answers[ASKED].found
    assert newest.what == "the manual snapshot before-v2"
    assert abs((newest.at - ground.now()).total_seconds()) < 5
    assert answers[cluster].of == "the cluster orders"
    assert answers[cluster].found[0].what == "the point in time that it can be restored to"

    ground.tick(3600)
    client.create_db_snapshot(DBInstanceIdentifier="unifocus-prod", DBSnapshotIdentifier="during-v3")
    rds.rds_backends[ACCOUNT][REGION].database_snapshots["during-v3"].status = "creating"
    again = probe.answer([ASKED])[ASKED]
    assert again.found == (newest,)
    assert again.passed_over[0].startswith("snapshot during-v3 is still being created")


def test_without_permission_it_says_which_is_missing(ground):
    denied = {"operation": "rds:DescribeDBInstances", "code": "AccessDenied", "message": "not authorized",
              "status": 403, "times": 1}  # fmt: skip
    ground.faults(errors=[denied])
    why = RdsBackups(ground.clients.rds).answer([ASKED])[ASKED].why
    assert why.startswith("the backups of unifocus-prod may not be read; that takes rds:DescribeDBInstances, ")
