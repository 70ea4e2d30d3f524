"""The demo: a good release, one that ECS takes back, one that we take back, and a pause. Every step is proven.

What is shown is what the controller says; what is believed is what ECS says.
"""

import json
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.sandbox.cast import Eye, Failed, Process, Repository, drain
from controller.sandbox.surroundings import undisturbed

SPEED: Final = 60
PATIENCE: Final = 60.0
_TAIL: Final = 10  # lines of the controller's log that are shown when something fails
_ACCOUNTS: Final = {"dev": "333344445555", "stage": "222233334444", "prod": "111122223333"}
EVERYWHERE: Final = {
    (_ACCOUNTS[env], f"unifocus-{env}-cluster", f"unifocus-{env}-{target}-service"): tag
    for env, tag in (("dev", "latest"), ("stage", "v1.2.3-stage"), ("prod", "v1.2.3"))
    for target in ("api", "web")
}
PROD: Final = (_ACCOUNTS["prod"], "unifocus-prod-cluster", "unifocus-prod-api-service")
STAGE: Final = (_ACCOUNTS["stage"], "unifocus-stage-cluster", "unifocus-stage-web-service")
_DONE: Final = "COMPLETED"
_KEYS: Final = {"AWS_ACCESS_KEY_ID": "demo", "AWS_SECRET_ACCESS_KEY": "demo"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that really happened, and how ECS shows it."""

    what: str
    proof: str


class Demo:
    """Tells the story on a terminal.

    `say` prints one line; while something is started, `held` keeps interrupts off; a step takes `patience` seconds.
    """

    def __init__(
        self,
        specs: Path,
        say: Callable[[str], None],
        *,
        held: Callable[[], AbstractContextManager[None]] = nullcontext,
        patience: float = PATIENCE,
    ) -> None:
        self._specs, self._say, self._held, self._patience = specs, say, held, patience
        self._began = time.monotonic()
        self._open = ExitStack()
        self._steps: list[Step] = []
        self._controller: Process | None = None
        self._endpoint = self._clock = self._page = ""
        self._heard: list[tuple[str, str]] = []
        self._tail: deque[str] = deque(maxlen=_TAIL)

    def run(self) -> int:
        """Play every act; gives the exit code, 0 only if each of them was proven."""
        try:
            with undisturbed():
                self._prepare()
                for act in (self._good, self._taken_back_by_ecs, self._taken_back_by_us, self._paused):
                    act()
        except Failed as failed:
            self._line("demo", f"FAILED: {failed}")
            self._say_last()
            return 1
        self._summary()
        return 0

    def stop(self) -> None:
        """End what was started and remove what was written."""
        self._open.close()

    def keep(self) -> None:
        """Say how to go on playing, and wait to be interrupted."""
        store, repo = f"sqlite:///{self._folder}/trueup.db", self._repository.folder
        self._say("")
        self._say(f"Still running. ECS: {self._endpoint}   metrics and health: {self._page}")
        self._say(f"  edit and commit in {repo}, then: trueup status --watch --store {store}")
        self._say("Interrupt with Ctrl-C.")
        threading.Event().wait()

    # --- the acts

    def _prepare(self) -> None:
        with self._held():
            made = tempfile.TemporaryDirectory(prefix="trueup-demo-", ignore_cleanup_errors=True)
            self._folder = Path(self._open.enter_context(made))
        self._repository = Repository(self._folder / "releases", self._specs)
        self._repository.edit("prod.yaml", {"bake: 1h": "bake: 5m"})
        self._repository.commit("Release v1.2.3 everywhere")
        self._line(
            "demo", f"an hour of ECS passes in a minute; prod is watched for 5m instead of 1h ({SPEED} times)"
        )
        seed = str(self._repository.folder / "specs")
        sandbox = self._started(["sandbox", "--listen", "127.0.0.1:0", "--seed", seed, "--speed", str(SPEED)])
        about = json.loads(sandbox.first_line(PATIENCE))
        self._endpoint, self._clock = about["endpoint"], about["clock"]
        self._eye = Eye(self._endpoint)
        self._open.callback(self._eye.close)
        self._line("ecs", f"three clusters run one version back ({self._endpoint})")
        self._start_controller()
        self._heard.clear()
        with self._act("what runs is adopted untouched, then brought to what git says"):
            for where, tag in EVERYWHERE.items():
                self._until_runs(where, tag)
            self._until_rests("prod/api", "keep")
        self._prove_everywhere("v1.2.3 is out everywhere")

    def _started(self, args: Sequence[str], environment: Mapping[str, str] | None = None) -> Process:
        with self._held():
            process = Process(args, environment or {})
            self._open.callback(process.stop)
        return process

    def _start_controller(self) -> None:
        args = {
            "--repo": str(self._repository.folder),
            "--store": f"sqlite:///{self._folder}/trueup.db",
            "--cache": str(self._folder / "cache"),
            "--listen": "127.0.0.1:0",
            "--poll": "300ms",
            "--endpoint-url": self._endpoint,
            "--log": "json",
        }
        words = [word for pair in args.items() for word in pair]
        self._controller = self._started(["run", *words], {"TRUEUP_CLOCK": self._clock, **_KEYS})

    def _good(self) -> None:
        with self._act("a good release: v1.2.4"):
            self._release(
                "prod.yaml",
                {"version: v1.2.3              #": "version: v1.2.4              #"},
                "Release api v1.2.4",
            )
            self._until_runs(PROD, "v1.2.4")
            self._until_rests("prod/api", "keep")
        self._prove("v1.2.4 was deployed, watched and kept", PROD, "v1.2.4", updates=2)

    def _taken_back_by_ecs(self) -> None:
        broken = {
            "version: v1.2.4              #": "version: v1.2.5              #",
            "unifocus-prod-api:${version}": "unifocus-prod-api:${version}-crash",
        }
        with self._act("a broken release: v1.2.5 crashes, and ECS's circuit breaker takes it back"):
            self._release("prod.yaml", broken, "Release api v1.2.5")
            self._until("ECS to roll back", lambda: self._eye.verdict(*PROD) == "ROLLBACK_SUCCESSFUL")
            self._until_rests("prod/api", "recovered")
        self._prove(
            "ECS took v1.2.5 back; it was remembered as failed and not sent again", PROD, "v1.2.4", updates=3
        )

    def _taken_back_by_us(self) -> None:
        stage = {
            "{enable: true, rollback: true}": "{enable: false, rollback: false}",
            "rollout: {deadline: 20m,": "rollout: {deadline: 3m,",
            "unifocus-stage-web:${version}": "unifocus-stage-web:${version}-crash",
        }
        calls = ("UpdateService", "StopServiceDeployment")
        before = [self._eye.calls(call, STAGE[2]) for call in calls]
        with self._act("another one, on stage, where the breaker is off: trueup itself goes back"):
            self._release("stage.yaml", stage, "Try another web image on stage")
            self._until("the broken image to be tried", lambda: self._eye.running(*STAGE)[0].endswith("crash"))
            self._until_runs(STAGE, "v1.2.3-stage")
            self._until_rests("stage/web", "recovered")
        sent = [self._eye.calls(call, STAGE[2]) - earlier for call, earlier in zip(calls, before, strict=True)]
        self._prove("there and back with one call each", STAGE, "v1.2.3-stage", updates=before[0] + 1)
        if sent != [1, 1]:
            raise Failed(f"ECS counts {sent} of {' and '.join(calls)} for going there and back, not one each")

    def _paused(self) -> None:
        calls = self._eye.calls("UpdateService", PROD[2])
        with self._act("a pause holds the next release until somebody resumes"):
            self._command("pause", "prod", "--reason", "the database is being moved", "--as", "the release desk")
            fixed = {
                "version: v1.2.5              #": "version: v1.2.6              #",
                "unifocus-prod-api:${version}-crash": "unifocus-prod-api:${version}",
            }
            self._release("prod.yaml", fixed, "Release api v1.2.6")
            self._until_rests("prod/api", "a person paused it")
            self._listen_for(1.5)
            if self._eye.calls("UpdateService", PROD[2]) != calls:
                raise Failed("something was sent to ECS while prod was paused")
            self._command("resume", "prod", "--as", "the release desk")
            self._until_runs(PROD, "v1.2.6")
            self._until_rests("prod/api", "keep")
        self._prove("nothing was sent while paused; v1.2.6 went out after it", PROD, "v1.2.6", updates=calls + 1)

    # --- saying and proving

    @contextmanager
    def _act(self, title: str) -> Iterator[None]:
        self._say("")
        self._say(f"--- {title}")
        self._heard.clear()
        yield
        self._listen()

    def _release(self, file: str, changes: dict[str, str], message: str) -> None:
        self._repository.edit(file, changes)
        commit = self._repository.commit(message)
        self._line("git", f"{commit[:8]} {message}")

    def _command(self, *args: str) -> None:
        process = self._started([*args, "--store", f"sqlite:///{self._folder}/trueup.db"])
        if process.finished():
            raise Failed(f"trueup {args[0]}: {' '.join(drain(process.errors))}")
        self._line("person", f"trueup {' '.join(args[:2])}: {' '.join(drain(process.lines))}")

    def _prove(self, what: str, where: tuple[str, str, str], tag: str, updates: int) -> None:
        self._check(what, where, tag, updates)
        self._steps.append(Step(what=what, proof=f"ECS runs {tag}, {_DONE}, UpdateService so far: {updates}"))

    def _prove_everywhere(self, what: str) -> None:
        for where, tag in EVERYWHERE.items():
            self._check(what, where, tag, updates=1)
        tags = ", ".join(dict.fromkeys(EVERYWHERE.values()))
        proof = f"ECS runs {tags} in {len(EVERYWHERE)} services, {_DONE}, one UpdateService each"
        self._steps.append(Step(what=what, proof=proof))

    def _check(self, what: str, where: tuple[str, str, str], tag: str, updates: int) -> None:
        runs, state, whole = self._eye.running(*where)
        sent = self._eye.calls("UpdateService", where[2])
        if (runs, state, whole, sent) != (tag, _DONE, True, updates):
            raise Failed(
                f"{what}: ECS says {where[2]} runs {runs} {state}, all tasks {whole}, {sent} calls; "
                f"expected {tag} {_DONE}, {updates} calls"
            )
        self._line("ecs", f"proven: {where[2]} runs {runs}, {state}, all tasks; {sent} UpdateService so far")

    def _until_runs(self, where: tuple[str, str, str], tag: str) -> None:
        self._until(f"{where[2]} to run {tag}", lambda: self._eye.running(*where) == (tag, _DONE, True))

    def _until(self, what: str, fact: Callable[[], bool]) -> None:
        ends = time.monotonic() + self._patience
        while not fact():
            self._listen_for(0.1)
            if time.monotonic() > ends:
                raise Failed(f"waited {self._patience:.0f} s for {what}")
            if self._controller is None or self._controller.ended:
                raise Failed("the controller ended")

    def _until_rests(self, target: str, word: str) -> None:
        """Listen until the controller has said this of a target, since the act began."""
        self._until(
            f"{target} to be told {word!r}", lambda: any(t == target and word in said for t, said in self._heard)
        )

    def _listen_for(self, seconds: float) -> None:
        threading.Event().wait(seconds)
        self._listen()

    def _listen(self) -> None:
        for line in drain(self._controller.errors) if self._controller else ():
            self._hear(line)

    def _hear(self, line: str) -> None:
        self._tail.append(line)
        try:
            told = json.loads(line)
        except ValueError:
            self._line("trueup", line)
            return
        if "listen" in told:
            self._page = told["listen"]
        if "target" not in told:
            return
        name, reason = f"{told['environment']}/{told['target']}", str(told.get("reason", ""))
        self._heard.append((name, reason))
        if told.get("event") == "decision" and ("moving" in reason or "working" in reason):
            return
        self._line("trueup", f"{name:<10} {told.get('phase', ''):<12} {reason}")

    def _say_last(self) -> None:
        """Show the end of the controller's log as it was written: the cause is there more often than not."""
        self._listen()
        if self._tail:
            self._say("The last lines of the controller's log:")
        for line in self._tail:
            self._say(f"  {line}")

    def _line(self, who: str, text: str) -> None:
        self._say(f"{time.monotonic() - self._began:5.1f}s  {who:<7} {text}")

    def _summary(self) -> None:
        self._say("")
        self._say(f"All of it happened, in {time.monotonic() - self._began:.0f} s:")
        for step in self._steps:
            self._say(f"  - {step.what}  [{step.proof}]")
