"""What differs between what runs and what is wanted, path by path."""

from dataclasses import dataclass

from controller.model.manifest import Manifest, Scalar, unechoed, within


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One path with its value on either side; None where it is absent."""

    path: str
    live: Scalar
    wanted: Scalar


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
