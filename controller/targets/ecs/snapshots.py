"""Snapshots of databases as one-off work: made once for a release whatever happens, by a name that is its identity.

Sources: the texts of CreateDBSnapshot, CreateDBClusterSnapshot, DescribeDBSnapshots and DescribeDBClusterSnapshots,
and "Constraints" of their identifiers (RDS API Reference).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from controller.errors import TrueupError
from controller.model.backups import DATABASE
from controller.model.decision import Start
from controller.model.hooks import TaskAbsent, TaskAt, TaskEnded, TaskRuns, TaskSight, TaskUnseen
from controller.model.names import Revision, TaskId
from controller.model.outcome import Lost, NotSent, Outcome, Started
from controller.model.packed import Packed
from controller.targets.ecs.answers import Cause, Declined
from controller.targets.ecs.client import Access, Clients
from controller.targets.ecs.native import Native, parts, text
from controller.targets.ecs.permit import Permission
from controller.targets.ecs.refusals import outcome_of

_SERVICE: Final = "rds"
_AVAILABLE: Final = "available"
_FAILED: Final = frozenset({"failed", "incompatible-restore", "deleting", "deleted"})
# The database is busy with something else: it is asked for again later.
_NOT_NOW: Final = frozenset({
    "InvalidDBClusterSnapshotStateFault", "InvalidDBClusterStateFault", "InvalidDBInstanceState",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sort:
    """What RDS calls things of one of the two sorts of databases: "DB" or "DBCluster" begins their names."""

    name: str
    database: str
    listed: str

    @property
    def id(self) -> str:
        """The parameter that names a snapshot."""
        return f"{self.name}SnapshotIdentifier"


_INSTANCE: Final = _Sort(name="DB", database="DBInstanceIdentifier", listed="DBInstances")
_CLUSTER: Final = _Sort(name="DBCluster", database="DBClusterIdentifier", listed="DBClusters")


def database_of(shape: Packed) -> str:
    """Name the database of which a hook makes a snapshot; empty if it runs a task."""
    return text(json.loads(str(shape) or "{}"), DATABASE)


def is_snapshot(task: str) -> bool:
    """Whether the platform's name for a one-off work is that of a snapshot."""
    return ":snapshot:" in task or ":cluster-snapshot:" in task


def snapshot_name(database: str, wanted: TaskId) -> str:
    """Name the snapshot of a database by what it is made for: the same however often it is asked for."""
    return f"trueup-{database.lower()}-{wanted}"


class Snapshots:
    """Makes snapshots, and looks for them. One that is being made is waited for: nothing of RDS is stopped."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def start(self, action: Start, check: Callable[[], None]) -> Outcome:
        """Make a snapshot, if there is none of this name; the outcome says what is known of it."""
        database, access = database_of(action.hook.shape), self._clients.access(action.place)
        try:
            check()
            access.verify()
            return self._start(action, database, access, check)
        except Declined as declined:
            if declined.code in _NOT_NOW:
                return NotSent(action=action, why=str(declined))
            return outcome_of(action, declined)
        except TrueupError as error:
            return NotSent(action=action, why=str(error))

    def follow(self, tasks: Sequence[TaskAt]) -> Mapping[TaskId, TaskSight]:
        """Look for all of them."""
        return {one.id: self._sight(one) for one in tasks}

    def _start(self, action: Start, database: str, access: Access, check: Callable[[], None]) -> Outcome:
        name = snapshot_name(database, action.id)
        if action.look_first and (found := _find(access, name)):
            return Started(action=action, task=_arn(found), revision=Revision(""))
        sort, of = _sort_of(access, database)
        permission = Permission(
            place=action.place, family="", not_after=action.not_after, check=check, snapshot=name, database=of
        )
        with self._clients.gate.permit(permission):
            try:
                asked = {sort.database: of, sort.id: name}
                answer = access.change_in(_SERVICE, f"Create{sort.name}Snapshot", **asked)
            except Declined as declined:
                if declined.cause is not Cause.TAKEN:
                    raise
                return Started(action=action, task=_arn(_find(access, name) or {}), revision=Revision(""))
        made = answer.get(f"{sort.name}Snapshot")
        if not isinstance(made, dict):
            return Lost(action=action, why="RDS took it, but its answer shows no snapshot")
        return Started(action=action, task=_arn(made), revision=Revision(""))

    def _sight(self, one: TaskAt) -> TaskSight:
        name = snapshot_name(database_of(one.shape), one.id)
        try:
            found = _find(self._clients.access(one.place), name)
        except TrueupError as error:
            return TaskUnseen(why=str(error))
        if found is None:
            return TaskAbsent()
        status = text(found, "Status")
        if status == _AVAILABLE:
            return TaskEnded(task=_arn(found), code=0)
        if status in _FAILED:
            # Another one is made: the content of the release has nothing to do with it.
            return TaskEnded(task=_arn(found), code=None, why=f"the snapshot {name} is {status}", ground=True)
        return TaskRuns(task=_arn(found))


def _sort_of(access: Access, database: str) -> tuple[_Sort, str]:
    """Find out what a database is, and what is to be named: the cluster of an instance that belongs to one."""
    found = _described(access, _INSTANCE, database)
    cluster = text(found, _CLUSTER.database) if found else database
    return (_CLUSTER, cluster) if cluster else (_INSTANCE, database)


def _described(access: Access, sort: _Sort, database: str) -> Native | None:
    try:
        answer = access.ask(_SERVICE, f"Describe{sort.listed}", **{sort.database: database})
    except Declined as declined:
        if declined.cause is Cause.GONE:
            return None
        raise
    return next(iter(parts(answer, sort.listed)), None)


def _find(access: Access, name: str) -> Native | None:
    """Find a snapshot by its name, of whatever sort; None if there is none."""
    for sort in (_INSTANCE, _CLUSTER):
        try:
            answer = access.ask(_SERVICE, f"Describe{sort.name}Snapshots", **{sort.id: name})
        except Declined as declined:
            if declined.cause is not Cause.GONE:
                raise
            continue
        if found := parts(answer, f"{sort.name}Snapshots"):
            return found[0]
    return None


def _arn(snapshot: Native) -> str:
    return text(snapshot, "DBSnapshotArn") or text(snapshot, "DBClusterSnapshotArn")
