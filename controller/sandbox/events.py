"""Service events: at most a hundred, newest first, worded as ECS words them."""

from controller.sandbox.world import Service, Task, World

KEPT = 100
REPEAT = 60.0  # the same complaint is made again no sooner than this, in simulated seconds
STEADY_EVERY = 6 * 3600.0


def say(world: World, service: Service, message: str) -> None:
    """Add one event."""
    identity = world.hexadecimal(32)
    event: dict[str, object] = {
        "id": "-".join((identity[:8], identity[8:12], identity[12:16], identity[16:20], identity[20:])),
        "createdAt": world.stamp(),
        "message": f"(service {service.name}) {message}",
    }
    service.events = [event, *service.events][:KEPT]
    service.changes += 1


def complain(world: World, service: Service, message: str, now: float) -> None:
    """Add an event that states a trouble, once a minute."""
    if now >= service.last_said.get(message, float("-inf")) + REPEAT:
        service.last_said[message] = now
        say(world, service, message)


def tell_steady(world: World, service: Service, now: float) -> None:
    """Say that the service is steady, and remember when."""
    service.last_said = {"steady": now}
    say(world, service, "has reached a steady state.")


def steady_is_due(service: Service, now: float) -> bool:
    """ECS repeats that a service at rest is steady about every six hours."""
    return now >= service.last_said.get("steady", now) + STEADY_EVERY


def of_tasks(tasks: list[Task]) -> str:
    """`2 tasks: (task a) (task b)`, as the events count them."""
    return f"{len(tasks)} tasks: " + " ".join(f"(task {task.arn.rsplit('/', 1)[-1]})" for task in tasks) + "."


NO_FARGATE_CAPACITY = (
    "was unable to place a task. Reason: Capacity is unavailable at this time. "
    "Please try again later or in a different availability zone."
)
NO_INSTANCE = (
    "was unable to place a task because no container instance met all of its requirements. "
    "Reason: No Container Instances were found in your cluster."
)
DEADLOCK = (
    "was unable to stop or start tasks during a deployment because of the service deployment configuration. "
    "Update the minimumHealthyPercent or maximumPercent value and try again."
)
