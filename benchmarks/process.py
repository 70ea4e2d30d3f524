"""Processes of a benchmark: started on a core of their own where that is possible, asked, measured and ended."""

import json
import os
import resource
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

CLIENT_CORE: Final = 0
SERVER_CORE: Final = 1
ROOT: Final = Path(__file__).resolve().parent.parent
_TASKSET: Final = shutil.which("taskset")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
PINNED: Final = _TASKSET is not None and {CLIENT_CORE, SERVER_CORE} <= os.sched_getaffinity(0)
# Nobody's real credentials, proxies or settings reach what is measured.
_FOREIGN: Final = ("AWS_", "GIT_", "TRUEUP_", "BOTO")
_PROXIES: Final = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})


def environment(**more: str) -> dict[str, str]:
    """Give an environment in which only a stub can be reached."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FOREIGN) and name.upper() not in _PROXIES
    }
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONPATH": str(ROOT),
        **more,
    }


def pinned(command: Sequence[str], core: int) -> list[str]:
    """Put a command on one core, if there are enough of them and taskset is there."""
    return [str(_TASKSET), "-c", str(core), *command] if PINNED else list(command)


def module(name: str, *arguments: object) -> list[str]:
    """Give the command that runs a module with this Python."""
    return [sys.executable, "-m", name, *map(str, arguments)]


@contextmanager
def started(
    command: Sequence[str], core: int, *, env: Mapping[str, str] | None = None, log: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process for as long as this lasts."""
    process = subprocess.Popen(
        pinned(command, core),
        env=dict(env or environment()),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if log is None else log,
        stderr=None if log is None else log,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


class Server:
    """A server that printed its port, and tells what it was asked."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("a server of the benchmark did not start")
        self.url = f"http://127.0.0.1:{json.loads(line)['port']}"

    def told(self) -> Any:
        """Give what it was asked."""
        return self._ask("/told", None)

    def forget(self) -> None:
        """Begin to count anew."""
        self._ask("/forget", b"")

    def _ask(self, path: str, body: bytes | None) -> Any:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(self.url + path, data=body), timeout=60) as answer:  # noqa: S310 - ours
            return json.loads(answer.read())


@contextmanager
def stub(*arguments: object) -> Iterator[Server]:
    """Run the stand-in for AWS."""
    with started(module("benchmarks.stub", *arguments), SERVER_CORE) as process:
        yield Server(process)


@contextmanager
def githost(root: Path) -> Iterator[Server]:
    """Serve the repositories of a folder."""
    with started(module("benchmarks.githost", root), SERVER_CORE) as process:
        yield Server(process)


class Subject:
    """A process that is told what to do, a line at a time, and answers with what it cost."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.ready = self._read()

    def do(self, what: str, **more: object) -> dict[str, float]:
        """Have it do something; gives its answer, `cpu` and `wall` seconds among it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **more}).encode() + b"\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("what is measured ended by itself; its words are above")
        found: dict[str, float] = json.loads(line)
        return found


@contextmanager
def subject(name: str, *arguments: object) -> Iterator[Subject]:
    """Run a module that obeys."""
    with started(module(name, *arguments), CLIENT_CORE) as process:
        yield Subject(process)


def obey(begin: Callable[[], Any], commands: Mapping[str, Callable[..., Mapping[str, float] | None]]) -> None:
    """Do what each line of stdin says, and answer with CPU and wall seconds, our own and git's."""
    print(json.dumps(_measured(begin, {})), flush=True)
    for line in sys.stdin:
        said = json.loads(line)
        print(json.dumps(_measured(commands[said.pop("do")], said)), flush=True)


def _measured(what: Callable[..., Any], said: Mapping[str, object]) -> dict[str, float]:
    mine, children, wall = time.process_time(), children_cpu(), time.perf_counter()
    found = what(**said)
    spent = {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - mine,
        "children": children_cpu() - children,
        "peak": peak_memory(),
    }
    return {**spent, **(found or {})}


def children_cpu() -> float:
    """Give the CPU seconds of all children of this process that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak_memory(pid: int | str = "self") -> float:
    """Give the most memory that a process ever held, in MB (VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell VmHWM")


def cpu_seconds(pid: int) -> tuple[float, float]:
    """Give the CPU seconds of a process, and those of its children that ended."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS, (int(fields[13]) + int(fields[14])) / _TICKS
