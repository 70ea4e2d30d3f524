"""Which environments a snapshot holds, by the names of its files alone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from controller.model.desired import GONE, Unread
from controller.model.names import EnvName
from controller.sources.snapshot import Snapshot

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_SUFFIX = ".yaml"
_MAIN = "environment.yaml"
REJECTED: Final = "FileRejected"

Sheets: TypeAlias = dict[str, Snapshot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Environments:
    """What there is: each name is in `files` or in `refused`, never in both.

    `files` names what belongs to an environment: its one file, or every file in its folder with `environment.yaml`
    first. `refused` says why an environment that is there cannot be read. `strays` names files that look like an
    environment and are none, so that a misspelt one does not vanish in silence.
    """

    files: Mapping[EnvName, tuple[str, ...]]
    refused: Mapping[EnvName, str]
    strays: Mapping[str, str]


def environments(snapshot: Snapshot) -> Environments:
    """List environments: `<name>.yaml` at the top, or a folder `<name>/` that holds `environment.yaml`.

    Other folders (taskdefs/) are not environments. A rejected file still counts as being there.
    """
    names = sorted({*snapshot.files, *snapshot.rejected})
    candidates: dict[str, set[str]] = {}
    strays: dict[str, str] = {}
    for name in names:
        top, _, rest = name.partition("/")
        stem = top.removesuffix(_SUFFIX) if not rest and top.endswith(_SUFFIX) else ""
        if stem or rest == _MAIN:
            candidates.setdefault(stem or top, set()).add(name)
        elif why := _stray(snapshot, name):
            strays[name] = why
    files: dict[EnvName, tuple[str, ...]] = {}
    refused: dict[EnvName, str] = {}
    for name, mains in candidates.items():
        if not _NAME.fullmatch(name):
            strays |= dict.fromkeys(mains, f"an environment's name is like {_NAME.pattern}")
        elif why := _why_not(snapshot, name, mains):
            refused[EnvName(name)] = why
        else:
            files[EnvName(name)] = _belonging(names, name, mains)
    return Environments(
        files=MappingProxyType(files), refused=MappingProxyType(refused), strays=MappingProxyType(strays)
    )


def sheets_of(env: EnvName, snapshot: Snapshot, listed: Environments) -> Sheets | Unread:
    """Find the files that say what an environment is, its own first."""
    if env in listed.refused:
        return Unread(env=env, reason=REJECTED, why=listed.refused[env])
    if env not in listed.files:
        here = snapshot.shown(env)
        why = f"there is neither {here}{_SUFFIX} nor a folder {here}; what runs is left alone"
        return Unread(env=env, reason=GONE, why=why)
    main, *others = listed.files[env]
    folder = f"{env}/"
    beside = (name for name in others if "/" not in name.removeprefix(folder) and name.endswith(_SUFFIX))
    return dict.fromkeys((main, *beside), snapshot)


def _stray(snapshot: Snapshot, name: str) -> str:
    """Say why a file that looks like an environment is none; empty when it looks like nothing of the kind."""
    top, _, rest = name.partition("/")
    if not rest and top.lower().endswith((".yaml", ".yml")):
        return f"an environment's file is called <name>{_SUFFIX}"
    if rest.lower() in {_MAIN, "environment.yml"}:
        return f"the file that makes a folder an environment is called {_MAIN}"
    return snapshot.rejected.get(name, "") if not rest else ""


def _why_not(snapshot: Snapshot, name: str, mains: set[str]) -> str:
    if len(mains) > 1:
        both = " and ".join(snapshot.shown(main) for main in sorted(mains))
        return f"{both} both say what {name} is: keep one"
    for file, why in sorted(snapshot.rejected.items()):
        if file in mains or file.startswith(f"{name}/"):
            return f"{snapshot.shown(file)}: {why}"
    return ""


def _belonging(names: list[str], name: str, mains: set[str]) -> tuple[str, ...]:
    (main,) = mains
    others = [file for file in names if file.startswith(f"{name}/") and file != main]
    return (main, *others) if main == f"{name}/{_MAIN}" else (main,)
