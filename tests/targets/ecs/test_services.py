"""Services whole: created once, tagged, and read where nothing but another call shows what they are."""

import pytest

from controller.model.names import TargetName
from controller.model.observation import Absent, Unseen
from controller.model.outcome import Lost, NotSent, Refused, Sent, Stale
from controller.model.packed import Packed
from controller.model.release import Release
from controller.model.rollout import Purpose
from controller.shaping import Native
from controller.targets.ecs.fields import FIXED
from controller.targets.ecs.spec import shape
from tests.targets.ecs.rig import ACCOUNT, REGION, a_seed, allow, definition

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-c"]}}
NEW = {"desiredCount": 2, "launchType": "FARGATE", "networkConfiguration": NETWORK}
FAST = {"metricConfigurations": [{"metricNames": ["CPUUtilization"], "resolutionSeconds": 20}]}
TAGS = [{"key": "team", "value": "payments"}, {"key": "empty", "value": ""}]
ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/prod"
DENIED = {"code": "AccessDeniedException", "message": "not authorized"}


class Wanted:
    """What a spec declares for a service, and the sentences in which tests speak of it."""

    def __init__(self, ground, service, version="v1.2.2", name="api", *, create=False):
        family = "unifocus-prod-api" if name == "api" else name
        self.shaped = shape(Native(definition=definition(version, family=family), service=service, create=create))
        assert self.shaped.faults == ()
        self.ground, self.name = ground, name
        self.release = Release(version=version, manifest=self.shaped.manifest, shape=Packed.of(self.shaped.shape))
        parts = [self.shaped.manifest, self.shaped.beside]
        parts += [one.manifest for one in (self.shaped.settings, self.shaped.fixed) if one]
        self.owns = tuple(own for part in parts if part for own in part.owns)

    def look(self):
        return self.ground.look(self.name, owns=self.owns)

    def sight(self):
        return self.ground.sight(self.name, owns=self.owns)

    def action(self, **more):
        live = self.ground.look() if "expect" in more else self.look()
        given = {"place": self.ground.place(self.name), "target": TargetName(self.name)}
        return self.ground.action(self.release, live, **{**given, "settings": self.shaped.settings, **more})

    def act(self, **more):
        return self.ground.target.act(self.action(**more), allow)

    def create(self, **more):
        return self.act(expect=None, **more)

    def runs(self):
        live = self.look()
        settled = self.shaped.settings is None or self.shaped.settings.manifest.runs_in(live.settings)
        fixed = self.shaped.fixed is None or self.shaped.fixed.manifest.runs_in(live.settings)
        return self.release.runs_in(live.manifest) and settled and fixed


def tags_of(ground, name="api"):
    return {
        tag["key"]: tag["value"]
        for tag in ground.aws.ecs.list_tags_for_resource(resourceArn=f"{ARN}/{name}")["tags"]
    }


# --- creation


def test_a_service_is_created_with_all_that_is_declared_and_nothing_else(ground):
    wanted = Wanted(ground, {**NEW, "tags": TAGS, "monitoring": FAST}, "v1.2.3", "new", create=True)
    assert wanted.sight() == Absent()
    sent = wanted.create()
    assert isinstance(sent, Sent)
    (asked,) = ground.sandbox_calls("CreateService")
    assert len(asked.pop("clientToken")) == 32
    assert asked == {
        "cluster": "prod",
        "serviceName": "new",
        "taskDefinition": sent.revision,
        "tags": TAGS,
        "monitoring": FAST,
        **NEW,
    }
    ground.tick(60)
    assert wanted.runs()
    assert [name for name, _ in ground.changes()] == ["RegisterTaskDefinition", "CreateService"]


def test_an_answer_that_was_lost_makes_no_second_service(ground):
    wanted = Wanted(ground, NEW, "v1.2.3", "new", create=True)
    ground.faults(lost={"CreateService": 1})
    lost = wanted.create()
    assert isinstance(lost, Lost)
    first, second = (
        ground.aws.ecs.create_service(**ground.sandbox_calls("CreateService")[0])["service"]["createdAt"]
        for _ in range(2)
    )
    assert first == second
    assert isinstance(wanted.create(revision=lost.revision), Stale), "it is there, and is looked at first"


def test_the_token_is_that_of_the_attempt(ground):
    wanted = Wanted(ground, NEW, "v1.2.3", "new", create=True)
    refused = [{"operation": "CreateService", "code": "ServerException", "message": "no", "status": 500}]
    ground.faults(errors=refused)
    for rollout in (1, 1, 2):
        wanted.create(rollout=rollout)
    one, again, other = (asked["clientToken"] for asked in ground.sandbox_calls("CreateService"))
    assert one == again
    assert one != other


