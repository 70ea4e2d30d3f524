"""What the spec of a target comes to, as far as that is known of one that nobody looks at in this turn."""

from collections.abc import Iterator

from controller.model.desired import DesiredTarget
from controller.model.names import Digest
from controller.model.orders import TargetOrders
from controller.model.record import Memory
from controller.model.release import Release
from controller.model.rollout import MOVING, Phase


def words_of(release: Release) -> Digest:
    """Name what the spec said of a release, before its tags became digests."""
    return release.asked or release.digest


def release_of(want: DesiredTarget, memory: Memory | None) -> Release | None:
    """Find the release that a spec comes to; None if only completing it can tell.

    The words that ask for a release are kept with it, but those of look-ups with their values in them: what was
    looked up for this very commit is the newest that is remembered. So is what was followed under these words.
    """
    if _is_whole(want):
        return want.release
    if memory is None:
        return None
    said, followed = want.release.digest, memory.followed
    if want.track is not None:
        version = followed.version if followed and followed.asked == said else None
        return next((one for one in memory.releases if one.version == version), None)
    is_looked_up = memory.looked is not None and memory.looked.commit == want.release.commit
    return next((one for one in memory.releases if is_looked_up or one.asked == said), None)


def _is_whole(want: DesiredTarget) -> bool:
    """Whether it was completed, or leaves nothing to be: neither a version nor what its tags stand for."""
    if want.track is not None and (want.followed is None or want.followed.version != want.release.version):
        return False
    return not want.draft or want.release.asked is not None


def rolls(memory: Memory, release: Release) -> bool:
    """Whether a rollout of just this release is under way; one that goes back is not."""
    rollout = memory.rollout
    forward = memory.phase in MOVING and memory.phase is not Phase.ROLLING_BACK
    return forward and rollout is not None and rollout.release.digest == release.digest


def would_change(want: DesiredTarget, memory: Memory | None, orders: TargetOrders) -> bool:
    """Whether the spec wants another release of a target than should run there at rest, and may deploy it.

    Counts what is under way, and whatever is not known to be as it is; not what goes back to a release that ran
    here, or that failed and is left alone.
    """
    if want.terms.observe:
        return False
    if memory is None or (memory.place is not None and memory.place.claim != want.place.claim):
        return True
    release = release_of(want, memory)
    if _pinned(want, release, memory, orders):
        return False
    if release is None:
        barred = any(one.asked == want.release.digest for one in memory.quarantine.values())
        return not barred and (memory.current is not None or want.create)
    if memory.current is None:
        return rolls(memory, release) or (want.create and _may(memory, release))
    return memory.current.digest != release.digest and _may(memory, release)


def _may(memory: Memory, release: Release) -> bool:
    """Whether a release that is not what should run would be deployed, and is not one that we go back to."""
    stuck = memory.phase is Phase.STALLED and memory.rollout is not None
    given_up = stuck and memory.rollout is not None and memory.rollout.release.digest == release.digest
    return not (given_up or memory.is_known(release.digest) or memory.bars(release))


def _pinned(want: DesiredTarget, release: Release | None, memory: Memory, orders: TargetOrders) -> bool:
    pin = orders.pin
    if pin is None or pin.number <= memory.unpinned:
        return False
    return want.group is not None or pin.spec in {
        None,
        *_names(want.release),
        *(_names(release) if release else ()),
    }


def _names(release: Release) -> Iterator[Digest]:
    yield from (name for name in (release.digest, release.asked) if name is not None)
