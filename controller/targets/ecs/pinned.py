"""Images by digest: what a tag stands for is found once, so that what is deployed cannot change under its name."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from controller.model.images import Found, ImageAnswer, Missing, Reference, Unreachable
from controller.model.manifest import Echo, Echoed, Scalar
from controller.model.packed import Packed
from controller.model.release import Release
from controller.targets.ecs.canon import bracket
from controller.targets.ecs.native import Native, part, parts, text
from controller.targets.ecs.rules import TASK_DEFINITION

_CONTAINERS: Final = "containerDefinitions"
_IMAGES: Final = f"{TASK_DEFINITION}.{_CONTAINERS}["
_SHOWN: Final = 19  # sha256: and a dozen digits
_COPY: Final = "push it, or copy it from where it is: trueup promote-image SOURCE {image}"
_STAY: Final = "or let it stay on its tag: images: {{{name}: {{image: {image!r}, follow: tag}}}}"
# cpuArchitecture of a task definition, and what an OCI image index calls it.
_ARCHITECTURES: Final = {"X86_64": "amd64", "ARM64": "arm64"}


def image_path(container: str) -> str:
    """Name the path at which a manifest has a container's image."""
    return f"{bracket(f'{TASK_DEFINITION}.{_CONTAINERS}', container)}.image"


def is_image(path: str) -> bool:
    """Whether this is the path of a container's image."""
    return path.startswith(_IMAGES) and path.endswith("].image")


def with_images(definition: Native, images: Mapping[str, str]) -> dict[str, object]:
    """Put images into their containers."""
    placed = [
        {**container, "image": images.get(text(container, "name"), container.get("image"))}
        for container in parts(definition, _CONTAINERS)
    ]
    return {**definition, _CONTAINERS: placed}


def names_of(shape: Packed) -> dict[str, str]:
    """Name each image that stands in a shape by digest by the tag that the digest was found by."""
    said: Native = json.loads(str(shape))
    there, tags = images_of(part(said, "taskDefinition")), part(said, "images")
    return {there[name]: Reference.of(str(image)).tag or "no tag" for name, image in tags.items() if name in there}


def digests(images: Iterable[Native], key: str) -> dict[str, str]:
    """Read the digest of each container from an answer that has it beside the container's name."""
    return {text(one, key): text(one, "imageDigest") for one in images if text(one, "imageDigest")}


def pinned(images: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """Write images by the digests that were found for their containers; one that has a digest keeps it."""
    return {
        name: image if Reference.of(image).digest or name not in found else Reference.of(image).at(found[name])
        for name, image in images.items()
    }


def names_under(fields: Mapping[str, Scalar], found: Mapping[str, str]) -> Echo:
    """Give the tags among the pairs of a definition as other names of the digests that were found for them."""
    as_found = pinned_fields(fields, found)
    return tuple(
        Echoed(path=path, live=as_found[path], wanted=fields[path])
        for path in sorted(map(image_path, found))
        if path in fields and as_found[path] != fields[path]
    )


def pinned_fields(fields: Mapping[str, Scalar], found: Mapping[str, str]) -> Mapping[str, Scalar]:
    """Write the images among the pairs of a definition by the digests that were found."""
    paths = {image_path(name): name for name in found}
    there = {name: image for path, name in paths.items() if isinstance(image := fields.get(path), str)}
    changed = {image_path(name): image for name, image in pinned(there, found).items()}
    return {**fields, **changed} if changed else fields


def images_of(definition: Native) -> dict[str, str]:
    """Give the image of each container."""
    return {text(container, "name"): text(container, "image") for container in parts(definition, _CONTAINERS)}


def wrong_with(name: str, image: str, answer: ImageAnswer, definition: Native) -> str:
    """Say why an image cannot be deployed; nothing if it can."""
    match answer:
        case Missing(why=why):
            return f"the image of {name!r} does not exist: {why}; {_COPY.format(image=image)}"
        case Unreachable(why=why):
            return f"the digest of {image} cannot be read: {why}; {_STAY.format(name=name, image=image)}"
        case Found(platforms=platforms):
            wanted = platform_of(definition)
            if platforms and wanted not in platforms:
                there = ", ".join(sorted(platforms))
                return f"{image} of {name!r} is for {there}, and its task definition asks for {wanted}"
            return ""


def platform_of(definition: Native) -> str:
    """Name what a task definition runs on, as an image index would ("runtimePlatform", Developer Guide)."""
    platform = part(definition, "runtimePlatform")
    architecture = text(platform, "cpuArchitecture") or "X86_64"
    system = "windows" if text(platform, "operatingSystemFamily").startswith("WINDOWS") else "linux"
    return f"{system}/{_ARCHITECTURES.get(architecture, architecture.lower())}"


def moved(name: str, image: str, kept: str, answer: ImageAnswer) -> str:
    """Say that a tag stands for something else than when it was resolved; nothing if not, or nobody knows."""
    digest = Reference.of(kept).digest
    if not isinstance(answer, Found) or not digest or answer.digest == digest:
        return ""
    was, now = digest[:_SHOWN], answer.digest[:_SHOWN]
    return f"{image} of {name!r} was moved: it stood for {was} when it was resolved, and stands for {now} now"


def asked_images(releases: Iterable[Release], name: str, image: str) -> Iterator[str]:
    """Give what a tag of a container stood for in each release that was asked for by it."""
    for release in releases:
        if release.asked is not None and part(json.loads(str(release.shape)), "images").get(name) == image:
            found = release.manifest.pairs.get(image_path(name))
            if isinstance(found, str):
                yield found


def known_images(asked: str, releases: Iterable[Release], names: Iterable[str]) -> dict[str, str]:
    """Give the images that were found when the same words were asked before; empty if they never were."""
    for release in releases:
        if release.asked == asked:
            fields = release.manifest.pairs
            found = {name: fields.get(image_path(name)) for name in names}
            return {
                name: image
                for name, image in found.items()
                if isinstance(image, str) and Reference.of(image).digest
            }
    return {}
