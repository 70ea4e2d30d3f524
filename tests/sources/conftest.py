"""What the tests of sources start from: a repository, a server, mirrors that are closed in the end."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from controller.sources.git import GitMirror
from tests.sources.repository import Repository
from tests.sources.server import GitServer, serving


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "specs.git")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with serving(tmp_path) as git:
        yield git


@pytest.fixture
def open_mirror(tmp_path: Path, repository: Repository) -> Iterator[Callable[..., GitMirror]]:
    """Open a mirror of the repository, or of another address, in the one cache of this test."""
    mirrors = []

    def opened(url: str = repository.url, branch: str = "main", path: str = "specs", **more) -> GitMirror:
        mirrors.append(GitMirror(url, branch, path, **{"cache": tmp_path / "cache", **more}))
        return mirrors[-1]

    yield opened
    for mirror in mirrors:
        mirror.close()


@pytest.fixture
def mirror(open_mirror: Callable[..., GitMirror]) -> GitMirror:
    return open_mirror()
