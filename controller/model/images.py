"""Images: how people refer to one, and what a registry says of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from controller.model.manifest import Manifest
from controller.model.place import Place

_NAMED: Final = re.compile(r"\[([^\[\]]+)\][^\[\]]*$")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An image as it is written: its name with the registry, and a tag or a digest.

    Grammar: github.com/distribution/reference.
    """

    name: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def of(cls, text: str) -> "Reference":
        """Take a reference apart; whether it is a good one is for the spec to say."""
        rest, _, digest = text.partition("@")
        name, colon, tag = rest.rpartition(":")
        if not colon or "/" in tag:  # the colon of a port
            return cls(name=rest, digest=digest)
        return cls(name=name, tag=tag, digest=digest)

    def at(self, digest: str) -> str:
        """Write the same image by a digest: what ECS then runs cannot change under it."""
        return f"{self.name}@{digest}"

    def __str__(self) -> str:
        tagged = f"{self.name}:{self.tag}" if self.tag else self.name
        return f"{tagged}@{self.digest}" if self.digest else tagged


def digests_in(manifest: Manifest) -> Mapping[str, str]:
    """Give the digest of every image that a manifest names by digest, by the name of what runs it.

    That name is the last one in brackets on the path: `api` of `containerDefinitions[api].image`.
    """
    pairs = manifest.pairs.items()
    found = ((_NAMED.search(path), value.partition("@")[2]) for path, value in pairs if isinstance(value, str))
    return {hit[1]: digest for hit, digest in found if hit and _DIGEST.fullmatch(digest)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAt:
    """An image to ask a registry about, with the rights of the place that is to run it."""

    reference: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The registry has it: the digest that the reference stands for, of an index or of a single image.

    `platforms` are what it can run on, as the OCI image index has them: linux/amd64, linux/arm64, windows/amd64.
    `tags` are the tags that the registry has for this digest, as far as it says.
    """

    digest: str
    platforms: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The registry answers, and does not have it."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """The registry cannot be asked: it is away, or we may not read it."""

    why: str


ImageAnswer: TypeAlias = Found | Missing | Unreachable
