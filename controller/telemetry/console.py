"""A log line for people: when, what, in which phase, and why."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from controller.telemetry.redact import Plain

_OWN: Final = frozenset(
    {"time", "level", "event", "logger", "environment", "target", "phase", "reason", "exception"}
)
_QUIET: Final = frozenset({"debug", "info"})
_MOVING: Final = frozenset({"rolling", "rolling_back"})
# These say all that matters to people in `reason`; what else they carry is for machines.
_SPOKEN: Final = frozenset({"decision", "outcome"})


def line(fields: Mapping[str, Plain]) -> str:
    """Write one line, and under it what was raised, if something was: its lines can not pass for others."""
    phase = str(fields.get("phase") or "")
    first = "  ".join(filter(None, (_begin(fields), phase, _text(fields), *_rest(fields))))
    raised = str(fields.get("exception") or "")
    return "\n".join((first, *(f"    | {row}" for row in raised.splitlines())))


def _begin(fields: Mapping[str, Plain]) -> str:
    at = datetime.fromisoformat(str(fields["time"])).strftime("%H:%M:%S")
    level = str(fields["level"])
    subject = "/".join(str(fields[name]) for name in ("environment", "target") if fields.get(name))
    return " ".join(filter(None, (at, "" if level in _QUIET else level.upper(), subject)))


def _text(fields: Mapping[str, Plain]) -> str:
    event, reason = str(fields["event"]), str(fields.get("reason") or "")
    if event == "decision":
        return reason
    return f"{event}: {reason}" if reason else event


def _rest(fields: Mapping[str, Plain]) -> Iterator[str]:
    if fields["event"] in _SPOKEN:
        if fields.get("phase") in _MOVING and "running" in fields:
            yield f"{fields['running']}/{fields.get('desired')} running"
        return
    for name, value in fields.items():
        if name not in _OWN:
            text = str(value)
            yield f'{name}="{text}"' if " " in text or not text else f"{name}={text}"
