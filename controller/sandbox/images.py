"""What a task does is written in the tags of its images: crash, slow, unhealthy, pull-error; else it works."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from controller.sandbox.contents import made


class Fate(StrEnum):
    """How a task ends up."""

    SOUND = "sound"
    CRASH = "crash"
    UNHEALTHY = "unhealthy"
    PULL_ERROR = "pull-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One container's image reference."""

    container: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a task will do: its fate, the container that brings it about, and whether it starts slowly.

    `why` is what a failed pull says, where that is not simply "not found".
    """

    fate: Fate = Fate.SOUND
    culprit: Image | None = None
    slow: bool = False
    why: str = ""


SOUND = Course()
_WORST_FIRST = (Fate.PULL_ERROR, Fate.CRASH, Fate.UNHEALTHY)


def tag_of(reference: str) -> str:
    """Give the tag of an image reference: `v1.2.3` of `host:5000/name:v1.2.3@sha256:…`, or nothing."""
    name = reference.split("@", 1)[0].rsplit("/", 1)[-1]
    return name.split(":", 1)[1] if ":" in name else ""


def own_tag(image: Image) -> str:
    """Give the tag that an image is written with."""
    return tag_of(image.reference)


def digest_of(reference: str) -> str:
    """Give the digest that a reference stands for as long as nobody moves its tag: its own, or its content's."""
    if "@sha256:" in reference:
        return reference.split("@", 1)[1]
    return made(reference if tag_of(reference) else f"{reference}:latest").digest


def course_of(
    images: Iterable[Image], unpullable: Iterable[str] = (), tag: Callable[[Image], str] = own_tag
) -> Course:
    """Read what a task of these images does, by the `tag` of each; one with a tag in `unpullable` is not pulled."""
    known = tuple((image, tag(image)) for image in images)
    gone = frozenset(unpullable)
    slow = any("slow" in named for _, named in known)
    for fate in _WORST_FIRST:
        for image, named in known:
            if fate.value in named or (fate is Fate.PULL_ERROR and named in gone):
                return Course(fate=fate, culprit=image, slow=slow)
    return Course(slow=slow)


def worsened(
    course: Course, images: Iterable[Image], crashing: Iterable[str], tag: Callable[[Image], str] = own_tag
) -> Course:
    """Turn a sound course into a crash if the tag of one of the images is in `crashing`."""
    sick = frozenset(crashing)
    culprit = next((image for image in images if tag(image) in sick), None) if sick else None
    if course.fate is not Fate.SOUND or culprit is None:
        return course
    return Course(fate=Fate.CRASH, culprit=culprit, slow=course.slow)
