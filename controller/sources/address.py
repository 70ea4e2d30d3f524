"""Which addresses, branches and paths are taken from an operator; all else is refused before git sees it."""

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import SplitResult, quote, unquote, urlsplit

from controller.errors import SpecError

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_REMOTE_PATH = re.compile(r"[A-Za-z0-9_.~/+@%,=-]+")
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+@#=-]{0,199}")
_NOT_IN_A_BRANCH = re.compile(r"\.\.|//|/\.|@\{|\.lock(?:/|$)|[./]$|^refs/")
_FOLDER = re.compile(r"[A-Za-z0-9_.@+=-]+")
_LONGEST = 2048


class AddressError(SpecError):
    """An address, branch or path that will not be used; the text never repeats it, as it may hold a secret."""


class Scheme(StrEnum):
    """How a repository is reached; the value is git's own name for it."""

    HTTPS = "https"
    HTTP = "http"
    SSH = "ssh"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A repository that git may be pointed at. `origin` is scheme, host and port of an HTTP one, else empty."""

    url: str
    scheme: Scheme
    origin: str = ""


def read_address(text: str) -> Address:
    """Read the operator's --repo: https, ssh, user@host:path, file:// or a local path.

    Plain http is taken for loopback addresses only, where nobody sits between. Raises AddressError.
    """
    if not text or len(text) > _LONGEST:
        raise AddressError(f"a repository address has between 1 and {_LONGEST} characters")
    if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in text):  # noqa: PLR2004 - C0 and DEL, as ASCII numbers them
        raise AddressError("the repository address holds a control character")
    if text.startswith("-"):
        raise AddressError("the repository address begins with '-', which git would take for an option")
    if re.match(r"[^/]*::", text):
        raise AddressError("the repository address asks git to run a program (name::…), which is not done")
    if "://" in text:
        return _read_url(text)
    if ":" in text.partition("/")[0]:
        return _read_scp(text)
    return _local(text)


def _read_url(text: str) -> Address:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise AddressError("the repository address is not a URL that can be read") from None
    if parts.scheme not in tuple(Scheme):
        raise AddressError("a repository address begins with https://, ssh:// or file://; nothing else is spoken")
    scheme = Scheme(parts.scheme)
    if parts.password is not None or (scheme is not Scheme.SSH and "@" in parts.netloc):
        raise AddressError(
            "the repository address holds credentials: set instead TRUEUP_GIT_TOKEN_FILE or TRUEUP_GIT_TOKEN"
        )
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise AddressError("a repository address has no '?' and no '#'")
    if re.search(r"%(?:[01][0-9A-Fa-f]|7[Ff])", text):
        raise AddressError("the repository address holds an encoded control character")
    if scheme is Scheme.FILE:
        if parts.netloc:
            raise AddressError("a file:// address names a path on this machine: file:///path")
        return _local(unquote(parts.path))
    return _remote(parts, scheme, port)


def _remote(parts: SplitResult, scheme: Scheme, port: int | None) -> Address:
    host = parts.hostname or ""
    if not (_HOST.fullmatch(host) or _is_ip(host)):
        raise AddressError("the host of the repository address is not a host name")
    if scheme is Scheme.SSH and parts.username is not None and not _USER.fullmatch(parts.username):
        raise AddressError("the user of the ssh address is not a user name")
    if scheme is Scheme.HTTP and not _loopback(host):
        raise AddressError("plain http:// would show the specs and the token to the network: write https://")
    if not _REMOTE_PATH.fullmatch(parts.path) or parts.path.startswith("/-") or parts.path == "/":
        raise AddressError("the path of the repository address is missing, or has characters that are not taken")
    at = f"[{host}]" if ":" in host else host
    door = f"{at}:{port}" if port is not None else at
    if scheme is Scheme.SSH:
        user = f"{parts.username}@" if parts.username else ""
        return Address(url=f"ssh://{user}{door}{parts.path}", scheme=scheme)
    return Address(url=f"{scheme}://{door}{parts.path}", scheme=scheme, origin=f"{scheme}://{door}/")


def _read_scp(text: str) -> Address:
    """Read user@host:path, which stays as it is: its path is relative to a home, that of ssh:// is not."""
    door, _, path = text.partition(":")
    user, at, host = door.rpartition("@")
    if not _HOST.fullmatch(host) or (at and not _USER.fullmatch(user)):
        raise AddressError("the part of the ssh address before ':' is not user@host")
    if not _REMOTE_PATH.fullmatch(path) or path.startswith("-"):
        raise AddressError("the path of the ssh address is missing, or has characters that are not taken")
    return Address(url=text, scheme=Scheme.SSH)


def _local(path: str) -> Address:
    """Name a local repository by URL: given a bare path, git would also read it as a bundle file."""
    if not path or "\0" in path:
        raise AddressError("the repository address names no path")
    return Address(url=f"file://{quote(os.path.abspath(path))}", scheme=Scheme.FILE)  # noqa: PTH100 - lexical, nothing is looked up


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _loopback(host: str) -> bool:
    return host == "localhost" or (_is_ip(host) and ip_address(host).is_loopback)


def read_branch(text: str) -> str:
    """Read a branch's short name, stricter than git-check-ref-format. Raises AddressError."""
    if not _BRANCH.fullmatch(text) or _NOT_IN_A_BRANCH.search(text):
        raise AddressError("the branch is not a plain branch name such as main or release/2.x")
    return text


def read_path(text: str) -> str:
    """Read the folder that holds the specs; '' and '.' are the top of the repository. Raises AddressError."""
    if text.startswith("/"):
        raise AddressError("the path of the specs begins at the top of the repository, without '/'")
    folders = [folder for folder in text.split("/") if folder not in {"", "."}]
    if any(folder == ".." or folder.lower() == ".git" or not _FOLDER.fullmatch(folder) for folder in folders):
        raise AddressError("the path of the specs is a plain folder such as specs or deploy/specs")
    if folders and folders[0].startswith("-"):
        raise AddressError("the path of the specs begins with '-'")
    return "/".join(folders)
