"""`trueup windows test`: what a moment meets, in the windows' own zone."""

import json

import pytest

from controller.codes import DONE, NEGATIVE, WRONG

SPEC = """
apiVersion: trueup/v1
kind: Environment
metadata: {name: prod}
spec:
  aws: {account: "111122223333", region: eu-west-1}
  cluster: unifocus-prod-cluster
  defaults:
    kind: ecs
    version: v1.2.3
    taskDefinition:
      family: unifocus
      containerDefinitions: [{name: api, image: "registry.example.com/api:1", memory: 256}]
  targets:
    api:
      service: unifocus-prod-api-service
      notBefore: 2026-12-01T06:00:00Z
      gates: [{kind: window, allow: [Mon-Thu 09:00-16:00], deny: [2026-12-21..2027-01-03], timezone: Europe/Berlin}]
    web:
      service: unifocus-prod-web-service
"""


@pytest.fixture
def windows(shop, tmp_path):
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / "prod.yaml").write_text(SPEC)

    def call(*args):
        return shop("windows", "test", *args, "--repo", str(folder), store=False)

    call.file = folder / "prod.yaml"
    return call


def test_an_evening_before_christmas_waits_for_the_new_year(windows):
    said = windows("prod", "--at", "2026-12-24T22:00")
    lines = said.out.splitlines()
    assert said.code == NEGATIVE
    assert lines[1].split("  ")[0] == "api"
    assert "Thu 2026-12-24 22:00 CET" in lines[1]
    assert "Mon 2027-01-04 09:00" in lines[1]
    assert "the window is shut; it opens Mon 2027-01-04 09:00 Europe/Berlin" in lines[1]
    assert lines[2].split()[-1] == "-"  # notBefore is over by then


def test_what_is_open_says_until_when_and_exits_with_0(windows):
    said = windows("prod", "api", "--at", "2026-12-02T10:00+01:00", "-o", "json")
    first, second = json.loads(said.out)["items"]
    assert said.code == DONE
    assert (first["open"], first["shuts"], first["opens"]) == (True, "2026-12-02T15:00:00Z", None)
    assert (second["open"], second["why"]) == (True, "")


def test_not_before_says_when_it_opens(windows):
    said = windows("prod", "api", "--at", "2026-11-30T10:00")
    assert "v1.2.3 is not to start before 2026-12-01T06:00:00Z" in said.out
    assert said.code == NEGATIVE


def test_a_target_without_a_window_may_start_at_any_time(windows):
    said = windows("prod", "web")
    assert (said.code, said.out) == (DONE, "prod: no target has a window: releases may start at any time\n")


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (("prod", "--at", "tomorrow"), "'tomorrow' is not a time; write 2026-12-24T22:00"),
        (("prod", "apj"), "no target 'apj' in prod; there are: api, web"),
        (("prd",), "no environment 'prd'; there are: prod"),
    ],
)
def test_bad_input_gets_one_sentence(windows, args, what):
    said = windows(*args)
    assert (said.code, said.out) == (WRONG, "")
    assert what in said.err


def test_a_spec_that_is_wrong_is_told_and_exits_with_2(windows):
    windows.file.write_text(SPEC.replace("allow: [Mon-Thu", "allow: [Mo-Thu"))
    said = windows("prod")
    assert said.code == WRONG
    assert "'Mo-Thu 09:00-16:00' is not days and hours" in said.err
