"""One small HTTP server in a thread of its own: /metrics, /healthz, /readyz, and nothing that changes anything."""

import asyncio
import errno
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from controller.errors import AccessError, PlatformError, SpecError

# The body of a scrape and its headers, from the request's Accept and Accept-Encoding.
Scrape: TypeAlias = Callable[[str, str], tuple[bytes, Mapping[str, str]]]
Probe: TypeAlias = Callable[[], tuple[bool, tuple[str, ...]]]

CONNECTIONS: Final = 128
HEADERS: Final = 16 * 1024
KEEP_ALIVE: Final = 5
# From when a connection is made, or answered, until the next answer has left: who is slower than this is let go.
EXCHANGE: Final = 30.0
_BACKLOG: Final = 128
_SAFE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_INDEX: Final = """trueup {version}: a release controller for Amazon ECS

/metrics   what Prometheus scrapes (text or OpenMetrics)
/healthz   200 while turns go on
/readyz    200 while specs and memory are there, and a lease is held here
"""


def application(*, scrape: Scrape, alive: Probe, ready: Probe, version: str) -> Starlette:
    """Make the application; every route answers GET and HEAD only."""

    def metrics(request: Request) -> Response:
        accept = ",".join(request.headers.getlist("accept"))
        encoding = ",".join(request.headers.getlist("accept-encoding"))
        body, headers = scrape(accept, encoding)
        return Response(body, headers={**headers, **_SAFE})

    def probe(name: str, ask: Probe) -> Callable[[Request], Response]:
        def answer(_: Request) -> Response:
            well, reasons = ask()
            return JSONResponse({name: well, "reasons": list(reasons)}, 200 if well else 503, headers=_SAFE)

        return answer

    def index(_: Request) -> Response:
        return PlainTextResponse(_INDEX.format(version=version), headers=_SAFE)

    routes = {"/": index, "/metrics": metrics, "/healthz": probe("alive", alive), "/readyz": probe("ready", ready)}
    app = Starlette(routes=[Route(path, endpoint, methods=["GET"]) for path, endpoint in routes.items()])
    app.router.redirect_slashes = False  # it would send people to whatever Host says
    return app


class Server:
    """The application on one port, reached at `url`. `start` and `stop` may be called once each."""

    def __init__(self, app: Starlette, *, host: str, port: int, exchange: float = EXCHANGE) -> None:
        """Bind at once, so that a port that cannot be had is known before anything begins.

        Port 0 takes any that is free. Raises SpecError or AccessError, saying which port and why not.
        """
        self._socket: Final = _bind(host, port)
        bound, taken = self._socket.getsockname()[:2]
        self.url: Final = f"http://{_where(bound, taken)}"
        config = uvicorn.Config(
            app,
            http=_protocol(exchange),
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=_BACKLOG,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=2,
            h11_max_incomplete_event_size=HEADERS,
        )
        self._server: Final = _Uvicorn(config)
        self._thread: Final = threading.Thread(target=self._run, name="web", daemon=True)

    def start(self) -> None:
        """Begin to answer; gives back control when it does. Raises PlatformError if it cannot."""
        self._thread.start()
        self._server.settled.wait()
        if not self._server.started:
            raise PlatformError(f"{self.url} could not be served")

    def stop(self, seconds: float = 5.0) -> None:
        """Finish the answers under way, at most so long, and let go of the port."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(seconds)
        self._server.force_exit = True
        self._socket.close()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._server.settled.set()


class _Uvicorn(uvicorn.Server):
    """Tells when it began to answer."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()


def _protocol(exchange: float) -> type[H11Protocol]:
    """Make uvicorn's HTTP/1.1 with a limit to one exchange: its own clock stops at the first byte of a request."""

    class Bounded(H11Protocol):
        _limit: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
            super().connection_made(transport)
            self._restart()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._restart()

        def connection_lost(self, exc: Exception | None) -> None:
            if self._limit:
                self._limit.cancel()
            super().connection_lost(exc)

        def _restart(self) -> None:
            if self._limit:
                self._limit.cancel()
            self._limit = self.loop.call_later(exchange, self.transport.abort)

    return Bounded


def _bind(host: str, port: int) -> socket.socket:
    where = _where(host, port)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise SpecError(f"cannot listen on {where}: {host} is no address of this machine, nor its name") from error
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise _refused(where, host, port, error) from error
    return bound


def _where(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _refused(where: str, host: str, port: int, error: OSError) -> SpecError | AccessError:
    if error.errno == errno.EADDRINUSE:
        return SpecError(f"cannot listen on {where}: port {port} is in use; stop what uses it, or choose another")
    if error.errno == errno.EADDRNOTAVAIL:
        return SpecError(f"cannot listen on {where}: {host} is no address of this machine")
    if error.errno == errno.EACCES:
        return AccessError(f"cannot listen on {where}: this user may not open port {port}; choose one above 1023")
    return SpecError(f"cannot listen on {where}: {error.strerror or error}")
