"""The server as a whole: in real time, for several clients at once, started and stopped, and told what to do."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from controller.sandbox.native import Refused
from controller.sandbox.seed import from_json, to_json
from controller.sandbox.server import Sandbox, serve
from tests.sandbox.rig import ACCOUNT, BREAKER, Rig, a_seed, definition


@pytest.fixture
def quick():
    """A sandbox in which a minute passes in a tenth of a second."""
    with Sandbox(speed=600) as sandbox:
        sandbox.seed([a_seed()])
        rig = Rig(sandbox)
        yield rig
        rig.close()


def wait_for(rig: Rig, *statuses: str) -> str:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        status = rig.story()["status"]
        if status in statuses:
            return status
        time.sleep(0.01)
    raise AssertionError(rig.story())


def test_the_stock_waiter_returns_after_a_good_release_in_running_time(quick):
    quick.release("v1.2.3")
    waiter = quick.ecs.get_waiter("services_stable")
    waiter.wait(cluster="prod", services=["api"], WaiterConfig={"Delay": 0.05, "MaxAttempts": 100})
    assert wait_for(quick, "SUCCESSFUL") == "SUCCESSFUL"
    assert quick.runs() == "v1.2.3"


def test_a_crash_is_rolled_back_in_running_time(quick):
    quick.release("crash")
    assert wait_for(quick, "ROLLBACK_SUCCESSFUL", "SUCCESSFUL") == "ROLLBACK_SUCCESSFUL"


def test_a_deployment_takes_its_simulated_time_at_any_speed(quick):
    quick.release("v1.2.3")
    wait_for(quick, "SUCCESSFUL")
    story = quick.story()
    assert 35 <= (story["finishedAt"] - story["createdAt"]).total_seconds() <= 45


def test_many_clients_at_once_see_a_consistent_world_and_every_update_makes_one_deployment(quick):
    arns = [quick.register(f"v4.0.{patch}") for patch in range(6)]

    def release(arn: str) -> str:
        answer = quick.ecs.update_service(cluster="prod", service="api", taskDefinition=arn)["service"]
        return answer["currentServiceDeployment"]

    def look(_: int) -> int:
        service = quick.service()
        assert sum(one["status"] == "PRIMARY" for one in service["deployments"]) == 1
        assert service["runningCount"] == sum(one["runningCount"] for one in service["deployments"])
        return len(service["deployments"])

    assert quick.ecs is quick.ecs
    with ThreadPoolExecutor(max_workers=8) as pool:
        looks = pool.map(look, range(60))
        made = set(pool.map(release, arns))
        assert all(count >= 1 for count in looks)
    assert len(made) == 6
    wait_for(quick, "SUCCESSFUL")
    listed = quick.ecs.list_service_deployments(cluster="prod", service="api")["serviceDeployments"]
    stamps = [story["createdAt"] for story in listed]
    assert len(set(stamps)) == len(stamps) == 7
    assert [story["status"] for story in listed] == ["SUCCESSFUL", *["STOPPED"] * 5, "SUCCESSFUL"]


def test_nothing_is_left_after_a_stop():
    before = set(threading.enumerate())
    for _ in range(3):
        with Sandbox(speed=50) as sandbox:
            sandbox.seed([a_seed()])
            rig = Rig(sandbox)
            rig.service()
            rig.client("cloudwatch").describe_alarms()
            port = int(sandbox.endpoint_url.rsplit(":", 1)[1])
        assert set(threading.enumerate()) == before
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=1):
            pass
        rig.close()


def test_each_sandbox_begins_empty():
    with Sandbox(speed=0) as sandbox:
        sandbox.seed([a_seed(alarm_names=("loud",))])
        Rig(sandbox).close()
    with Sandbox(speed=0) as sandbox:
        rig = Rig(sandbox)
        assert rig.ecs.list_clusters()["clusterArns"] == []
        assert rig.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
        rig.close()


def test_a_second_sandbox_in_the_same_process_is_refused():
    with Sandbox(speed=0), pytest.raises(RuntimeError, match="already runs in this process"):
        Sandbox(speed=0).start()
    with Sandbox(speed=0):
        pass


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_held():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            Sandbox(listen=f"127.0.0.1:{port}").start()
    with Sandbox(speed=0):
        pass


def test_serve_says_when_it_is_ready_and_ends_when_told():
    said, stop = [], threading.Event()
    arguments = ("127.0.0.1:0", [a_seed()], 60.0, 1_790_000_000.0, {"throttle": True}, said.append, stop)
    thread = threading.Thread(target=serve, args=arguments)
    thread.start()
    while not said:
        time.sleep(0.01)
    stop.set()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert said[0]["endpoint"].startswith("http://127.0.0.1:")
    assert said[0]["accounts"] == [ACCOUNT]
    assert said[0]["clusters"] == [f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/prod"]
    assert said[0]["clock"] == "2026-09-21T14:13:20.000Z*60"


def test_seeds_are_planted_over_http_too(rig):
    asked = to_json(a_seed(cluster="stage", service="web", family="web", desired_count=3, alarm_names=["a"]))
    about = rig.ask("seed", {"seeds": [asked]})
    assert f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/stage" in about["clusters"]
    (service,) = rig.ecs.describe_services(cluster="stage", services=["web"])["services"]
    assert (service["runningCount"], service["deployments"][0]["rolloutState"]) == (3, "COMPLETED")
    assert from_json(asked) == a_seed(
        cluster="stage", service="web", family="web", desired_count=3, alarm_names=("a",)
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"seeds": [{"account": "1"}]},
        {"seeds": [{**to_json(a_seed()), "colour": "red"}]},
        {"seeds": [{**to_json(a_seed()), "desired_count": -1}]},
        {"seeds": [{**to_json(a_seed()), "task_definition": "x"}]},
        {"seeds": "all"},
        {"seeds": [to_json(a_seed(service="web")), to_json(a_seed(task_definition=definition(cpu="300")))]},
        {"seeds": [to_json(a_seed(service="web")), to_json(a_seed(cluster="a b"))]},
    ],
)
def test_a_seed_that_is_wrong_plants_nothing(rig, wrong):
    assert rig.ask("seed", wrong)["error"]
    assert len(rig.ecs.list_services(cluster="prod")["serviceArns"]) == 1


def test_a_definition_that_aws_refuses_is_no_seed(rig):
    container = {"name": "api", "image": "x"}
    with pytest.raises(Refused, match="unique"):
        rig.sandbox.seed([a_seed(task_definition=definition(containerDefinitions=[container, container]))])


def test_a_seed_may_leave_the_network_to_the_sandbox(rig):
    rig.sandbox.seed([a_seed(service="web", service_definition={"deploymentConfiguration": BREAKER})])
    assert rig.service("web")["launchType"] == "FARGATE"
    assert rig.service("web")["networkConfiguration"]["awsvpcConfiguration"]["subnets"]


def test_the_world_can_be_begun_again_from_its_seeds(rig):
    rig.release("v1.2.3")
    rig.until("SUCCESSFUL")
    rig.ask("reset", {"world": True})
    assert rig.runs() == "v1.2.2"
    assert rig.story()["status"] == "SUCCESSFUL"
    assert len(rig.ecs.list_task_definitions()["taskDefinitionArns"]) == 1


def test_the_changing_calls_are_kept_in_order_with_what_matters(rig):
    arn = rig.register("v1.2.3", tags=[{"key": "trueup:version", "value": "v1.2.3"}])
    answer = rig.ecs.update_service(cluster="prod", service="api", taskDefinition=arn)["service"]
    with pytest.raises(rig.ecs.exceptions.ClientException):
        rig.ecs.update_service(cluster="prod", service="api", taskDefinition="nope")
    calls = rig.ask("calls")
    assert calls["counts"]["UpdateService"] == 2
    register, update, refused = calls["changes"]
    assert register["parameters"] == {
        "family": "unifocus-prod-api",
        "images": {"api": "registry.example/api:v1.2.3"},
        "tags": {"trueup:version": "v1.2.3"},
    }
    assert register["taskDefinitionArn"] == arn
    assert (register["account"], register["region"], register["outcome"]) == (ACCOUNT, "eu-west-1", "done")
    assert update["parameters"] == {"cluster": "prod", "service": "api", "taskDefinition": arn}
    assert update["deployment"] == answer["deployments"][0]["id"]
    assert refused["outcome"] == "ClientException"


def test_time_is_moved_over_http_only_where_it_stands_still(rig):
    before = rig.sandbox.clock.now()
    rig.ask("tick", {"seconds": 30})
    assert rig.sandbox.clock.now() == before + 30
    assert "number" in rig.ask("tick", {"seconds": "many"})["error"]


def test_a_running_clock_is_not_moved_by_hand(quick):
    assert "speed 0" in quick.ask("tick", {"seconds": 1})["error"]


def test_an_unknown_path_names_those_that_there_are(rig):
    assert "GET /sandbox/calls" in rig.ask("nothing")["error"]


def test_a_look_at_ten_services_with_full_event_lists_is_quick():
    with Sandbox(speed=0) as sandbox:
        sandbox.seed(a_seed(service=f"s{n}", family=f"f{n}") for n in range(10))
        for _, service in sandbox.world.services():
            service.events = [{**service.events[0], "id": str(place)} for place in range(100)]
        body = b'{"cluster": "prod", "services": ["s0","s1","s2","s3","s4","s5","s6","s7","s8","s9"]}'
        took = []
        for _ in range(20):
            began = time.perf_counter()
            reply = sandbox.desk.serve("DescribeServices", ACCOUNT, "eu-west-1", body)
            took.append(time.perf_counter() - began)
    assert reply.body.count(b"steady state") == 1000
    assert min(took) < 0.010
