"""The http guard: a URL answers as it should."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from controller.errors import SpecError
from controller.model.gate import Guard, Open, Shut, Unsure, Verdict
from controller.model.questions import (
    Answer,
    Candidate,
    Fetched,
    HttpAnswer,
    HttpSilence,
    Question,
    Unanswered,
)
from controller.model.urls import URL, explain_url, shown_url

_STATUS: Final = r"[1-5][0-9][0-9](-[1-5][0-9][0-9])?"
_POINTER: Final = r"(/([^~/\x00-\x1f]|~[01])*)+"
_LINE: Final = r"[^\x00-\x1f\x7f]{1,255}"
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")
_REDIRECTS: Final = range(300, 400)
_SHOWN: Final = 80
_CUT: Final = " (only the first 64 KiB are read)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Http(Guard):
    """A URL that has to answer with the right status, and perhaps body and speed.

    Raises SpecError for a condition that no answer could meet.
    """

    url: str = field(
        metadata={
            "about": "What is asked: http or https, without a password. Its certificate has to be trusted.",
            "explain": explain_url,
            "pattern": URL,
            "secret": True,
            "floor": "same",
        }
    )
    method: Literal["GET", "HEAD"] = field(default="GET", metadata={"about": "How it is asked: GET or HEAD."})
    status: tuple[str, ...] = field(
        default=("200-299",),
        metadata={
            "about": "The status that is good, a range of them, or a list of these. 200-299 if absent.",
            "like": (_STATUS, "a status such as 200, or a range such as 200-299"),
            "kinds": ("string", "integer"),
            "alone": True,
            "floor": "within",
        },
    )
    contains: str = field(
        default="",
        metadata={
            "about": "A text that has to stand in the body, letter for letter.",
            "like": (_LINE, "one line of 1 to 255 characters"),
            "floor": "same, if any",
        },
    )
    pointer: str = field(
        default="",
        metadata={
            "about": "Where in the body, which is JSON, a value stands: a JSON pointer (RFC 6901).",
            "like": (_POINTER, "a JSON pointer, such as /database/status"),
            "floor": "same, if any",
        },
    )
    equals: str = field(
        default="",
        metadata={
            "about": "What has to stand there; numbers as they are written.",
            "like": (_LINE, "one line of 1 to 255 characters"),
            "kinds": ("string", "number", "boolean"),
            "floor": "same, if any",
        },
    )
    max_latency: timedelta | None = field(
        default=None,
        metadata={"about": "How long the answer may take at most.", "between": ("1ms", "10s"), "floor": "most"},
    )
    timeout: timedelta = field(
        default=timedelta(seconds=5),
        metadata={"about": "How long an answer is waited for. 5s if absent.", "between": ("100ms", "10s")},
    )
    follow_redirects: bool = field(
        default=False,
        metadata={
            "about": "Look at the URL that this one sends us on to, up to three times.",
            "floor": (True, False),
        },
    )

    def __post_init__(self) -> None:
        if bool(self.pointer) != bool(self.equals):
            raise SpecError(
                "pointer and equals go together: where a value stands in the body, and what it has to be"
            )
        if self.method == "HEAD" and self._needs_body:
            raise SpecError("an answer to HEAD has no body: contains and pointer go with GET")
        if self.max_latency is not None and self.max_latency > self.timeout:
            raise SpecError("maxLatency is longer than timeout: an answer that late is not waited for")
        backward = [one for one in self.status if one[:3] > one[-3:]]
        if not self.status or backward:
            raise SpecError(f"status {backward[0]} ends before it begins" if backward else "no status is good")

    @property
    def kind(self) -> str:
        """Its key in the table of kinds."""
        return "http"

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        """Ask what the URL answers."""
        del candidate
        return (self._question,)

    @property
    def _question(self) -> Fetched:
        return Fetched(
            url=self.url,
            method=self.method,
            timeout=self.timeout,
            content=self._needs_body,
            follow=self.follow_redirects,
        )

    @property
    def _needs_body(self) -> bool:
        return bool(self.contains or self.pointer)

    def judge(self, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Verdict:
        """Shut if it answers otherwise than it should, or not though it is there; unsure if not reached."""
        del candidate, now
        answer, where = answers.get(self._question), f"{self.method} {shown_url(self.url)}"
        if isinstance(answer, HttpSilence):
            return self._shut(f"{where}: {answer.why}")
        if not isinstance(answer, HttpAnswer):
            return Unsure(why=f"{where}: {answer.why if isinstance(answer, Unanswered) else 'not asked'}")
        wrong = next(self._wrong(answer), None)
        if wrong is None:
            return Open()
        what, is_certain = wrong
        return self._shut(f"{where} {what}") if is_certain else Unsure(why=f"{where} {what}")

    def _shut(self, why: str) -> Shut:
        return Shut(why=why, rings=frozenset({f"{self.method} {self.url}"}))

    def _wrong(self, answer: HttpAnswer) -> Iterator[tuple[str, bool]]:
        """Say what is wrong with an answer, and whether that is certain: of a body that is cut it is not."""
        if not any(int(one[:3]) <= answer.status <= int(one[-3:]) for one in self.status):
            yield f"answers {answer.status}, not {' or '.join(self.status)}{self._hint(answer.status)}", True
        if self.max_latency is not None and answer.seconds > self.max_latency.total_seconds():
            yield f"takes {answer.seconds:.3g}s, longer than {self.max_latency.total_seconds():g}s", True
        if self.contains and self.contains not in answer.text:
            yield f"answers without {_shown(self.contains)}{_CUT if answer.is_cut else ''}", not answer.is_cut
        if self.pointer and answer.is_cut:
            yield f"answers JSON that is too long to be read{_CUT}", False
        elif self.pointer:
            value, said = _find(answer.text, self.pointer)
            if value != self.equals:
                yield f"should answer {_shown(self.equals)} at {self.pointer}, and answers {said}", True

    def _hint(self, status: int) -> str:
        is_told = status not in _REDIRECTS or self.follow_redirects
        return "" if is_told else "; redirects are not followed without followRedirects"


def _find(text: str, pointer: str) -> tuple[str | None, str]:
    """Give what stands at a pointer, as text if it is a single value, and what that is in words."""
    try:
        value: object = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None, "no JSON"
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping) and key in value:
            value = value[key]
        elif isinstance(value, list) and _INDEX.fullmatch(key) and int(key) < len(value):
            value = value[int(key)]
        else:
            return None, "nothing there"
    if isinstance(value, list | Mapping):
        return None, f"a {'list' if isinstance(value, list) else 'mapping'} there"
    plain = value if isinstance(value, str) else "null" if value is None else str(value).lower()
    return plain, _shown(plain)


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
