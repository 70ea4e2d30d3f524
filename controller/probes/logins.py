"""Names and passwords for registries, from the configuration file that `docker login` writes."""

import base64
import binascii
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from controller.errors import AccessError
from controller.probes.hosts import HUB

_LARGEST: Final = 1024 * 1024
_HUB_KEYS: Final = (HUB, "https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io")


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A name and a password, which no representation shows."""

    user: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The header that carries both (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


class Logins:
    """Reads a docker `config.json`, again at every question, so that it may be rotated.

    Only `auths` with an `auth` is used: no credential helper is run, and no identity token is traded. Without a
    `path` it is the file of whoever runs this, which need not exist; a file that was named must.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def __call__(self, host: str) -> Login | None:
        """Give the login for a registry, if there is one; AccessError if the file can not be read."""
        named = self._path or Path("~/.docker/config.json")
        try:
            with named.expanduser().open("rb") as file:
                document: object = json.loads(file.read(_LARGEST))
        except (OSError, RuntimeError) as error:
            if self._path is None:
                return None
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "no home folder"
            raise AccessError(f"the logins in {named} can not be read: {reason}") from error
        except (ValueError, RecursionError) as error:
            raise AccessError(f"the logins in {named} can not be read: it is no JSON") from error
        auths = document.get("auths") if isinstance(document, dict) else None
        if not isinstance(auths, dict):
            return None
        keys = _HUB_KEYS if host == HUB else (host, f"https://{host}", f"https://{host}/", f"https://{host}/v2/")
        return next((login for key in keys if (login := _login(auths.get(key)))), None)


def _login(entry: object) -> Login | None:
    written = entry.get("auth") if isinstance(entry, dict) else None
    if not isinstance(written, str):
        return None
    try:
        user, colon, password = base64.b64decode(written, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Login(user=user, password=password.rstrip("\0")) if colon and user else None
