"""Applications as git repositories; meets ports.Applications. One mirror serves all that name the same."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from controller.errors import TrueupError
from controller.model.application import AppHistory, Application, Carried
from controller.model.images import Unreachable
from controller.model.names import Commit
from controller.sources.address import read_branch
from controller.sources.application import ApplicationMirror, Pace
from controller.sources.commits import Commits
from controller.sources.doors import Doors
from controller.sources.limits import Limits
from controller.sources.snapshot import NoSnapshot

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class GitApplications:
    """Every repository of an application that the operator allows, mirrored below `cache`."""

    doors: Doors
    cache: Path
    pace: Pace
    limits: Limits = field(default_factory=Limits)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _mirrors: dict[tuple[str, str], ApplicationMirror] = field(default_factory=dict)

    def tags(self, application: Application) -> Mapping[str, Commit] | Unreachable:
        """Give every tag with the commit that it stands for; the server is asked at most once an interval."""
        found = self._of(application, lambda mirror: mirror.refs())
        return found if isinstance(found, Unreachable) else found.tags

    def between(self, application: Application, after: Commit, upto: Commit, most: int) -> AppHistory | Unreachable:
        """Give the commits that `upto` has and `after` has not, at most `most` of them."""
        return self._asked(application, (upto, after), lambda commits: commits.between(after, upto, most))

    def is_on_branch(self, application: Application, commit: Commit) -> bool | Unreachable:
        """Whether the branch, as it stands now, has a commit."""

        def question(commits: Commits, head: Commit) -> bool:
            return commits.has(commit, head)

        return self._of(application, lambda mirror: mirror.read_on_branch((commit,), question))

    def patches(self, application: Application, commits: Sequence[Commit]) -> Mapping[Commit, str] | Unreachable:
        """Name what each commit changes: equal names are equal changes. One that changes nothing has no name."""
        return self._asked(application, commits, lambda known: known.patches(commits)) if commits else {}

    def carried(self, application: Application, commit: Commit, since: Commit) -> Carried | Unreachable:
        """Say whether what `commit` brought since another is on the branch, under whatever name."""

        def question(commits: Commits, head: Commit) -> Carried:
            return commits.carried(commit, since, head)

        return self._of(application, lambda mirror: mirror.read_on_branch((commit, since), question))

    def close(self) -> None:
        """Let go of every mirror."""
        with self._lock:
            mirrors = tuple(self._mirrors.values())
        for mirror in mirrors:
            mirror.close()

    def _asked(
        self, application: Application, wanted: Iterable[Commit], question: Callable[[Commits], T]
    ) -> T | Unreachable:
        return self._of(application, lambda mirror: mirror.read(wanted, question))

    def _of(
        self, application: Application, question: Callable[[ApplicationMirror], T | NoSnapshot]
    ) -> T | Unreachable:
        try:
            found = question(self._mirror(application))
        except TrueupError as problem:
            return Unreachable(why=str(problem))
        except Exception as problem:  # noqa: BLE001 - what failed in any way is not answered, and stops nothing else
            return Unreachable(why=f"{application.repository} could not be read: {type(problem).__name__}")
        return Unreachable(why=f"{application.repository}: {found.why}") if isinstance(found, NoSnapshot) else found

    def _mirror(self, application: Application) -> ApplicationMirror:
        """Give the mirror of an application; raises AccessError for one that may not be read."""
        address, credentials = self.doors.find(application.repository)
        branch = read_branch(application.branch)
        with self._lock:
            known = self._mirrors.get((address.url, branch))
            if known is None:
                known = self._mirrors[address.url, branch] = ApplicationMirror(
                    address,
                    branch,
                    cache=self.cache,
                    credentials=credentials,
                    pace=self.pace,
                    limits=self.limits,
                )
            return known
