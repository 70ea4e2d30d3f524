"""An environment from its files: what is desired of each target, or everything that is wrong, file by file.

An environment is one file `<name>.yaml`, or a folder `<name>/` with `environment.yaml` and any number of files of
targets directly in it, one for each target or team: `apiVersion: trueup/v1`, `kind: Targets`, `targets: {…}`. Files
in folders below it are what targets refer to, such as `taskdefs/`. Each file stands or falls alone, and the
environment's own file carries all others. What is declared twice (a name, a service) is wrong in both files.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from pydantic import ValidationError

from controller.model.desired import Complaint, DesiredTarget
from controller.model.names import Commit, EnvName, TargetName
from controller.model.policy import Policy
from controller.ports import NOTHING_ELSE
from controller.spec.gating import named_environments
from controller.spec.head import Ground, read_head
from controller.spec.lines import need_marks, service_mark
from controller.spec.listing import MAIN, SUFFIX, environments
from controller.spec.nodes import Entry, Fields, content_digest, kind_of, values_of, written
from controller.spec.problems import complaint, from_model
from controller.spec.scan import Scanned, scan
from controller.spec.schema import Targets
from controller.spec.tables import Files, Shelf, Tables, View, look_up, shown
from controller.spec.target import TargetReader
from controller.spec.units import Compiled, Made, Unit, assemble

_KEPT: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One file of an environment at a commit."""

    env: EnvName
    path: str
    view: View
    is_main: bool

    @property
    def folder(self) -> str:
        """The environment's own folder; empty if it is one file."""
        return str(self.env) if self.path.startswith(f"{self.env}/") else ""

    @property
    def shown(self) -> str:
        """The file's name for people."""
        return shown(self.view, self.path)


def spec_files(env: EnvName, names: Mapping[str, object]) -> tuple[str, ...]:
    """Name the files that say what an environment is, its own first; what they refer to is not among them."""
    folder = f"{env}/"
    main = f"{folder}{MAIN}"
    if main not in names:
        return (f"{env}{SUFFIX}",)
    others = (name for name in names if name.startswith(folder) and "/" not in name[len(folder) :])
    return (main, *sorted(name for name in others if name.endswith(SUFFIX) and name != main))


def compile_environment(
    env: EnvName, files: Mapping[str, bytes], *, prefix: str, tables: Tables, commit: Commit
) -> Compiled:
    """Compile one environment once; `prefix` is the name of the folder of specs for people."""
    view = Files(files=files, commit=commit, path=prefix)
    return Compiler(tables).compile(env, dict.fromkeys(spec_files(env, files), view))


