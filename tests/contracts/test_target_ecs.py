"""The ECS kind keeps the contract, in front of the embedded ECS."""

from collections.abc import Iterator
from contextlib import contextmanager

from controller.model.names import Revision
from controller.model.place import Place
from controller.model.release import Release, Settings
from controller.shaping import Native
from controller.targets.ecs.spec import shape
from tests.contracts.target_contract import API, GOOD, Stage, TargetContract, act, deploy, see
from tests.targets.ecs.rig import Ground, definition, new_ground, release


class EcsStage(Stage):
    """The sandbox, moved by hand; a look is never so fresh that `expect` is not compared again."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.target = ground.target

    def place(self, service: str = API) -> Place:
        return self.ground.place(service)

    def release(self, version: str) -> Release:
        return release(version)

    def settings(self) -> Settings:
        settings = shape(Native(definition=definition(), service={"healthCheckGracePeriodSeconds": 77})).settings
        assert settings is not None
        return settings

    def now(self):
        return self.ground.now()

    def pass_time(self) -> None:
        self.ground.tick(5)
        self.ground.ahead += 1

    def by_hand(self, version: str) -> None:
        self.ground.aws.release(version)

    def starve(self) -> None:
        self.ground.faults(noCapacity=True)

    def lose_answer(self) -> None:
        self.ground.faults(lost={"UpdateService": 1})

    def lose_call(self) -> None:
        self.ground.faults(errors=[{"operation": "UpdateService", "code": "ServerException", "status": 500}])

    def throttle(self) -> None:
        self.ground.faults(errors=[{"operation": "UpdateService", "code": "ThrottlingException"}])

    def refuse(self, version: str) -> None:
        message = f"{version}: Invalid image name."
        self.ground.faults(
            errors=[{"operation": "RegisterTaskDefinition", "code": "ClientException", "message": message}]
        )

    def blind(self) -> None:
        denied = {"code": "AccessDeniedException", "times": 99}
        reads = ("DescribeServices", "DescribeTaskDefinition")
        self.ground.faults(errors=[{"operation": read, **denied} for read in reads])

    def delete(self) -> None:
        self.ground.aws.ecs.delete_service(cluster="prod", service="api", force=True)
        self.ground.tick(60)

    def remake(self) -> None:
        self.ground.aws.ecs.create_service(
            cluster="prod",
            serviceName="api",
            taskDefinition="unifocus-prod-api:1",
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-a"]}},
        )

    def deregister(self, revision: Revision) -> None:
        self.ground.aws.ecs.deregister_task_definition(taskDefinition=revision)

    def deployments(self) -> int:
        answer = self.ground.aws.ecs.list_service_deployments(cluster="prod", service="api", maxResults=100)
        return len(answer["serviceDeployments"])

    def foreign(self) -> Place:
        return self.ground.place(role="arn:aws:iam::999988887777:role/trueup")


class TestEcs(TargetContract):
    @contextmanager
    def opened(self, monkeypatch) -> Iterator[Stage]:
        with new_ground(monkeypatch) as ground:
            yield EcsStage(ground)

    def test_what_may_have_been_registered_before_is_looked_for_and_registered_once(self, stage):
        stage.lose_call()
        first = act(stage, GOOD)
        assert first.revision is not None
        again = deploy(stage, GOOD, look_first=True)
        assert again.revision == first.revision
        assert stage.ground.revisions() == ["2", "1"]
        assert see(stage).revision == first.revision
