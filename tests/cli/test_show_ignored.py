"""`plan --show-ignored`: what is passed over, each with the rule that says so; and what AWS makes of an apply."""

import json

import pytest
import yaml

from controller.app.sandbox import seeds_of
from controller.cli.plan import command
from controller.codes import DONE, NEGATIVE
from tests.e2e.cloud import Cloud, Eye
from tests.e2e.environments import cluster, environment, service

CONTAINER = "taskDefinition.containerDefinitions[api]"
START = f"{CONTAINER}.startTimeout"
GROUPS = "service.networkConfiguration.awsvpcConfiguration.securityGroups"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg-a"]}}
DEFAULT = "AWS's default: what it makes of a field that is left out"
SAME = "the same in other words: AWS writes it so"
NOT_OURS = "not declared: what is absent from the spec is not ours"
ECHO = "echo: AWS answered so when it was last applied"
HOST_PORT = "a host port that AWS chooses, or that is the container's own"


class Bench:
    """An estate of one target, specs that can be changed, and commands in this process, each as a new one."""

    def __init__(self, folder, cloud, trueup):
        self.folder, self.cloud, self.trueup = folder, cloud, trueup
        self.eye = Eye(cloud.endpoint_url)
        (folder / "specs").mkdir()

    def specs(self, version="v1.2.3", change=None):
        """Write the spec; `change` is given the target's part of it."""
        text = yaml.safe_load(environment("prod", version, bake="0s"))
        target = text["spec"]["targets"]["api"]
        if change is not None:
            change(target)
        (self.folder / "specs" / "prod.yaml").write_text(yaml.safe_dump(text))

    def seed(self, version="v1.2.4", change=None):
        """Make what the spec says run, one version back."""
        self.specs(version, change)
        self.cloud.seed(seeds_of(self.folder / "specs"))
        self.specs("v1.2.3", change)

    def where(self):
        store = f"sqlite:///{self.folder}/trueup.db"
        return ("--repo", str(self.folder), "--store", store, "--endpoint-url", self.cloud.endpoint_url)

    def once(self):
        return self.trueup("run", "--once", *self.where())

    def plan(self, *words):
        return self.trueup("plan", *words, *self.where())

    def item(self, *words):
        (item,) = json.loads(self.plan("-o", "json", "--show-ignored", *words).out)["items"]
        return item

    def passed(self):
        """What was passed over: path to (live, wanted, rule)."""
        return {one["path"]: (one["live"], one["wanted"], one["rule"]) for one in self.item()["ignored"]}

    def differs(self):
        return [one["path"] for one in self.item()["differences"]]

    def deploys(self):
        """Adopt, deploy, and let it come to rest."""
        for _ in range(4):
            self.once()
            self.cloud.tick(300)
        assert self.eye.running() == "v1.2.3", self.item()


