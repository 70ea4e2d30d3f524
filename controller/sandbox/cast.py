"""The demo's cast: the sandbox and the controller as processes, a git repository, and an eye on ECS itself."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

_PATIENCE: Final = 20.0  # seconds for one look
_IDENTITY: Final = {
    "GIT_AUTHOR_NAME": "a developer",
    "GIT_AUTHOR_EMAIL": "developer@unifocus.example.com",
    "GIT_COMMITTER_NAME": "a developer",
    "GIT_COMMITTER_EMAIL": "developer@unifocus.example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Failed(Exception):
    """The demo did not go as it must; the text says what was expected and what was found."""


class Process:
    """One of our own commands as a process, its output read line by line as it comes."""

    def __init__(self, args: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "controller", *args],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.errors: queue.SimpleQueue[str] = queue.SimpleQueue()
        for stream, into in ((self._process.stdout, self.lines), (self._process.stderr, self.errors)):
            threading.Thread(target=_pump, args=(stream, into), daemon=True).start()

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    def first_line(self, seconds: float) -> str:
        """Wait for the first line of its output; raises Failed with its errors when none comes."""
        try:
            return self.lines.get(timeout=seconds)
        except queue.Empty:
            said = "\n".join(drain(self.errors)[-10:])
            raise Failed(f"a process did not begin within {seconds:.0f} s: {said}") from None

    def finished(self) -> int:
        """Wait for it to end by itself; gives its exit code."""
        return self._process.wait(timeout=60)

    def stop(self) -> int:
        """Ask it to stop, and make it stop if it does not; gives its exit code."""
        if not self.ended:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def _pump(stream: Any, into: "queue.SimpleQueue[str]") -> None:  # noqa: ANN401  a text stream of subprocess
    with stream:
        for line in stream:
            into.put(line.rstrip("\n"))


def drain(lines: "queue.SimpleQueue[str]") -> list[str]:
    """Take what has come so far."""
    found: list[str] = []
    while True:
        try:
            found.append(lines.get_nowait())
        except queue.Empty:
            return found


class Repository:
    """A real git repository with the example specs, changed as a team would change it."""

    def __init__(self, folder: Path, specs: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self._git("init", "-q", "-b", "main")
        for file in sorted(specs.rglob("*.yaml")):
            copy = folder / "specs" / file.relative_to(specs)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())

    def edit(self, file: str, changes: Mapping[str, str]) -> None:
        """Replace text in one file; raises Failed if it is not there exactly once."""
        path = self.folder / "specs" / file
        text = path.read_text(encoding="utf-8")
        for old, new in changes.items():
            if text.count(old) != 1:
                raise Failed(f"specs/{file} holds {old!r} {text.count(old)} times; the demo expects it once")
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")

    def commit(self, message: str) -> str:
        """Commit everything; gives the commit."""
        self._git("add", "-A")
        self._git("commit", "-q", "-m", message)
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *args: str) -> str:
        done = subprocess.run(
            ["git", *args],
            cwd=self.folder,
            env={**os.environ, **_IDENTITY},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Failed(f"git {args[0]}: {done.stderr.strip()}")
        return done.stdout


class Eye:
    """Reads ECS as anybody would, with the SDK and the account's role: what it says is the proof."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._clients: dict[str, Any] = {}

    def running(self, account: str, cluster: str, service: str) -> tuple[str, str, bool]:
        """Give the image tag of what is PRIMARY, its rollout state, and whether all its tasks run."""
        with _looking_at(service):
            ecs = self._ecs(account)
            found = ecs.describe_services(cluster=cluster, services=[service])["services"][0]
            primary = next(one for one in found["deployments"] if one["status"] == "PRIMARY")
            definition = ecs.describe_task_definition(taskDefinition=primary["taskDefinition"])["taskDefinition"]
            tag = self._tag(str(definition["containerDefinitions"][0]["image"]))
        whole = primary["runningCount"] == found["desiredCount"] and len(found["deployments"]) == 1
        return tag, str(primary.get("rolloutState", "")), whole

    def _tag(self, image: str) -> str:
        """Give the tag of an image; for one that is written by digest, the tag that the digest came from."""
        _, at, digest = image.partition("@")
        if at:
            image = str(self._told("images")["origins"][digest])
        return image.rpartition(":")[2]

    def _told(self, path: str) -> dict[str, Any]:
        with urlopen(f"{self._endpoint}/sandbox/{path}", timeout=_PATIENCE) as answer:  # noqa: S310  our own loopback address
            told: dict[str, Any] = json.load(answer)
        return told

    def verdict(self, account: str, cluster: str, service: str) -> str:
        """Give the newest service deployment's status, in ECS's words."""
        with _looking_at(service):
            listed = self._ecs(account).list_service_deployments(cluster=cluster, service=service)
            newest = max(listed["serviceDeployments"], key=lambda one: one["createdAt"])
        return str(newest["status"])

    def calls(self, operation: str, service: str) -> int:
        """Count the changing calls of one operation that named a service, and were carried out."""
        with _looking_at(service):
            changes = self._told("calls")["changes"]
        return sum(
            one["operation"] == operation
            and one["outcome"] == "done"
            and _service_of(one["parameters"]).endswith(service)
            for one in changes
        )

    def close(self) -> None:
        """Let go of its connections."""
        for client in self._clients.values():
            client.close()

    def _ecs(self, account: str) -> Any:  # noqa: ANN401  the SDK makes its clients at run time
        if account not in self._clients:
            import boto3  # noqa: PLC0415  loaded only where AWS is spoken to

            make: Any = boto3.Session().client
            where = {"endpoint_url": self._endpoint, "region_name": "eu-west-1"}
            ours = {"aws_access_key_id": "demo", "aws_secret_access_key": "demo"}
            role = f"arn:aws:iam::{account}:role/trueup"
            sts = make("sts", **where, **ours)
            with closing(sts):
                lent = sts.assume_role(RoleArn=role, RoleSessionName="demo")["Credentials"]
            self._clients[account] = make(
                "ecs",
                **where,
                aws_access_key_id=lent["AccessKeyId"],
                aws_secret_access_key=lent["SecretAccessKey"],
                aws_session_token=lent["SessionToken"],
            )
        return self._clients[account]


@contextmanager
def _looking_at(service: str) -> Iterator[None]:
    """Look at ECS; whatever comes between is the demo's failure, and raised as Failed."""
    try:
        yield
    except Exception as error:
        raise Failed(f"ECS did not say how {service} is: {type(error).__name__}: {error}") from error


def _service_of(parameters: Mapping[str, object]) -> str:
    """Find which service a call names: by itself, or in the name of a service deployment of it."""
    named = parameters.get("service") or str(parameters.get("serviceDeploymentArn", "")).rpartition("/")[0]
    return str(named)
