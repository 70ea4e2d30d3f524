"""Manifests and indexes of images: their digests, what they refer to, and what they run on.

Shapes: OCI Image Manifest and Image Index (github.com/opencontainers/image-spec), and Docker's schema 2 of both.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from controller.errors import PlatformError

INDEXES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
SINGLES: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
KINDS: Final = (*INDEXES, *SINGLES)
ACCEPTED: Final = ", ".join(KINDS)
"""Indexes too: else a registry answers with the manifest of one platform, which has another digest."""

Json: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A blob, or a manifest, that a manifest refers to."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A manifest or an index, as its bytes are."""

    kind: str
    body: bytes

    @property
    def digest(self) -> str:
        """The digest of the bytes, which is the image's."""
        return "sha256:" + hashlib.sha256(self.body).hexdigest()

    @property
    def is_index(self) -> bool:
        """Whether it lists manifests of several platforms."""
        return self.kind in INDEXES

    def children(self) -> tuple[Blob, ...]:
        """Give the manifests that an index lists."""
        return tuple(_blob(one) for one in _listed(_parsed(self.body), "manifests"))

    def blobs(self) -> tuple[Blob, ...]:
        """Give the config and the layers that a registry has to hold: not those that are elsewhere, by `urls`."""
        document = _parsed(self.body)
        config = document.get("config")
        found: list[Json] = [config] if isinstance(config, dict) else []
        found += [layer for layer in _listed(document, "layers") if not layer.get("urls")]
        return tuple(_blob(one) for one in found)

    def config(self) -> str:
        """Give the digest of a single image's config; empty if there is none."""
        config = _parsed(self.body).get("config")
        return str(config.get("digest") or "") if isinstance(config, dict) else ""

    def platforms(self) -> frozenset[str]:
        """Give what an index's images run on; what only attests to an image runs on nothing."""
        listed = (one.get("platform") for one in _listed(_parsed(self.body), "manifests"))
        return frozenset(filter(None, (platform(one) for one in listed if isinstance(one, dict))))


def platform(native: Json) -> str:
    """Write a platform as `linux/arm64`; empty for none, and for `unknown/unknown`, which attestations have."""
    system, architecture = native.get("os"), native.get("architecture")
    if not isinstance(system, str) or not isinstance(architecture, str) or "unknown" in {system, architecture}:
        return ""
    return f"{system}/{architecture}" if system and architecture else ""


def platform_of_config(body: bytes) -> frozenset[str]:
    """Read what a single image runs on from its config; empty if that can not be read."""
    try:
        found = platform(_parsed(body))
    except PlatformError:
        return frozenset()
    return frozenset({found}) if found else frozenset()


def _parsed(body: bytes) -> Json:
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise PlatformError("a registry answers with a manifest that can not be read")
    return document


def _listed(document: Json, key: str) -> Sequence[Json]:
    listed = document.get(key)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _blob(native: Json) -> Blob:
    digest, size = native.get("digest"), native.get("size")
    if not isinstance(digest, str) or not digest.startswith("sha256:") or not isinstance(size, int) or size < 0:
        raise PlatformError("a manifest refers to something without a digest of sha256 and a size")
    return Blob(digest=digest, size=size)
