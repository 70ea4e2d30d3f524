"""Specs: where they come from, and what is wrong with them."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from controller import kinds
from controller.sources.auth import Credentials
from controller.sources.specs import SpecSource
from controller.spec.parse import Compiler

if TYPE_CHECKING:
    from controller.clock import Clock
    from controller.model.desired import Complaint
    from controller.options import Options
    from controller.sources.snapshot import Snapshots


def validate(paths: Iterable[Path]) -> "tuple[list[str], list[Complaint]]":
    """Check spec files, offline: what was checked, and every problem."""
    from controller.spec.check import validate as _validate

    checked, complaints = _validate(list(paths), kinds.SPEC)
    return list(checked), list(complaints)


def schema() -> dict[str, object]:
    """Give the JSON Schema of the spec."""
    from controller.spec.describe import schema as _schema

    return dict(_schema(kinds.SPEC))


def tree(options: "Options") -> "Snapshots":
    """Open the repository, or the plain folder, that holds the specs."""
    from controller.sources.folder import FolderSource
    from controller.sources.git import GitMirror

    path = Path(options.repo)
    if path.is_dir() and not _is_repository(path):
        return FolderSource(path / options.path if (path / options.path).is_dir() else path)
    cache, credentials = options.cache.expanduser(), credentials_of(options)
    return GitMirror(options.repo, options.branch, options.path, cache=cache, credentials=credentials)


def credentials_of(options: "Options") -> Credentials:
    """Give what we show git servers; SpecError if it cannot work."""
    return Credentials(
        token=options.git_token.get_secret_value() if options.git_token else None,
        token_file=options.git_token_file,
        username=options.git_username or "x-access-token",
        ssh_key_file=options.git_ssh_key_file,
        known_hosts_file=options.git_known_hosts_file,
        ca_file=options.git_ca_file,
    )


def source(options: "Options", clock: "Clock") -> SpecSource:
    """Read specs from there, compiled."""
    return SpecSource(tree(options), Compiler(kinds.SPEC).compile, now=clock.now)


def folder_source(folder: Path, clock: "Clock") -> SpecSource:
    """Read specs from a folder of this machine, compiled."""
    from controller.sources.folder import FolderSource

    return SpecSource(FolderSource(folder), Compiler(kinds.SPEC).compile, now=clock.now)


def _is_repository(path: Path) -> bool:
    return (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir())