class Compiler:
    """Compiles environments again and again: what did not change is not read again, and stays the identical object.

    `policy` gives the operator's floors as they are now: what goes below one is wrong. Not for several threads at
    once.
    """

    def __init__(self, tables: Tables, policy: Callable[[], Policy] = Policy) -> None:
        self._tables = tables
        self._policy = policy
        self._listed: tuple[View, tuple[str, ...]] | None = None
        self._good: dict[EnvName, dict[str, Unit]] = {}
        self._members: dict[EnvName, dict[TargetName, tuple[DesiredTarget, DesiredTarget]]] = {}
        self._scans: OrderedDict[tuple[str, bytes | str | None], Scanned] = OrderedDict()

    def compile(
        self, env: EnvName, sheets: Mapping[str, View], instead: Mapping[TargetName, str] = NOTHING_ELSE
    ) -> Compiled:
        """Compile an environment from its files, its own first; each is read from a commit of its own.

        `instead` are versions that are wanted of targets instead of those in their files.
        """
        path = next(iter(sheets))
        main = Sheet(env=env, path=path, view=sheets[path], is_main=True)
        scanned = self._scan(main.view, main.path)
        head = read_head(env, scanned, main.shown, self._tables, self._policy())
        strays = _strays(main) if main.folder else ()
        if scanned.root is None:
            return assemble(main.path, head, {}, strays, (), is_whole=False)
        good = self._good.get(env, {})
        ground, groups = head.ground.digest(), head.ground.groups_digest()
        units: dict[str, Unit] = {}
        for path, view in sheets.items():
            unit = good.get(path)
            if unit is None or not _stands(unit, path, view, ground, groups) or unit.instead != instead:
                page = Sheet(env=env, path=path, view=view, is_main=path == main.path)
                unit = self._unit(page, head.ground, ground, unit, instead)
            units[path] = unit
        if not head.complaints:
            kept = {path: good.get(path) if unit.complaints else unit for path, unit in units.items()}
            self._good[env] = {path: unit for path, unit in kept.items() if unit}
        names = {**main.view.files, **main.view.rejected}
        is_whole = all(path in units for path in spec_files(env, names))
        return self._kept(
            env, assemble(main.path, head, units, strays, self._environments(main.view), is_whole=is_whole)
        )

    def _environments(self, view: View) -> tuple[str, ...]:
        """Name the environments of a folder of specs; those of one commit are asked for again and again."""
        if self._listed is None or self._listed[0] is not view:
            self._listed = (view, tuple(environments(view)))
        return self._listed[1]

    def _kept(self, env: EnvName, compiled: Compiled) -> Compiled:
        """Let members of groups that are as they were stay the identical objects too."""
        before, members = self._members.get(env, {}), {}
        for name, target in compiled.targets.items():
            if target.group is not None:
                alone = compiled.made[name].target
                known = before.get(name)
                now = (target.group, target.track)
                same = known is not None and known[0] is alone and (known[1].group, known[1].track) == now
                members[name] = known if known is not None and same else (alone, target)
        self._members[env] = members
        targets = {**compiled.targets, **{name: member for name, (_, member) in members.items()}}
        return replace(compiled, targets=targets) if members else compiled

    def _unit(
        self, page: Sheet, ground: Ground, digest: str, before: Unit | None, instead: Mapping[TargetName, str]
    ) -> Unit:
        """Make one file's targets, but for those whose lines, ground and other files are as they were."""
        content = look_up(page.view, page.path)
        # Each file of targets is scanned when it changes and then let go: trees take far more room than targets.
        scanned = self._scan(page.view, page.path) if page.is_main else _scan_content(content, page.shown)
        wrong = [] if page.is_main else list(scanned.complaints)
        node = _targets_of(page, scanned.root, wrong) if scanned.root else None
        known = before.made if before and before.ground == digest else {}
        made: dict[TargetName, Made] = {}
        for key, entry in node.entries.items() if node else ():
            name = TargetName(key)
            one = self._target(page, name, entry, ground, known.get(name), instead.get(name, ""))
            if isinstance(one, Made):
                made[name] = one
            else:
                wrong += one
        seen = {name: other for one in made.values() for name, other in one.seen.items()}
        groups = ground.groups_digest()
        return Unit(
            content=content,
            ground=digest,
            groups=groups,
            seen=seen,
            made=made,
            complaints=tuple(wrong),
            instead=dict(instead),
        )

    def _target(
        self, page: Sheet, name: TargetName, entry: Entry, ground: Ground, before: Made | None, instead: str
    ) -> Made | list[Complaint]:
        membership = ground.members.get(name)
        digest = f"{content_digest(entry.value)}{membership.digest() if membership else ''}{instead}"
        service, needs = service_mark(entry.at, entry.value), need_marks(entry.value)
        if before and before.digest == digest and _unchanged(before.seen, page.view):
            named = named_environments(entry.value, before.target.gates)
            return replace(before, name=entry.at, service=service, needs=needs, named=named)
        shelf = Shelf(page.view, page.folder)
        read = partial(TargetReader, name, ground, shelf, self._tables, lambda path: self._scan(page.view, path))
        reader = read()
        target = reader.read(entry.at, entry.value, page.shown, page.view.commit)
        if target is None:
            return reader.wrong
        if instead:
            other = read(instead=instead)
            made = other.read(entry.at, entry.value, page.shown, page.view.commit)
            wrong = "" if made else f"{other.wrong[0].where}: {other.wrong[0].what}"
            wrong = f"it goes with its group {membership.group}" if membership else wrong
            target = _of_version(instead, target, made, wrong)
        named = named_environments(entry.value, target.gates)
        return Made(
            digest=digest,
            seen=shelf.seen,
            target=target,
            name=entry.at,
            service=service,
            needs=needs,
            file=page.path,
            named=named,
        )

    def _scan(self, view: View, path: str) -> Scanned:
        """Scan a file, or give what was made of it before: many targets refer to the same one."""
        content = look_up(view, path)
        key = (shown(view, path), content)
        scanned = self._scans.get(key)
        if scanned is None:
            scanned = self._scans[key] = _scan_content(content, shown(view, path))
        self._scans.move_to_end(key)
        while len(self._scans) > _KEPT:
            self._scans.popitem(last=False)
        return scanned


