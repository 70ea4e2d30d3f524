"""Guards of every kind, with the real process: a server that it asks, a real Prometheus, and alarms."""

import time
from collections.abc import Iterator

import pytest

from controller.model.rollout import Phase
from controller.model.story import Event
from tests.e2e.environments import environment
from tests.e2e.stage import FIRST, SEEDED, Stage
from tests.probes import real_prometheus
from tests.probes.odd_server import Odd, answer, serving
from tests.probes.real_prometheus import needs_prometheus

pytestmark = pytest.mark.e2e
TOKEN = "canary-token"  # noqa: S105 - no secret


@pytest.fixture
def odd() -> Iterator[Odd]:
    with serving() as odd:
        odd.answers["/health"] = answer('{"database": "up"}')
        yield odd


@pytest.fixture
def prometheus(tmp_path) -> Iterator[real_prometheus.Server]:
    folder = tmp_path / "prometheus"
    folder.mkdir()
    with real_prometheus.running(folder) as server:
        yield server


def asks_url(odd: Odd) -> str:
    return f"{{kind: http, url: '{odd.url('/health')}', pointer: /database, equals: up}}"


def test_a_release_is_good_when_its_url_answers_and_goes_back_when_it_does_not(stage: Stage, odd: Odd):
    stage.begin(guards=asks_url(odd))
    stage.release("v1.2.3", guards=asks_url(odd))
    stage.until_rests("v1.2.3")
    assert stage.goods() == ["v1.2.3", SEEDED]
    stage.release("v1.2.4", guards=asks_url(odd), bake="10m")
    stage.until("it bakes", lambda: stage.phase() is Phase.BAKING)
    odd.answers["/health"] = answer('{"database": "down"}')
    stage.until_ended("v1.2.4", "rolled_back")
    odd.answers["/health"] = answer('{"database": "up"}')
    stage.until_rests("v1.2.3")
    assert stage.quarantined() == {"v1.2.4"}
    said = " ".join(row.text for row in stage.journal())
    assert f"GET {odd.url('/health')} should answer 'up' at /database, and answers 'down'" in said


def test_at_rest_no_url_is_asked(stage: Stage, odd: Odd):
    stage.begin(guards=asks_url(odd))
    stage.looks(1)
    before = odd.asked("/health")
    stage.looks(3)
    assert before > 0
    assert odd.asked("/health") == before


def test_a_stop_does_not_wait_for_a_url_that_is_slow(stage: Stage, odd: Odd):
    odd.answers["/slow"] = lambda _, wait: wait(60)
    slow = f"{{kind: http, url: '{odd.url('/slow')}', timeout: 10s}}"
    stage.seed({"prod.yaml": environment("prod", FIRST, guards=slow)})
    stage.release(SEEDED, guards=slow)
    controller = stage.start()
    stage.until("it is asked", lambda: odd.asked("/slow"))
    begun = time.monotonic()
    assert controller.stop() == 0
    assert time.monotonic() - begun < 8


@needs_prometheus
def test_a_release_goes_back_when_prometheus_measures_too_much(stage: Stage, prometheus: real_prometheus.Server):
    prometheus.exporter.growth |= {"errors_total": 0.0, "requests_total": 10.0}
    query = "sum(rate(errors_total[2s])) / sum(rate(requests_total[2s]))"
    guards = f"{{kind: prometheus, query: '{query}', max: 0.01}}"
    (stage.folder / "token").write_text(TOKEN)
    stage.variables |= {
        "TRUEUP_PROMETHEUS_URL": prometheus.url,
        "TRUEUP_PROMETHEUS_TOKEN_FILE": str(stage.folder / "token"),
    }
    stage.begin(guards=guards)
    stage.release("v1.2.3", guards=guards, bake="20m")
    stage.until("it bakes", lambda: stage.phase() is Phase.BAKING)
    prometheus.exporter.growth["errors_total"] = 5.0
    stage.until_ended("v1.2.3", "rolled_back")
    prometheus.exporter.growth["errors_total"] = 0.0
    stage.until_rests(SEEDED)
    assert stage.quarantined() == {"v1.2.3"}
    said = " ".join(row.text for row in stage.journal(Event.ENDED)) + stage.order("history", "prod", "api").out
    assert f"above 0.01: {query}" in said
    assert not [line for one in stage.processes for line in one.lines() if TOKEN in str(line)]


@needs_prometheus
def test_a_release_is_not_good_before_prometheus_has_data(stage: Stage, prometheus: real_prometheus.Server):
    guards = f"{{kind: prometheus, url: '{prometheus.url}', query: queue, max: 5}}"
    prometheus.exporter.gauges["queue"] = 3
    stage.begin(guards=guards)
    del prometheus.exporter.gauges["queue"]
    stage.release("v1.2.3", guards=guards)
    stage.until("it waits for data", lambda: "no data: no series answers" in stage.status().reason)
    stage.looks()
    assert stage.goods() == [SEEDED]
    prometheus.exporter.gauges["queue"] = 3
    stage.until_rests("v1.2.3")
    assert stage.goods() == ["v1.2.3", SEEDED]
