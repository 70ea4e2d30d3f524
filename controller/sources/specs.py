"""The source of the loop: a tree of files, compiled to what each environment asks for, or why it says nothing."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from controller.model.desired import Accepted, Complaint, Desired, Reading, Unread
from controller.model.names import Commit, EnvName, TargetName
from controller.model.trust import Commits, Signed, Verify
from controller.ports import NOTHING_ELSE
from controller.sources.compiled import Asked, Compile, Compiled, Instead, Rules, desired_of
from controller.sources.environments import Environments, Sheets, environments, sheets_of
from controller.sources.folder import FolderSource
from controller.sources.forward import goes_where_told, moves_forward
from controller.sources.snapshot import Head, NoSnapshot, Reason, Snapshot, Snapshots
from controller.sources.trust import Trust

INVALID: Final = "SpecInvalid"
UNRULED: Final = "PolicyUnreadable"

# The source is merely away: what was read in this process stays what is wanted. Every other answer is about the
# specs themselves (the branch is gone, the repository is empty), and then nothing is known to be wanted.
_AWAY: Final = frozenset({Reason.UNAVAILABLE, Reason.DENIED, Reason.CORRUPT})
_UNASKED: Final = NoSnapshot(reason=Reason.UNAVAILABLE, why="the source was not asked yet")


class SpecSource:
    """Reads environments at the newest commit, and what is broken there at the last commit at which it was not.

    Every method may be called from any thread. What has not changed is given as the identical object. Without
    `trust` nothing is verified: that is for those who only look.
    """

    def __init__(
        self,
        tree: Snapshots,
        compiled: Compile,
        *,
        now: Callable[[], datetime],
        trust: Trust | None = None,
        rules: Rules | None = None,
    ) -> None:
        self.tree = tree
        self._compile = compiled
        self._now = now
        self._trust = trust
        self._rules = rules
        self._lock = threading.Lock()
        self._failure: NoSnapshot | None = None
        self._listed: tuple[Commit, Environments] | None = None
        self._read: dict[EnvName, tuple[tuple[Commit, Instead], Reading]] = {}
        self._told: dict[EnvName, Reading] = {}
        self._forward: dict[tuple[Commit, Commit], NoSnapshot | None] = {}
        self._good_files: dict[tuple[EnvName, str], Snapshot] = {}
        self._good_whole: dict[EnvName, Snapshot] = {}
        self._compiled: dict[EnvName, Compiled] = {}

    @property
    def name(self) -> str:
        """What sort of source it is."""
        return "folder" if isinstance(self.tree, FolderSource) else "git"

    @property
    def head(self) -> Head | None:
        """The newest commit seen by this process, and when the source was last asked with success."""
        return self.tree.good

    @property
    def problem(self) -> NoSnapshot | None:
        """Why the newest poll found nothing; None if it did."""
        last = self._failure or self.tree.last or _UNASKED
        return last if isinstance(last, NoSnapshot) else None

    @property
    def is_fresh(self) -> bool:
        """Whether the newest poll succeeded."""
        return self.problem is None

    @property
    def why(self) -> str:
        """Say in one sentence why the newest poll found nothing; empty if it did."""
        return self.problem.why if self.problem else ""

    @property
    def strays(self) -> Mapping[str, str]:
        """Files of the newest commit that look like an environment and are none, with the reason."""
        listed = self._list()
        return listed.strays if listed else {}

    def close(self) -> None:
        """Let go of the tree."""
        self.tree.close()

    def poll(self) -> None:
        """Ask the tree once; what goes wrong is told by `read`."""
        if self._rules is not None and self._rules.refresh():
            with self._lock:
                self._read.clear()
        try:
            self.tree.poll(self._now())
            self._failure = None
        except Exception as problem:  # noqa: BLE001 - a poll that fails in a new way must not stop what was read
            self._failure = NoSnapshot(reason=Reason.UNAVAILABLE, why=f"the poll failed: {type(problem).__name__}")

    def environments(self) -> frozenset[EnvName]:
        """Name the environments of the newest commit, those that cannot be read included."""
        listed = self._list()
        return frozenset({*listed.files, *listed.refused}) if listed else frozenset()

    def read(self, env: EnvName, accepted: Accepted | None, instead: Instead = NOTHING_ELSE) -> Reading:
        """Read one environment at the newest commit, if that is the accepted one or follows it."""
        reading = self._look(env, Asked(accepted=accepted, instead=instead))
        with self._lock:
            told = self._told.get(env)
            if told and isinstance(reading, Unread) and told == reading:
                return told
            self._told[env] = reading
            return reading

    def files_of(self, env: EnvName, target: TargetName) -> frozenset[str]:
        """Name the files that a target is made of, below the folder of specs; none if it was not read yet."""
        compiled = self._compiled.get(env)
        return compiled.files_of(target) if compiled else frozenset()

    def signers(self, env: EnvName, commits: Sequence[Commit]) -> frozenset[str] | NoSnapshot:
        """Name the people who signed some commits, where signatures are asked for; or say why that is not known."""
        compiled = self._compiled.get(env)
        if self._trust is None or compiled is None:
            return frozenset()
        with self._lock:
            asked = compiled.verify.stricter(self._trust.floor(env)).commits is not Commits.NONE
            return self._trust.signers(self.tree, commits) if asked else frozenset()

    def _list(self) -> Environments | None:
        head = self.tree.good
        if head is None:
            return None
        known = self._listed
        if known and known[0] == head.commit:
            return known[1]
        snapshot = self.tree.snapshot(head.commit)
        if isinstance(snapshot, Snapshot):
            return self._listing(snapshot)
        return known[1] if known else None

    def _listing(self, snapshot: Snapshot) -> Environments:
        """List the environments of a snapshot; the newest list is kept, as every environment is looked up in it."""
        known = self._listed
        if known is None or known[0] != snapshot.commit:
            known = (snapshot.commit, environments(snapshot))
            if self.tree.good and self.tree.good.commit == snapshot.commit:
                self._listed = known
        return known[1]

    def _look(self, env: EnvName, asked: Asked) -> Reading:
        if self._rules is not None and self._rules.why:
            return Unread(env=env, reason=UNRULED, why=self._rules.why)
        head, problem = self.tree.good, self.problem
        if problem and problem.reason not in _AWAY:
            return _unread(env, problem)
        if head is None:
            return _unread(env, problem or _UNASKED)
        sideways = self._sideways(head.commit, asked.accepted)
        if sideways:
            why = f"{sideways.why}; `trueup accept-history {env}` goes there all the same"
            return Unread(env=env, reason=sideways.reason, why=why)
        known, wanted = self._read.get(env), (head.commit, asked.instead)
        if known and known[0] == wanted:
            return known[1]
        with self._lock:
            known = self._read.get(env)
            if known and known[0] == wanted:
                return known[1]
            return self._read_at(env, head.commit, asked)

    def _sideways(self, head: Commit, accepted: Accepted | None) -> NoSnapshot | None:
        """Say why a head may not follow what was accepted; git is asked once for each pair."""
        if accepted is None or accepted.commit == head:
            return None
        if accepted.anywhere:
            return goes_where_told(self.tree, head, accepted.only)
        pair = (head, accepted.commit)
        if pair not in self._forward:
            found = moves_forward(self.tree, head, accepted.commit)
            if found and self.tree.descends(head, accepted.commit) is None:
                return found  # not known yet, so not for keeping
            self._forward = {**(self._forward if len(self._forward) < 64 else {}), pair: found}  # noqa: PLR2004
        return self._forward[pair]

    def _read_at(self, env: EnvName, commit: Commit, asked: Asked) -> Reading:
        snapshot = self.tree.snapshot(commit)
        if isinstance(snapshot, NoSnapshot):
            return _unread(env, snapshot)
        sheets = sheets_of(env, snapshot, self._listing(snapshot))
        # Nothing of it is taken, and nothing of it is kept to go back to, before it is known whose it is.
        signed = self._verified(env, commit, sheets, asked)
        if isinstance(signed, NoSnapshot):
            return _unread(env, signed)
        reading = sheets if isinstance(sheets, Unread) else self._settle(env, snapshot, sheets, asked)
        if isinstance(reading, Desired) and signed:
            reading = replace(reading, signed=signed)
        self._read[env] = ((commit, asked.instead), reading)
        return reading

    def _verified(
        self, env: EnvName, commit: Commit, sheets: Sheets | Unread, asked: Asked
    ) -> Signed | NoSnapshot | None:
        """Say who signed a commit, or why it may not be read; None if nobody asks for a signature.

        What counts is the strictest of what the commit says itself, what was accepted last, and the operator: a
        commit cannot take away what keeps it out. After a history that a person accepted, its newest commit counts.
        """
        accepted = asked.accepted
        if self._trust is None or (accepted and accepted.commit == commit):
            return None
        need = Verify() if isinstance(sheets, Unread) else self._compile(env, sheets, asked.instead).verify
        need = need.stricter(self._trust.floor(env)).stricter(accepted.verify if accepted else Verify())
        if need.commits is Commits.NONE:
            return None
        is_range = need.commits is Commits.RANGE and accepted is not None and not accepted.anywhere
        found = self._trust.commits(self.tree, commit, accepted.commit if accepted and is_range else None)
        if isinstance(found, Signed):
            return found
        stays = f"; {env} stays at {accepted.commit[:12]}" if accepted else ""
        return replace(found, why=f"{found.why}; verify: {need.commits.value} is asked for{stays}")

    def _settle(self, env: EnvName, snapshot: Snapshot, sheets: Sheets, asked: Asked) -> Reading:
        """Compile an environment; what is broken falls back, a file alone, the environment's own file with all."""
        main = next(iter(sheets))
        compiled, broken, complaints = self._files(env, sheets, asked)
        if main in compiled.broken:
            return self._whole(env, snapshot, main, complaints, asked)
        self._good_whole[env], self._compiled[env] = snapshot, compiled
        return desired_of(env, snapshot, compiled, broken, complaints)

    def _whole(
        self, env: EnvName, snapshot: Snapshot, main: str, wrong: tuple[Complaint, ...], asked: Asked
    ) -> Reading:
        """Read a whole environment as it was when its own file was last good."""
        invalid = Unread(env=env, reason=INVALID, why=_first_of(wrong))
        good = self._good_whole.get(env) or self._recalled(main, snapshot.commit, asked.accepted)
        sheets = sheets_of(env, good, self._listing(good)) if good else None
        if good is None or sheets is None or isinstance(sheets, Unread):
            return invalid
        compiled, broken, _ = self._files(env, sheets, asked)
        if next(iter(sheets)) in compiled.broken:
            return invalid
        self._good_whole[env], self._compiled[env] = good, compiled
        return desired_of(env, snapshot, compiled, {**broken, main: good.commit}, wrong)

    def _files(
        self, env: EnvName, sheets: Sheets, asked: Asked
    ) -> tuple[Compiled, Mapping[str, Commit], tuple[Complaint, ...]]:
        """Compile; each file that is broken stands as it last did, or, if it never did, is left out.

        Gives what came of it, where each broken file stands, and what is wrong in the files as they are.
        """
        main = next(iter(sheets))
        sheets = dict(sheets)
        broken: dict[str, Commit] = {}
        compiled = self._compile(env, sheets, asked.instead)
        complaints = list(compiled.complaints)
        while compiled.broken and main not in compiled.broken:
            for path, wrong in compiled.broken.items():
                good = None if path in broken else self._good_file(env, path, sheets[path], asked.accepted)
                if path not in broken:
                    complaints += (one for one in wrong if one not in complaints)
                broken.pop(path, None)
                del sheets[path]
                if good:
                    sheets[path], broken[path] = good, good.commit
            compiled = self._compile(env, sheets, asked.instead)
        for path, view in sheets.items():
            if path not in compiled.broken and path not in broken:
                self._good_files[env, path] = view
        return compiled, broken, tuple(sorted(complaints, key=lambda one: (one.path, one.line, one.column)))

    def _good_file(self, env: EnvName, path: str, now: Snapshot, accepted: Accepted | None) -> Snapshot | None:
        return self._good_files.get((env, path)) or self._recalled(path, now.commit, accepted)

    def _recalled(self, path: str, now: Commit, accepted: Accepted | None) -> Snapshot | None:
        """Find the commit at which a file was last good, after a restart: the loop remembers it."""
        commit = accepted.broken.get(path, accepted.commit) if accepted and not accepted.anywhere else now
        snapshot = None if commit == now else self.tree.snapshot(commit)
        return snapshot if isinstance(snapshot, Snapshot) and path in snapshot.files else None


def _unread(env: EnvName, problem: NoSnapshot) -> Unread:
    return Unread(env=env, reason=problem.reason, why=problem.why)


def _first_of(complaints: tuple[Complaint, ...]) -> str:
    more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
    return f"{complaints[0]}{more}" if complaints else "the spec is invalid"
