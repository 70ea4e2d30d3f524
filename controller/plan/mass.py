"""The brake on mass changes: what would change more of an environment than it allows waits for a person.

It counts over the whole environment, from the spec and the record, whichever targets a turn is about: that a commit
is met by many small turns lets nothing past it.
"""

from collections.abc import Sequence
from typing import Final

from controller.model.desired import Desired, Load
from controller.model.gate import Shut
from controller.model.names import TargetName
from controller.model.orders import TargetOrders
from controller.model.record import Owner, Record
from controller.plan.judged import Judged
from controller.plan.known import release_of, rolls, words_of, would_change
from controller.plan.look import Look
from controller.plan.wanted import names_of

MASS_CHANGE: Final = "massChange"
_NAMED: Final = 5


def held(looks: Sequence[Look], desired: Desired, record: Record) -> dict[TargetName, Judged]:
    """Find which wishes of these targets wait for a person, because they are too many."""
    load = desired.load
    if not looks or (load.changes is None and load.percent is None):
        return {}
    changing = _unconfirmed(desired, record)
    allowed, said = _allowed(load, total := len(names_of(desired, record)))
    if len(changing) <= allowed:
        return {}
    why = (
        f"{len(changing)} of {total} targets would change ({_some(changing)}), more than {said}; "
        f"`trueup confirm {desired.env} --commit {desired.commit[:12]} --reason …` lets them"
    )
    judged, waiting = Judged(kind=MASS_CHANGE, verdict=Shut(why=why)), frozenset(changing)
    return {look.name: judged for look in looks if look.name in waiting and not _is_under_way(look)}


def is_confirmed(name: TargetName, desired: Desired, record: Record) -> bool:
    """Whether a person confirmed just what the spec wants of a target now.

    Words that run already say nothing of what others put below them since: that is confirmed by its digest.
    """
    confirmed, want, memory = record.orders.confirmed.get(name), desired.targets[name], record.targets.get(name)
    if confirmed is None:
        return False
    release = release_of(want, memory)
    current = memory.current.release if memory and memory.current else None
    words = words_of(release or want.release)
    is_new = current is None or words_of(current) != words
    return (is_new and confirmed == words) or (release is not None and confirmed == release.digest)


def _unconfirmed(desired: Desired, record: Record) -> list[TargetName]:
    orders = record.orders.targets
    return [
        name
        for name, want in sorted(desired.targets.items())
        if would_change(want, record.targets.get(name), orders.get(name, TargetOrders()))
        and record.claims.get(want.place.claim) in {None, Owner(env=desired.env, target=name)}
        and not is_confirmed(name, desired, record)
    ]


def _allowed(load: Load, total: int) -> tuple[int, str]:
    """Say how many may change, and how the spec says that; one change alone is never too many."""
    limits: list[tuple[int, str]] = []
    if load.changes is not None:
        limits.append((load.changes, f"maxChanges: {load.changes}"))
    if load.percent is not None:
        share = max(1, int(total * load.percent / 100))
        limits.append((share, f"maxChanges: {load.percent:g}% ({share})"))
    return min(limits)


def _is_under_way(look: Look) -> bool:
    return look.wish is not None and rolls(look.memory, look.wish.release)


def _some(names: Sequence[TargetName]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