def test_a_service_that_appears_meanwhile_is_not_touched(ground):
    wanted = Wanted(ground, NEW, "v1.2.3", "new", create=True)
    assert wanted.sight() == Absent()
    ground.sandbox.seed([a_seed(service="new")])
    stale = wanted.create()
    assert isinstance(stale, Stale)
    assert "made the service meanwhile" in stale.why
    assert ground.changes() == []


def test_one_that_appears_between_the_look_and_the_call_is_not_touched_either(ground):
    wanted = Wanted(ground, NEW, "v1.2.3", "new", create=True)
    refused = {"code": "InvalidParameterException", "message": "Creation of service was not idempotent."}
    ground.faults(errors=[{"operation": "CreateService", **refused}])
    stale = wanted.create()
    assert isinstance(stale, Stale)
    assert "somebody made it meanwhile" in stale.why


def test_what_aws_refuses_to_create_is_refused_and_named(ground):
    wanted = Wanted(ground, NEW, "v1.2.3", "new", create=True)
    ground.faults(errors=[{"operation": "CreateService", "code": "ClientException", "message": "no such subnet"}])
    refused = wanted.create()
    assert isinstance(refused, Refused)
    assert "no such subnet" in refused.why


def test_when_it_is_not_known_whether_it_is_there_nothing_is_created(ground):
    action = Wanted(ground, NEW, "v1.2.3", "new", create=True).action(expect=None)
    ground.faults(errors=[{"operation": "DescribeServices", **DENIED}])
    assert isinstance(ground.target.act(action, allow), NotSent)
    assert ground.changes() == []


@pytest.mark.parametrize("purpose", [Purpose.HEAL, Purpose.BACK, Purpose.SETTINGS])
def test_only_a_rollout_forward_creates(ground, purpose):
    outcome = Wanted(ground, NEW, "v1.2.3", "new", create=True).create(purpose=purpose)
    assert isinstance(outcome, NotSent)
    assert ground.changes() == []


# --- tags


def test_only_the_tags_that_differ_are_sent_and_what_others_set_stays(ground):
    ground.aws.ecs.tag_resource(resourceArn=f"{ARN}/api", tags=[{"key": "cost", "value": "7"}, TAGS[1]])
    wanted = Wanted(ground, {"tags": TAGS})
    assert not wanted.runs()
    assert isinstance(wanted.act(purpose=Purpose.SETTINGS), Sent)
    assert ground.sandbox_calls("TagResource")[1:] == [{"resourceArn": f"{ARN}/api", "tags": [TAGS[0]]}]
    assert [name for name, _ in ground.changes()] == ["TagResource"]
    assert wanted.runs()
    assert tags_of(ground) == {"cost": "7", "empty": "", "team": "payments"}


def test_a_tag_that_is_no_longer_declared_is_left(ground):
    assert isinstance(Wanted(ground, {"tags": TAGS}).act(purpose=Purpose.SETTINGS), Sent)
    assert Wanted(ground, {"tags": TAGS[:1]}).runs()
    assert Wanted(ground, {"tags": []}).runs()


def test_tags_go_with_a_release_and_do_not_stop_it(ground):
    wanted = Wanted(ground, {"tags": TAGS}, "v1.2.3")
    ground.faults(errors=[{"operation": "TagResource", **DENIED}])
    assert isinstance(wanted.act(), Sent)
    ground.faults(errors=[])
    ground.tick(60)
    live = wanted.look()
    assert wanted.release.runs_in(live.manifest)
    assert not wanted.runs()
    assert isinstance(wanted.act(), Sent)
    ground.tick(60)
    assert wanted.runs()


def test_why_tags_could_not_be_set_is_said_and_other_settings_are(ground):
    wanted = Wanted(ground, {"tags": TAGS, "healthCheckGracePeriodSeconds": 30})
    ground.faults(errors=[{"operation": "TagResource", **DENIED}])
    outcome = wanted.act(purpose=Purpose.SETTINGS)
    assert isinstance(outcome, NotSent)
    assert "TagResource" in outcome.why
    assert ground.aws.service()["healthCheckGracePeriodSeconds"] == 30


def test_going_back_touches_no_tags(ground):
    assert isinstance(Wanted(ground, {"tags": TAGS}, "v1.2.3").act(purpose=Purpose.BACK), Sent)
    assert ground.made("TagResource") == 0


