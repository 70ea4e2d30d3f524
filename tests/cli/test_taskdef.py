"""taskdef diff: two files, compared as a spec is compared with what runs; and how differences are printed."""

import json

import pytest

from controller.cli.differing import as_data, because, line_of, masked
from controller.codes import DONE, NEGATIVE, WRONG
from controller.plan.compare import Difference

API = {"name": "api", "image": "registry.example/api:v1", "environment": [{"name": "A", "value": "1"}]}
DECLARED = {"family": "api", "networkMode": "awsvpc", "containerDefinitions": [API]}
ANSWER = {
    "taskDefinition": {
        **DECLARED,
        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/api:7",
        "revision": 7,
        "status": "ACTIVE",
        "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.ecr-auth"}],
        "containerDefinitions": [{**API, "cpu": 0, "essential": True, "portMappings": [], "mountPoints": []}],
    },
    "tags": [{"key": "team", "value": "payments"}],
}
YAML = """
family: api
networkMode: awsvpc
containerDefinitions:
  - name: api
    image: registry.example/api:v2
    environment: [{name: A, value: 1}, {name: DB_PASSWORD, value: hunter2}]
"""


@pytest.fixture
def files(tmp_path):
    def written(**contents):
        for name, content in contents.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (tmp_path / name.replace("_", ".")).write_text(text)
        return [str(tmp_path / name.replace("_", ".")) for name in contents]

    return written


def test_what_is_declared_and_what_aws_answers_of_it_are_the_same(trueup, files):
    said = trueup("taskdef", "diff", *files(a_json=DECLARED, b_json=ANSWER))
    assert (said.code, said.out) == (DONE, "no difference\n")


def test_json_with_tabs_is_json(trueup, files):
    said = trueup("taskdef", "diff", *files(a_json=json.dumps(DECLARED, indent="\t"), b_json=ANSWER))
    assert said.code == DONE


def test_what_differs_is_named_by_its_path_and_a_secret_is_not_shown(trueup, files):
    said = trueup("taskdef", "diff", *files(a_json=ANSWER, b_yaml=YAML))
    api = "taskDefinition.containerDefinitions[api]"
    assert said.code == NEGATIVE
    assert said.out.splitlines() == [
        f"+ {api}.environment[DB_PASSWORD]: ***",
        f"~ {api}.image: registry.example/api:v1 -> registry.example/api:v2",
    ]
    assert "hunter2" not in said.out + said.err


def test_as_json_the_differences_come_in_one_envelope(trueup, files):
    said = trueup("taskdef", "diff", *files(a_json=ANSWER, b_yaml=YAML), "-o", "json")
    listed = json.loads(said.out)
    assert (said.code, listed["kind"]) == (NEGATIVE, "DifferenceList")
    assert [item["live"] for item in listed["items"]] == [None, "registry.example/api:v1"]


def test_a_field_of_tomorrow_is_compared_as_it_is(trueup, files):
    later = {**DECLARED, "sandboxing": {"level": 2}}
    said = trueup("taskdef", "diff", *files(a_json=DECLARED, b_json=later))
    assert (said.code, said.out) == (NEGATIVE, "+ taskDefinition.sandboxing.level: 2\n")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "is no JSON"),
        ("[]", "it is not a JSON object"),
        ({"family": "api", "containerDefinitions": [{"name": "api", "cpu": "much"}]}, "not a whole number"),
        ({"family": "api", "containerDefinitions": [{"name": "api", "imge": "x"}]}, "did you mean 'image'?"),
    ],
)
def test_what_cannot_be_read_is_one_clear_message(trueup, files, content, why):
    said = trueup("taskdef", "diff", *files(a_json=DECLARED, b_json=content))
    assert said.code == WRONG
    assert why in said.err and "b.json" in said.err


def test_a_file_that_is_not_there_is_one_clear_message(trueup, files, tmp_path):
    said = trueup("taskdef", "diff", *files(a_json=DECLARED), str(tmp_path / "none.yaml"))
    assert (said.code, said.out) == (WRONG, "")
    assert "none.yaml cannot be read: No such file or directory" in said.err


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("a.environment[DB_PASSWORD]", "x", "***"),
        ("a.environment[API_KEY]", "x", "***"),
        ("a.logConfiguration.options[splunk-token]", "x", "***"),
        ("a.environment[URL]", "https://x/?token=abc", "https://x/?token=***"),
        ("a.secrets[DB_PASSWORD]", "arn:aws:ssm:x", "arn:aws:ssm:x"),
        ("a.logConfiguration.secretOptions[splunk-token]", "arn:aws:ssm:x", "arn:aws:ssm:x"),
        ("a.repositoryCredentials.credentialsParameter", "arn:aws:x", "arn:aws:x"),
        ("a.environment[PORT]", "80", "80"),
        ("a.essential", False, False),
    ],
)
def test_a_value_that_looks_like_a_secret_is_not_shown(path, value, shown):
    assert masked(path, value) == shown
    assert as_data([Difference(path=path, live=None, wanted=value)])[0]["wanted"] == shown


def test_that_a_hidden_value_differs_is_said():
    hidden = Difference(path="a.environment[TOKEN]", live="x", wanted="y")
    assert line_of(hidden).endswith("a.environment[TOKEN]: *** -> *** (another value)\x1b[0m")


def test_an_empty_text_and_a_switch_are_shown_as_such():
    assert '"" -> x' in line_of(Difference(path="a", live="", wanted="x"))
    assert "true -> false" in line_of(Difference(path="a", live=True, wanted=False))


def test_of_many_causes_three_are_named():
    many = [Difference(path=f"t.{name}", live=1, wanted=2) for name in "abcde"]
    assert because(many) == "t.a, t.b, t.c and 2 more"
    assert because(many[:1], under="t.") == "a"
