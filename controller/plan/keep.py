"""What is kept of a release: under which name it ran, and that it failed."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from controller.model.hooks import RunState
from controller.model.images import digests_in
from controller.model.manifest import narrow
from controller.model.names import Digest
from controller.model.paths import EVERYTHING
from controller.model.record import GOODS, Memory, Quarantined
from controller.model.release import Kept, Release
from controller.plan.joint import GROUP
from controller.plan.look import Look

PERSON: Final = "person"
_LAST_WORDS: Final = 3


def kept_live(look: Look, release: Release | None = None) -> Kept:
    """Keep what runs, under the best name we have for it: the release given, the wish, or one known before."""
    live, memory = look.live, look.memory
    if live is None:
        raise AssertionError(f"{look.name} is not there")
    names = [release, look.wish.release if look.wish else None]
    names += [kept.release for kept in (*memory.goods, memory.found, memory.current) if kept]
    named = next((name for name in names if name and name.runs_in(live.manifest)), None)
    return Kept(release=named or _unnamed(look), revision=live.revision, since=look.now)


def _unnamed(look: Look) -> Release:
    """Name what runs by its revision; it is compared by what the spec owns."""
    live = look.live
    if live is None:
        raise AssertionError(f"{look.name} is not there")
    owns = look.wish.release.manifest.owns if look.wish else EVERYTHING
    version = live.tags.version if live.tags and live.tags.version else str(live.revision).rsplit("/", 1)[-1]
    return Release(version=version, manifest=narrow(live.manifest, owns), shape=live.shape)


def quarantined(look: Look, memory: Memory, release: Release, cause: str, why: str) -> Memory:
    """Bar a release, with the evidence; what is barred is no longer good."""
    ours = look.ours
    shown = (ours.evidence if ours else ()) or (memory.rollout.evidence if memory.rollout else ())
    evidence = (*shown, *_last_words(memory, release))
    part = memory.rollout.part if memory.rollout else None
    barred = Quarantined(
        digest=release.digest,
        version=release.version,
        owns=release.manifest.owns,
        since=look.now,
        why=why or cause,
        evidence=evidence,
        images=tuple(sorted(set(digests_in(release.manifest).values()))),
        echo=release.manifest.echo,
        core=release.core if cause == PERSON else failed_core(memory, release),
        asked=release.asked if cause == PERSON else _failed_words(memory, release),
        together=part.whole.digest if part and cause == GROUP else None,
    )
    return replace(
        memory,
        quarantine={**memory.quarantine, release.digest: barred},
        goods=tuple(kept for kept in memory.goods if kept.digest != release.digest),
    )


def _last_words(memory: Memory, release: Release) -> tuple[str, ...]:
    """Give what the hooks of a release logged last that did not pass; the journal has more of it."""
    failed = (run for run in memory.runs if run.digest == release.digest and run.state is RunState.FAILED)
    return tuple(f"{run.hook}: {line}" for run in failed for line in run.lines[-_LAST_WORDS:])


def failed_core(memory: Memory, release: Release) -> Digest | None:
    """Name what is the spec's own in a release that failed; if that ran here before, what lies below it failed."""
    return None if release.core in {one.core for one in _others(memory, release)} else release.core


def _failed_words(memory: Memory, release: Release) -> Digest | None:
    """Name what the spec said of a release that failed; if that ran here before, what its tags stand for failed."""
    return None if release.asked in {one.asked for one in _others(memory, release)} else release.asked


def _others(memory: Memory, release: Release) -> Iterator[Release]:
    """Give the other releases that ran here."""
    kept = (memory.current, *memory.goods, memory.found)
    return (one.release for one in kept if one and one.digest != release.digest)


def lifted(memory: Memory, release: Release) -> Mapping[Digest, Quarantined]:
    """Take a release out of the quarantine, what is the spec's own in it, and what the spec said of it."""
    return {digest: one for digest, one in memory.quarantine.items() if not one.is_in(release)}


def renamed(look: Look) -> Memory:
    """Call what runs by the name that is wanted now, wherever it is remembered; it stays as good as it was.

    Names can differ in more than the version: of what runs by a tag, one is the tag and another the digest.
    """
    memory, wish, current = look.memory, look.wish, look.memory.current
    if wish is None or current is None:
        raise AssertionError("what runs gets the name of what is wanted")
    revision = look.live.revision if look.live else current.revision

    def named(kept: Kept) -> Kept:
        if kept.digest == wish.digest:
            return replace(kept, release=wish.release)
        same = kept.digest == current.digest
        return replace(kept, release=wish.release, revision=revision) if same else kept

    goods = {good.digest: good for good in map(named, reversed(memory.goods))}
    return replace(
        memory,
        current=named(current),
        goods=tuple(reversed(goods.values())),
        found=named(memory.found) if memory.found else None,
    )


def relabelled(memory: Memory, left: Kept, now_runs: Kept) -> Memory:
    """Let what runs under another name be as good, or as found, as it was."""
    found = now_runs if memory.found == left and not memory.is_good(left.digest) else memory.found
    if memory.is_good(left.digest) and not memory.is_good(now_runs.digest):
        return replace(memory, goods=(now_runs, *memory.goods)[:GOODS])
    return replace(memory, found=found)
