"""What AWS refuses to register, worded as it words it: ClientException, and nothing is made."""

import re

from controller.sandbox.containers import check_containers
from controller.sandbox.defaults import in_units, network_mode
from controller.sandbox.native import Native, client_error, invalid, number, parts, tag_map, text, texts

_NAME = re.compile(r"^[A-Za-z0-9_-]{1,255}$")
_MAX_TAGS = 50
_GB = 1024

# AWS, "Amazon ECS task definition parameters for Fargate", task size: cpu units to (first, last, step) in MiB.
_FARGATE = {
    512: (1 * _GB, 4 * _GB, _GB),
    1024: (2 * _GB, 8 * _GB, _GB),
    2048: (4 * _GB, 16 * _GB, _GB),
    4096: (8 * _GB, 30 * _GB, _GB),
    8192: (16 * _GB, 60 * _GB, 4 * _GB),
    16384: (32 * _GB, 120 * _GB, 8 * _GB),
}
_FARGATE_SMALLEST = (512, 1024, 2048)


def check_definition(request: Native) -> None:
    """Raise Refused if AWS would not register this."""
    if not _NAME.match(text(request, "family")):
        raise client_error(
            "Family must be up to 255 letters (uppercase and lowercase), numbers, hyphens and underscores."
        )
    check_containers(request)
    _check_sizes(request)
    check_tags(request)


def check_tags(request: Native) -> None:
    """Raise Refused for tags that AWS does not take."""
    tags = tag_map(parts(request, "tags"))
    if len(parts(request, "tags")) > _MAX_TAGS:
        raise invalid(f"Too many tags: a resource has at most {_MAX_TAGS}.")
    for key, value in tags.items():
        if not 0 < len(key) <= 128 or len(value) > 256:  # noqa: PLR2004 - AWS's limits on a tag
            raise invalid(f"The tag {key!r} is empty or too long.")
        if key.lower().startswith("aws:"):
            raise invalid("Tag keys that begin with aws: are reserved.")


def check_name(name: str, what: str) -> None:
    """Raise Refused for a name that AWS does not take for a cluster or service."""
    if not _NAME.match(name):
        raise invalid(f"{what} name must have up to 255 letters, numbers, hyphens and underscores.")


def _check_sizes(request: Native) -> None:
    cpu, memory = (_whole(request, key) for key in ("cpu", "memory"))
    if "FARGATE" not in texts(request, "requiresCompatibilities"):
        return
    if network_mode(request) != "awsvpc" or text(request, "networkMode") == "":
        raise client_error("Fargate only supports network mode 'awsvpc'.")
    if cpu is None or memory is None:
        raise client_error("Fargate requires that 'cpu' and 'memory' be defined at the task level.")
    if not _fits_fargate(cpu, memory):
        raise client_error("No Fargate configuration exists for given values.")
    wanted = sum(number(one, "memory") or number(one, "memoryReservation") for one in _containers(request))
    if wanted > memory:
        raise client_error("The containers need more memory than the task has.")


def _containers(request: Native) -> list[Native]:
    return parts(request, "containerDefinitions")


def _whole(request: Native, key: str) -> int | None:
    written = text(request, key)
    if not written:
        return None
    units = in_units(written, key)
    if not units.isdigit():
        raise client_error(f"Invalid '{key}' setting for task: {written}")
    return int(units)


def _fits_fargate(cpu: int, memory: int) -> bool:
    if cpu == 256:  # noqa: PLR2004 - the one size whose memory does not go in steps
        return memory in _FARGATE_SMALLEST
    if cpu not in _FARGATE:
        return False
    first, last, step = _FARGATE[cpu]
    return first <= memory <= last and (memory - first) % step == 0
