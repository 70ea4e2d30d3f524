"""A real sshd on loopback, which lets in whoever holds one key."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin:" + os.environ.get("PATH", ""))
PATIENCE = 10


@dataclass
class SshServer:
    folder: Path
    port: int

    def url(self, repository: Path) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{repository}"

    @property
    def key(self) -> Path:
        """The key that is let in."""
        return self.folder / "robot"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"


def make_key(path: Path) -> str:
    """Make a key pair; gives the public half."""
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "robot", "-f", str(path)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    return path.with_suffix(".pub").read_text()


@contextmanager
def serving_ssh(folder: Path) -> Iterator[SshServer]:
    """Run sshd for as long as this lasts."""
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = SshServer(folder=folder, port=port)
    host = make_key(folder / "host")
    (folder / "authorized_keys").write_text(make_key(server.key))
    server.known_hosts.write_text(f"[127.0.0.1]:{port} {host}")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # root's sshd wants an empty folder there
    options = {
        "ListenAddress": "127.0.0.1",
        "Port": port,
        "HostKey": f'"{folder / "host"}"',
        "AuthorizedKeysFile": f'"{folder / "authorized_keys"}"',
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
    }
    (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=log)
        try:
            _wait_for(process, server)
            yield server
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _wait_for(process: subprocess.Popen[bytes], server: SshServer) -> None:
    ends = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", server.port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError((server.folder / "log").read_text())
