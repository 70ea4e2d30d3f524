"""What can be asked about people: who is who, who wrote a release, who signed it, and what was said to it."""

from dataclasses import dataclass
from typing import Final

from controller.model.application import Application
from controller.model.names import Commit, EnvName, TargetName
from controller.model.orders import Approval, Opening, Tick
from controller.model.questions import Candidate

APPROVED_BY: Final = "approved by "
"""How an approval gate that is open begins to name whose yes counted; the names follow, after commas."""


@dataclass(frozen=True, slots=True)
class WhoIsWho:
    """Whom does the operator know? The answer is People."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authors:
    """The emails of all who wrote or co-authored it, as git gives them, in order.

    `committers` are those who only committed it: people, or the machine of a git host. `builders` wrote the
    application that it runs. `signers` are people, by their names in people.yaml, who signed what was written,
    whatever it gives as its author.
    """

    emails: tuple[str, ...]
    committers: tuple[str, ...] = ()
    builders: tuple[str, ...] = ()
    signers: tuple[str, ...] = ()

    def and_also(self, other: "Authors") -> "Authors":
        """Count the others too."""
        pairs = (
            (self.emails, other.emails),
            (self.committers, other.committers),
            (self.builders, other.builders),
            (self.signers, other.signers),
        )
        emails, committers, builders, signers = (tuple(dict.fromkeys((*mine, *theirs))) for mine, theirs in pairs)
        return Authors(emails=emails, committers=committers, builders=builders, signers=signers)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsOf:
    """What did people say to this candidate?"""

    candidate: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """Every yes and no that is kept for a target, of other content too.

    `used` are the numbers of those that a rollout was opened with. `authors` are those who wrote what waits,
    `unknown` says why they are not known; `requesters` asked to try again what failed, and for the hotfix, if that
    waits.
    """

    given: tuple[Approval, ...] = ()
    used: frozenset[int] = frozenset()
    authors: Authors = Authors(emails=())
    unknown: str = ""
    requesters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorsOf:
    """Who wrote what a target is made of, after the commit of what runs, up to the one of what waits?

    Without `since` it is not known of which commit what runs is: then all count who ever wrote it. With
    `application` it is asked too who wrote that, from the version that `ran` up to `version`.
    """

    env: EnvName
    target: TargetName
    commit: Commit
    since: Commit | None = None
    application: Application | None = None
    version: str = ""
    ran: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicksOf:
    """Which items of a checklist were ticked for this candidate?"""

    candidate: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticks:
    """Every word that is kept on items of a target's checklists, and the numbers of those that were used."""

    given: tuple[Tick, ...] = ()
    used: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedIn:
    """Did a person open the windows of this environment?"""

    env: EnvName


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The newest word that opens them, if there is one, be it over."""

    opening: Opening | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureOf:
    """Who signed this tag of an application's repository? The answer is Signed, or Unsigned."""

    application: Application
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """Nobody whom the operator knows, and why not."""

    why: str
