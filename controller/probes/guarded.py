"""HTTP to hosts that a spec names: bounded in time and size, and never to an address that hands out credentials."""

import ipaddress
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

from typing_extensions import override
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from controller.errors import AccessError, PlatformError

_CONNECT: Final = 3.0
_READ: Final = 10.0
_MOVES: Final = 60.0  # seconds that a blob's bytes may stand still
_REDIRECTS: Final = 3
LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a manifest: what the OCI Distribution Specification tells registries to take."""

# Where machines and tasks are given credentials: "Instance metadata" (169.254.169.254, fd00:ec2::254) and "Task
# metadata endpoint" (169.254.170.2). Everything that is link-local is refused with them.
_METADATA: Final = ipaddress.ip_network("fd00:ec2::/32")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer that was read to its end; names of headers in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Forbidden(HTTPError):
    """The host is at an address that is never asked."""


def check_peer(connection: socket.socket) -> socket.socket:
    """Give the connection back if it may be used; nothing was sent over it yet, whatever the name resolved to."""
    address = ipaddress.ip_address(str(connection.getpeername()[0]).partition("%")[0])
    plain = getattr(address, "ipv4_mapped", None) or address
    if plain.is_link_local or plain.is_multicast or plain.is_unspecified or plain in _METADATA:
        connection.close()
        raise Forbidden(f"it is at {plain}, an address where machines are given credentials; that is never asked")
    return connection


class Connection(HTTPConnection):
    """A connection in the clear, to where it may lead."""

    @override
    def _new_conn(self) -> socket.socket:
        return check_peer(super()._new_conn())


class SecureConnection(HTTPSConnection):
    """A connection with TLS, to where it may lead."""

    @override
    def _new_conn(self) -> socket.socket:
        return check_peer(super()._new_conn())


class _Pool(HTTPConnectionPool):
    ConnectionCls = Connection  # type: ignore[mutable-override]  # how urllib3 is told


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = SecureConnection  # type: ignore[mutable-override]  # how urllib3 is told


class Http:
    """A client. TLS is verified by the system's authorities; no environment variable changes where it goes."""

    def __init__(self) -> None:
        self._pools = PoolManager(num_pools=20, maxsize=4, retries=False, timeout=Timeout(_CONNECT, _READ))
        self._pools.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def close(self) -> None:
        """Let go of every connection."""
        self._pools.clear()

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None = None,
        *,
        largest: int = LARGEST,
    ) -> Answered:
        """Make one request and read the answer; redirects of GET and HEAD are followed, others are answers.

        PlatformError: no answer, or one that is too large. AccessError: a host that is never asked.
        """
        with self.open(method, url, headers, body) as answer:
            found = _read(answer, largest, url)
            return Answered(
                status=answer.status,
                headers={name.lower(): value for name, value in answer.headers.items()},
                body=found,
            )

    @contextmanager
    def open(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Iterable[bytes] | None = None
    ) -> Iterator[BaseHTTPResponse]:
        """Make one request; its answer is read by the caller."""
        answer = self._sent(method, url, headers, body)
        try:
            yield answer
        except HTTPError as error:
            raise PlatformError(f"{_host(url)} broke off: {_in_words(error)}") from error
        finally:
            answer.close()

    def _sent(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Iterable[bytes] | None
    ) -> BaseHTTPResponse:
        carried = dict(headers)
        for _ in range(_REDIRECTS + 1):
            answer = self._once(method, url, carried, body)
            where = answer.headers.get("Location") if answer.status in {301, 302, 303, 307, 308} else None
            if not where or method not in {"GET", "HEAD"}:
                return answer
            answer.close()
            further = urljoin(url, where)
            if urlsplit(further).scheme not in {"https", urlsplit(url).scheme}:
                raise AccessError(f"{_host(url)} sends us on to {_host(further)} without TLS; that is not followed")
            if _origin(further) != _origin(url):
                carried = {name: value for name, value in carried.items() if name not in {"Authorization", "Host"}}
            url = further
        raise PlatformError(f"{_host(url)} sends us on and on")

    def _once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Iterable[bytes] | None
    ) -> BaseHTTPResponse:
        tries = 2 if method in {"GET", "HEAD"} else 1
        waits = Timeout(_CONNECT, _READ if body is None or isinstance(body, bytes) else _MOVES)
        for left in reversed(range(tries)):
            try:
                answer = self._pools.request(
                    method, url, headers=headers, body=body, redirect=False, preload_content=False, timeout=waits
                )
            except Forbidden as error:
                raise AccessError(f"{_host(url)} is not asked: {error}") from error
            except HTTPError as error:
                if not left:
                    raise PlatformError(f"{_host(url)} does not answer: {_in_words(error)}") from error
                continue
            if answer.status < 500 or not left:  # noqa: PLR2004 - the first of HTTP's server errors
                return answer
            answer.close()
        raise AssertionError("the last try returns or raises")


def _read(answer: BaseHTTPResponse, largest: int, url: str) -> bytes:
    found = answer.read(largest + 1, decode_content=False)
    if len(found) > largest:
        raise PlatformError(f"{_host(url)} answers more than {largest} bytes; that is not read")
    return found


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _host(url: str) -> str:
    """Name the host alone: what follows it may be a signed address."""
    return urlsplit(url).netloc


def _in_words(error: HTTPError) -> str:
    """Say what kind of failure it is; the text of urllib3 may hold the whole URL."""
    found = getattr(error, "reason", None) or error
    name = type(found).__name__
    return {
        "NameResolutionError": "its name is not known",
        "ConnectTimeoutError": "it can not be reached in time",
        "ReadTimeoutError": "no answer in time",
        "NewConnectionError": "the connection is refused",
        "SSLError": "its certificate is not to be trusted",
    }.get(name, name)
