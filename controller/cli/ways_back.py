"""`trueup ways-back`: what there is to go back to, and whether it still exists."""

from typing import TYPE_CHECKING, Final

import click

from controller.cli.common import as_env, env_argument, known, opened, output_option, target_argument
from controller.cli.flags import endpoint_option, read_role_option, registries_options
from controller.cli.show import instant, listing, table
from controller.codes import DONE, NEGATIVE, UNREACHABLE
from controller.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from controller.app.ways import Ways
    from controller.model.images import ImageAnswer
    from controller.model.names import TargetName
    from controller.model.ways import WayBack
    from controller.ports import Store

_SHORT: Final = 12
_AGAIN: Final = frozenset({"deregistered", "gone"})


@click.command("ways-back")
@env_argument
@target_argument
@click.option("--store", metavar="URL", help="Where the controller remembers.  [TRUEUP_STORE]")
@endpoint_option
@read_role_option
@registries_options
@output_option
def command(env: str, target: str, output: str, **flags: object) -> int:
    """List what TARGET of ENV can go back to, best first, and whether it still exists in AWS and the registries.

    Good releases come first, the newest before the others, then what was found at first contact; last what is not
    gone back to, and why. A revision that was deregistered is registered again. What runs now is a way back for the
    release after it; `trueup rollback` takes the first that does not run. Everything is only read.

    The name of a group lists those of all its members, and says which of them `trueup rollback` takes.

    Exit codes: 0 there is a way back that can be used, 1 there is none, 5 that could not be found out. Of a group
    that is the way of all that would go back.
    """
    from controller.app.ways import ways_back
    from controller.cli.groups import targets_of
    from controller.options import read

    options = read(flags)
    memory = opened(options.store)
    try:
        known(memory, env, target, groups=True)
        names, (taken, why) = targets_of(memory, env, target), _taken(memory, env, target)
        record = memory.load(as_env(env))
    finally:
        memory.close()
    ways = _found(ways_back(options, record, as_env(env), names), target)
    goes = [(name, way) for name, way in ways if taken.get(name) == way.kept.digest]
    if output != "table":
        told = [data(name, way, taken=(name, way) in goes) for name, way in ways]
        click.echo(listing("WayBack", told, output))
    elif not ways:
        click.echo(f"there is nothing that {env}/{target} could go back to")
    else:
        click.echo(render(ways, target))
        if target not in names:
            to = ", ".join(f"{name} to {way.kept.release.version}" for name, way in goes)
            click.echo(f"trueup rollback {env} {target} takes {to}" if goes else why)
    usable = [way.usable for _, way in ways]
    return code_of(usable if target in names else [all_usable([way.usable for _, way in goes])])


def _found(found: "Mapping[TargetName, Ways]", target: str) -> "Sequence[tuple[str, WayBack]]":
    """Give every way back with its target, and say what could not be seen."""
    for name, one in found.items():
        if one.unseen:
            of = "" if name == target else f" of {name}"
            click.echo(f"what runs{of} could not be seen: {one.unseen}", err=True)
    return [(name, way) for name, one in found.items() for way in one.ways]


def _taken(store: "Store", env: str, target: str) -> "tuple[Mapping[str, str], str]":
    """Say what a rollback would take, by its digest, of each target that goes back; or why none does."""
    from controller.cli.rollback import chosen

    try:
        return {name: kept.digest for name, (kept, _) in chosen(store, env, target, None).items()}, ""
    except Refusal as refusal:
        return {}, str(refusal)


def all_usable(usable: "Sequence[bool | None]") -> bool | None:
    """Say whether all of these can be used; None if one of them may be. Where there are none, nothing can."""
    if not usable or False in usable:
        return False
    return None if None in usable else True


def code_of(usable: "Sequence[bool | None]") -> int:
    """Give the exit code: 0 for one that can be used, 5 if there may be one, else 1."""
    if True in usable:
        return DONE
    return UNREACHABLE if None in usable else NEGATIVE


def data(target: str, way: "WayBack", *, taken: bool) -> dict[str, object]:
    """Give one way back of a target as data; `taken` says that `trueup rollback` takes it."""
    exists = way.exists
    return {
        "target": target,
        "taken": taken,
        "version": way.kept.release.version,
        "digest": way.kept.digest,
        "revision": way.kept.revision,
        "good": way.good,
        "since": way.kept.since,
        "runs": way.runs,
        "usable": way.usable,
        "barred": way.barred,
        "revisionState": exists.revision.value,
        "images": [
            {"image": name, "exists": there(answer), "why": why_of(answer)} for name, answer in exists.images
        ],
        "why": exists.unreadable or exists.why,
    }


def there(answer: "ImageAnswer") -> bool | None:
    """Whether a registry has an image; None if it could not be asked."""
    from controller.model.images import Found, Missing

    return True if isinstance(answer, Found) else False if isinstance(answer, Missing) else None


def why_of(answer: "ImageAnswer") -> str:
    """Say why an image is not there, or why nobody knows."""
    from controller.model.images import Found

    return "" if isinstance(answer, Found) else answer.why


def render(ways: "Sequence[tuple[str, WayBack]]", target: str) -> str:
    """Print ways back of a target, or of all of a group, as a table, in the order in which they are taken."""
    rows = [
        (
            *((name,) if name != target else ()),
            _USABLE[way.usable],
            way.kept.release.version,
            instant(way.kept.since) if way.good else "found",
            _state(way),
            way.kept.revision.rsplit("/", 1)[-1],
            way.kept.digest[:_SHORT],
            _images(way),
        )
        for name, way in ways
    ]
    head = ("USABLE", "VERSION", "GOOD SINCE", "STATE", "REVISION", "DIGEST", "IMAGES")
    return table(head if ways[0][0] == target else ("TARGET", *head), rows)


_USABLE: Final = {True: "yes", False: "no", None: "unknown"}


def _state(way: "WayBack") -> str:
    exists = way.exists
    words = [way.barred, "runs now" if way.runs else "", exists.unreadable]
    revision = f"revision {exists.revision.value}"
    again = f"{revision}, would be registered again" if exists.revision.value in _AGAIN else revision
    return "; ".join(filter(None, (*words, f"{again}: {exists.why}" if exists.why else again)))


def _images(way: "WayBack") -> str:
    answers = [answer for _, answer in way.exists.images]
    missing = [why_of(answer) for answer in answers if there(answer) is False]
    unknown = [why_of(answer) for answer in answers if there(answer) is None]
    if missing:
        return f"missing: {'; '.join(missing)}"
    if unknown:
        return f"unknown: {'; '.join(dict.fromkeys(unknown))}"
    return "all there" if answers else "none named"
