"""A real Prometheus answers what guards ask, and one that is not as it should be answers nothing."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from controller.model.gate import Open, Shut, Unsure
from controller.model.names import Digest, EnvName, TargetName
from controller.model.questions import Candidate, Measured, Sample, Samples, Unanswered
from controller.probes.prometheus import PrometheusProbe, Server
from controller.probes.together import Patience
from tests.probes import real_prometheus
from tests.probes.odd_server import Odd, answer, serving
from tests.probes.real_prometheus import needs_prometheus, until
from tests.spec.worlds import compiled, lines, one_file, target

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PATIENCE = Patience(elapsed=time.monotonic)
TOKEN = "canary-token"  # noqa: S105 - no secret


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Iterator[real_prometheus.Server]:
    with real_prometheus.running(tmp_path_factory.mktemp("prometheus")) as real:
        real.exporter.growth |= {f'requests_total{{app="{app}"}}': 10.0 for app in ("web", "worker")} | {
            f'errors_total{{app="{app}"}}': 0.0 for app in ("web", "worker")
        }
        real.exporter.gauges |= {
            'queue{name="mail"}': 3,
            'queue{name="sms"}': 70,
            'queue{name="push"}': 9,
            **{f'wide{{label="{index:04}{"x" * 90}"}}': 1 for index in range(1000)},
        }
        yield real


def asked(url, query):
    question = Measured(query=query)
    return PrometheusProbe(PATIENCE, Server(url=url)).answer([question])[question]


class Watching:
    """A guard as a spec says it, asked as a turn would."""

    def __init__(self, url, lines_of_guard):
        wanted = target(compiled(one_file(lines("api", guards=f"[{lines_of_guard}]"))))
        (self.guard,) = wanted.terms.guards
        self.probe = PrometheusProbe(PATIENCE, Server(url=url))
        self.candidate = Candidate(
            env=EnvName("prod"), target=TargetName("api"), place=wanted.place, version="v1.2.3", digest=Digest("d")
        )

    def verdict(self):
        answers = self.probe.answer(list(self.guard.asks(self.candidate)))
        return self.guard.judge(self.candidate, answers, NOW)

    def until(self, kind):
        until(lambda: isinstance(self.verdict(), kind))
        return self.verdict()


@needs_prometheus
def test_a_guard_of_a_spec_opens_shuts_and_opens_again_with_what_prometheus_measures(real):
    query = "sum(rate(errors_total[2s])) / sum(rate(requests_total[2s]))"
    watching = Watching(real.url, f"{{kind: prometheus, query: '{query}', max: 0.01, for: 2m}}")
    assert watching.guard.lasting == timedelta(minutes=2)
    assert watching.until(Open) == Open()
    real.exporter.growth['errors_total{app="web"}'] = 1.0
    shut = watching.until(Shut)
    assert shut.why.startswith("the value is 0.0") and f"above 0.01: {query}" in shut.why
    assert shut.rings == {query}
    real.exporter.growth['errors_total{app="web"}'] = 0.0
    assert watching.until(Open) == Open()


@needs_prometheus
def test_every_series_has_to_hold_and_the_worst_is_named(real):
    until(lambda: asked(real.url, "queue").samples)
    watching = Watching(real.url, "{kind: prometheus, query: queue, max: 5}")
    shut = watching.verdict()
    assert shut.why.startswith('queue{instance="127.0.0.1:') and 'name="sms"} is 70, above 5' in shut.why
    assert "and 1 more series are beyond" in shut.why
    assert Watching(real.url, "{kind: prometheus, query: queue, min: 3, max: 70}").verdict() == Open()


@needs_prometheus
def test_each_type_of_result_is_read_or_said_to_be_none(real):
    until(lambda: asked(real.url, 'queue{name="mail"}').samples)
    assert asked(real.url, "scalar(queue{name='mail'}) * 2") == Samples(samples=(Sample(labels=(), value="6"),))
    (one,) = asked(real.url, "max by (name) (queue{name='mail'})").samples
    assert one == Sample(labels=(("name", "mail"),), value="3")
    assert asked(real.url, "vector(0) / 0").samples[0].value == "NaN"
    assert asked(real.url, "vector(1) / 0").samples[0].value == "+Inf"
    assert asked(real.url, "nothing_of_that_name") == Samples(samples=())
    assert asked(real.url, "queue[1m]").why.startswith("the query gives a range of values")
    assert asked(real.url, "'words'").why == "the query gives a text, not numbers"


@needs_prometheus
@pytest.mark.parametrize(
    ("query", "unsure", "ok"),
    [
        ("nothing_of_that_name", Unsure, Open),
        ("vector(0) / 0", Unsure, Open),
        ("vector(1) / 0", Unsure, Unsure),
        ("queue{", Unsure, Unsure),
        ("up[5m]", Unsure, Unsure),
        ("wide", Unsure, Unsure),
    ],
)
def test_what_cannot_be_judged_is_unsure_and_only_silence_may_be_said_to_be_healthy(real, query, unsure, ok):
    until(lambda: asked(real.url, "count(wide) > 999").samples)
    for no_data, kind in (("unsure", unsure), ("ok", ok)):
        line = f"{{kind: prometheus, query: '{query}', max: 1, noData: {no_data}}}"
        assert isinstance(Watching(real.url, line).verdict(), kind)


@needs_prometheus
def test_what_prometheus_says_of_a_wrong_query_is_told(real):
    assert asked(real.url, "queue{").why.startswith("Prometheus answers HTTP 400: bad_data ")
    assert asked(real.url, "wide").why == "Prometheus answers more than 64 KiB: let the query aggregate"
    assert asked(f"{real.url}/elsewhere", "up").why.startswith("Prometheus answers HTTP 404")


@needs_prometheus
def test_the_server_that_a_guard_names_is_asked_instead(real):
    line = f"{{kind: prometheus, query: 'vector(1)', max: 1, url: '{real.url}/'}}"
    watching = Watching("http://127.0.0.1:1", line)
    assert watching.verdict() == Open()


@needs_prometheus
def test_a_prometheus_that_is_gone_answers_nothing(tmp_path):
    with real_prometheus.running(tmp_path) as gone:
        assert asked(gone.url, "vector(1)").samples
    assert asked(gone.url, "vector(1)") == Unanswered(why="Prometheus: the connection is refused")


@pytest.fixture
def odd() -> Iterator[Odd]:
    with serving() as odd:
        yield odd


def success(kind, result, **more):
    return answer(json.dumps({"status": "success", "data": {"resultType": kind, "result": result}, **more}))


VECTOR = success("vector", [{"metric": {"job": "api"}, "value": [1, "0.5"]}])
PATH = "/api/v1/query"


def test_the_operators_token_goes_to_the_operators_own_url_and_to_no_other(odd, tmp_path):
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    odd.answers |= {f"/ours{PATH}": VECTOR, f"/other{PATH}": VECTOR}
    probe = PrometheusProbe(PATIENCE, Server(url=odd.url("/ours"), token_file=file))
    for url in ("", odd.url("/ours"), odd.url("/ours/"), odd.url("/other")):
        question = Measured(query="up", url=url)
        assert probe.answer([question])[question].samples
    given = [headers.get("authorization") for _, _, headers in odd.seen]
    assert given == [f"Bearer {TOKEN}", f"Bearer {TOKEN}", f"Bearer {TOKEN}", None]
    file.write_text("another")
    probe.answer([Measured(query="up")])
    assert odd.seen[-1][2]["authorization"] == "Bearer another"


def test_the_token_does_not_follow_a_redirect(odd, tmp_path):
    file = tmp_path / "token"
    file.write_text(TOKEN)
    odd.answers[PATH] = answer("see", "302 Found", Location="/further")
    question = Measured(query="up")
    told = PrometheusProbe(PATIENCE, Server(url=odd.url(""), token_file=file)).answer([question])[question]
    assert told == Unanswered(why="Prometheus answers HTTP 302")
    assert odd.asked("/further") == 0


@pytest.mark.parametrize("content", [None, b"", b"two words", b"caf\xc3\xa9", b"a\nb"])
def test_a_token_that_cannot_be_used_is_said_without_it_and_nothing_is_asked(odd, tmp_path, content):
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    question = Measured(query="up")
    told = PrometheusProbe(PATIENCE, Server(url=odd.url(""), token_file=file)).answer([question])[question]
    assert told.why.startswith("the token file can not be read: ")
    assert "words" not in told.why and odd.seen == []


def test_without_a_server_it_is_said_how_one_is_given():
    question = Measured(query="up")
    told = PrometheusProbe(PATIENCE).answer([question])[question]
    assert told.why == "the guard names no url, and the controller was given no --prometheus-url"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (answer(status="401 Unauthorized"), "Prometheus does not let us in: HTTP 401"),
        (answer(status="403 Forbidden"), "Prometheus does not let us in: HTTP 403"),
        (answer("<html>", "502 Bad Gateway"), "Prometheus answers HTTP 502"),
        (
            answer('{"status": "error", "errorType": "timeout", "error": "too\\nslow"}', "503 Service Unavailable"),
            "Prometheus answers HTTP 503: timeout too slow",
        ),
        (answer('{"status": "error", "error": "no"}'), "Prometheus answers HTTP 200: no"),
        (answer("<html>"), "Prometheus answers HTTP 200"),
        (answer("[]"), "Prometheus answers HTTP 200"),
        (answer("[" * 50_000), "Prometheus answers HTTP 200"),
        (answer('{"status": "success"}'), "Prometheus answers what can not be read"),
        (success("vector", {}), "Prometheus answers what can not be read"),
        (success("vector", [{}]), "Prometheus answers what can not be read"),
        (success("vector", [[]]), "Prometheus answers what can not be read"),
        (success("vector", ["metric"]), "Prometheus answers what can not be read"),
        (success("vector", [{"metric": {}, "value": [1, "much"]}]), "Prometheus answers what can not be read"),
        (success("vector", [{"metric": {}, "value": [1, 0.5]}]), "Prometheus answers what can not be read"),
        (success("vector", [{"metric": {}, "value": [1]}]), "Prometheus answers what can not be read"),
        (success("scalar", None), "Prometheus answers what can not be read"),
        (
            success("vector", [{"metric": {}, "histogram": [1, {"count": "1"}]}]),
            "the query gives histograms: it needs numbers, as of histogram_quantile(…)",
        ),
        (answer("x" * 70_000), "Prometheus answers more than 64 KiB: let the query aggregate"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "Prometheus: it broke off"),
    ],
)
def test_an_answer_that_is_none_is_said(odd, given, why):
    odd.answers[PATH] = given
    assert asked(odd.url(""), "up") == Unanswered(why=why)


def test_a_warning_is_kept_and_a_mere_hint_is_not(odd):
    odd.answers[PATH] = success("vector", [], warnings=["a store\nis away", "more"], infos=["might be no counter"])
    assert asked(odd.url(""), "up") == Samples(samples=(), warning="a store is away")
    odd.answers[PATH] = success("vector", [], infos=["might be no counter"])
    assert asked(odd.url(""), "up") == Samples(samples=())


def test_a_query_is_asked_as_it_is_written(odd):
    odd.answers[PATH] = VECTOR
    query = "sum(\n  rate(errors_total{path=~'/a&b=c.*', x!=\"+%\"}[5m])\n)"
    assert asked(odd.url(""), query).samples
    ((method, path, _),) = odd.seen
    sent = parse_qs(path.partition("?")[2], strict_parsing=True)
    assert (method, sent["query"]) == ("GET", [query])


def test_distinct_questions_are_asked_once_each(odd):
    odd.answers[PATH] = VECTOR
    one, other = Measured(query="up"), Measured(query="down")
    answers = PrometheusProbe(PATIENCE, Server(url=odd.url(""))).answer([one, other, Measured(query="up")])
    assert set(answers) == {one, other}
    assert odd.asked(PATH) == 2


def test_a_question_of_another_kind_is_not_answered():
    assert "str" in PrometheusProbe(PATIENCE).answer(["what?"])["what?"].why
