"""Adoption, from answers of AWS to files: nothing differs, no secret is written, what cannot be said is named."""

import json
from pathlib import Path

import pytest
from hypothesis import event, given

from controller import kinds
from controller.app.adopt import proposed
from controller.app.draft import Ask, Outcome
from controller.app.lay import lay
from controller.errors import Refusal
from controller.model.names import Commit, EnvName
from controller.spec.check import validate
from controller.spec.naming import target_names
from controller.spec.parse import compile_environment
from controller.spec.propose import environment_file
from controller.spec.tables import Files
from controller.targets.ecs.adopt import why_not
from tests.targets.ecs.generated import ROLE, definitions
from tests.targets.ecs.test_round_trip import described

ACCOUNT, REGION, CLUSTER = "111122223333", "eu-west-1", "main"
ENV = EnvName("prod")
MAIN = environment_file(ENV, CLUSTER, ACCOUNT, REGION, None)
VIEW = Files(files={"prod/environment.yaml": MAIN.encode()}, commit=Commit("c"))
ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/api:7"
GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "ecs").glob("*.json"))
CONTAINER = {"name": "api", "image": "registry.example/api:v1.2.3"}


def answered(definition=None, name="api-service", **service):
    """A service and its task definition as AWS would answer them."""
    primary = {"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": ARN, "rolloutState": "COMPLETED"}
    fields = {key: value for key, value in service.items() if key != "deployments"}
    primary |= {key: value for key, value in fields.items() if key.endswith(("Configuration", "Configurations"))}
    whole = {"serviceName": name, "status": "ACTIVE", "deployments": [primary], **fields}
    told = {"taskDefinitionArn": ARN, "family": "api", "containerDefinitions": [CONTAINER], **(definition or {})}
    return whole, told


def adopted(service, definition, **asked):
    ask = Ask(cluster=CLUSTER, out=Path("prod"), **asked)
    rows, files = proposed(ask, ENV, VIEW, {service["serviceName"]: service}, {ARN: definition})
    (row,) = rows
    return row, files


def compiled(files):
    content = {**VIEW.files, **{f"prod/{name}": text.encode() for name, text in files.items()}}
    return compile_environment(ENV, content, prefix="specs", tables=kinds.SPEC, commit=Commit("c"))


def with_environment(*pairs, **more):
    environment = [{"name": name, "value": value} for name, value in pairs]
    return answered({"containerDefinitions": [{**CONTAINER, "environment": environment, **more}]})


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_what_aws_answers_is_written_such_that_nothing_differs_or_named(path):
    told = json.loads(path.read_text())["answered"]
    service, definition = answered({**told["taskDefinition"], "taskDefinitionArn": ARN}, **told["service"])
    row, files = adopted(service, definition)
    if path.stem in HANDS:
        assert (row.outcome, files) == (Outcome.HAND, {})
        assert HANDS[path.stem] in row.why[0]
    elif service.get("schedulingStrategy") == "DAEMON":
        assert (row.outcome, files) == (Outcome.SKIPPED, {})
    else:
        assert row.outcome is Outcome.ADOPTED, row
        assert [str(one) for one in compiled(files).complaints] == []
        (target,) = compiled(files).targets.values()
        assert target.terms.observe
        assert row.files == tuple(files)


# What a spec refuses for a reason of its own, and what it cannot say yet.
HANDS = {
    "load-balancers-declared-empty": "maps no port 80",
    "load-balancers-not-declared": "maps no port 80",
    "unknown-field-differs": "newFieldOfAws.mode would differ",
}


@given(definitions)
def test_any_task_definition_is_adopted_without_a_difference_or_needs_a_hand(definition):
    # AWS answers roles in full; the embedded ECS does so for one of the two.
    full = {"executionRoleArn": ROLE} if "executionRoleArn" in definition else {}
    told = {**described(definition), **full}
    row, files = adopted(*answered({**told, "taskDefinitionArn": ARN}))
    event(row.outcome.value)
    assert not any("would differ" in why for why in row.why), row
    if row.outcome is Outcome.ADOPTED:
        (target,) = compiled(files).targets.values()
        assert target.release.version == row.version


