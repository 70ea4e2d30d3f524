"""`trueup plan`: what would change, and why; changes nothing anywhere."""

from typing import TYPE_CHECKING

import click

from controller.cli.common import PLAN_OUTPUTS, output_of
from controller.cli.differing import as_data, because, line_of, passed_data, passed_line
from controller.cli.flags import (
    applications_option,
    cache_option,
    endpoint_option,
    github_options,
    people_option,
    policy_option,
    prometheus_options,
    read_role_option,
    registries_options,
    signers_option,
    specs_options,
    terraform_states_option,
)
from controller.cli.followed import as_followed, follows
from controller.cli.show import listing
from controller.codes import DONE, NEGATIVE, UNREACHABLE, worst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.cli.markdown import Entry, Section, State
    from controller.model.cycle import Cycle
    from controller.model.desired import DesiredTarget
    from controller.model.names import TargetName
    from controller.model.passed import Passed
    from controller.plan.compare import Difference


@click.command("plan")
@click.argument("env", required=False)
@specs_options()
@click.option("--store", metavar="URL", help="What is remembered; left out where there is none.  [TRUEUP_STORE]")
@endpoint_option
@read_role_option
@cache_option
@registries_options
@applications_option
@prometheus_options
@github_options
@people_option
@signers_option
@policy_option
@terraform_states_option
@click.option(
    "--base", metavar="REV", help="What merging would do: into this revision (origin/main) of a clone ..."
)
@click.option("--head", metavar="REV", help="... this one (HEAD). Needs no store; --repo is the clone (.).")
@click.option("--show-ignored", is_flag=True, help="Show what was passed over too, and by which rule.")
@output_of(PLAN_OUTPUTS)
def command(
    env: str | None, output: str, base: str | None, head: str | None, *, show_ignored: bool, **flags: object
) -> int:
    """Say, target by target, what differs from the spec, what the next turn would do, and why.

    Reads git, AWS and the store; writes nothing to any of them. Exit code 1 if anything differs.

    With --base or --head it says instead what merging would do: which targets the specs say otherwise of than where
    the branch began, how, and what of that is not what runs. It reads a clone as it is, and needs no store; gates,
    quarantine and pauses are then not known. Below a floor of the --policy is as bad as a broken file.
    """
    from controller.options import read

    if base is not None or head is not None:
        from controller.app.merging import merging
        from controller.cli.merging import told

        text, code = told(merging(read(flags), base or "origin/main", head or "HEAD", env), output)
        click.echo(text)
        return code
    from controller.app.run import previews

    cycles = previews(read(flags, needs=("repo",)), env)
    if output == "markdown":
        from controller.cli.markdown import markdown

        click.echo(markdown([section(cycle) for cycle in cycles]))
    elif output != "table":
        click.echo(
            listing(
                "TargetPlan", [item for cycle in cycles for item in items(cycle, show_ignored=show_ignored)], output
            )
        )
    else:
        click.echo("\n\n".join(text for cycle in cycles if (text := render(cycle, show_ignored=show_ignored))))
    return worst(code_of(cycle) for cycle in cycles)


def passed(cycle: "Cycle", name: "TargetName") -> "tuple[Passed, ...]":
    """List what differs and is passed over, with the rule that says so."""
    from controller.kinds import PASSING
    from controller.model.observation import Live

    want, sight = wanted(cycle, name), cycle.seen.sights.get(name)
    passing = PASSING.get(want.place.kind) if want is not None else None
    return passing(want, sight) if passing and want is not None and isinstance(sight, Live) else ()


def wanted(cycle: "Cycle", name: "TargetName") -> "DesiredTarget | None":
    """Give what the spec wants of a target, if it could be completed, with what is known that AWS makes of it."""
    from dataclasses import replace

    from controller.model.desired import Desired
    from controller.plan.compare import heard

    want = cycle.desired.targets.get(name) if isinstance(cycle.desired, Desired) else None
    if want is None or want.unread:
        return None
    memory = cycle.before.targets.get(name)
    return replace(want, release=heard(want.release, memory.releases)) if memory else want


def code_of(cycle: "Cycle") -> int:
    """Give the exit code of one environment: 1 if anything differs, 5 if something could not be read."""
    from controller.model.desired import Unread

    if isinstance(cycle.desired, Unread) or not all(status.seen for status in cycle.status):
        return UNREACHABLE
    if any(want.unread for want in cycle.desired.targets.values()):
        return UNREACHABLE
    differs = any(found(cycle, name) or d.action for name, d in cycle.plan.decisions.items())
    return NEGATIVE if differs else DONE


def found(cycle: "Cycle", name: "TargetName") -> "tuple[Difference, ...]":
    """List what differs between what runs and what the spec wants of one target."""
    from controller.model.observation import Live
    from controller.plan.merging import live_differences

    want, sight = wanted(cycle, name), cycle.seen.sights.get(name)
    return live_differences(want, sight) if want is not None and isinstance(sight, Live) else ()


def items(cycle: "Cycle", *, show_ignored: bool = False) -> list[dict[str, object]]:
    """Give one environment's plan as data."""
    return [
        {
            "environment": cycle.plan.env,
            "target": name,
            "phase": decision.memory.phase.value,
            "move": decision.move,
            "reason": decision.reason,
            "blockers": [{"gate": b.gate, "why": b.why} for b in decision.blockers],
            "cause": cause(cycle, name),
            "differences": as_data(found(cycle, name)),
            "calls": list(calls(cycle, name)),
            "notes": list(notes(cycle, name)),
            **as_followed(wanted(cycle, name)),
            **({"ignored": passed_data(passed(cycle, name))} if show_ignored else {}),
        }
        for name, decision in sorted(cycle.plan.decisions.items())
    ]


