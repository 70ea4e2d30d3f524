"""A git server over HTTP on loopback, which can also be locked, silent, elsewhere or hostile."""

import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.sources.repository import ENVIRONMENT

BACKEND = Path("/usr/lib/git-core/git-http-backend")


@dataclass
class Asked:
    """One request: what it asked for, with what, and what every process on the machine had on its command line."""

    path: str
    headers: dict[str, str]
    command_lines: str


@dataclass
class GitServer:
    root: Path
    port: int = 0
    scheme: str = "http"
    lock: str | None = None
    status: int | None = None
    redirect: str | None = None
    silent: bool = False
    old_protocol: bool = False
    asked: list[Asked] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def url(self, name: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/{name}"


def command_lines() -> str:
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(process.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue  # it ended meanwhile
    return "\n".join(found)


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    git: GitServer

    def log_message(self, format, *args):  # noqa: A002 - the name is the library's
        pass

    def do_GET(self):
        self._serve()

    def do_POST(self):
        self._serve()

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.git.asked.append(Asked(self.path, headers, command_lines()))
        if self.git.silent:
            self.git.released.wait(30)
            self.close_connection = True
        elif self.git.redirect is not None:
            self._answer(302, [("Location", self.git.redirect + self.path)], b"")
        elif self.git.status is not None:
            self._answer(self.git.status, [], b"no")
        elif self.git.lock is not None and headers.get("authorization") != self.git.lock:
            self._answer(401, [("WWW-Authenticate", 'Basic realm="git"')], b"who are you")
        else:
            self._run(body, headers)

    def _run(self, body, headers):
        path, _, query = self.path.partition("?")
        environment = {
            **ENVIRONMENT,
            "GIT_PROJECT_ROOT": str(self.git.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": "" if self.git.old_protocol else headers.get("git-protocol", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
        }
        answer = subprocess.run([BACKEND], env=environment, input=body, capture_output=True, check=True).stdout
        head, _, content = answer.partition(b"\r\n\r\n")
        fields = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n")]
        status = next((int(value[:3]) for name, value in fields if name == "Status"), 200)
        self._answer(status, [one for one in fields if one[0] != "Status"], content)

    def _answer(self, status, fields, content):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(root: Path, *, certificate: Path | None = None) -> Iterator[GitServer]:
    git = GitServer(root)
    door = type("Door", (_Door,), {"git": git})
    server = ThreadingHTTPServer(("127.0.0.1", 0), door, bind_and_activate=True)
    server.handle_error = lambda *_: None  # a client that was killed in the middle is what some tests are about
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        git.scheme = "https"
    git.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield git
    finally:
        git.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
