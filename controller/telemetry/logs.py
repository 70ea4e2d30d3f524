"""Where log lines come from and what becomes of them: structlog and the standard library in one stream."""

import contextlib
import json
import logging
import sys
from collections.abc import Callable, Iterable, MutableMapping
from datetime import datetime
from typing import Any, Final, Literal, TextIO, TypeAlias

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import Processor

from controller.telemetry.console import line
from controller.telemetry.redact import Plain, cleaned, redactor
from controller.telemetry.visible import visible

# structlog hands processors a dict of anything.
Fields: TypeAlias = MutableMapping[str, Any]
Form: TypeAlias = Literal["json", "console"]

OURS: Final = "controller"
_FIRST: Final = ("time", "level", "event")
_LONGEST_TRACE: Final = 16 * 1024


def set_up(
    *,
    form: Form,
    level: str,
    now: Callable[[], datetime],
    stream: TextIO | None = None,
    secrets: Iterable[str] = (),
) -> None:
    """Send every line to one stream (standard error unless told), in one form.

    Our own lines from `level` on, other libraries' from warning on: botocore, told to debug, would write down
    signed requests. `now` is the clock that lines are stamped by; `secrets` never appear in one.
    """
    stamp = _stamp(now)
    before: tuple[Processor, ...] = (structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, stamp)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *before, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    formatter = ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *before],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _clean(redactor(secrets)),
            _write_line if form == "console" else _write_json,
        ],
    )
    output = _Output(stream or sys.stderr)
    output.setFormatter(formatter)
    logging.root.handlers[:] = [output]
    logging.root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level.upper())


class _Output(logging.StreamHandler[TextIO]):
    """Writes lines, and of one that cannot be written nothing: the library would repeat it, secrets and all."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name for it
        """Say only that a line is missing, and what kind of error it was."""
        kind = sys.exc_info()[0]
        with contextlib.suppress(OSError, ValueError, RuntimeError):  # the stream may be what is broken, or busy
            said = f"a log line of {record.name} could not be written: {kind.__name__ if kind else ''}"
            self.stream.write(f"{visible(said)}\n")


def logger() -> structlog.stdlib.BoundLogger:
    """Give the logger of this package."""
    found: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(OURS)
    return found


def _stamp(now: Callable[[], datetime]) -> Processor:
    def stamp(_logger: object, _method: str, fields: Fields) -> Fields:
        fields.setdefault("time", now())  # a decision brings the time of its turn
        return fields

    return stamp


def _clean(redact: Callable[[str], str]) -> Processor:
    def clean(_logger: object, _method: str, fields: Fields) -> Fields:
        trace = str(fields.pop("exception", "") or "")[-_LONGEST_TRACE:]
        rows = [visible(redact(row)) for row in trace.splitlines()]
        ordered = {name: fields[name] for name in _FIRST if name in fields} | dict(fields)
        found: dict[str, Plain] = {name: cleaned(value, redact, name) for name, value in ordered.items()}
        return {**found, "exception": "\n".join(rows)} if rows else found

    return clean


def _write_json(_logger: object, _method: str, fields: Fields) -> str:
    return json.dumps(fields)


def _write_line(_logger: object, _method: str, fields: Fields) -> str:
    return line(fields)
