"""A group with the real process: one approval and one migration, there together and back together."""

import pytest

from controller.model.rollout import Phase
from controller.model.story import Event
from tests.e2e.environments import ACCOUNTS, family, grouped, service
from tests.e2e.process import Said, trueup
from tests.e2e.stage import FIRST, SEEDED, Stage
from tests.e2e.test_conditions import PEOPLE
from tests.e2e.test_digests import images
from tests.notifiers.receiving import SIGNING, Receiver, receiving
from tests.sources.repository import Repository

pytestmark = pytest.mark.e2e

MEMBERS = ("api", "web")
GROUP = """\
gates: [{kind: approval}]
hooks:
  target: api
  before: [{name: migrate, container: api, command: [sleep, "5"]}]
"""


def spec(version: str, *, tags: str = "${version}", bake: str = "30s") -> str:
    """Write an environment whose web needs its api; `tags` is the image tag of web."""
    lines = grouped(version, "web", "api", more=GROUP, bake=bake)
    return lines.replace("-web:${version}", f"-web:{tags}").replace("    web:\n", "    web:\n      needs: [api]\n")


def said(stage: Stage, *words: str) -> Said:
    """Give an order as whoever runs these tests, by the controller's clock."""
    return trueup(*words, "--store", stage.url, **stage.variables)


def done(stage: Stage, since: int = 0) -> list[tuple[str, ...]]:
    """The calls that started something and were carried out, in their order: which, and of which member."""
    names = {service(one): one for one in MEMBERS}
    calls = [one for one in stage.cloud.changes() if one["outcome"] == "done"]
    kinds = {"UpdateService", "RunTask", "StopServiceDeployment"}
    made = [
        (one["operation"], names.get(one["parameters"].get("service", ""), ""))
        for one in calls
        if one["operation"] in kinds
    ]
    return made[since:]


def approved(stage: Stage, version: str) -> None:
    stage.until(
        f"{version} waits for an answer",
        lambda: all(waits(stage, name, version) for name in MEMBERS),
    )
    people = str(stage.folder / "people.yaml")
    answer = said(stage, "approve", "prod", "unifocus", version, "--people", people)
    assert answer.code == 0, answer.err


def waits(stage: Stage, name: str, version: str) -> bool:
    status = stage.status(name)
    return status is not None and status.wanted == version and "approval" in {b.gate for b in status.blockers}


def begin(stage: Stage) -> None:
    stage.start(people=str(stage.folder / "people.yaml"), notifiers=str(stage.folder / "notifiers.yaml"))


def rest(stage: Stage, receiver: Receiver) -> None:
    """Let both rest on what is good; files say who may approve, and who is told."""
    stage.variables["HOOK_SECRET"] = SIGNING
    (stage.folder / "notifiers.yaml").write_text(
        "apiVersion: trueup/v1\nkind: Notifiers\nnotifiers:\n"
        f'  hook: {{kind: webhook, url: "{receiver.url}/", secretEnv: HOOK_SECRET}}\n'
        "routes: [{to: hook, events: [during, after]}]\n"
    )
    (stage.folder / "people.yaml").write_text(f"{PEOPLE}  ada: {{emails: [ada@example.com]}}\n", encoding="utf-8")
    stage.seed({"prod.yaml": spec(FIRST)})
    stage.commit({"prod.yaml": spec(SEEDED)})
    begin(stage)
    for name in MEMBERS:
        stage.until(f"{name} is good", lambda name=name: stage.memory(name).goods)


def test_a_group_goes_there_together_and_comes_back_together(stage: Stage):
    with receiving() as receiver:
        rest(stage, receiver)
        there_and_back(stage)
        told = {one.json["id"]: one.json["data"] for one in receiver.requests}
    assert {one["target"] for one in told.values() if one["transition"] != "migrated"} == {"unifocus"}
    assert [(one["version"], one["transition"]) for one in told.values() if one["transition"] != "migrated"] == [
        *(("v1.2.3", one) for one in ("started", "baking", "good")),
        *(("v1.2.4", one) for one in ("started", "going_back", "went_back")),
        *(("v1.2.5", one) for one in ("started", "baking", "going_back", "went_back")),
    ]


