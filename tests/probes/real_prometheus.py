"""A real Prometheus, and a small exporter that it scrapes, for one test or many."""

import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")
PROGRAM = shutil.which("prometheus")
_WITHOUT = pytest.mark.skipif(not PROGRAM and os.environ.get("CI") != "true", reason="prometheus is not installed")
_PATIENCE = 30.0
_PREFIX = "/of/prod"
_EVERY = 0.2


def needs_prometheus(test: T) -> T:
    """Mark a test that is skipped where Prometheus is not installed, except in CI."""
    return pytest.mark.prometheus(_WITHOUT(test))


@dataclass
class Exporter:
    """What an application would expose: counters that grow by so much at each scrape, and gauges."""

    host: str = ""
    growth: dict[str, float] = field(default_factory=dict)
    gauges: dict[str, float] = field(default_factory=dict)
    totals: dict[str, float] = field(default_factory=dict)

    def scraped(self) -> str:
        for name, growth in dict(self.growth).items():
            self.totals[name] = self.totals.get(name, 0.0) + growth
        return "".join(f"{name} {value}\n" for name, value in {**self.totals, **self.gauges}.items())


@dataclass
class Server:
    """Where Prometheus listens, below a path, and what it scrapes."""

    url: str
    exporter: Exporter
    process: subprocess.Popen[bytes]


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A Prometheus that scrapes the exporter five times a second."""
    assert PROGRAM, "CI needs prometheus (Debian's package is prometheus)"
    with _exporting() as exporter, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        config = folder / "prometheus.yml"
        config.write_text(
            f"global: {{scrape_interval: {int(_EVERY * 1000)}ms, scrape_timeout: {int(_EVERY * 1000)}ms}}\n"
            f"scrape_configs: [{{job_name: api, static_configs: [{{targets: ['{exporter.host}']}}]}}]\n"
        )
        words = [
            *(PROGRAM, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"),
            *(f"--web.listen-address=127.0.0.1:{port}", f"--web.route-prefix={_PREFIX}"),
        ]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(words, env={"PATH": os.environ["PATH"]}, stdout=log, stderr=log)
            try:
                server = Server(f"http://127.0.0.1:{port}{_PREFIX}", exporter, process)
                until(lambda: _is_ready(server, folder / "log"))
                yield server
            finally:
                process.terminate()
                process.wait(_PATIENCE)


def until(is_so: Callable[[], object]) -> None:
    """Wait for something that takes a few scrapes."""
    ends = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < ends, "it never was so"
        threading.Event().wait(0.1)


def _is_ready(server: Server, log: Path) -> bool:
    assert server.process.poll() is None, log.read_text()
    try:
        with urllib.request.urlopen(f"{server.url}/-/ready", timeout=_PATIENCE) as answer:  # noqa: S310 - our own
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError):
        return False


@contextmanager
def _exporting() -> Iterator[Exporter]:
    exporter = Exporter()

    class Scrape(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exporter.scraped().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Scrape) as server:
        exporter.host = f"127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield exporter
        finally:
            server.shutdown()
            thread.join()