def _of_version(version: str, target: DesiredTarget, other: DesiredTarget | None, wrong: str) -> DesiredTarget:
    """Give a target in the version that is wanted instead; where that cannot be, as its file says, and why."""
    if other is None or wrong:
        return replace(target, unfit=f"{version} cannot be wanted instead: {wrong}")
    return replace(other, said=target.release)


def _strays(main: Sheet) -> Iterator[Complaint]:
    """Name files that look like files of targets and are not read as such, so that none vanishes in silence."""
    folder = f"{main.folder}/"
    for name in main.view.files:
        if name.endswith(SUFFIX) or not name.startswith(folder):
            continue
        beside = name.removeprefix(folder)
        if "/" not in beside and beside.lower().endswith((".yml", SUFFIX)):
            yield Complaint(path=shown(main.view, name), what=f"is not read: a file of targets ends in {SUFFIX}")


def _scan_content(content: bytes | str | None, file: str) -> Scanned:
    if isinstance(content, bytes):
        return scan(content, file)
    what = f"cannot be read: {content}" if content else "is not there"
    return Scanned(root=None, complaints=(Complaint(path=file, what=what),))


def _stands(unit: Unit, path: str, view: View, ground: str, groups: str) -> bool:
    """Whether a file would be compiled to what it was before."""
    return (
        (unit.ground, unit.groups) == (ground, groups)
        and unit.content == look_up(view, path)
        and _unchanged(unit.seen, view)
    )


def _unchanged(seen: Mapping[str, bytes | str | None], view: View) -> bool:
    return {name: look_up(view, name) for name in seen} == seen


def _targets_of(page: Sheet, root: Fields, wrong: list[Complaint]) -> Fields | None:
    """Find the mapping of targets in a file, or say why there is none."""
    if not page.is_main:
        try:
            Targets.model_validate(_without_targets(root))
        except ValidationError as problem:
            wrong += from_model(problem, Targets, root)
    around = root.get("spec") if page.is_main else root
    entry = around.entries.get("targets") if isinstance(around, Fields) else None
    if entry is None:
        # What a file of targets misses was said by its model; an environment that is a folder may have none.
        if page.is_main and not page.folder and isinstance(around, Fields):
            wrong.append(complaint(around.at, ("targets",), "is missing"))
        return None
    if not isinstance(entry.value, Fields):
        wrong.append(complaint(entry.value.at, ("targets",), f"must be a mapping, not {kind_of(entry.value)}"))
        return None
    if not entry.value.entries:
        wrong.append(complaint(entry.value.at, ("targets",), "names no target"))
    return entry.value


def _without_targets(root: Fields) -> dict[str, object]:
    said = values_of(root.without("targets"), written)
    rest = said if isinstance(said, dict) else {}
    return {**rest, "targets": {}} if "targets" in root.entries else rest
