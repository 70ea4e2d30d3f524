"""What a task does is written in the tags of its images: crash, slow, unhealthy, pull-error; else it works."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


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
    """What a task will do: its fate, the container that brings it about, and whether it starts slowly."""

    fate: Fate = Fate.SOUND
    culprit: Image | None = None
    slow: bool = False


SOUND = Course()
_WORST_FIRST = (Fate.PULL_ERROR, Fate.CRASH, Fate.UNHEALTHY)


def tag_of(reference: str) -> str:
    """Give the tag of an image reference: `v1.2.3` of `host:5000/name:v1.2.3@sha256:…`, or nothing."""
    name = reference.split("@", 1)[0].rsplit("/", 1)[-1]
    return name.split(":", 1)[1] if ":" in name else ""


def digest_of(reference: str) -> str:
    """Give the digest that a reference stands for here: its own, or one made from its text."""
    if "@sha256:" in reference:
        return reference.split("@", 1)[1]
    return "sha256:" + hashlib.sha256(reference.encode()).hexdigest()


def course_of(images: Iterable[Image], unpullable: Iterable[str] = ()) -> Course:
    """Read what a task of these images does; images whose tag is in `unpullable` are gone from the registry."""
    known = tuple(images)
    gone = frozenset(unpullable)
    slow = any("slow" in tag_of(image.reference) for image in known)
    for fate in _WORST_FIRST:
        for image in known:
            tag = tag_of(image.reference)
            if fate.value in tag or (fate is Fate.PULL_ERROR and tag in gone):
                return Course(fate=fate, culprit=image, slow=slow)
    return Course(slow=slow)


def worsened(course: Course, images: Iterable[Image], crashing: Iterable[str]) -> Course:
    """Turn a sound course into a crash if the tag of one of the images is in `crashing`."""
    sick = frozenset(crashing)
    culprit = next((image for image in images if tag_of(image.reference) in sick), None)
    if course.fate is not Fate.SOUND or culprit is None:
        return course
    return Course(fate=Fate.CRASH, culprit=culprit, slow=course.slow)
