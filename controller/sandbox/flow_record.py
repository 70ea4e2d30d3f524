"""What the record of a release that became good has to hold, so that the flow believes it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

_BAKE: Final = 3600.0  # seconds


def lacking(record: Mapping[str, Any], version: str, verb: str, gates: Sequence[str]) -> list[str]:
    """Name what the record of a release to prod lacks; of these gates it has to say `verb`: open, or skipped."""
    said = {one["what"] for one in record["gates"] if one["text"].startswith(verb)}
    wrong = {
        "verdict": record["verdict"]["result"] != "good",
        "hooks": _hooks(record) != [("migrate", 0), ("smoke", 0)],
        "approvals": not any(one["text"].startswith(f"approve {version}") for one in record["orders"]),
        "gates": not said >= {*gates},
        "watching": watched(record) < _BAKE,
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]


def is_tested(record: Mapping[str, Any], ci: str) -> bool:
    """Whether a release became good on stage after its smoke test and after CI said that its tests passed."""
    attested = [one["text"] for one in record["orders"] if one["by"] == ci and "e2e passed" in one["text"]]
    return record["verdict"]["result"] == "good" and _hooks(record) == [("smoke", 0)] and len(attested) == 1


def watched(record: Mapping[str, Any]) -> float:
    """Sum up for how long a release was watched, in seconds."""
    return sum(one["seconds"] or 0.0 for one in record["phases"] if one["phase"] == "baking")


def _hooks(record: Mapping[str, Any]) -> list[tuple[str, int | None]]:
    return [(one["name"], one["code"]) for one in record["hooks"]]
