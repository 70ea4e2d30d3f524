"""The example in specs/ is good, complete, and says what it is there to say; `trueup schema` describes it."""

import json
import re
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
import yaml

from controller import kinds
from controller.gates.alarms import Alarms
from controller.model.desired import Supersede
from controller.model.hooks import When
from controller.model.names import Commit, EnvName
from controller.spec.check import environments_in, validate
from controller.spec.describe import schema
from controller.spec.parse import Compiler, compile_environment

SPECS = Path(__file__).parents[2] / "specs"
GOLDEN = Path(__file__).parents[1] / "golden" / "specs"
ACCOUNTS = {"dev": "333344445555", "stage": "222233334444", "prod": "111122223333"}


def test_the_example_is_valid():
    checked, complaints = validate([SPECS], kinds.SPEC)
    assert [str(complaint) for complaint in complaints] == []
    assert [Path(name).name for name in checked] == ["dev.yaml", "prod.yaml", "stage.yaml"]


@pytest.fixture(scope="module")
def compiled():
    compiler = Compiler(kinds.SPEC)
    return {env: compiler.compile(env, sheets) for env, sheets in environments_in(SPECS)}


@pytest.mark.parametrize("env", ["dev", "stage", "prod"])
@pytest.mark.parametrize("name", ["api", "web"])
def test_every_environment_runs_both_targets_under_their_own_names(compiled, env, name):
    target = compiled[env].targets[name]
    place = target.place
    assert (place.account, place.role) == (ACCOUNTS[env], f"arn:aws:iam::{ACCOUNTS[env]}:role/trueup")
    assert (place.cluster, place.service) == (f"unifocus-{env}-cluster", f"unifocus-{env}-{name}-service")
    definition = json.loads(str(target.release.shape))["taskDefinition"]
    assert definition["family"] == f"unifocus-{env}-{name}"
    images = {container["name"]: container["image"] for container in definition["containerDefinitions"]}
    registry = f"{ACCOUNTS[env]}.dkr.ecr.eu-west-1.amazonaws.com"
    assert images[name] == f"{registry}/unifocus-{env}-{name}:{target.release.version}"


@pytest.mark.parametrize(("env", "taken"), [("dev", ["latest", "rc"]), ("stage", ["stage"]), ("prod", ["bare"])])
def test_every_environment_takes_only_its_own_forms_of_versions(env, taken):
    forms = {"latest": "latest", "rc": "v1.3.0-rc.1", "stage": "v1.2.3-stage", "bare": "v1.2.3"}
    text = (SPECS / f"{env}.yaml").read_text()
    definitions = {f"taskdefs/{file.name}": file.read_bytes() for file in (SPECS / "taskdefs").iterdir()}
    for form, version in forms.items():
        content = re.sub(r"version: v\S+|track: {image: latest}", f"version: {version}", text).encode()
        files = {**definitions, f"{env}.yaml": content}
        of = compile_environment(EnvName(env), files, prefix="specs", tables=kinds.SPEC, commit=Commit("c1"))
        assert bool(of.targets) is (form in taken), (form, of.complaints)
        assert all("; did you" not in one.what and f"; {env} takes " in one.what for one in of.complaints)


def test_the_bakes_grow_towards_production_and_the_breaker_is_on(compiled):
    bakes = {env: {target.terms.bake for target in of.targets.values()} for env, of in compiled.items()}
    assert bakes == {
        "dev": {timedelta(minutes=1)},
        "stage": {timedelta(minutes=10)},
        "prod": {timedelta(hours=1)},
    }
    for of in compiled.values():
        for target in of.targets.values():
            deployment = json.loads(target.settings.shape)["deploymentConfiguration"]
            assert deployment["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}


def test_production_is_guarded_by_its_alarms(compiled):
    api = compiled["prod"].targets["api"]
    (guard,) = api.terms.guards
    assert isinstance(guard, Alarms)
    assert (guard.prefix, guard.no_data, guard.account) == ("unifocus-prod-api-", "ok", ACCOUNTS["prod"])
    assert api.supersede is Supersede.WHEN_FAILING


def test_production_migrates_before_and_smokes_after(compiled):
    hooks = compiled["prod"].targets["api"].terms.hooks
    assert [(hook.when, hook.name) for hook in hooks] == [(When.BEFORE, "migrate"), (When.AFTER, "smoke")]
    assert json.loads(str(hooks[0].shape)) == {
        "command": ["npx", "prisma", "migrate", "deploy"],
        "container": "api",
    }


def editor() -> jsonschema.Draft202012Validator:
    published = json.loads(json.dumps(schema(kinds.SPEC)))
    jsonschema.Draft202012Validator.check_schema(published)
    return jsonschema.Draft202012Validator(published)


@pytest.mark.parametrize("env", ["dev", "stage", "prod"])
def test_an_editor_finds_nothing_wrong_in_the_example(env):
    spec = yaml.safe_load((SPECS / f"{env}.yaml").read_text())
    assert [error.message for error in editor().iter_errors(spec)] == []


@pytest.mark.parametrize(
    "name",
    [
        *("unknown-fields", "version-short", "durations", "newer-format", "owner"),
        *("guards", "guards-action", "guards-http", "guards-prometheus", "versions-words", "breaking"),
    ],
)
def test_an_editor_finds_what_validate_finds(name):
    spec = yaml.safe_load((GOLDEN / "bad" / f"{name}.yaml").read_text())
    assert not editor().is_valid(spec)


def test_an_editor_takes_a_file_of_targets():
    url = "https://api.example.com/health?full=1"
    guards = [
        {
            "kind": "alarms",
            "names": ["a"],
            "action": "hold",
            "shadow": True,
            "passes": 3,
            "failures": 2,
            "for": "2m",
        },
        {"kind": "http", "url": url, "status": 200},
        {"kind": "http", "url": url, "status": ["200-299", 404], "pointer": "/ready", "equals": True},
        {"kind": "http", "url": "${" + "environment}", "maxLatency": "500ms", "timeout": "2s"},
        {"kind": "prometheus", "query": "sum(\n  rate(errors[5m])\n)", "max": 0.01, "for": "2m"},
    ]
    target = {"kind": "ecs", "version": "v1.2.3", "paused": True, "guards": guards}
    spec = {"apiVersion": "trueup/v1", "kind": "Targets", "targets": {"api": target}}
    assert editor().is_valid(spec)
    assert not editor().is_valid({**spec, "targets": {"Api": target}})


def test_the_schema_has_a_name_a_dialect_and_a_sentence_for_every_field():
    published = schema(kinds.SPEC)
    assert published["$id"] == "trueup/v1"
    assert published["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    definitions = published["$defs"]
    assert {"Environment", "Targets", "Spec", "PartialTarget", "Rollout", "Alarms", "Stop"} <= set(definitions)
    for name, model in definitions.items():
        assert model.get("description"), name
        assert model["additionalProperties"] is False, name
        for field, about in model["properties"].items():
            assert about.get("description"), f"{name}.{field}"