# --- what only a service revision shows


def test_monitoring_is_read_once_a_deployment_and_only_if_it_is_declared(ground):
    ground.look()
    assert ground.made("DescribeServiceRevisions") == 0
    wanted = Wanted(ground, {"monitoring": FAST})
    assert not wanted.runs()
    assert isinstance(wanted.act(), Sent)
    (asked,) = ground.sandbox_calls("UpdateService")
    assert (set(asked), asked["monitoring"]) == ({"cluster", "service", "taskDefinition", "monitoring"}, FAST)
    ground.tick(60)
    assert wanted.runs()
    before = len(ground.calls)
    for _ in range(5):
        assert wanted.runs()
    assert ground.calls[before:] == [("DescribeServices", "ok")] * 5
    assert ground.made("DescribeServiceRevisions") == 2, "one for each deployment"


def test_going_back_brings_back_what_only_revisions_show(ground):
    slow = Wanted(ground, {"monitoring": {}})
    assert slow.runs()
    assert isinstance(Wanted(ground, {"monitoring": FAST}, "v1.2.3").act(), Sent)
    ground.tick(60)
    assert not slow.runs()
    assert isinstance(slow.act(purpose=Purpose.BACK), Sent)
    ground.tick(60)
    assert slow.runs()


def test_what_can_not_be_read_of_a_revision_hides_the_service_and_no_other(ground):
    ground.sandbox.seed([a_seed(service="web")])
    ground.faults(errors=[{"operation": "DescribeServiceRevisions", **DENIED}])
    sight = Wanted(ground, {"monitoring": FAST}).sight()
    assert isinstance(sight, Unseen)
    assert "monitoring can only be read from service revisions" in sight.why
    ground.look("web")


# --- what is fixed


@pytest.mark.parametrize(
    ("declared", "path"),
    [
        ({"launchType": "EC2"}, "service.launchType"),
        ({"schedulingStrategy": "DAEMON"}, "service.schedulingStrategy"),
        ({"role": "arn:aws:iam::111122223333:role/ecs"}, "service.role"),
    ],
)
def test_a_fixed_field_is_compared_and_never_sent(ground, declared, path):
    wanted = Wanted(ground, declared, "v1.2.3")
    fixed = wanted.shaped.fixed
    assert not fixed.manifest.runs_in(wanted.look().settings)
    assert "put it back in the spec" in fixed.remedy(path)
    wanted.act()
    (asked,) = ground.sandbox_calls("UpdateService")
    assert not set(asked) & set(FIXED)


def test_what_is_fixed_as_it_is_declared_is_no_difference(ground):
    declared = {"launchType": "FARGATE", "schedulingStrategy": "REPLICA", "deploymentController": {"type": "ECS"}}
    assert Wanted(ground, declared).runs()


# --- what is counted by Application Auto Scaling


def scaled(ground, low, high):
    ground.aws.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/prod/api",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=low,
        MaxCapacity=high,
    )


def by_autoscaling(**limits):
    return {"desiredCount": {"managedBy": "autoscaling", **limits}}


def test_limits_are_compared_and_read_once_in_minutes(ground):
    scaled(ground, 2, 10)
    wanted = Wanted(ground, by_autoscaling(minimum=2, maximum=10), "v1.2.3")
    assert wanted.shaped.settings is None
    for _ in range(3):
        assert wanted.shaped.beside.runs_in(wanted.look().beside)
    assert ground.made("DescribeScalableTargets") == 1
    scaled(ground, 1, 10)
    ground.ahead += 301
    assert dict(wanted.look().beside.fields) == {"scaling.minimum": 1, "scaling.maximum": 10}
    assert isinstance(wanted.act(), Sent)
    (asked,) = ground.sandbox_calls("UpdateService")
    assert "desiredCount" not in asked


def test_a_service_that_nothing_scales_has_no_limits(ground):
    live = Wanted(ground, by_autoscaling(minimum=2)).look()
    assert (live.beside.fields, live.unread) == ((), "")


def test_limits_that_can_not_be_read_are_said_and_hide_nothing(ground):
    ground.faults(errors=[{"operation": "application-autoscaling:DescribeScalableTargets", **DENIED}])
    live = Wanted(ground, by_autoscaling(maximum=2)).look()
    assert live.beside is None
    assert "DescribeScalableTargets" in live.unread


def test_limits_are_not_asked_for_where_nobody_declares_them(ground):
    Wanted(ground, by_autoscaling()).look()
    ground.look()
    assert ground.made("DescribeScalableTargets") == 0
