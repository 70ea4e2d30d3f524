"""Credentials for git, handed over where no other process can read them off a command line."""

import base64
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from controller.errors import SpecError
from controller.sources.address import Address, Scheme
from controller.sources.permit import Permit
from controller.sources.snapshot import NoSnapshot, Reason

__all__ = ["Credentials", "Permit", "permit", "ssh_command"]

_HEADER = "TRUEUP_GIT_HEADER"
_LONGEST_TOKEN = 16 * 1024
_TOKEN = re.compile(r"[\x21-\x7e]+")
_USERNAME = re.compile(r"[A-Za-z0-9_.@+-]{1,128}")
_SSH_FILE = re.compile(r"/[^\x00-\x1f\x7f%$\"\\]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How we show who we are: a token for https, a key and the server's known keys for ssh.

    Files are read again at every poll, so that a rotated token or key is used at once. The default user name is the
    one that GitHub asks for with an app's token; hosts that take personal tokens accept any.
    Raises SpecError for what cannot work.
    """

    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    username: str = "x-access-token"
    ssh_key_file: Path | None = None
    known_hosts_file: Path | None = None
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if self.token is not None and self.token_file is not None:
            raise SpecError("TRUEUP_GIT_TOKEN and TRUEUP_GIT_TOKEN_FILE exclude each other")
        if self.token is not None and not _TOKEN.fullmatch(self.token):
            raise SpecError("TRUEUP_GIT_TOKEN is empty, or holds a space or a control character")
        if not _USERNAME.fullmatch(self.username):
            raise SpecError("TRUEUP_GIT_USERNAME is not a user name")
        for name, file in (("SSH_KEY", self.ssh_key_file), ("KNOWN_HOSTS", self.known_hosts_file)):
            if file is not None and not _SSH_FILE.fullmatch(str(file)):
                raise SpecError(f'TRUEUP_GIT_{name}_FILE is not an absolute path, or holds one of % $ " \\')

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Credentials":
        """Read the TRUEUP_GIT_… variables; empty is absent.

        They are TOKEN, TOKEN_FILE, USERNAME, SSH_KEY_FILE, KNOWN_HOSTS_FILE and CA_FILE. Raises SpecError.
        """

        def file(name: str) -> Path | None:
            text = environment.get(f"TRUEUP_GIT_{name}")
            return Path(text) if text else None

        return cls(
            token=environment.get("TRUEUP_GIT_TOKEN") or None,
            token_file=file("TOKEN_FILE"),
            username=environment.get("TRUEUP_GIT_USERNAME") or "x-access-token",
            ssh_key_file=file("SSH_KEY_FILE"),
            known_hosts_file=file("KNOWN_HOSTS_FILE"),
            ca_file=file("CA_FILE"),
        )


def permit(credentials: Credentials, address: Address) -> Permit | NoSnapshot:
    """Work out what git is given for one address; the token goes to that address's own host only."""
    if address.scheme is Scheme.SSH:
        return _ssh(credentials)
    if address.scheme is Scheme.FILE:
        return Permit()
    authority = ("-c", f"http.sslCAInfo={credentials.ca_file}") if credentials.ca_file else ()
    try:
        token = credentials.token if credentials.token_file is None else _read_token(credentials.token_file)
    except (OSError, ValueError) as problem:
        return NoSnapshot(
            reason=Reason.DENIED, why=f"the file of TRUEUP_GIT_TOKEN_FILE cannot be used: {_cause(problem)}"
        )
    if token is None:
        return Permit(options=authority)
    basic = base64.b64encode(f"{credentials.username}:{token}".encode()).decode()
    return Permit(
        options=(*authority, f"--config-env=http.{address.origin}.extraHeader={_HEADER}"),
        environment=((_HEADER, f"Authorization: Basic {basic}"),),
        secrets=(token, basic),
    )


def _read_token(file: Path) -> str:
    with file.open("rb") as opened:
        text = opened.read(_LONGEST_TOKEN + 1).decode("ascii", "replace").strip()
    if len(text) > _LONGEST_TOKEN or not _TOKEN.fullmatch(text):
        raise ValueError("it does not hold one token and nothing else")
    return text


def _ssh(credentials: Credentials) -> Permit | NoSnapshot:
    key, known = credentials.ssh_key_file, credentials.known_hosts_file
    if key is None or known is None:
        return NoSnapshot(
            reason=Reason.DENIED,
            why="an ssh address needs TRUEUP_GIT_SSH_KEY_FILE and TRUEUP_GIT_KNOWN_HOSTS_FILE, and one is not set",
        )
    try:
        stamp = (key.stat().st_mtime_ns, known.stat().st_mtime_ns)
    except OSError as problem:
        return NoSnapshot(reason=Reason.DENIED, why=f"a file for ssh cannot be used: {_cause(problem)}")
    return Permit(
        environment=(("GIT_SSH_COMMAND", ssh_command(key, known)), ("GIT_SSH_VARIANT", "ssh")), stamp=stamp
    )


def ssh_command(key: Path, known_hosts: Path) -> str:
    """Compose the ssh that git runs: no user's configuration, no agent, no prompt, no unknown server.

    The list of known hosts is quoted twice, for the shell and for ssh, which splits that option at spaces.
    """
    options = (
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        f'UserKnownHostsFile="{known_hosts}"',
        "GlobalKnownHostsFile=/dev/null",
        "ConnectTimeout=10",
        "ServerAliveInterval=5",
        "ServerAliveCountMax=3",
    )
    words = ["ssh", "-F", "/dev/null", "-i", str(key)]
    for option in options:
        words += ["-o", option]
    return shlex.join(words)


def _cause(problem: OSError | ValueError) -> str:
    return (problem.strerror or "it cannot be read") if isinstance(problem, OSError) else str(problem)
