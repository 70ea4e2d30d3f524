"""A version is changed in git: edited at the newest commit, pushed to a branch, and perhaps proposed at GitHub."""

import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from controller.app.editing import Edition
from controller.app.identity import author_of, remote_of
from controller.app.said import Said
from controller.app.specs import credentials_of
from controller.errors import Conflict, Refusal, TrueupError
from controller.sources.address import read_address
from controller.sources.change import Author, Moved, Standing, Workshop

if TYPE_CHECKING:
    from controller.app.pulls import Pulls
    from controller.options import Options
    from controller.sources.snapshot import Snapshot

TRAILER: Final = "Trueup-Target"
_TRIES: Final = 5
_PAUSE: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to change and how: `edit` makes it of the specs at a commit, `tell` says it, of what was made.

    `name` is the target's, with its environment. `edit` is called again when somebody pushed meanwhile, and may
    raise what stands against the change. `branch` is where it goes; empty: the branch of the specs. With `pulls` it
    is proposed there.
    """

    name: str
    edit: "Callable[[Snapshot], Edition]"
    tell: Callable[[Edition], Said]
    branch: str = ""
    pulls: "Pulls | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came of it: the edition, how it was told, and the commit, empty if there was nothing to change.

    `url` is where it is proposed. `was_there` says that it had been pushed before.
    """

    edition: Edition
    said: Said
    branch: str
    commit: str = ""
    url: str = ""
    was_there: bool = False


def change(wish: Change, options: "Options", user: str, *, dry_run: bool = False) -> Made:
    """Make a change, at most five times anew if others push meanwhile.

    Raises SpecError for what cannot be edited and where it is not known who asks; Refusal if the server does not
    take it, or somebody else works on that branch; AccessError, PlatformError; Conflict if others are always
    faster.
    """
    url = remote_of(options.repo)
    read_address(url)
    author = author_of(options, user) if not dry_run else Author(name=user, email="")
    with tempfile.TemporaryDirectory(prefix="trueup-") as folder:
        shop = Workshop(url, options.branch, options.path, folder=Path(folder), credentials=credentials_of(options))
        for left in reversed(range(_TRIES)):
            try:
                return _try(wish, shop, options.branch, author, dry_run=dry_run)
            except Moved as moved:
                if not left:
                    raise Conflict(f"{moved}; this was tried {_TRIES} times") from moved
                threading.Event().wait(_PAUSE)
    raise AssertionError("the last try returns or raises")


def _try(wish: Change, shop: Workshop, specs: str, author: Author, *, dry_run: bool) -> Made:
    branch = wish.branch or specs
    standing = shop.fetch(branch if branch != specs else "", f"{TRAILER}: {wish.name}")
    made = wish.edit(shop.snapshot(standing.base))
    said = wish.tell(made)
    if not made.is_new or dry_run:
        return Made(edition=made, said=said, branch=branch)
    if branch != specs and not standing.own:
        raise Refusal(
            f"the branch {branch} has commits that were not made for {wish.name}: merge it, or name another"
        )
    commit, there = _pushed(shop, standing, made, said, author, branch, specs)
    url = _proposed(wish.pulls, branch, specs, said, commit) if wish.pulls else ""
    return Made(edition=made, said=said, branch=branch, commit=commit, url=url, was_there=there)


def _proposed(pulls: "Pulls", branch: str, specs: str, said: Said, commit: str) -> str:
    try:
        return pulls.propose(branch, specs, said)
    except TrueupError as error:
        raise type(error)(f"{branch} was pushed as {commit[:12]}, and not proposed: {error}") from error


def _pushed(
    shop: Workshop, standing: Standing, made: Edition, said: Said, author: Author, branch: str, specs: str
) -> tuple[str, bool]:
    """Push a commit, unless the branch holds just that change of the newest commit already."""
    proposed = standing.proposed
    if proposed and standing.on_base:
        snapshot = shop.snapshot(proposed)
        held = {snapshot.shown(name): content for name, content in snapshot.files.items()}
        if held.get(made.file) == made.content:
            return proposed, True
    commit = shop.commit(standing.base, {made.file: made.content}, author, said.message)
    shop.push(commit, branch, standing.base if branch == specs else proposed)
    return commit, False
