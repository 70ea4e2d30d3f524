"""Whose signatures count: the operator's keys, and those of people.yaml, never those that a repository brings.

Only what git says is believed, and of that only the state of the signature and the fingerprint of the key; whose
key it is, and whether it counts now, the operator's own files say.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from controller.errors import TrueupError
from controller.model.names import Commit, EnvName
from controller.model.people import People
from controller.model.trust import Signed, Verify
from controller.sources.command import Git
from controller.sources.keyring import ALLOWED, Keyring, read_keyring
from controller.sources.signers import Signer
from controller.sources.signing import read_tag
from controller.sources.snapshot import NoSnapshot, Reason, Signature, Snapshots, State

_KEPT: Final = 20_000
_IDLE: Final = frozenset({State.NONE, State.BAD})


def no_floor(env: EnvName) -> Verify:
    """Ask for nothing beyond what a spec asks for."""
    del env
    return Verify()


class Trust:
    """Checks who signed what, by the folder `signers` and by `people`, both read anew each time.

    `floor` is what the operator asks for, whatever specs say. What git said is kept by commit for as long as the
    keys stay the same. Its caller lets only one thread in at a time.
    """

    def __init__(
        self,
        *,
        signers: Path | None,
        cache: Path,
        now: Callable[[], datetime],
        people: Callable[[], People] | None = None,
        floor: Callable[[EnvName], Verify] = no_floor,
    ) -> None:
        self._signers = signers
        self._cache = cache.absolute()
        self._now = now
        self._people = people
        self.floor = floor
        self._stamp = ""
        self._known: dict[Commit, Signature] = {}

    def commits(self, tree: Snapshots, head: Commit, since: Commit | None) -> Signed | NoSnapshot:
        """Say who signed a commit, if that counts of it and of all since `since`; else say of one why not."""
        judged = self._all(tree, (head,), since)
        if isinstance(judged, NoSnapshot):
            return judged
        wrong = next((one for one in judged if isinstance(one, NoSnapshot)), None)
        return wrong or judged[0]

    def signers(self, tree: Snapshots, commits: Sequence[Commit]) -> frozenset[str] | NoSnapshot:
        """Name the people who signed some commits, or say why that cannot be checked."""
        judged = self._all(tree, commits, None) if commits else ()
        if isinstance(judged, NoSnapshot):
            return judged
        return frozenset(one.by for one in judged if isinstance(one, Signed) and one.known)

    def _all(
        self, tree: Snapshots, commits: Sequence[Commit], since: Commit | None
    ) -> Sequence[Signed | NoSnapshot] | NoSnapshot:
        keys = self._keys()
        if isinstance(keys, NoSnapshot):
            return keys
        if keys.stamp != self._stamp or len(self._known) > _KEPT:
            self._stamp, self._known = keys.stamp, {}
        found = tree.signatures(commits, since, keys.permit, self._known)
        if isinstance(found, NoSnapshot):
            return NoSnapshot(reason=found.reason, why=f"signatures cannot be checked: {found.why}")
        whom = self._who()
        return [self._judge(one, f"commit {one.name[:12]}", keys, whom) for one in found]

    def tag(self, git: Git, folder: Path, tag: str, oid: str = "") -> tuple[Commit, Signed] | NoSnapshot:
        """Say for which commit a tag of a repository stands and who signed it, if that counts; else say why not.

        The tag is read by its name, or as the object that is named.
        """
        keys = self._keys()
        if isinstance(keys, NoSnapshot):
            return keys
        try:
            found = read_tag(git, folder, tag, keys.permit, oid)
        except (OSError, TrueupError) as problem:
            return _unverified(f"the tag {tag} cannot be checked: {problem}")
        if isinstance(found, NoSnapshot):
            return found
        signed = self._judge(found.signature, f"the tag {tag}", keys, self._who())
        return signed if isinstance(signed, NoSnapshot) else (found.commit, signed)

    def _keys(self) -> Keyring | NoSnapshot:
        if self._signers is None and self._people is None:
            return _unverified("nobody's key is known: give --signers, or --people with keys")
        try:
            return read_keyring(self._signers, self._cache, self._now())
        except TrueupError as problem:
            return _unverified(f"nothing can be verified: {problem}")

    def _judge(self, one: Signature, name: str, keys: Keyring, whom: tuple[People, str]) -> Signed | NoSnapshot:
        """Decide by the fingerprint alone; a signature that git finds good is nobody's until we know whose."""
        by = f"{name}, which gives {one.author} as its author," if one.author else name
        if one.state in _IDLE or not one.key:
            return _unverified(f"{by} {_unsigned(one)}")
        if keys.revoked.intersection({one.key, one.primary}):
            return _unverified(f"{by} is signed with {one.key}, a key that is revoked")
        if one.state not in {State.GOOD, State.UNTRUSTED}:
            return _unverified(f"{by} {_unfit(one)}")
        people, unknown = whom
        person = next((found for key in (one.key, one.primary) if key and (found := people.find(key=key))), None)
        listed = keys.signers.get(one.key, ())
        if one.state is State.GOOD or (person is not None and not listed):
            called = person.name if person else ", ".join(dict.fromkeys(line.names for line in listed))
            return Signed(by=called or one.primary or one.key, key=one.key, known=person is not None)
        return _unverified(f"{by} is signed with {one.key}, {_not_now(listed, self._now()) or _nobodys(unknown)}")

    def _who(self) -> tuple[People, str]:
        """Give whom the operator knows; if that cannot be read, nobody, and why."""
        try:
            return (self._people() if self._people else People()), ""
        except TrueupError as problem:
            return People(), str(problem).partition("\n")[0]


def _unverified(why: str) -> NoSnapshot:
    return NoSnapshot(reason=Reason.UNVERIFIED, why=why)


def _unsigned(one: Signature) -> str:
    if one.state is State.BAD:
        return "carries a signature that is not of what it holds"
    if one.form:
        return f"is signed with {one.form}, and that could not be checked here"
    return "is not signed"


def _unfit(one: Signature) -> str:
    match one.state:
        case State.SIGNATURE_EXPIRED:
            return f"carries a signature by {one.key} that has expired"
        case State.KEY_EXPIRED:
            return f"is signed with {one.key}, a key that has expired"
        case State.KEY_REVOKED:
            return f"is signed with {one.key}, a key that is revoked"
        case _:
            return f"is signed with the GPG key {one.key}, which is none of the operator's"


def _not_now(listed: tuple[Signer, ...], now: datetime) -> str:
    """Say of a key that is listed why it does not count; empty if it is not listed."""
    late = [one.until for one in listed if one.until and one.until <= now]
    early = [one.since for one in listed if one.since and now < one.since]
    if late:
        return f"a key that has expired at {max(late):%Y-%m-%dT%H:%M:%SZ}"
    return f"a key that counts only from {min(early):%Y-%m-%dT%H:%M:%SZ}" if early else ""


def _nobodys(unknown: str) -> str:
    return (
        f"and nobody's key is known: {unknown}"
        if unknown
        else f"a key that is neither in {ALLOWED} nor in people.yaml"
    )
