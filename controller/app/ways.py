"""`ways-back`: what there is to go back to, in the order in which it is taken, and what is left of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from controller.app.registries import registries
from controller.app.world import clients_of, clock_of, lookups_of, targets_of
from controller.errors import SpecError
from controller.model.desired import Unread
from controller.model.names import EnvName, TargetName
from controller.model.observation import Absent, Live, Observation, Sight, Unseen
from controller.model.record import Record
from controller.model.release import Kept
from controller.model.ways import Exists, KeptAt, Left, WayBack
from controller.plan.beside import owned_paths
from controller.plan.see import look_at
from controller.ports import LookAt

if TYPE_CHECKING:
    from controller.model.place import Place
    from controller.options import Options
    from controller.plan.look import Look
    from controller.ports import Target

_NOBODY: Final = Exists(revision=Left.UNKNOWN, why="nobody looked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Every way back of one target, best first; `unseen` says why what runs there could not be seen."""

    ways: tuple[WayBack, ...]
    unseen: str = ""


def ways_back(
    options: "Options", record: Record, env: EnvName, names: Sequence[TargetName]
) -> dict[TargetName, Ways]:
    """List what each of these targets can go back to, as the next rollback would find it; last what is barred.

    Reads AWS, and no spec. Raises SpecError for a kind that there is not.
    """
    clock = clock_of(options)
    clients = clients_of(options, clock)
    images = registries(options, clients)
    try:
        kinds = targets_of(options, clients, images, lookups_of(options, clients))
        return {name: _ways(record, env, name, kinds, clock.now()) for name in names}
    finally:
        images.close()
        clients.close()


def _ways(record: Record, env: EnvName, name: TargetName, kinds: "Mapping[str, Target]", now: datetime) -> Ways:
    memory = record.targets.get(name)
    if memory is None or memory.place is None:
        return Ways(ways=())
    kind = kinds.get(memory.place.kind)
    if kind is None:
        raise SpecError(f"this trueup knows no kind {memory.place.kind!r}")
    one = LookAt(target=name, place=memory.place, owns=owned_paths(None, memory))
    sight = kind.look([one]).get(name) or Unseen(why="nobody looked")
    seen = Observation(sights={name: sight}, at=now)
    return _told(look_at(_unread(env), seen, record, name, now), memory.place, sight, kind)


def _unread(env: EnvName) -> Unread:
    return Unread(env=env, why="no spec is read: a way back does not depend on what is wanted")


def _told(look: "Look", place: "Place", sight: Sight, kind: "Target") -> Ways:
    ways = look.ways
    open_ways = {kept.digest for kept in ways}
    every = (*ways, *(kept for kept in look.memory.known if kept.digest not in open_ways))
    asked = [KeptAt(place=place, kept=kept) for kept in every]
    exists = kind.exists(asked)
    return Ways(
        ways=tuple(
            WayBack(
                kept=one.kept,
                good=look.memory.is_good(one.kept.digest),
                runs=look.runs(one.kept.release) if isinstance(sight, Live) else None,
                exists=exists.get(one, _NOBODY),
                barred="" if one.kept.digest in open_ways else _barred(look, one.kept),
            )
            for one in asked
        ),
        unseen=_unseen(sight),
    )


def _barred(look: "Look", kept: Kept) -> str:
    """Say why a release is not gone back to."""
    quarantined = look.memory.quarantine.get(kept.digest)
    if quarantined is not None:
        return f"quarantined: {quarantined.why}"
    if kept.digest == look.rollout.release.digest:
        return "it is what is being rolled out"
    return "it was tried in this rollout, and did not come up"


def _unseen(sight: Sight) -> str:
    match sight:
        case Live():
            return ""
        case Absent():
            return "there is no such service"
        case Unseen(why=why):
            return why
