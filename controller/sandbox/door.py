"""The HTTP server: ECS and /sandbox/ are answered here with connections kept alive, the rest by moto."""

import io
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from typing_extensions import override
from werkzeug.serving import ThreadedWSGIServer

from controller.sandbox.border import WsgiApplication
from controller.sandbox.native import Refused
from controller.sandbox.wire import Asked, Protocol, asked, scope, written

_POLL = 0.01  # seconds until a stop is noticed
_LARGEST_FORM = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes back over the wire; `lost` cuts the connection instead. `headers` may name the content's type."""

    status: int
    body: bytes
    lost: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Who answers what.

    `ecs` and `ecr` are given operation, access key, region and body, and `ecr` may leave it to moto. `images` is
    given method, path, headers and body, `admin` method, path and body. `other` is asked before moto is, and may
    answer in its place. `heard` is told of every call of ECS and its answer, with the user agent last; `own` are
    calls of other services that are answered like ECS's.
    """

    ecs: Callable[[str, str, str, bytes], Reply]
    ecr: Callable[[str, str, str, bytes], Reply | None]
    images: Callable[[str, str, Mapping[str, str], bytes], Reply]
    admin: Callable[[str, str, bytes], Reply]
    other: Callable[[Asked], Reply | None]
    moto: WsgiApplication
    heard: Callable[[str, str, str, bytes, Reply, str], None] = lambda *_: None
    own: Mapping[str, Callable[[str, str, bytes], Reply]] = field(default_factory=dict)


class _Visit(MotoRequestHandler):  # type: ignore[misc]  # moto is untyped
    """One connection."""

    server: "Door"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    rfile: io.BufferedIOBase

    @override
    def log_request(self, *_args: object) -> None:
        """Say nothing: a sandbox at speed answers hundreds of requests a second."""

    @override
    def run_wsgi(self) -> None:
        """Answer one request."""
        routes = self.server.routes
        if self.path.startswith("/sandbox/"):
            self._send(routes.admin(self.command, self.path, self._body()), "application/json")
            return
        if self.path.startswith("/v2/"):
            self._send(routes.images(self.command, self.path, self.headers, self._body()), "application/json")
            return
        form = self._body() if self._is_form() else b""
        request = asked(self.headers, self.path, form, self.command)
        if request.ecs:
            self._send(self._ecs(request.operation), request.protocol)
            return
        reply = routes.other(request)
        if reply is None and request.ecr:
            form = self._body()
            access_key, region, _ = scope(self.headers.get("Authorization", ""))
            reply = routes.ecr(request.operation, access_key, region, form)
        if reply is not None:
            if not form:
                self._body()  # what is not read would be taken for the next request
            self._send(reply, request.protocol)
        elif request.operation in routes.own:
            access_key, region, _ = scope(self.headers.get("Authorization", ""))
            self._send(routes.own[request.operation](access_key, region, self._body()), request.protocol)
        elif form:
            self._to_moto(form)
        else:
            super().run_wsgi()

    def _ecs(self, operation: str) -> Reply:
        body = self._body()
        access_key, region, _ = scope(self.headers.get("Authorization", ""))
        if not access_key:
            refused = Refused("MissingAuthenticationTokenException", "Missing Authentication Token")
            return Reply(status=refused.status, body=written(refused, Protocol.JSON))
        reply = self.server.routes.ecs(operation, access_key, region, body)
        self.server.routes.heard(operation, access_key, region, body, reply, self.headers.get("User-Agent", ""))
        return reply

    def _to_moto(self, form: bytes) -> None:
        """Give moto a request whose body was read to learn what it asks for."""
        connection, self.rfile = self.rfile, io.BytesIO(form)
        try:
            super().run_wsgi()
        finally:
            self.rfile = connection

    def _is_form(self) -> bool:
        kind = self.headers.get("Content-Type", "")
        return kind.startswith("application/x-www-form-urlencoded") and 0 < self._length() <= _LARGEST_FORM

    def _length(self) -> int:
        written_length = self.headers.get("Content-Length") or "0"
        return int(written_length) if written_length.isdigit() else 0

    def _body(self) -> bytes:
        body: bytes = self.rfile.read(self._length())
        return body

    def _send(self, reply: Reply, kind: str) -> None:
        if reply.lost:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(reply.body)),
            "x-amzn-RequestId": secrets.token_hex(16),
            **reply.headers,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n{lines}\r\n"
        body = b"" if self.command == "HEAD" else reply.body
        self.wfile.write(head.encode() + body)  # one write, so that no answer waits for an acknowledgement


class Door(ThreadedWSGIServer):
    """A server that leaves nothing behind: closing it closes every connection and waits for every thread."""

    def __init__(self, host: str, port: int, routes: Routes) -> None:
        """Listen; port 0 chooses a free one. OSError if the address can't be had."""
        self.routes = routes
        self._visits: dict[Any, threading.Thread] = {}
        self._guard = threading.Lock()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, port), family=family, backlog=128) as listener:
            super().__init__(host, port, routes.moto, handler=_Visit, fd=listener.fileno())
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": _POLL}, name="sandbox", daemon=True
        )

    def open(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def close(self) -> None:
        """Stop serving; nothing of it is left."""
        self.shutdown()
        self._thread.join()
        with self._guard:
            visits = dict(self._visits)
        for connection in visits:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # gone already
        for thread in visits.values():
            thread.join()

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection in a thread that `close` knows of."""
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        with self._guard:
            self._visits[request] = thread
        thread.start()

    @override
    def shutdown_request(self, request: Any) -> None:
        """Close one connection."""
        with self._guard:
            self._visits.pop(request, None)
        super().shutdown_request(request)
