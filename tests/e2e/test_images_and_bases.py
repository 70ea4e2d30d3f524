"""Digests, bases and what is passed over, end to end: the real process, and a registry that moves and forgets."""

import pytest

from controller.codes import DONE, UNREACHABLE
from controller.model.rollout import Phase
from controller.model.story import Event
from controller.sandbox import shelving
from controller.sandbox.images import digest_of
from tests.e2e.environments import ACCOUNTS, REGION, environment, family
from tests.e2e.process import Said, trueup
from tests.e2e.stage import FIRST, SEEDED, Stage

pytestmark = pytest.mark.e2e

USER = "taskDefinition.containerDefinitions[api].user"


def repository(target: str = "api") -> str:
    return f"{ACCOUNTS['prod']}.dkr.ecr.{REGION}.amazonaws.com/{family(target)}"


def change(stage: Stage, *orders: dict[str, object]) -> None:
    world = stage.cloud.desk.world
    with world.lock:
        shelving.change(world.registry, list(orders), world.now())


def planned(stage: Stage, *words: str) -> Said:
    skipped = {"--listen", "--poll", "--log", "--save-cycles"}
    given = stage.words()
    kept = [word for pair in zip(given[::2], given[1::2], strict=True) if pair[0] not in skipped for word in pair]
    return trueup("plan", *words, *kept, **stage.variables)


def running_image(stage: Stage, target: str = "api") -> str:
    shown = stage.eye.client("ecs").describe_task_definition(
        taskDefinition=stage.eye.service(target)["taskDefinition"]
    )
    return shown["taskDefinition"]["containerDefinitions"][0]["image"]


def at(tag: str, target: str = "api") -> str:
    return f"{repository(target)}@{digest_of(f'{repository(target)}:{tag}')}"


def test_a_release_by_tag_is_deployed_by_digest_and_a_tag_that_moves_changes_nothing(stage: Stage):
    stage.begin()
    stage.release("v1.2.3")
    stage.until_rests("v1.2.3")
    stage.until("it is good", lambda: "v1.2.3" in stage.goods())
    assert running_image(stage) == at("v1.2.3")
    change(stage, {"move": f"{repository()}:v1.2.3", "to": f"{repository()}:v1.2.3-crash"})
    assert planned(stage).code == DONE
    stage.kill()
    stage.start()
    stage.looks(4)
    assert stage.told() == ["v1.2.3"]
    assert running_image(stage) == at("v1.2.3")


def test_a_tag_that_moves_while_its_release_waits_is_deployed_as_it_was(stage: Stage):
    stage.begin()
    stage.eye.ring()
    stage.release("v1.2.3")
    stage.until("it waits", lambda: (m := stage.memory()).next and m.next.release.version == "v1.2.3")
    change(stage, {"move": f"{repository()}:v1.2.3", "to": f"{repository()}:v1.2.3-crash"})
    stage.kill()
    stage.start()
    stage.looks(4)
    stage.eye.ring(state="OK")
    stage.until_rests("v1.2.3")
    assert running_image(stage) == at("v1.2.3")


def test_an_image_that_is_not_there_holds_its_target_and_no_other_and_comes_once_it_is_pushed(stage: Stage):
    stage.seed({"prod.yaml": environment("prod", {"api": FIRST, "web": FIRST})})
    stage.commit({"prod.yaml": environment("prod", {"api": SEEDED, "web": SEEDED})})
    stage.start()
    stage.until("both are good", lambda: stage.goods("api") and stage.goods("web"))
    change(stage, {"delete": f"{repository()}:v1.2.3"})
    stage.commit({"prod.yaml": environment("prod", {"api": "v1.2.3", "web": "v1.2.3"})})
    stage.until_rests("v1.2.3", "web")
    why = "the image of 'api' does not exist: the repository unifocus-prod-api of account"
    stage.until("it is said", lambda: why in str(stage.status()))
    plan = planned(stage, "prod")
    assert (plan.code, why in plan.out) == (UNREACHABLE, True), plan.out
    assert "blocks  source" in stage.order("why", "prod", "api").out
    assert (stage.told("api"), stage.registered("v1.2.3")) == ([], [])
    change(stage, {"move": f"{repository()}:v1.2.3", "to": f"{repository()}:v1.2.3-pushed"})
    stage.until("it runs", lambda: stage.told("api") == ["v1.2.3-pushed"])
    stage.until("it is good", lambda: "v1.2.3" in stage.goods())


def test_a_registry_that_is_away_touches_nothing_that_runs(stage: Stage):
    stage.begin()
    stage.cloud.set_faults(
        {"errors": [{"operation": "ecr:BatchGetImage", "code": "ServerException", "times": 10_000}]}
    )
    stage.kill()
    stage.start()
    stage.looks(4)
    assert stage.phase() is Phase.IDLE and "cannot be read" not in str(stage.status())
    stage.release("v1.2.3")
    stage.until("it holds", lambda: f"the digest of {repository()}:v1.2.3 cannot be read" in str(stage.status()))
    assert stage.told() == []
    stage.cloud.set_faults({"errors": []})
    stage.until_rests("v1.2.3")


