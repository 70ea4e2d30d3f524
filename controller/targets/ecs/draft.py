"""What a spec leaves to be filled in before its release is whole: digests of tags, and what is below ours."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from controller.model.images import Reference
from controller.model.lookups import Lookup, find_lookups
from controller.model.packed import Packed
from controller.shaping import Native as Declared
from controller.targets.ecs.manifest import canonical_json
from controller.targets.ecs.native import Native, part, parts, text, texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is left to do: what is to be looked up and the base that is to be found; `tags` are not to be resolved.

    `state` is where Terraform keeps its own, for look-ups.
    """

    tags: frozenset[str] = frozenset()
    base: Native = field(default_factory=dict)
    lookups: tuple[Lookup, ...] = ()
    state: str = ""


def write_draft(definition: Native, service: Native, native: Declared) -> str:
    """Write down what is left to fill in of a definition and a service; empty if nothing is."""
    # Those that stay are known by the draft as well: whoever looks must not take their digests for what they are.
    tags = any(True for _ in tagged(definition, frozenset()))
    lookups = sorted((one.kind, one.name) for one in find_lookups([definition, service]))
    if not tags and native.base is None and not native.ignore and not lookups:
        return ""
    base: Mapping[str, object] = native.base or {}
    said = {"base": base, "lookups": lookups, "state": native.state, "tags": sorted(native.tags)}
    return canonical_json({name: value for name, value in said.items() if value})


@lru_cache(maxsize=4096)
def read_draft(draft: Packed) -> Draft:
    """Read what `write_draft` wrote."""
    said = json.loads(str(draft) or "{}")
    return Draft(
        tags=frozenset(texts(said, "tags")),
        base=part(said, "base"),
        lookups=tuple(Lookup(kind=kind, name=name) for kind, name in said.get("lookups", ())),
        state=text(said, "state"),
    )


def tagged(definition: Native, but: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Give the containers whose image is named by a tag, or by nothing, with the image; but not these."""
    for container in parts(definition, "containerDefinitions"):
        name, image = text(container, "name"), text(container, "image")
        if image and name not in but and not Reference.of(image).digest:
            yield name, image
