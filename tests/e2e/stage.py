"""The stage of one test: a real git repository, the embedded ECS, the real controller, and eyes on all of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from controller.app.cycles import replayed
from controller.app.memory import open_store
from controller.app.sandbox import seeds_of
from controller.model.names import EnvName, TargetName
from controller.model.record import Memory
from controller.model.rollout import Phase
from controller.model.status import TargetStatus
from controller.model.story import Entry, Event
from controller.ports import Store
from tests.e2e.cloud import Cloud, Eye, told
from tests.e2e.environments import environment, family
from tests.e2e.process import Controller, Said, trueup, wait_until
from tests.sources.repository import Repository

FIRST = "v1.2.3"  # what is seeded is one version back
SEEDED = "v1.2.2"
# What trueup never does, whatever it reads or cannot read.
NEVER = frozenset({
    "DeregisterTaskDefinition", "DeleteTaskDefinitions", "DeleteService", "DeleteCluster", "CreateService",
    "CreateCluster", "TagResource", "UntagResource",
})  # fmt: skip
OURS = frozenset({"cluster", "service", "taskDefinition", "deploymentConfiguration", "forceNewDeployment"})
POLL = "200ms"


class Stage:
    """Everything that a test needs; `speed` is simulated seconds a real one."""

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self.folder, self.cloud = folder, cloud
        self.eye = Eye(cloud.endpoint_url)
        self.repository = Repository(folder / "specs.git")
        self.url = f"sqlite:///{folder}/trueup.db"
        self.cycles = folder / "cycles"
        self.variables = {"TRUEUP_CLOCK": cloud.clock.setting() or ""}
        self.processes: list[Controller] = []
        self.expects_trouble = False
        self.forgiven: set[str] = set()
        self._store: Store | None = None

    # --- what there is

    def seed(self, files: Mapping[str, str]) -> None:
        """Make the services that these specs name, one version back, as if they had long been there."""
        folder = self.folder / f"seeds{len(list(self.folder.glob('seeds*')))}"
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.cloud.seed(seeds_of(folder))

    def commit(self, files: Mapping[str, str | None], **more: Any) -> str:
        """Commit files below specs/; None deletes one."""
        return self.repository.commit({f"specs/{name}": text for name, text in files.items()}, **more)

    def release(self, version: str, **terms: Any) -> str:
        """Commit another version of prod/api."""
        return self.commit({"prod.yaml": environment("prod", version, **terms)}, message=f"Release {version}")

    def begin(self, **terms: Any) -> Controller:
        """Start from rest: what runs is what the spec wants, and is good."""
        self.seed({"prod.yaml": environment("prod", FIRST, **terms)})
        self.release(SEEDED, **terms)
        controller = self.start()
        self.until(f"{SEEDED} is good", lambda: self.memory().goods)
        return controller

    def begin_all(self, *names: str) -> Controller:
        """Start from rest with several environments."""
        self.seed({f"{name}.yaml": environment(name, FIRST) for name in names})
        self.commit({f"{name}.yaml": environment(name, SEEDED) for name in names})
        controller = self.start()
        for name in names:
            self.until(f"{SEEDED} is good in {name}", lambda name=name: self.memory(env=name).goods)
        return controller

    # --- processes

    def words(self, **flags: str) -> list[str]:
        given = {
            "repo": self.repository.url,
            "store": self.url,
            "listen": "127.0.0.1:0",
            "poll": POLL,
            "endpoint-url": self.cloud.endpoint_url,
            "cache": str(self.folder / "cache"),
            "log": "json",
            "save-cycles": str(self.cycles),
            **{name.replace("_", "-"): value for name, value in flags.items()},
        }
        return [word for name, value in given.items() if value for word in (f"--{name}", value)]

    def start(self, **flags: str) -> Controller:
        """Start the controller; it may not have begun to serve yet."""
        log = self.folder / f"controller{len(self.processes)}.log"
        self.processes.append(Controller(self.words(**flags), self.variables, log))
        return self.processes[-1]

    def once(self, **flags: str) -> Said:
        """Make one turn for each environment."""
        return trueup("run", "--once", *self.words(**flags), **self.variables)

    def order(self, *words: str, code: int = 0) -> Said:
        """Give a command beside the running controller."""
        said = trueup(*words, "--store", self.url, TRUEUP_ACTOR="ada")
        assert said.code == code, f"{words} ended with {said.code}\n{said.out}{said.err}\n{self.story()}"
        return said

    def kill(self) -> None:
        self.processes[-1].kill()

    def forgives(self, operation: str) -> None:
        """Say that the test itself does what trueup never does."""
        self.forgiven.add(operation)

    # --- eyes

    @property
    def store(self) -> Store:
        """The store, read as a command reads it, beside the controller."""
        if self._store is None:
            wait_until("there is a store", (self.folder / "trueup.db").exists, story=self.story)
            self._store = open_store(self.url, must_exist=True)
        return self._store

    def forget_store(self) -> None:
        """Remove the store, as a disk that is gone does; the controller is not running."""
        if self._store is not None:
            self._store.close()
            self._store = None
        for file in self.folder.glob("trueup.db*"):
            file.unlink()

    def memory(self, target: str = "api", env: str = "prod") -> Memory:
        """What the controller remembers of a target; nothing yet is an empty memory."""
        return self.store.load(EnvName(env)).targets.get(TargetName(target)) or Memory()

    def phase(self, target: str = "api", env: str = "prod") -> Phase:
        return self.memory(target, env).phase

    def status(self, target: str = "api", env: str = "prod") -> TargetStatus | None:
        """How a target stood at the end of its last turn."""
        shown = self.store.shown()
        return next((one for one in shown if (one.env, one.target) == (env, target)), None)

    def journal(self, event: Event | None = None, target: str | None = None, env: str = "prod") -> list[Entry]:
        rows = self.store.journal(env=EnvName(env), target=TargetName(target) if target else None, limit=10_000)
        return [row for row in rows if event in {None, row.event}]

    def told(self, target: str = "api", place: str = "prod") -> list[str]:
        """The versions that AWS was told to run, one for each UpdateService."""
        return told(self.cloud.changes(), self.eye, target, place)

    def stopped(self) -> int:
        """How often a deployment was stopped, so that ECS went back."""
        return sum(change["operation"] == "StopServiceDeployment" for change in self.cloud.changes())

    def registered(self, version: str, target: str = "api", place: str = "prod") -> list[str]:
        """The task definitions that were registered for a version."""
        return [
            change["taskDefinitionArn"]
            for change in self.cloud.changes()
            if change["operation"] == "RegisterTaskDefinition"
            and change["parameters"]["family"] == family(target, place)
            and self.eye.tag_of(change["parameters"]["images"][target]) == version
            and change["outcome"] in {"done", "lost"}
        ]

    def quarantined(self, target: str = "api", env: str = "prod") -> set[str]:
        return {barred.version for barred in self.memory(target, env).quarantine.values()}

    def goods(self, target: str = "api", env: str = "prod") -> list[str]:
        return [kept.release.version for kept in self.memory(target, env).goods]

    # --- time

    def until(self, what: str, condition: Any, seconds: float = 60.0) -> Any:
        return wait_until(what, condition, seconds, self.story)

    def until_rests(self, version: str, target: str = "api", env: str = "prod", place: str = "") -> None:
        """Wait until nothing moves, and this is what runs; stalled is where a target rests after going back."""

        def rests() -> bool:
            memory = self.memory(target, env)
            current = memory.current.release.version if memory.current else ""
            return memory.phase in {Phase.IDLE, Phase.PENDING, Phase.STALLED} and current == version

        self.until(f"{env}/{target} rests on {version}", rests)
        self.until(f"ECS runs {version}", lambda: self.eye.running(target, place or env) == version)

    def until_ended(self, version: str, result: str, target: str = "api", env: str = "prod") -> Entry:
        """Wait until a rollout of this version ended, and how; gives the row of the journal."""

        def found() -> Entry | None:
            rows = self.journal(Event.ENDED, target, env)
            return next((row for row in rows if (row.version, row.data["result"]) == (version, result)), None)

        return self.until(f"the rollout of {version} ended: {result}", found)

    def looks(self, times: int = 2, what: str = "it looked again") -> None:
        """Wait until the controller has looked at ECS so many times more."""
        before = self.cloud.asked("DescribeServices")
        self.until(what, lambda: self.cloud.asked("DescribeServices") >= before + times)

    # --- the end

    def story(self) -> str:
        """All that is known, for whoever has to find out why a test failed."""
        parts = [f"calls: {[_short(change) for change in self.cloud.changes()]}"]
        if (self.folder / "trueup.db").exists():
            rows = self.store.journal(limit=25)
            parts += [f"journal: {row.env}/{row.target} {row.event.value}: {row.text}" for row in rows]
        parts += [process.tail() for process in self.processes[-2:]]
        return "\n".join(parts)

    def close(self) -> None:
        """End everything, and hold what must be true of every run."""
        for process in self.processes:
            if not process.has_ended:
                process.kill()
        if self._store is not None:
            self._store.close()
        self.eye.close()

    def check(self) -> None:
        """What must be true of every run, whatever the test was about."""
        for change in self.cloud.changes():
            assert change["operation"] not in NEVER - self.forgiven, change
            if change["operation"] == "UpdateService":
                assert set(change["parameters"]) <= OURS, change
            if change["operation"] == "StopServiceDeployment":
                assert change["parameters"]["stopType"] == "ROLLBACK", change
            if change["operation"] == "StopTask":
                assert " hook " in change["parameters"]["reason"], change  # never of a service
        self.check_cycles()
        if not self.expects_trouble:
            broken = [line for one in self.processes for line in one.lines() if line.get("event") in BROKEN]
            assert broken == [], self.story()

    def check_cycles(self) -> int:
        """Every turn that was saved is decided again, to the identical plan; gives how many there were."""
        files = sorted(self.cycles.glob("*.json")) if self.cycles.exists() else []
        for file in files:
            cycle, plan = replayed(file)
            assert plan == cycle.plan, f"{file.name} was decided otherwise than it was\n{self.story()}"
        return len(files)


BROKEN = frozenset({"turn failed", "watcher failed"})


def _short(change: Mapping[str, Any]) -> str:
    asked = change["parameters"]
    what = asked.get("taskDefinition") or asked.get("family") or ""
    return f"{change['operation']} {asked.get('service', '')} {what.rpartition('/')[2]}: {change['outcome']}"
