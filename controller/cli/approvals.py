"""A person's yes or no to what waits at its approval gate, as it is written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from controller.errors import AccessError, Refusal, SpecError

if TYPE_CHECKING:
    from controller.model.orders import Approval
    from controller.model.people import People, Person
    from controller.model.status import TargetStatus
    from controller.ports import Store

KEPT: Final = 20
"""How many approvals are kept for a target: one a person and content, the newest, and all of the newest content."""
GATE: Final = "approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A yes or no as it was said: why, by whom, and in whose list of people; with `aws` AWS has to prove it."""

    yes: bool
    reason: str
    actor: str | None
    people: str | None
    aws: bool = False


def is_asked(status: "TargetStatus | None", version: str) -> bool:
    """Whether this version waits for an approval, as far as was shown."""
    return status is not None and waits_for(status) == version


def waits_for(status: "TargetStatus") -> str:
    """Give the version that waits for an approval; empty if none does."""
    asked = any(blocker.gate == GATE for blocker in status.blockers)
    return status.wanted if asked and status.bound else ""


def may_reject(status: "TargetStatus | None", version: str, given: "Sequence[Approval]") -> bool:
    """Whether this version was approved, and still waits for something else: a no is heard until it starts."""
    if status is None or status.wanted != version or status.synced or not status.blockers:
        return False
    return any(one.digest == status.bound for one in given)


def whoever(people: "str | None", actor: "str | None", user: str, *, aws: bool = False) -> "tuple[Person, str]":
    """Find who gives the order: the OS user, if people.yaml lets one stand for a person. Raises AccessError.

    A name that was only said proves nothing; it may repeat who it is. With `aws` AWS has to prove it.
    """
    known = _people(people)
    if aws:
        return _proven(known, str(people), actor)
    person = known.find(os_user=user)
    if person is None:
        meant = known.meant(user)
        why = (
            f"nobody has the OS user {user}"
            if meant is None
            else "an OS user counts only with localApprovals: true"
        )
        raise AccessError(f"it is not known who you are: {why} in {people}; nothing was written")
    if actor and actor != user and known.meant(actor) != person:
        raise AccessError(f"--as {actor} proves nothing: {people} knows you, {user}, as {person.name}")
    return person, f"OS user {user}"


def _proven(known: "People", people: str, actor: "str | None") -> "tuple[Person, str]":
    """Take the person who was named if AWS lets who asks be them; the first way that it does counts."""
    from controller.app.caller import prove
    from controller.options import read

    if not actor:
        raise SpecError("--as-aws proves that you are whom --as names: say --as too")
    person, endpoint = known.meant(actor), read().endpoint_url
    if person is None or not person.sessions:
        what = f"has no sts for {person.name}" if person else f"knows nobody who is called {actor}"
        raise AccessError(f"it is not known who you are: {people} {what}; nothing was written")
    refused: list[str] = []
    for session in person.sessions:
        try:
            prove(session, endpoint)
        except AccessError as error:
            refused.append(str(error))
        else:
            return person, f"AWS {session}{f' at {endpoint}' if endpoint else ''}"
    raise AccessError(f"AWS does not say that you are {person.name}: {'; '.join(refused)}; nothing was written")


def _people(path: "str | None") -> "People":
    from controller.app.people import people_of

    if not path:
        raise AccessError(
            "nobody is known, so nobody can say so: name the people.yaml of the controller with --people"
        )
    return people_of(Path(path).expanduser())


def refuse_a_stranger(shown: "Sequence[TargetStatus]", person: "Person") -> None:
    """Refuse a yes for which no gate that waits asks this person, as far as was shown. Raises AccessError."""
    asked = [blocker.groups for status in shown for blocker in status.blockers if blocker.gate == GATE]
    if asked and all(groups and not {*groups} & {*person.groups} for groups in asked):
        names = " or ".join(dict.fromkeys(group for groups in asked for group in groups))
        raise AccessError(f"{person.name} is not in {names}, whose yes is asked for; nothing was written")


def signed(
    status: "TargetStatus", person: "Person", via: str, at: datetime, *, yes: bool, comment: str
) -> "Approval":
    """Make the answer to exactly what was shown; it has no number yet."""
    from controller.model.names import Digest
    from controller.model.orders import Approval

    return Approval(
        number=0,
        version=status.wanted,
        digest=Digest(status.bound),
        by=person.name,
        # The command's clock may be behind; what is answered was shown before.
        at=max(at, status.since),
        yes=yes,
        groups=person.groups,
        comment=comment,
        via=via,
    )


def merged(before: "Sequence[Approval]", new: "Approval", number: int) -> "tuple[Approval, ...]":
    """Add one under a number: the last word of a person on a content counts. Raises Refusal.

    One person who is known by two names says yes once.
    """
    same = next((one for one in before if (one.by, one.digest) == (new.by, new.digest)), None)
    if same is not None and same.yes and new.yes and same.via != new.via:
        raise Refusal(f"{new.by} said yes to this already, as {same.via}: one person counts once")
    others = [one for one in before if one is not same]
    mine = [one for one in others if one.digest == new.digest]
    rest = [one for one in others if one.digest != new.digest]
    kept = [*rest[max(0, len(rest) - max(0, KEPT - len(mine) - 1)) :], *mine]
    return (*sorted(kept, key=lambda one: one.number), replace(new, number=number))


def write(store: "Store", answer: "Approval", env: str, target: str) -> None:
    """Write it, and the journal row that tells of it."""
    from controller.cli.common import as_target, give
    from controller.cli.orders import for_target

    verb = "approve" if answer.yes else "reject"
    text = f"{verb} {answer.version} ({answer.digest[:12]})" + (f": {answer.comment}" if answer.comment else "")
    change = for_target(
        as_target(target), lambda mine, number: replace(mine, approvals=merged(mine.approvals, answer, number))
    )
    give(store, env, target, text, answer.by, change)
