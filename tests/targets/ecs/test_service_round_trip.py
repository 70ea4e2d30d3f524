"""Whatever a service can be created or updated with is found again as it was declared, and one change is named."""

import json

from hypothesis import event, given
from hypothesis import strategies as st

from controller.model.manifest import narrow
from controller.plan.compare import differences
from controller.sandbox.clock import Clock
from controller.sandbox.dispatch import Desk
from controller.sandbox.world import World
from controller.shaping import Native
from controller.targets.ecs.fields import ONLY_ON_REVISIONS
from controller.targets.ecs.labels import whole_tags
from controller.targets.ecs.manifest import (
    definition_fields,
    deploying,
    fixed_manifest,
    live_manifest,
    live_settings,
    release_manifest,
    settings_manifest,
)
from controller.targets.ecs.rules import SERVICE
from controller.targets.ecs.spec import shape
from tests.sandbox.rig import ACCOUNT, REGION
from tests.targets.ecs.generated import DEFINITION_OF_SERVICES, new_services, service_updates
from tests.targets.ecs.test_round_trip import BRACKETS, changed, is_named, leaves, shuffled

NAMED = {"cluster": "prod", "serviceName": "api"}
WHICH = {"cluster": "prod", "service": "api"}
chances = st.randoms(use_true_random=False)


class Ecs:
    """An embedded ECS with a cluster and a task definition."""

    def __init__(self):
        self.desk = Desk(world=World(clock=Clock(1_800_000_000.0, 0)))
        self.call("CreateCluster", clusterName="prod")
        made = self.call("RegisterTaskDefinition", **DEFINITION_OF_SERVICES)
        self.definition = made["taskDefinition"]

    def call(self, operation, **asked):
        reply = self.desk.serve(operation, ACCOUNT, REGION, json.dumps(asked).encode())
        event(f"{operation}: {reply.status}")
        assert reply.status == 200, (operation, asked, reply.body)
        return json.loads(reply.body)

    def create(self, **declared):
        begins = {"desiredCount": 0, **declared, "taskDefinition": self.definition["taskDefinitionArn"]}
        return self.call("CreateService", **NAMED, **begins)["service"]

    def update(self, **declared):
        return self.call("UpdateService", **WHICH, **declared)["service"]

    def described(self, chance=None):
        """Read it as a look does: the service with its tags, and the revision of PRIMARY."""
        service = self.call("DescribeServices", cluster="prod", services=["api"], include=["TAGS"])["services"][0]
        number = service["deployments"][0]["id"].rpartition("/")[2]
        arn = service["serviceArn"].replace(":service/", ":service-revision/") + f"/{number}"
        (revision,) = self.call("DescribeServiceRevisions", serviceRevisionArns=[arn])["serviceRevisions"]
        frozen = {name: revision[name] for name in ONLY_ON_REVISIONS if name in revision}
        primary = {**service["deployments"][0], **frozen}
        if chance is not None:
            service, primary = (shuffled(one, SERVICE, chance) for one in (service, primary))
        return service, primary

    def differing(self, declared, described):
        """Name every path at which a service is not what is declared."""
        service, primary = described
        live = live_manifest(definition_fields(self.definition), deploying(service, primary))
        wanted = {**declared, **({"tags": whole_tags(declared["tags"])} if "tags" in declared else {})}
        release = release_manifest(DEFINITION_OF_SERVICES, wanted)
        there = live_settings(service)
        found = [*differences(live, release)]
        for part in (settings_manifest(wanted), fixed_manifest(wanted)):
            found += differences(there, part)
            assert narrow(there, part.owns).digest == part.digest or found
        return [one.path for one in found]


def the_same(declared):
    """Make sure that a spec may say it."""
    assert shape(Native(definition=DEFINITION_OF_SERVICES, service=declared)).faults == ()


@given(new_services, chances)
def test_what_was_created_is_what_is_declared(declared, chance):
    the_same(declared)
    ecs = Ecs()
    ecs.create(**declared)
    assert ecs.differing(declared, ecs.described(chance)) == []


@given(service_updates, chances)
def test_what_was_updated_is_what_is_declared(declared, chance):
    the_same(declared)
    ecs = Ecs()
    ecs.create()
    ecs.update(**declared)
    assert ecs.differing(declared, ecs.described(chance)) == []


@given(new_services.filter(lambda declared: any(leaves(declared))), st.data())
def test_any_change_of_one_value_is_found_and_named_by_its_path(declared, data):
    ecs = Ecs()
    ecs.create(**declared)
    path = data.draw(st.sampled_from(sorted(leaves(declared), key=repr)))
    found = ecs.differing(changed(declared, path), ecs.described())
    native = ".".join((SERVICE, *(key for key in path if isinstance(key, str))))
    assert found
    assert all(is_named(BRACKETS.sub("", one), native) for one in found), (native, found)
