"""The only place that starts git: a fixed environment, no shell, and an end to time, memory and output.

Nothing of our own environment, of the user's or of the machine's git configuration reaches git. The variables and
settings are explained in git(1) and git-config(1); where one is not plain, what it keeps away is said beside it.
"""

import contextlib
import math
import os
import selectors
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from controller.sources.address import Scheme
from controller.sources.limits import Limits
from controller.sources.permit import Permit

_PATH = "/usr/bin:/bin"
_CHUNK = 64 * 1024
_NO_PERMIT = Permit()

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",  # it is a command
    "core.symlinks=false",
    "core.attributesFile=/dev/null",
    "safe.bareRepository=explicit",
    "protocol.version=2",  # one branch is asked for, not the list of all refs
    "http.followRedirects=false",  # a redirect would carry the token to another host
    "http.sslVerify=true",
    "http.lowSpeedLimit=1000",
    "fetch.fsckObjects=true",
    "fetch.unpackLimit=1",  # one pack a fetch, so that there is one thing to count and to tidy
    "transfer.credentialsInUrl=die",
    "transfer.bundleURI=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=no",
    "credential.helper=",
    "gc.auto=0",  # an accepted commit that a force push left behind stays readable
    "maintenance.auto=false",
    "pack.threads=2",
)


def environment(cache: Path, scheme: Scheme | None) -> dict[str, str]:
    """Compose git's whole environment; only the protocol of the operator's own address is spoken, if any."""
    return {
        "PATH": _PATH,
        "HOME": "/nonexistent",
        "LC_ALL": "C",  # failures are told apart by git's words
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_ALLOW_PROTOCOL": scheme.value if scheme else "",
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": "/dev/null",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_CEILING_DIRECTORIES": str(cache),
        "GIT_DEFAULT_REF_FORMAT": "files",  # the mirror's refs are read as files
    }


class Ended(StrEnum):
    """Who ended a git process."""

    ITSELF = "itself"
    SLOW = "slow"
    BIG = "big"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A git process that is over. `code` is its exit code, negative for a signal; `err` is capped.

    `waited` is how many seconds it had.
    """

    code: int
    out: bytes
    err: str
    ended: Ended = Ended.ITSELF
    waited: float = 0.0

    @property
    def well(self) -> bool:
        """Whether it ended by itself, with success."""
        return self.code == 0 and self.ended is Ended.ITSELF


class Git:
    """Runs git for one repository; `stop` may be called from another thread than `run`."""

    def __init__(self, *, cache: Path, scheme: Scheme | None, limits: Limits) -> None:
        self._cache = cache
        self._environment = environment(cache, scheme)
        self._limits = limits
        self._running: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._guard = threading.Lock()

    @property
    def stopped(self) -> bool:
        """Whether nothing will be started any more."""
        return self._stopped

    def run(
        self,
        *words: str,
        at: Path | None = None,
        permit: Permit = _NO_PERMIT,
        feed: bytes = b"",
        most: int | None = None,
        wait: float | None = None,
    ) -> Done:
        """Run one git command, in the repository `at` if given, with `feed` as its input.

        It is killed with all its children when it takes longer than `wait` seconds or writes more than `most` bytes
        (by default what the limits say of a command and of a listing). Raises OSError when it cannot be started.
        """
        limits = self._limits
        wait = limits.wait if wait is None else wait
        command = [*_bounds(limits, wait), "git"]
        if at is not None:
            command.append(f"--git-dir={at}")
        for setting in (*_SETTINGS, f"http.lowSpeedTime={limits.silence}"):
            command += ["-c", setting]
        process = self._start([*command, *permit.options, *words], permit, with_input=bool(feed))
        if process is None:
            return Done(code=-1, out=b"", err="", ended=Ended.STOPPED)
        pump = _Pump(process, feed, limits.listing_bytes if most is None else most, limits.error_bytes)
        with process:
            try:
                ended = pump.run(time.monotonic() + wait)
            finally:
                self._finish(process)
        err = pump.err.decode("utf-8", "replace")
        return Done(
            code=process.returncode,
            out=bytes(pump.out),
            err=err,
            ended=Ended.STOPPED if self._stopped else ended,
            waited=wait,
        )

    def _start(self, command: list[str], permit: Permit, *, with_input: bool) -> subprocess.Popen[bytes] | None:
        with self._guard:
            if self._stopped:
                return None
            self._running = subprocess.Popen(
                command,
                env={**self._environment, **dict(permit.environment)},
                cwd=self._cache,
                stdin=subprocess.PIPE if with_input else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            return self._running

    def _finish(self, process: subprocess.Popen[bytes]) -> None:
        with self._guard:
            self._running = None
            if process.returncode is None:
                _kill(process)

    def stop(self) -> None:
        """Kill what runs, and start nothing any more."""
        with self._guard:
            self._stopped = True
            if self._running is not None and self._running.returncode is None:
                _kill(self._running)


class _Pump:
    """Moves bytes to and from one process until it closes its output, takes too long or says too much."""

    def __init__(self, process: subprocess.Popen[bytes], feed: bytes, most: int, most_errors: int) -> None:
        self.out = bytearray()
        self.err = bytearray()
        self._process = process
        self._feed = memoryview(feed)
        self._most = most
        self._most_errors = most_errors

    def run(self, deadline: float) -> Ended:
        """Pump until the process is over, and say who ended it; one that does not end by itself is left running."""
        with selectors.DefaultSelector() as waiting:
            for stream in (self._process.stdout, self._process.stderr):
                if stream is not None:
                    waiting.register(stream, selectors.EVENT_READ)
            if self._process.stdin is not None:
                os.set_blocking(self._process.stdin.fileno(), False)
                waiting.register(self._process.stdin, selectors.EVENT_WRITE)
            while waiting.get_map():
                left = deadline - time.monotonic()
                if left <= 0:
                    return Ended.SLOW
                for key, _ in waiting.select(left):
                    if not self._move(key.fd):
                        waiting.unregister(key.fileobj)
                        self._close_input(key.fd)
                if len(self.out) > self._most:
                    return Ended.BIG
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return Ended.SLOW
        return Ended.ITSELF

    def _move(self, number: int) -> bool:
        """Move one chunk through one pipe; False when there is no more to come."""
        if self._process.stdin is not None and number == self._process.stdin.fileno():
            return self._write(number)
        chunk = os.read(number, _CHUNK)
        if self._process.stdout is not None and number == self._process.stdout.fileno():
            self.out += chunk
        else:
            self.err += chunk[: max(0, self._most_errors - len(self.err))]
        return bool(chunk)

    def _close_input(self, number: int) -> None:
        if self._process.stdin is not None and number == self._process.stdin.fileno():
            self._process.stdin.close()
            self._process.stdin = None

    def _write(self, number: int) -> bool:
        try:
            written = os.write(number, self._feed[:_CHUNK])
        except BrokenPipeError:
            written = len(self._feed)  # git has died; its exit code says of what
        self._feed = self._feed[written:]
        return bool(self._feed)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole session; its leader is not reaped yet, so the number is still its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _bounds(limits: Limits, wait: float) -> tuple[str, ...]:
    """Give the command that sets resource limits and becomes git.

    Our own code between fork and exec would not be safe with threads. util-linux has the command on every Linux;
    where it is missing (macOS), size and memory stay unbounded, time does not.
    """
    prlimit = shutil.which("prlimit", path=_PATH)
    if prlimit is None:
        return ()
    seconds = math.ceil(wait) + 1
    return (prlimit, f"--fsize={limits.pack_bytes}", f"--as={limits.memory_bytes}", f"--cpu={seconds}", "--core=0")
