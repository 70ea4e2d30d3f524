"""`trueup why`: what blocks a target, and until when."""

from typing import TYPE_CHECKING

import click

from controller.cli.common import env_argument, known, opened, output_option, store_option
from controller.cli.show import instant, listing
from controller.codes import DONE

if TYPE_CHECKING:
    from controller.model.status import TargetStatus


@click.command("why")
@env_argument
@click.argument("target", required=False)
@output_option
@store_option
def command(env: str, target: str | None, output: str, store: str) -> int:
    """Say why ENV, or one TARGET of it, is or is not being changed right now, and what to do about it."""
    memory = opened(store)
    known(memory, env, target)
    found = [s for s in memory.shown() if s.env == env and target in {None, s.target}]
    memory.close()
    if output != "table":
        click.echo(listing("TargetStatus", found, output))
        return DONE
    click.echo("\n\n".join(explain(status) for status in found) or f"{env}: no turn has been made yet")
    return DONE


def explain(status: "TargetStatus") -> str:
    """Tell the whole story of one target in a few lines."""
    lines = [f"{status.env}/{status.target}: {status.reason}"]
    lines.append(
        f"  wants   {status.wanted or 'nothing that can be read'}  (commit {status.commit[:12] or 'none'})"
    )
    tasks = f"{status.running} of {status.desired} tasks"
    lines.append(
        f"  runs    {status.live or 'nothing'}  ({tasks}, {status.revision.rsplit('/', 1)[-1] or 'no revision'})"
    )
    lines.append(f"  phase   {status.phase.value}" + (f", rollout {status.rollout}" if status.rollout else ""))
    if status.bake:
        lines.append(f"  baked   {status.baked:.0f} of {status.bake:.0f} s")
    if status.pinned:
        lines.append(
            f"  pinned  to {status.pinned}; follow the spec again: trueup unpin {status.env} {status.target}"
        )
    lines += [
        f"  blocks  {b.gate}: {b.why}" + (f" (until {instant(b.until)})" if b.until else "")
        for b in status.blockers
    ]
    if not status.blockers and not status.synced:
        lines.append("  blocks  nothing")
    advice = _advice(status)
    return "\n".join(lines + ([f"  do next {advice}"] if advice else []))


def _advice(status: "TargetStatus") -> str:
    gates = {blocker.gate for blocker in status.blockers}
    name = f"{status.env} {status.target}"
    if "pause" in gates:
        return f"trueup resume {status.env}, or wait for the end of the pause"
    if "held" in gates:
        return "as it says"
    if status.quarantined:
        return f"commit another version, or: trueup retry {name} --reason …"
    if status.phase.value == "stalled":
        return f"commit another version, or: trueup retry {name} --reason …, or: trueup rollback {name} --reason …"
    return ""
