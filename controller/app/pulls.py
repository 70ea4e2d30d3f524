"""A change is proposed at GitHub: one open pull request a branch, opened, or brought up to date."""

import time
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from controller.errors import SpecError
from controller.probes.github import PUBLIC, Forge, GitHub, number_at, slug_of, text_at
from controller.probes.guarded import Http
from controller.probes.hosts import is_here

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.app.said import Said
    from controller.options import Options

_HOST: Final = "github.com"


class Pulls(Protocol):
    """Where a branch is proposed for merging."""

    def propose(self, branch: str, into: str, said: "Said") -> str:
        """Propose a branch, and give the address where that is shown."""
        ...


class GitHubPulls:
    """Pull requests of one repository."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def propose(self, branch: str, into: str, said: "Said") -> str:
        """Open a pull request for a branch, or tell the open one anew; gives its address."""
        owner = self._github.repository.partition("/")[0]
        told = {"title": said.subject, "body": f"{said.body}\n\n" + "\n".join(f"- {one}" for one in said.trailers)}
        open_ones = self._github.many("pulls", state="open", head=f"{owner}:{branch}", base=into)
        mine = next((one for one in open_ones if text_at(one, "head", "ref") == branch), None)
        if mine is None:
            made = self._github.write("POST", "pulls", {**told, "head": branch, "base": into})
        else:
            made = self._github.write("PATCH", f"pulls/{number_at(mine, 'number')}", told)
        return text_at(made, "html_url")


def forge_of(options: "Options", address: str) -> Forge | None:
    """Say where the repository of the specs is at GitHub; None if nothing says so.

    Raises SpecError where the token would be sent in the clear.
    """
    name = options.github_repository or slug_of(address, "" if options.github_url != PUBLIC else _HOST)
    if not name:
        return None
    parts = urlsplit(options.github_url)
    if options.github_token_file and parts.scheme != "https" and not is_here(parts.netloc):
        raise SpecError("--github-url is plain http, which would show the token to the network: write https://")
    return Forge(url=options.github_url, repository=name, token_file=options.github_token_file)


def github_of(options: "Options", elapsed: "Callable[[], float]") -> GitHub | None:
    """Open the repository of the specs at GitHub, if it is there. Raises SpecError for a name that is none."""
    forge = forge_of(options, options.repo)
    return GitHub(Http(), forge, elapsed) if forge else None


def pulls_of(options: "Options", address: str) -> GitHubPulls:
    """Open pull requests of the repository of the specs. Raises SpecError if it is not known which, or as whom."""
    forge = forge_of(options, address)
    if forge is None:
        raise SpecError("--repo names no repository of GitHub's: say --github-repository owner/name")
    if forge.token_file is None:
        raise SpecError("a pull request needs a token: say --github-token-file")
    return GitHubPulls(GitHub(Http(), forge, time.monotonic))
