"""Who wrote what a target is made of: its specs between two commits, its application between two versions."""

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from controller.model.consent import Authors, AuthorsOf
from controller.model.images import Unreachable
from controller.model.names import Commit
from controller.model.questions import Answer, Question, Unanswered
from controller.ports import Applications
from controller.sources.snapshot import Change, NoSnapshot
from controller.sources.specs import SpecSource

_KEPT: Final = 64
_MOST: Final = 2_000
_TRAILER: Final = re.compile(r"^co-authored-by:[^<\n]*<([^<>\n]+)>", re.IGNORECASE | re.MULTILINE)
_Pair = tuple[Commit, Commit | None]


class AuthorsProbe:
    """Answers who wrote it; git is asked once for each pair of commits, whatever the number of targets."""

    def __init__(self, source: SpecSource, applications: Applications) -> None:
        self._source = source
        self._applications = applications
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
        builders = self._builders(asked)
        if isinstance(builders, Unanswered):
            return builders
        mine = _of_files(found, files)
        emails = {email for change in mine for email in change.emails}
        committers = {change.committer for change in mine} - emails
        signers = self._source.signers(asked.env, [change.commit for change in mine])
        if isinstance(signers, NoSnapshot):
            return Unanswered(why=signers.why)
        return Authors(
            emails=tuple(sorted(emails)),
            committers=tuple(sorted(committers)),
            builders=builders,
            signers=tuple(sorted(signers)),
        )

    def _builders(self, asked: AuthorsOf) -> tuple[str, ...] | Unanswered:
        """Find who wrote the application, between the commits that the tags of both versions stand for."""
        if asked.application is None:
            return ()
        tags = self._applications.tags(asked.application)
        if isinstance(tags, Unreachable):
            return Unanswered(why=tags.why)
        missing = [version or "what runs" for version in (asked.version, asked.ran) if version not in tags]
        if missing:
            return Unanswered(why=f"{asked.application.repository} has no tag of {' and none of '.join(missing)}")
        after, upto = tags[asked.ran], tags[asked.version]
        found = self._applications.between(asked.application, after, upto, _MOST)
        if isinstance(found, Unreachable):
            return Unanswered(why=found.why)
        if not found.complete:
            return Unanswered(why=f"more than {_MOST} commits of {asked.application.repository} are between")
        return tuple(sorted({email for commit in found.commits for email in (commit.email, *_named(commit.body))}))

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


def _of_files(changes: Sequence[Change], files: frozenset[str]) -> Sequence[Change]:
    """Give the commits that changed one of these files, under the names that these had before too."""
    names, found = set(files), []
    for change in changes:
        mine = change.files & names
        if mine or change.opaque:
            found.append(change)
            names |= {change.renamed[file] for file in mine if file in change.renamed}
    return found


def _named(body: str) -> Sequence[str]:
    """Give the emails of co-authors that a message names, wherever: of an application, too many do no harm."""
    return [email.strip() for email in _TRAILER.findall(body)]
