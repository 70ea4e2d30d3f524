"""Values of the model to JSON and back, exactly."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar, cast

from cattrs import transform_error
from cattrs.v import format_exception

from controller.errors import PlatformError, Refusal, TrueupError
from controller.model.cycle import Cycle
from controller.model.release import Release
from controller.stores.contents import GATHERED, KNOWN, Content, Pool, content_of
from controller.stores.converter import Tables, converter_of

__all__ = ["SCHEMA", "Codec", "Draft", "Tables", "Written", "refuse_newer"]

SCHEMA: Final = 1
"""The number of the form in which values are written; a store or file with a higher one is refused."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A value as text, and the releases that it names by the address of their content."""

    text: str
    releases: Mapping[str, Release]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A text that was parsed, not yet made into a value; `addresses` are the contents that this will take."""

    value: object
    addresses: frozenset[str]


class Codec:
    """Writes and reads every value of the model; safe to share between threads.

    Keys are camelCase, instants RFC 3339 in UTC, spans in seconds; none, nothing and zero are left out where they
    are the default. Raises Refusal for what this version cannot read or write (an unknown kind or key: a newer
    trueup wrote it), PlatformError for what is no JSON: the store is damaged.
    """

    def __init__(self, tables: Tables) -> None:
        self._converter = converter_of(tables)

    def plain(self, value: object) -> dict[str, object]:
        """Turn a value that holds no release into what JSON can hold."""
        return cast(dict[str, object], self._converter.unstructure(value))

    def write(self, value: object) -> Written:
        """Write one value; its releases by reference."""
        tree, releases = self._gather(value)
        return Written(
            text=_dump({"releases": list(releases), "value": tree} if releases else {"value": tree}),
            releases=releases,
        )

    def parse(self, text: str) -> Draft:
        """Parse what `write` wrote, as far as is possible without the contents."""
        tree = _load(text)
        addresses = self._structure(tree.get("releases", []), frozenset[str])
        return Draft(value=tree.get("value"), addresses=addresses)

    def read(self, kind: type[T], text: str | Draft, pool: Pool | None = None) -> T:
        """Read one value; what it refers to must be in the pool."""
        draft = self.parse(text) if isinstance(text, str) else text
        before = KNOWN.set(Pool() if pool is None else pool)
        try:
            return self._structure(draft.value, kind)
        finally:
            KNOWN.reset(before)

    def write_content(self, release: Release) -> str:
        """Write what a release looks like."""
        return _dump(self._content(release))

    def read_content(self, text: str) -> Content:
        """Read what a release looks like."""
        return self._structure(_load(text), Content)

    def write_cycle(self, cycle: Cycle) -> str:
        """Write a whole turn, for `replay`; every content once."""
        tree, releases = self._gather(cycle)
        contents = {address: self._content(release) for address, release in releases.items()}
        return _dump({"schema": SCHEMA, "kind": "Cycle", "releases": contents, "cycle": tree})

    def read_cycle(self, text: str) -> Cycle:
        """Read a whole turn; raise Refusal if a newer version wrote it."""
        tree = _load(text)
        if tree.get("kind") != "Cycle":
            raise Refusal("this is not a saved turn: its kind is not Cycle")
        refuse_newer(tree.get("schema"), "this turn")
        pool = Pool()
        for address, content in self._structure(tree.get("releases", {}), dict[str, Content]).items():
            pool.add(address, content)
        return self.read(Cycle, Draft(value=tree.get("cycle"), addresses=frozenset()), pool)

    def _content(self, release: Release) -> object:
        return self._converter.unstructure(content_of(release))

    def _gather(self, value: object) -> tuple[object, dict[str, Release]]:
        releases: dict[str, Release] = {}
        before = GATHERED.set(releases)
        try:
            return self._converter.unstructure(value), releases
        finally:
            GATHERED.reset(before)

    def _structure(self, tree: object, kind: type[T]) -> T:
        try:
            return self._converter.structure(tree, kind)
        except Exception as error:
            whys = "; ".join(transform_error(error, kind.__name__, _why)[:3])
            raise Refusal(f"this trueup cannot read what was written by another: {whys}") from error


def refuse_newer(schema: object, what: str) -> None:
    """Raise Refusal if something was written by a version that writes in another form."""
    if not isinstance(schema, int) or schema > SCHEMA:
        raise Refusal(
            f"{what} was written by a newer trueup (form {schema}; this one reads {SCHEMA}); use that one"
        )


def _why(error: BaseException, kind: type | None) -> str:
    return str(error) if isinstance(error, TrueupError | ValueError | TypeError) else format_exception(error, kind)


def _dump(tree: object) -> str:
    return json.dumps(tree, separators=(",", ":"), allow_nan=False)


def _load(text: str) -> dict[str, object]:
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlatformError(f"what was saved is no JSON ({error}); the store or file is damaged") from error
    if not isinstance(tree, dict):
        raise PlatformError("what was saved is no JSON object; the store or file is damaged")
    return tree
