"""What the demos are made of: acts that wait for facts, steps that are proven, and processes that end with them."""

import json
import tempfile
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from controller.sandbox.cast import Failed, Process, Repository
from controller.sandbox.eye import Eye
from controller.sandbox.surroundings import undisturbed

PATIENCE: Final = 60.0
KEYS: Final = {"AWS_ACCESS_KEY_ID": "demo", "AWS_SECRET_ACCESS_KEY": "demo"}
_TAIL: Final = 10  # lines of the controller's log that are shown when something fails


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that really happened, and how that is shown."""

    what: str
    proof: str


class Story(ABC):
    """Tells a story on a terminal, act by act.

    `say` prints one line; `wait` lets seconds pass, and may raise; a step takes `patience` seconds.
    """

    def __init__(
        self,
        specs: Path,
        say: Callable[[str], None],
        *,
        wait: Callable[[float], None] = time.sleep,
        patience: float = PATIENCE,
    ) -> None:
        self._specs, self._say, self._wait, self._patience = specs, say, wait, patience
        self._began = time.monotonic()
        self._open = ExitStack()
        self._steps: list[Step] = []
        self._controller: Process | None = None
        self._endpoint = self._clock = self._page = ""
        self._heard: list[tuple[str, str]] = []
        self._tail: deque[str] = deque(maxlen=_TAIL)
        self._repository: Repository

    @abstractmethod
    def acts(self) -> Sequence[Callable[[], None]]:
        """Give what is played, in order; each raises Failed where it does not go as it must."""

    def run(self) -> int:
        """Play every act; gives the exit code, 0 only if each of them was proven."""
        try:
            with undisturbed():
                self._make_folder()
                for act in self.acts():
                    act()
        except Failed as failed:
            self._wait(0)  # a signal to all of us, as Ctrl-C is, makes things fail too
            self._line("demo", f"FAILED: {failed}")
            self._say_last()
            return 1
        self._summary()
        return 0

    def stop(self) -> None:
        """End what was started and remove what was written."""
        self._open.close()

    def keep(self) -> None:
        """Say how to go on playing, and wait until that is ended."""
        self._say("")
        self._say(f"Still running. ECS: {self._endpoint}   metrics and health: {self._page}")
        self._say(f"  {self._how_on()}, then: trueup status --watch --store {self._store}")
        self._say("Interrupt with Ctrl-C.")
        while True:
            self._wait(60)

    def _how_on(self) -> str:
        return f"edit and commit in {self._repository.folder}"

    @property
    def _store(self) -> str:
        return f"sqlite:///{self._folder}/trueup.db"

    def _make_folder(self) -> None:
        made = tempfile.TemporaryDirectory(prefix="trueup-demo-", ignore_cleanup_errors=True)
        self._folder = Path(self._open.enter_context(made))

    # --- processes

    def _start_sandbox(self, seed: Path, speed: int) -> None:
        words = ["sandbox", "--listen", "127.0.0.1:0", "--seed", str(seed), "--speed", str(speed)]
        about = json.loads(self._started(words).first_line(PATIENCE))
        self._endpoint, self._clock = about["endpoint"], about["clock"]
        self._eye = Eye(self._endpoint)
        self._open.callback(self._eye.close)

    def _start_controller(self, repo: str, environment: Mapping[str, str] | None = None) -> None:
        args = {
            "--repo": repo,
            "--store": self._store,
            "--cache": str(self._folder / "cache"),
            "--listen": "127.0.0.1:0",
            "--poll": "300ms",
            "--endpoint-url": self._endpoint,
            "--log": "json",
        }
        words = [word for pair in args.items() for word in pair]
        variables = {"TRUEUP_CLOCK": self._clock, **KEYS, **(environment or {})}
        self._controller = self._started(["run", *words], variables)

    def _started(self, args: Sequence[str], environment: Mapping[str, str] | None = None) -> Process:
        self._wait(0)
        mine = {"TMPDIR": str(self._folder)}  # what one leaves that is stopped half-way goes with the folder
        process = Process(args, {**mine, **(environment or {})}, self._wait)
        self._open.callback(process.stop)
        return process

    # --- saying and waiting

    @contextmanager
    def _act(self, title: str) -> Iterator[None]:
        self._say("")
        self._say(f"--- {title}")
        self._heard.clear()
        yield
        self._listen()

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
        self._wait(seconds)
        self._listen()

    def _listen(self) -> None:
        for line in self._controller.complaints() if self._controller else ():
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
        if "target" in told:
            name, reason = f"{told['environment']}/{told['target']}", str(told.get("reason", ""))
            self._heard.append((name, reason))
            self._show(name, reason, told)

    def _show(self, name: str, reason: str, told: Mapping[str, Any]) -> None:
        """Show one line of the controller's log about a target."""
        if told.get("event") != "decision" or not ("moving" in reason or "working" in reason):
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

    def _proven(self, what: str, proof: str) -> None:
        self._steps.append(Step(what=what, proof=proof))

    def _summary(self) -> None:
        self._say("")
        self._say(f"All of it happened, in {time.monotonic() - self._began:.0f} s:")
        for step in self._steps:
            self._say(f"  - {step.what}  [{step.proof}]")
