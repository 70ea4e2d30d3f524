"""What a mirror knows of commits: which lie between two, what each changes, and whether a branch has that."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from controller.model.application import AppCommit, AppHistory, Carried, Carry
from controller.model.names import Commit
from controller.sources.command import Done, Ended, Git
from controller.sources.failure import explain
from controller.sources.objects import CorruptError, committed_at, is_oid, read_fields, read_objects
from controller.sources.snapshot import NoSnapshot, Reason

_MOST_BYTES = 64 * 1024 * 1024
_MOST_ON_BRANCH = 2_000
_LONGEST_BODY = 8_192
_LONGEST_LINE = 300
_PERSON = re.compile(rb"(.*?) ?<([^<>]*)> \d{1,20} [+-]\d{4}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_NO_ANCESTOR = 1
# Whatever a repository's attributes say, nothing is run and nothing is guessed.
_DIFF = ("diff-tree", "-r", "-p", "--root", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv")


class FailedError(Exception):
    """A question that git did not answer; carries what to say."""

    def __init__(self, answer: NoSnapshot) -> None:
        super().__init__(answer.why)
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Commits:
    """The commits of one mirror. Every method raises FailedError when git fails, CorruptError for damage."""

    git: Git
    folder: Path

    def lacking(self, commits: Iterable[Commit]) -> tuple[Commit, ...]:
        """Name those of some commits that are not here."""
        wanted = tuple(dict.fromkeys(commits))
        if not wanted or not self.folder.exists():
            return wanted
        done = self._run("looking for commits", "cat-file", "--batch-check", feed=_lines(wanted))
        there = {line.split()[0] for line in done.out.decode("ascii", "replace").splitlines() if " commit " in line}
        return tuple(commit for commit in wanted if commit not in there)

    def between(self, after: Commit, upto: Commit, most: int) -> AppHistory:
        """Give the commits that `upto` has and `after` has not, the newest first, at most `most` of them."""
        found = self._listed(upto, after, most + 1)
        asked: dict[str, str] = dict.fromkeys(found[:most], "commit")
        if not asked:
            return AppHistory(commits=())
        done = self._run("reading commits", "cat-file", "--batch", feed=_lines(asked), most=_MOST_BYTES)
        texts = read_objects(done.out, asked)
        commits = tuple(_read(commit, texts[commit]) for commit in found[:most])
        return AppHistory(commits=commits, complete=len(found) <= most)

    def has(self, commit: Commit, head: Commit) -> bool:
        """Whether `head` is a commit or has it among its ancestors."""
        done = self.git.run("merge-base", "--is-ancestor", commit, head, at=self.folder)
        if done.ended is not Ended.ITSELF or done.code not in {0, _NO_ANCESTOR}:
            raise FailedError(explain(done, f"looking for {commit[:12]} on the branch"))
        return done.code == 0

    def patches(self, commits: Collection[Commit]) -> dict[Commit, str]:
        """Name what each commit changes, line numbers and spaces aside (git-patch-id); a merge changes nothing."""
        if not commits:
            return {}
        what = "comparing commits"
        diff = self._run(what, *_DIFF, "--stdin", feed=_lines(commits), most=_MOST_BYTES)
        return {commit: name for name, commit in self._named(diff)}

    def carried(self, commit: Commit, since: Commit, head: Commit) -> Carried:
        """Say whether a branch has what `commit` brought since another: itself, change by change, or as one."""
        if self.has(commit, head):
            return Carried(how=Carry.ITSELF)
        brought = self._listed(commit, since, _MOST_ON_BRANCH + 1, "--no-merges") or (commit,)
        there = self._listed(head, since, _MOST_ON_BRANCH + 1, "--no-merges")
        if max(len(brought), len(there)) > _MOST_ON_BRANCH:
            why = f"since {since[:12]} there are more than {_MOST_ON_BRANCH} commits, too many to compare"
            raise FailedError(NoSnapshot(reason=Reason.REFUSED, why=why))
        names = self.patches({*brought, *there})
        known = {names[one] for one in there if one in names}
        missing = tuple(one for one in brought if one in names and names[one] not in known)
        if names.keys() & set(brought) and not missing:
            return Carried(how=Carry.PATCHES)
        diff = self._run("comparing commits", *_DIFF, self._fork(since, commit), commit, most=_MOST_BYTES)
        whole = {name for name, _ in self._named(diff)}
        return (
            Carried(how=Carry.SQUASHED) if whole & known else Carried(how=Carry.MISSING, missing=missing or brought)
        )

    def _fork(self, since: Commit, commit: Commit) -> Commit:
        """Find from where a commit went its own way; what came to the other side after that is not of it."""
        done = self.git.run("merge-base", since, commit, at=self.folder)
        name = done.out.decode("ascii", "replace").strip()
        return Commit(name) if done.well and is_oid(name) else since

    def _named(self, diff: Done) -> Iterator[tuple[str, Commit]]:
        """Read `<patch id> <commit>` a line; a diff of no commit has one of zeros."""
        if not diff.out.strip():
            return
        done = self._run("comparing commits", "patch-id", "--stable", feed=diff.out)
        for line in done.out.decode("ascii", "replace").splitlines():
            name, _, commit = line.partition(" ")
            yield name, Commit(commit)

    def _listed(self, upto: Commit, after: Commit, most: int, *words: str) -> tuple[Commit, ...]:
        done = self._run("listing commits", "rev-list", f"--max-count={most}", *words, upto, f"^{after}")
        return tuple(Commit(line) for line in done.out.decode("ascii", "replace").split() if is_oid(line))

    def _run(self, what: str, *words: str, feed: bytes = b"", most: int | None = None) -> Done:
        done = self.git.run(*words, at=self.folder, feed=feed, most=most)
        if not done.well:
            raise FailedError(explain(done, what))
        return done


def _read(commit: Commit, content: bytes) -> AppCommit:
    fields, message = read_fields(content)
    author = _PERSON.fullmatch(fields.get(b"author", [b""])[0])
    if author is None:
        raise CorruptError("the commit is not written as git writes one")
    subject, _, body = _clean(message.lstrip(b"\n")).partition("\n")
    return AppCommit(
        commit=commit,
        parents=tuple(Commit(parent.decode("ascii", "replace")) for parent in fields.get(b"parent", [])),
        author=_clean(author[1]).replace("\n", " ")[:_LONGEST_LINE],
        email=_clean(author[2]).strip()[:_LONGEST_LINE],
        at=committed_at(fields),
        subject=subject.strip()[:_LONGEST_LINE],
        body=body.strip("\n")[:_LONGEST_BODY],
    )


def _clean(text: bytes) -> str:
    return _CONTROL.sub(" ", text.decode("utf-8", "replace").replace("\r\n", "\n"))


def _lines(words: Iterable[str]) -> bytes:
    return "".join(f"{word}\n" for word in words).encode("ascii")
