"""`history --show`: read what the record of one rollout is put together from, and no more of the journal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from controller.errors import SpecError
from controller.model.names import EnvName, TargetName
from controller.model.story import Entry, Event
from controller.plan.recount import Life, life_of, numbers, recount

if TYPE_CHECKING:
    from controller.model.rollout_record import RolloutRecord
    from controller.ports import Store

_ALL: Final = 10**9
_PAGE: Final = 5000
_AROUND: Final = frozenset({Event.ACCEPTED, Event.ORDER, Event.HOTFIX})


def rollout_record(store: "Store", env: EnvName, target: TargetName, number: int) -> "RolloutRecord":
    """Put together what is known of a rollout; raise SpecError if there was none with this number."""
    rows = store.journal(env=env, target=target, limit=_ALL)
    life = life_of(rows, number)
    if life is None:
        raise SpecError(f"{env}/{target} has had no rollout {number}; {_had(numbers(rows))}")
    around = [row for row in _around(store, env, life) if row.event in _AROUND]
    return recount(life, around, store.load(env).targets.get(target))


def _had(known: tuple[int, ...]) -> str:
    if not known:
        return "it has had none yet"
    return f"there is {known[0]}" if len(known) == 1 else f"there are {known[0]} to {known[-1]}"


def _around(store: "Store", env: EnvName, life: Life) -> Iterator[Entry]:
    """Read the rows of its environment that are not older than those that may concern it, and not newer."""
    after = min(life.began, life.since)
    limit = _PAGE if after else _ALL  # the first rows of all can only be read with all that follow
    while rows := store.journal(env=env, after=after, limit=limit):
        for row in rows:
            if life.last is not None and row.number > life.last:
                return
            yield row
        after, limit = rows[-1].number, _PAGE
