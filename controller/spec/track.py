"""`track:` of a target, instead of its version: what is followed, and how a target is read before that is known."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Final, TypeAlias

from pydantic import Field, model_validator

from controller.model.application import Application
from controller.model.images import Reference
from controller.model.ranges import PATTERN, read_range
from controller.model.track import STANDING_IN, OnMovedTag, Track
from controller.model.version import LATEST, Form, read_version
from controller.spec.application import RepositoryAddress
from controller.spec.nodes import Entry, Fields, Mark, Text, mark_of, put
from controller.spec.parts import Strict
from controller.spec.scalars import Explained, Like, OneOf, refuse

TRACK: Final = "track"
VERSION: Final = "version"
REPOSITORY: Final = "repository"
APPLICATION: Final = "application"
ABOUT_TRACK: Final = (
    "What is followed instead of a version: {image: latest}, {tags: 'v*-stage'} or {semver: '>=1.2 <2'}."
)
_KINDS: Final = ("image", "tags", "semver")
_TAGS: Final = r"[A-Za-z0-9._/+*?-]{1,200}"


def explain_range(text: str) -> str:
    """Say what is wrong with a range of versions; nothing if it is one."""
    try:
        read_range(text)
    except ValueError as problem:
        return str(problem)
    return ""


VersionRange: TypeAlias = Annotated[str, Explained(explain_range, PATTERN)]


class Tracked(Strict):
    """What is followed: an image tag by its digest, the newest git tag, or the newest version in a registry."""

    image: Annotated[str, OneOf((LATEST,))] = Field(
        default="", description="`latest`: each build that this tag of an image comes to stand for is a release."
    )
    tags: Annotated[str, Like(_TAGS, "a pattern of git tags such as v*-stage")] = Field(
        default="", description="The newest git tag of the application's repository that matches: v*-stage."
    )
    repository: RepositoryAddress = Field(
        default="", description="Where the git tags are; the application's repository if absent."
    )
    semver: VersionRange = Field(
        default="", description="The newest version in this range that the repository of the image has: >=1.2 <2."
    )
    on_moved_tag: Annotated[OnMovedTag, OneOf(tuple(OnMovedTag), OnMovedTag)] = Field(
        default=OnMovedTag.REFUSE,
        description="What becomes of a tag that was moved after it was followed: by default what runs stays.",
    )

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Tracked":
        given = [kind for kind in _KINDS if getattr(self, kind)]
        if len(given) != 1:
            refuse(f"names {', '.join(given) or 'nothing'}; it follows one of {', '.join(_KINDS)}")
        if self.repository and not self.tags:
            refuse("names a repository, which is only for `tags`")
        if self.image and "on_moved_tag" in self.model_fields_set:
            refuse("says onMovedTag beside `image`, whose tag is there to be moved")
        return self


def with_version(merged: Fields, version: str) -> Fields:
    """Give the lines of a target with a version, if they follow one: the given, or one that stands in for it."""
    track = merged.get(TRACK)
    if track is None or VERSION in merged.entries:
        return merged
    said = version or (STANDING_IN if stands_in(merged) else LATEST)
    return Fields(merged.at, {**merged.entries, VERSION: Entry(track.at, Text(track.at, said))})


def wrong_beside(merged: Fields) -> tuple[Mark, str] | None:
    """Say that a target both follows a version and names one; None if it does not."""
    if TRACK not in merged.entries or VERSION not in merged.entries:
        return None
    return mark_of(merged, (TRACK,), key=True), "stands beside `version`: keep one of the two"


def stands_in(merged: Fields) -> bool:
    """Whether the version of these lines is none that anybody wrote; the forms are heeded when one is chosen."""
    return TRACK in merged.entries and merged.get(TRACK, "image") is None


def track_of(said: Tracked, application: Application | None, images: Iterable[str], forms: list[Form]) -> Track:
    """Give what is followed, as a value; `images` are those that the target runs by a tag."""
    where = tagged_in(said, application) if said.tags else None
    return Track(
        image=said.image,
        tags=said.tags,
        semver=said.semver,
        application=where,
        images=named_by(said.image or STANDING_IN, images),
        forms=tuple(forms),
        moved=said.on_moved_tag,
    )


def tagged_in(said: Tracked | None, application: Application | None) -> Application | None:
    """Give where the tags are by which releases are called: what is followed may name another repository."""
    if said is None or not said.repository:
        return application
    return replace(application or Application(repository=""), repository=said.repository)


def in_version(merged: Fields, version: str) -> Fields:
    """Give the lines of a target as if this version stood there, whatever they name or follow.

    Where its tags are is not lost with what is followed: the tag of this version has to be as good as theirs.
    """
    where = merged.get(TRACK, REPOSITORY)
    lines = put(merged.without(TRACK), VERSION, version)
    if not isinstance(where, Text) or not where.value:
        return lines
    own = lines.get(APPLICATION)
    named = put(own if isinstance(own, Fields) else Fields(where.at, {}), REPOSITORY, where.value)
    return Fields(lines.at, {**lines.entries, APPLICATION: Entry(where.at, named)})


def nothing_followed(track: Track) -> str:
    """Say why there is nothing to follow; empty if there is."""
    if track.tags and track.application is None:
        return "has no repository: name one here, or under `application`"
    if track.image and not track.images:
        return f"follows the tag {track.image}, and no image here has it"
    if track.semver and not track.images:
        return "follows a registry, and no image here is named by ${version}"
    return ""


def followed_anew(track: Track, version: str, images: Iterable[str]) -> frozenset[str]:
    """Name the images whose tags are asked for again and again, because what they come to stand for is deployed."""
    if not track.image and track.moved is OnMovedTag.REFUSE:
        return frozenset()
    return frozenset(named_by(version, images))


def named_by(version: str, images: Iterable[str]) -> tuple[str, ...]:
    """Give the images whose tag names a version, or is `latest`."""
    known = read_version(version)
    if known is None:
        return ()
    if not known.is_numbered:
        return tuple(image for image in images if (Reference.of(image).tag or LATEST) == LATEST)
    numbers = known.base.removeprefix("v")
    return tuple(image for image in images if numbers in Reference.of(image).tag)
