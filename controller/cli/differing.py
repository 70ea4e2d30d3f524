"""How differences are printed: a line each, by path, and no value that looks like a secret. Pure."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import click

from controller.telemetry.redact import HIDDEN, cleaned, redactor

if TYPE_CHECKING:
    from controller.model.manifest import Scalar
    from controller.model.passed import Passed
    from controller.plan.compare import Difference

_FREE: Final = re.compile(r"\[((?:[^\]\\]|\\.)*)\]$")
_NAMED_ELSEWHERE: Final = re.compile(r"\.secret(?:s|Options)\[(?:[^\]\\]|\\.)*\]$")
_REDACT: Final = redactor()
_NAMED: Final = 3
_SHOWN: Final = 19  # sha256: and a dozen digits; all of it is in -o json
NO_NAMES: "Final[Mapping[str, str]]" = MappingProxyType({})


def masked(path: str, value: "Scalar") -> "Scalar":
    """Give a value as it may be shown: one that a name in brackets, or its own form, calls a secret is hidden.

    What `secrets` and `secretOptions` say is where a secret is kept, not the secret.
    """
    if not isinstance(value, str):
        return value
    name = _FREE.search(path)
    key = name.group(1) if name and not _NAMED_ELSEWHERE.search(path) else ""
    shown = cleaned(value, _REDACT, key)
    return shown if isinstance(shown, str) else HIDDEN


def as_data(differences: "Iterable[Difference]") -> list[dict[str, object]]:
    """Give differences as data, secrets hidden."""
    return [
        {"path": d.path, "live": masked(d.path, d.live), "wanted": masked(d.path, d.wanted)} for d in differences
    ]


def line_of(difference: "Difference", names: "Mapping[str, str]" = NO_NAMES) -> str:
    """Print one difference: + is added, - goes, ~ becomes another; an empty text is shown as one.

    `names` are what people call a value, such as the tag that an image's digest was found by.
    """
    path, live, wanted = difference.path, difference.live, difference.wanted
    there, then = (_called(_said(masked(path, value)), names) for value in (live, wanted))
    if live is None:
        return click.style(f"+ {path}: {then}", fg="green")
    if wanted is None:
        return click.style(f"- {path}: {there}", fg="red")
    hint = " (another value)" if there == then else ""
    return click.style(f"~ {path}: {there} -> {then}{hint}", fg="yellow")


def passed_line(passed: "Passed") -> str:
    """Print one difference that was passed over, and the rule by which it was."""
    sides = (passed.live, passed.wanted)
    there, then = ("nothing" if side is None else _said(masked(passed.path, side)) for side in sides)
    return click.style(f"= {passed.path}: {there} there, {then} in the spec  ({passed.rule})", dim=True)


def passed_data(passed: "Iterable[Passed]") -> list[dict[str, object]]:
    """Give what was passed over as data, secrets hidden."""
    return [{**one, "rule": said.rule} for said in passed for one in as_data([_difference(said)])]


def _difference(passed: "Passed") -> "Difference":
    from controller.plan.compare import Difference

    return Difference(path=passed.path, live=passed.live, wanted=passed.wanted)


def _called(shown: str, names: "Mapping[str, str]") -> str:
    """Put what people call an image into it, and of its digest as much as tells it from others."""
    if shown not in names:
        return shown
    name, _, digest = shown.partition("@")
    return f"{name}:{names[shown]}@{digest[:_SHOWN]}"


def because(differences: "Iterable[Difference]", *, under: str = "") -> str:
    """Name the first paths that differ, shortly; `under` is left out of each."""
    paths = [one.path.removeprefix(under) for one in differences if one.path.startswith(under)]
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return f"{', '.join(paths[:_NAMED])}{more}"


def _said(value: "Scalar") -> str:
    if value == "":
        return '""'
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
