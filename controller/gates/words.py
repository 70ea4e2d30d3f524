"""What people said to a release: whose word counts, who else could give it, and why another's does not."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from controller.model.instants import AHEAD, instant
from controller.model.names import Digest
from controller.model.people import People, Person
from controller.model.questions import Answer, Candidate, Unanswered

GROUP: Final = (r"[a-z][a-z0-9-]{0,39}", "the name of a group in people.yaml")
NAMED: Final = 8
"""How many of many are named."""


class Word(Protocol):
    """Something that a person said to one content, with the groups that the person was in just then."""

    @property
    def number(self) -> int:
        """The number of the order."""

    @property
    def digest(self) -> Digest:
        """What it was said to."""

    @property
    def by(self) -> str:
        """Who said it, by the name in people.yaml."""

    @property
    def at(self) -> datetime:
        """When."""

    @property
    def groups(self) -> tuple[str, ...]:
        """In which groups the person was."""


def wrong(word: Word, candidate: Candidate, groups: Collection[str], people: People) -> str:
    """Say why a word does not count, whenever it is heard; nothing if it may."""
    if word.digest != candidate.bound:
        return "for another content"
    return outside(word.by, word.groups, groups, people)


def outside(by: str, then: Collection[str], groups: Collection[str], people: People) -> str:
    """Say why somebody is not one of those who count, both `then` and now; nothing if they are."""
    if people.named(by) is None:
        return "not in people.yaml"
    if groups and not {*groups} & {*then} & people.groups_of(by):
        return f"not in {' or '.join(groups)}"
    return ""


def stale(word: Word, used: Collection[int], expires: timedelta, now: datetime) -> str:
    """Say why a word does not count any more, or not yet; nothing if it does."""
    if word.number in used:
        return "used already"
    if now >= word.at + expires:
        return f"expired at {instant(word.at + expires)}"
    return "from the future: compare the clocks" if word.at > now + AHEAD else ""


def of_groups(groups: Sequence[str]) -> str:
    """Say of which groups somebody has to be."""
    return f" of {' or '.join(groups)}" if groups else ""


def able(people: Sequence[Person]) -> str:
    """Say who can, naming a few of many."""
    names, more = ", ".join(one.name for one in people[:NAMED]), len(people) - NAMED
    others = f" and {more} others" if more > 0 else ""
    return f"{names}{others} can" if people else "nobody there can"


def unknown(what: str, answer: Answer) -> str:
    """Say why nobody knows what was to be answered."""
    return answer.why if isinstance(answer, Unanswered) else f"{what} was not asked for"
