"""Every kind of gate with the answers that open it, and with answers like them that are old or from the future."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from controller.gates.alarms import Alarms
from controller.gates.approval import Approval, Via
from controller.gates.backup import Backup
from controller.gates.checklist import Checklist
from controller.gates.http import Http
from controller.gates.prometheus import Prometheus
from controller.gates.promoted import Promoted
from controller.gates.signed import SignedTag
from controller.gates.window import NotBefore, Window
from controller.model.application import Application
from controller.model.backups import Backup as Found
from controller.model.backups import Backups
from controller.model.consent import Approvals, Authors, Opened, OpenedIn, Ticks, TicksOf, WhoIsWho
from controller.model.consent import ApprovalsOf as SaidTo
from controller.model.gate import Gate
from controller.model.hotfix import EMERGENCY, Hotfix
from controller.model.manifest import Manifest
from controller.model.names import Commit, EnvName, TargetName
from controller.model.orders import Approval as Given
from controller.model.orders import Opening, Tick
from controller.model.packed import Packed
from controller.model.people import People, Person
from controller.model.questions import (
    Alarm,
    AlarmState,
    Answer,
    Candidate,
    HttpAnswer,
    Proof,
    Proven,
    Question,
    Sample,
    Samples,
)
from controller.model.questions import Alarms as Heard
from controller.model.release import Release
from controller.model.reviews import Review, Reviews, ReviewsOf
from controller.model.trust import Signed
from controller.plan.lane import Agreed
from tests.platform import place

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
GROUP = "release-managers"
PEOPLE = People(
    persons=(
        Person(name="anna", emails=("anna@example.com",), groups=(GROUP, EMERGENCY), github="anna-gh"),
        Person(name="dora", emails=("dora@example.com",), groups=(GROUP,)),
    )
)
IMAGE = f"sha256:{'1' * 64}"
RELEASE = Release(
    version="v1.2.3",
    manifest=Manifest.of({"taskDefinition.containerDefinitions[api].image": f"r.example.com/api@{IMAGE}"}),
    shape=Packed.of("{}"),
    commit=Commit("c0ffee"),
)
CANDIDATE = Candidate.of(EnvName("prod"), TargetName("api"), place("api"), RELEASE)
DIGEST = RELEASE.digest
Answers = Mapping[Question, Answer]


@dataclass(frozen=True)
class Case:
    """A gate, what opens it at NOW, and the same answer as it was too long ago and as it will be.

    Where an answer is of the moment in which it is given, and nothing in it says when that was, there is neither.
    """

    gate: Gate
    opens: Answers
    old: tuple[Answers, ...] = ()
    ahead: tuple[Answers, ...] = ()


def asked(gate, answer):
    """The answer to the one question of a gate."""
    (question,) = gate.asks(CANDIDATE)
    return {question: answer}


def said(at=NOW - HOUR, used=frozenset()):
    yes = Given(number=7, version="v1.2.3", digest=DIGEST, by="anna", at=at, groups=(GROUP,))
    wrote = Authors(emails=("dora@example.com",))
    return {SaidTo(candidate=CANDIDATE): Approvals(given=(yes,), used=used, authors=wrote), WhoIsWho(): PEOPLE}


def reviewed(at=NOW - HOUR):
    reviews = Reviews(of="#42", reviews=(Review(login="anna-gh", yes=True, at=at, number=9),))
    nothing = Approvals(authors=Authors(emails=("dora@example.com",)))
    return {
        SaidTo(candidate=CANDIDATE): nothing,
        WhoIsWho(): PEOPLE,
        ReviewsOf(commit=RELEASE.commit, files=()): reviews,
    }


def ticked(at=NOW - HOUR, used=frozenset()):
    tick = Tick(number=8, item="flags-set", version="v1.2.3", digest=DIGEST, by="anna", at=at, groups=(GROUP,))
    return {TicksOf(candidate=CANDIDATE): Ticks(given=(tick,), used=used), WhoIsWho(): PEOPLE}


def opened(at=NOW - HOUR, until=NOW + HOUR):
    opening = Opening(reason="INC-1", at=at, until=until, by="anna", groups=(GROUP,))
    return {OpenedIn(env=EnvName("prod")): Opened(opening=opening), WhoIsWho(): PEOPLE}


def backed_up(at):
    found = Found(what="the manual snapshot a", at=at)
    return asked(BACKUP, Backups(of="the instance unifocus", found=(found,)))


def proven(since, until=None):
    return asked(PROMOTED, Proven(proofs=(Proof(version="v1.2.3-stage", since=since, until=until),)))


def hotfix(at):
    given = Hotfix(number=3, version="v1.2.3", by="anna", at=at, groups=(EMERGENCY,), broke_glass=True)
    return Agreed(hotfix=given, bound=DIGEST)


ALARMS = Alarms(account="111122223333", region="eu-west-1", names=("5xx",))
BACKUP = Backup(account="111122223333", region="eu-west-1", database="unifocus")
HTTP = Http(url="https://api.example.com/health")
PROMETHEUS = Prometheus(query="up", min=1.0)
PROMOTED = Promoted(source="stage", environment="prod")
SIGNED = SignedTag(application=Application(repository="https://git.example.com/shop"))
APPROVAL, REVIEWED = Approval(groups=(GROUP,)), Approval(groups=(GROUP,), via=Via.REVIEW)
CHECKLIST = Checklist(items=("flags-set",), groups=(GROUP,))
WINDOW = Window(allow=("2040-01-01",), override=(GROUP,))  # shut, and somebody opened it
DAY = 24 * HOUR

CASES = {
    "alarms": Case(ALARMS, asked(ALARMS, Heard(alarms=(Alarm(name="5xx", state=AlarmState.OK),)))),
    "approval": Case(
        APPROVAL, said(), (said(NOW - DAY), said(NOW - 30 * DAY), said(used=frozenset({7}))), (said(NOW + HOUR),)
    ),
    "approval by a review": Case(REVIEWED, reviewed(), (reviewed(NOW - DAY),), (reviewed(NOW + HOUR),)),
    "backup": Case(BACKUP, backed_up(NOW - HOUR), (backed_up(NOW - DAY),), (backed_up(NOW + HOUR),)),
    "checklist": Case(CHECKLIST, ticked(), (ticked(NOW - DAY), ticked(used=frozenset({8}))), (ticked(NOW + HOUR),)),
    "hotfix": Case(hotfix(NOW - HOUR), {WhoIsWho(): PEOPLE}),
    "http": Case(HTTP, asked(HTTP, HttpAnswer(status=200, seconds=0.1))),
    "notBefore": Case(NotBefore(at=NOW), {}),
    "prometheus": Case(PROMETHEUS, asked(PROMETHEUS, Samples(samples=(Sample(labels=(), value="1"),)))),
    "promoted": Case(PROMOTED, proven(NOW - HOUR), (), (proven(NOW + HOUR), proven(NOW + HOUR, NOW + 2 * HOUR))),
    "promoted with soak": Case(
        replace(PROMOTED, soak=HOUR),
        proven(NOW - HOUR),
        (proven(NOW - DAY, NOW - DAY + HOUR / 2),),
        (proven(NOW + HOUR, NOW + 3 * HOUR),),
    ),
    "signed": Case(SIGNED, asked(SIGNED, Signed(by="anna", key="SHA256:x", known=True))),
    "window": Case(WINDOW, opened(), (opened(NOW - DAY, NOW - HOUR), opened(until=NOW)), (opened(NOW + HOUR / 2),)),
}
UNMET = {name: case.gate for name, case in CASES.items() if case.opens and name != "hotfix"}
"""Gates that nothing opens in a world that answers none of their questions."""
