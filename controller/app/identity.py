"""Who a commit is by that a person asks for: as the operator knows them, else as their own git does."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from controller.app.people import people_of
from controller.errors import SpecError
from controller.sources.change import Author
from controller.sources.clone import git_folder
from controller.sources.command import Git
from controller.sources.limits import Limits

if TYPE_CHECKING:
    from controller.options import Options


def author_of(options: "Options", user: str) -> Author:
    """Find who asks: in people.yaml by the OS user, in git's variables, or in git's configuration.

    Raises SpecError if none of them says.
    """
    person = people_of(options.people).find(os_user=user) if options.people else None
    if person is not None and person.emails:
        return Author(name=person.name, email=person.emails[0])
    named = Author(name=os.environ.get("GIT_AUTHOR_NAME", ""), email=os.environ.get("GIT_AUTHOR_EMAIL", ""))
    found = next((one for one in (named, *_configured(options.repo)) if one.name and one.email), None)
    if found is None:
        raise SpecError(
            "it is not known who makes the commit: git config --global user.name … and user.email …, "
            "or set GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL"
        )
    return found


def _configured(repo: str) -> Iterator[Author]:
    """Read names and emails from the configuration of a clone and of the user; nothing else of them is used."""
    files = [Path("~/.gitconfig"), Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config") / "git" / "config"]
    with tempfile.TemporaryDirectory() as folder:
        git = Git(cache=Path(folder), scheme=None, limits=Limits())
        for file in (*_of_clone(repo), *(file.expanduser() for file in files)):
            if file.is_file():
                yield Author(name=_value(git, file, "user.name"), email=_value(git, file, "user.email"))


def _of_clone(repo: str) -> Iterator[Path]:
    there = git_folder(Path(repo)) if repo and "://" not in repo and Path(repo).is_dir() else None
    if there is not None:
        yield _config(there)


def _config(there: Path) -> Path:
    """Find the configuration of a clone; a linked worktree has that of the clone (gitrepository-layout(5))."""
    common = there / "commondir"
    return (there / common.read_text("utf-8").strip() if common.is_file() else there) / "config"


def _value(git: Git, file: Path, key: str) -> str:
    done = git.run("config", "--file", str(file.absolute()), "--get", key)
    return done.out.decode("utf-8", "replace").strip() if done.well else ""


def remote_of(repo: str) -> str:
    """Give the address that a change is pushed to: where a clone came from, else the repository itself."""
    if "://" in repo or not Path(repo).is_dir():
        return repo
    there = git_folder(Path(repo))
    if there is None:
        raise SpecError(f"{repo} is a plain folder, which has no branch to commit to: name a git repository")
    if there == Path(repo):
        return repo
    with tempfile.TemporaryDirectory() as folder:
        git = Git(cache=Path(folder), scheme=None, limits=Limits())
        url = _value(git, _config(there), "remote.origin.url")
    is_path = url and "://" not in url and ":" not in url.partition("/")[0]
    return str(Path(repo) / url) if is_path else url or repo
