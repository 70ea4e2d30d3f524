"""Health, metrics, and the end of the process, as Prometheus, a load balancer and an init system meet them."""

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client.parser import text_string_to_metric_families

from controller.model.names import EnvName
from controller.model.rollout import Phase
from controller.model.story import Event
from tests.e2e.environments import environment
from tests.e2e.process import Controller
from tests.e2e.stage import FIRST, SEEDED, Stage

pytestmark = pytest.mark.e2e

STOPS_WITHIN = 10.0


def scraped(controller: Controller) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """What /metrics says: by name, then by labels."""
    status, text = controller.get("/metrics")
    assert status == 200
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for one in text_string_to_metric_families(text):
        for sample in one.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def phases(controller: Controller, env: str, target: str) -> dict[str, float]:
    labels = {"environment": env, "target": target}.items()
    return {
        dict(found)["phase"]: value
        for found, value in scraped(controller).get("trueup_target_phase", {}).items()
        if set(labels) <= set(found)
    }


def test_it_becomes_alive_and_ready(stage: Stage):
    controller = stage.begin()
    stage.until("it is ready", lambda: controller.is_ready)
    assert controller.get("/healthz") == (200, '{"alive":true,"reasons":[]}')
    assert controller.get("/readyz") == (200, '{"ready":true,"reasons":[]}')
    assert controller.get("/")[0] == 200
    assert controller.get("/nothing")[0] == 404


def test_it_is_alive_but_not_ready_before_the_source_was_ever_read(stage: Stage):
    controller = stage.start()
    stage.until("it says why", lambda: "the source was not read yet" in controller.get("/readyz")[1])
    assert controller.get("/readyz")[0] == 503
    assert controller.get("/healthz")[0] == 200


def test_the_metrics_tell_the_phase_of_every_target_and_what_was_asked_of_aws(stage: Stage):
    names = ("prod", "stage")
    stage.seed({f"{name}.yaml": environment(name, {"api": FIRST, "web": FIRST}) for name in names})
    stage.commit({f"{name}.yaml": environment(name, {"api": SEEDED, "web": SEEDED}) for name in names})
    controller = stage.start()
    every = {phase.value for phase in Phase}
    targets = [(env, target) for env in names for target in ("api", "web")]
    stage.until("all are there", lambda: all(phases(controller, *one) for one in targets))
    for one in targets:
        found = phases(controller, *one)
        assert found.keys() == every
        assert [phase for phase, value in found.items() if value] == ["idle"]
    stage.commit({"prod.yaml": environment("prod", {"api": "v1.2.3", "web": SEEDED}, bake="10m")})
    stage.until("it bakes", lambda: phases(controller, "prod", "api")["baking"] == 1.0)
    metrics = scraped(controller)
    assert phases(controller, "prod", "api") == {**dict.fromkeys(every, 0.0), "baking": 1.0}
    assert phases(controller, "prod", "web")["idle"] == 1.0
    assert sum(value for labels, value in metrics["trueup_aws_calls_total"].items() if _is_update(labels)) == 1.0
    ours = {key for key in metrics if key.startswith("trueup_")}
    assert {"trueup_target_synced", "trueup_target_drifted", "trueup_target_paused", "trueup_blocked"} <= ours


def _is_update(labels: tuple[tuple[str, str], ...]) -> bool:
    found = dict(labels)
    return found["operation"] == "UpdateService" and found.get("result", "ok") == "ok"


