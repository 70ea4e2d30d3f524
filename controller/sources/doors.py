"""Which repositories of applications may be read, and with which credentials: the operator's word alone."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from controller.errors import AccessError, SpecError
from controller.sources.address import Address, AddressError, Scheme, read_address
from controller.sources.auth import Credentials

OPTION: Final = "TRUEUP_APPLICATIONS"
_STEPS: Final = re.compile(r"(?:^|/)\.\.?(?:/|$)|%2[ef]", re.IGNORECASE)
_PROBE: Final = "x"
_GIT: Final = ".git"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The beginning of the addresses that may be read, and how we show there who we are."""

    beginning: str
    credentials: Credentials

    def opens(self, address: Address) -> bool:
        """Whether an address begins like this, whole folders of its path counted."""
        return f"{address.url.removesuffix(_GIT)}/".startswith(self.beginning)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """All of them; without any, no repository of an application is read."""

    doors: tuple[Door, ...] = ()

    @classmethod
    def of(
        cls, text: str, repo: str, own: Credentials, *, token_file: Path | None = None, username: str = ""
    ) -> "Doors":
        """Read a list such as `https://github.com/acme/ ssh://git@git.lan/shop.git`.

        `own` are the credentials of the specs' repository `repo`: its token is sent to that very host and no other.
        The token in `token_file` is for the others, which then have to be of one host. Raises SpecError.
        """
        beginnings = [_beginning(part) for part in text.replace(",", " ").split()]
        home = _origin_of_specs(repo)
        others = {address.origin for _, address in beginnings if address.origin and address.origin != home}
        if token_file and len(others) != 1:
            hosts = ", ".join(sorted(others)) or "none"
            raise SpecError(
                f"TRUEUP_APPLICATIONS_TOKEN_FILE is for one host beside the specs', and {OPTION} names {hosts}"
            )
        foreign = replace(own, token=None, token_file=token_file, username=username or own.username)
        found = (
            Door(beginning=beginning, credentials=own if _is_ours(address, home) else foreign)
            for beginning, address in beginnings
        )
        return cls(doors=tuple(found))

    def find(self, repository: str) -> tuple[Address, Credentials]:
        """Give the address of a repository that a spec names, and the credentials; AccessError for any other."""
        try:
            address = read_address(repository)
        except AddressError as problem:
            raise AccessError(str(problem)) from problem
        if address.scheme is not Scheme.FILE and _STEPS.search(address.url.partition("://")[2] or address.url):
            raise AccessError("the path of the application's repository holds . or .. or an encoded letter of them")
        for door in self.doors:
            if door.opens(address):
                return address, door.credentials
        raise AccessError(f"{address.url} is not among the repositories that {OPTION} allows")


def _beginning(part: str) -> tuple[str, Address]:
    """Read one entry, the address of a repository or of a folder of them, and write it as read_address does."""
    whole = part.removesuffix("/").removesuffix(_GIT)
    joint = "" if whole.endswith(":") else "/"
    try:
        address = read_address(f"{whole}{joint}{_PROBE}")
    except AddressError as problem:
        raise SpecError(f"{OPTION}: {problem}") from problem
    return address.url.removesuffix(_PROBE), address


def _origin_of_specs(repo: str) -> str:
    try:
        return read_address(repo).origin if repo else ""
    except AddressError:
        return ""  # it is told by whoever opens it


def _is_ours(address: Address, home: str) -> bool:
    """Whether the specs' credentials are meant for it: keys of ssh give nothing away, a token does."""
    return not address.origin or address.origin == home
