"""A manifest is what a target looks like, in one canonical shape."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from controller.model.names import Digest
from controller.model.packed import NOTHING, Packed
from controller.model.paths import EVERYTHING, Paths, is_under

Scalar: TypeAlias = str | int | float | bool | None
Fields: TypeAlias = tuple[tuple[str, Scalar], ...]
_HEARD: Final = 8


class _Content:
    """The pairs of a manifest, and their name: one value, whatever form it has in memory.

    They stay as they were given while they are only compared. Once somebody asks for their name they are named and
    packed: what is kept for long has been asked for it. Two threads that do that at once come to the same.
    """

    __slots__ = ("digest", "given", "packed")

    def __init__(self, given: Mapping[str, Scalar] | None, digest: Digest, packed: Packed) -> None:
        self.given, self.digest, self.packed = given, digest, packed

    def name(self) -> Digest:
        """Give the name, made from the pairs."""
        given = self.given
        if given is not None:
            text = _written(given)
            self.digest, self.packed = _digest(text), Packed.of(text)
            self.given = None
        return self.digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and self.name() == other.name() and self.packed == other.packed

    def __hash__(self) -> int:
        return hash(self.name())

    def __repr__(self) -> str:
        return f"_Content({dict(self.pairs())!r}, {self.name()!r})"

    def pairs(self) -> Mapping[str, Scalar]:
        """Give the pairs; they are not to be changed."""
        given = self.given
        return dict(json.loads(str(self.packed))) if given is None else given


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Manifest:
    """(path, value) pairs under the paths that are owned; equal content means equal digest.

    `owns` lists the paths that the pairs speak for (see controller.model.paths): under them, what is not listed is
    absent. Everything else is not ours (design §6, Ownership) and is not compared. `echo` is what the platform made
    of it when it was last applied: a difference that is just this is none. The echo of what is live are its other
    names: an image that runs by a tag is the digest that its tasks run, and the tag as it is written.
    """

    _content: _Content
    owns: Paths = EVERYTHING
    echo: "Echo" = ()
    _through: dict[tuple[Paths, "Echo"], Digest] = field(default_factory=dict, init=False, repr=False)
    _heard: "dict[Echo, Echo]" = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, fields: Mapping[str, Scalar], owns: Paths = EVERYTHING) -> "Manifest":
        """Build a manifest whose order carries no meaning."""
        return cls(_content=_Content(dict(fields), Digest(""), NOTHING), owns=owns)

    @classmethod
    def recorded(cls, fields: Mapping[str, Scalar], digest: Digest, owns: Paths, echo: "Echo" = ()) -> "Manifest":
        """Build one as it was written down: how it was counted then is what it is called."""
        packed = Packed.of(_json(tuple(fields.items())))
        return cls(_content=_Content(None, digest, packed), owns=owns, echo=echo)

    def echoed(self, echo: "Echo") -> "Manifest":
        """Give the same content with what the platform makes of it."""
        return Manifest(_content=self._content, owns=self.owns, echo=echo)

    @property
    def digest(self) -> Digest:
        """Its name, made from its pairs; whoever asks for it keeps it, so that it is packed from then on."""
        return self._content.digest or self._content.name()

    @property
    def pairs(self) -> Mapping[str, Scalar]:
        """The pairs by path, in any order; they are not to be changed."""
        return self._content.pairs()

    @property
    def fields(self) -> Fields:
        """The pairs, in order of path."""
        return tuple(sorted(self.pairs.items()))

    def kept(self) -> "Manifest":
        """Name it now, for it is to be kept; raises UnicodeEncodeError for text that UTF-8 cannot write."""
        self._content.name()
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Manifest) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def get(self, path: str) -> Scalar:
        """Give the value at a path, or None."""
        return self.pairs.get(path)

    def runs_in(self, live: "Manifest") -> bool:
        """Whether what is live has this content everywhere that this manifest owns, by either of its names."""
        return shows(live, self.digest, self.owns) or shows(live, self.digest, self.owns, self.echo_in(live))

    def echo_in(self, live: "Manifest") -> "Echo":
        """Give its echo, with those other names of what is live that this manifest calls it by."""
        if not live.echo:
            return self.echo
        names = self._heard.get(live.echo)
        if names is None:  # found once, as the same thing is asked at every look
            pairs = self.pairs
            names = tuple(one for one in live.echo if one.wanted is not None and pairs.get(one.path) == one.wanted)
            if len(self._heard) >= _HEARD:
                self._heard.clear()
            self._heard[live.echo] = names
        return (*self.echo, *names)

    def through(self, owns: Paths, echo: "Echo" = ()) -> Digest:
        """Name what lies under the owned paths; counted once, as the same thing is asked at every look."""
        digest = self._through.get((owns, echo))
        if digest is None:
            whole = owns == EVERYTHING and not echo
            seen = self.digest if whole else _digest(_written(unechoed(within(self.pairs, owns), echo)))
            digest = self._through[owns, echo] = seen
        return digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Echoed:
    """What the platform answered at a path when `wanted` (None: nothing) had been asked for there.

    Of what is live, `live` is what is there, and `wanted` another name of it.
    """

    path: str
    live: Scalar
    wanted: Scalar = None


Echo: TypeAlias = tuple[Echoed, ...]


def shows(live: Manifest, digest: Digest, owns: Paths, echo: Echo = ()) -> bool:
    """Whether a live manifest, seen through the owned paths and without its echo, has this digest."""
    if digest in {live.digest, live.through(owns)}:
        return True
    return bool(echo) and digest == live.through(owns, echo)


def unechoed(pairs: Mapping[str, Scalar], echo: Echo) -> Mapping[str, Scalar]:
    """Take an echo for what was asked for, where it is exactly what it was."""
    heard = [one for one in echo if one.path in pairs and pairs[one.path] == one.live]
    if not heard:
        return pairs
    asked = {one.path: one.wanted for one in heard}
    return {path: asked.get(path, value) for path, value in pairs.items() if asked.get(path, value) is not None}


def narrow(manifest: Manifest, owns: Paths) -> Manifest:
    """Keep what lies under the owned paths, by its own name."""
    if owns == EVERYTHING:
        return manifest.echoed(()) if manifest.echo else manifest
    return Manifest.of(within(manifest.pairs, owns), owns)


def within(pairs: Mapping[str, Scalar], owns: Paths) -> Mapping[str, Scalar]:
    """Keep the pairs that lie under the owned paths."""
    return pairs if owns == EVERYTHING else {path: value for path, value in pairs.items() if is_under(path, owns)}


def _written(pairs: Mapping[str, Scalar]) -> str:
    return _json(tuple(sorted(pairs.items())))


def _json(fields: Fields) -> str:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def _digest(text: str) -> Digest:
    return Digest(hashlib.sha256(text.encode()).hexdigest()[:32])
