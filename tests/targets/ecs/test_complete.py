"""Tags become digests once, and what lies below a release is found, before anything is decided."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from controller.model.desired import DesiredTarget, Ignored
from controller.model.names import Commit, TargetName
from controller.model.packed import Packed
from controller.model.record import Memory, Next
from controller.model.release import Kept, Release
from controller.plan.merging import live_differences
from controller.ports import LookAt, Unfinished
from controller.probes.ecr import Ecr
from controller.probes.guarded import Http
from controller.probes.hosts import Hosts
from controller.probes.logins import Logins
from controller.probes.oci import Distribution
from controller.probes.registry import ImageRegistries
from controller.sandbox.images import digest_of
from controller.shaping import Native
from controller.targets.ecs.spec import shape
from controller.targets.ecs.target import EcsTarget
from tests.targets.ecs.rig import ACCOUNT, REGION, Ground, a_seed, definition, new_ground

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
API = f"{HOST}/api"
IMAGE = "taskDefinition.containerDefinitions[api].image"
LOG_LEVEL = "taskDefinition.containerDefinitions[api].environment[LOG_LEVEL]"
NEWEST = {"family": "base-api", "follow": "newest-foreign"}


@dataclass
class Bench:
    """The adapter with real registries before a sandbox, and what is remembered of its targets."""

    ground: Ground
    http: Http
    memories: dict[str, Memory] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self, **options) -> None:
        self.ground.restart(**options)
        hosts = Hosts.of("", self.ground.sandbox.endpoint_url)
        clients = self.ground.clients
        self.registries = ImageRegistries(
            Ecr(clients.ecr, self.http), Distribution(self.http, hosts, Logins()), hosts
        )
        self.target = EcsTarget(clients, self.registries)

    def want(self, image="v1.2.2", service="api", ignore=(), tags=(), base=None, env=None, more=None):
        """What a spec comes to whose container `api` has this tag (or whole image)."""
        container = {"name": "api", **({"environment": env} if env else {})}
        if base is None:
            container["image"] = image if "/" in image else f"{API}:{image}"
        containers = [container] if base is None or env else []
        body = {} if base else {**definition(), **(more or {})}
        body["containerDefinitions"] = [*containers, *(more or {}).get("containerDefinitions", ())]
        native = Native(
            definition=body,
            service={},
            images={"api": f"{API}:{image}"} if base else {},
            base=base,
            tags=frozenset(tags),
            ignore=[one.path for one in ignore],
            account=ACCOUNT,
            region=REGION,
        )
        shaped = shape(native)
        assert shaped.faults == ()
        release = Release(
            version=image, manifest=shaped.manifest, shape=Packed.of(shaped.shape), commit=Commit("9f3c")
        )
        ignored = tuple(replace(one, path=pattern) for one, pattern in zip(ignore, shaped.ignore, strict=True))
        return DesiredTarget(
            place=self.ground.place(service), release=release, draft=Packed.of(shaped.draft), ignore=ignored
        )

    def sight(self, want):
        one = LookAt(
            target=TargetName(want.place.service),
            place=want.place,
            owns=want.release.manifest.owns,
        )
        return self.target.look([one])[one.target]

    def complete(self, *wants):
        ones = [
            Unfinished(
                target=TargetName(want.place.service),
                want=want,
                sight=self.sight(want),
                memory=self.memories.get(want.place.service),
            )
            for want in wants
            if want.draft  # as the loop does
        ]
        done = self.target.complete(ones, self.ground.now())
        if len(wants) > 1:
            return done
        return done.get(TargetName(wants[0].place.service), wants[0])

    def whole(self, want):
        done = self.complete(want)
        assert done.unread == ""
        return done

    def rests(self, done):
        """Remember it as what should run at rest."""
        kept = Kept(release=done.release, revision=self.ground.revision(1))
        self.memories[done.place.service] = Memory(current=kept, goods=(kept,))

    def waits(self, done):
        self.memories[done.place.service] = Memory(next=Next(release=done.release, since=self.ground.now()))

    def change(self, *orders) -> None:
        assert "error" not in self.ground.aws.ask("images", list(orders))

    def asked(self) -> int:
        return self.ground.aws.ask("calls")["counts"].get("ecr:BatchGetImage", 0)

    def differs(self, done):
        return [one.path for one in live_differences(done, self.sight(done))]

    def later(self, seconds: float) -> None:
        self.ground.ahead += seconds


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    seeded = definition(containerDefinitions=[{"name": "api", "image": f"{API}:v1.2.2"}])
    with new_ground(monkeypatch, task_definition=seeded) as ground:
        http = Http()
        yield Bench(ground=ground, http=http)
        http.close()


SOON = 301  # seconds, after which what waits is asked for again
HOURS = 5401  # and what is at rest


def image_of(done, container="api"):
    return done.release.manifest.get(f"taskDefinition.containerDefinitions[{container}].image")


def at(tag, repository=API):
    return f"{repository}@{digest_of(f'{repository}:{tag}')}"


def short(tag):
    return digest_of(f"{API}:{tag}")[:19]


# --- a tag is resolved once


def test_a_tag_is_deployed_by_its_digest_and_its_words_are_kept(bench):
    want = bench.want("v1.2.3")
    done = bench.whole(want)
    assert image_of(done) == at("v1.2.3")
    assert done.release.asked == want.release.digest
    assert done.release.version == "v1.2.3"
    assert bench.asked() == 1


def test_a_tag_that_is_moved_after_it_was_resolved_stands_for_what_it_stood_for_and_is_named(bench):
    want = bench.want("v1.2.3")
    first = bench.whole(want)
    bench.waits(first)
    bench.change({"move": f"{API}:v1.2.3", "to": f"{API}:v9"})
    bench.whole(want)
    bench.later(SOON)
    again = bench.whole(want)
    assert again.release == first.release
    stood = f"it stood for {short('v1.2.3')} when it was resolved, and stands for {short('v9')} now"
    assert again.notes == (f"{API}:v1.2.3 of 'api' was moved: {stood}",)


def test_a_new_process_knows_the_digest_from_the_record(bench):
    want = bench.want("v1.2.3")
    first = bench.whole(want)
    bench.rests(first)
    bench.change({"move": f"{API}:v1.2.3", "to": f"{API}:v9"})
    bench.restart()
    assert bench.whole(bench.want("v1.2.3")).release == first.release


def test_what_was_completed_is_not_asked_for_again_for_a_while(bench):
    want = bench.want("v1.2.3")
    first = bench.whole(want)
    bench.whole(want)
    assert bench.asked() == 1
    bench.rests(first)
    bench.whole(want)
    assert bench.asked() == 1, "what it stands for is on record"
    bench.later(1700)
    bench.whole(want)
    assert bench.asked() == 1, "at rest nothing depends on it"
    bench.later(HOURS - 1700)
    bench.whole(want)
    assert bench.asked() == 2


def test_other_content_by_the_same_tag_keeps_what_it_stood_for_and_says_that_it_was_moved(bench):
    first = bench.whole(bench.want("v1.2.3"))
    bench.rests(first)
    bench.change({"move": f"{API}:v1.2.3", "to": f"{API}:v9"})
    done = bench.whole(bench.want("v1.2.3", env=[{"name": "A", "value": "1"}]))
    assert image_of(done) == at("v1.2.3")
    (note,) = done.notes
    assert short("v1.2.3") in note and short("v9") in note


# --- what runs


def test_a_running_tag_is_the_digest_that_its_tasks_run_and_nothing_differs(bench):
    want = bench.want("v1.2.2")
    done = bench.whole(want)
    assert image_of(done) == at("v1.2.2")
    assert bench.differs(done) == []
    assert done.release.runs_in(bench.sight(want).manifest)
    assert done.notes == ()


def test_it_is_so_too_when_the_tag_was_moved_while_its_tasks_run(bench):
    bench.change({"move": f"{API}:v1.2.2", "to": f"{API}:v9"})
    want = bench.want("v1.2.2")
    done = bench.whole(want)
    assert image_of(done) == at("v1.2.2")
    assert bench.differs(done) == []
    assert bench.asked() == 0, "nothing is to be deployed"
    bench.later(HOURS)
    (note,) = bench.whole(want).notes
    assert "was moved" in note and short("v9") in note


def test_other_content_around_a_running_tag_keeps_what_runs(bench):
    bench.change({"move": f"{API}:v1.2.2", "to": f"{API}:v9"})
    done = bench.whole(bench.want("v1.2.2", env=[{"name": "LOG_LEVEL", "value": "x"}]))
    assert bench.differs(done) == [LOG_LEVEL]


@pytest.mark.parametrize("code", ["AccessDeniedException", "ServerException"])
def test_a_registry_that_cannot_be_read_holds_what_is_new_and_never_what_runs(bench, code):
    denied = {"operation": "ecr:BatchGetImage", "code": code, "times": 1000}
    bench.ground.faults(errors=[denied])
    runs = bench.complete(bench.want("v1.2.2"))
    assert (runs.unread, bench.differs(runs)) == ("", [])
    done = bench.complete(bench.want("v1.2.3"))
    assert done.unread.startswith(f"the digest of {API}:v1.2.3 cannot be read: ")
    assert f"images: {{api: {{image: '{API}:v1.2.3', follow: tag}}}}" in done.unread
    assert ("ecr:BatchGetImage on arn:aws:ecr" in done.unread) == (code == "AccessDeniedException")


def test_a_registry_that_is_back_is_asked_again(bench):
    want = bench.want("v1.2.3")
    bench.ground.faults(errors=[{"operation": "ecr:BatchGetImage", "code": "ServerException", "times": 1000}])
    assert bench.complete(want).unread
    bench.ground.faults(errors=[])
    assert bench.complete(want).unread, "it was just asked"
    bench.later(31)
    assert image_of(bench.whole(want)) == at("v1.2.3")


# --- what cannot be deployed


def test_an_image_that_is_not_there_is_named_and_comes_by_itself_once_it_is_pushed(bench):
    bench.change({"delete": f"{API}:v1.2.3"})
    want = bench.want("v1.2.3")
    done = bench.complete(want)
    assert done.unread.startswith("the image of 'api' does not exist: the repository api of account")
    assert "has no tag v1.2.3" in done.unread
    bench.change({"move": f"{API}:v1.2.3", "to": f"{API}:v1.2.3-rebuilt"})
    bench.later(31)
    assert image_of(bench.whole(want)) == at("v1.2.3-rebuilt")


def test_a_repository_that_is_not_there_is_named(bench):
    bench.change({"lose": f"{HOST}/nothing"})
    done = bench.complete(bench.want(f"{HOST}/nothing:v1"))
    assert f"there is no repository nothing in account {ACCOUNT}" in done.unread


@pytest.mark.parametrize(
    ("built", "asked", "why"),
    [
        (["linux/amd64"], "ARM64", "is for linux/amd64, and its task definition asks for linux/arm64"),
        (["linux/arm64"], "", "is for linux/arm64, and its task definition asks for linux/amd64"),
        (["linux/amd64", "linux/arm64"], "ARM64", ""),
        (["linux/arm64"], "ARM64", ""),
    ],
)
def test_a_platform_that_does_not_fit_is_named(bench, built, asked, why):
    bench.change({"platforms": f"{API}:v1.2.3", "are": built})
    more = {"runtimePlatform": {"cpuArchitecture": asked}} if asked else {}
    done = bench.complete(bench.want("v1.2.3", more=more))
    assert done.unread == (f"{API}:v1.2.3 of 'api' {why}" if why else "")


def test_a_digest_that_a_lifecycle_policy_removed_while_it_waited_holds_and_is_named(bench):
    want = bench.want("v1.2.3")
    bench.waits(bench.whole(want))
    bench.change({"move": f"{API}:v1.2.3", "to": f"{API}:v9", "keep": False})
    assert bench.complete(want).unread == ""
    bench.later(SOON)
    done = bench.complete(want)
    assert done.unread.startswith(f"the image of 'api' that {API}:v1.2.3 stood for is gone: ")
    assert digest_of(f"{API}:v1.2.3") in done.unread


def test_a_digest_that_was_removed_while_it_runs_at_rest_is_only_said(bench):
    want = bench.want("v1.2.2")
    bench.rests(bench.whole(want))
    bench.change({"delete": f"{API}:v1.2.2"})
    bench.whole(want)
    bench.later(HOURS)
    done = bench.whole(want)
    assert any("is gone" in note and "will not start" in note for note in done.notes)
    assert bench.differs(done) == []


def test_what_runs_when_it_is_first_met_is_not_held_though_its_image_is_gone(bench):
    bench.change({"delete": f"{API}:v1.2.2"})
    want = bench.want("v1.2.2")
    assert bench.complete(want).unread == ""
    bench.later(HOURS)
    done = bench.complete(want)
    assert done.unread == ""
    assert any("is gone" in note for note in done.notes)


def test_what_would_start_a_digest_that_is_gone_is_held(bench):
    bench.change({"delete": f"{API}:v1.2.2"})
    done = bench.complete(bench.want("v1.2.2", env=[{"name": "A", "value": "1"}]))
    assert done.unread.startswith(f"the image of 'api' that {API}:v1.2.2 stood for is gone")


# --- follow: tag, and several containers


def test_a_container_that_stays_on_its_tag_is_compared_by_its_tag_and_never_asked_for(bench):
    want = bench.want("v1.2.2", tags=["api"])
    done = bench.complete(want)
    assert image_of(done) == f"{API}:v1.2.2"
    assert bench.differs(done) == []
    assert bench.asked() == 0


def test_one_container_stays_on_its_tag_and_the_other_is_by_digest(bench):
    agent = {"name": "agent", "image": f"{HOST}/agent:latest", "essential": False}
    containers = [{"name": "api", "image": f"{API}:v1.2.2"}, agent]
    bench.ground.sandbox.seed([a_seed(task_definition=definition(containerDefinitions=containers))])
    done = bench.whole(bench.want("v1.2.2", tags=["agent"], more={"containerDefinitions": [agent]}))
    assert (image_of(done), image_of(done, "agent")) == (at("v1.2.2"), f"{HOST}/agent:latest")
    assert bench.differs(done) == []


def test_what_stays_on_its_tag_and_what_was_resolved_both_run_whatever_the_spec_says_now(bench):
    stays, resolved = (bench.whole(bench.want("v1.2.2", tags=tags)) for tags in (["api"], []))
    assert stays.release != resolved.release
    for want in (stays, resolved):
        live = bench.sight(want).manifest
        assert stays.release.runs_in(live) and resolved.release.runs_in(live)
        assert bench.differs(stays) == bench.differs(resolved) == []
    bench.ground.send(resolved.release)
    live = bench.sight(resolved).manifest
    assert resolved.release.runs_in(live) and not stays.release.runs_in(live), "the tag is not there any more"


def test_two_containers_of_one_repository_are_compared_by_container(bench):
    side = {"name": "side", "image": f"{API}:v1.2.1", "essential": False}
    containers = [{"name": "api", "image": f"{API}:v1.2.2"}, side]
    bench.ground.sandbox.seed([a_seed(task_definition=definition(containerDefinitions=containers))])
    same = bench.whole(bench.want("v1.2.2", more={"containerDefinitions": [side]}))
    assert (image_of(same), image_of(same, "side")) == (at("v1.2.2"), at("v1.2.1"))
    assert bench.differs(same) == []
    swapped = bench.whole(bench.want("v1.2.1", more={"containerDefinitions": [{**side, "image": f"{API}:v1.2.2"}]}))
    assert (image_of(swapped), image_of(swapped, "side")) == (at("v1.2.1"), at("v1.2.2"))
    assert bench.differs(swapped) == [IMAGE, IMAGE.replace("api", "side")]


def test_an_image_by_digest_is_never_asked_for(bench):
    done = bench.complete(bench.want(at("v1.2.2")))
    assert (image_of(done), bench.asked(), bench.differs(done)) == (at("v1.2.2"), 0, [])


def test_ten_targets_of_one_repository_cost_one_call(bench):
    services = [f"s{number}" for number in range(10)]
    bench.ground.sandbox.seed([a_seed(service=name) for name in services])
    done = bench.complete(*(bench.want(f"v2.0.{number % 3}", service=name) for number, name in enumerate(services)))
    assert [one.unread for one in done.values()] == [""] * 10
    assert {image_of(one) for one in done.values()} == {at(f"v2.0.{number}") for number in range(3)}
    assert bench.asked() == 1


def test_one_image_that_is_not_there_stops_no_other_target(bench):
    bench.ground.sandbox.seed([a_seed(service="web")])
    bench.change({"delete": f"{API}:v9"})
    done = bench.complete(bench.want("v9"), bench.want("v1.2.3", service="web"))
    assert done["api"].unread and done["web"].unread == ""
    assert image_of(done["web"]) == at("v1.2.3")


# --- what lies below


def register(bench, tag="v1.0.0", family="base-api", containers=None, **more):
    """Register a revision as somebody else does."""
    containers = containers or [
        {"name": "api", "image": f"{API}:{tag}", "environment": [{"name": "THEIRS", "value": "1"}]}
    ]
    given = {**definition(family=family, containerDefinitions=containers), **more}
    return bench.ground.aws.ecs.register_task_definition(**given)["taskDefinition"]["taskDefinitionArn"]


def body_of(done):
    return json.loads(str(done.release.shape))["taskDefinition"]


def test_the_newest_foreign_revision_lies_below_and_what_is_ours_is_laid_over_it(bench):
    register(bench, memory="512")
    register(bench, memory="1024")
    done = bench.whole(bench.want("v1.2.3", base=NEWEST, env=[{"name": "OURS", "value": "2"}]))
    body = body_of(done)
    (container,) = body["containerDefinitions"]
    assert (body["memory"], container["image"]) == ("1024", at("v1.2.3"))
    assert container["environment"] == [{"name": "THEIRS", "value": "1"}, {"name": "OURS", "value": "2"}]
    assert done.notes == ("laid over base-api:2",)


def test_a_container_of_the_base_that_runs_by_its_tag_is_no_difference(bench):
    agent = {"name": "agent", "image": f"{HOST}/agent:7", "essential": False}
    both = definition(containerDefinitions=[{"name": "api", "image": f"{API}:v1.2.2"}, agent])
    bench.ground.sandbox.seed([a_seed(task_definition=both)])
    done = bench.whole(bench.want("v1.2.2", base={**NEWEST, "family": "unifocus-prod-api"}))
    assert (image_of(done), image_of(done, "agent")) == (at("v1.2.2"), f"{HOST}/agent:7")
    assert bench.differs(done) == []
    bench.ground.send(done.release)
    assert bench.differs(done) == []


def test_revisions_of_ours_are_passed_over(bench):
    register(bench, memory="1024")
    want = bench.want("v1.2.3", base=NEWEST)
    done = bench.whole(want)
    bench.ground.send(done.release)
    assert bench.ground.revisions("base-api") == ["2", "1"]
    bench.restart()
    again = bench.whole(want)
    assert (again.release, again.notes) == (done.release, ("laid over base-api:1",))


def test_a_newer_foreign_revision_is_another_release_with_the_same_core(bench):
    register(bench, memory="512")
    want = bench.want("v1.2.3", base=NEWEST)
    first = bench.whole(want)
    bench.waits(first)
    register(bench, memory="1024")
    bench.later(301)
    second = bench.whole(want)
    assert first.release != second.release
    assert first.release.core == second.release.core
    assert image_of(first) == image_of(second)
    assert second.notes == ("laid over base-api:2",)


def test_a_container_that_the_base_does_not_have_holds_and_is_named(bench):
    register(bench, containers=[{"name": "apx", "image": f"{API}:v1"}])
    done = bench.complete(bench.want("v1.2.3", base=NEWEST))
    assert done.unread.startswith("base-api:1, the base of its task definition, has no container 'api'")
    assert done.unread.endswith("; it has apx")


def test_without_a_foreign_revision_it_is_unread_and_comes_by_itself_once_there_is_one(bench):
    want = bench.want("v1.2.3", base=NEWEST)
    assert bench.complete(want).unread == (
        "nobody but trueup has registered a revision of base-api, the base of its task definition"
    )
    register(bench)
    bench.later(301)
    assert image_of(bench.whole(want)) == at("v1.2.3")


@pytest.mark.parametrize("operation", ["ListTaskDefinitions", "DescribeTaskDefinition"])
def test_a_base_that_cannot_be_read_is_unread_and_no_other_revision_is_taken(bench, operation):
    register(bench, memory="512")
    bench.ground.look()
    register(bench, memory="1024")
    bench.ground.faults(errors=[{"operation": operation, "code": "AccessDeniedException", "times": 1000}])
    done = bench.complete(bench.want("v1.2.3", base=NEWEST))
    assert "AccessDenied" in done.unread or operation in done.unread


def test_a_revision_that_was_deregistered_is_no_base(bench):
    register(bench, memory="512")
    gone = register(bench, memory="1024")
    bench.ground.aws.ecs.deregister_task_definition(taskDefinition=gone)
    assert body_of(bench.whole(bench.want("v1.2.3", base=NEWEST)))["memory"] == "512"


def test_a_base_that_was_deregistered_while_it_is_replaced_stays_the_base_after_a_restart_too(bench):
    register(bench, memory="512")
    base = register(bench, memory="1024")
    want = bench.want("v1.2.3", base=NEWEST)
    first = bench.whole(want)
    bench.rests(first)
    bench.ground.aws.ecs.deregister_task_definition(taskDefinition=base)
    bench.restart()
    again = bench.whole(want)
    assert (again.release, again.notes) == (first.release, ("laid over base-api:2",))
    register(bench, memory="2048")
    bench.later(301)
    assert body_of(bench.whole(want))["memory"] == "2048"


def test_a_recorded_base_of_another_family_says_nothing_of_this_one(bench):
    for _ in range(3):
        register(bench, family="other")
    bench.rests(bench.whole(bench.want("v1.2.3", base={**NEWEST, "family": "other"})))
    register(bench, memory="512")
    assert bench.whole(bench.want("v1.2.3", base=NEWEST)).notes == ("laid over base-api:1",)


def test_families_are_listed_once_in_five_minutes_for_all_targets(bench):
    register(bench)
    services = [f"s{number}" for number in range(4)]
    bench.ground.sandbox.seed([a_seed(service=name) for name in services])
    wants = [bench.want("v1.2.3", service=name, base=NEWEST) for name in services]
    for _ in range(3):
        assert {one.unread for one in bench.complete(*wants).values()} == {""}
    assert bench.ground.made("ListTaskDefinitions") == 1


def test_what_runs_can_lie_below_and_what_others_changed_there_stays(bench):
    running = {"family": "unifocus-prod-api", "follow": "running"}
    same = bench.whole(bench.want("v1.2.2", base=running))
    assert (image_of(same), bench.differs(same)) == (at("v1.2.2"), [])
    assert same.release.manifest.owns == (IMAGE,)
    done = bench.whole(bench.want("v1.2.3", base=running))
    assert bench.differs(done) == [IMAGE]
    theirs = register(
        bench,
        family="unifocus-prod-api",
        cpu="512",
        memory="1024",
        containers=[{"name": "api", "image": at("v1.2.2")}],
    )
    bench.ground.aws.ecs.update_service(cluster="prod", service="api", taskDefinition=theirs)
    bench.ground.tick(60)
    done = bench.whole(bench.want("v1.2.3", base=running))
    assert bench.differs(done) == [IMAGE]
    assert (body_of(done)["cpu"], done.notes) == ("512", ("laid over unifocus-prod-api:2",))


# --- what is passed over, for a while


def test_a_rule_with_an_end_counts_before_it_and_not_after(bench):
    until = bench.ground.now() + timedelta(hours=1)
    rule = Ignored(path=LOG_LEVEL, reason="an incident", until=until)
    want = bench.want("v1.2.2", ignore=[rule], env=[{"name": "LOG_LEVEL", "value": "debug"}])
    assert bench.differs(bench.whole(want)) == []
    bench.ground.tick(3590)
    assert bench.differs(bench.whole(want)) == []
    bench.ground.tick(10)
    assert bench.differs(bench.whole(want)) == [LOG_LEVEL]


def test_what_is_passed_over_hides_nothing_else(bench):
    rule = Ignored(path=LOG_LEVEL, reason="an incident")
    env = [{"name": "LOG_LEVEL", "value": "debug"}, {"name": "OTHER", "value": "1"}]
    done = bench.whole(bench.want("v1.2.2", ignore=[rule], env=env))
    assert bench.differs(done) == [LOG_LEVEL.replace("LOG_LEVEL", "OTHER")]
    assert {one["name"] for one in body_of(done)["containerDefinitions"][0]["environment"]} == {
        "LOG_LEVEL",
        "OTHER",
    }


def test_an_image_that_is_passed_over_is_no_difference(bench):
    rule = Ignored(path="$.taskDefinition.containerDefinitions[*].image", reason="a canary by hand")
    assert bench.differs(bench.whole(bench.want("v1.2.3", ignore=[rule]))) == []
