"""How `plan --base --head` is printed: for people, for machines, and for a pull request."""

from collections.abc import Iterable, Iterator
from typing import Final

from controller.cli.differing import because, line_of, masked
from controller.cli.markdown import Block, Entry, Section, State, markdown
from controller.cli.show import listing
from controller.codes import DONE, NEGATIVE, UNREACHABLE, WRONG, worst
from controller.plan.compare import Difference
from controller.plan.merging import FROM_STORE, NOT_KNOWN, Change, EnvironmentChange, Merging, TargetChange

_SPEC: Final = "in the spec"
_LIVE: Final = "against what runs"


def told(merging: Merging, output: str) -> tuple[str, int]:
    """Print what merging would do, and give the exit code: 2 broken, 5 something not seen, 1 differs, else 0."""
    code = worst(found for one in merging.environments for found in _codes(one))
    if output == "markdown":
        about = f"Merging `{merging.head_commit[:12]}` into `{merging.base_commit[:12]}`."
        again = f"trueup plan --base {merging.base} --head {merging.head}"
        return markdown([_section(one) for one in merging.environments], about=about, again=again), code
    if output != "table":
        items = [item for one in merging.environments for item in _items(one)]
        return listing("TargetChange", items, output), code
    return render(merging), code


def _codes(one: EnvironmentChange) -> Iterator[int]:
    yield WRONG if one.complaints else DONE
    yield NEGATIVE if one.spec else DONE
    for target in one.targets:
        yield UNREACHABLE if target.unseen else NEGATIVE


def render(merging: Merging) -> str:
    """Tell it to a person."""
    names = f"{merging.head} ({merging.head_commit[:12]}) into {merging.base} ({merging.base_commit[:12]})"
    if not merging.environments:
        return f"merging {names} changes no target"
    lines = [f"merging {names}; the branch began at {merging.fork[:12]}"]
    for one in merging.environments:
        lines += _environment_lines(one)
    return "\n".join(lines)


def _environment_lines(one: EnvironmentChange) -> Iterator[str]:
    if _is_told(one):
        yield f"\n{one.env}  {one.change.value}"
    yield from (f"  problem: {complaint}" for complaint in one.complaints)
    yield from (f"  {line_of(difference)}" for difference in one.spec)
    yield from (f"  {note}" for note in one.notes)
    for target in one.targets:
        why = f": {because(target.spec)}" if target.spec else ""
        yield f"\n{one.env}/{target.target}  {target.change.value}{why}"
        yield from _target_lines(target)


def _is_told(one: EnvironmentChange) -> bool:
    """Say whether there is something to say of an environment that is not said of its targets."""
    return bool(one.spec or one.complaints or one.notes) or one.change is not Change.CHANGED


def _target_lines(one: TargetChange) -> Iterator[str]:
    yield f"  {cause(one)}"
    if one.change is not Change.REMOVED:
        yield f"  {_SPEC}:"
        yield from (f"    {line_of(difference)}" for difference in one.spec)
    if one.live:
        yield f"  {_LIVE}:"
        yield from (f"    {line_of(difference)}" for difference in one.live)
    yield from (f"  {note}" for note in one.notes)
    if one.change is not Change.REMOVED:
        yield f"  would call {', then '.join(one.calls) or 'nothing'}"
        yield f"  {_unknown()}"


def cause(one: TargetChange) -> str:
    """Say in one line what it would come to, and why."""
    if one.change is Change.REMOVED:
        return "is no longer named by the specs"
    if one.unseen:
        return f"could not be compared with what runs: {one.unseen}"
    if one.absent:
        return f"there is no service {one.service}"
    if not one.calls and one.live:
        return f"differs: {because(one.live)}"
    if not one.calls:
        return "what runs is what it asks for already"
    what = "registers" if len(one.calls) > 1 else "updates"
    how = f"{what} {one.version} for {one.service}" if len(one.calls) > 1 else f"{what} {one.service}"
    return f"{how} because of {because(one.live or ())}"


def _unknown() -> str:
    return f"{', '.join(FROM_STORE[:-1])} and {FROM_STORE[-1]}: {NOT_KNOWN}"


def _items(one: EnvironmentChange) -> Iterator[dict[str, object]]:
    if _is_told(one):
        yield {
            "environment": one.env,
            "target": None,
            "change": one.change.value,
            "problems": [str(complaint) for complaint in one.complaints],
            "spec": _data(one.spec, "base", "head"),
            "notes": list(one.notes),
        }
    for target in one.targets:
        is_gone = target.change is Change.REMOVED
        yield {
            "environment": one.env,
            "target": target.target,
            "change": target.change.value,
            "version": target.version,
            "service": target.service,
            "cause": cause(target),
            "spec": _data(target.spec, "base", "head"),
            "differences": None if target.live is None else _data(target.live, "live", "wanted"),
            "unread": target.unseen,
            "calls": list(target.calls),
            "blockers": [] if is_gone else [{"gate": gate, "why": NOT_KNOWN} for gate in FROM_STORE],
            "notes": list(target.notes),
        }


def _data(differences: Iterable[Difference], before: str, after: str) -> list[dict[str, object]]:
    return [
        {"path": one.path, before: masked(one.path, one.live), after: masked(one.path, one.wanted)}
        for one in differences
    ]


def _section(one: EnvironmentChange) -> Section:
    return Section(
        env=one.env,
        problems=tuple(map(str, one.complaints)),
        notes=one.notes,
        spec=one.spec,
        entries=tuple(_entry(target) for target in one.targets),
    )


def _entry(one: TargetChange) -> Entry:
    if one.change is Change.REMOVED:
        return Entry(name=one.target, state=State.REMOVED, cause=cause(one), notes=one.notes)
    state = State.UNREAD if one.unseen else State.CHANGES if one.calls else State.RESTS
    return Entry(
        name=one.target,
        state=state,
        cause=cause(one),
        blocks=(Block(title=_SPEC, differences=one.spec), Block(title=_LIVE, differences=one.live or ())),
        calls=one.calls,
        notes=(*one.notes, _unknown()),
        always=True,
    )
