"""One request to a host that a spec names, over a connection of its own: bounded in time, size and redirects."""

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from typing import Final, Self
from urllib.parse import urljoin

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
    SSLError,
)
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url, parse_url

from controller.errors import AccessError, PlatformError, TrueupError
from controller.probes.guarded import Connection, Forbidden, SecureConnection

LARGEST: Final = 64 * 1024
"""Bytes of an answer that are read."""
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
# Nothing packed: what is packed small may be large.
_HEADERS: Final = {"Accept-Encoding": "identity", "Connection": "close", "User-Agent": "trueup"}


class NoAnswerError(TrueupError):
    """The host is there, and gave no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What is asked. `seconds` are for all of it, redirects too, of which at most `redirects` are followed.

    Without `content` the answer counts when its head is there.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    seconds: float = 5.0
    redirects: int = 0
    content: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came, and the seconds until it had; the body up to `LARGEST`."""

    status: int
    seconds: float
    body: bytes = b""
    is_cut: bool = False


def fetch(visit: Visit, elapsed: Callable[[], float]) -> Told:
    """Make one request, once; `elapsed` counts real seconds. No message holds more of a URL than its host.

    NoAnswerError: the host is there and does not answer. PlatformError: it is not reached, or not to be trusted.
    AccessError: it is never asked.
    """
    begun, url = elapsed(), _parsed(visit.url)
    for _ in range(visit.redirects + 1):
        told, further = _ask(visit, url, visit.seconds - (elapsed() - begun))
        if not further or not visit.redirects:
            return replace(told, seconds=elapsed() - begun)
        url = _further(url, further)
    raise NoAnswerError("it sends us on and on")


def _ask(visit: Visit, url: Url, seconds: float) -> tuple[Told, str]:
    """Make one request; gives the answer, and where it sends us on to."""
    late = NoAnswerError(f"no answer in {visit.seconds:g}s")
    if seconds <= 0:
        raise late
    connection = _connection(url, seconds)
    with closing(connection), _Limit(seconds) as limit:
        _connect(connection)
        limit.watch(connection.sock)
        try:
            connection.request(
                visit.method, url.request_uri, headers={**_HEADERS, **visit.headers}, preload_content=False
            )
            answer = connection.getresponse()
            told = _read(visit, answer)
        except TimeoutError as error:
            raise late from error
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            raise late if limit.is_over else NoAnswerError("it broke off") from error
    if limit.is_over:
        raise late
    return told, answer.headers.get("Location", "") if answer.status in _REDIRECTS else ""


def _read(visit: Visit, answer: BaseHTTPResponse) -> Told:
    body = b""
    wanted = LARGEST + 1 if visit.content and visit.method != "HEAD" else 0
    # Only the read that finds nothing more says that there should be: one read takes half an answer for a whole.
    while left := wanted - len(body):
        found = answer.read(left, decode_content=False)
        if not found:
            break
        body += found
    return Told(status=answer.status, seconds=0.0, body=body[:LARGEST], is_cut=len(body) > LARGEST)


def _connection(url: Url, seconds: float) -> Connection | SecureConnection:
    kind = SecureConnection if url.scheme == "https" else Connection
    return kind((url.host or "").strip("[]"), url.port, timeout=seconds)


def _connect(connection: Connection | SecureConnection) -> None:
    """Connect, with TLS where it is wanted. Whoever refuses is there; who is not found or trusted may not be."""
    try:
        connection.connect()
    except Forbidden as error:
        raise AccessError(f"it is not asked: {error}") from error
    except NameResolutionError as error:
        raise PlatformError("its name is not known") from error
    except NewConnectionError as error:
        if isinstance(error.__cause__, ConnectionRefusedError):
            raise NoAnswerError("the connection is refused") from error
        raise PlatformError("it can not be reached") from error
    except (ssl.SSLError, SSLError) as error:
        is_known = isinstance(error, ssl.SSLCertVerificationError)
        raise PlatformError(
            "its certificate is not to be trusted" if is_known else "it does not speak TLS"
        ) from error
    except (HTTPError, OSError, ValueError) as error:
        is_late = isinstance(error, TimeoutError | ConnectTimeoutError)
        raise PlatformError("it can not be reached in time" if is_late else "it can not be reached") from error


class _Limit:
    """Hangs up when the time is over: who sends a byte now and then would never be late for the socket itself."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._hang_up)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, connected: socket.socket | None) -> None:
        """Hang up on this connection, now if the time is over already."""
        with self._lock:
            self._socket = connected
        if self.is_over:
            self._hang_up()

    def _hang_up(self) -> None:
        self.is_over = True
        with self._lock, suppress(OSError):
            if self._socket is not None:
                # The plain socket's own way: that of TLS would let the reader go on with what is still encrypted.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _parsed(url: str) -> Url:
    try:
        return parse_url(url)
    except LocationParseError as error:
        raise PlatformError("its URL can not be read") from error


def _further(url: Url, location: str) -> Url:
    try:
        further = parse_url(urljoin(url.url, location))
    except (LocationParseError, ValueError) as error:
        raise NoAnswerError("it sends us on to what is no URL") from error
    if further.scheme not in {"https", url.scheme} or not further.host:
        raise AccessError(f"it sends us on to {further.netloc or 'nowhere'} without TLS; that is not followed")
    return further
