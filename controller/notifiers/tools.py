"""What notifiers are handed, and how the answer of a receiver is judged."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from controller.errors import AccessError, PlatformError, Refusal
from controller.model.outbox import Notifier

Secret: TypeAlias = Callable[[], str]
"""Reads a secret anew, so that one that was changed counts at once. Raises AccessError if it cannot be read."""

_SHOWN: Final = 200
_LATER: Final = frozenset({408, 425, 429})
_DENIED: Final = frozenset({401, 402, 403, 404, 407})


class Answer(Protocol):
    """What a receiver answered; names of headers in small letters."""

    @property
    def status(self) -> int:
        """The code."""
        ...

    @property
    def body(self) -> bytes:
        """The whole of it."""
        ...


class Asks(Protocol):
    """A client for HTTP that is bounded in time and size; raises PlatformError and AccessError."""

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Make one request and read its answer."""
        ...


class Publishes(Protocol):
    """What is used of boto3's client for SNS."""

    def publish(self, **request: object) -> object:
        """Publish one message."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What notifiers are handed.

    `secret` gives the way to read a secret from a file or a variable of the environment, `seconds` the time since
    1970. `github` is the URL of its API, `github_token` the token of the process's own options.
    """

    http: Asks
    seconds: Callable[[], float]
    secret: Callable[[str, str], Secret]
    sns: Callable[[str], Publishes]
    github: str
    github_token: Secret


class Kind(Protocol):
    """How a notifier is set up: a dataclass whose fields are what its file may say."""

    def wrong(self) -> Iterator[str]:
        """Say what does not go together."""
        ...

    def opened(self, tools: Tools) -> Notifier:
        """Make the notifier. Raises SpecError for a secret that is not there."""
        ...


def one_of(what: str, *given: tuple[str, str]) -> Iterator[str]:
    """Say that of these keys, each with its value, just one has to be there."""
    written = [key for key, value in given if value]
    keys = [key for key, _ in given]
    if not written:
        yield f"{what} is missing: write {' or '.join(keys)}"
    elif len(written) > 1:
        yield f"{what} is said {len(written)} times: write one of {', '.join(written)}"


def judge(answer: Answer, who: str) -> None:
    """Raise what an answer of HTTP means, if the message was not taken."""
    status = answer.status
    if status < 300:  # noqa: PLR2004 - the first code that is no success
        return
    said = f"{who} answers {status}{quoted(answer.body)}"
    if status in _LATER or status >= 500:  # noqa: PLR2004 - the first of HTTP's server errors
        raise PlatformError(said)
    if status < 400 or status in _DENIED:  # noqa: PLR2004 - the first of HTTP's client errors
        raise AccessError(said)
    raise Refusal(said)


def quoted(body: bytes) -> str:
    """Quote the beginning of what somebody answered, on one line."""
    text = " ".join(body[: 4 * _SHOWN].decode("utf-8", "replace").split())[:_SHOWN]
    return f": {text}" if text else ""
