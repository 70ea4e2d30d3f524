"""A real registry, Docker's own, for one test or many: its address, and images pushed to it as a builder would."""

import os
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from controller.sandbox.contents import Content, made

PROGRAM = shutil.which("docker-registry")
needs_registry = [
    pytest.mark.registry,
    pytest.mark.skipif(not PROGRAM and os.environ.get("CI") != "true", reason="docker-registry is not installed"),
]
USER, PASSWORD = "ana", "open sesame"
_ENTRY = "ana:$2b$04$/eCNkl8jcxPMBLAe3cUdyeLNkElPglAgGF1jFsWrOl71Ye1jTwDk."  # bcrypt of the password, cheaply
_PATIENCE = 20.0


@dataclass(frozen=True)
class Registry:
    """Where it listens."""

    host: str

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str]]:
        url = path if path.startswith("http") else f"http://{self.host}{path}"
        data = body if method in {"POST", "PUT", "PATCH"} else None
        request = urllib.request.Request(url, data=data, method=method, headers=headers)  # noqa: S310 - our own
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310 - our own
                return answer.status, dict(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers)

    def push(self, name: str, tag: str, platforms: tuple[str, ...] = ("linux/amd64", "linux/arm64")) -> Content:
        """Build an image and push it, all its parts first."""
        image = made(f"{self.host}/{name}:{tag}", platforms)
        for one in (*image.children, image):
            for digest, blob in one.blobs.items():
                place = self.ask("POST", f"/v2/{name}/blobs/uploads/")[1]["Location"]
                kind = {"Content-Type": "application/octet-stream"}
                assert self.ask("PUT", f"{place}&digest={digest}", blob, **kind)[0] == 201
            reference = tag if one is image else one.digest
            status, _ = self.ask("PUT", f"/v2/{name}/manifests/{reference}", one.body, **{"Content-Type": one.kind})
            assert status == 201
        return image

    def has(self, name: str, reference: str) -> str:
        """The digest of what is under a reference; empty if nothing is."""
        accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"
        status, headers = self.ask("HEAD", f"/v2/{name}/manifests/{reference}", Accept=accept)
        return headers["Docker-Content-Digest"] if status == 200 else ""


@contextmanager
def running(folder: Path, *, locked: bool = False) -> Iterator[Registry]:
    """A registry that keeps what it has in a folder; `locked` lets only `USER` in."""
    assert PROGRAM, "CI needs docker-registry (Debian's package is docker-registry)"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    passwords, config = folder / "htpasswd", folder / "config.yml"
    passwords.write_text(_ENTRY + "\n")
    auth = f"auth: {{htpasswd: {{realm: here, path: {passwords}}}}}\n" if locked else ""
    config.write_text(
        f"version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{rootdirectory: {folder / 'kept'}}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}', secret: for a test}}\n{auth}"
    )
    environment = {"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "serve", str(config)], env=environment, stdout=log, stderr=log)
        try:
            registry = Registry(f"127.0.0.1:{port}")
            _wait(registry, process, folder / "log")
            yield registry
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def _wait(registry: Registry, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        assert process.poll() is None, log.read_text()
        try:
            assert registry.ask("GET", "/v2/")[0] in {200, 401}
        except OSError:
            threading.Event().wait(0.1)
        else:
            return
    raise AssertionError(log.read_text())
