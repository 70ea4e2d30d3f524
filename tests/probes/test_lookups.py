"""Parameters, exports and outputs are read in few calls, and what cannot be read says what is missing."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from controller.errors import AccessError
from controller.model.images import Missing, Unreachable
from controller.model.lookups import Lookup, LookupAt
from controller.probes.lookups import Lookups
from controller.probes.tfstate import LARGEST
from tests.targets.ecs.rig import REGION, ROLE, Ground, new_ground

PERMISSIONS = {
    "ssm": ("ssm:GetParameters", "parameter /a"),
    "cfn": ("cloudformation:ListExports", "export a"),
    "tfstate": ("s3:GetObject", "state s3://states/prod.tfstate"),
}


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    with new_ground(monkeypatch) as ground:
        yield ground


def at(ground, text, *, state="", **more):
    kind, _, name = text.partition(":")
    return LookupAt(lookup=Lookup(kind=kind, name=name), place=ground.place(**more), state=state)


def find(ground, *texts, states=None, **more):
    """The answers, in the order in which they were asked for."""
    asked = [at(ground, text, **more) for text in texts]
    answers = Lookups(ground.clients.of_place, states).find(asked)
    return [answers[one] for one in asked]


def put(ground, **parameters):
    ssm = ground.aws.client("ssm")
    for name, value in parameters.items():
        kind = "StringList" if isinstance(value, tuple) else "String"
        text = ",".join(value) if isinstance(value, tuple) else value
        ssm.put_parameter(Name=f"/{name}", Value=text, Type=kind, Overwrite=True)
    return ssm


def export(ground, **exports):
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {"Kept": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {
            f"Output{place}": {"Value": value, "Export": {"Name": name.replace("_", ":")}}
            for place, (name, value) in enumerate(exports.items())
        },
    }
    ground.aws.client("cloudformation").create_stack(StackName="net", TemplateBody=json.dumps(template))


def a_state(outputs, **more):
    told = {name: value if "value" in value else {"value": value} for name, value in outputs.items()}
    return json.dumps({"version": 4, "terraform_version": "1.9.0", "serial": 7, "outputs": told, **more}).encode()


STATE = a_state(
    {
        "role": {"value": "arn:aws:iam::111122223333:role/task", "type": "string"},
        "net": {"value": {"subnets": ["subnet-a", "subnet-b"], "ports": [8080, 1.25], "on": True, "none": None}},
        "password": {"value": "canary", "type": "string", "sensitive": True},
        "mixed": {"value": [["a"], {}]},
        "empty": {"value": []},
        "broken": {"value": "two\nlines"},
    },
    resources=[{"instances": [{"attributes": {"password": "canary"}}]}],
).replace(b"1.25", b"1.250")


def put_state(ground, content=STATE, bucket="states", key="prod.tfstate"):
    s3 = ground.aws.client("s3")
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=bucket, Key=key, Body=content)
    return f"s3://{bucket}/{key}"


def test_parameters_are_texts_and_lists(ground):
    put(ground, role="arn:aws:iam::1:role/x", subnets=("subnet-a", " subnet-b"))
    assert find(ground, "ssm:/role", "ssm:/subnets") == ["arn:aws:iam::1:role/x", ("subnet-a", "subnet-b")]


def test_a_parameter_may_be_named_by_its_version_beside_the_newest(ground):
    put(ground, a="old")
    put(ground, a="new", b="b")
    assert find(ground, "ssm:/a:1", "ssm:/a", "ssm:/b", "ssm:/a:2") == ["old", "new", "b", "new"]


def test_parameters_are_asked_for_ten_at_once_and_each_once(ground):
    put(ground, **{f"p{index}": f"v{index}" for index in range(23)})
    names = [f"ssm:/p{index}" for index in range(23)]
    assert find(ground, *names, *names) == [f"v{index}" for index in range(23)] * 2
    assert ground.made("GetParameters") == 3


def test_a_secret_never_comes_through_a_look_up(ground):
    ground.aws.client("ssm").put_parameter(Name="/token", Value="canary", Type="SecureString")
    (answer,) = find(ground, "ssm:/token")
    assert answer == Missing(why="parameter /token is a SecureString: name it under `secrets`, ECS reads it")


def test_what_is_not_there_is_named_and_hides_nothing_else(ground):
    put(ground, a="a")
    assert find(ground, "ssm:/a", "ssm:/gone", "ssm:/a:9") == [
        "a",
        Missing(why="there is no parameter /gone"),
        Missing(why="there is no parameter /a:9"),
    ]


@pytest.mark.parametrize("value", ["two\nlines", "\x1b[31mred", "a\u202eb", "x\0{ssm:/b}"])
def test_a_value_that_nobody_can_read_is_refused_and_not_repeated(ground, value):
    put(ground, a=value)
    assert find(ground, "ssm:/a") == [
        Missing(why="the value holds a line break or another character that cannot be seen")
    ]


def test_exports_are_read_to_the_last_page_once_for_all_names(ground):
    export(ground, **{f"net_x{index}": f"sg-{index}" for index in range(105)}, net_subnets="subnet-a,subnet-b")
    assert find(ground, "cfn:net:x104", "cfn:net:subnets[]", "cfn:net:subnets", "cfn:gone") == [
        "sg-104",
        ("subnet-a", "subnet-b"),
        "subnet-a,subnet-b",
        Missing(why="there is no export gone"),
    ]
    assert ground.made("ListExports") == 2


def test_pages_without_end_are_not_followed_for_ever(ground):
    class Endless:
        def list_exports(self, **_):
            return {"Exports": [{"Name": "other", "Value": "x"}], "NextToken": "again"}

    one = at(ground, "cfn:a")
    answer = Lookups(lambda *_: Endless()).find([one])[one]
    assert answer == Unreachable(why="export a could not be read: there are more than 100 pages of exports")


OUTPUTS = [
    ("role", "arn:aws:iam::111122223333:role/task"),
    ("net.subnets", ("subnet-a", "subnet-b")),
    ("net.subnets[1]", "subnet-b"),
    ("net.ports", ("8080", "1.250")),
    ("net.on", "true"),
    ("net.subnets[2]", Missing(why="output net.subnets[2] of {state} is not there")),
    ("net.none", Missing(why="output net.none of {state} is not there")),
    ("net.none.x[0]", Missing(why="output net.none.x[0] of {state} is not there")),
    ("role.x", Missing(why="output role.x of {state} is not there")),
    ("role[0]", Missing(why="output role[0] of {state} is not there")),
    ("net", Missing(why="output net of {state} is a map: take a step into it, such as .name")),
    ("mixed", Missing(why="output mixed of {state} is a list of more than texts")),
    ("empty", Missing(why="the value is empty")),
    ("broken", Missing(why="the value holds a line break or another character that cannot be seen")),
    ("gone", Missing(why="{state} has no output gone")),
    (
        "password",
        Missing(why="output password of {state} is sensitive: keep it in a secret, and name that under `secrets`"),
    ),
]


def test_outputs_of_a_state_are_read_with_one_call(ground):
    state = put_state(ground)
    answers = find(ground, *(f"tfstate:{name}" for name, _ in OUTPUTS), state=state)
    assert answers == [
        Missing(why=answer.why.replace("{state}", state)) if isinstance(answer, Missing) else answer
        for _, answer in OUTPUTS
    ]
    assert ground.made("GetObject") == 1
    assert "canary" not in repr(answers)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"not json", "{state} is not a Terraform state: it is not JSON"),
        (b"\xff\xfe", "{state} is not a Terraform state: it is not JSON"),
        (b"[" * 100_000, "{state} is not a Terraform state: it is not JSON"),
        (b"[]", "{state} is not a Terraform state"),
        (b'{"version": 3, "modules": []}', "{state} is not a Terraform state of version 4"),
        (b'{"version": 4}', "{state} is not a Terraform state of version 4"),
        (b'{"encrypted_data": "x", "version": 4}', "{state} is encrypted by OpenTofu, and cannot be read"),
        (b"", "{state} is empty or has more than 16777216 bytes"),
        (b" " * (LARGEST + 1), "{state} is empty or has more than 16777216 bytes"),
    ],
    ids=["text", "bytes", "deep", "list", "version 3", "no outputs", "encrypted", "empty", "large"],
)
def test_what_is_no_state_is_said(tmp_path, ground, content, why):
    (tmp_path / "prod.tfstate").write_bytes(content)
    state = "file:prod.tfstate"
    assert find(ground, "tfstate:role", state=state, states=tmp_path) == [
        Missing(why=why.replace("{state}", state))
    ]


def test_a_state_that_is_not_there_is_said(ground, tmp_path):
    put_state(ground)
    for state in ("s3://states/gone", "s3://no-such-bucket-anywhere/x", "file:gone.tfstate", "file:a/b.tfstate"):
        assert find(ground, "tfstate:role", state=state, states=tmp_path) == [
            Missing(why=f"there is no state {state}")
        ]


def test_states_on_disk_are_read_below_the_operators_folder_only(ground, tmp_path: Path):
    folder, outside = tmp_path / "states", tmp_path / "outside"
    (folder / "net").mkdir(parents=True)
    outside.mkdir()
    for place in (folder / "prod.tfstate", folder / "net" / "prod.tfstate", outside / "x.tfstate"):
        place.write_bytes(STATE)
    (folder / "link.tfstate").symlink_to(outside / "x.tfstate")
    (folder / "away").symlink_to(outside, target_is_directory=True)
    (folder / "folder.tfstate").mkdir()
    os.mkfifo(folder / "pipe.tfstate")

    def read(name, states=folder):
        return find(ground, "tfstate:net.subnets[0]", state=f"file:{name}", states=states)[0]

    assert read("prod.tfstate") == read("net/prod.tfstate") == "subnet-a"
    for name in (
        "link.tfstate", "away/x.tfstate", "../outside/x.tfstate", "net/../prod.tfstate", "./prod.tfstate",
        f"{outside}/x.tfstate", "pipe.tfstate", "folder.tfstate", "net//prod.tfstate", "prod.tfstate/x.tfstate",
    ):  # fmt: skip
        assert read(name) == Missing(
            why=f"file:{name} is not a plain file below the folder of states: links are not followed"
        )
    assert read("prod.tfstate", states=None) == Unreachable(
        why="file:prod.tfstate cannot be read: the controller has no --terraform-states"
    )


def test_a_spec_that_names_no_state_is_told_so(ground):
    assert find(ground, "tfstate:role") == [
        Missing(why="the spec does not say where Terraform keeps its state: terraformState")
    ]


@pytest.mark.parametrize("kind", sorted(PERMISSIONS))
def test_what_may_not_be_read_names_the_permission(ground, kind):
    operation = {"ssm": "ssm:GetParameters", "cfn": "cloudformation:ListExports", "tfstate": "s3:GetObject"}[kind]
    refused = {"operation": operation, "code": "AccessDenied", "message": "no", "status": 403, "times": 9}
    ground.faults(errors=[refused])
    (answer,) = find(ground, f"{kind}:{'/' if kind == 'ssm' else ''}a", state="s3://states/prod.tfstate")
    permission, what = PERMISSIONS[kind]
    assert isinstance(answer, Unreachable)
    assert answer.why.startswith(f"{what} may not be read; that takes {permission}")


@pytest.mark.parametrize("kind", sorted(PERMISSIONS))
def test_a_system_that_throttles_or_is_away_is_not_taken_for_one_that_has_nothing(ground, kind):
    operation = {"ssm": "ssm:GetParameters", "cfn": "cloudformation:ListExports", "tfstate": "s3:GetObject"}[kind]
    name = f"{kind}:{'/' if kind == 'ssm' else ''}a"
    for code, status, said in (
        ("ThrottlingException", 400, "throttles"),
        ("InternalFailure", 500, "InternalFailure"),
    ):
        ground.faults(
            errors=[{"operation": operation, "code": code, "message": "no", "status": status, "times": 99}]
        )
        (answer,) = find(ground, name, state="s3://states/prod.tfstate")
        assert isinstance(answer, Unreachable)
        assert said in answer.why


def test_one_parameter_that_may_not_be_read_does_not_hide_the_others(ground):
    put(ground, a="a", b="b")
    refused = {
        "operation": "ssm:GetParameters",
        "code": "AccessDeniedException",
        "message": "not /a",
        "status": 400,
    }
    ground.faults(errors=[{**refused, "times": 2}])
    first, second = find(ground, "ssm:/a", "ssm:/b")
    assert first == Unreachable(
        why="parameter /a may not be read; that takes ssm:GetParameters: An error occurred (AccessDeniedException) "
        "when calling the GetParameters operation: not /a"
    )
    assert second == "b"


def test_each_account_and_role_is_asked_with_its_own_rights(ground):
    put(ground, a="a")
    here, there = at(ground, "ssm:/a"), at(ground, "ssm:/a", account="999988887777")
    answers = Lookups(ground.clients.of_place).find([here, there])
    assert answers[here] == "a"
    assert isinstance(answers[there], Unreachable)
    assert "belong to account" in answers[there].why
    assert ROLE in repr(here)


def test_services_of_one_place_share_their_calls(ground):
    put(ground, a="a")
    both = [at(ground, "ssm:/a"), at(ground, "ssm:/a", service="web")]
    assert set(Lookups(ground.clients.of_place).find(both).items()) == {(one, "a") for one in both}
    assert ground.made("GetParameters") == 1


def test_no_access_leaves_only_those_without_an_answer_that_need_it(ground, tmp_path):
    def denied(*_):
        raise AccessError("there are no AWS credentials")

    (tmp_path / "prod.tfstate").write_bytes(STATE)
    asked = [at(ground, "ssm:/a"), at(ground, "cfn:a"), at(ground, "tfstate:role", state="file:prod.tfstate")]
    answers = Lookups(denied, tmp_path).find(asked)
    assert [answers[one] for one in asked] == [
        Unreachable(why="ssm:/a could not be read: there are no AWS credentials"),
        Unreachable(why="cfn:a could not be read: there are no AWS credentials"),
        "arn:aws:iam::111122223333:role/task",
    ]


def test_a_kind_that_nobody_knows_is_not_answered(ground):
    assert find(ground, "vault:a") == [Unreachable(why="nobody looks up vault")]
