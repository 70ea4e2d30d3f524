"""What one value of a spec may be: read from its text, with a sentence for whoever wrote something else.

Each class is an annotation that pydantic reads: it makes the value, and its part of the JSON Schema.
"""

import difflib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, NoReturn, TypeAlias

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from controller.model.desired import Load
from controller.model.version import PATTERN
from controller.spec.image import explain_image
from controller.spec.scan import name_character
from controller.spec.version import explain_version

_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN: Final = re.compile(r"([0-9]{1,6})([smhd])")
_FINE_SPAN: Final = re.compile(r"([0-9]{1,6})(ms|[smhd])")
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}")
_DECIMAL: Final = re.compile(r"[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,2})?")
_PERCENT: Final = re.compile(r"([0-9]{1,3})%")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_SHOWN: Final = 80
OPEN: Final = r"|\$\{"


def refuse(what: str) -> NoReturn:
    """Say what is wrong with a value, to pydantic."""
    raise PydanticCustomError("spec", "{what}", {"what": what})


def show(value: str) -> str:
    """Quote a value for a message; a long one is cut."""
    return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…")


def suggest(word: str, known: Iterable[str]) -> str:
    """Suggest the word that was probably meant, as the end of a sentence."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {str(close[0])!r}?" if close else ""


class Scalar(ABC):
    """A way to read one text."""

    __slots__ = ()

    @abstractmethod
    def read(self, text: str) -> object:
        """Make a value of it, or refuse it."""

    @abstractmethod
    def published(self) -> JsonSchemaValue:
        """Describe it for editors."""

    def __get_pydantic_core_schema__(self, source: object, walk: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.read, core_schema.str_schema())

    def __get_pydantic_json_schema__(self, schema: CoreSchema, walk: GetJsonSchemaHandler) -> JsonSchemaValue:
        return self.published()


@dataclass(frozen=True, slots=True)
class Like(Scalar):
    """Text of one pattern; `wanted` says in words what it is, `kinds` what it may look like in JSON."""

    pattern: str
    wanted: str
    kinds: tuple[str, ...] = ("string",)

    def read(self, text: str) -> str:
        """Give the text back if it is as wanted."""
        if re.fullmatch(self.pattern, text):
            return text
        strange = next((character for character in text if not character.isascii()), "")
        if strange:
            refuse(f"{show(text)} holds {name_character(strange)}; it is not {self.wanted}")
        refuse(f"{show(text)} is not {self.wanted}")

    def published(self) -> JsonSchemaValue:
        """Describe it for editors."""
        return _text(self.pattern) | ({"type": list(self.kinds)} if len(self.kinds) > 1 else {})


@dataclass(frozen=True, slots=True)
class Span(Scalar):
    """A duration, `90s`, `10m`, `1h` or `7d`, between two others; also `500ms` if the lower one is in ms."""

    low: str
    high: str

    @property
    def _is_fine(self) -> bool:
        return self.low.endswith("ms")

    def read(self, text: str) -> timedelta:
        """Read a duration."""
        span = _span(text) if self._is_fine or not text.endswith("ms") else None
        if span is None:
            such = "500ms or 2s" if self._is_fine else "90s, 10m, 1h or 7d"
            refuse(f"{show(text)} is not a whole number and a unit, such as {such}")
        if not (_span(self.low) or span) <= span <= (_span(self.high) or span):
            refuse(f"{show(text)} is not between {self.low} and {self.high}")
        return span

    def published(self) -> JsonSchemaValue:
        """Describe it for editors."""
        return _text((_FINE_SPAN if self._is_fine else _SPAN).pattern)


def _span(text: str) -> timedelta | None:
    hit = _FINE_SPAN.fullmatch(text)
    return timedelta(seconds=int(hit[1]) * _SECONDS[hit[2]]) if hit else None


@dataclass(frozen=True, slots=True)
class Whole(Scalar):
    """A whole number between two others."""

    low: int
    high: int

    def read(self, text: str) -> int:
        """Read a number."""
        if not _NUMBER.fullmatch(text):
            refuse(f"{show(text)} is not a whole number")
        number = int(text)
        if not self.low <= number <= self.high:
            refuse(f"{number} is not between {self.low} and {self.high}")
        return number

    def published(self) -> JsonSchemaValue:
        """Describe it for editors."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Decimal(Scalar):
    """A number, perhaps with a fraction."""

    def read(self, text: str) -> float:
        """Read a number."""
        if not _DECIMAL.fullmatch(text):
            refuse(f"{show(text)} is not a number, such as 0.01")
        return float(text)

    def published(self) -> JsonSchemaValue:
        """Describe it for editors."""
        return {"type": "number"}


