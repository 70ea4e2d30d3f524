"""To what a database could be brought back, as RDS tells it: snapshots that are there, and points in time.

Sources: the texts of DescribeDBInstances, DescribeDBClusters, DescribeDBSnapshots and DescribeDBClusterSnapshots,
and the data types of their answers (RDS API Reference).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from controller.errors import TrueupError
from controller.model.backups import Backup, Backups, BackupsOf
from controller.model.questions import Answer, Question, Unanswered
from controller.probes.cloudwatch import instant
from controller.probes.failure import code_of, unreachable

Client: TypeAlias = Any  # the SDK makes the classes of its clients at run time
Read: TypeAlias = Mapping[str, Any]

_AT_ONCE: Final = 100
_PAGES: Final = 50
_MISSING: Final = frozenset({"DBInstanceNotFound", "DBInstanceNotFoundFault", "DBClusterNotFoundFault"})
_AVAILABLE: Final = "available"
_SAID: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sort:
    """What RDS calls things of one of the two sorts of databases.

    `types` are those of snapshots that have to be asked for: without one RDS tells the manual and automated ones.
    """

    name: str
    id: str
    resource: str
    list: str
    describe: str
    snapshots: str
    snapshot: str
    permission: str
    types: tuple[str, ...] = ("",)


_INSTANCE: Final = _Sort(
    name="instance",
    id="DBInstanceIdentifier",
    resource="DbiResourceId",
    list="DBInstances",
    describe="describe_db_instances",
    snapshots="DBSnapshots",
    snapshot="DBSnapshotIdentifier",
    permission="rds:DescribeDBInstances, rds:DescribeDBClusters and rds:DescribeDBSnapshots",
    types=("", "awsbackup"),
)
_CLUSTER: Final = _Sort(
    name="cluster",
    id="DBClusterIdentifier",
    resource="DbClusterResourceId",
    list="DBClusters",
    describe="describe_db_clusters",
    snapshots="DBClusterSnapshots",
    snapshot="DBClusterSnapshotIdentifier",
    permission="rds:DescribeDBClusters and rds:DescribeDBClusterSnapshots",
)
_LISTING: Final = {_INSTANCE.name: "describe_db_snapshots", _CLUSTER.name: "describe_db_cluster_snapshots"}


class RdsBackups:
    """Answers `BackupsOf`; `client` gives an RDS client for an account, a region and a role. Never raises."""

    def __init__(self, client: Callable[[str, str, str | None], Client]) -> None:
        self._client = client

    def answer(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer them all; one that cannot be answered gets Unanswered."""
        return {question: self._one(question) for question in questions}

    def _one(self, question: Question) -> Answer:
        if not isinstance(question, BackupsOf):
            return Unanswered(why=f"RDS knows nothing of {type(question).__name__}")
        sort, what = _INSTANCE, f"the backups of {question.database}"
        try:
            client = self._client(question.account, question.region, question.role)
            found, name = _described(client, _INSTANCE, question.database), question.database
            if found is None or found.get(_CLUSTER.id):
                # What belongs to a cluster has no backups of its own.
                sort, name = _CLUSTER, str((found or {}).get(_CLUSTER.id) or name)
                found = _described(client, sort, name)
            return Backups() if found is None else _backups(client, sort, name, found)
        except TrueupError as error:
            return Unanswered(why=str(error))
        except Exception as error:  # noqa: BLE001 - a question that failed in any way is not answered
            return Unanswered(why=unreachable(error, what, sort.permission).why)


def _described(client: Client, sort: _Sort, name: str) -> Read | None:
    """Find a database; None if there is none of this sort and name."""
    try:
        answer = getattr(client, sort.describe)(**{sort.id: name})
    except Exception as error:
        if code_of(error) in _MISSING:
            return None
        raise
    return next(iter(answer.get(sort.list, ())), None)


def _backups(client: Client, sort: _Sort, name: str, database: Read) -> Backups:
    seen = [one for type_ in sort.types for one in _snapshots(client, sort, name, type_)]
    judged = [(one, _time_of(one), _why_not(one, sort, database)) for one in seen]
    good = [
        Backup(what=f"the {one.get('SnapshotType', '')} snapshot {one.get(sort.snapshot, '')}", at=at)
        for one, at, why in judged
        if at is not None and not why
    ]
    newest = sorted(good, key=lambda one: one.at)[-1:]
    found = sorted((*newest, *_restorable(database)), key=lambda one: one.at, reverse=True)
    since = found[0].at if found else None
    passed = (
        f"snapshot {one.get(sort.snapshot, '')} {why}" for one, at, why in judged if why and _after(at, since)
    )
    keeps = _keeps(database)
    return Backups(
        of=f"the {sort.name} {name}",
        found=tuple(found),
        passed_over=tuple(list(passed)[-_SAID:]),
        window=str(database.get("PreferredBackupWindow") or "") if keeps else "",
    )


def _snapshots(client: Client, sort: _Sort, name: str, type_: str) -> Iterator[Read]:
    """Read every page; raises what the SDK raises, and LookupError if there is no end to them."""
    list_ = getattr(client, _LISTING[sort.name])
    asked = {sort.id: name, **({"SnapshotType": type_} if type_ else {})}
    for _ in range(_PAGES):
        answer = list_(MaxRecords=_AT_ONCE, **asked)
        yield from answer.get(sort.snapshots, ())
        if not answer.get("Marker"):
            return
        asked["Marker"] = answer["Marker"]
    raise LookupError(f"there are more than {_PAGES * _AT_ONCE} snapshots")


def _why_not(snapshot: Read, sort: _Sort, database: Read) -> str:
    """Say why a snapshot does not count; nothing if it does."""
    status = str(snapshot.get("Status", ""))
    if status == "creating":
        return f"is still being created ({snapshot.get('PercentProgress', 0)}%)"
    if status != _AVAILABLE:
        return f"is {status or 'in no known state'}"
    mine, its = database.get(sort.resource), snapshot.get(sort.resource)
    if mine and its and mine != its:
        return "is of another database that had this name"
    # A copy is younger than what it holds, and of a cluster's it is not told how old that is.
    return "is a copy of an older one" if snapshot.get("SourceDBClusterSnapshotArn") else ""


def _time_of(snapshot: Read) -> datetime | None:
    """Say of when a snapshot is: for a copy, of when the first was taken."""
    told = (instant(snapshot.get(name)) for name in ("OriginalSnapshotCreateTime", "SnapshotCreateTime"))
    return min((at for at in told if at is not None), default=None)


def _restorable(database: Read) -> Iterable[Backup]:
    """Give the newest point in time that the database can be restored to, if its backups are kept at all."""
    at = instant(database.get("LatestRestorableTime"))
    return (Backup(what="the point in time that it can be restored to", at=at),) if at and _keeps(database) else ()


def _keeps(database: Read) -> bool:
    return int(database.get("BackupRetentionPeriod") or 0) > 0


def _after(at: datetime | None, since: datetime | None) -> bool:
    return at is None or since is None or at > since
