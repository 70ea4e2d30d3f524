"""What never happens on the way to AWS, by its number."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import controller
from controller.errors import Refusal
from controller.model.outcome import Lost, NotSent, Sent
from controller.targets.ecs.permit import Gate, Permission
from tests.targets.ecs.rig import ACCOUNT, REGION, allow, release

CORE = Path(controller.__file__).parent
TAKES_AWAY = re.compile(
    r"\b(?:Delete|Deregister|Terminate|Purge)[A-Z]\w+|\b(?:delete|deregister)_(?:service|cluster|task)\w*"
)


def test_invariant_10_nothing_in_the_product_deletes_or_deregisters():
    found = [
        f"{path.relative_to(CORE)}: {call}"
        for path in sorted(CORE.rglob("*.py"))
        if "sandbox" not in path.parts
        for call in TAKES_AWAY.findall(path.read_text(encoding="utf-8"))
        if call != "DeletedDate"
    ]
    assert found == []


class Asked:
    """A signed request of one account and region."""

    def __init__(self, operation: str, account: str, region: str, cluster: str) -> None:
        revision = f"arn:aws:ecs:{region}:{account}:task-definition/unifocus-prod-api:1"
        self.headers = {
            "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=KEY/20300101/{region}/ecs/aws4_request",
        }
        self.body = f'{{"cluster": "{cluster}", "service": "api", "taskDefinition": "{revision}"}}'


accounts = st.sampled_from([ACCOUNT, "999988887777", "011112222333", ""])
regions = st.sampled_from([REGION, "eu-west-2", ""])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(accounts, accounts, regions, st.sampled_from(["prod", "stage", ""]))
def test_invariant_16_account_and_region_of_the_call_are_those_of_its_intent(ground, client, arn, region, cluster):
    gate = Gate(ground.now)
    permission = Permission(
        place=ground.place(), family="unifocus-prod-api", not_after=ground.now(), check=allow, resource=""
    )
    asked = Asked("UpdateService", arn, region, cluster)
    with gate.permit(permission):
        if (client, arn, region, cluster) == (ACCOUNT, ACCOUNT, REGION, "prod"):
            assert gate.ask(asked, client, "KEY") is permission
            return
        with pytest.raises(Refusal):
            gate.ask(asked, client, "KEY")


@pytest.mark.parametrize("operation", ["DeleteService", "DeregisterTaskDefinition", "DeleteCluster", "StopTask"])
def test_invariant_10_the_gate_lets_no_such_call_out_whatever_the_intent(ground, operation):
    gate = Gate(ground.now)
    permission = Permission(place=ground.place(), family="unifocus-prod-api", not_after=ground.now(), check=allow)
    with gate.permit(permission), pytest.raises(Refusal):
        gate.ask(Asked(operation, ACCOUNT, REGION, "prod"), ACCOUNT, "KEY")


OURS = {"cluster", "service", "taskDefinition"}


def test_invariant_18_a_release_changes_neither_the_count_nor_a_field_that_the_spec_does_not_name(ground):
    ground.aws.ecs.update_service(
        cluster="prod", service="api", desiredCount=3, healthCheckGracePeriodSeconds=55, enableExecuteCommand=True
    )
    ground.tick(60)
    before = ground.aws.service()
    ground.ahead += 10
    ground.send(release("v1.2.3"))
    sent = ground.sandbox_calls("UpdateService")[-1]
    assert set(sent) == OURS
    after = ground.aws.service()
    for field in ("desiredCount", "healthCheckGracePeriodSeconds", "enableExecuteCommand", "networkConfiguration"):
        assert after.get(field) == before.get(field), field


@pytest.mark.parametrize("fault", ["ThrottlingException", "ServerException"])
def test_invariant_28_an_intent_that_is_sent_again_makes_the_same_request(ground, fault):
    status = 500 if fault == "ServerException" else 400
    ground.faults(errors=[{"operation": "UpdateService", "code": fault, "status": status}])
    wanted, live = release("v1.2.3"), ground.look()
    first = ground.act(wanted, live, look_first=True)
    assert isinstance(first, NotSent | Lost)
    ground.tick(5)
    second = ground.act(wanted, live, look_first=True, revision=first.revision)
    assert isinstance(second, Sent)
    assert len(ground.revisions()) == 2
    sent = ground.sandbox_calls("UpdateService")
    assert len(sent) == 2 and sent[0] == sent[1]
