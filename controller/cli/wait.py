"""`trueup wait`: until a target is good, with progress for a log and an exit code for a script."""

import re
import time
from typing import TYPE_CHECKING, Final

import click

from controller.cli.common import (
    as_env,
    as_target,
    env_argument,
    opened,
    output_option,
    store_option,
    target_argument,
)
from controller.cli.flags import cache_option, specs_options
from controller.cli.show import listing
from controller.cli.times import duration
from controller.codes import BLOCKED, DONE, NEGATIVE, TIMED_OUT
from controller.errors import PlatformError, SpecError

if TYPE_CHECKING:
    from controller.app.waiting import Asked, WaitingAll
    from controller.plan.awaited import Found

_EVERY: Final = 2.0
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


@click.command("wait")
@env_argument
@target_argument
@click.option(
    "--commit",
    metavar="SHA",
    help="With this commit of the specs, or one that follows it; or built from this one of the application.",
)
@click.option("--version", metavar="VERSION", help="With this version.")
@click.option("--digest", metavar="DIGEST", help="With the image of this digest: sha256:…")
@click.option("--timeout", default="30m", show_default=True, metavar="TIME", help="How long to wait: 90s, 30m, 2h.")
@click.option("--fail-blocked", is_flag=True, help="Exit 4 as soon as something blocks it that does not pass soon.")
@specs_options()
@cache_option
@output_option
@store_option
def command(
    env: str,
    target: str,
    commit: str | None,
    version: str | None,
    digest: str | None,
    timeout: str,
    *,
    fail_blocked: bool,
    output: str,
    store: str,
    **flags: object,
) -> int:
    """Wait until TARGET of ENV, or all of a group, is good: what is asked for survived its bake, and nothing moves.

    Without --commit, --version or --digest that is what its spec wants by now. A commit that the controller has
    not seen yet is waited for. Where it passed over a commit on the way to a newer one, only git can tell that the
    newer one follows it: name the repository with --repo then.

    What changes meanwhile is said on stderr, one line each. Exit codes: 0 good; 1 it failed, was taken back, or
    something else is wanted instead; 3 timed out; 4 blocked, with --fail-blocked; 5 the store is away.
    """
    from controller.app.waiting import Asked, WaitingAll, follows

    wanted = {
        "commit": _like(commit, _COMMIT, "--commit", "the first seven or more characters of a commit"),
        "digest": _like(digest, _DIGEST, "--digest", "sha256: and 64 characters"),
    }
    asked = Asked(env=as_env(env), target=as_target(target), version=version or "", **wanted)
    seconds = duration(timeout).total_seconds()
    memory = opened(store)
    try:
        with follows(flags) as descends:
            waiting = WaitingAll(memory, asked, descends)
            waiting.check()
            found, code = _wait(waiting, time.monotonic() + seconds, fail_blocked=fail_blocked)
    finally:
        memory.close()
    click.echo(_told(asked, found, code, output))
    return code


def _wait(waiting: "WaitingAll", ends: float, *, fail_blocked: bool) -> "tuple[Found, int]":
    """Look until there is an answer; what the store says is read at once, and then every two seconds."""
    from controller.app.memory import pause_for
    from controller.plan.awaited import State

    over = {State.GOOD: DONE, State.FAILED: NEGATIVE, **({State.BLOCKED: BLOCKED} if fail_blocked else {})}
    last = ""
    while True:
        found: Found | PlatformError
        try:
            found = waiting.look()
        except PlatformError as error:
            found = error  # the store may come back
        key, line = (str(found), str(found)) if isinstance(found, PlatformError) else (found.key, found.line)
        if key != last:
            click.echo(line, err=True)
            last = key
        if not isinstance(found, PlatformError) and found.state in over:
            return found, over[found.state]
        left = ends - time.monotonic()
        if left <= 0:
            if isinstance(found, PlatformError):
                raise found
            return found, TIMED_OUT
        pause_for(min(_EVERY, left))


def _told(asked: "Asked", found: "Found", code: int, output: str) -> str:
    if output == "table":
        late = "timed out: " if code == TIMED_OUT else ""
        return f"{asked.env}/{asked.target}: {late}{found.why}"
    told = {
        "env": asked.env,
        "target": asked.target,
        "commit": asked.commit,
        "version": asked.version,
        "digest": asked.digest,
        "result": "timed out" if code == TIMED_OUT else found.state.value,
        "why": found.why,
        "status": found.status,
    }
    return listing("Wait", [told], output)


def _like(text: str | None, pattern: re.Pattern[str], flag: str, wanted: str) -> str:
    if text is not None and not pattern.fullmatch(text.strip().lower()):
        raise SpecError(f"{flag} {text[:80]!r} is not {wanted}")
    return (text or "").strip().lower()
