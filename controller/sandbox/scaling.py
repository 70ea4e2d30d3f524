"""Application Auto Scaling for services that moto does not know: they are the embedded ECS's own."""

from collections.abc import Callable

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend

from controller.sandbox.world import World

_CHECK = "_ecs_service_exists_for_target"


def install(world: World) -> Callable[[], None]:
    """Let scalable targets be registered for the services of this world; answers how to undo it."""
    before = getattr(ApplicationAutoscalingBackend, _CHECK)

    def check(backend: ApplicationAutoscalingBackend, resource: str) -> bool:
        _, cluster, service = resource.split("/")
        with world.lock:
            known = world.region(backend.account_id, backend.region_name).services.get((cluster, service))
        if known is None or known.status != "ACTIVE":
            raise AWSValidationException(f"ECS service doesn't exist: {resource}")
        return True

    setattr(ApplicationAutoscalingBackend, _CHECK, check)

    def undo() -> None:
        setattr(ApplicationAutoscalingBackend, _CHECK, before)

    return undo
