"""`trueup why`: what blocks a target, and until when."""

from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from controller.cli.answers import waits
from controller.cli.approvals import waits_for
from controller.cli.common import as_env, env_argument, known, opened, output_option, store_option
from controller.cli.evidence import failed, shown
from controller.cli.groups import asked_as
from controller.cli.hotfixes import lines as hotfix_lines
from controller.cli.show import instant, listing
from controller.cli.ticks import how_to_tick
from controller.codes import DONE
from controller.plan.blocked import line_of, open_line

_PATHS = 10
_BY_GATE = MappingProxyType({
    "held": "as it says",
    "massChange": "look at what changes, then: trueup confirm {env} --commit {commit} --reason …",
    "hotfix": "as it says, or: trueup reject {name} {version} --reason …",
    "freeze": "wait until it ends, or: trueup unfreeze {env}",
    "fight": "find who changes it back and stop one of the two; then: trueup retry {name} --reason …",
})  # fmt: skip

if TYPE_CHECKING:
    from datetime import datetime

    from controller.model.orders import Opening, Orders
    from controller.model.record import Memory
    from controller.model.status import TargetStatus


@click.command("why")
@env_argument
@click.argument("target", required=False)
@output_option
@store_option
def command(env: str, target: str | None, output: str, store: str) -> int:
    """Say why ENV, or one TARGET of it, is or is not being changed right now, and what to do about it."""
    from controller.app.memory import clock_now

    memory = opened(store)
    known(memory, env, target, groups=True)
    found = [s for s in memory.shown() if s.env == env and target in {None, s.target, s.group}]
    orders, remembered = memory.orders(as_env(env)), memory.load(as_env(env)).targets
    memory.close()
    if output != "table":
        click.echo(listing("TargetStatus", found, output))
        return DONE
    told = "\n\n".join(explain(one, orders, clock_now(), remembered.get(one.target)) for one in found)
    click.echo(told or f"{env}: no turn has been made yet")
    return DONE


def explain(status: "TargetStatus", orders: "Orders", now: "datetime", memory: "Memory | None") -> str:
    """Tell the whole story of one target in a few lines."""
    lines = [f"{status.env}/{status.target}: {status.reason}"]
    lines.append(
        f"  wants   {status.wanted or 'nothing that can be read'}  (commit {status.commit[:12] or 'none'})"
    )
    if status.follows:
        built = f"  (built from {status.built[:12]})" if status.built else ""
        lines.append(f"  follows {status.follows}{built}")
    tasks = f"{status.running} of {status.desired} tasks"
    lines.append(
        f"  runs    {status.live or 'nothing'}  ({tasks}, {status.revision.rsplit('/', 1)[-1] or 'no revision'})"
    )
    lines.append(f"  phase   {status.phase.value}" + (f", rollout {status.rollout}" if status.rollout else ""))
    if status.bake:
        lines.append(f"  baked   {status.baked:.0f} of {status.bake:.0f} s")
    if status.group:
        lines.append(f"  group   {status.group}: goes there and back with all of it")
    if status.pinned:
        lines.append(
            f"  pinned  to {status.pinned}; follow the spec again: trueup unpin {status.env} {asked_as(status)}"
        )
    lines += hotfix_lines(status)
    if waiting := waits(status):
        lines.append(f"  answer  {waiting}")
    lines += _drift(status)
    lines += [f"  blocks  {line_of(blocker)}" for blocker in status.blockers]
    lines += [f"  open    {open_line(gate)}" for gate in status.opened]
    if not status.blockers and not status.synced:
        lines.append("  blocks  nothing")
    if orders.opening is not None and orders.opening.holds(now):
        lines.append(_opened(orders.opening, status.env))
    lines += failed(status, memory)
    advice = _advice(status, orders, now)
    return shown(lines + ([f"  do next {advice}"] if advice else []))


def _drift(status: "TargetStatus") -> list[str]:
    """Tell what differs, since when, who did it, and what becomes of it."""
    drift = status.drift
    if drift is None:
        return []
    named, more = ", ".join(drift.paths[:_PATHS]), len(drift.paths) - _PATHS
    against = f"{drift.version} ({drift.version_revision})" if drift.version_revision else drift.version
    what = "its settings differ from the spec" if drift.settings else f"{drift.revision} differs from {against}"
    by = drift.by or (f"not known, {drift.unknown}" if drift.unknown else "not known")
    how = (
        f" ({drift.call}{f' with {drift.via}' if drift.via else ''}, {instant(drift.call_at)})" if drift.by else ""
    )
    return [
        f"  drift   {what} in {named}{f' and {more} more' if more > 0 else ''}",
        f"  since   {instant(drift.since)}, by {by}{how}",
        f"  then    {drift.heal}",
    ]


def _opened(opening: "Opening", env: str) -> str:
    ends = f"until {instant(opening.until)}, or: trueup windows close {env}"
    return f"  opened  windows, by {opening.by}: {opening.reason} ({ends})"


def _window(status: "TargetStatus") -> str:
    """Say who may open a window that is shut; empty if nobody may."""
    groups = [group for one in status.blockers if one.gate == "window" for group in one.groups]
    how = f"trueup windows open {status.env} --for 1h --reason …"
    return f"wait until it opens, or somebody of {' or '.join(groups)}: {how}" if groups else ""


def _advice(status: "TargetStatus", orders: "Orders", now: "datetime") -> str:
    gates = {blocker.gate for blocker in status.blockers}
    name = f"{status.env} {status.target}"
    if "pause" in gates:
        return _end_of_pauses(status, orders, now)
    if status.awaiting is None:
        name = f"{status.env} {asked_as(status)}"
    if status.quarantined and status.awaiting is None:
        return f"commit another version, or: trueup retry {name} --reason …"
    if version := status.awaiting.version if status.awaiting else waits_for(status):
        first = "as the hotfix says, and " if status.awaiting is None and "hotfix" in gates else ""
        return f"{first}trueup approve {name} {version}, or: trueup reject {name} {version} --reason …"
    if how := how_to_tick(status) or _window(status):
        return how
    by_gate = next((advice for gate, advice in _BY_GATE.items() if gate in gates), None)
    if by_gate is not None:
        return by_gate.format(name=name, env=status.env, version=status.wanted, commit=status.commit[:12])
    if status.phase.value == "stalled":
        return f"commit another version, or: trueup retry {name} --reason …, or: trueup rollback {name} --reason …"
    return ""


def _end_of_pauses(status: "TargetStatus", orders: "Orders", now: "datetime") -> str:
    """Say how each pause that holds is ended, and when they end by themselves, if they do."""
    mine = orders.targets.get(status.target)
    given = (
        (f"trueup resume {status.env} {status.target}", mine.pause if mine else None),
        (f"trueup resume {status.env}", orders.pause),
    )
    held = [(how, pause.until) for how, pause in given if pause is not None and pause.holds(now)]
    if status.paused_since is None:  # only a pause that stands in a spec has no time of its own
        until = next((blocker.until for blocker in status.blockers if blocker.gate == "pause"), None)
        held.append(("commit the spec without `paused`", until))
    if not held:
        return "nothing: that pause has ended, and the next turn goes on"
    how, ends = ", and ".join(how for how, _ in held), [until for _, until in held if until is not None]
    return how + (f", or wait until {instant(max(ends))}" if len(ends) == len(held) else "")
