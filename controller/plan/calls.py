"""What became of our last call, as far as this look can tell."""

from datetime import datetime, timedelta
from typing import Final

from controller.model.observation import Awaits, Deployment, Live
from controller.model.release import Release
from controller.model.rollout import Call, Continued, Result, Rollout, Terms
from controller.plan.look import Look
from controller.plan.readings import Course, Returning, Still
from controller.plan.said import Said, say

FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=15)
INTENT_LIFE: Final = timedelta(seconds=30)
"""How long after it was written an intent may be sent; until then an unseen call is not believed lost."""


def find_made(live: Live, call: Call, goal: Release) -> Deployment | None:
    """Find the deployment that an unanswered call made: younger than the call, and of its shape."""
    made = [d for d in live.deployments if d.born > call.after and goal.runs_in(d.manifest)]
    return min(made, key=lambda deployment: deployment.born, default=None)


def settling(look: Look) -> Said[Still] | None:
    """Say how long our last call is still waited for: it has no answer, or this read does not show it."""
    unanswered = settles(look.rollout)
    ends = unanswered or _shows(look)
    left = ends - look.now if ends else timedelta()
    what = "no answer yet" if unanswered else "our call does not show yet"
    return say(Still.SETTLING, f"{what}, {in_words(left)} left") if left > timedelta() else None


def settles(rollout: Rollout) -> datetime | None:
    """When an unanswered call is believed lost; None if there is none."""
    call = rollout.call
    if call is None or call.result is not Result.UNKNOWN or rollout.deployment is not None:
        return None
    return call.at + INTENT_LIFE + rollout.terms.settle


def _shows(look: Look) -> datetime | None:
    """When a call that was accepted has to show; None if it does, or if something else happened."""
    rollout, live = look.rollout, look.live
    call = rollout.call
    if live is None or call is None or call.result is not Result.SENT or look.ours is not None:
        return None
    return call.at + rollout.terms.settle if _still_there(call, live) else None


def forward_invisible(look: Look) -> Said[Course]:
    """Say why nothing of ours is there: never sent, or pushed aside by somebody."""
    call, live = look.rollout.call, look.live
    if call is None or call.result is Result.STALE or _still_there(call, live):
        return forward_again(look, call.why if call else "")
    return say(Course.FOREIGN, who(live), "foreign")


def back_invisible(look: Look) -> Said[Returning]:
    """Say the same of a rollout that goes back; what somebody deployed meanwhile is not fought."""
    call, live = look.rollout.call, look.live
    unsent = call is None or call.result is Result.STALE
    if unsent and look.lets_be:
        return say(Returning.FOREIGN, who(live), "foreign")
    if unsent or call is None or _still_there(call, live):
        return back_again(look, call.why if call else "")
    return say(Returning.FOREIGN, who(live), "foreign")


def forward_again(look: Look, why: str) -> Said[Course]:
    """Send again at once, or after a while that doubles if the platform would not take it."""
    at = patient_until(look.rollout)
    if at is not None and look.now < at:
        return say(Course.TROUBLED, f"{why}; again at {at:%H:%M:%S}", "platform")
    if look.lets_be:
        said = f"somebody else deploys, and that is let be until it has ended: {who(look.live)}"
        return say(Course.TROUBLED, said, "foreign")
    return say(Course.UNSENT, why)


def back_again(look: Look, why: str) -> Said[Returning]:
    """Say the same of a rollout that goes back."""
    at = patient_until(look.rollout)
    if at is not None and look.now < at:
        return say(Returning.TROUBLED, f"{why}; again at {at:%H:%M:%S}", "platform")
    return say(Returning.UNSENT, why)


def patient_until(rollout: Rollout) -> datetime | None:
    """When a call that was not taken, or that the platform broke, may be made again; None: at once."""
    call = rollout.call
    if call is None or call.result not in {Result.UNSENT, Result.SENT}:
        return None
    return call.at + patience(rollout.tries)


def patience(tries: int) -> timedelta:
    """Say how long to wait after so many tries: 30 seconds, doubling to 15 minutes."""
    doubled: int = 2 ** min(max(tries - 1, 0), 10)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


def was_ended(ended: Continued | None, awaits: Awaits) -> bool:
    """Whether just this pause is what we ended."""
    return ended is not None and (ended.pause, ended.stage, ended.until) == (
        awaits.pause,
        awaits.stage,
        awaits.until,
    )


def continues_at(ended: Continued, terms: Terms) -> datetime:
    """When a pause that we ended, and that still shows, may be ended again: once that call is believed lost."""
    if ended.sent is False:
        return ended.at + FIRST_WAIT
    return ended.at + terms.settle + (timedelta() if ended.sent else INTENT_LIFE)


def others_deploy(look: Look) -> str:
    """Say that somebody else deploys, and who."""
    return f"somebody else deploys: {who(look.live)}"


def who(live: Live | None) -> str:
    """Name who made what runs now."""
    made = live.primary if live else None
    return f"changed by {made.by}, {made.id}" if made else "changed by somebody"


def in_words(span: timedelta) -> str:
    """Say a span of time as the spec writes it: `90s` is `1m30s`."""
    seconds = max(0, round(span.total_seconds()))
    hours, minutes = divmod(seconds // 60, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds % 60, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def _still_there(call: Call, live: Live | None) -> bool:
    if live is None or call.expect is None:
        return live is None and call.expect is None
    return live.deployment == call.expect.deployment
