"""CloudTrail answers who changed a service: the principal, the call, when, and with what."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from controller.errors import TrueupError
from controller.model.questions import Answer, ChangedBy, Changer, Question, Unanswered

# CloudTrail API Reference, LookupEvents: one attribute a call, at most 50 events a page, two calls a second.
_CALL: Final = "UpdateService"
_AT_ONCE: Final = 50
_CALLS: Final = 4
_JOINED: Final = timedelta(minutes=5)
_LATE: Final = timedelta(seconds=2)
_LONGEST: Final = 200
_NOT_ALLOWED: Final = frozenset({
    "AccessDenied", "AccessDeniedException", "AuthorizationError", "NotAuthorized", "UnauthorizedOperation",
})  # fmt: skip
_OURS: Final = "trueup"
# What the user agents of the usual tools contain; the first that fits is named.
_TOOLS: Final = (
    ("terraform", "terraform"),
    ("pulumi", "pulumi"),
    ("aws-cdk", "cdk"),
    ("cloudformation", "cloudformation"),
    ("application-autoscaling", "autoscaling"),
    ("codedeploy", "codedeploy"),
    ("codepipeline", "codepipeline"),
    ("console.amazonaws.com", "the console"),
    ("signin.amazonaws.com", "the console"),
    ("mozilla", "the console"),
    ("aws-cli", "aws-cli"),
    ("trueup", "trueup"),
    ("boto", "boto"),
)
Client: TypeAlias = Any  # the SDK makes the classes of its clients at run time
Native: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """One call as CloudTrail tells of it, with the service that it changed and what was PRIMARY after it."""

    at: datetime
    cluster: str
    service: str
    deployment: str
    is_ours: bool
    changer: Changer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """Questions of one account and region whose instants lie close together: one look-up answers them all."""

    after: datetime
    before: datetime
    asked: tuple[ChangedBy, ...]


class CloudTrail:
    """Answers `ChangedBy`; `client` gives a CloudTrail client for an account, a region and a role.

    It only reads, makes at most four calls a turn for each account and region, and never raises: who may not look
    up events gets a Changer that says so, and what is not listed yet goes unanswered.
    """

    def __init__(self, client: Callable[[str, str, str | None], Client]) -> None:
        self._client = client

    def answer(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer them all, with as few look-ups as they need."""
        answers: dict[Question, Answer] = {}
        by_place: defaultdict[tuple[str, str, str | None], list[ChangedBy]] = defaultdict(list)
        for question in questions:
            if isinstance(question, ChangedBy):
                by_place[question.account, question.region, question.role].append(question)
            else:
                answers[question] = Unanswered(why=f"CloudTrail knows nothing of {type(question).__name__}")
        for where, asked in by_place.items():
            answers.update(self._answer(where, asked))
        return answers

    def _answer(self, where: tuple[str, str, str | None], asked: Sequence[ChangedBy]) -> Mapping[Question, Answer]:
        answers: dict[Question, Answer] = dict.fromkeys(asked, Unanswered(why="asked later, two calls a second"))
        try:
            client, left = self._client(*where), _CALLS
            for span in _spans(asked):
                events: list[_Event] = []
                for page in _pages(client, span, left):
                    left -= 1
                    events += page
                answers.update({question: _told(question, events) for question in span.asked})
                if not left:
                    break
        except Exception as error:  # noqa: BLE001 - a question that failed in any way is not answered
            return dict.fromkeys(asked, _failed(error))
        return answers


def _spans(asked: Sequence[ChangedBy]) -> list[_Span]:
    spans: list[_Span] = []
    for one in sorted(asked, key=lambda question: (question.after, question.service)):
        last = spans[-1] if spans else None
        if last is not None and one.after - last.before <= _JOINED:
            before = max(last.before, one.before)
            spans[-1] = _Span(after=last.after, before=before, asked=(*last.asked, one))
        else:
            spans.append(_Span(after=one.after, before=one.before, asked=(one,)))
    return spans


