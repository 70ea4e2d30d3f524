"""Who changed a service: found in few look-ups, and said to be unknown where nobody may ask."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from controller.errors import AccessError
from controller.model.names import DeploymentId
from controller.model.questions import AlarmsOf, ChangedBy, Changer, Unanswered
from controller.probes.cloudtrail import CloudTrail
from tests.targets.ecs.rig import ACCOUNT, REGION, ROLE, new_ground

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
ANA = f"arn:aws:sts::{ACCOUNT}:assumed-role/oncall/ana"
TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.9.0 terraform-provider-aws/5.80"


@pytest.fixture
def ground(monkeypatch):
    with new_ground(monkeypatch) as ground:
        yield ground


def changed(service="api", at=NOON, deployment: str | None = "ecs-svc/2", account=ACCOUNT, around=1):
    return ChangedBy(
        account=account,
        region=REGION,
        role=ROLE,
        cluster="prod",
        service=service,
        after=at - timedelta(minutes=around),
        before=at + timedelta(minutes=around),
        deployment=DeploymentId(deployment) if deployment else None,
    )


def event(by=ANA, service="api", at=NOON, deployment="ecs-svc/2", agent=TERRAFORM, **more):
    primary = [{"id": deployment, "status": "PRIMARY"}, {"id": "ecs-svc/1", "status": "ACTIVE"}]
    said = {
        "eventName": "UpdateService",
        "userIdentity": {"arn": by},
        "userAgent": agent,
        "requestParameters": {"cluster": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/prod", "service": service},
        "responseElements": {"service": {"deployments": primary}} if deployment else None,
        **more,
    }
    return {"EventTime": at.timestamp(), "Username": "ana", "CloudTrailEvent": json.dumps(said)}


class Events:
    """A CloudTrail that answers from a list, page by page, and notes what it was asked."""

    def __init__(self, *events, page=50, error=None):
        self.events, self.page, self.error, self.asked = events, page, error, []

    def lookup_events(self, **asked):
        self.asked.append(asked)
        if self.error:
            raise self.error
        start = int(asked.get("NextToken", 0))
        after, before = asked["StartTime"].timestamp(), asked["EndTime"].timestamp()
        chosen = [one for one in self.events if after <= one["EventTime"] <= before]
        more = {"NextToken": str(start + self.page)} if len(chosen) > start + self.page else {}
        return {"Events": chosen[start : start + self.page], **more}


def ask(events, *questions):
    return CloudTrail(lambda *_: events).answer(questions)


def who(events, question):
    return ask(events, question)[question]


def test_the_call_that_made_the_deployment_is_named_with_principal_time_and_tool():
    assert who(Events(event()), changed()) == Changer(by=ANA, call="UpdateService", at=NOON, via="terraform")


def test_of_several_calls_the_first_that_answers_with_the_deployment_made_it():
    later = event(by="arn:aws:iam::1:user/bob", at=NOON + timedelta(seconds=20))
    before = event(by="arn:aws:iam::1:user/eve", at=NOON - timedelta(seconds=20), deployment="ecs-svc/1")
    assert who(Events(later, event(), before), changed()).by == ANA


@pytest.mark.parametrize(
    "other",
    [
        event(service="web"),
        event(deployment="ecs-svc/1"),
        event(errorCode="AccessDenied"),
        event(at=NOON + timedelta(minutes=5)),
        {"EventTime": NOON.timestamp(), "CloudTrailEvent": "{broken"},
        {"EventTime": NOON.timestamp(), "CloudTrailEvent": "[]"},
        {},
    ],
    ids=["another service", "another deployment", "refused", "later", "no JSON", "a list", "empty"],
)
def test_what_is_another_call_names_nobody(other):
    assert isinstance(who(Events(other) if "EventTime" in other else Events(), changed()), Unanswered)


def test_an_event_without_an_answer_counts_if_no_other_names_the_deployment():
    assert who(Events(event(deployment="")), changed()).by == ANA


def test_who_changed_settings_is_the_last_before_they_were_seen_and_never_ourselves():
    ours = event(agent="Botocore/1.40 trueup", by="ours", at=NOON + timedelta(seconds=30))
    first = event(by="first", at=NOON - timedelta(minutes=5))
    question = changed(deployment=None, around=15)
    assert who(Events(ours, event(), first), question).by == ANA
    assert isinstance(who(Events(ours), question), Unanswered)


@pytest.mark.parametrize(
    ("agent", "via"),
    [
        (TERRAFORM, "terraform"),
        ("AWS Internal/console.amazonaws.com", "the console"),
        ("Mozilla/5.0 (X11; Linux)", "the console"),
        ("aws-cli/2.15 md/Botocore", "aws-cli"),
        ("ecs.application-autoscaling.amazonaws.com", "autoscaling"),
        ("Boto3/1.40 md/Botocore#1.40", "boto"),
        ("deploytool/3.1 (x)", "deploytool"),
        ("", ""),
        ("\x1b[31mred\x07" + "x" * 100, "�[31mred�" + "x" * 31),
    ],
)
def test_the_tool_is_named_shortly(agent, via):
    assert who(Events(event(agent=agent)), changed()).via == via


@pytest.mark.parametrize(
    ("identity", "by"),
    [
        ({"arn": ANA}, ANA),
        ({"type": "AWSService", "invokedBy": "ecs.amazonaws.com"}, "ecs.amazonaws.com"),
        ({"principalId": "AIDA:ana"}, "AIDA:ana"),
        ({}, "ana"),
    ],
)
def test_whoever_it_was_has_some_name(identity, by):
    assert who(Events(event(userIdentity=identity)), changed()).by == by


def test_sixty_services_changed_in_one_apply_cost_few_look_ups():
    events = Events(*(event(service=f"s{n}", at=NOON + timedelta(seconds=n)) for n in range(60)))
    questions = [changed(f"s{n}", at=NOON + timedelta(seconds=n)) for n in range(60)]
    answers = ask(events, *questions)
    assert all(isinstance(answer, Changer) for answer in answers.values())
    assert len(events.asked) == 2 and len(answers) == 60


def test_what_lies_far_apart_is_asked_for_a_few_times_a_turn_and_the_rest_later():
    hours = [NOON + timedelta(hours=n) for n in range(9)]
    events = Events(*(event(at=at) for at in hours))
    answers = ask(events, *(changed(at=at) for at in hours))
    assert len(events.asked) == 4
    assert sum(isinstance(answer, Changer) for answer in answers.values()) == 4


@pytest.mark.parametrize("code", ["AccessDeniedException", "AccessDenied", "UnauthorizedOperation"])
def test_who_may_not_look_up_is_told_which_permission_is_missing(code):
    error = ClientError({"Error": {"Code": code, "Message": "no"}}, "LookupEvents")
    assert who(Events(error=error), changed()) == Changer(unknown="needs cloudtrail:LookupEvents")


@pytest.mark.parametrize(
    "error", [ClientError({"Error": {"Code": "ThrottlingException"}}, "LookupEvents"), OSError("away")]
)
def test_what_fails_in_another_way_goes_unanswered(error):
    assert isinstance(who(Events(error=error), changed()), Unanswered)


def test_an_account_that_is_not_ours_to_read_leaves_the_others_alone():
    def client(account, *_):
        if account != ACCOUNT:
            raise AccessError("not ours")
        return Events(event())

    mine, other = changed(), changed(account="999999999999")
    answers = CloudTrail(client).answer([mine, other])
    assert answers[mine].by == ANA and answers[other] == Unanswered(why="not ours")


def test_a_question_about_something_else_goes_unanswered():
    question = AlarmsOf(account=ACCOUNT, region=REGION, role=None)
    assert isinstance(who(Events(), question), Unanswered)


def test_the_sandbox_is_asked_as_aws_is(ground):
    answer = ground.aws.release("v1.2.3")
    deployment = answer["deployments"][0]["id"]
    question = changed(at=ground.now(), deployment=deployment)
    found = CloudTrail(ground.clients.cloudtrail).answer([question])[question]
    assert (found.by, found.via) == (f"arn:aws:sts::{ACCOUNT}:assumed-role/trueup/tests", "boto")
    assert found.call == "UpdateService" and abs(found.at - ground.now()) < timedelta(seconds=2)
    assert ground.made("LookupEvents") == 1


def test_a_denial_of_the_sandbox_is_told(ground):
    ground.faults(errors=[{"operation": "cloudtrail:LookupEvents", "code": "AccessDeniedException"}])
    question = changed(at=ground.now())
    answer = CloudTrail(ground.clients.cloudtrail).answer([question])[question]
    assert answer == Changer(unknown="needs cloudtrail:LookupEvents")