def test_the_tag_is_the_version_where_it_is_one():
    row, files = adopted(*answered())
    assert row.version == "v1.2.3"
    assert "images: {api: 'registry.example/api:${version}'}" in files["api.yaml"]
    assert "image:" not in files["taskdefs/api.yaml"]


@pytest.mark.parametrize(
    ("image", "version", "why"),
    [
        ("registry.example/api:latest", "latest", ""),
        ("registry.example/api:v1.2.3-rc.1", "v1.2.3-rc.1", ""),
        ("registry.example/api:1.2.3", "v1.2.3", "has no v"),
        ("registry.example/api:main-4f2a", "v0.0.0", "main-4f2a is no version"),
        ("registry.example:5000/api", "v0.0.0", "has no tag"),
        ("registry.example/api:v1.2.3@sha256:" + "0" * 64, "v0.0.0", "pinned by its digest"),
    ],
)
def test_what_is_no_version_gets_a_name_and_its_image_stays_as_it_is(image, version, why):
    row, files = adopted(*answered({"containerDefinitions": [{"name": "api", "image": image}]}))
    assert (row.outcome, row.version) == (Outcome.ADOPTED, version)
    assert why in files["api.yaml"]
    if why:
        assert image in "".join(files.values())


def test_the_version_is_that_of_the_container_that_is_served_and_others_stay_as_they_are():
    containers = [
        {"name": "proxy", "image": "envoy:v9.9.9"},
        {**CONTAINER, "portMappings": [{"containerPort": 80}]},
        {"name": "worker", "image": CONTAINER["image"], "essential": False},
    ]
    balancer = {"targetGroupArn": "arn:x", "containerName": "api", "containerPort": 80}
    row, files = adopted(*answered({"containerDefinitions": containers}, loadBalancers=[balancer]))
    assert row.version == "v1.2.3"
    (target,) = compiled(files).targets.values()
    images = {path: value for path, value in target.release.manifest.fields if path.endswith(".image")}
    assert set(images.values()) == {"envoy:v9.9.9", CONTAINER["image"]}
    assert files["api.yaml"].count("${version}") == 2, "of the same repository and tag, so of the same build"
    assert "envoy:v9.9.9" in files["taskdefs/api.yaml"]


# Put together here, so that nobody's scanner takes this file for a leak.
SECRETS = [
    ("DB_PASSWORD", "hunter2", "containers[api].environment[DB_PASSWORD]"),
    ("ACCESS", "AKIA" + "IOSFODNN7EXAMPLE", "containers[api].environment[ACCESS]"),
    ("DATABASE_URL", "postgres://u:" + "hunter2@db/x", "containers[api].environment[DATABASE_URL]"),
    ("apiKey", "hunter2", "containers[api].environment[apiKey]"),
    ("SESSION_TOKEN", "hunter2", "containers[api].environment[SESSION_TOKEN]"),
]


@pytest.mark.parametrize(("name", "value", "place"), SECRETS, ids=[one[0] for one in SECRETS])
def test_a_secret_is_never_written_and_its_place_is_named(name, value, place):
    row, files = adopted(*with_environment((name, value), ("A", "1")))
    assert (row.outcome, files, row.files) == (Outcome.HAND, {}, ())
    (why,) = row.why
    assert place in why
    assert "`secrets`" in why
    assert value not in repr(row)


def test_a_secret_is_seen_wherever_it_stands():
    logs = {"logDriver": "splunk", "options": {"splunk-token": "hunter2"}}
    more = {"command": ["serve", "--password=hunter2"], "dockerLabels": {"api.key": "x"}, "logConfiguration": logs}
    row, files = adopted(*with_environment(("A", "1"), **more))
    assert files == {}
    assert [why.partition(" ")[0] for why in row.why] == [
        "containers[api].command[1]",
        "containers[api].logConfiguration.options.splunk-token",
    ]
    assert "hunter2" not in repr(row)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKEN_URL", "https://id.example/token"),
        ("SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x"),
        ("TOKEN_TTL", "3600"),
        ("USE_TOKEN", "true"),
        ("DB_PASSWORD", ""),
        ("DATABASE_URL", "postgres://db/x"),
    ],
)
def test_what_only_speaks_of_a_secret_is_written(name, value):
    row, _ = adopted(*with_environment((name, value)))
    assert row.outcome is Outcome.ADOPTED, row


