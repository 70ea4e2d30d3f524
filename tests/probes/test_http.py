"""A URL is named by a spec, so what answers there is not trusted: not its time, its size, nor where it sends us."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest

from controller.model.questions import Fetched, HttpAnswer, HttpSilence, Unanswered
from controller.probes import guarded
from controller.probes.http import HttpProbe
from controller.probes.together import Patience, ask_together
from tests.probes.odd_server import Odd, answer, certified, serving

PATIENCE = Patience(elapsed=time.monotonic)


@pytest.fixture
def odd() -> Iterator[Odd]:
    with serving() as odd:
        yield odd


def fetched(url, *, seconds=5.0, **more):
    return Fetched(url=url, method=more.pop("method", "GET"), timeout=timedelta(seconds=seconds), **more)


def ask(question, patience=PATIENCE):
    return HttpProbe(patience).answer([question])[question]


def test_an_answer_is_read_with_its_status_text_and_time(odd):
    odd.answers["/health"] = answer("gr\xfcn", "418 I'm a teapot")
    told = ask(fetched(odd.url("/health?full=1"), content=True))
    assert (told.status, told.text, told.is_cut) == (418, "gr\xfcn", False)
    assert 0 < told.seconds < 5
    ((method, path, headers),) = odd.seen
    assert (method, path) == ("GET", "/health?full=1")
    assert headers["host"] == odd.host
    assert (headers["user-agent"], headers["accept-encoding"]) == ("trueup", "identity")
    assert "authorization" not in headers


def test_a_body_that_nobody_asked_for_is_not_read(odd):
    odd.answers["/endless"] = lambda connection, wait: (
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc"),
        wait(30),
    )
    assert ask(fetched(odd.url("/endless"))).status == 200


def test_head_has_no_body(odd):
    odd.answers["/"] = answer("x" * 100)
    told = ask(fetched(odd.url("/"), method="HEAD", content=True))
    assert (told.status, told.text, odd.seen[0][0]) == (200, "", "HEAD")


def test_bytes_that_are_no_text_are_no_trouble(odd):
    odd.answers["/"] = answer(b"\xff\xfeok")
    assert ask(fetched(odd.url("/"), content=True)).text == "\ufffd\ufffdok"


def test_a_huge_body_is_cut(odd):
    def send(connection, wait):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        for _ in range(100_000):
            connection.sendall(b"x" * 10_000)

    odd.answers["/"] = send
    told = ask(fetched(odd.url("/"), content=True))
    assert (told.status, len(told.text), told.is_cut) == (200, 65536, True)
    odd.answers["/"] = answer("x" * 65536)
    told = ask(fetched(odd.url("/"), content=True))
    assert (len(told.text), told.is_cut) == (65536, False)


def test_a_chunked_body_is_put_together(odd):
    odd.answers["/"] = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nal\r\n3\r\nl o\r\n1\r\nk\r\n0\r\n\r\n"
    )
    assert ask(fetched(odd.url("/"), content=True)).text == "all ok"


def dripping(connection, wait):
    """A byte now and then: never late for the socket, never done."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not wait(0.05):
        connection.sendall(b"x")


def dripping_head(connection, wait):
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
    while not wait(0.05):
        connection.sendall(b"x")


@pytest.mark.parametrize("slow", [lambda connection, wait: wait(30), dripping, dripping_head])
def test_a_slow_answer_is_not_waited_for(odd, slow):
    odd.answers["/"] = slow
    begun = time.monotonic()
    assert ask(fetched(odd.url("/"), seconds=0.5, content=True)) == HttpSilence(why="no answer in 0.5s")
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "early", "early-chunk", "ssh", "no-status", "headers", "long-header"],
)
def test_an_answer_that_breaks_off_or_is_none_is_silence(odd, bad):
    odd.answers["/"] = bad
    assert ask(fetched(odd.url("/"), content=True)) == HttpSilence(why="it broke off")
    assert odd.asked("/") == 1


