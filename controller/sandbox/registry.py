"""Where images are kept: every repository and every tag is there by default, until somebody moves or deletes it."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from controller.sandbox.contents import LISTS, USUAL, Content, digest, made
from controller.sandbox.images import tag_of
from controller.sandbox.native import Native, parts, text

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What a reference stands for just now; `tag` is the one that says how it behaves, or empty."""

    digest: str
    tag: str


@dataclass(slots=True, kw_only=True)
class Shelf:
    """One repository: its tags, the manifests and the blobs in it, and the digests that are gone from it."""

    tags: dict[str, str] = field(default_factory=dict)
    held: dict[str, float] = field(default_factory=dict)
    blobs: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    lost: bool = False


@dataclass(slots=True, kw_only=True)
class Registry:
    """Every repository, by its name with the registry's host. Whoever uses it holds the world's lock."""

    shelves: dict[str, Shelf] = field(default_factory=dict)
    contents: dict[str, Content] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)

    def shelf(self, name: str) -> Shelf:
        """Find a repository; there is every one."""
        return self.shelves.setdefault(name, Shelf())

    def pull(self, reference: str, at: float = 0.0) -> Pulled | None:
        """Give what a reference stands for, as a pull would find it; None if it is not there.

        A digest that was never heard of is there, and sound: nobody can tell what it was.
        """
        name, tag, named = taken_apart(reference)
        shelf = self.shelf(name)
        if shelf.lost:
            return None
        if named:
            there = named not in shelf.gone and (named in shelf.held or named not in self.contents)
            return Pulled(digest=named, tag=self.behind(named)) if there else None
        if tag not in shelf.tags:
            self._begin(name, tag, at)
        found = shelf.tags[tag]
        return Pulled(digest=found, tag=self.behind(found)) if found else None

    def behind(self, named: str) -> str:
        """Give the tag that says how the image of this digest behaves; empty if it is of unknown origin."""
        return tag_of(self.origins.get(named, ""))

    def platforms(self, named: str) -> tuple[str, ...]:
        """Give what the image of this digest runs on; empty if that is not known."""
        content = self.contents.get(named)
        return content.platforms if content else ()

    def put(self, name: str, content: Content, tag: str = "", *, origin: str = "", at: float = 0.0) -> None:
        """Keep an image in a repository, with all that it refers to, and let the tag stand for it."""
        shelf = self.shelf(name)
        for one in (*content.children, content):
            self.contents.setdefault(one.digest, one)
            shelf.held.setdefault(one.digest, at)
            shelf.gone.discard(one.digest)
            self.blobs |= one.blobs
            shelf.blobs |= set(one.blobs)
        if origin:
            self.origins.setdefault(content.digest, origin)
            for child in content.children:
                self.origins.setdefault(child.digest, origin)
        if tag:
            shelf.tags[tag] = content.digest

    def move(self, reference: str, to: str, *, keep: bool = True, at: float = 0.0) -> None:
        """Let a tag stand for another image: that of another reference, or a digest. ValueError if it is not there.

        Without `keep` what it stood for is deleted.
        """
        name, tag, named = taken_apart(reference)
        if named:
            raise ValueError(f"{reference} is a digest, and a digest never moves; name a tag")
        before = self.pull(reference, at)
        found = Pulled(digest=to, tag="") if _DIGEST.fullmatch(to) else self.pull(to, at)
        if found is None:
            raise ValueError(f"there is no {to} for the tag to move to")
        shelf = self.shelf(name)
        shelf.lost = False
        content = self.contents.get(found.digest)
        if content is not None:
            self.put(name, content, tag, at=at)
        shelf.tags[tag] = found.digest
        shelf.gone.discard(found.digest)
        if not keep and before is not None and before.digest != found.digest:
            self.delete(f"{name}@{before.digest}")

    def delete(self, reference: str) -> None:
        """Delete an image with all its tags, as a lifecycle policy does."""
        name, tag, _ = taken_apart(reference)
        shelf, found = self.shelf(name), self.pull(reference)
        if found is None:
            return
        content = self.contents.get(found.digest)
        for one in {found.digest, *(child.digest for child in (content.children if content else ()))}:
            shelf.held.pop(one, None)
            shelf.gone.add(one)
        shelf.tags |= {each: "" for each, stands_for in shelf.tags.items() if stands_for == found.digest}
        if tag:
            shelf.tags[tag] = ""

    def runs_on(self, reference: str, platforms: Iterable[str], *, at: float = 0.0) -> None:
        """Build a tag anew for these platforms: another content, so another digest, that behaves as before."""
        name, tag, named = taken_apart(reference)
        chosen = tuple(dict.fromkeys(platforms))
        if named or not chosen:
            raise ValueError(f"{reference}: platforms are for a tag, and there is at least one of them")
        self.put(name, made(reference, chosen), tag, origin=reference, at=at)

    def document(self) -> dict[str, object]:
        """Give every repository that was heard of, and the reference that each digest came from, as JSON."""
        shelves = {
            name: {"tags": dict(sorted(shelf.tags.items())), "deleted": sorted(shelf.gone), "missing": shelf.lost}
            for name, shelf in sorted(self.shelves.items())
        }
        return {"repositories": shelves, "origins": dict(self.origins)}

    def _begin(self, name: str, tag: str, at: float) -> None:
        reference, shelf = f"{name}:{tag}", self.shelf(name)
        content = made(reference, USUAL)
        if not _TAG.fullmatch(tag) or content.digest in shelf.gone:
            shelf.tags[tag] = ""
        else:
            self.put(name, content, tag, origin=reference, at=at)


def taken_apart(reference: str) -> tuple[str, str, str]:
    """Give name, tag and digest of a reference; the digest wins, and without either it is the tag `latest`."""
    rest, _, named = reference.partition("@")
    tag = tag_of(rest)
    name = rest.removesuffix(f":{tag}") if tag else rest
    return name, "" if named else tag or "latest", named


def read(body: bytes, kind: str, registry: Registry) -> Content:
    """Make a content of a manifest that somebody pushes; ValueError if it is none."""
    document: object = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("a manifest is a JSON object")  # noqa: TRY004 - like any other text that is no manifest
    if kind in LISTS:
        listed = parts(document, "manifests")
        found = [registry.contents.get(text(one, "digest")) for one in listed]
        children = tuple(one for one in found if one is not None)
        if len(children) != len(listed):
            raise ValueError("manifests that it lists are not there")
        platforms = tuple(platform for child in children for platform in child.platforms)
        return Content(kind=kind, body=body, platforms=platforms, children=children)
    config = registry.blobs.get(text(_dict(document, "config"), "digest"), b"{}")
    parsed: object = json.loads(config)
    native: Native = parsed if isinstance(parsed, dict) else {}
    platform = f"{text(native, 'os')}/{text(native, 'architecture')}"
    return Content(kind=kind, body=body, platforms=(platform,) if len(platform) > 1 else ())


def referred(body: bytes) -> list[str]:
    """Give the digests of the blobs that a manifest needs."""
    document: object = json.loads(body)
    if not isinstance(document, dict):
        return []
    named = [text(_dict(document, "config"), "digest"), *(text(one, "digest") for one in parts(document, "layers"))]
    return [one for one in named if one]


def _dict(native: Native, key: str) -> Native:
    value = native.get(key)
    return value if isinstance(value, dict) else {}


__all__ = ["Pulled", "Registry", "Shelf", "digest", "read", "referred", "taken_apart"]