@pytest.mark.parametrize("plain", ["PASSWORD_HINT", "containers[api].environment[PASSWORD_HINT]"])
def test_what_somebody_looked_at_is_written(plain):
    row, files = adopted(*with_environment(("PASSWORD_HINT", "your dog")), plain=frozenset({plain}))
    assert row.outcome is Outcome.ADOPTED
    assert "your dog" in files["taskdefs/api.yaml"]


def test_a_form_that_a_spec_refuses_is_refused_though_somebody_calls_it_plain():
    row, files = adopted(*with_environment(("ACCESS", SECRETS[1][1])), plain=frozenset({"ACCESS"}))
    assert (row.outcome, files) == (Outcome.HAND, {})
    assert SECRETS[1][1] not in repr(row)


def test_what_nobody_can_see_is_not_written():
    row, files = adopted(*with_environment(("A", "x\u200by")))
    assert (row.outcome, files) == (Outcome.HAND, {})
    assert "cannot be seen" in row.why[0]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"status": "DRAINING"}, "it is DRAINING"),
        ({"deploymentController": {"type": "CODE_DEPLOY"}}, "CODE_DEPLOY"),
        ({"deploymentController": {"type": "EXTERNAL"}}, "EXTERNAL"),
        ({"schedulingStrategy": "DAEMON"}, "DAEMON"),
        ({"resourceManagementType": "ECS"}, "Express Mode"),
    ],
)
def test_what_is_not_released_by_ecs_itself_is_skipped_with_the_reason(more, why):
    service, definition = answered()
    row, files = adopted({**service, **more}, definition)
    assert (row.outcome, files) == (Outcome.SKIPPED, {})
    assert why in row.why[0]


def test_a_service_without_a_primary_deployment_is_skipped():
    service, _ = answered()
    assert "no PRIMARY deployment" in why_not({**service, "deployments": []})
    assert why_not({**service, "deploymentController": {"type": "ECS"}, "schedulingStrategy": "REPLICA"}) == ""


def test_how_many_tasks_there_are_is_left_to_whoever_scales():
    _, files = adopted(*answered(desiredCount=7, enableExecuteCommand=True))
    assert "# desiredCount (7 now) is left out" in files["api.yaml"]
    assert "Not ours unless written under `serviceDefinition`: enableExecuteCommand." in files["api.yaml"]
    (target,) = compiled(files).targets.values()
    assert target.settings is None


