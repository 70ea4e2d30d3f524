"""How differences are printed: a line each, by path, and no value that looks like a secret. Pure."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import click

from controller.telemetry.redact import HIDDEN, cleaned, redactor

if TYPE_CHECKING:
    from controller.model.manifest import Scalar
    from controller.plan.compare import Difference

_FREE: Final = re.compile(r"\[((?:[^\]\\]|\\.)*)\]$")
_NAMED_ELSEWHERE: Final = re.compile(r"\.secret(?:s|Options)\[(?:[^\]\\]|\\.)*\]$")
_REDACT: Final = redactor()
_NAMED: Final = 3


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


def line_of(difference: "Difference") -> str:
    """Print one difference: + is added, - goes, ~ becomes another; an empty text is shown as one."""
    path, live, wanted = difference.path, difference.live, difference.wanted
    there, then = _said(masked(path, live)), _said(masked(path, wanted))
    if live is None:
        return click.style(f"+ {path}: {then}", fg="green")
    if wanted is None:
        return click.style(f"- {path}: {there}", fg="red")
    hint = " (another value)" if there == then else ""
    return click.style(f"~ {path}: {there} -> {then}{hint}", fg="yellow")


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
