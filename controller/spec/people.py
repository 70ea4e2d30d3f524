"""`people.yaml`: who is who, as the operator says it; read as strictly as a spec, and never from the specs."""

from collections import Counter
from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import Annotated, Final, TypeAlias

from pydantic import Field, ValidationError

from controller.errors import SpecError
from controller.model.desired import Complaint
from controller.model.people import GITHUB, OS_USER, People, Person, Session
from controller.spec.nodes import Fields, mark_of, values_of, written
from controller.spec.parts import Strict
from controller.spec.problems import complaint, from_model, in_order
from controller.spec.scalars import Like, Name, OneOf, RoleArn, TrueOrFalse, Word
from controller.spec.scan import scan
from controller.spec.schema import API_VERSION

PEOPLE: Final = "People"
_KEYS: Final = MappingProxyType(
    {
        "email": "emails",
        "key": "keys",
        OS_USER: "osUsers",
        "session": "sts",
        "subject": "subjects",
        GITHUB: "github",
    }
)

PersonName: TypeAlias = Annotated[
    str,
    Like(
        r"[a-z][a-z0-9._-]{0,39}",
        "what somebody is called: a small letter, then up to 39 small letters, digits and . _ -",
    ),
]
Email: TypeAlias = Annotated[str, Like(r"[!-;=?A-~]{1,120}@[A-Za-z0-9.-]{1,120}", "an email address")]
Key: TypeAlias = Annotated[
    str,
    Like(
        r"SHA256:[A-Za-z0-9+/]{43}|[0-9A-F]{40}([0-9A-F]{24})?",
        "a signing key: SHA256:… of an SSH key as ssh-keygen -l shows it, or the fingerprint of a GPG key",
    ),
]
OsUser: TypeAlias = Annotated[str, Like(r"[A-Za-z_][A-Za-z0-9_.@-]{0,63}", "a user of this machine")]
Login: TypeAlias = Annotated[str, Like(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?", "a login at GitHub")]
SourceIdentity: TypeAlias = Annotated[str, Like(r"[A-Za-z0-9_+=,.@-]{2,64}", "a source identity of STS")]


class StsSession(Strict):
    """A role, and with which source identity this person comes in it."""

    role: RoleArn = Field(description="The role.")
    source_identity: SourceIdentity = Field(description="The source identity that only this person can have in it.")


class One(Strict):
    """One person."""

    emails: list[Email] = Field(default_factory=list, description="With which emails they write commits.")
    keys: list[Key] = Field(default_factory=list, description="With which keys they sign them.")
    os_users: list[OsUser] = Field(
        default_factory=list, description="Who they are on the machine of the controller; needs localApprovals."
    )
    sts: list[StsSession] = Field(default_factory=list, description="Who they are in AWS.")
    subjects: list[Word] = Field(default_factory=list, description="Who they are in tokens.")
    github: Login = Field(default="", description="Who they are at GitHub.")
    groups: list[Name] = Field(default_factory=list, description="The groups they are in.")


class Everybody(Strict):
    """The whole file."""

    api_version: Annotated[str, OneOf((API_VERSION,))]
    kind: Annotated[str, OneOf((PEOPLE,))]
    local_approvals: Annotated[bool, TrueOrFalse()] = Field(
        default=False, description="Whether an OS user of the machine where an order is given stands for a person."
    )
    machines: list[Email] = Field(
        default_factory=list, description="Emails of nobody, with which a git host commits what people wrote."
    )
    people: dict[PersonName, One] = Field(description="Everybody, by name.")


def read_people(content: bytes, file: str) -> People:
    """Read the file; raises SpecError with a line for everything that is wrong, and where."""
    scanned = scan(content, file)
    if scanned.root is None or scanned.complaints:
        raise _refused(scanned.complaints)
    try:
        read = Everybody.model_validate(values_of(scanned.root, written))
    except ValidationError as problem:
        raise _refused(from_model(problem, Everybody, scanned.root)) from None
    persons = tuple(_person(name, one) for name, one in read.people.items())
    wrong = (*_shared(persons, scanned.root), *_no_machines(read.machines, persons, scanned.root))
    if wrong:
        raise _refused(wrong)
    return People(persons=persons, local=read.local_approvals, machines=tuple(read.machines))


def _refused(wrong: Iterable[Complaint]) -> SpecError:
    return SpecError("\n".join(str(one) for one in in_order(tuple(wrong))))


def _person(name: str, one: One) -> Person:
    return Person(
        name=name,
        emails=tuple(one.emails),
        keys=tuple(one.keys),
        os_users=tuple(one.os_users),
        sessions=tuple(Session(role=sts.role, source_identity=sts.source_identity) for sts in one.sts),
        subjects=tuple(one.subjects),
        github=one.github,
        groups=tuple(one.groups),
    )


def _shared(persons: Iterable[Person], root: Fields) -> Iterator[Complaint]:
    """Complain of whatever would stand for two people, or twice for one."""
    owners: dict[tuple[str, str], str] = {}
    for person in persons:
        seen: Counter[str] = Counter()
        for sort, thing in person.known_by:
            at = () if sort == GITHUB else (seen[sort],)
            where = ("people", person.name, _KEYS[sort], *at)
            seen[sort] += 1
            other = owners.get((sort, thing))
            owners.setdefault((sort, thing), person.name)
            if other is not None:
                whose = f"{other} has that {sort} too" if other != person.name else "stands here twice"
                yield complaint(mark_of(root, where), where, f"{thing!r}: {whose}")


def _no_machines(machines: Iterable[str], persons: Iterable[Person], root: Fields) -> Iterator[Complaint]:
    """Complain of a machine's email that is a person's too, or stands twice."""
    owners = {email.casefold(): person.name for person in persons for email in person.emails}
    seen: set[str] = set()
    for index, machine in enumerate(machines):
        where, email = ("machines", index), machine.casefold()
        if email in owners or email in seen:
            what = (
                f"{owners[email]} has that email, and so is no machine" if email in owners else "stands here twice"
            )
            yield complaint(mark_of(root, where), where, f"{machine!r}: {what}")
        seen.add(email)
