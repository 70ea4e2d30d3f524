"""Let what was adopted release: `mode: observe` goes out of the files of a working copy."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.app.lay import lay
from controller.errors import SpecError
from controller.model.names import EnvName
from controller.spec.check import load
from controller.spec.confirm import DEFAULTS, Confirmed, confirm, observing, releasing
from controller.spec.listing import environments
from controller.spec.parse import spec_files
from controller.spec.scan import scan

_BY_HAND: Final = "`mode: observe` is written in a way that is edited by hand only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One target, or `defaults`, and its file; `why` says why it could not be confirmed."""

    file: str
    target: str
    done: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What was confirmed, and what could not be."""

    changes: tuple[Change, ...]


def confirm_environment(folder: Path, env: str, targets: Sequence[str]) -> Confirmation:
    """Confirm targets of an environment, or all; raises SpecError for what is not there or cannot be read."""
    sheets = _sheets(folder, env)
    known = {name for file, content in sheets.items() for name in releasing(content, file)}
    unknown = sorted(set(targets) - known)
    if unknown:
        raise SpecError(f"no target {unknown[0]!r} in {env}; there are: {', '.join(sorted(known)) or 'none'}")
    wanted = frozenset(targets) if targets else None
    edits = {file: confirm(content, file, wanted) for file, content in sheets.items()}
    changed = {file: edit.text for file, edit in edits.items() if edit.places}
    if changed:
        lay(folder, changed, force=True)
    changes = [change for file, edit in edits.items() for change in _changes(folder / file, edit)]
    return Confirmation(changes=(*changes, *_by_default(folder, sheets, wanted)))


def _sheets(folder: Path, env: str) -> Mapping[str, bytes]:
    """Read an environment's files, by their names below the folder."""
    if not folder.is_dir():
        raise SpecError(f"there is no folder {folder}: say --path")
    view = load(folder)
    found = environments(view)
    if env not in found:
        raise SpecError(f"no environment {env!r} in {folder}; there are: {', '.join(found) or 'none'}")
    sheets = {name: view.files[name] for name in spec_files(EnvName(env), view.files)}
    wrong = [str(one) for name, content in sheets.items() for one in scan(content, str(folder / name)).complaints]
    if wrong:
        raise SpecError("\n".join(wrong))
    return sheets


def _changes(file: Path, edit: Confirmed) -> Iterator[Change]:
    yield from (Change(file=str(file), target=name) for name in edit.places)
    yield from (Change(file=str(file), target=name, done=False, why=_BY_HAND) for name in edit.failed)


def _by_default(folder: Path, sheets: Mapping[str, bytes], wanted: Collection[str] | None) -> Iterator[Change]:
    """Say which named targets only observe because the defaults say so: those are everybody's."""
    for file, content in sheets.items():
        if wanted is not None and DEFAULTS in observing(content, file):
            why = "only observes, for `defaults` say so: confirm the whole environment, or write `mode: release`"
            yield from (
                Change(file=str(folder / file), target=name, done=False, why=why) for name in sorted(wanted)
            )
