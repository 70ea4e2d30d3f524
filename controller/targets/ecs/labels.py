"""The tags of a service: only keys that the spec declares are ours.

A key that is no longer declared is no longer ours, so it is left as it is: UntagResource is never called. Bounds
are those of "Tagging your Amazon ECS resources" (Developer Guide) and of `Tag` (API Reference).
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from controller.model.manifest import Manifest
from controller.model.paths import Paths
from controller.shaping import Fault
from controller.targets.ecs.canon import bracket
from controller.targets.ecs.fields import OUR_TAGS, TAGS
from controller.targets.ecs.manifest import settings_manifest
from controller.targets.ecs.native import Native, parts, text
from controller.targets.ecs.rules import SERVICE
from controller.targets.ecs.spared import is_ignored

_AT: Final = f"{SERVICE}.{TAGS}"
_MOST: Final = 50
_LONGEST_KEY: Final = 128
_LONGEST_VALUE: Final = 256


def tag_faults(service: Native, where: str) -> Iterator[Fault]:
    """Say what is wrong in the declared tags."""
    tags = parts(service, TAGS)
    counted = Counter(text(tag, "key") for tag in tags)
    if len(tags) > _MOST:
        yield Fault(path=(where, TAGS), what=f"has {len(tags)} tags; a service has at most {_MOST}")
    for place, tag in enumerate(tags):
        key = text(tag, "key")
        if not 0 < len(key) <= _LONGEST_KEY:
            yield Fault(path=(where, TAGS, place, "key"), what=f"is not 1 to {_LONGEST_KEY} characters long")
        elif key.lower().startswith(("aws:", OUR_TAGS)):
            what = f"{key!r} is not yours to set: AWS and trueup use keys that begin so"
            yield Fault(path=(where, TAGS, place, "key"), what=what)
        elif counted[key] > 1:
            yield Fault(path=(where, TAGS, place, "key"), what=f"{key!r} is given twice")
        if len(str(tag.get("value") or "")) > _LONGEST_VALUE:
            what = f"is longer than {_LONGEST_VALUE} characters"
            yield Fault(path=(where, TAGS, place, "value"), what=what)


def whole_tags(tags: object) -> list[dict[str, str]]:
    """Give tags with a value each: one that is left out is empty, as AWS has it."""
    return [{"key": text(tag, "key"), "value": text(tag, "value")} for tag in parts({TAGS: tags}, TAGS)]


def differing_tags(declared: object, live: Manifest | None, passed: Paths = ()) -> list[dict[str, str]]:
    """Give the declared tags that the service does not have so; `passed` are patterns of what is ignored."""
    ours = [tag for tag in whole_tags(declared) if not is_ignored(bracket(_AT, tag["key"]), passed)]
    if live is None:
        return ours
    return [tag for tag in ours if not settings_manifest({TAGS: [tag]}).runs_in(live)]
