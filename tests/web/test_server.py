"""A real server on a real port: what it answers, what it refuses, and how it ends."""

import errno
import gzip
import http.client
import json
import os
import socket
import threading
import time

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from controller.errors import AccessError, SpecError
from controller.telemetry.metrics import Metrics
from controller.web.health import Limits, Pulse
from controller.web.server import Server, application
from tests.telemetry.cycles import cycle, decision


class Front:
    """A server and the levers behind it."""

    def __init__(self, *, scrape=None, exchange=30.0):
        self.begin()
        app = application(
            scrape=scrape or self.scrape,
            alive=self.alive,
            ready=self.ready,
            version="0.1.0",
        )
        self.server = Server(app, host="127.0.0.1", port=0, exchange=exchange)
        self.port = int(self.server.url.rpartition(":")[2])
        self.server.start()

    def begin(self):
        self.seconds = 0.0
        self.asked = []
        self.pulse = Pulse(lambda: self.seconds, Limits(beat=10, turn=60))

    def alive(self):
        return self.pulse.alive()

    def ready(self):
        return self.pulse.ready()

    def scrape(self, accept, accept_encoding):
        self.asked.append((accept, accept_encoding))
        if "gzip" in accept_encoding:
            return gzip.compress(b"up 1\n"), {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
        return b"up 1\n", {"Content-Type": "text/plain"}

    def get(self, path, method="GET", **headers):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            client.request(method, path, headers=headers)
            answer = client.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            client.close()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)


@pytest.fixture(scope="module")
def only_front():
    front = Front()
    yield front
    front.server.stop()


@pytest.fixture
def front(only_front):
    only_front.begin()
    return only_front


def test_port_0_takes_a_free_port_and_says_which(front):
    assert front.server.url == f"http://127.0.0.1:{front.port}"
    assert front.port > 0


def test_metrics_are_served_as_the_scraper_asks(front):
    status, body, headers = front.get("/metrics", Accept="application/openmetrics-text")

    assert (status, body, headers["Content-Type"]) == (200, b"up 1\n", "text/plain")
    assert headers["Cache-Control"] == "no-store"
    status, body, headers = front.get("/metrics", **{"Accept-Encoding": "gzip"})
    assert (gzip.decompress(body), headers["Content-Encoding"]) == (b"up 1\n", "gzip")
    assert front.asked == [("application/openmetrics-text", "identity"), ("", "gzip")]


def test_the_real_metrics_can_be_scraped_over_http():
    metrics = Metrics(version="0.1.0")
    metrics.watch(cycle({"api": decision()}))
    front = Front(scrape=metrics.scrape)
    try:
        _, packed, headers = front.get(
            "/metrics", Accept="application/openmetrics-text", **{"Accept-Encoding": "gzip"}
        )
    finally:
        front.server.stop()

    assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    names = {family.name for family in text_string_to_metric_families(gzip.decompress(packed).decode())}
    assert {"trueup_target_phase", "trueup_turns", "trueup_build"} <= names


def test_health_follows_the_pulse(front):
    status, body, headers = front.get("/healthz")
    assert (status, json.loads(body)) == (200, {"alive": True, "reasons": []})
    assert headers["Content-Type"] == "application/json"

    front.seconds = 11.0
    status, body, _ = front.get("/healthz")
    assert (status, json.loads(body)["reasons"]) == (503, ["the loop has been silent for 11s, and may be for 10s"])


def test_readiness_follows_the_pulse_and_a_store_that_is_away_leaves_it_alive(front):
    assert front.get("/readyz")[0] == 503

    front.pulse.source_ok(True)
    front.pulse.store_ok(True)
    assert front.get("/readyz")[:2] == (200, b'{"ready":true,"reasons":[]}')

    front.pulse.store_ok(False)
    status, body, _ = front.get("/readyz")
    assert (status, json.loads(body)["ready"]) == (503, False)
    assert front.get("/healthz")[0] == 200


def test_the_index_names_the_version_and_the_routes(front):
    status, body, _ = front.get("/")

    assert status == 200
    assert body.startswith(b"trueup 0.1.0")
    assert all(path in body for path in (b"/metrics", b"/healthz", b"/readyz"))


@pytest.mark.parametrize(
    "path", ["/metric", "/metrics/", "/healthz/..%2fmetrics", "/..%2f..%2fetc/passwd", "//metrics", "/docs"]
)
def test_any_other_path_is_not_found(front, path):
    assert front.get(path)[:2] == (404, b"Not Found")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/metrics", "/healthz", "/readyz"])
def test_nothing_can_be_changed_here(front, method, path):
    status, _, headers = front.get(path, method=method)

    assert status == 405
    assert sorted(headers["Allow"].split(", ")) == ["GET", "HEAD"]


def test_head_gives_the_headers_and_no_body(front):
    status, body, headers = front.get("/metrics", method="HEAD")

    assert (status, body, headers["Content-Length"]) == (200, b"", "5")


def test_an_error_of_ours_is_told_without_its_trace():
    def scrape(_accept, _encoding):
        raise RuntimeError("canary")

    front = Front(scrape=scrape)
    try:
        status, body, headers = front.get("/metrics")
    finally:
        front.server.stop()

    assert (status, body) == (500, b"Internal Server Error")
    assert "Server" not in headers


