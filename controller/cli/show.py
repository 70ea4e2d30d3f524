"""How things are printed: tables for people, one envelope for machines. Pure: text in, text out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

from controller.model.instants import instant as written

API_VERSION: Final = "trueup/v1"
_GAP: Final = "  "


def listing(kind: str, items: Sequence[object], output: str) -> str:
    """Print a list in one envelope, as JSON or YAML."""
    envelope = {"apiVersion": API_VERSION, "kind": f"{kind}List", "items": [data(item) for item in items]}
    if output == "json":
        return _spelled(json.dumps(envelope, indent=2, ensure_ascii=False))
    import yaml

    text: str = yaml.safe_dump(envelope, sort_keys=False, allow_unicode=True)
    if not _is_plain(text):
        text = yaml.safe_dump(envelope, sort_keys=False)
    return text.rstrip("\n")


def _is_plain(text: str) -> bool:
    return text.replace("\n", "").isprintable()


def _spelled(text: str) -> str:
    """Write what cannot be seen as JSON's escapes: it means the same, and moves no cursor."""
    if _is_plain(text):
        return text
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def data(value: object) -> object:
    """Turn a value of the model into what JSON and YAML can hold: every field, in camelCase, whether set or not."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if is_dataclass(value) and not isinstance(value, type):
        return {_camel(one.name): data(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): data(item) for key, item in value.items()}
    return [data(item) for item in value] if isinstance(value, list | tuple | frozenset) else value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Print columns that line up; the last one is as long as it needs to be."""
    cells = [[_plain(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    last = len(headings) - 1
    lines = (
        _GAP.join(cell if at == last else cell.ljust(widths[at]) for at, cell in enumerate(row)).rstrip()
        for row in cells
    )
    return "\n".join(lines)


def instant(at: datetime | None) -> str:
    """Print a moment; nothing where there is none."""
    return written(at) if at else ""


def span(seconds: float) -> str:
    """Print a duration shortly: 3h05m, 12m, 40s."""
    whole = int(max(seconds, 0))
    hours, minutes = divmod(whole // 60, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d{hours:02}h"
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m" if minutes else f"{whole}s"


def _plain(cell: str) -> str:
    """Keep whatever was read from elsewhere from moving the cursor or breaking the line."""
    return "".join(char if char.isprintable() else "�" for char in cell.replace("\n", " "))