def test_what_a_breaker_needs_is_written_and_what_aws_fills_in_is_not():
    breaker = {"enable": True, "rollback": False, "resetOnHealthyTask": True}
    threshold = {"thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50}}
    deployment = {"maximumPercent": 200, "deploymentCircuitBreaker": {**breaker, **threshold}}
    _, files = adopted(*answered(deploymentConfiguration=deployment))
    assert "deploymentCircuitBreaker: {enable: true, rollback: false}" in files["api.yaml"]
    assert "maximumPercent" not in files["api.yaml"]


def test_beside_terraform_its_fields_are_left_to_it_and_it_is_told_what_to_ignore():
    deployment = {"maximumPercent": 150, "minimumHealthyPercent": 50}
    tags = [{"key": "managed-by", "value": "terraform"}]
    row, files = adopted(*answered(deploymentConfiguration=deployment, tags=tags), terraform=True)
    assert "serviceDefinition:" not in files["api.yaml"]
    assert "# taskDefinition: {base: {family: api, follow: newest-foreign}}" in files["api.yaml"]
    assert 'resource "aws_ecs_service" "api" {   # tagged managed-by=terraform' in row.terraform
    assert "ignore_changes = [task_definition, desired_count]" in row.terraform
    assert "skip_destroy = true" in row.terraform


def test_the_base_that_is_offered_is_one_that_a_spec_takes():
    _, files = adopted(*answered(), terraform=True)
    text = files["api.yaml"]
    offered = text.replace("    taskDefinition: {file: taskdefs/api.yaml}\n", "").replace(
        "# taskDefinition: {base", "taskDefinition: {base"
    )
    assert offered.count("taskDefinition:") == 1
    assert [str(one) for one in compiled({"api.yaml": offered}).complaints] == []


def test_a_revision_that_was_deregistered_is_named():
    row, _ = adopted(*answered({"status": "INACTIVE"}))
    assert any("skip_destroy" in hint for hint in row.hints)


@pytest.mark.parametrize(
    ("services", "names"),
    [
        (["acme-prod-api-service", "acme-prod-web-service"], ["api", "web"]),
        (["acme-prod-api"], ["acme-prod-api"]),
        (["main-prod-api"], ["api"]),
        (["api", "api-service", "API"], ["api", "api-2", "api-service"]),
        (["web-service", "service"], ["service", "web"]),
        (["environment", "2fa"], ["environment-2", "s-2fa"]),
        (["a" * 60, "a" * 61], ["a" * 38 + "-2", "a" * 40]),
        (["Under_Score", "___"], ["s", "under-score"]),
    ],
)
def test_targets_are_named_shortly_validly_and_each_otherwise(services, names):
    found = target_names(services, ["main-cluster", "prod"])
    assert sorted(found.values()) == sorted(names)
    assert set(found) == set(services)


def test_files_that_are_there_are_never_overwritten_unless_told_so(tmp_path):
    folder = tmp_path / "prod"
    lay(folder, {"a.yaml": "one\n", "taskdefs/a.yaml": "one\n"}, force=False)
    lay(folder, {"a.yaml": "one\n", "b.yaml": "two\n"}, force=False)
    with pytest.raises(Refusal, match=r"a\.yaml would be overwritten"):
        lay(folder, {"a.yaml": "other\n", "c.yaml": "three\n"}, force=False)
    assert (folder / "a.yaml").read_text() == "one\n"
    assert not (folder / "c.yaml").exists()
    lay(folder, {"a.yaml": "other\n", "c.yaml": "three\n"}, force=True)
    assert (folder / "a.yaml").read_text() == "other\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["prod"], "nothing is left beside it"


def test_what_cannot_all_be_written_is_not_written_at_all(tmp_path):
    folder = tmp_path / "prod"
    lay(folder, {"a.yaml": "one\n"}, force=False)
    (folder / "z.yaml").mkdir()
    with pytest.raises(Exception, match=r"cannot be written"):
        lay(folder, {"a.yaml": "other\n", "b.yaml": "two\n", "z.yaml": "no\n"}, force=True)
    assert (folder / "a.yaml").read_text() == "one\n"
    assert not (folder / "b.yaml").exists()


def test_what_is_written_is_what_validate_takes(tmp_path):
    _, files = adopted(*with_environment(("HOME", "${HOME}"), ("NO", "no"), ("LINES", "a\nb\n")))
    lay(tmp_path / "prod", {"environment.yaml": MAIN, **files}, force=False)
    checked, complaints = validate([tmp_path], kinds.SPEC)
    assert (len(checked), complaints) == (2, ())


def test_the_comparison_before_writing_is_no_formality():
    """Were the written target another than what runs, it would be seen: here the defaults say more."""
    main = MAIN + "  defaults: {serviceDefinition: {enableExecuteCommand: true}}\n"
    view = Files(files={"prod/environment.yaml": main.encode()}, commit=Commit("c"))
    service, definition = answered()
    rows, files = proposed(
        Ask(cluster=CLUSTER, out=Path("prod")), ENV, view, {"api-service": service}, {ARN: definition}
    )
    assert files == {}
    assert rows[0].why == ("service.enableExecuteCommand would differ from what runs",)


@pytest.mark.parametrize(
    "words",
    [
        ("--all",),
        ("--cluster", "c", "--all"),
        ("--cluster", "c", "--out", "x"),
        ("--cluster", "c", "--out", "x", "--all", "--service", "y"),
        ("--cluster", "c", "--out", "X_Y", "--all", "--region", "eu-west-1"),
        ("--cluster", "c", "--out", "x", "--service", "a b", "--region", "eu-west-1"),
    ],
)
def test_what_is_asked_wrongly_is_said_before_anything_is_read(trueup, words):
    said = trueup("adopt", *words)
    assert said.code == 2
    assert said.err