def test_headers_without_end_are_refused(front):
    with front.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 20_000)
        assert client.recv(64).startswith(b"HTTP/1.1 400")


def test_a_request_that_says_its_length_twice_is_refused(front):
    with front.connect() as client:
        client.sendall(
            b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Length: 6\r\n\r\n0\r\n\r\n"
        )
        assert client.recv(64).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET /metrics HT", b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"],
    ids=["says nothing", "never ends its request", "sends a body without end"],
)
def test_who_holds_a_connection_and_does_not_come_to_an_end_is_let_go(begun):
    front = Front(exchange=0.3)
    try:
        with front.connect() as client:
            client.sendall(begun)
            began = time.monotonic()
            while read(client):
                pass
            assert time.monotonic() - began < 4
        assert front.get("/healthz")[0] == 200
    finally:
        front.server.stop()


def read(client):
    try:
        return client.recv(4096)
    except ConnectionResetError:
        return b""


def test_a_connection_may_be_used_again_and_again(front):
    client = http.client.HTTPConnection("127.0.0.1", front.port, timeout=5)
    client.connect()
    first = client.sock
    for _ in range(3):
        client.request("GET", "/healthz")
        assert client.getresponse().read() == b'{"alive":true,"reasons":[]}'
        assert client.sock is first
    client.close()


def test_a_connection_that_is_used_outlives_the_limit_of_one_exchange():
    front = Front(exchange=1.0)
    client = http.client.HTTPConnection("127.0.0.1", front.port, timeout=5)
    try:
        client.connect()
        first = client.sock
        for _ in range(4):
            client.request("GET", "/healthz")
            client.getresponse().read()
            time.sleep(0.4)
        assert client.sock is first
    finally:
        client.close()
        front.server.stop()


def test_a_port_that_is_in_use_is_one_clear_error(front):
    with pytest.raises(SpecError) as refused:
        Server(application_of_nothing(), host="127.0.0.1", port=front.port)

    where, why = f"127.0.0.1:{front.port}", f"port {front.port} is in use; stop what uses it, or choose another"
    assert str(refused.value) == f"cannot listen on {where}: {why}"


def test_a_port_is_taken_when_the_server_is_made_not_when_it_starts():
    first = Server(application_of_nothing(), host="127.0.0.1", port=0)
    try:
        with pytest.raises(SpecError, match="is in use"):
            Server(application_of_nothing(), host="127.0.0.1", port=int(first.url.rpartition(":")[2]))
    finally:
        first.stop()


@pytest.mark.parametrize(
    ("host", "number", "kind", "said"),
    [
        ("127.0.0.9", errno.EADDRNOTAVAIL, SpecError, "127.0.0.9 is no address of this machine"),
        ("127.0.0.1", errno.EACCES, AccessError, "this user may not open port 80; choose one above 1023"),
        ("127.0.0.1", errno.ENOBUFS, SpecError, "No buffer space available"),
    ],
)
def test_whatever_else_the_system_says_is_one_clear_error(monkeypatch, host, number, kind, said):
    def refuse(_self, _address):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket.socket, "bind", refuse)

    with pytest.raises(kind) as refused:
        Server(application_of_nothing(), host=host, port=80)

    assert str(refused.value) == f"cannot listen on {host}:80: {said}"


def test_a_name_that_nobody_knows_is_one_clear_error(monkeypatch):
    def unknown(*_args, **_more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(SpecError, match="nowhere is no address of this machine, nor its name"):
        Server(application_of_nothing(), host="nowhere", port=0)


def test_stopping_lets_go_of_the_port_and_of_the_thread():
    before = set(threading.enumerate())
    front = Front()
    with front.connect():
        began = time.monotonic()
        front.server.stop()

    assert time.monotonic() - began < 3
    assert set(threading.enumerate()) <= before
    Server(application_of_nothing(), host="127.0.0.1", port=front.port).stop()


def test_an_answer_under_way_is_finished_before_it_stops():
    asked = threading.Event()

    def scrape(_accept, _encoding):
        asked.set()
        time.sleep(0.3)
        return b"late 1\n", {"Content-Type": "text/plain"}

    front = Front(scrape=scrape)
    answers = []
    client = threading.Thread(target=lambda: answers.append(front.get("/metrics")[:2]))
    client.start()
    asked.wait(5)
    front.server.stop()
    client.join()

    assert answers == [(200, b"late 1\n")]


def test_a_server_that_was_never_started_may_be_stopped():
    Server(application_of_nothing(), host="127.0.0.1", port=0).stop()


def test_it_listens_on_ipv6_too():
    if not socket.has_ipv6:
        pytest.skip("this Python has no IPv6")
    try:
        server = Server(application_of_nothing(), host="::1", port=0)
    except SpecError:
        pytest.skip("this machine has no IPv6 loopback")
    server.start()
    client = http.client.HTTPConnection("::1", int(server.url.rpartition(":")[2]), timeout=5)
    try:
        assert server.url.startswith("http://[::1]:")
        client.request("GET", "/healthz")
        assert client.getresponse().status == 200
    finally:
        client.close()
        server.stop()


def application_of_nothing():
    return application(
        scrape=lambda _accept, _encoding: (b"", {}),
        alive=lambda: (True, ()),
        ready=lambda: (True, ()),
        version="0.1.0",
    )
