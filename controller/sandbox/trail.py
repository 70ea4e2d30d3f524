"""CloudTrail, as far as a controller asks it: who made which changing call of ECS, told after a while."""

import json
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from controller.sandbox.calls import CHANGING
from controller.sandbox.clock import rfc3339
from controller.sandbox.door import Reply
from controller.sandbox.native import Refused, parts, text
from controller.sandbox.wire import Protocol, written

LOOKUP: Final = "cloudtrail:LookupEvents"
_KEPT: Final = 10_000
_MOST: Final = 50
_REFUSED: Final = 300
_SOURCE: Final = "ecs.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who made a request: the account, the principal, its key, and the program that it said it was."""

    account: str
    arn: str
    access_key: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    account: str
    region: str
    at: float
    attributes: Mapping[str, str]
    event: Mapping[str, object]


class Trail:
    """The newest ten thousand changing calls with who made them; safe to share between threads."""

    def __init__(self) -> None:
        self._told: deque[_Told] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Forget every call."""
        with self._lock:
            self._told.clear()

    def note(self, operation: str, caller: Caller, region: str, at: float, asked: bytes, reply: Reply) -> None:
        """Keep a changing call and how it was answered, refused ones too, as CloudTrail does."""
        if operation not in CHANGING:
            return
        told = _event(operation, caller, region, at, _tree(asked), reply)
        with self._lock:
            self._told.append(told)

    def lookup(self, account: str, region: str, body: bytes, seen_until: float) -> Reply:
        """Answer LookupEvents: newest first, of one account and region, and nothing younger than `seen_until`."""
        try:
            asked = _tree(body)
            chosen = self._chosen(account, region, asked, seen_until)
            start, most = _number(asked, "NextToken", 0), min(_number(asked, "MaxResults", _MOST), _MOST)
        except (ValueError, TypeError) as error:
            refused = Refused("InvalidLookupAttributesException", str(error))
            return Reply(status=refused.status, body=written(refused, Protocol.JSON))
        more = {"NextToken": str(start + most)} if len(chosen) > start + most else {}
        answer = {"Events": [one.event for one in chosen[start : start + most]], **more}
        return Reply(status=200, body=json.dumps(answer).encode())

    def _chosen(self, account: str, region: str, asked: Mapping[str, object], until: float) -> list[_Told]:
        wanted = {
            text(one, "AttributeKey"): text(one, "AttributeValue") for one in parts(asked, "LookupAttributes")
        }
        if len(wanted) > 1:
            raise ValueError("One lookup attribute can be given.")
        after, before = _instant(asked, "StartTime", 0.0), _instant(asked, "EndTime", until)
        with self._lock:
            told = list(self._told)
        return [
            one
            for one in sorted(told, key=lambda one: one.at, reverse=True)
            if (one.account, one.region) == (account, region)
            and after <= one.at <= min(before, until)
            and all(one.attributes.get(key) == value for key, value in wanted.items())
        ]


def _event(
    operation: str, caller: Caller, region: str, at: float, asked: Mapping[str, object], reply: Reply
) -> _Told:
    number, name = secrets.token_hex(16), caller.arn.rsplit("/", 1)[-1]
    told = {
        "EventName": operation,
        "EventSource": _SOURCE,
        "EventId": number,
        "ReadOnly": "false",
        "Username": name,
        "AccessKeyId": caller.access_key,
    }
    said = {
        **_said(operation, caller, asked, reply),
        "awsRegion": region,
        "eventTime": rfc3339(int(at)),  # to the second, as CloudTrail writes it
        "eventID": number,
    }
    return _Told(
        account=caller.account,
        region=region,
        at=at,
        attributes={**told, "ResourceName": text(asked, "service")},
        event={**told, "EventTime": int(at), "Resources": [], "CloudTrailEvent": json.dumps(said)},
    )


def _said(operation: str, caller: Caller, asked: Mapping[str, object], reply: Reply) -> dict[str, object]:
    """Give what CloudTrail's own record says of a call, but for when and where."""
    answer, refused = _tree(reply.body), reply.status >= _REFUSED
    error = {"errorCode": text(answer, "__type"), "errorMessage": text(answer, "message")} if refused else {}
    return {
        "eventVersion": "1.10",
        "userIdentity": {
            "type": "AssumedRole" if ":assumed-role/" in caller.arn else "IAMUser",
            "arn": caller.arn,
            "accountId": caller.account,
            "accessKeyId": caller.access_key,
        },
        "eventSource": _SOURCE,
        "eventName": operation,
        "userAgent": caller.agent,
        "requestParameters": dict(asked),
        "responseElements": None if refused else answer,
        "readOnly": False,
        **error,
    }


def _tree(body: bytes) -> Mapping[str, object]:
    try:
        tree: object = json.loads(body or b"{}")
    except ValueError:
        return {}
    return tree if isinstance(tree, dict) else {}


def _instant(asked: Mapping[str, object], name: str, default: float) -> float:
    given = asked.get(name)
    return float(given) if isinstance(given, int | float) else default


def _number(asked: Mapping[str, object], name: str, default: int) -> int:
    given = asked.get(name, default)
    if not isinstance(given, int | str) or int(given) < 0:
        raise ValueError(f"{name} is not valid.")
    return int(given)
