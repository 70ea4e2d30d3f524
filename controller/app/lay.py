"""Write files of a folder: all of them or none, and none that somebody else wrote unless told so."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from controller.errors import PlatformError, Refusal


def lay(folder: Path, files: Mapping[str, str], *, force: bool) -> None:
    """Write files by their names below a folder, through one beside it, so that a crash leaves no half of them.

    Raises Refusal, before anything is written, if one is there with another content and `force` is not given.
    PlatformError: the disk did not take them; then everything is as it was.
    """
    wanted = {name: text.encode() for name, text in files.items()}
    try:
        before = {name: _content(folder / name) for name in wanted}
        others = sorted(name for name, content in before.items() if content not in {None, wanted[name]})
        if others and not force:
            named = ", ".join(str(folder / name) for name in others)
            raise Refusal(f"nothing was written: {named} would be overwritten; --force does it")
        _lay(folder, wanted, before)
    except OSError as problem:
        raise PlatformError(f"{folder} cannot be written: {problem.strerror or problem}") from problem


def _lay(folder: Path, wanted: Mapping[str, bytes], before: Mapping[str, bytes | None]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=".adopt-", dir=folder.parent))
    try:
        staged.chmod(0o755)
        for name, content in wanted.items():
            (staged / name).parent.mkdir(parents=True, exist_ok=True)
            (staged / name).write_bytes(content)
        if not folder.exists():
            staged.rename(folder)
            return
        _move(staged, folder, before)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _move(staged: Path, folder: Path, before: Mapping[str, bytes | None]) -> None:
    """Move file after file; if one cannot be, put back what was there."""
    moved: list[str] = []
    try:
        for name in before:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(staged / name, folder / name)  # noqa: PTH105 - the call that is atomic, by its name
            moved.append(name)
    except OSError:
        for name in moved:
            content = before[name]
            if content is None:
                (folder / name).unlink(missing_ok=True)
            else:
                (folder / name).write_bytes(content)
        raise


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
