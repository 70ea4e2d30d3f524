"""`trueup ways-back`: what there is to go back to, and whether it still exists."""

from typing import TYPE_CHECKING, Final

import click

from controller.cli.common import env_argument, known, opened, output_option, target_argument
from controller.cli.flags import endpoint_option, read_role_option, registries_options
from controller.cli.show import instant, listing, table
from controller.codes import DONE, NEGATIVE, UNREACHABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controller.model.images import ImageAnswer
    from controller.model.ways import WayBack

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

    Exit codes: 0 there is a way back that can be used, 1 there is none, 5 that could not be found out.
    """
    from controller.app.ways import ways_back
    from controller.options import read

    options = read(flags)
    memory = opened(options.store)
    known(memory, env, target)
    memory.close()
    found = ways_back(options, env, target)
    if found.unseen:
        click.echo(f"what runs could not be seen: {found.unseen}", err=True)
    if output != "table":
        click.echo(listing("WayBack", [data(way) for way in found.ways], output))
    else:
        click.echo(render(found.ways) if found.ways else f"there is nothing that {env}/{target} could go back to")
    return code_of(found.ways)


def code_of(ways: "Sequence[WayBack]") -> int:
    """Give the exit code: 0 for one that can be used, 5 if there may be one, else 1."""
    usable = {way.usable for way in ways}
    if True in usable:
        return DONE
    return UNREACHABLE if None in usable else NEGATIVE


def data(way: "WayBack") -> dict[str, object]:
    """Give one way back as data."""
    exists = way.exists
    return {
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


def render(ways: "Sequence[WayBack]") -> str:
    """Print ways back as a table, in the order in which they are taken."""
    rows = [
        (
            _USABLE[way.usable],
            way.kept.release.version,
            instant(way.kept.since) if way.good else "found",
            _state(way),
            way.kept.revision.rsplit("/", 1)[-1],
            way.kept.digest[:_SHORT],
            _images(way),
        )
        for way in ways
    ]
    return table(("USABLE", "VERSION", "GOOD SINCE", "STATE", "REVISION", "DIGEST", "IMAGES"), rows)


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