def test_a_container_that_stays_on_its_tag_rests_on_it_though_it_moves(stage: Stage):
    def stays(version: str) -> str:
        image = f'"{repository()}:${{version}}"'
        return environment("prod", version).replace(
            f"images: {{api: {image}}}", f"images: {{api: {{image: {image}, follow: tag}}}}"
        )

    stage.seed({"prod.yaml": environment("prod", FIRST)})
    stage.commit({"prod.yaml": stays(SEEDED)})
    stage.start()
    stage.until("it is good", lambda: stage.memory().goods)
    stage.commit({"prod.yaml": stays("v1.2.3")})
    stage.until_rests("v1.2.3")
    assert running_image(stage) == f"{repository()}:v1.2.3"
    change(stage, {"move": f"{repository()}:v1.2.3", "to": f"{repository()}:v9"})
    stage.looks(4)
    assert (planned(stage).code, stage.told()) == (DONE, ["v1.2.3"])
    assert stage.cloud.asked("ecr:BatchGetImage") == 0


# --- a base that others register

BASE = "infra-prod-api"


def based(version: str = SEEDED, follow: str = "newest-foreign") -> str:
    """The environment, with its task definition laid over what Terraform registers."""
    head, _, rest = environment("prod", version, more="healAfter: 1m").partition("      taskDefinition:\n")
    _, guards, rest = rest.partition("      guards:")
    return f"{head}      taskDefinition: {{base: {{family: {BASE}, follow: {follow}}}}}\n{guards}{rest}"


def terraform(stage: Stage, memory: str, *beside: dict[str, object]) -> str:
    """Register a revision of the base, as `terraform apply` does; gives its ARN."""
    api = {"name": "api", "image": f"{repository()}:{SEEDED}", "essential": True}
    made = stage.eye.client("ecs").register_task_definition(
        family=BASE,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory=memory,
        containerDefinitions=[api, *beside],
    )
    return made["taskDefinition"]["taskDefinitionArn"]


def memory_of(stage: Stage) -> str:
    arn = stage.eye.service()["deployments"][0]["taskDefinition"]
    return stage.eye.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]["memory"]


def laid_over(stage: Stage) -> None:
    """Start from rest with what Terraform made."""
    stage.seed({"prod.yaml": environment("prod", FIRST)})
    stage.eye.deploy(terraform(stage, "512"))
    stage.until("it runs", lambda: stage.eye.running() == SEEDED)
    stage.commit({"prod.yaml": based()})
    stage.start()
    stage.until("it is good", lambda: stage.memory().goods)


def test_what_terraform_registers_ships_as_a_rollout_of_its_own_with_our_image_on_it(stage: Stage):
    laid_over(stage)
    assert stage.told() == [SEEDED], "by hand, and first contact changes nothing"
    stage.commit({"prod.yaml": based("v1.2.3")})
    stage.until_rests("v1.2.3")
    assert running_image(stage) == at("v1.2.3")
    terraform(stage, "1024")
    stage.until("it ships", lambda: memory_of(stage) == "1024")
    stage.until_rests("v1.2.3")
    stage.until("it is good", lambda: len(stage.goods()) == 3)
    assert running_image(stage) == at("v1.2.3"), "ours, not the one that Terraform wrote"
    assert [row.data["result"] for row in stage.journal(Event.ENDED)] == ["good", "good"]
    assert f"laid over {BASE}:" in planned(stage).out


def test_a_bad_base_is_gone_back_from_and_the_next_one_ships(stage: Stage):
    laid_over(stage)
    bad = terraform(stage, "1024", {"name": "log", "image": f"{repository('log')}:v1-crash"})
    stage.until("it ships", lambda: memory_of(stage) == "1024")
    stage.until("it is gone back from", stage.quarantined)
    stage.until("the old base runs", lambda: memory_of(stage) == "512")
    stage.until_rests(SEEDED)
    stage.looks(20)
    assert memory_of(stage) == "512", f"{bad} failed, and is not tried again"
    terraform(stage, "2048")
    stage.until("the next one ships", lambda: memory_of(stage) == "2048")
    stage.until_rests(SEEDED)
    assert [row.data["result"] for row in stage.journal(Event.ENDED)] == ["rolled_back", "good"]


# --- what is passed over


def test_an_ignored_difference_is_no_drift_and_its_reason_is_shown(stage: Stage):
    rule = f"ignore: [{{path: '{USER}', reason: the platform team sets it}}]\nhealAfter: 1m"
    stage.begin(more=rule)
    ecs = stage.eye.client("ecs")
    shown = ecs.describe_task_definition(taskDefinition=stage.eye.service()["taskDefinition"])["taskDefinition"]
    kept = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")
    container = {**shown["containerDefinitions"][0], "user": "nobody"}
    made = ecs.register_task_definition(**{key: shown[key] for key in kept}, containerDefinitions=[container])
    stage.eye.deploy(made["taskDefinition"]["taskDefinitionArn"])
    stage.until("it runs", lambda: stage.eye.running() == SEEDED)
    stage.looks(20)
    assert stage.told() == [SEEDED], "by hand, and nothing followed"
    assert stage.memory().drift is None and stage.journal(Event.DRIFT) == []
    said = "ignore: the platform team sets it"
    plan = planned(stage, "--show-ignored")
    assert (plan.code, f"= {USER}: nobody there, nothing in the spec  ({said})" in plan.out) == (DONE, True), (
        plan.out
    )
    (item,) = planned(stage, "--show-ignored", "-o", "json").items
    assert {"path": USER, "live": "nobody", "wanted": None, "rule": said} in item["ignored"]
    assert item["differences"] == []
    assert USER not in planned(stage).out
