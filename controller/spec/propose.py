"""A spec as text for what runs already: the files of one environment, as a person would have written them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from controller.spec.schema import API_VERSION, ENVIRONMENT, TARGETS
from controller.spec.version import explain_version

UNKNOWN: Final = "v0.0.0"
"""The version of what has none: it is only a name, and every other version is newer."""

_VERSION: Final = "${version}"
_PRIVATE: Final = ".dkr.ecr."
_CONTAINERS: Final = "containerDefinitions"
_WIDTH: Final = 10_000  # a value stays on its line


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One target as it is to be written. `remarks` stand above it as comments, `below` at its end."""

    name: str
    service: str
    definition: Mapping[str, object]
    fields: Mapping[str, object]
    container: str = ""
    remarks: tuple[str, ...] = ()
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The version of what runs: `images` are those that it is part of, `why` says why it is only a name."""

    version: str
    images: Mapping[str, str]
    why: str = ""


def version_of(definition: Mapping[str, object], container: str = "") -> Named:
    """Read the version from the image of the main container: the named one, else the likeliest essential one.

    That is the first whose image comes from a private registry of AWS's, where teams keep what they build.
    """
    images = dict(_images(definition, essential=False))
    likely = sorted(_images(definition, essential=True), key=lambda one: _PRIVATE not in one[1])
    main = container if container in images else next((name for name, _ in likely), "")
    repository, tag = _parts(images.get(main, ""))
    if tag and not explain_version(tag):
        same = [name for name, image in images.items() if _parts(image) == (repository, tag)]
        return Named(version=tag, images=dict.fromkeys(same, f"{escaped(repository)}:{_VERSION}"))
    if tag and not explain_version(f"v{tag}"):
        why = f"a name only: the image's tag {tag} has no v, so that a release changes both lines"
        return Named(version=f"v{tag}", images={main: str(escaped(images[main]))}, why=why)
    pinned = "is pinned by its digest" if "@" in images.get(main, "") else "has no tag"
    said = f"the image's tag {tag} is no version" if tag else f"the image {pinned}"
    return Named(version=UNKNOWN, images={}, why=f"a name only: {said}")


def environment_file(env: str, cluster: str, account: str, region: str, role: str | None) -> str:
    """Write environment.yaml."""
    aws = {"account": account, "region": region, **({"roleArn": role} if role else {})}
    lines = [
        f"# {env}: adopted from the cluster {cluster}; its targets stand in the files beside this one.",
        f"apiVersion: {API_VERSION}",
        f"kind: {ENVIRONMENT}",
        f"metadata: {{name: {env}}}",
        "spec:",
        *_block("aws", aws, 2),
        f"  cluster: {cluster}",
    ]
    return "\n".join(lines) + "\n"


def target_file(proposal: Proposal, named: Named, env: str) -> str:
    """Write <target>.yaml: one target that only observes."""
    name = proposal.name
    about = named.why or "the line that a team changes"
    lines = [
        *(f"# {one}" for one in proposal.remarks),
        f"apiVersion: {API_VERSION}",
        f"kind: {TARGETS}",
        "targets:",
        f"  {name}:",
        "    kind: ecs",
        f"    mode: observe   # says what it would do, and does nothing, until `trueup adopt confirm {env} {name}`",
        f"    version: {named.version}   # {about}",
        f"    service: {proposal.service}",
        *(_block("images", named.images, 4) if named.images else ()),
        f"    taskDefinition: {{file: taskdefs/{name}.yaml}}",
        *(_block("serviceDefinition", escaped(proposal.fields), 4) if proposal.fields else ()),
        *(f"    # {one}" for one in proposal.below),
    ]
    return "\n".join(lines) + "\n"


def definition_file(proposal: Proposal, named: Named, revision: str) -> str:
    """Write taskdefs/<target>.yaml: the task definition in ECS's own shape, without images that stand elsewhere."""
    containers = [
        {key: value for key, value in one.items() if key != "image" or one.get("name") not in named.images}
        for one in _containers(proposal.definition)
    ]
    said = escaped({**proposal.definition, _CONTAINERS: containers})
    elsewhere = (
        f" The image of {', '.join(named.images)} stands in ../{proposal.name}.yaml." if named.images else ""
    )
    return f"# What {proposal.service} runs: {revision}.{elsewhere}\n{dumped(said)}"


def dumped(value: object) -> str:
    """Write YAML as specs have it: small mappings on one line, no anchors, no line folded."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=None
    )
    return text


def escaped(value: object) -> Any:  # noqa: ANN401 - the same structure as it was given
    """Write `${` as the text itself wherever it stands in a value, so that nothing is filled in for it."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, Mapping):
        return {key: escaped(inner) for key, inner in value.items()}
    return [escaped(inner) for inner in value] if isinstance(value, list | tuple) else value


class _Dumper(yaml.SafeDumper):
    """Writes what the strict reader takes back."""

    def ignore_aliases(self, data: object) -> bool:
        """Write a value again instead of an alias of it."""
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002 - PyYAML's
        """Indent lists below their keys."""
        del indentless
        super().increase_indent(flow=flow, indentless=False)


def _lines(node: str) -> bool:
    return "\n" in node.strip("\n") and not any(line != line.rstrip() for line in node.split("\n"))


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Write text of several lines as a block, which a person can read."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if _lines(text) else None)


_Dumper.add_representer(str, _text)


def _block(key: str, value: Mapping[str, object], indent: int) -> list[str]:
    text = dumped({key: value}).rstrip("\n")
    return [f"{' ' * indent}{line}" if line else line for line in text.split("\n")]


def _containers(definition: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    found = definition.get(_CONTAINERS)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _images(definition: Mapping[str, object], *, essential: bool) -> Iterator[tuple[str, str]]:
    for one in _containers(definition):
        if not essential or one.get("essential") is not False:
            yield str(one.get("name", "")), str(one.get("image", ""))


def _parts(image: str) -> tuple[str, str]:
    """Split an image into its repository and its tag; with a digest it has none that counts."""
    if "@" in image or ":" not in image.rpartition("/")[2]:
        return image, ""
    repository, _, tag = image.rpartition(":")
    return repository, tag
