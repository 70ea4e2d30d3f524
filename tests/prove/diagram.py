"""Draw the state table: `python -m tests.prove.diagram` writes docs/states.md anew."""

from collections import defaultdict
from pathlib import Path

from controller.model.rollout import Phase
from controller.plan.transitions import CALLING, TRANSITIONS

PAGE = Path(__file__).parents[2] / "docs" / "states.md"

HEAD = """\
# The state table

Drawn from `controller/plan/transitions.py` by `make states`; a test says when it is no longer that table.
A target is in one phase. Each look is read as exactly one signal, and the signal's row says what is done about it
and which phase comes next. What each word means is in [words.md](words.md); how it is proven that every row holds,
in [proof.md](proof.md).
"""


def drawn() -> str:
    """The whole page."""
    parts = [HEAD, "## From phase to phase\n", _diagram(), "## Every row\n"]
    parts += [_rows(phase) for phase in Phase]
    return "\n".join(parts)


def _diagram() -> str:
    """Changes of phase only: the signals that lead from one to another, on one arrow."""
    arrows: dict[tuple[Phase, Phase], list[str]] = defaultdict(list)
    for (phase, signal), (to, _) in TRANSITIONS.items():
        if phase is not to:
            arrows[phase, to].append(signal.name)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {next(iter(Phase)).value}"]
    for (phase, to), names in sorted(arrows.items(), key=lambda one: [list(Phase).index(at) for at in one[0]]):
        lines.append(f"    {phase.value} --> {to.value}: {', '.join(names)}")
    return "\n".join([*lines, "```", ""])


def _rows(phase: Phase) -> str:
    """Every signal of one phase, in the order of the table."""
    lines = [f"### {phase.value}\n", "| signal | it means | what is done | then |", "|---|---|---|---|"]
    for (at, signal), (to, move) in TRANSITIONS.items():
        if at is phase:
            then = "" if to is phase else to.value
            done = f"**{move.value}**" if move in CALLING else move.value
            lines.append(f"| `{signal.name}` | {signal.value} | {done} | {then} |")
    return "\n".join([*lines, "", "In bold: what may make a call.", ""])


if __name__ == "__main__":
    PAGE.write_text(drawn(), encoding="utf-8")
