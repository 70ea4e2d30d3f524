"""Who wrote what a target is made of, between two commits of the specs."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from controller.model.names import Commit
from controller.model.questions import Answer, Authors, AuthorsOf, Question, Unanswered
from controller.sources.snapshot import Change, NoSnapshot
from controller.sources.specs import SpecSource

_KEPT: Final = 64
_Pair = tuple[Commit, Commit | None]


class AuthorsProbe:
    """Answers who wrote it; git is asked once for each pair of commits, whatever the number of targets."""

    def __init__(self, source: SpecSource) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._read: OrderedDict[_Pair, tuple[Change, ...]] = OrderedDict()

    def answer(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer them all; one that cannot be answered gets Unanswered, never an exception."""
        return {one: self._authors(one) for one in questions if isinstance(one, AuthorsOf)}

    def _authors(self, asked: AuthorsOf) -> Answer:
        files = self._source.files_of(asked.env, asked.target)
        if not files:
            return Unanswered(why=f"the specs of {asked.env}/{asked.target} are not read yet")
        found = self._changes(asked.commit, self._base(asked))
        if isinstance(found, NoSnapshot):
            return Unanswered(why=found.why)
        return Authors(emails=tuple(sorted(_emails(found, files))))

    def _base(self, asked: AuthorsOf) -> Commit | None:
        """Find from which commit to count; from the first if what runs is of an unknown or a later one."""
        since, tree = asked.since, self._source.tree
        if since is None or since == asked.commit:
            return since
        forward, back = tree.descends(asked.commit, since), tree.descends(since, asked.commit)
        return None if forward is None or (not forward and back) else since

    def _changes(self, commit: Commit, since: Commit | None) -> tuple[Change, ...] | NoSnapshot:
        pair = (commit, since)
        with self._lock:
            known = self._read.get(pair)
            if known is not None:
                self._read.move_to_end(pair)
                return known
            found = self._source.tree.changes(commit, since)
            if isinstance(found, NoSnapshot):
                return found
            self._read[pair] = found
            while len(self._read) > _KEPT:
                self._read.popitem(last=False)
            return found


def _emails(changes: Sequence[Change], files: frozenset[str]) -> set[str]:
    """Give the emails of all who changed one of these files, under the names that these had before too."""
    names, emails = set(files), set[str]()
    for change in changes:
        mine = change.files & names
        if mine:
            emails |= {*change.emails}
            names |= {change.renamed[file] for file in mine if file in change.renamed}
    return emails
