"""Prometheus answers what a query comes to now, by its HTTP API (prometheus.io, "HTTP API", instant queries)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from controller.errors import TrueupError
from controller.model.questions import Answer, Measured, Question, Sample, Samples, Unanswered
from controller.probes.fetch import LARGEST, Told, Visit, fetch
from controller.probes.together import Patience, ask_together

_SECONDS: Final = 10.0
_ITS_SECONDS: Final = "9s"  # so that it is Prometheus who says that the query takes too long
_OK: Final = 200
_LOCKED: Final = frozenset({401, 403})
_LONGEST_TOKEN: Final = 16 * 1024
_LONGEST: Final = 200
_WRONG: Final = "Prometheus answers what can not be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The operator's Prometheus, and a file with the token that it wants, which is read anew each time."""

    url: str
    token_file: Path | None = None


class PrometheusProbe:
    """Answers `Measured`. The operator's token goes to the operator's own URL and to no other; never raises."""

    def __init__(self, patience: Patience, server: Server | None = None) -> None:
        self._patience, self._server = patience, server

    def answer(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer them all, each distinct one once and eight at a time."""
        return ask_together(questions, self._ask, self._patience)

    def _ask(self, question: Question) -> Answer:
        if not isinstance(question, Measured):
            return Unanswered(why=f"Prometheus knows nothing of {type(question).__name__}")
        ours = self._server.url.rstrip("/") if self._server else ""
        url = question.url.rstrip("/") or ours
        if not url:
            return Unanswered(why="the guard names no url, and the controller was given no --prometheus-url")
        try:
            headers = self._headers() if url == ours else {}
            asked = urlencode({"query": question.query, "timeout": _ITS_SECONDS})
            visit = Visit(url=f"{url}/api/v1/query?{asked}", headers=headers, seconds=_SECONDS)
            return _answer(fetch(visit, self._patience.elapsed))
        except TrueupError as error:
            return Unanswered(why=f"Prometheus: {error}")
        except OSError as error:
            return Unanswered(why=f"the token file can not be read: {error.strerror}")

    def _headers(self) -> Mapping[str, str]:
        file = self._server.token_file if self._server else None
        if file is None:
            return {}
        with file.open("rb") as opened:
            token = opened.read(_LONGEST_TOKEN).decode("ascii", errors="replace").strip()
        if not token.isascii() or not token.isprintable() or not token or " " in token:
            raise OSError(0, "it holds no token")
        return {"Authorization": f"Bearer {token}"}


def _answer(told: Told) -> Answer:
    if told.is_cut:
        return Unanswered(why=f"Prometheus answers more than {LARGEST // 1024} KiB: let the query aggregate")
    try:
        document: object = json.loads(told.body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        document = None
    said = document if isinstance(document, dict) else {}
    if told.status in _LOCKED:
        return Unanswered(why=f"Prometheus does not let us in: HTTP {told.status}")
    if told.status != _OK or said.get("status") != "success":
        error = _plain(f"{said.get('errorType', '')} {said.get('error', '')}")
        return Unanswered(why=f"Prometheus answers HTTP {told.status}{f': {error}' if error else ''}")
    return _samples(said)


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


def _samples(said: Mapping[str, object]) -> Answer:
    data = said.get("data")
    kind, result = (data.get("resultType"), data.get("result")) if isinstance(data, dict) else (None, None)
    warnings = said.get("warnings")
    warning = _plain(str(warnings[0])) if isinstance(warnings, list) and warnings else ""
    try:
        match kind:
            case "scalar":
                return Samples(samples=(Sample(labels=(), value=_value(result)),), warning=warning)
            case "vector" if isinstance(result, list):
                return Samples(samples=tuple(_series(one) for one in result), warning=warning)
            case "matrix":
                return Unanswered(
                    why="the query gives a range of values for each series: it needs one, as of rate(…)"
                )
            case "string":
                return Unanswered(why="the query gives a text, not numbers")
            case _:
                return Unanswered(why=_WRONG)
    except _HistogramError:
        return Unanswered(why="the query gives histograms: it needs numbers, as of histogram_quantile(…)")
    except (LookupError, TypeError, ValueError, AttributeError):
        return Unanswered(why=_WRONG)


class _HistogramError(Exception):
    """A native histogram where a number is needed."""


def _series(one: Mapping[str, Mapping[str, str]]) -> Sample:
    if "histogram" in one and "value" not in one:
        raise _HistogramError
    labels = tuple(sorted((str(label), str(value)) for label, value in one["metric"].items()))
    return Sample(labels=labels, value=_value(one["value"]))


def _value(point: object) -> str:
    """Take the value out of a point in time; raises ValueError or TypeError if there is none."""
    if not isinstance(point, list) or not isinstance(point[1], str):
        raise TypeError("no point")
    float(point[1])
    return point[1]


def _plain(text: str) -> str:
    return "".join(filter(str.isprintable, " ".join(text.split())))[:_LONGEST]