def notes(cycle: "Cycle", name: "TargetName") -> tuple[str, ...]:
    """Say what else there is to know of a target: a tag that was moved, what its definition is laid over."""
    want = wanted(cycle, name)
    return want.notes if want is not None else ()


def names(cycle: "Cycle", name: "TargetName") -> dict[str, str]:
    """Give what people call the values that differ: the tag that a digest was found by."""
    from controller.kinds import NAMING
    from controller.model.observation import Live

    want, sight = wanted(cycle, name), cycle.seen.sights.get(name)
    naming = NAMING.get(want.place.kind) if want is not None else None
    if naming is None or want is None or not isinstance(sight, Live):
        return {}
    return {**naming(sight.shape), **naming(want.release.shape)}


def render(cycle: "Cycle", *, show_ignored: bool = False) -> str:
    """Tell one environment's plan to a person."""
    from controller.model.desired import Unread

    if isinstance(cycle.desired, Unread):
        return f"{cycle.plan.env}: {cycle.desired.why}"
    lines = [f"{cycle.plan.env} at commit {cycle.desired.commit[:12]}"]
    lines += [f"  problem: {complaint}" for complaint in cycle.desired.complaints]
    for name, decision in sorted(cycle.plan.decisions.items()):
        lines.append(f"\n{cycle.plan.env}/{name}  {decision.reason}")
        lines.append(f"  {cause(cycle, name)}")
        lines += follows(wanted(cycle, name))
        called = names(cycle, name)
        lines += [f"  {line_of(difference, called)}" for difference in found(cycle, name)]
        lines += [f"  {passed_line(one)}" for one in (passed(cycle, name) if show_ignored else ())]
        lines += [f"  note: {note}" for note in notes(cycle, name)]
        lines += [f"  waits for {blocker.gate}: {blocker.why}" for blocker in decision.blockers]
        lines.append(f"  would call {', then '.join(calls(cycle, name)) or 'nothing'}")
    return "\n".join(lines)


def cause(cycle: "Cycle", name: "TargetName") -> str:
    """Say in one line what is to happen and why, or that nothing differs."""
    from controller.model.decision import Ensure
    from controller.model.observation import Live
    from controller.model.rollout import Purpose

    action, differences = cycle.plan.decisions[name].action, found(cycle, name)
    if isinstance(action, Ensure) and action.expect is None:
        return f"creates {action.place.service} with {action.release.version}: it was never there"
    if not isinstance(cycle.seen.sights.get(name), Live):
        return "could not be compared"
    if not isinstance(action, Ensure):
        return f"differs: {because(differences)}" if differences else "no difference"
    what = f"updates {action.place.service}"
    if action.purpose is not Purpose.SETTINGS and not action.revision:
        what = f"registers {action.release.version} for {action.place.service}"
    why = because(differences) or cycle.plan.decisions[name].reason
    return f"{what} because of {why}"


def calls(cycle: "Cycle", name: "TargetName") -> "Iterator[str]":
    """Name the calls that the next turn would make for one target, in their order."""
    from controller.model.decision import Continue, Start, Stop
    from controller.model.rollout import Purpose

    action = cycle.plan.decisions[name].action
    if action is None:
        return
    if isinstance(action, Start):
        if not action.revision:
            yield f"RegisterTaskDefinition for {action.release.version}"
        yield f"RunTask {action.hook.name}"
        return
    if isinstance(action, Stop | Continue):
        yield "StopTask" if isinstance(action, Stop) else "ContinueServiceDeployment"
        return
    verb = "CreateService" if action.expect is None else "UpdateService"
    update = f"{verb} {action.place.service}" + (" with forceNewDeployment" if action.force else "")
    if action.purpose is Purpose.SETTINGS:
        yield f"{update} (settings only)"
    elif action.revision:
        yield f"{update} to {action.revision.rsplit('/', 1)[-1]}"
    else:
        yield f"RegisterTaskDefinition for {action.release.version}"
        yield update


def section(cycle: "Cycle") -> "Section":
    """Give one environment's plan as part of a comment on a pull request."""
    from controller.cli.markdown import Section
    from controller.model.desired import Unread

    if isinstance(cycle.desired, Unread):
        return Section(env=cycle.plan.env, unread=cycle.desired.why)
    return Section(
        env=cycle.plan.env,
        about=cycle.desired.commit[:12],
        problems=tuple(map(str, cycle.desired.complaints)),
        entries=tuple(_entry(cycle, name) for name in sorted(cycle.plan.decisions)),
    )


def _entry(cycle: "Cycle", name: "TargetName") -> "Entry":
    from controller.cli.markdown import Block, Entry

    decision = cycle.plan.decisions[name]
    return Entry(
        name=name,
        state=_state(cycle, name),
        cause=cause(cycle, name),
        blocks=(Block(title="", differences=found(cycle, name)),),
        calls=tuple(calls(cycle, name)),
        waits=tuple((blocker.gate, blocker.why) for blocker in decision.blockers),
        notes=(decision.reason, *notes(cycle, name)),
    )


def _state(cycle: "Cycle", name: "TargetName") -> "State":
    from controller.cli.markdown import State, states
    from controller.model.observation import Unseen

    decision = cycle.plan.decisions[name]
    if isinstance(cycle.seen.sights.get(name, Unseen(why="")), Unseen):
        return State.UNREAD
    if decision.action is not None:
        return State.CHANGES
    if decision.blockers:
        return states(blocker.gate for blocker in decision.blockers)
    return State.WAITS if found(cycle, name) else State.RESTS
