"""The source of the loop: a tree of files, compiled to what each environment asks for, or why it says nothing."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, TypeAlias

from controller.model.desired import Accepted, Brake, Complaint, Desired, DesiredTarget, Load, Reading, Unread
from controller.model.names import Commit, EnvName, TargetName
from controller.model.orders import Pause
from controller.ports import NOTHING_ELSE
from controller.sources.environments import Environments, Sheets, environments, sheets_of
from controller.sources.folder import FolderSource
from controller.sources.forward import moves_forward
from controller.sources.snapshot import Head, NoSnapshot, Reason, Snapshot, Snapshots

INVALID: Final = "SpecInvalid"

# The source is merely away: what was read in this process stays what is wanted. Every other answer is about the
# specs themselves (the branch is gone, the repository is empty), and then nothing is known to be wanted.
_AWAY: Final = frozenset({Reason.UNAVAILABLE, Reason.DENIED, Reason.CORRUPT})
_UNASKED: Final = NoSnapshot(reason=Reason.UNAVAILABLE, why="the source was not asked yet")


class Compiled(Protocol):
    """An environment as its files say it; the targets of a file in `broken` are missing."""

    @property
    def targets(self) -> Mapping[TargetName, DesiredTarget]:
        """What should run."""
        ...

    @property
    def brake(self) -> Brake:
        """How many automatic rollbacks may start."""
        ...

    @property
    def load(self) -> Load:
        """How much may change at once."""
        ...

    @property
    def pause(self) -> Pause | None:
        """A pause of the whole environment."""
        ...

    @property
    def complaints(self) -> tuple[Complaint, ...]:
        """Everything that is wrong, in order."""
        ...

    @property
    def broken(self) -> Mapping[str, tuple[Complaint, ...]]:
        """What is wrong in each file, by its name in the snapshot."""
        ...


Instead: TypeAlias = Mapping[TargetName, str]
Compile: TypeAlias = Callable[[EnvName, Mapping[str, Snapshot], Instead], Compiled]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """How an environment is asked for: from which commit on, and which versions are wanted instead of its own."""

    accepted: Accepted | None
    instead: Instead


class SpecSource:
    """Reads environments at the newest commit, and what is broken there at the last commit at which it was not.

    Every method may be called from any thread. What has not changed is given as the identical object.
    """

    def __init__(self, tree: Snapshots, compiled: Compile, *, now: Callable[[], datetime]) -> None:
        self._tree = tree
        self._compile = compiled
        self._now = now
        self._lock = threading.Lock()
        self._failure: NoSnapshot | None = None
        self._listed: tuple[Commit, Environments] | None = None
        self._read: dict[EnvName, tuple[tuple[Commit, Instead], Reading]] = {}
        self._told: dict[EnvName, Reading] = {}
        self._forward: dict[tuple[Commit, Commit], NoSnapshot | None] = {}
        self._good_files: dict[tuple[EnvName, str], Snapshot] = {}
        self._good_whole: dict[EnvName, Snapshot] = {}

    @property
    def name(self) -> str:
        """What sort of source it is."""
        return "folder" if isinstance(self._tree, FolderSource) else "git"

    @property
    def head(self) -> Head | None:
        """The newest commit seen by this process, and when the source was last asked with success."""
        return self._tree.good

    @property
    def problem(self) -> NoSnapshot | None:
        """Why the newest poll found nothing; None if it did."""
        last = self._failure or self._tree.last or _UNASKED
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
        self._tree.close()

    def poll(self) -> None:
        """Ask the tree once; what goes wrong is told by `read`."""
        try:
            self._tree.poll(self._now())
            self._failure = None
        except Exception as problem:  # noqa: BLE001 - a poll that fails in a new way must not stop what was read
            self._failure = NoSnapshot(reason=Reason.UNAVAILABLE, why=f"the poll failed: {type(problem).__name__}")

    def environments(self) -> frozenset[EnvName]:
        """Name the environments of the newest commit, those that cannot be read included."""
        listed = self._list()
        return frozenset({*listed.files, *listed.refused}) if listed else frozenset()

    def read(self, env: EnvName, accepted: Accepted | None, instead: Instead = NOTHING_ELSE) -> Reading:
        """Read one environment at the newest commit, if that is the accepted one or follows it."""
        reading = self._look(env, _Asked(accepted=accepted, instead=instead))
        with self._lock:
            told = self._told.get(env)
            if told and isinstance(reading, Unread) and told == reading:
                return told
            self._told[env] = reading
            return reading

    def _list(self) -> Environments | None:
        head = self._tree.good
        if head is None:
            return None
        known = self._listed
        if known and known[0] == head.commit:
            return known[1]
        snapshot = self._tree.snapshot(head.commit)
        if isinstance(snapshot, Snapshot):
            return self._listing(snapshot)
        return known[1] if known else None

    def _listing(self, snapshot: Snapshot) -> Environments:
        """List the environments of a snapshot; the newest list is kept, as every environment is looked up in it."""
        known = self._listed
        if known is None or known[0] != snapshot.commit:
            known = (snapshot.commit, environments(snapshot))
            if self._tree.good and self._tree.good.commit == snapshot.commit:
                self._listed = known
        return known[1]

    def _look(self, env: EnvName, asked: _Asked) -> Reading:
        head, problem = self._tree.good, self.problem
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
        pair = (head, accepted.commit)
        if pair not in self._forward:
            found = moves_forward(self._tree, head, accepted.commit)
            if found and self._tree.descends(head, accepted.commit) is None:
                return found  # not known yet, so not for keeping
            self._forward = {**(self._forward if len(self._forward) < 64 else {}), pair: found}  # noqa: PLR2004
        return self._forward[pair]

    def _read_at(self, env: EnvName, commit: Commit, asked: _Asked) -> Reading:
        snapshot = self._tree.snapshot(commit)
        if isinstance(snapshot, NoSnapshot):
            return _unread(env, snapshot)
        sheets = sheets_of(env, snapshot, self._listing(snapshot))
        reading = sheets if isinstance(sheets, Unread) else self._settle(env, snapshot, sheets, asked)
        self._read[env] = ((commit, asked.instead), reading)
        return reading

    def _settle(self, env: EnvName, snapshot: Snapshot, sheets: Sheets, asked: _Asked) -> Reading:
        """Compile an environment; what is broken falls back, a file alone, the environment's own file with all."""
        main = next(iter(sheets))
        compiled, broken, complaints = self._files(env, sheets, asked)
        if main in compiled.broken:
            return self._whole(env, snapshot, main, complaints, asked)
        self._good_whole[env] = snapshot
        return _desired(env, snapshot, compiled, broken, complaints)

    def _whole(
        self, env: EnvName, snapshot: Snapshot, main: str, wrong: tuple[Complaint, ...], asked: _Asked
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
        self._good_whole[env] = good
        return _desired(env, snapshot, compiled, {**broken, main: good.commit}, wrong)

    def _files(
        self, env: EnvName, sheets: Sheets, asked: _Asked
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
        commit = accepted.broken.get(path, accepted.commit) if accepted else now
        snapshot = None if commit == now else self._tree.snapshot(commit)
        return snapshot if isinstance(snapshot, Snapshot) and path in snapshot.files else None


def _desired(
    env: EnvName,
    snapshot: Snapshot,
    compiled: Compiled,
    broken: Mapping[str, Commit],
    complaints: tuple[Complaint, ...],
) -> Desired:
    return Desired(
        env=env,
        commit=snapshot.commit,
        targets=compiled.targets,
        committed_at=snapshot.committed_at,
        author=snapshot.author,
        brake=compiled.brake,
        load=compiled.load,
        pause=compiled.pause,
        complaints=complaints,
        broken=broken,
    )


def _unread(env: EnvName, problem: NoSnapshot) -> Unread:
    return Unread(env=env, reason=problem.reason, why=problem.why)


def _first_of(complaints: tuple[Complaint, ...]) -> str:
    more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
    return f"{complaints[0]}{more}" if complaints else "the spec is invalid"
