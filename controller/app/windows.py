"""`windows test`: whether the windows of an environment's targets are open at a moment, and until when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from controller.app.newest import newest, wanted
from controller.app.world import clock_of
from controller.gates.hours import read_zone
from controller.gates.window import NotBefore, Window
from controller.model.desired import DesiredTarget
from controller.model.gate import Shut
from controller.model.names import EnvName, TargetName
from controller.model.questions import Candidate

if TYPE_CHECKING:
    from controller.options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """One window at one moment: shut because of `why`, empty if it is open; when it opens by itself, or shuts."""

    target: TargetName
    at: datetime
    why: str = ""
    opens: datetime | None = None
    shuts: datetime | None = None


def windows_at(
    options: "Options", env: str, target: str | None, at: datetime | None
) -> tuple[tuple[Tested, ...], tuple[str, ...]]:
    """Test every window of an environment, or of one target of it; a time without a zone is in the window's own.

    Gives them in order of name, and what is wrong in the specs. Raises SpecError for what there is not or cannot be
    compiled, PlatformError if the specs cannot be read.
    """
    desired, now = newest(options, EnvName(env)), clock_of(options).now()
    found = [
        one for name, want in wanted(desired, target).items() for one in _tested(desired.env, name, want, at or now)
    ]
    return tuple(found), tuple(map(str, desired.complaints))


def _tested(env: EnvName, name: TargetName, want: DesiredTarget, at: datetime) -> Iterator[Tested]:
    candidate = Candidate.of(env, name, want.place, want.release)
    for gate in want.gates:
        if not isinstance(gate, Window | NotBefore):
            continue
        zone = read_zone(gate.timezone if isinstance(gate, Window) else "UTC")
        moment = at.astimezone(zone) if at.tzinfo else at.replace(tzinfo=zone)
        verdict = gate.judge(candidate, {}, moment)
        shut = verdict if isinstance(verdict, Shut) else None
        yield Tested(
            target=name,
            at=moment,
            why=shut.why if shut else "",
            opens=shut.until if shut else None,
            shuts=gate.ends(moment) if isinstance(gate, Window) else None,
        )
