"""Releases are written by reference: what one looks like is kept once, under a name made from it."""

import hashlib
import json
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Lock
from typing import Final, TypeAlias

from controller.model.manifest import Echoed, Manifest, Scalar
from controller.model.names import Commit, Digest
from controller.model.packed import Packed
from controller.model.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a release is without its name and commit; never changes under its address."""

    manifest: Manifest
    shape: Packed


def content_of(release: Release) -> Content:
    """Take the content out of a release."""
    return Content(manifest=release.manifest, shape=release.shape)


Name: TypeAlias = tuple[str, str, Commit | None, Digest | None, Digest | None, Commit | None]


class Pool:
    """The contents that are known in this process, and the releases made of them, each one object."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._contents: dict[str, Content] = {}
        self._releases: dict[Name, Release] = {}

    def lacks(self, addresses: Iterable[str]) -> set[str]:
        """Name those that have to be read first."""
        return {address for address in addresses if address not in self._contents}

    def add(self, address: str, content: Content) -> None:
        """Know one more."""
        self._contents.setdefault(address, content)

    def release(
        self,
        address: str,
        version: str,
        commit: Commit | None = None,
        asked: Digest | None = None,
        core: Digest | None = None,
        built: Commit | None = None,
    ) -> Release:
        """Give the release of this name and content; raise LookupError if the content is not known."""
        name = (address, version, commit, asked, core, built)
        found = self._releases.get(name)
        if found is None:
            content = self._contents[address]
            manifest, shape = content.manifest, content.shape
            made = Release(
                version=version,
                commit=commit,
                manifest=manifest,
                shape=shape,
                asked=asked,
                core=core,
                built=built,
            )
            found = self._releases.setdefault(name, made)
        return found

    def keep(self, live: Iterable[str]) -> None:
        """Forget what is not live; what was given out stays as it is."""
        kept = set(live)
        with self._lock:
            self._contents = {at: content for at, content in self._contents.items() if at in kept}
            self._releases = {name: found for name, found in self._releases.items() if name[0] in kept}

    def __len__(self) -> int:
        return len(self._contents)


GATHERED: Final[ContextVar[dict[str, Release]]] = ContextVar("gathered")
"""Where writing a value leaves the releases that it refers to, by address."""

KNOWN: Final[ContextVar[Pool]] = ContextVar("known")
"""Where reading a value finds the releases that it refers to."""


def address_of(release: Release) -> str:
    """Name the content of a release: of one digest there may be several shapes, and several extents."""
    manifest = release.manifest
    heard = list(map(write_echoed, manifest.echo))
    named = [manifest.digest, manifest.owns, str(release.shape), *([heard] if heard else [])]
    text = json.dumps(named, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def write_reference(release: Release) -> dict[str, object]:
    """Write which release it is, and leave it with those that were gathered."""
    address = address_of(release)
    GATHERED.get()[address] = release
    written: dict[str, object] = {"version": release.version, "content": address}
    if release.commit is not None:
        written["commit"] = release.commit
    if release.asked is not None:
        written["asked"] = release.asked
    if release.core is not None:
        written["core"] = release.core
    if release.built is not None:
        written["built"] = release.built
    return written


def read_reference(tree: dict[str, str], _kind: object = None) -> Release:
    """Read which release it is; raise ValueError if its content is not there."""
    commit = Commit(tree["commit"]) if "commit" in tree else None
    asked = Digest(tree["asked"]) if "asked" in tree else None
    core = Digest(tree["core"]) if "core" in tree else None
    built = Commit(tree["built"]) if "built" in tree else None
    try:
        return KNOWN.get().release(tree["content"], tree["version"], commit, asked, core, built)
    except LookupError as error:
        raise ValueError(f"the content {error} of a release is missing") from error


def write_manifest(manifest: Manifest) -> dict[str, object]:
    """Write a manifest; its pairs become one object, in their order."""
    fields, echo = dict(manifest.fields), list(map(write_echoed, manifest.echo))
    written: dict[str, object] = {"digest": manifest.digest, "owns": list(manifest.owns), "fields": fields}
    return {**written, "echo": echo} if echo else written


def read_manifest(tree: dict[str, object], _kind: object = None) -> Manifest:
    """Read a manifest as it was written, its digest included: how it was counted then is what it is called."""
    fields, owns = tree["fields"], tree["owns"]
    if not isinstance(fields, dict) or not isinstance(owns, list):
        raise TypeError("no manifest")
    heard = tree.get("echo", [])
    if not isinstance(heard, list):
        raise TypeError("no echo")
    echo = tuple(map(read_echoed, heard))
    return Manifest.recorded(fields, Digest(str(tree["digest"])), tuple(map(str, owns)), echo)


def write_echoed(one: Echoed) -> list[Scalar]:
    """Write one echo as three scalars, which JSON keeps as they are."""
    return [one.path, one.live, one.wanted]


def read_echoed(said: list[Scalar], _kind: object = None) -> Echoed:
    """Read one echo; raises ValueError if it is not three scalars."""
    path, live, wanted = said
    return Echoed(path=str(path), live=live, wanted=wanted)


def read_packed(text: object, _kind: object = None) -> Packed:
    """Read a long text; raise TypeError for what is none."""
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is not of type str")
    return Packed.of(text)
