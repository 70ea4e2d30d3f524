"""What git says of signatures, in the words that it has for machines; whose key it is, others decide.

Of a commit these are the placeholders of git-log(1): %G? is one letter, %GF and %GP are the fingerprints of the key
and of the primary key that it belongs to. Some pitfalls: a good SSH signature by a key that no list names has a U,
not a G; N says that there is no signature, or that nobody could be asked; and nothing says who trusts the key.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from controller.model.names import Commit
from controller.sources.command import Done, Ended, Git
from controller.sources.failure import explain, redact
from controller.sources.objects import is_oid
from controller.sources.permit import Permit
from controller.sources.snapshot import NoSnapshot, Reason, Signature, State

# How many signatures are checked at once: each takes two short processes of its own, and others wait meanwhile.
_AT_ONCE: Final = 200
_LONGEST: Final = 1024 * 1024
_FORMAT: Final = "%H%x00%G?%x00%GF%x00%GP%x00%GK%x00%ae"
_FIELDS: Final = 6
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+@-]{0,199}")
_NOT_IN_A_TAG: Final = re.compile(r"\.\.|//|/\.|@\{|\.lock(?:/|$)|[./]$")
_SSH: Final = re.compile(
    r'Good "git" signature (?:for (?P<for>signer) )?with \S+ key (?P<key>SHA256:[A-Za-z0-9+/]{43})'
)
_FORMS: Final = (("SSH SIGNATURE", "SSH"), ("PGP ", "GPG"), ("SIGNED MESSAGE", "X.509"))


def read_signatures(
    git: Git,
    folder: Path,
    commits: Sequence[Commit],
    since: Commit | None,
    keys: Permit,
    known: dict[Commit, Signature],
) -> tuple[Signature, ...] | NoSnapshot:
    """Read what git says of some commits, or of every commit that they have and `since` has not, newest first.

    What was asked before is taken from `known`, and what is asked is put there: of very many only some at a time.
    Raises OSError.
    """
    found = _range(git, folder, commits, since) if since else commits
    if isinstance(found, NoSnapshot):
        return found
    new = [one for one in found if one not in known]
    failed = _ask(git, folder, new[:_AT_ONCE], keys, known) if new else None
    if failed is None and len(new) > _AT_ONCE:
        failed = NoSnapshot(reason=Reason.UNAVAILABLE, why=f"{len(new) - _AT_ONCE} commits are left to check")
    if failed is not None:
        return failed
    return tuple(known[one] for one in found)


def _range(git: Git, folder: Path, commits: Sequence[Commit], since: Commit) -> Sequence[Commit] | NoSnapshot:
    done = git.run("rev-list", *commits, f"^{since}", at=folder)
    if not done.well:
        return explain(done, f"listing the commits after {since[:12]}")
    return [Commit(line) for line in done.out.decode("ascii", "replace").split()] or commits


def _ask(
    git: Git, folder: Path, commits: Sequence[Commit], keys: Permit, known: dict[Commit, Signature]
) -> NoSnapshot | None:
    words = ("log", "-z", "--no-walk=unsorted", "--no-patch", "--stdin", f"--format=tformat:{_FORMAT}")
    feed = "".join(f"{one}\n" for one in commits).encode()
    done = git.run(*words, at=folder, permit=keys, feed=feed)
    if not done.well:
        return explain(done, "checking signatures")
    fields = done.out.decode("utf-8", "replace").split("\0")[:-1]
    found = [_signature(fields[at : at + _FIELDS]) for at in range(0, len(fields) - _FIELDS + 1, _FIELDS)]
    if len(fields) % _FIELDS or [one.name for one in found] != list(commits):
        return NoSnapshot(reason=Reason.CORRUPT, why="git told of signatures in a form that cannot be read")
    known |= {Commit(one.name): one for one in found}
    bare = next((one for one in found if one.state is State.NONE), None)
    if bare is not None:
        known[Commit(bare.name)] = replace(bare, form=_form_of(git, folder, bare.name))
    return None


def _signature(fields: Sequence[str]) -> Signature:
    name, letter, key, primary, named, author = fields
    state = State(letter) if letter in set(State) else State.BAD
    return Signature(name=name, state=state, key=key or named, primary=primary, author=redact(author))


def _form_of(git: Git, folder: Path, commit: str) -> str:
    """Say how a commit is signed of which git says that it is not: nobody may have been there to be asked."""
    done = git.run("cat-file", "commit", commit, at=folder, most=_LONGEST)
    head = done.out.partition(b"\n\n")[0].decode("utf-8", "replace")
    _, signed, rest = head.partition("\ngpgsig")
    return _form(rest) if signed else ""


def _form(text: str) -> str:
    return next((form for mark, form in _FORMS if f"-----BEGIN {mark}" in text), "another program")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSignature:
    """A tag object as it was read: the commit that it stands for, and what git says of its signature."""

    commit: Commit
    signature: Signature


def read_tag(git: Git, folder: Path, tag: str, keys: Permit, oid: str = "") -> TagSignature | NoSnapshot:
    """Read the signature of a tag of a repository: an object of its own, that says the tag's name itself.

    A mirror that keeps tags elsewhere than git does gives the `oid` that the server has under the name.
    A light tag is only a name, and anybody's; a tag object under another name was signed for something else.
    Raises OSError.
    """
    if not _TAG.fullmatch(tag) or _NOT_IN_A_TAG.search(tag):
        return _refused(tag[:40], "is not a name that is taken for a tag")
    done = git.run("cat-file", "--batch", at=folder, feed=f"{oid or f'refs/tags/{tag}'}\n".encode(), most=_LONGEST)
    if not done.well:
        return explain(done, f"reading the tag {tag}")
    header, _, content = done.out.partition(b"\n")
    words = header.decode("utf-8", "replace").split()
    if words[-1:] == ["missing"]:
        return NoSnapshot(reason=Reason.COMMIT_GONE, why=f"there is no tag {tag}")
    if words[1:2] == ["commit"]:
        return _refused(tag, "is not signed: it is a light one, only a name")
    fields = dict(line.partition(" ")[::2] for line in _head(content).split("\n"))
    says = (*words[1:2], fields.get("tag"), fields.get("type"))
    if says != ("tag", tag, "commit") or not is_oid(words[0]) or not is_oid(fields.get("object", "")):
        return _refused(tag, "is not the tag object of that name for a commit")
    signature = _of_tag(git.run("verify-tag", "--raw", words[0], at=folder, permit=keys), tag, fields)
    text = content.decode("utf-8", "replace")
    if signature.state is State.NONE and "-----BEGIN " in text:
        signature = Signature(name=tag, state=State.NONE, author=signature.author, form=_form(text))
    return TagSignature(commit=Commit(fields["object"]), signature=signature)


def _head(content: bytes) -> str:
    return content.partition(b"\n\n")[0].decode("utf-8", "replace")


def _refused(tag: str, what: str) -> NoSnapshot:
    return NoSnapshot(reason=Reason.UNVERIFIED, why=f"the tag {tag} {what}")


def _of_tag(done: Done, tag: str, fields: Mapping[str, str]) -> Signature:
    """Read what `verify-tag --raw` says: status lines of GPG's (its doc/DETAILS), or a line of ssh-keygen's."""
    author = redact(fields.get("tagger", "").rpartition("<")[2].partition(">")[0])
    said = [line.split() for line in done.err.splitlines() if line.startswith("[GNUPG:] ")]
    gpg = {words[1]: words[2:] for words in said if len(words) > 1}
    states = {
        "GOODSIG": State.GOOD,
        "EXPSIG": State.SIGNATURE_EXPIRED,
        "EXPKEYSIG": State.KEY_EXPIRED,
        "REVKEYSIG": State.KEY_REVOKED,
        "BADSIG": State.BAD,
        "ERRSIG": State.KEY_UNKNOWN,
    }
    found = [word for _, word, *_ in said if word in states]
    if len(found) == 1 and done.ended is Ended.ITSELF:
        valid = gpg.get("VALIDSIG", [])
        key = valid[0] if valid else next(iter(gpg[found[0]]), "")
        state = states[found[0]]
        state = State.BAD if state is State.GOOD and not (valid and done.well) else state
        return Signature(name=tag, state=state, key=key, primary=valid[-1] if valid else "", author=author)
    hit = _SSH.match(done.err)
    if hit is None or found:
        is_bad = "signature" in done.err and "no signature" not in done.err
        return Signature(name=tag, state=State.BAD if is_bad else State.NONE, author=author)
    state = State.GOOD if hit["for"] and done.well else State.UNTRUSTED
    return Signature(name=tag, state=state, key=hit["key"], author=author)
