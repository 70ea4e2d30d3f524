"""What a target follows instead of a version that somebody writes, and what of it is followed just now."""

import fnmatch
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from controller.model.application import Application
from controller.model.images import Reference
from controller.model.names import Commit, Digest
from controller.model.packed import NOTHING, Packed
from controller.model.version import Form, Version, read_version

STANDING_IN: Final = "v0.0.0"
"""The version that a target that follows versions is read with until it is known which one it is."""
_NUMBERS: Final = STANDING_IN.removeprefix("v")


class OnMovedTag(StrEnum):
    """What becomes of a tag that stands for something else than when it was followed."""

    REFUSE = "refuse"
    FOLLOW = "follow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What is followed: an image tag (`image`), git tags by a pattern (`tags`), or a range of versions (`semver`).

    `application` is where the git tags are, `images` are the images whose tags are followed, as they are written
    with the version that stands in. `forms` are the versions that are taken, all if none is named. `words` is the
    target as it is written, from which its kind is asked for the release of a version.
    """

    image: str = ""
    tags: str = ""
    semver: str = ""
    application: Application | None = None
    images: tuple[str, ...] = ()
    forms: tuple[Form, ...] = ()
    moved: OnMovedTag = OnMovedTag.REFUSE
    words: Packed = field(default=NOTHING, compare=False)

    @property
    def source(self) -> str:
        """Name what is followed and where, for people, and to know whether it is still the same."""
        if self.image:
            return f"the tag {self.image} of {self.places}"
        if self.tags:
            return f"tags {self.tags} of {self.application.repository if self.application else 'no repository'}"
        return f"versions {self.semver} of {self.places}"

    @property
    def places(self) -> str:
        """Name the repositories of the images."""
        return ", ".join(dict.fromkeys(Reference.of(image).name for image in self.images))

    def matches(self, tag: str) -> bool:
        """Whether a git tag is of the pattern, in which `*` is any text and `?` any letter."""
        return fnmatch.fnmatchcase(tag, self.tags)

    def takes(self, version: Version) -> bool:
        """Whether versions of this form are taken."""
        return version.is_numbered and (not self.forms or version.form in self.forms)


def version_in(tag: str, written: str) -> Version | None:
    """Read the version out of an image's tag, where `written` is the tag with the version that stands in.

    What is written without the `v` is read without it.
    """
    standing = STANDING_IN if STANDING_IN in written else _NUMBERS
    before, found, after = written.partition(standing)
    inside = tag[len(before) : len(tag) - len(after)]
    if not found or not tag.startswith(before) or not tag.endswith(after) or len(tag) < len(before) + len(after):
        return None
    return read_version(inside if standing == STANDING_IN else f"v{inside}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What is followed just now: a version, since when, and by which source.

    `commit` is the application's commit that its tag stood for when it was followed; None if that is not known.
    `asked` names what the spec said of it: other words are another release of the same version. `moved` is what the
    tag stood for before it was moved, and followed all the same; `refused` says what it
    stood for and stands for since it was moved and is not followed.
    """

    version: str
    source: str
    since: datetime
    commit: Commit | None = None
    asked: Digest | None = None
    moved: Commit | None = None
    refused: str = ""
