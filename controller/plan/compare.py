"""What differs between what runs and what is wanted, path by path."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from controller.model.manifest import Manifest, Scalar, unechoed, within
from controller.model.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One path with its value on either side; None where it is absent."""

    path: str
    live: Scalar
    wanted: Scalar


def heard(release: Release, known: Iterable[Release]) -> Release:
    """Let a release know what the platform made of it when it was applied, as far as those that are known say it.

    Of one that was never applied the nearest of them tells, where it asked the same.
    """
    told = [one for one in known if one.manifest.echo]
    same = next((one.manifest.echo for one in told if one.digest == release.digest), None)
    near, pairs = (told[0].manifest.echo if told else ()), release.manifest.pairs
    echo = tuple(one for one in near if pairs.get(one.path) == one.wanted) if same is None else same
    return replace(release, manifest=release.manifest.echoed(echo)) if echo else release


def differences(live: Manifest | None, wanted: Manifest) -> tuple[Difference, ...]:
    """List what is wanted otherwise than it is, in order of path; only what the wanted side owns is compared.

    What is live by two names differs from neither.
    """
    there, want = unechoed(live.pairs, wanted.echo_in(live)) if live else {}, wanted.pairs
    if there == want:
        return ()
    otherwise = [path for path, value in want.items() if there.get(path) != value]
    unwanted = within({path: there[path] for path in there.keys() - want.keys()}, wanted.owns)
    return tuple(
        Difference(path=path, live=there.get(path), wanted=want.get(path))
        for path in sorted([*otherwise, *unwanted])
    )