def test_nobody_who_listens_is_silence_and_no_such_host_is_not_known(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert ask(fetched(f"http://127.0.0.1:{port}/")) == HttpSilence(why="the connection is refused")

    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert ask(fetched("http://nowhere.example.com/")) == Unanswered(why="its name is not known")


def test_a_host_that_does_not_take_the_connection_is_not_known():
    # A queue that is full lets nobody in, as a host behind a firewall.
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        with socket.socket() as one, socket.socket() as two:
            for waiting in (one, two):
                waiting.setblocking(False)
                waiting.connect_ex(("127.0.0.1", port))
            told = ask(fetched(f"http://127.0.0.1:{port}/", seconds=0.5))
    assert told == Unanswered(why="it can not be reached in time")


def test_redirects_are_followed_only_if_that_is_asked_for(odd):
    odd.answers["/"] = answer("moved", "302 Found", Location="/further")
    odd.answers["/further"] = answer("there")
    told = ask(fetched(odd.url("/"), content=True))
    assert (told.status, told.text) == (302, "moved")
    assert odd.asked("/further") == 0
    told = ask(fetched(odd.url("/"), content=True, follow=True))
    assert (told.status, told.text) == (200, "there")


def test_redirects_end(odd):
    odd.answers["/"] = answer(status="301 Moved Permanently", Location="/")
    assert ask(fetched(odd.url("/"), follow=True)) == HttpSilence(why="it sends us on and on")
    assert odd.asked("/") == 4


def test_time_is_counted_over_all_redirects(odd):
    def slowly(connection, wait):
        wait(0.4)
        connection.sendall(answer(status="302 Found", Location="/"))

    odd.answers["/"] = slowly
    begun = time.monotonic()
    assert ask(fetched(odd.url("/"), seconds=0.6, follow=True)) == HttpSilence(why="no answer in 0.6s")
    assert time.monotonic() - begun < 1.5


@pytest.mark.parametrize(
    "location", ["ftp://127.0.0.1/", "http://[", "http://127.0.0.1:99999/", "file:///etc/passwd"]
)
def test_a_redirect_to_what_is_no_web_address_is_not_followed(odd, location):
    odd.answers["/"] = answer(status="302 Found", Location=location)
    assert isinstance(ask(fetched(odd.url("/"), follow=True)), Unanswered | HttpSilence)
    assert len(odd.seen) == 1


def test_a_redirect_does_not_lead_out_of_tls(tmp_path, monkeypatch, odd):
    context, file = certified(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with serving(context) as safe:
        safe.answers["/"] = answer(status="302 Found", Location=odd.url("/"))
        url = safe.url("/").replace("127.0.0.1", "localhost")
        told = ask(fetched(url, follow=True))
    assert told.why == f"it sends us on to {odd.host} without TLS; that is not followed"
    assert odd.seen == []


@pytest.mark.parametrize("follow", [False, True])
def test_an_address_that_hands_out_credentials_is_never_asked_not_even_by_redirect(odd, monkeypatch, follow):
    odd.answers["/"] = answer(
        status="302 Found", Location=odd.url("/credentials").replace("127.0.0.1", "localhost")
    )
    calls = count()

    def check(connection):
        is_asked = not next(calls) if follow else False
        return connection if is_asked else guarded_check(Renamed(connection))

    guarded_check = guarded.check_peer
    monkeypatch.setattr(guarded, "check_peer", check)
    told = ask(fetched(odd.url("/"), follow=follow))
    assert isinstance(told, Unanswered) and told.why.startswith("it is not asked: it is at 169.254.169.254")
    assert odd.asked("/credentials") == 0 and len(odd.seen) == follow


class Renamed:
    """A connection of which we say that it leads to where machines are given credentials."""

    def __init__(self, connection):
        self.connection = connection

    def getpeername(self):
        return ("169.254.169.254", 80)

    def close(self):
        self.connection.close()


def test_loopback_of_both_families_may_be_asked():
    with serving(address="::1") as odd:
        odd.answers["/"] = answer()
        assert ask(fetched(odd.url("/"))).status == 200
        assert odd.seen[0][2]["host"] == odd.host


def test_a_certificate_that_is_trusted_is_what_tls_takes(tmp_path, monkeypatch):
    context, file = certified(tmp_path)
    with serving(context) as safe:
        safe.answers["/"] = answer("safe")
        named, by_address = safe.url("/").replace("127.0.0.1", "localhost"), safe.url("/")
        untrusted = Unanswered(why="its certificate is not to be trusted")
        assert ask(fetched(named)) == untrusted
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert ask(fetched(named, content=True)).text == "safe"
        assert ask(fetched(by_address)) == untrusted
        assert safe.asked("/") == 1


def test_a_certificate_that_is_over_is_not_trusted(tmp_path, monkeypatch):
    context, file = certified(tmp_path, days=-2)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with serving(context) as safe:
        told = ask(fetched(safe.url("/").replace("127.0.0.1", "localhost")))
        assert told == Unanswered(why="its certificate is not to be trusted")
        assert safe.seen == []


def test_a_host_without_tls_is_not_believed(odd):
    told = ask(fetched(odd.url("/").replace("http:", "https:"), seconds=1))
    assert isinstance(told, Unanswered)


def test_nothing_of_a_url_but_its_host_is_in_what_is_said(odd):
    odd.answers["/"] = b"nonsense"
    for url in (
        odd.url("/?key=hush"),
        odd.url("/?key=hush").replace("http:", "https:"),
        "http://127.0.0.1:1/?key=hush",
    ):
        assert "hush" not in ask(fetched(url, seconds=0.5)).why


def test_each_distinct_question_is_asked_once_and_eight_at_a_time(odd):
    asked, most, lock = [0], [0], threading.Lock()

    def slowly(connection, wait):
        with lock:
            asked[0] += 1
            most[0] = max(most[0], asked[0])
        wait(0.2)
        with lock:
            asked[0] -= 1  # before the answer: whoever has it may ask the next at once
        connection.sendall(answer())

    questions = [fetched(odd.url(f"/{index}")) for index in range(24)]
    odd.answers |= {f"/{index}": slowly for index in range(24)}
    begun = time.monotonic()
    answers = HttpProbe(PATIENCE).answer([*questions, *questions])
    seconds = time.monotonic() - begun
    assert [answers[question].status for question in questions] == [200] * 24
    assert len(odd.seen) == 24
    assert 2 <= most[0] <= 8
    assert seconds < 24 * 0.2


def test_a_slow_host_keeps_no_other_from_being_asked(odd):
    odd.answers |= {"/slow": lambda connection, wait: wait(30), "/quick": answer()}
    slow, quick = fetched(odd.url("/slow"), seconds=1), fetched(odd.url("/quick"))
    answers = HttpProbe(PATIENCE).answer([slow, quick])
    assert isinstance(answers[slow], HttpSilence)
    assert isinstance(answers[quick], HttpAnswer) and answers[quick].seconds < 1


def test_all_answers_together_are_waited_for_no_longer_than_a_turn_can():
    free = threading.Event()
    begun = time.monotonic()
    answers = ask_together(
        [1, 2], lambda one: free.wait(30) if one == 1 else one, Patience(elapsed=time.monotonic, seconds=0.5)
    )
    free.set()
    assert answers == {1: Unanswered(why="not answered in 0.5s"), 2: 2}
    assert time.monotonic() - begun < 3


def test_a_stop_ends_the_waiting_at_once():
    free, stop = threading.Event(), threading.Event()
    stop.set()
    answers = ask_together([1], lambda _: free.wait(30), Patience(elapsed=time.monotonic, stop=stop))
    free.set()
    assert answers == {1: Unanswered(why="trueup is stopping")}


def test_what_raises_is_unanswered_without_its_words():
    def fail(_):
        raise RuntimeError("http://host/?key=hush")

    assert ask_together([1], fail, PATIENCE) == {1: Unanswered(why="it could not be asked: RuntimeError")}
    assert ask_together([], fail, PATIENCE) == {}


def test_a_question_of_another_kind_is_not_answered():
    assert "str" in HttpProbe(PATIENCE).answer(["what?"])["what?"].why
