"""`trueup ways-back`: what a target that has lived can go back to, asked of the embedded ECS and its registry."""

import json
from dataclasses import replace
from functools import partial

import pytest

from controller.app.memory import open_store
from controller.app.sandbox import seeds_of
from controller.codes import DONE, NEGATIVE, UNREACHABLE, WRONG
from controller.model.record import Quarantined
from tests.e2e.cloud import Cloud, Eye
from tests.e2e.environments import ACCOUNTS, REGION, environment, family, grouped

OLD, NEW = "v1.2.2", "v1.2.3"
IMAGE = f"{ACCOUNTS['prod']}.dkr.ecr.{REGION}.amazonaws.com/{family()}"


class Life:
    """One target that was adopted on OLD and released to NEW, and the command beside it."""

    def __init__(self, folder, cloud, trueup):
        self.folder, self.cloud, self.trueup = folder, cloud, trueup
        self.url = f"sqlite:///{folder}/trueup.db"
        self.eye = Eye(cloud.endpoint_url)
        (folder / "specs").mkdir()
        self.specs(NEW)
        cloud.seed(seeds_of(folder / "specs"))

    def specs(self, version, write=None):
        write = write or partial(environment, "prod")
        (self.folder / "specs" / "prod.yaml").write_text(write(version, bake="0s"))

    def turns(self, times):
        for _ in range(times):
            repo = ("--repo", str(self.folder))
            self.trueup("run", "--once", *repo, "--store", self.url, "--endpoint-url", self.cloud.endpoint_url)
            self.cloud.tick(300)

    def lived(self):
        for version in (OLD, NEW):
            self.specs(version)
            self.turns(4)
            assert self.eye.running() == version
        return self

    def __call__(self, *args):
        before = len(self.cloud.changes())
        said = self.trueup(
            "ways-back", *(args or ("prod", "api")), "--store", self.url, "--endpoint-url", self.cloud.endpoint_url
        )
        assert len(self.cloud.changes()) == before
        return said

    def items(self, name="api"):
        said = self("prod", name, "-o", "json")
        told = json.loads(said.out)
        assert (told["apiVersion"], told["kind"]) == ("trueup/v1", "WayBackList")
        return told["items"]

    def forget_image(self, version):
        with self.cloud.world.lock:
            self.cloud.world.registry.delete(f"{IMAGE}:{version}")

    def remember(self, change):
        """Write into the target's memory, as the loop would."""
        store = open_store(self.url)
        record = store.load("prod")
        after = replace(record, targets={"api": change(record.targets["api"])})
        store.save(record, after, "prod")
        store.close()


@pytest.fixture
def life(trueup, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with Cloud(speed=0) as cloud:
        made = Life(tmp_path, cloud, trueup)
        yield made
        made.eye.close()


def test_goods_are_listed_in_the_order_in_which_they_are_taken(life):
    said = life.lived()()
    lines = said.out.splitlines()
    assert said.code == DONE and said.err == ""
    assert lines[0].split() == ["USABLE", "VERSION", "GOOD", "SINCE", "STATE", "REVISION", "DIGEST", "IMAGES"]
    assert [line.split()[:2] for line in lines[1:]] == [["yes", NEW], ["yes", OLD]]
    assert "runs now; revision active" in lines[1] and f"{family()}:2" in lines[1]
    assert "runs now" not in lines[2] and f"{family()}:1" in lines[2]
    assert all(line.endswith("all there") for line in lines[1:])


def test_the_order_is_that_of_the_rollback_itself(life):
    life.lived()
    first = next(item for item in life.items() if not item["runs"])
    said = life.trueup("rollback", "prod", "api", "--reason", "errors", "--store", life.url)
    assert f"goes back to {first['version']}" in said.out


def test_of_a_group_all_members_are_listed_and_what_a_rollback_of_it_takes(life):
    life.specs(NEW, of_both)
    life.cloud.seed(seeds_of(life.folder / "specs"))
    for version in (OLD, NEW):
        life.specs(version, of_both)
        life.turns(6)
    said = life("prod", "unifocus")
    lines = said.out.splitlines()
    assert said.code == DONE and [line.split()[:3] for line in lines[1:-1]] == [
        [name, "yes", version] for name in ("api", "web") for version in (NEW, OLD)
    ]
    assert lines[-1] == f"trueup rollback prod unifocus takes api to {OLD}, web to {OLD}"
    assert [(one["target"], one["version"]) for one in life.items("unifocus") if one["taken"]] == [
        ("api", OLD),
        ("web", OLD),
    ]
    life.forget_image(OLD)
    assert life("prod", "unifocus").code == NEGATIVE, "api alone could not go back"
    assert life("prod", "web").code == DONE and not any(one["taken"] for one in life.items("web"))


def of_both(version, **terms):
    return grouped(version, "api", "web", **terms)


def test_a_revision_that_was_deregistered_is_still_a_way_back(life):
    life.lived()
    life.eye.client("ecs").deregister_task_definition(taskDefinition=f"{family()}:1")
    new, old = life.items()
    assert (new["revisionState"], old["revisionState"], old["usable"]) == ("active", "deregistered", True)
    assert "revision deregistered, would be registered again" in life().out


def test_when_every_image_is_gone_there_is_no_way_back(life):
    life.lived()
    life.forget_image(OLD)
    said = life()
    assert said.code == DONE and "missing: " in said.out
    assert [item["usable"] for item in life.items()] == [True, False]
    life.forget_image(NEW)
    assert life().code == NEGATIVE
    assert [[image["exists"] for image in item["images"]] for item in life.items()] == [[False], [False]]


def test_what_cannot_be_asked_is_unknown_and_the_code_is_5(life):
    life.lived()
    denied = {"code": "AccessDeniedException", "times": 99}
    life.cloud.set_faults(
        {"errors": [{"operation": "ecr:BatchGetImage", **denied}, {"operation": "DescribeServices", **denied}]}
    )
    said = life()
    assert said.code == UNREACHABLE
    assert "what runs could not be seen: " in said.err and "ecr:BatchGetImage" in said.out
    assert {item["usable"] for item in life.items()} == {None}
    assert {item["runs"] for item in life.items()} == {None}


def test_what_failed_here_comes_last_with_the_reason(life):
    life.lived()

    def failed(memory):
        new, *others = memory.goods
        barred = Quarantined(
            digest=new.digest, version=NEW, owns=new.release.manifest.owns, since=new.since, why="it crashed"
        )
        return replace(memory, goods=tuple(others), found=new, quarantine={new.digest: barred})

    life.remember(failed)
    said = life()
    lines = said.out.splitlines()
    assert said.code == DONE
    assert [line.split()[:2] for line in lines[1:]] == [["yes", OLD], ["no", NEW]]
    assert "found" in lines[2] and "quarantined: it crashed; runs now; revision active" in lines[2]


def test_where_nothing_is_remembered_there_is_nothing_to_go_back_to(life):
    life.turns(1)
    life.remember(lambda memory: replace(memory, goods=(), found=None))
    said = life()
    assert said.code == NEGATIVE and said.out == "there is nothing that prod/api could go back to\n"
    assert life.items() == []


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("prd", "api"), "no environment 'prd' is known to this store; known: prod"),
        (("prod", "web"), "no target 'web' is known in prod; known: api"),
    ],
)
def test_a_slip_of_the_hand_is_named(life, args, message):
    life.turns(1)
    said = life(*args)
    assert said.code == WRONG and message in said.err


def test_a_store_that_is_not_there_is_not_made(life):
    said = life()
    assert said.code == WRONG and "no such file" in said.err
