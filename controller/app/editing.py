"""The specs of one commit with another version of one target: which file that changes, and what then is wanted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from controller import kinds
from controller.errors import SpecError
from controller.model.desired import Complaint, Desired, Unread
from controller.model.names import EnvName, TargetName
from controller.model.version import read_version
from controller.sources.environments import environments, sheets_of
from controller.spec.edit import Edited, edit_version, is_of_group, version_paths
from controller.spec.parse import Compiler
from controller.spec.units import Compiled

if TYPE_CHECKING:
    from controller.sources.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A target's version was `before`, and is `version` now, in `file`, which is named from the top.

    `was` and `desired` are what the environment wants before and after that.
    """

    file: str
    before: str
    version: str
    content: bytes
    line: int
    was: Desired
    desired: Desired

    @property
    def is_new(self) -> bool:
        """Whether anything changes."""
        return self.before != self.version


def edition(
    snapshot: "Snapshot",
    env: EnvName,
    target: TargetName,
    version: str,
    *,
    bare: bool = False,
    compiler: Compiler | None = None,
) -> Edition:
    """Let a target have a version. With `bare` it is vX.Y.Z of vX.Y.Z-stage where only that form is taken.

    The `compiler` is one that holds the specs to a policy; without it no floor is heeded.

    Raises SpecError for an environment or target that there is not, for a version that the spec does not take, and
    for one that is written in a way that is edited by hand only.
    """
    sheets = sheets_of(env, snapshot, environments(snapshot))
    if isinstance(sheets, Unread):
        raise SpecError(sheets.why)
    compiler = compiler or Compiler(kinds.SPEC)
    was = compiler.compile(env, sheets)
    name, path = _place(snapshot, tuple(sheets), env, target, was)
    if target not in was.targets:
        raise SpecError("\n".join(map(str, was.complaints)))
    refused: tuple[Complaint, ...] = ()
    for one in _forms(version, bare=bare):
        edited = edit_version(snapshot.files[name], snapshot.shown(name), path, one)
        files = {**snapshot.files, name: edited.content}
        now = compiler.compile(env, dict.fromkeys(sheets, replace(snapshot, files=files)))
        wrong = tuple(found for found in now.complaints if found not in was.complaints)
        if not wrong and target in now.targets:
            _check_alone(was, now, edited, target)
            return _edition(snapshot, env, name, one, edited, was, now)
        refused = wrong or now.complaints
    raise SpecError("\n".join(map(str, refused)))


def _forms(version: str, *, bare: bool) -> Iterator[str]:
    """Give a version as it is, and the version that it leads to."""
    yield version
    known = read_version(version)
    if bare and known is not None and known.is_numbered and known.base != version:
        yield known.base


def _place(
    snapshot: "Snapshot", names: tuple[str, ...], env: EnvName, target: TargetName, was: Compiled
) -> tuple[str, tuple[str, ...]]:
    """Find the file in which the version of a target stands, and the place there: its group's, or its own."""
    found = [
        (name, path) for name in names for path in version_paths(snapshot.files[name], snapshot.shown(name), target)
    ]
    if any(not is_of_group(path) for _, path in found):
        return next((one for one in found if is_of_group(one[1])), found[0])
    wrong = "\n".join(map(str, was.complaints))
    there = ", ".join(sorted(was.targets)) or "none"
    raise SpecError(wrong or f"no target {target!r} in {env}; there are: {there}")


def _check_alone(was: Compiled, now: Compiled, edited: Edited, target: TargetName) -> None:
    """Make sure that only this target, or its group, wants something else than before."""
    others = {name for name, want in now.targets.items() if want != was.targets.get(name)} - {target}
    same = {name for name in others if now.targets[name].release.version == now.targets[target].release.version}
    if others - same:
        raise SpecError(
            f"line {edited.line} also changes {', '.join(sorted(others - same))}: change the version by hand"
        )


def _edition(
    snapshot: "Snapshot", env: EnvName, name: str, version: str, edited: Edited, was: Compiled, now: Compiled
) -> Edition:
    def wanted(compiled: Compiled) -> Desired:
        return Desired(
            env=env,
            commit=snapshot.commit,
            targets=compiled.targets,
            committed_at=snapshot.committed_at,
            author=snapshot.author,
            brake=compiled.brake,
            load=compiled.load,
            pause=compiled.pause,
            complaints=compiled.complaints,
        )

    return Edition(
        file=snapshot.shown(name),
        before=edited.before,
        version=version,
        content=edited.content,
        line=edited.line,
        was=wanted(was),
        desired=wanted(now),
    )
