"""The prometheus guard: a query stays within its limits."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from controller.errors import SpecError
from controller.model.gate import Guard, Open, Shut, Unsure, Verdict
from controller.model.questions import Answer, Candidate, Measured, Question, Sample, Samples, Unanswered
from controller.model.urls import URL, explain_server

_LONGEST: Final = 4096
_SHOWN: Final = 100
_NAME: Final = "__name__"
_PRINTED: Final = r"[\x20-\x7e\x0a\x09]*[\x21-\x7e][\x20-\x7e\x0a\x09]*"


def explain_query(text: str) -> str:
    """Say what is wrong with a query, as far as that can be told without a Prometheus; empty if nothing is."""
    if not text.strip():
        return "is empty; write a query of PromQL"
    return f"is longer than {_LONGEST} characters" if len(text) > _LONGEST else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus(Guard):
    """A query of PromQL whose every series has to stay within limits.

    Raises SpecError if there is no limit.
    """

    query: str = field(
        metadata={
            "about": "The query, in PromQL. Each series of its result counts.",
            "explain": explain_query,
            "pattern": _PRINTED,
            "floor": "same",
        }
    )
    url: str = field(
        default="",
        metadata={
            "about": "The Prometheus that is asked; without it, the controller's own (--prometheus-url).",
            "explain": explain_server,
            "pattern": URL,
            "secret": True,
            "floor": "same",
        },
    )
    max: float | None = field(default=None, metadata={"about": "What no value may be above.", "floor": "most"})
    min: float | None = field(default=None, metadata={"about": "What no value may be below.", "floor": "least"})
    no_data: Literal["ok", "unsure"] = field(
        default="unsure",
        metadata={
            "about": "What no series, or NaN, means: ok, all is well; unsure, nobody knows, and the bake waits.",
            "floor": ("ok", "unsure"),
        },
    )

    def __post_init__(self) -> None:
        if self.max is None and self.min is None:
            raise SpecError("limits nothing: give max, or min, or both")
        if self.max is not None and self.min is not None and self.min > self.max:
            raise SpecError(f"no value is above min ({self.min:g}) and below max ({self.max:g})")

    @property
    def kind(self) -> str:
        """Its key in the table of kinds."""
        return "prometheus"

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        """Ask what the query comes to."""
        del candidate
        return (self._question,)

    @property
    def _question(self) -> Measured:
        return Measured(query=self.query, url=self.url)

    def judge(self, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Verdict:
        """Shut if a series is beyond a limit, naming the worst; unsure if one can not be judged."""
        del candidate, now
        answer = answers.get(self._question)
        if not isinstance(answer, Samples):
            return self._unsure(answer.why if isinstance(answer, Unanswered) else "not asked")
        values = [(float(sample.value), sample) for sample in answer.samples]
        beyond = [(over, sample) for value, sample in values if (over := self._over(value)) > 0]
        if beyond:
            return self._shut(max(beyond, key=lambda one: one[0])[1], len(beyond))
        if answer.warning:
            return self._unsure(f"not the whole answer: {answer.warning}")
        return self._doubt(values) or Open()

    def _over(self, value: float) -> float:
        """Say how far a value is beyond a limit: infinite and NaN are not, they cannot be judged."""
        if not math.isfinite(value):
            return 0.0
        above = value - self.max if self.max is not None else 0.0
        below = self.min - value if self.min is not None else 0.0
        return max(above, below)

    def _shut(self, worst: Sample, count: int) -> Shut:
        value = float(worst.value)
        is_above = self.max is not None and value > self.max
        limit = f"above {self.max:g}" if is_above else f"below {self.min:g}"
        more = f", and {count - 1} more series are beyond" if count > 1 else ""
        why = f"{_labelled(worst)} is {value:.4g}, {limit}{more}: {_shown(self.query)}"
        return Shut(why=why, rings=frozenset({f"{self.url} {self.query}".strip()}))

    def _doubt(self, values: list[tuple[float, Sample]]) -> Unsure | None:
        endless = [sample for value, sample in values if math.isinf(value)]
        if endless:
            return self._unsure(f"{_labelled(endless[0])} is {endless[0].value}")
        if self.no_data == "ok":
            return None
        if not values:
            return self._unsure("no data: no series answers")
        silent = [sample for value, sample in values if math.isnan(value)]
        return self._unsure(f"no data: {_labelled(silent[0])} is NaN") if silent else None

    def _unsure(self, why: str) -> Unsure:
        return Unsure(why=f"{why}: {_shown(self.query)}")


def _labelled(sample: Sample) -> str:
    """Name a series as Prometheus does; one without labels is the value."""
    labels = dict(sample.labels)
    name = labels.pop(_NAME, "")
    listed = ", ".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    whole = f"{name}{{{listed}}}" if listed else name
    return _shown(whole) if whole else "the value"


def _shown(text: str) -> str:
    plain = "".join(filter(str.isprintable, " ".join(text.split())))
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"