def _pages(client: Client, span: _Span, most: int) -> Iterator[list[_Event]]:
    more: dict[str, object] = {}
    for _ in range(most):
        answer = client.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": _CALL}],
            StartTime=span.after,
            EndTime=span.before,
            MaxResults=_AT_ONCE,
            **more,
        )
        yield [event for one in answer.get("Events", ()) if (event := _event(one)) is not None]
        token = answer.get("NextToken")
        if not token:
            return
        more = {"NextToken": token}


def _told(question: ChangedBy, events: Sequence[_Event]) -> Changer | Unanswered:
    """Find the call: the first that answered with the deployment, else the last one of somebody else's."""
    here = [event for event in events if (event.cluster, event.service) == (question.cluster, question.service)]
    here = [event for event in here if question.after - _LATE <= event.at <= question.before + _LATE]
    made = [event for event in here if question.deployment and event.deployment == question.deployment]
    # What names another deployment made that one; what names none was told of without its answer.
    others = [event for event in here if not (question.deployment and event.deployment) and not event.is_ours]
    found = min(made, key=_when) if made else max(others, key=_when, default=None)
    return found.changer if found else Unanswered(why="CloudTrail lists no such call yet; it may take 15 minutes")


def _when(event: _Event) -> datetime:
    return event.at


def _event(listed: Native) -> _Event | None:
    """Read one event; None if the call was refused, or is told of in a form that nobody knows."""
    try:
        said: object = json.loads(listed.get("CloudTrailEvent") or "{}")
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("errorCode"):
        return None
    at = _instant(listed.get("EventTime")) or _instant(said.get("eventTime"))
    if at is None:
        return None
    asked, answered = _part(said, "requestParameters"), _part(_part(said, "responseElements"), "service")
    deployments = answered.get("deployments")
    listed_there = [one for one in deployments if isinstance(one, dict)] if isinstance(deployments, list) else []
    agent = _text(said.get("userAgent"))
    changer = Changer(
        by=_who(_part(said, "userIdentity")) or _text(listed.get("Username")) or "somebody without a name",
        call=_text(said.get("eventName")) or _CALL,
        at=at,
        via=_tool(agent),
    )
    return _Event(
        at=at,
        cluster=_last(asked.get("cluster")) or "default",
        service=_last(asked.get("service")),
        deployment=next((_text(one.get("id")) for one in listed_there if one.get("status") == "PRIMARY"), ""),
        is_ours=_OURS in agent.lower(),
        changer=changer,
    )


def _who(identity: Native) -> str:
    """Name the principal: its ARN, or the AWS service that acted by itself."""
    return _text(identity.get("arn")) or _text(identity.get("invokedBy")) or _text(identity.get("principalId"))


def _tool(agent: str) -> str:
    lower = agent.lower()
    known = next((name for mark, name in _TOOLS if mark in lower), None)
    return known or agent.split("/", 1)[0][:40]


def _failed(error: Exception) -> Changer | Unanswered:
    code = str(getattr(error, "response", {}).get("Error", {}).get("Code", "")).rsplit("#", 1)[-1]
    if code in _NOT_ALLOWED:
        return Changer(unknown="needs cloudtrail:LookupEvents")
    return Unanswered(why=str(error) if isinstance(error, TrueupError) else f"CloudTrail did not tell: {error}")


def _part(tree: Native, name: str) -> Native:
    found = tree.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(value: object) -> str:
    """Keep what somebody else wrote printable, and short."""
    text = value if isinstance(value, str) else ""
    return "".join(char if char.isprintable() else "�" for char in text)[:_LONGEST]


def _last(value: object) -> str:
    """Give a name: of an ARN its last part."""
    return _text(value).rsplit("/", 1)[-1]


def _instant(value: object) -> datetime | None:
    """Read an instant as the protocol carries it: seconds since the epoch, or ISO 8601."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    if not isinstance(found, datetime):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
