"""Who is who: the people whom the operator knows, and by what each is known."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

OS_USER: Final = "OS user"
GITHUB: Final = "GitHub login"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A role of AWS's STS as one person comes in it: with this source identity."""

    role: str
    source_identity: str

    def __str__(self) -> str:
        return f"{self.role} as {self.source_identity}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody, and everything that stands for them; `name` is what they are called here, and only here."""

    name: str
    emails: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    os_users: tuple[str, ...] = ()
    sessions: tuple[Session, ...] = ()
    subjects: tuple[str, ...] = ()
    github: str = ""
    groups: tuple[str, ...] = ()

    @property
    def known_by(self) -> Iterator[tuple[str, str]]:
        """Give each thing that nobody else may be known by: what sort of thing, and the thing."""
        yield from (("email", email.casefold()) for email in self.emails)
        yield from (("key", key) for key in self.keys)
        yield from ((OS_USER, user) for user in self.os_users)
        yield from (("session", str(session)) for session in self.sessions)
        yield from (("subject", subject) for subject in self.subjects)
        yield from ((GITHUB, login.casefold()) for login in (self.github,) if login)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Everybody; with `local`, who sits at the machine where orders are given is believed to be its OS user.

    `machines` are emails of nobody, with which a git host commits what people wrote.
    """

    persons: tuple[Person, ...] = ()
    local: bool = False
    machines: tuple[str, ...] = ()

    def find(
        self, *, os_user: str = "", key: str = "", session: Session | None = None, subject: str = ""
    ) -> Person | None:
        """Find who is known by one of these; an OS user stands for somebody only if that was allowed."""
        asked = {("key", key), ("session", str(session or "")), ("subject", subject)}
        asked |= {(OS_USER, os_user)} if self.local else set()
        wanted = {(sort, thing) for sort, thing in asked if thing}
        return next((one for one in self.persons if wanted.intersection(one.known_by)), None)

    def of_email(self, email: str) -> Person | None:
        """Find who writes commits with this email, however its letters are cased."""
        asked = ("email", email.casefold())
        return next((one for one in self.persons if asked in one.known_by), None)

    def is_machine(self, email: str) -> bool:
        """Whether nobody writes with this email, and a machine commits with it, however its letters are cased."""
        return email.casefold() in map(str.casefold, self.machines)

    def of_github(self, login: str) -> Person | None:
        """Find who is known at GitHub by this login, however its letters are cased."""
        asked = (GITHUB, login.casefold())
        return next((one for one in self.persons if asked in one.known_by), None)

    def named(self, name: str) -> Person | None:
        """Find who is called so here."""
        return next((one for one in self.persons if one.name == name), None)

    def meant(self, text: str) -> Person | None:
        """Find whom a text names that nobody vouches for: by name, email or OS user."""
        asked = {("email", text.casefold()), (OS_USER, text)}
        return self.named(text) or next((one for one in self.persons if asked.intersection(one.known_by)), None)

    def groups_of(self, name: str) -> frozenset[str]:
        """Give the groups of whoever is called so; none for nobody."""
        person = self.named(name)
        return frozenset(person.groups) if person else frozenset()

    def members(self, groups: Iterable[str]) -> tuple[Person, ...]:
        """Give everybody who is in one of these groups, or, if none is named, everybody."""
        asked = frozenset(groups)
        return tuple(one for one in self.persons if not asked or asked.intersection(one.groups))