def there_and_back(stage: Stage) -> None:
    hold = stage.cloud.hold("UpdateService", after=True, about=service("web"))
    stage.commit({"prod.yaml": spec("v1.2.3")})
    approved(stage, "v1.2.3")
    assert hold.arrives(), stage.story()
    stage.kill()
    begin(stage)
    good = stage.order("wait", "prod", "unifocus", "--version", "v1.2.3", "--timeout", "60s")
    assert good.out.startswith("prod/unifocus: api, web: v1.2.3 is good at commit ")
    for name in MEMBERS:
        stage.until_rests("v1.2.3", name)
    there = [("RunTask", ""), ("UpdateService", "api"), ("UpdateService", "web")]
    assert done(stage) == there
    assert {tuple(stage.goods(name)) for name in MEMBERS} == {("v1.2.3", SEEDED)}
    since = {stage.memory(name).goods[0].since for name in MEMBERS}
    assert len(since) == 1, "both became good in one turn"

    # ECS takes web back by itself, and api is taken back with it.
    stage.commit({"prod.yaml": spec("v1.2.4", tags="${version}-crash", bake="10m")})
    approved(stage, "v1.2.4")
    stage.order("wait", "prod", "unifocus", "--version", "v1.2.4", "--timeout", "60s", code=1)
    for name in MEMBERS:
        stage.until_ended("v1.2.4", "rolled_back", name)
        stage.until_rests("v1.2.3", name)
    assert done(stage, 3) == [*there, ("UpdateService", "api")]
    assert stage.told("web") == ["v1.2.3", "v1.2.4-crash"] and stage.told() == ["v1.2.3", "v1.2.4", "v1.2.3"]

    # An alarm of api rings once both bake: who needs it goes back first.
    stage.commit({"prod.yaml": spec("v1.2.5", bake="10m")})
    approved(stage, "v1.2.5")
    stage.until("both bake", lambda: {stage.phase(name) for name in MEMBERS} == {Phase.BAKING})
    stage.eye.ring()
    for name in MEMBERS:
        stage.until_ended("v1.2.5", "rolled_back", name)
    stage.eye.ring(state="OK")
    for name in MEMBERS:
        stage.until_rests("v1.2.3", name)
    assert done(stage, 7) == [*there, ("UpdateService", "web"), ("UpdateService", "api")]
    assert {tuple(stage.goods(name)) for name in MEMBERS} == {("v1.2.3", SEEDED)}
    assert [stage.quarantined(name) for name in MEMBERS] == [{"v1.2.5"}, {"v1.2.4", "v1.2.5"}]
    stage.looks(3)
    assert len(done(stage)) == 12
    assert len(stage.journal(Event.ORDER)) == 3


def test_a_group_follows_a_tag_once_all_its_images_are_there(stage: Stage):
    shop = Repository(stage.folder / "shop.git")
    commits = [shop.commit({"a": str(number)}) for number in range(2)]
    shop.git("tag", SEEDED, commits[0])
    followed = grouped(FIRST, *MEMBERS, bake="10s").replace(
        f"version: {FIRST}", f'track: {{tags: "v*", repository: "{shop.url}"}}'
    )
    stage.seed({"prod.yaml": grouped(FIRST, *MEMBERS)})
    stage.commit({"prod.yaml": followed})
    late = f"{ACCOUNTS['prod']}.dkr.ecr.eu-west-1.amazonaws.com/{family('web')}:v1.2.4"
    images(stage, {"delete": late})
    stage.start(applications=f"file://{stage.folder}/")
    for name in MEMBERS:
        stage.until(f"{name} is good", lambda name=name: stage.goods(name) == [SEEDED])
    shop.git("tag", "v1.2.4", commits[1])
    for name in MEMBERS:
        stage.until("it waits for the image", lambda name=name: "is not deployed yet" in stage.status(name).reason)
    assert done(stage) == []
    images(stage, {"move": late, "to": late.replace("v1.2.4", "build-7")})
    for name in MEMBERS:
        stage.until(f"{name} is good", lambda name=name: stage.goods(name) == ["v1.2.4", SEEDED])
    assert done(stage) == [("UpdateService", "api"), ("UpdateService", "web")]
    assert {stage.memory(name).current.release.built for name in MEMBERS} == {commits[1]}
    assert len({stage.memory(name).goods[0].since for name in MEMBERS}) == 1
