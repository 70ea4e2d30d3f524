"""A manifest is what a target looks like, in one canonical shape."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from controller.model.names import Digest
from controller.model.packed import Packed
from controller.model.paths import EVERYTHING, Paths, is_under

Scalar: TypeAlias = str | int | float | bool | None
Fields: TypeAlias = tuple[tuple[str, Scalar], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Manifest:
    """Sorted (path, value) pairs under the paths that are owned; equal content means equal digest.

    `owns` lists the paths that the pairs speak for (see controller.model.paths): under them, what is not listed is
    absent.
    Everything else is not ours (design §6, Ownership) and is not compared.
    """

    packed: Packed
    digest: Digest
    owns: Paths = EVERYTHING
    _through: dict[Paths, Digest] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, fields: Mapping[str, Scalar], owns: Paths = EVERYTHING) -> "Manifest":
        """Build a manifest whose order carries no meaning."""
        text = _written(tuple(sorted(fields.items())))
        return cls(packed=Packed.of(text), digest=_digest(text), owns=owns)

    @classmethod
    def recorded(cls, fields: Mapping[str, Scalar], digest: Digest, owns: Paths) -> "Manifest":
        """Build one as it was written down: how it was counted then is what it is called."""
        return cls(packed=Packed.of(_written(tuple(fields.items()))), digest=digest, owns=owns)

    @property
    def fields(self) -> Fields:
        """The pairs, in order of path."""
        return tuple((path, value) for path, value in json.loads(str(self.packed)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Manifest) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def get(self, path: str) -> Scalar:
        """Give the value at a path, or None."""
        return dict(self.fields).get(path)

    def runs_in(self, live: "Manifest") -> bool:
        """Whether what is live has this content everywhere that this manifest owns."""
        return shows(live, self.digest, self.owns)

    def through(self, owns: Paths) -> Digest:
        """Name what lies under the owned paths; counted once, as the same thing is asked at every look."""
        digest = self._through.get(owns)
        if digest is None:
            digest = self._through[owns] = narrow(self, owns).digest
        return digest


def shows(live: Manifest, digest: Digest, owns: Paths) -> bool:
    """Whether a live manifest, seen through the owned paths, has this digest."""
    return digest == live.digest or digest == live.through(owns)


def narrow(manifest: Manifest, owns: Paths) -> Manifest:
    """Keep what lies under the owned paths."""
    if owns == EVERYTHING:
        return manifest
    return Manifest.of({path: value for path, value in manifest.fields if is_under(path, owns)}, owns)


def _written(fields: Fields) -> str:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def _digest(text: str) -> Digest:
    return Digest(hashlib.sha256(text.encode()).hexdigest()[:32])
