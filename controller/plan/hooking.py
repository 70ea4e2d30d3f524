"""Hooks of a release: which comes next, and how it stands."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from controller.model.hooks import Hook, Image, Run, RunState, When
from controller.model.instants import instant
from controller.model.names import Digest
from controller.model.orders import Attested
from controller.model.record import Memory
from controller.model.release import Release
from controller.model.rollout import Purpose, Rollout, Terms
from controller.plan.calls import INTENT_LIFE, in_words, patience
from controller.plan.look import Look

STOP_AGAIN: Final = timedelta(seconds=60)
"""How long a task may take to end once it was told to stop, before it is told again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The next hook of a release that has not passed: under which retry, and what was started of it.

    `images` is the release whose images it runs.
    """

    hook: Hook
    release: Release
    images: Release
    retry: int
    run: Run | None = None


class Standing(Enum):
    """What can be said of a hook that has not passed."""

    BEGIN = "it is to be started"
    WAITING = "it is waited for"
    LATE = "a task takes too long"
    FAILED = "it failed"
    UNKNOWN = "nobody can tell how it ended"


def before_wish(look: Look) -> Pending | None:
    """Find the hook that has to pass before the wish may be deployed; what is known here has passed its own.

    What a person asked to retry has not: going back from it may have undone what they did.
    """
    wish = look.wish
    if wish is None or (look.memory.is_known(wish.digest) and not look.again):
        return None
    return _next(look, wish.want.terms, When.BEFORE, wish.release, wish_retry(look))


def wish_retry(look: Look) -> int:
    """Say under which order to retry the wish is tried: the one that it waits by, else the last."""
    waits, wish = look.memory.next, look.wish
    if wish is None:
        return 0
    if look.again and waits is not None:
        return waits.retry
    return max((run.retry for run in look.memory.runs if run.digest == wish.digest), default=0)


def before_rollout(look: Look) -> Pending | None:
    """Find the hook that has to pass before the open rollout may make its call."""
    rollout = look.rollout
    return _next(look, rollout.terms, When.BEFORE, rollout.release, rollout.retry)


def after_rollout(look: Look) -> Pending | None:
    """Find the hook that has to pass before what bakes is good; what is healed or restarted has passed its own."""
    rollout = look.rollout
    if rollout.purpose in {Purpose.HEAL, Purpose.RESTART}:
        return None
    return _next(look, rollout.terms, When.AFTER, rollout.release, rollout.retry)


def before_back(look: Look) -> Pending | None:
    """Find the hook that has to pass before the service goes back."""
    rollout = look.rollout
    return _next(look, rollout.terms, When.ON_ROLLBACK, rollout.release, rollout.retry)


def _next(look: Look, terms: Terms, when: When, release: Release, retry: int) -> Pending | None:
    for hook in terms.hooks:
        if hook.when is not when:
            continue
        images = _images(look.memory.rollout, hook, release)
        run = _newest(look.memory, hook, release, retry, others(images, release))
        passed = _attested(look, hook, release, retry) is True if hook.check else run is not None and _passed(run)
        if not passed:
            return Pending(hook=hook, release=release, images=images, retry=retry, run=run)
    return None


def _passed(run: Run) -> bool:
    return run.state is RunState.PASSED


def others(images: Release, release: Release) -> Digest | None:
    """Name the release whose images are run, if it is another one."""
    return None if images.digest == release.digest else images.digest


def _newest(memory: Memory, hook: Hook, release: Release, retry: int, images: Digest | None) -> Run | None:
    mine = (run for run in memory.runs if run.is_of(hook, release.digest, retry, images))
    return max(mine, key=lambda run: run.attempt, default=None)


def _images(rollout: Rollout | None, hook: Hook, release: Release) -> Release:
    """Say whose images a hook runs with."""
    old = hook.when is When.ON_ROLLBACK and hook.image is Image.OLD
    return rollout.back.release if old and rollout is not None and rollout.back is not None else release


def _attested(look: Look, hook: Hook, release: Release, retry: int) -> bool | None:
    """Give the newest verdict from outside on this release; None if there is none yet, or a no before the retry."""
    told = [one for one in look.orders.attested if one.check == hook.check and _is_about(one, release)]
    newest = max(told, key=lambda one: one.number, default=None)
    return newest.passed if newest is not None and (newest.passed or newest.number > retry) else None


def _is_about(told: Attested, release: Release) -> bool:
    """Whether a verdict names this release, or an image that it runs."""
    if told.digest == release.digest:
        return True
    return any(isinstance(value, str) and value.endswith(f"@{told.digest}") for _, value in release.manifest.fields)


def standing(look: Look, pending: Pending) -> tuple[Standing, str]:
    """Say how the next hook stands, in a word and in words."""
    if pending.hook.check:
        return _check_standing(look, pending)
    other = under_way(look, besides=pending.run)
    if other is not None:
        return _running(look, other)
    run, name = pending.run, pending.hook.title
    if run is None:
        return Standing.BEGIN, name
    match run.state:
        case RunState.BEGUN:
            return _begun(look, run)
        case RunState.RUNNING:
            return _running(look, run)
        case RunState.BROKEN:
            at = (run.ended or run.at) + patience(run.attempt + 1)
            return _or_wait(look.now >= at, f"{name} never ran: {run.why}; again at {at:%H:%M:%S}")
        case RunState.UNKNOWN:
            return Standing.UNKNOWN, f"{name}: {run.why}"
        case _:
            return Standing.FAILED, "; ".join((f"{name}: {run.why}", *run.lines[-2:]))


def under_way(look: Look, besides: Run | None = None) -> Run | None:
    """Find a task that has not ended; one that was surely never started is none."""
    return next((run for run in look.memory.runs if run.is_out and run is not besides), None)


def runs_now(memory: Memory) -> bool:
    """Whether a task was seen to run, and not to end."""
    return any(run.state is RunState.RUNNING for run in memory.runs)


def first_of_wish(look: Look) -> tuple[Standing, str] | None:
    """Say how what has to come before the wish stands: its next hook, or a task of another that has not ended."""
    hook = before_wish(look)
    free = look.wish is None or look.wish.free
    return None if hook is None and free else _first(look, hook)


def first_of_rollout(look: Look) -> tuple[Standing, str] | None:
    """Say the same of the open rollout, before it makes its call."""
    return _first(look, before_rollout(look))


def _first(look: Look, hook: Pending | None) -> tuple[Standing, str] | None:
    if hook is not None:
        return standing(look, hook)
    other = under_way(look)
    return None if other is None else _running(look, other)


def _check_standing(look: Look, pending: Pending) -> tuple[Standing, str]:
    hook = pending.hook
    verdict = _attested(look, hook, pending.release, pending.retry)
    if verdict is False:
        return Standing.FAILED, f"the check {hook.check} failed, as was attested"
    since = look.rollout.done or look.rollout.since
    left = since + hook.timeout - look.clock
    if left <= timedelta():
        return Standing.UNKNOWN, f"no verdict of the check {hook.check} within {in_words(hook.timeout)}"
    return Standing.WAITING, f"waits for a verdict of the check {hook.check}, {in_words(left)} left"


def _begun(look: Look, run: Run) -> tuple[Standing, str]:
    if run.sent is False:
        at = run.at + patience(run.tries)
        return _or_wait(look.now >= at, f"{run.title}: {run.why}; again at {at:%H:%M:%S}")
    ends = run.at + INTENT_LIFE + _terms(look).settle
    return _or_wait(look.now >= ends, f"{run.title}: no answer yet, {in_words(ends - look.now)} left")


def _running(look: Look, run: Run) -> tuple[Standing, str]:
    """Say of a task that has not ended how long it may still take."""
    spent = look.now - run.at
    if run.state is RunState.RUNNING and spent > run.timeout:
        told = run.stopped is not None and look.now - run.stopped < STOP_AGAIN
        words = f"{run.title} is not done after {in_words(run.timeout)}"
        stop = f"could not be stopped: {run.why}" if run.why else "was told to stop"
        return (Standing.WAITING, f"{words}, and {stop}") if told else (Standing.LATE, words)
    since, long = instant(run.at), f"{in_words(spent)} of {in_words(run.timeout)}"
    return Standing.WAITING, f"{run.title} runs since {since}, {long}"


def _or_wait(due: bool, words: str) -> tuple[Standing, str]:  # noqa: FBT001 - the one question it answers
    return Standing.BEGIN if due else Standing.WAITING, words


def _terms(look: Look) -> Terms:
    rollout = look.memory.rollout
    return rollout.terms if rollout else look.wish.want.terms if look.wish else Terms()


def late(look: Look) -> Run | None:
    """Find a task that takes too long, and was not told to stop just now."""
    return next((run for run in look.memory.runs if not run.over and _running(look, run)[0] is Standing.LATE), None)
