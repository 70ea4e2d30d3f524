"""What a spec leaves to be filled in before its release is whole: digests of tags, and what is below ours."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from controller.model.images import Reference
from controller.model.packed import Packed
from controller.ports import Native as Declared
from controller.targets.ecs.manifest import canonical_json
from controller.targets.ecs.native import Native, part, parts, text, texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is left to do: containers that stay on their tags, and the base that is to be found."""

    tags: frozenset[str]
    base: Native


def write_draft(definition: Native, native: Declared) -> str:
    """Write down what is left to fill in of a definition; empty if nothing is."""
    open_tags = any(True for _ in tagged(definition, native.tags))
    if not open_tags and native.base is None and not native.ignore:
        return ""
    base: Mapping[str, object] = native.base or {}
    return canonical_json({"base": base, "tags": sorted(native.tags)})


@lru_cache(maxsize=4096)
def read_draft(draft: Packed) -> Draft:
    """Read what `write_draft` wrote."""
    said = json.loads(str(draft) or "{}")
    return Draft(tags=frozenset(texts(said, "tags")), base=part(said, "base"))


def tagged(definition: Native, but: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Give the containers whose image is named by a tag, or by nothing, with the image; but not these."""
    for container in parts(definition, "containerDefinitions"):
        name, image = text(container, "name"), text(container, "image")
        if image and name not in but and not Reference.of(image).digest:
            yield name, image
