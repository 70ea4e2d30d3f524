"""The http guard says no when a URL answers otherwise than it should, and does not know when it was not reached."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import SpecError
from controller.gates.http import Http
from controller.model.gate import Gate, Guard, OnShut, Open, Remembers, Shut, Unsure
from controller.model.names import Digest, EnvName, TargetName
from controller.model.place import Place
from controller.model.questions import Candidate, Fetched, HttpAnswer, HttpSilence, Unanswered

NOW = datetime(2030, 1, 1, tzinfo=UTC)
CANDIDATE = Candidate(
    env=EnvName("prod"),
    target=TargetName("api"),
    place=Place(kind="ecs", account="111122223333", region="eu-west-1", cluster="c", service="api"),
    version="v1.2.3",
    digest=Digest("d"),
)
URL = "https://api.example.com/health"


def guard(**more):
    return Http(url=URL, **more)


def judged(of, answer):
    (question,) = of.asks(CANDIDATE)
    return of.judge(CANDIDATE, {question: answer}, NOW)


def told(status=200, text="", seconds=0.1, *, is_cut=False):
    return HttpAnswer(status=status, seconds=seconds, text=text, is_cut=is_cut)


def test_it_asks_for_the_url_and_for_the_body_only_if_that_is_judged():
    of: Gate = guard()
    assert of.kind == "http"
    five = timedelta(seconds=5)
    assert list(of.asks(CANDIDATE)) == [Fetched(url=URL, method="GET", timeout=five)]
    asked = Fetched(url=URL, method="GET", timeout=five, content=True, follow=True)
    assert list(guard(contains="ok", follow_redirects=True).asks(CANDIDATE)) == [asked]
    assert list(guard(pointer="/a", equals="b", follow_redirects=True).asks(CANDIDATE)) == [asked]


def test_it_is_a_guard_that_takes_a_release_back_at_the_first_bad_answer_unless_told_otherwise():
    of = guard()
    assert isinstance(of, Guard)
    assert (of.action, of.shadow, of.passes, of.failures, of.lasting) == (OnShut.ROLLBACK, False, 1, 1, timedelta())


@pytest.mark.parametrize(
    ("status", "good", "bad"),
    [
        (("200-299",), (200, 204, 299), (199, 300, 404, 503)),
        (("200",), (200,), (201, 500)),
        (("200", "301-302", "418"), (200, 301, 302, 418), (204, 300, 303, 417)),
    ],
)
def test_the_status_has_to_be_one_that_is_good(status, good, bad):
    of = guard(status=status)
    assert [judged(of, told(one)) for one in good] == [Open()] * len(good)
    assert all(isinstance(judged(of, told(one)), Shut) for one in bad)


def test_what_is_wrong_is_said_with_the_url_but_not_with_its_query():
    of = Http(url="https://api.example.com/health?key=secret", status=("200", "204"))
    shut = judged(of, told(503))
    assert shut.why == "GET https://api.example.com/health answers 503, not 200 or 204"
    assert "secret" not in judged(of, HttpSilence(why="it broke off")).why
    assert "secret" not in judged(of, Unanswered(why="its name is not known")).why


def test_a_redirect_that_is_not_followed_says_how_it_would_be():
    assert judged(guard(), told(301)).why.endswith("; redirects are not followed without followRedirects")
    assert judged(guard(follow_redirects=True), told(304)).why.endswith("answers 304, not 200-299")


def test_what_rings_is_the_url_so_that_an_old_ring_is_told_from_a_new_one():
    one, other = judged(guard(), told(500)), judged(Http(url=f"{URL}/db"), told(500))
    assert one.rings and one.rings.isdisjoint(other.rings)
    assert judged(guard(), HttpSilence(why="no answer in 5s")).rings == one.rings


def test_a_host_that_is_there_and_silent_is_bad_and_one_that_is_not_reached_is_not_known():
    assert judged(guard(), HttpSilence(why="it broke off")) == Shut(
        why=f"GET {URL}: it broke off", rings=frozenset({f"GET {URL}"})
    )
    assert judged(guard(), Unanswered(why="its name is not known")) == Unsure(
        why=f"GET {URL}: its name is not known"
    )


def test_it_is_unsure_without_an_answer_to_its_own_question():
    other = Fetched(url=f"{URL}/db", method="GET", timeout=timedelta(seconds=5))
    for answers in ({}, {other: told()}, {guard().asks(CANDIDATE)[0]: "nonsense"}):
        assert guard().judge(CANDIDATE, answers, NOW) == Unsure(why=f"GET {URL}: not asked")


def test_an_answer_may_not_take_longer_than_the_latency():
    of = guard(max_latency=timedelta(milliseconds=500))
    assert judged(of, told(seconds=0.5)) == Open()
    assert judged(of, told(seconds=0.5125)).why == f"GET {URL} takes 0.512s, longer than 0.5s"


def test_the_body_has_to_contain_the_text():
    of = guard(contains="all is well")
    assert judged(of, told(text="<p>all is well</p>")) == Open()
    assert judged(of, told(text="All is well")).why == f"GET {URL} answers without 'all is well'"


def test_of_a_body_that_is_cut_only_what_was_read_is_known():
    of = guard(contains="ok")
    assert judged(of, told(text="ok…", is_cut=True)) == Open()
    assert isinstance(judged(of, told(text="…", is_cut=True)), Unsure)
    assert isinstance(judged(guard(pointer="/a", equals="b"), told(text='{"a": "b"', is_cut=True)), Unsure)
    assert isinstance(judged(of, told(500, text="…", is_cut=True)), Shut)


BODY = json.dumps(
    {
        "status": "up",
        "ready": True,
        "none": None,
        "load": 0.25,
        "big": 10**30,
        "parts": [{"name": "db"}, {"name": "cache"}],
        "a/b": {"~": "odd"},
        "": "empty",
        "0": "a key",
    }
)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/status", "up"),
        ("/ready", "true"),
        ("/none", "null"),
        ("/load", "0.25"),
        ("/big", "1" + "0" * 30),
        ("/parts/1/name", "cache"),
        ("/a~1b/~0", "odd"),
        ("/", "empty"),
        ("/0", "a key"),
    ],
)
def test_a_pointer_finds_a_value_as_rfc_6901_says(pointer, value):
    assert judged(guard(pointer=pointer, equals=value), told(text=BODY)) == Open()
    assert isinstance(judged(guard(pointer=pointer, equals=f"{value}x"), told(text=BODY)), Shut)


@pytest.mark.parametrize(
    ("pointer", "text", "said"),
    [
        ("/status", BODY, "'up'"),
        ("/parts", BODY, "a list there"),
        ("/a~1b", BODY, "a mapping there"),
        ("/parts/2", BODY, "nothing there"),
        ("/parts/01", BODY, "nothing there"),
        ("/parts/-", BODY, "nothing there"),
        ("/status/x", BODY, "nothing there"),
        ("/nothing", BODY, "nothing there"),
        ("/status", "<html>", "no JSON"),
        ("/status", "", "no JSON"),
        ("/0" * 200, "[" * 60_000, "no JSON"),
        ("/a", '{"a": "' + "x" * 500 + '"}', "'" + "x" * 80 + "…'"),
    ],
)
def test_what_stands_there_instead_is_said_in_short(pointer, text, said):
    why = judged(guard(pointer=pointer, equals="down"), told(text=text)).why
    assert why == f"GET {URL} should answer 'down' at {pointer}, and answers {said}"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"pointer": "/a"}, "pointer and equals go together"),
        ({"equals": "a"}, "pointer and equals go together"),
        ({"method": "HEAD", "contains": "a"}, "an answer to HEAD has no body"),
        ({"method": "HEAD", "pointer": "/a", "equals": "b"}, "an answer to HEAD has no body"),
        ({"max_latency": timedelta(seconds=6)}, "maxLatency is longer than timeout"),
        ({"status": ()}, "no status is good"),
        ({"status": ("200", "299-200")}, "status 299-200 ends before it begins"),
    ],
)
def test_a_condition_that_no_answer_could_meet_cannot_be_made(more, why):
    with pytest.raises(SpecError, match=f"^{re.escape(why)}"):
        guard(**more)


def test_it_cannot_look_back():
    of = guard()
    assert isinstance(of, Remembers)
    assert (list(of.asks_gap(CANDIDATE, NOW)), of.judge_gap(CANDIDATE, {}, NOW)) == ([], False)


ANSWERS = st.builds(
    HttpAnswer,
    status=st.integers(100, 599),
    seconds=st.floats(0, 10),
    text=st.text(max_size=20) | st.just(BODY),
    is_cut=st.booleans(),
) | st.sampled_from([HttpSilence(why="x"), Unanswered(why="x"), None])


@given(ANSWERS)
def test_it_opens_only_to_an_answer_that_meets_every_condition(answer):
    of = guard(contains="up", pointer="/status", equals="up", max_latency=timedelta(seconds=1))
    verdict = judged(of, answer)
    met = (
        isinstance(answer, HttpAnswer)
        and 200 <= answer.status < 300
        and answer.seconds <= 1
        and answer.text == BODY
        and not answer.is_cut
    )
    assert (verdict == Open()) == met
    if isinstance(answer, Unanswered):
        assert isinstance(verdict, Unsure)
