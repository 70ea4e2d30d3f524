"""Signals of a rollout that has not touched its target yet: its hooks come first."""

from types import MappingProxyType
from typing import Final

from controller.model.gate import Shut
from controller.plan.calls import others_deploy, who
from controller.plan.hooking import Standing, before_wish, first_of_rollout, under_way
from controller.plan.joint import GROUP
from controller.plan.keep import PERSON
from controller.plan.look import Look
from controller.plan.readings import Preparing
from controller.plan.said import Said, say
from controller.plan.versions import called

HOOK: Final = "hook"
_SIGNALS: Final = MappingProxyType(
    {
        Standing.BEGIN: Preparing.HOOKED,
        Standing.WAITING: Preparing.HOOKING,
        Standing.LATE: Preparing.LATE,
        Standing.FAILED: Preparing.FAILING,
        Standing.UNKNOWN: Preparing.UNSURE,
    }
)


def read_preparing(look: Look) -> Said[Preparing]:
    """Take a person's order first, then what became of its hooks, then a newer wish if no task runs."""
    if look.ordered:
        to = look.orders.rollback.to if look.orders.rollback else None
        if to is not None and look.asked:
            return say(Preparing.ORDERED, f"to {look.asked[0].release.version}", PERSON)
        return say(Preparing.FAILING, "a person said roll back", PERSON)
    if look.joint.back or look.joint.halts:
        return say(Preparing.CALLED_OFF, look.joint.back or look.joint.halts, GROUP)
    if look.runs(look.rollout.release) and not look.rollout.retry:
        return say(Preparing.TAKEN, who(look.live))
    found, why = first_of_rollout(look) or (None, "")
    if found in {Standing.FAILED, Standing.UNKNOWN}:
        return say(_SIGNALS[found], why, HOOK)
    return _newer(look) or (_ready(look) if found is None else say(_SIGNALS[found], why))


def _newer(look: Look) -> Said[Preparing] | None:
    """Say that something else is wanted by now, unless a task runs that has to end first."""
    wish = look.wish
    if wish is None or wish.digest == look.rollout.release.digest or under_way(look) is not None:
        return None
    if look.runs(wish.release):
        return say(Preparing.LEFT, f"{wish.release.version} is wanted, and runs")
    if not look.may_start:
        return None
    signal = Preparing.OVERTAKEN if before_wish(look) is None else Preparing.OVERHOOKED
    return say(signal, called(look, wish))


def _ready(look: Look) -> Said[Preparing]:
    if look.lets_be:
        return say(Preparing.HOOKING, others_deploy(look))
    rings = [judged.verdict.why for judged in look.guards if isinstance(judged.verdict, Shut)]
    if rings and not look.rollout.terms.incident and not _is_pinned(look):
        return say(Preparing.HOOKING, f"{look.rollout.release.version} waits: {'; '.join(rings)}")
    return say(Preparing.READY, look.rollout.release.version)


def _is_pinned(look: Look) -> bool:
    wish = look.wish
    return wish is not None and wish.pinned and wish.digest == look.rollout.release.digest
