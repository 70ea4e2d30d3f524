"""Seeds from specs: what the targets name, one version back in everything that follows the version."""

from pathlib import Path

import pytest

from controller.app.sandbox import seeds_of

SPECS = Path(__file__).parents[2] / "specs"
BEFORE = {"dev": "earlier", "stage": "v1.2.2-stage", "prod": "v1.2.2"}
SPEC = """
apiVersion: trueup/v1
kind: Environment
metadata: {name: prod}
spec:
  aws: {account: "111122223333", region: eu-west-1}
  cluster: prod
  defaults: {kind: ecs, version: v1.2.3, rollout: {bake: 1m}}
  targets:
    api:
      service: api
      taskDefinition:
        family: api
        cpu: "256"
        memory: "512"
        containerDefinitions:
          - name: api
            image: registry.example/api:${version}-crash
            command: [serve, "--release=${version}", "${target}"]
            environment:
              - {name: VERSION, value: "${version}"}
              - {name: TOLD, value: "This is ${version}."}
              - {name: OTHER, value: v1.2.30}
              - {name: PRECISE, value: v1.2.3.4}
              - {name: LONGER, value: rev1.2.3}
            dockerLabels: {release: "api/${version}/${environment}"}
      serviceDefinition:
        serviceConnectConfiguration: {enabled: true, namespace: "apps-${version}"}
"""


@pytest.fixture
def seed(tmp_path):
    (tmp_path / "prod.yaml").write_text(SPEC, encoding="utf-8")
    (seed,) = seeds_of(tmp_path)
    return seed


def test_whatever_followed_the_version_is_one_version_back(seed):
    (container,) = seed.task_definition["containerDefinitions"]
    assert container["image"] == "registry.example/api:v1.2.2-crash"
    assert container["command"] == ["serve", "--release=v1.2.2", "api"]
    told = {pair["name"]: pair["value"] for pair in container["environment"]}
    assert (told["VERSION"], told["TOLD"]) == ("v1.2.2", "This is v1.2.2.")
    assert container["dockerLabels"] == {"release": "api/v1.2.2/prod"}
    assert seed.service_definition["serviceConnectConfiguration"]["namespace"] == "apps-v1.2.2"


def test_what_only_looks_like_the_version_stays(seed):
    (container,) = seed.task_definition["containerDefinitions"]
    told = {pair["name"]: pair["value"] for pair in container["environment"]}
    assert (told["OTHER"], told["PRECISE"], told["LONGER"]) == ("v1.2.30", "v1.2.3.4", "rev1.2.3")


def test_the_example_specs_seed_six_services_that_say_the_version_they_run():
    seen = {}
    for seed in seeds_of(SPECS):
        ours = seed.task_definition["containerDefinitions"][0]
        told = {pair["name"]: pair["value"] for pair in ours["environment"]}
        seen[seed.service] = (ours["image"].rpartition(":")[2], told["UNIFOCUS_VERSION"])
    assert seen == {
        f"unifocus-{place}-{target}-service": (before, before)
        for place, before in BEFORE.items()
        for target in ("api", "web")
    }