@contextmanager
def disk_is_full(controller: Controller) -> Iterator[None]:
    """No file of the process can grow: every write to its store fails, as it does on a full disk."""
    limits = resource.prlimit(controller.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(controller.pid, resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(controller.pid, resource.RLIMIT_FSIZE, limits)


def test_while_the_disk_is_full_it_is_not_ready_and_sends_nothing_and_then_goes_on(stage: Stage):
    stage.expects_trouble = True  # turns cannot be saved for replay either
    stage.begin_all("prod", "stage")
    stage.kill()
    controller = stage.start(save_cycles="")  # else the files of saved turns would fail, too
    stage.until("it is ready", lambda: controller.is_ready)
    stage.looks()
    with disk_is_full(controller):
        stage.release("v1.2.3")
        stage.until("it is not ready", lambda: controller.get("/readyz")[0] == 503)
        assert "the store is away" in controller.get("/readyz")[1]
        assert controller.get("/healthz")[0] == 200
        for _ in range(20):
            assert controller.get("/readyz")[0] == 503, "it stays so as long as nothing can be written"
            time.sleep(0.1)
        stage.looks(2, "it goes on looking")
        assert stage.cloud.changes() == []
        assert scraped(controller)["trueup_target_phase"]
    stage.until("it is ready again", lambda: controller.is_ready)
    stage.until_rests("v1.2.3")
    assert stage.told() == ["v1.2.3"]
    assert len(stage.registered("v1.2.3")) == 1


def owner(stage: Stage) -> str:
    """Who holds the lease of prod; nobody once it was given up."""
    lease = stage.store.lease(EnvName("prod"))
    return lease.owner if lease else ""


def stops_in_time(stage: Stage, controller: Controller) -> None:
    began = time.monotonic()
    assert controller.stop() == 0, stage.story()
    assert time.monotonic() - began < STOPS_WITHIN, stage.story()
    assert controller.logged("stopped"), "it said so"


def test_it_stops_at_once_when_it_is_asked_to(stage: Stage):
    stops_in_time(stage, stage.begin())


@pytest.mark.parametrize("operation", ["UpdateService", "RegisterTaskDefinition"])
def test_it_stops_in_time_in_the_middle_of_a_call_that_changes_something(stage: Stage, operation: str):
    controller = stage.begin()
    hold = stage.cloud.hold(operation)
    stage.release("v1.2.3")
    assert hold.arrives()
    stops_in_time(stage, controller)
    hold.let_go()
    stage.start()
    stage.until_rests("v1.2.3")
    assert stage.told() == ["v1.2.3"]
    assert len(stage.registered("v1.2.3")) == 1


@pytest.mark.parametrize("operation", ["UpdateService", "RegisterTaskDefinition"])
def test_asked_to_stop_in_the_middle_of_a_call_it_waits_for_the_answer_writes_it_down_and_lets_go(
    stage: Stage, operation: str
):
    controller = stage.begin()
    hold = stage.cloud.hold(operation)
    stage.release("v1.2.3")
    assert hold.arrives()
    outcomes = len(stage.journal(Event.OUTCOME))
    controller.ask_to_stop()
    stage.until("it heard", lambda: controller.logged("stopping"))
    time.sleep(1.0)
    assert not controller.has_ended, "it waits for the answer"
    assert owner(stage), "what is being sent is still ours"
    hold.let_go()
    assert controller.ends(STOPS_WITHIN) == 0, stage.story()
    assert controller.logged("stopped")
    registered = stage.registered("v1.2.3")
    assert len(registered) == 1
    assert stage.told() == (["v1.2.3"] if operation == "UpdateService" else []), "nothing more was begun"
    assert len(stage.journal(Event.OUTCOME)) == outcomes + 1, stage.story()
    assert not owner(stage), "another need not wait"
    stage.start()
    stage.until_rests("v1.2.3")
    assert stage.registered("v1.2.3") == registered
    assert stage.told() == ["v1.2.3"]


@pytest.mark.parametrize("operation", ["DescribeServices", "DescribeServiceDeployments"])
def test_it_stops_in_time_in_the_middle_of_a_look(stage: Stage, operation: str):
    controller = stage.begin()
    hold = stage.cloud.hold(operation)
    stage.release("v1.2.3")
    assert hold.arrives()
    stops_in_time(stage, controller)


def test_it_stops_in_time_while_git_does_not_answer(stage: Stage):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        controller = stage.start(repo=f"http://127.0.0.1:{silent.getsockname()[1]}/specs.git")
        silent.settimeout(30)
        asked, _ = silent.accept()
        with asked:
            assert asked.recv(10), "git asks"
            stops_in_time(stage, controller)
