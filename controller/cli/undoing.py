"""What going back does to the database, and what it leaves: said, and asked, before anything is written."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from controller.errors import Refusal

if TYPE_CHECKING:
    from controller.model.hooks import Run
    from controller.model.names import Digest
    from controller.model.record import Memory
    from controller.model.release import Kept, Release
    from controller.model.status import HookStatus, TargetStatus


def ask(memory: "Memory", kept: "Kept", shown: "TargetStatus | None", *, keep: bool, yes: bool) -> None:
    """Say which hooks undo what, and let whoever goes back agree to what is not undone.

    Raises Refusal without a terminal to ask at, for a no, and for `keep` where hooks will not keep it.
    """
    left, undo = leaving(memory), _undo(shown)
    if undo and keep:
        names = ", ".join(hook.name for hook in undo)
        raise Refusal(f"--keep-database cannot be kept: {names} runs on the way back, as its spec says")
    for hook in undo:
        whose = kept.release.version if hook.image.value == "old" else left.version if left else "what runs"
        click.echo(f"The database goes back too: {hook.name} runs first, with the images of {whose}.")
    undone = left.digest if undo and left else None
    remains = list(dict.fromkeys(_remains(memory, kept, undone)))
    if not remains or keep or yes:
        return
    what = f"{_listed(remains)} ran since {kept.release.version} was good, and nothing undoes that"
    question = f"The database does not go back: {what}. Does {kept.release.version} work with it"
    if not sys.stdin.isatty():
        raise Refusal(f"the database does not go back: {what}; if that is well, say --keep-database, or --yes")
    if not click.confirm(f"{question}?", default=False):
        raise Refusal("nothing was written")


def leaving(memory: "Memory") -> "Release | None":
    """Give what would be left."""
    if memory.rollout is not None:
        return memory.rollout.release
    return memory.current.release if memory.current else None


def _undo(shown: "TargetStatus | None") -> "tuple[HookStatus, ...]":
    return tuple(hook for hook in shown.hooks if hook.when.value == "onRollback") if shown else ()


def _remains(memory: "Memory", kept: "Kept", undone: "Digest | None") -> Iterator[str]:
    """Name what changed the database since a release was good, but for what is undone."""
    for run in memory.runs:
        later = kept.since is None or run.at >= kept.since
        if (
            run.when.value == "before"
            and run.sent is not False
            and later
            and run.digest not in {kept.digest, undone}
        ):
            yield f"{run.hook} of {_version(memory, run)}"


def _version(memory: "Memory", run: "Run") -> str:
    known = (release.version for release in memory.releases if release.digest == run.digest)
    barred = memory.quarantine.get(run.digest)
    return next(known, barred.version if barred else run.digest[:12])


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
