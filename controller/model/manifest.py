"""A manifest is what a target looks like, in one canonical shape."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from controller.model.names import Digest

Scalar: TypeAlias = str | int | float | bool | None
Fields: TypeAlias = tuple[tuple[str, Scalar], ...]
Paths: TypeAlias = tuple[str, ...]

EVERYTHING: Paths = ("",)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Manifest:
    """Sorted (path, value) pairs under the paths that are owned; equal content means equal digest.

    `owns` lists the path prefixes that the pairs speak for: under them, what is not listed is absent.
    Everything else is not ours (design §6, Ownership) and is not compared.
    """

    fields: Fields
    digest: Digest
    owns: Paths = EVERYTHING

    @classmethod
    def of(cls, fields: Mapping[str, Scalar], owns: Paths = EVERYTHING) -> "Manifest":
        """Build a manifest whose order carries no meaning."""
        pairs = tuple(sorted(fields.items()))
        return cls(fields=pairs, digest=_digest(pairs), owns=owns)

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


def shows(live: Manifest, digest: Digest, owns: Paths) -> bool:
    """Whether a live manifest, seen through the owned paths, has this digest."""
    return digest == live.digest or digest == narrow(live, owns).digest


@lru_cache(maxsize=65536)
def narrow(manifest: Manifest, owns: Paths) -> Manifest:
    """Keep what lies under the owned paths."""
    if "" in owns:
        return manifest
    fields = tuple(pair for pair in manifest.fields if is_under(pair[0], owns))
    return Manifest(fields=fields, digest=_digest(fields), owns=owns)


def is_under(path: str, owns: Paths) -> bool:
    """Whether a path is one of the owned ones or lies below one."""
    return any(path == own or (path.startswith(own) and path[len(own) : len(own) + 1] in ".[") for own in owns)


def _digest(fields: Fields) -> Digest:
    text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
    return Digest(hashlib.sha256(text.encode()).hexdigest()[:32])