@pytest.fixture
def bench(trueup, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with Cloud(speed=0) as cloud:
        made = Bench(tmp_path, cloud, trueup)
        yield made
        made.eye.close()


def with_container(**fields):
    def change(target):
        target["taskDefinition"]["containerDefinitions"][0].update(fields)

    return change


def with_service(**fields):
    def change(target):
        target["serviceDefinition"] = fields

    return change


def test_without_the_flag_nothing_is_said_of_it(bench):
    bench.seed()
    assert "(not declared" not in bench.plan().out
    (item,) = json.loads(bench.plan("-o", "json").out)["items"]
    assert "ignored" not in item


@pytest.mark.parametrize(
    ("change", "path", "expected"),
    [
        (None, f"{CONTAINER}.cpu", (0, None, DEFAULT)),
        (
            with_container(healthCheck={"command": ["CMD", "true"]}),
            f"{CONTAINER}.healthCheck.interval",
            (30, None, DEFAULT),
        ),
        (
            lambda target: target["taskDefinition"].update(cpu="1 vCPU", memory="2 GB"),
            "taskDefinition.cpu",
            ("1024", "1 vCPU", SAME),
        ),
        (
            with_container(portMappings=[{"containerPort": 8080}]),
            f"{CONTAINER}.portMappings[8080/tcp].hostPort",
            (8080, None, HOST_PORT),
        ),
        (
            lambda target: target["taskDefinition"].update(
                runtimePlatform={"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}
            ),
            "service.networkConfiguration.awsvpcConfiguration.subnets[subnet-sandbox]",
            (True, None, NOT_OURS),
        ),
    ],
    ids=["default", "default of a health check", "other words", "host port", "not declared"],
)
def test_what_is_passed_over_is_named_with_its_rule(bench, change, path, expected):
    bench.seed("v1.2.4", change)
    assert bench.passed()[path] == expected, json.dumps(bench.passed(), indent=1)
    live, wanted, rule = expected
    there, then = ("nothing" if one is None else str(one).replace("True", "true") for one in (live, wanted))
    said = bench.plan("--show-ignored")
    assert f"  = {path}: {there} there, {then} in the spec  ({rule})\n" in said.out
    assert said.code == DONE


def test_what_is_told_as_a_difference_is_not_passed_over(bench):
    bench.seed()
    bench.specs("v1.2.3", with_container(cpu=7, user="app"))
    assert bench.differs() == [f"{CONTAINER}.cpu", f"{CONTAINER}.user"]
    assert not {f"{CONTAINER}.cpu", f"{CONTAINER}.user"} & set(bench.passed())


def ignoring(path, change=None, **more):
    def both(target):
        if change:
            change(target)
        target["ignore"] = [{"path": path, "reason": "of the platform team", **more}]

    return both


def test_an_ignored_difference_is_named_with_its_reason_and_end(bench):
    bench.seed()
    rule = ignoring(f"{CONTAINER}.user", with_container(user="app"), until="2199-01-01T00:00:00Z")
    bench.specs("v1.2.3", rule)
    assert (bench.differs(), bench.plan().code) == ([], DONE)
    said = "ignore: of the platform team, until 2199-01-01T00:00:00+00:00"
    assert bench.passed()[f"{CONTAINER}.user"] == (None, "app", said)
    assert f"  = {CONTAINER}.user: nothing there, app in the spec  ({said})\n" in bench.plan("--show-ignored").out


def test_a_rule_that_has_ended_passes_nothing_over(bench):
    bench.seed()
    rule = ignoring(f"{CONTAINER}.user", with_container(user="app"), until="2020-01-01T00:00:00Z")
    bench.specs("v1.2.3", rule)
    assert (bench.differs(), bench.plan().code) == ([f"{CONTAINER}.user"], NEGATIVE)
    assert f"{CONTAINER}.user" not in bench.passed()


def test_what_a_rule_covers_and_does_not_differ_is_not_shown(bench):
    bench.seed("v1.2.4", with_container(user="app"))
    bench.specs("v1.2.3", ignoring(f"{CONTAINER}.user", with_container(user="app")))
    assert f"{CONTAINER}.user" not in bench.passed()


def test_an_ignored_setting_is_named_with_both_sides(bench):
    percent = "service.deploymentConfiguration.maximumPercent"
    bench.seed()
    bench.specs("v1.2.3", ignoring(percent, with_service(deploymentConfiguration={"maximumPercent": 150})))
    assert bench.differs() == []
    assert bench.passed()[percent] == (None, 150, "ignore: of the platform team")
    bench.specs("v1.2.3", ignoring(percent, with_service(deploymentConfiguration={"maximumPercent": 200})))
    assert percent not in bench.passed()


def test_a_secret_is_not_shown_where_it_is_passed_over(bench):
    bench.seed("v1.2.4", with_container(environment=[{"name": "API_KEY", "value": "one"}]))
    path = f"{CONTAINER}.environment[API_KEY]"
    bench.specs("v1.2.3", ignoring(path, with_container(environment=[{"name": "API_KEY", "value": "two"}])))
    assert bench.passed()[path] == ("***", "***", "ignore: of the platform team")


# --- the echo


def changed(target):
    with_service(networkConfiguration=NETWORK)(target)
    with_container(user="app")(target)


def filled(bench):
    """Deploy to an AWS that fills in what nobody knows."""
    bench.seed()
    bench.cloud.set_faults({"fillsIn": {"startTimeout": 30}, "addsSecurityGroups": ["sg-guard"]})
    bench.specs("v1.2.3", changed)
    bench.deploys()


def test_what_aws_made_of_our_own_apply_is_no_difference_and_is_named(bench):
    filled(bench)
    assert bench.differs() == []
    passed = bench.passed()
    assert passed[START] == (30, None, ECHO)
    assert passed[f"{GROUPS}[sg-guard]"] == (True, None, ECHO)
    said = bench.plan("--show-ignored")
    assert f"  = {START}: 30 there, nothing in the spec  ({ECHO})\n" in said.out
    assert said.code == DONE
    before = len(bench.cloud.changes())
    for _ in range(3):  # each a new process, with nothing but the store
        bench.once()
        bench.cloud.tick(600)
    assert bench.cloud.changes()[before:] == []
    assert (bench.item()["move"], bench.item()["calls"]) == ("rest", [])
    bench.specs("v1.2.5", changed)
    assert bench.differs() == [f"{CONTAINER}.image"], "nor is it one of the release that is to follow"
    assert bench.passed()[START] == (30, None, ECHO)


def test_another_value_than_the_echo_is_a_difference(bench):
    filled(bench)
    ecs = bench.eye.client("ecs")
    arn = bench.eye.service()["taskDefinition"]
    shown = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    kept = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")
    container = {**shown["containerDefinitions"][0], "startTimeout": 31}
    made = ecs.register_task_definition(**{key: shown[key] for key in kept}, containerDefinitions=[container])[
        "taskDefinition"
    ]
    ecs.update_service(cluster=cluster(), service=service(), taskDefinition=made["taskDefinitionArn"])
    bench.cloud.tick(300)
    assert bench.differs() == [START]
    assert START not in bench.passed()


def test_without_an_apply_of_ours_it_is_a_difference(bench):
    bench.cloud.set_faults({"fillsIn": {"startTimeout": 30}})
    bench.seed()
    ecs = bench.eye.client("ecs")
    arn = bench.eye.service()["taskDefinition"]
    shown = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    kept = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")
    made = ecs.register_task_definition(
        **{key: shown[key] for key in kept}, containerDefinitions=shown["containerDefinitions"]
    )["taskDefinition"]
    ecs.update_service(cluster=cluster(), service=service(), taskDefinition=made["taskDefinitionArn"])
    bench.cloud.tick(300)
    assert bench.differs() == [START]


def test_the_flag_is_explained():
    assert any(option.name == "show_ignored" and option.help for option in command.params)
