"""What a log line may hold: values made visible and bounded, and secrets left out of them."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias

from controller.telemetry.visible import LINE, visible

Plain: TypeAlias = str | int | float | bool | list["Plain"] | dict[str, "Plain"] | None

HIDDEN: Final = "***"
# A shorter one is no secret, and leaving it out everywhere would make lines unreadable.
_SHORTEST: Final = 4
_SECRET_KEY: Final = re.compile(
    r"password|secret|token|authorization|credential|api_?key|private_?key", re.IGNORECASE
)
_KNOWN: Final = re.compile(
    r"(?P<before>authorization\W{1,4}(?:(?:basic|bearer|token)\s+)?"  # a request header
    r"|x-amz-(?:signature|security-token|credential)\W{1,4}"  # a signed URL or request
    r"|(?:password|secret|token)(?:[\"']?\s*=\s*[\"']?|[\"']\s*:\s*[\"']))"  # as shells and JSON write them
    r"[^\s\"',;&]+"
    r"|\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-)[A-Za-z0-9_-]{10,}",  # tokens known by how they begin
    re.IGNORECASE,
)


def redactor(secrets: Iterable[str] = ()) -> Callable[[str], str]:
    """Make a function that leaves these secrets, and what is known to be one by its form, out of a text."""
    named = sorted({secret for secret in secrets if len(secret) >= _SHORTEST}, key=len, reverse=True)
    ours = re.compile("|".join(map(re.escape, named))) if named else None

    def redact(text: str) -> str:
        text = ours.sub(HIDDEN, text) if ours else text
        return _KNOWN.sub(lambda match: f"{match['before'] or ''}{HIDDEN}", text)

    return redact


def cleaner(secrets: Iterable[str] = ()) -> Callable[[str, int, Mapping[str, str]], str]:
    """Make a function that brings a line of somebody else's log to what may be kept and shown.

    It is given the line, how long it may become, and the environment of the container that logged it: values whose
    names say that they are secret are left out of it too.
    """
    ours = tuple(secrets)

    def clean(line: str, most: int, environment: Mapping[str, str]) -> str:
        theirs = (value for name, value in environment.items() if _SECRET_KEY.search(name))
        return visible(redactor((*ours, *theirs))(line[:LINE]), most)[:most]

    return clean


def cleaned(value: object, redact: Callable[[str], str], key: str = "") -> Plain:
    """Bring a value to what JSON has, every text in it without secrets and without what cannot be seen."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if key and _SECRET_KEY.search(key):
        return HIDDEN
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, Mapping):
        return {visible(str(name)): cleaned(inner, redact, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(inner, redact) for inner in value]
    if isinstance(value, set | frozenset):
        return [cleaned(inner, redact) for inner in sorted(value, key=str)]
    return visible(redact(str(value)))


def instant(at: datetime) -> str:
    """Write an instant as RFC 3339 in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
