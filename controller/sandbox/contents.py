"""What is in an image here: an index, a manifest for each platform, and blobs, all made from the image's name.

Shapes: OCI Image Index, Image Manifest and Image Configuration (github.com/opencontainers/image-spec).
"""

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
LISTS = frozenset({INDEX, "application/vnd.docker.distribution.manifest.list.v2+json"})
MANIFESTS = frozenset({MANIFEST, "application/vnd.docker.distribution.manifest.v2+json"})
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
USUAL = ("linux/amd64", "linux/arm64")  # what an image runs on unless somebody says otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One manifest or index as its bytes are, and what it refers to: manifests of platforms, and blobs."""

    kind: str
    body: bytes
    platforms: tuple[str, ...] = ()
    children: tuple["Content", ...] = ()
    blobs: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Its name, by its bytes."""
        return digest(self.body)


def digest(data: bytes) -> str:
    """Give the digest of these bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


@functools.lru_cache(maxsize=8192)
def made(reference: str, platforms: tuple[str, ...] = USUAL) -> Content:
    """Make the image of this name: an index, or a single manifest if it runs on one platform only."""
    singles = tuple(_single(reference, platform) for platform in platforms)
    if len(singles) == 1:
        return singles[0]
    listed = [
        {**_described(one.kind, one.body), "platform": _platform(platform)}
        for one, platform in zip(singles, platforms, strict=True)
    ]
    body = _json({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed})
    return Content(kind=INDEX, body=body, platforms=platforms, children=singles)


def _single(reference: str, platform: str) -> Content:
    layer = f"the files of {reference} for {platform}\n".encode()
    config = _json(
        {
            **_platform(platform),
            "config": {"Labels": {"org.opencontainers.image.ref.name": reference}},
            "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
        }
    )
    body = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _described(_CONFIG, config),
            "layers": [_described(_LAYER, layer)],
        }
    )
    blobs = {digest(config): config, digest(layer): layer}
    return Content(kind=MANIFEST, body=body, platforms=(platform,), blobs=blobs)


def _platform(text: str) -> dict[str, str]:
    system, _, architecture = text.partition("/")
    return {"architecture": architecture, "os": system}


def _described(kind: str, data: bytes) -> dict[str, object]:
    return {"mediaType": kind, "digest": digest(data), "size": len(data)}


def _json(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