@dataclass(frozen=True, slots=True)
class Share(Scalar):
    """A number of targets, up to `high`, or a share of them such as `30%`."""

    high: int

    def read(self, text: str) -> Load:
        """Read a number or a share."""
        share = _PERCENT.fullmatch(text)
        if share is None and not _NUMBER.fullmatch(text):
            refuse(f"{show(text)} is neither a whole number nor a share such as 30%")
        number, unit, high = (int(share[1]), "%", 100) if share else (int(text), "", self.high)
        if not 1 <= number <= high:
            refuse(f"{show(text)} is not between 1{unit} and {high}{unit}")
        return Load(percent=float(number)) if share else Load(changes=number)

    def published(self) -> JsonSchemaValue:
        """Describe it for editors."""
        return {"anyOf": [{"type": "integer", "minimum": 1, "maximum": self.high}, _text(_PERCENT.pattern)]}


@dataclass(frozen=True, slots=True)
class TrueOrFalse(Scalar):
    """A switch."""

    def read(self, text: str) -> bool:
        """Read a switch."""
        if text not in {"true", "false"}:
            refuse(f"{show(text)} is neither true nor false")
        return text == "true"

    def published(self) -> JsonSchemaValue:
        """Describe it for editors."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Moment(Scalar):
    """A time with its zone (RFC 3339)."""

    def read(self, text: str) -> datetime:
        """Read a time."""
        try:
            return datetime.fromisoformat(text.upper()) if _MOMENT.fullmatch(text) else self._wrong(text)
        except ValueError:
            self._wrong(text)

    def _wrong(self, text: str) -> NoReturn:
        refuse(f"{show(text)} is not a time with its zone, such as 2026-12-31T18:00:00Z")

    def published(self) -> JsonSchemaValue:
        """Describe it for editors."""
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True, slots=True)
class OneOf(Scalar):
    """One of a few words; `kind` makes a value of it."""

    words: tuple[str, ...]
    kind: type[StrEnum] | type[str] = str

    def read(self, text: str) -> str:
        """Read a word."""
        if text not in self.words:
            meant = suggest(text, self.words) if len(self.words) > 1 else ""
            refuse(f"{show(text)} is not {' or '.join(self.words)}{meant}")
        return self.kind(text)

    def published(self) -> JsonSchemaValue:
        """Describe it for editors."""
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Explained(Scalar):
    """Text that a function finds nothing wrong with; `pattern` is for the JSON Schema.

    Unless it is `shown`, what is wrong is said without repeating it: it may hold a password.
    """

    explain: Callable[[str], str]
    pattern: str
    shown: bool = True

    def read(self, text: str) -> str:
        """Give the text back if nothing is wrong with it."""
        wrong = self.explain(text)
        if wrong:
            refuse(f"{show(text)} {wrong}" if self.shown else wrong)
        return text

    def published(self) -> JsonSchemaValue:
        """Describe it for editors."""
        return _text(self.pattern)


def _text(pattern: str) -> JsonSchemaValue:
    """Describe text that matches once its ${names} are filled in."""
    return {"type": "string", "pattern": rf"^(?:{pattern})$" + OPEN}


NAME_PATTERN: Final = r"[a-z][a-z0-9-]{0,39}"
NAME_WANTED: Final = "a name: a small letter, then up to 39 small letters, digits and hyphens"

Account: TypeAlias = Annotated[str, Like(r"[0-9]{12}", "the twelve digits of an AWS account")]
Region: TypeAlias = Annotated[str, Like(r"[a-z]{2}(-[a-z]+)+-[0-9]", "an AWS region such as eu-west-1")]
Name: TypeAlias = Annotated[str, Like(NAME_PATTERN, NAME_WANTED)]
EcsName: TypeAlias = Annotated[
    str, Like(r"[A-Za-z0-9_-]{1,255}", "a name in ECS: 1 to 255 letters, digits, hyphens and underscores")
]
Owner: TypeAlias = Annotated[
    str, Like(r"[A-Za-z0-9][A-Za-z0-9 ._@/+-]{0,63}", "a short name: letters, digits, spaces and . _ @ / + -")
]
Sentence: TypeAlias = Annotated[str, Like(r"[^\x00-\x1f\x7f]{1,200}", "one line of at most 200 characters")]
Word: TypeAlias = Annotated[str, Like(r"[\x20-\x7e]{1,255}", "1 to 255 printable characters of ASCII")]
RoleArn: TypeAlias = Annotated[
    str,
    Like(
        r"arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}",
        "the ARN of a role, such as arn:aws:iam::111122223333:role/trueup",
    ),
]
Version: TypeAlias = Annotated[str, Explained(explain_version, PATTERN)]
Image: TypeAlias = Annotated[str, Explained(explain_image, r"[\x21-\x7e]{1,512}")]
