"""Turns that did something, saved as files, so that they can be decided again."""

from pathlib import Path
from typing import TYPE_CHECKING

from controller.app.memory import codec
from controller.errors import SpecError
from controller.plan.decide import decide

if TYPE_CHECKING:
    from controller.model.cycle import Cycle
    from controller.model.decision import Plan


class SaveCycles:
    """A watcher that writes every turn which acted, or changed what is remembered, as one JSON file.

    The folder is made with the first of them. Raises SpecError if there is something else in its place.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.expanduser()
        if self._folder.exists() and not self._folder.is_dir():
            raise SpecError(f"--save-cycles {folder}: it is not a folder")

    def __call__(self, cycle: "Cycle") -> None:
        """Write one turn; the name sorts by time."""
        if cycle.after is cycle.before and not cycle.outcomes:
            return
        name = f"{cycle.now:%Y%m%dT%H%M%S%f}-{cycle.plan.env}.json"
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f"{name}.part"
        part.write_text(codec().write_cycle(cycle), encoding="utf-8")
        part.rename(self._folder / name)  # whole or not at all, whenever this process is killed


def replayed(file: Path) -> "tuple[Cycle, Plan]":
    """Read a saved turn and decide it again: what was decided then, and what is decided now."""
    cycle = codec().read_cycle(file.read_text(encoding="utf-8"))
    return cycle, decide(cycle.desired, cycle.seen, cycle.before, cycle.now)
