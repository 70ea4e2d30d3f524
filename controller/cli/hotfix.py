"""`trueup hotfix`: one version, now, past soak and window, on record."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from controller.cli.approvals import whoever
from controller.cli.common import (
    actor_option,
    as_env,
    as_target,
    env_argument,
    give,
    known,
    newest,
    opened,
    os_user,
    reason_option,
    store_option,
    target_argument,
    who,
)
from controller.cli.flags import people_option
from controller.cli.groups import members
from controller.errors import Refusal, SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from controller.model.hotfix import Hotfix
    from controller.model.orders import Orders
    from controller.model.status import TargetStatus
    from controller.ports import Store

_INCIDENT: Final = r"[A-Za-z0-9][A-Za-z0-9 ._/#:-]{0,63}"


@click.command("hotfix")
@env_argument
@target_argument
@click.argument("version")
@reason_option()
@click.option(
    "--during-incident",
    "incident",
    default="",
    metavar="INCIDENT",
    help="The incident that it ends: alarms that ring already do not count, new ones do.",
)
@click.option(
    "--break-glass", is_flag=True, help="Do not wait for another person; one has to review it within a day."
)
@click.option("--for", "span", metavar="DURATION", help="Follow the spec again after this long, such as 2h.")
@actor_option
@people_option
@store_option
def command(
    env: str,
    target: str,
    version: str,
    reason: str,
    incident: str,
    break_glass: bool,
    span: str | None,
    actor: str | None,
    people: str | None,
    store: str,
) -> None:
    """Let TARGET of ENV run VERSION, whatever its spec says, past soak, window, notBefore and a freeze.

    It is for just the content that VERSION has now. Approval, backup, checklist, hooks, guards and bake stay. Where
    something would be skipped you have to be of the group `emergency` in people.yaml, and another of it agrees:
    trueup approve ENV TARGET VERSION --hotfix. It stands until the spec says something else, or `trueup unpin`.

    Exit code 4 if there is nothing that it could skip with --break-glass, and for a member of a group, which goes
    with all of it; 5 if you are not of that group.
    """
    _check(version, incident)
    memory = opened(store)
    try:
        known(memory, env, target, groups=True)
        shown, orders = newest(memory, env, target), memory.orders(as_env(env))
        _refuse_in_group(shown, members(memory, env, target))
        now = _now(shown)
        needed = bool(incident) or _skips(shown, orders, now)
        if break_glass and not needed:
            raise Refusal(f"there is no glass to break: {env}/{target} has no gate that a hotfix skips")
        asked = _asked(version, people, actor, now, needed=needed)
        new = replace(asked, reason=reason, incident=incident, broke_glass=break_glass, until=_until(now, span))
        orders = _write(memory, env, target, new)
    finally:
        memory.close()
    _tell(env, target, new, needed=needed)
    if paused := orders.pause or orders.targets[as_target(target)].pause:
        click.echo(f"But it is paused ({paused.reason}): nothing is sent until `trueup resume`.", err=True)


def _refuse_in_group(shown: "TargetStatus | None", of_group: "Sequence[TargetStatus]") -> None:
    """Refuse a group, and a member of one, which would not go as a whole any more. Raises Refusal."""
    one = next(iter(of_group), shown)
    if one is not None and one.group:
        name = f"{one.env}/{one.group if of_group else one.target}"
        what = "is a group" if of_group else f"goes with its group {one.group}"
        raise Refusal(f"{name} {what}, and a hotfix is of one target: commit the version of {one.group} instead")


def _now(shown: "TargetStatus | None") -> "datetime":
    from controller.app.memory import clock_now
    from controller.cli.hotfixes import not_before

    return not_before(shown, clock_now(exact=True))


def _until(now: "datetime", span: str | None) -> "datetime | None":
    from controller.cli.times import end_of

    return end_of(now, span, None)


def _write(memory: "Store", env: str, target: str, new: "Hotfix") -> "Orders":
    """Write the order, and the journal row that tells of it."""
    from controller.cli.hotfixes import added
    from controller.cli.orders import for_target

    glass = " (broke the glass)" if new.broke_glass else ""
    text = f"hotfix to {new.version}{glass}: {new.reason}"
    return give(
        memory, env, target, text, new.by, for_target(as_target(target), lambda mine, n: added(mine, new, n))
    )


def _check(version: str, incident: str) -> None:
    """Refuse what is no version, or no name of an incident; raises SpecError."""
    from controller.model.version import LATEST, read_version
    from controller.spec.version import explain_version

    if wrong := explain_version(version):
        raise SpecError(f"{version!r} {wrong}")
    if read_version(version) is None or version == LATEST:
        raise SpecError(f"{version} is whatever was built last; a hotfix is one version")
    if incident and not re.fullmatch(_INCIDENT, incident):
        raise SpecError(f"{incident!r} is not the name of an incident; write INC-42")


def _skips(shown: "TargetStatus | None", orders: "Orders", now: "datetime") -> bool:
    """Whether something is there that a hotfix skips, as far as was shown; what was never shown may be anything."""
    from controller.model.hotfix import SKIPPED

    frozen = orders.freeze is not None and orders.freeze.holds(now)
    return frozen or shown is None or bool(SKIPPED & {*shown.gates})


def _asked(version: str, people: str | None, actor: str | None, now: "datetime", *, needed: bool) -> "Hotfix":
    """Make the order of whoever gives it; nobody has to be known where nothing is skipped."""
    from controller.cli.hotfixes import emergency
    from controller.model.hotfix import Hotfix

    if not needed and not people:
        return Hotfix(number=0, version=version, by=who(actor), at=now)
    person, via = emergency(people, actor) if needed else whoever(people, actor, os_user())
    return Hotfix(number=0, version=version, by=person.name, at=now, groups=person.groups, via=via)


def _tell(env: str, target: str, new: "Hotfix", *, needed: bool) -> None:
    """Say what was written, and what it still takes."""
    from controller.cli.show import instant

    name, until = f"{env}/{target}", f" until {instant(new.until)}" if new.until else ""
    click.echo(f"{name} is to run {new.version}{until}, whatever its spec says; see: trueup why {env} {target}")
    how = f"trueup approve {env} {target} {new.version} --hotfix"
    if new.broke_glass:
        click.echo(
            f"The glass is broken: another of the group reviews it by {instant(new.review_due)}: {how}", err=True
        )
    elif needed:
        click.echo(f"It skips nothing before another of the group agrees: {how}")
