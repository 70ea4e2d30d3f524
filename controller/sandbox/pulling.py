"""What the images of a task stand for when a deployment begins, and whether they can be pulled when a task does."""

from collections.abc import Callable, Mapping

from controller.sandbox.images import Course, Fate, Image, course_of, tag_of
from controller.sandbox.native import part, text, texts
from controller.sandbox.registry import Pulled, taken_apart
from controller.sandbox.world import Definition, World

_ARCHITECTURES = {"X86_64": "amd64", "ARM64": "arm64"}
_NOT_FOUND = (
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {}: not found"
)
_NO_PLATFORM = (
    "CannotPullContainerError: pull image manifest has been retried 7 time(s): "
    "image Manifest does not contain descriptor matching platform '{}'"
)


def resolve(world: World, definition: Definition) -> dict[str, Pulled]:
    """Give what each container's image stands for just now; what is not there has no entry."""
    found = {
        image.container: world.registry.pull(image.reference, world.clock.now()) for image in definition.images
    }
    return {container: pulled for container, pulled in found.items() if pulled is not None}


def pull(world: World, definition: Definition, pinned: Mapping[str, Pulled]) -> tuple[Course, Mapping[str, Pulled]]:
    """Read what a new task does, and what it runs: what its deployment pinned, if that is there."""
    pulled: dict[str, Pulled] = {}
    for image in definition.images:
        reference = _pinned(image, pinned)
        found = world.registry.pull(reference, world.clock.now())
        if found is None:
            return Course(fate=Fate.PULL_ERROR, culprit=image, why=_NOT_FOUND.format(reference)), pulled
        wanted, offered = _platform(definition), world.registry.platforms(found.digest)
        if wanted and offered and wanted not in offered:
            return Course(fate=Fate.PULL_ERROR, culprit=image, why=_NO_PLATFORM.format(wanted)), pulled
        pulled[image.container] = found
    return course_of(definition.images, world.trouble.unpullable, tags_of(pulled)), pulled


def why_not(course: Course) -> str:
    """Give the reason of a failed pull."""
    return course.why or _NOT_FOUND.format(course.culprit.reference if course.culprit else "")


def tags_of(pulled: Mapping[str, Pulled]) -> Callable[[Image], str]:
    """Give the tag that says how an image behaves: that of what was pulled, else the one it is written with."""

    def tag(image: Image) -> str:
        found = pulled.get(image.container)
        return found.tag if found else tag_of(image.reference)

    return tag


def _pinned(image: Image, pinned: Mapping[str, Pulled]) -> str:
    found = pinned.get(image.container)
    return f"{taken_apart(image.reference)[0]}@{found.digest}" if found else image.reference


def _platform(definition: Definition) -> str:
    """Give the platform that the tasks run on; empty where it depends on the instance."""
    chosen = part(definition.body, "runtimePlatform")
    system = text(chosen, "operatingSystemFamily", "LINUX")
    fargate = "FARGATE" in texts(definition.body, "requiresCompatibilities")
    architecture = text(chosen, "cpuArchitecture", "X86_64" if fargate else "")
    return f"linux/{_ARCHITECTURES[architecture]}" if architecture and system == "LINUX" else ""
