"""Specs on this machine's disk, read as the controller reads them from git, offline: `trueup validate`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from controller.model.desired import Complaint
from controller.model.names import ClaimKey, Commit, EnvName, TargetName
from controller.model.policy import Policy
from controller.spec.listing import MAIN, SUFFIX, environment_of, environments
from controller.spec.parse import Compiler, spec_files
from controller.spec.problems import in_order
from controller.spec.scalars import NAME_PATTERN, NAME_WANTED
from controller.spec.scan import LARGEST, scan
from controller.spec.tables import Files, Tables, View, shown
from controller.spec.units import Compiled, Made, same_service

_READ: Final = frozenset({".yaml", ".yml", ".json"})
_DEEPEST: Final = 16
_HERE: Final = Commit("working tree")


def validate(
    paths: Sequence[Path], tables: Tables, policy: Policy | None = None
) -> tuple[tuple[str, ...], tuple[Complaint, ...]]:
    """Check specs: each path is a folder of specs, or one environment's file or folder, or a file in that folder.

    Gives the environments' files that were checked, and everything that is wrong, in order; a service that two of
    the environments name is wrong in both, and what goes below a floor of the `policy` is wrong.
    """
    compiler = Compiler(tables, lambda: policy or Policy())
    checked: dict[str, None] = {}
    complaints: list[Complaint] = []
    whole: list[tuple[EnvName, Compiled]] = []
    for path in paths:
        found = _find(path)
        if isinstance(found, Complaint):
            complaints.append(found)
            continue
        view, names = found
        complaints += _strays(view) if names is None else ()
        chosen = environments(view) if names is None else names
        for env in chosen:
            sheets = _sheets(env, view)
            checked |= dict.fromkeys(shown(view, name) for name in sheets)
            whole.append((env, compiler.compile(env, sheets)))
        if not chosen:
            what = f"holds no environment: neither <name>{SUFFIX} nor <name>/{MAIN}"
            complaints.append(Complaint(path=str(path), what=what))
    complaints += (one for _, compiled in whole for one in compiled.complaints)
    return tuple(checked), in_order([*complaints, *_clashes(whole)])


def _clashes(whole: Sequence[tuple[EnvName, Compiled]]) -> Iterator[Complaint]:
    """Say of each service that two environments name, in both, where the other one names it."""
    named: dict[ClaimKey, tuple[EnvName, TargetName, Made]] = {}
    for env, compiled in whole:
        for name, made in compiled.made.items():
            other_env, other_name, other = named.setdefault(made.target.place.claim, (env, name, made))
            if other_env != env:
                yield same_service(name, made, f"{other_env}/{other_name}", other.service)
                yield same_service(other_name, other, f"{env}/{name}", made.service)


def environments_in(folder: Path) -> Iterator[tuple[EnvName, Mapping[str, View]]]:
    """Give every environment of a folder of specs, with its files, for a Compiler."""
    view = load(folder)
    for env in environments(view):
        yield env, _sheets(env, view)


def _sheets(env: EnvName, view: View) -> dict[str, View]:
    return dict.fromkeys(spec_files(env, {**view.files, **view.rejected}), view)


def load(folder: Path) -> Files:
    """Read what specs may be made of: YAML and JSON files, no links, nothing that begins with a dot."""
    files: dict[str, bytes] = {}
    rejected: dict[str, str] = {}
    for file in _walk(folder, _DEEPEST):
        name = file.relative_to(folder).as_posix()
        if file.is_symlink():
            rejected[name] = "it is a symbolic link"
            continue
        try:
            with file.open("rb") as stream:
                files[name] = stream.read(LARGEST + 1)
        except OSError as problem:
            rejected[name] = problem.strerror or "it cannot be read"
    return Files(files=files, rejected=rejected, commit=_HERE, path="" if folder == Path() else str(folder))


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    for file in sorted(folder.iterdir()):
        if file.name.startswith("."):
            continue
        if file.is_dir() and not file.is_symlink():
            yield from _walk(file, depth - 1) if depth else ()
        elif file.suffix in _READ:
            yield file


def _find(path: Path) -> tuple[Files, list[EnvName] | None] | Complaint:
    """Find the folder of specs that a path lies in, and the environments that it means; None means all."""
    try:
        if path.is_dir():
            if not (path / MAIN).is_file():
                return load(path), None
            whole = path if path.name not in {"", ".."} else path.resolve()
            return load(whole.parent), [EnvName(whole.name)]
        if not path.exists():
            return Complaint(path=str(path), what="there is no such file or folder")
        folder = path.parent if path.parent.name not in {"", ".."} else path.parent.resolve()
        if (folder / MAIN).is_file():
            return load(folder.parent), [EnvName(folder.name)]
        return _alone(path) or (load(path.parent), [EnvName(path.name.removesuffix(SUFFIX))])
    except OSError as problem:
        return Complaint(path=str(path), what=f"cannot be read: {problem.strerror or problem}")


def _alone(path: Path) -> Complaint | None:
    """Say why a file is no environment's own file, though nothing else claims it."""
    if path.suffix != SUFFIX:
        return Complaint(path=str(path), what=f"an environment's file is called <name>{SUFFIX}")
    if not re.fullmatch(NAME_PATTERN, path.stem):
        return Complaint(path=str(path), what=f"{path.stem!r} is not {NAME_WANTED}")
    with path.open("rb") as stream:
        root = scan(stream.read(LARGEST + 1), str(path)).root
    if root and "apiVersion" not in root.entries and "family" in root.entries:
        what = "is a task definition, not an environment: it is checked with the environments that refer to it"
        return Complaint(path=str(path), what=what)
    return None


def _strays(view: View) -> Iterator[Complaint]:
    """Say which files look like an environment and are none, or are one twice."""
    for name in sorted({*view.files, *view.rejected}):
        top, _, rest = name.partition("/")
        env = environment_of(name)
        if env and not re.fullmatch(NAME_PATTERN, env):
            yield Complaint(path=shown(view, name), what=f"{env!r} is not {NAME_WANTED}")
        elif rest == MAIN and f"{top}{SUFFIX}" in view.files:
            what = f"{shown(view, top)}{SUFFIX} says what {top} is too: keep one"
            yield Complaint(path=shown(view, name), what=what)
        elif not rest and top.lower().endswith((".yml", SUFFIX)) and not env:
            yield Complaint(path=shown(view, name), what=f"an environment's file is called <name>{SUFFIX}")
