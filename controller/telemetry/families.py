"""Every series of a target by name: what it is called, what it means, and where in its status it is read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from controller.model.rollout import Phase
from controller.model.status import HotfixStatus, TargetStatus
from controller.telemetry.visible import LABEL, visible

Kind: TypeAlias = Literal["gauge", "counter", "info"]

RESULTS: Final = ("good", "failed", "rolled_back", "superseded", "stalled")
# What may keep a wish from being deployed; a gate of any kind that is not named here counts as `gates`.
GATES: Final = (
    "pause",
    "source",
    "quarantine",
    "quota",
    "claim",
    "held",
    "foreign",
    "stalled",
    "fight",
    "rollout",
    "movedTag",
    "mode",
    "needs",
    "slots",
    "group",
    "massChange",
    "fixed",
    "breaking",
    "gates",
    "freeze",
    "promoted",
    "approval",
    "checklist",
    "backup",
    "signed",
    "window",
    "notBefore",
    "alarms",
    "http",
    "prometheus",
    "hotfix",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One series over all targets. `usual` is the value that most have; `of` reads it, or `counts` says of what."""

    label: str = ""
    usual: str = "0"
    of: Callable[[TargetStatus], str] | None = None
    counts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric and its columns."""

    name: str
    about: str
    columns: tuple[Column, ...]
    kind: Kind = "gauge"

    def head(self, *, openmetrics: bool) -> bytes:
        """Write its HELP and TYPE lines; OpenMetrics leaves the ends `_total` and `_info` out of the name."""
        if openmetrics:
            name, kind = self.name.removesuffix("_total").removesuffix("_info"), self.kind
        else:
            name, kind = self.name, ("gauge" if self.kind == "info" else self.kind)
        return f"# HELP {name} {self.about}\n# TYPE {name} {kind}\n".encode()


def escape(text: str) -> str:
    """Make a label's value of what somebody else wrote: visible, bounded, and escaped."""
    return visible(text, LABEL).replace("\\", "\\\\").replace('"', '\\"')


def labels_of(status: TargetStatus) -> str:
    """Write the further labels of trueup_target_info."""
    values = {
        "kind": status.kind,
        "cluster": status.cluster,
        "service": status.service,
        "owner": status.owner,
        "wanted": status.wanted,
        "live": status.live,
    }
    return "".join(f',{name}="{escape(value)}"' for name, value in values.items())


def _flag(truth: bool) -> str:  # noqa: FBT001 - a truth value is all that it takes
    return "1" if truth else "0"


def _instant(at: datetime | None) -> str:
    return f"{at.timestamp():.3f}" if at else "0"


def _when(read: Callable[[TargetStatus], bool], *, usual: str = "0") -> tuple[Column, ...]:
    return (Column(usual=usual, of=lambda status: _flag(read(status))),)


def _phase(phase: Phase) -> Column:
    return Column(
        label=f',phase="{phase.value}"',
        usual=_flag(phase is Phase.IDLE),
        of=lambda status: _flag(status.phase is phase),
    )


def _gate(gate: str) -> Column:
    def shut(status: TargetStatus) -> str:
        return _flag(bool(status.blockers) and any(_gate_of(blocker.gate) == gate for blocker in status.blockers))

    return Column(label=f',gate="{gate}"', of=shut)


def _gate_of(gate: str) -> str:
    return gate if gate in GATES else "gates"


def _hotfix(state: str, read: Callable[[HotfixStatus], bool]) -> Column:
    return Column(label=f',state="{state}"', of=lambda status: _flag(any(map(read, status.hotfixes))))


# The one whose labels differ from target to target: `labels_of` writes them.
THE_INFO: Final = Column(usual="1")

FAMILIES: Final = (
    Family(
        name="trueup_target_info",
        about="Where a target lives, who owns it, and which versions it should run and runs.",
        kind="info",
        columns=(THE_INFO,),
    ),
    Family(
        name="trueup_target_phase",
        about="The phase of a target: 1 for the one that it is in, 0 for the others.",
        columns=tuple(_phase(phase) for phase in Phase),
    ),
    Family(
        name="trueup_target_synced",
        about="Whether a target runs what it should run.",
        columns=_when(lambda status: status.synced, usual="1"),
    ),
    Family(
        name="trueup_target_drifted",
        about="Whether something else runs than what was last ensured.",
        columns=_when(lambda status: status.drifted),
    ),
    Family(
        name="trueup_target_drift_timestamp_seconds",
        about="Since when something else runs than what was last ensured; 0 when nothing does.",
        columns=(Column(of=lambda status: _instant(status.drift.since if status.drift else None)),),
    ),
    Family(
        name="trueup_target_paused",
        about="Whether a person paused a target, or its environment.",
        columns=_when(lambda status: bool(status.paused)),
    ),
    Family(
        name="trueup_target_pause_timestamp_seconds",
        about="Since when a target is paused; 0 when it is not.",
        columns=(Column(of=lambda status: _instant(status.paused_since if status.paused else None)),),
    ),
    Family(
        name="trueup_target_quarantined",
        about="Whether the wanted release failed here and is not tried again.",
        columns=_when(lambda status: status.quarantined),
    ),
    Family(
        name="trueup_target_seen",
        about="Whether the last look at a target succeeded.",
        columns=_when(lambda status: status.seen, usual="1"),
    ),
    Family(
        name="trueup_target_rollout_timestamp_seconds",
        about="When the rollout under way was opened; 0 when there is none.",
        columns=(Column(of=lambda status: _instant(status.rollout_since)),),
    ),
    Family(
        name="trueup_target_tasks",
        about="How many tasks a target should run, and runs.",
        columns=(
            Column(label=',state="desired"', of=lambda status: str(status.desired)),
            Column(label=',state="running"', of=lambda status: str(status.running)),
        ),
    ),
    Family(
        name="trueup_target_rollouts_total",
        about="Rollouts of a target that ended, by result, since this process began.",
        kind="counter",
        columns=tuple(Column(label=f',result="{result}"', counts=result) for result in RESULTS),
    ),
    Family(
        name="trueup_hotfix",
        about="Whether a hotfix stands, skips gates, had no review yet, or none in time, or is not on its branch.",
        columns=(
            _hotfix("standing", lambda one: one.standing),
            _hotfix("skipping", lambda one: bool(one.skipped)),
            _hotfix("unreviewed", lambda one: one.review_due is not None),
            _hotfix("overdue", lambda one: one.overdue),
            _hotfix("unmerged", lambda one: bool(one.unmerged)),
        ),
    ),
    Family(
        name="trueup_blocked",
        about="Whether this gate keeps the wanted release from being deployed.",
        columns=tuple(_gate(gate) for gate in GATES),
    ),
)
