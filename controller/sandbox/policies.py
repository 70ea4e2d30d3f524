"""IAM's SimulatePrincipalPolicy for roles, which moto does not have: Deny, then Allow, else nothing said.

Evaluation as in "Policy evaluation logic" (IAM User Guide), over a role's own policies; conditions of StringEquals
and StringLike are judged by the context that is given, and a statement with any other condition does not apply.
"""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from controller.sandbox import border
from controller.sandbox.door import Reply
from controller.sandbox.native import Refused
from controller.sandbox.wire import Protocol, written

SIMULATE: Final = "iam:SimulatePrincipalPolicy"
_SPACE: Final = "https://iam.amazonaws.com/doc/2010-05-08/"
_OPERATORS: Final = frozenset({"StringEquals", "StringLike"})


def simulate(account: str, form: bytes) -> Reply:
    """Answer one request of the query protocol; NoSuchEntity if there is no such role in the account."""
    asked = {key: values[0] for key, values in parse_qs(form.decode("utf-8", "replace")).items()}
    role = asked.get("PolicySourceArn", "")
    policies = border.policies_of(account, role)
    if policies is None:
        refused = Refused("NoSuchEntity", f"The role {role} cannot be found.", 404)
        return Reply(status=refused.status, body=written(refused, Protocol.QUERY))
    statements = [one for policy in policies for one in _statements(json.loads(policy))]
    context = dict(_context(asked))
    results = "".join(
        f"<member><EvalActionName>{escape(action)}</EvalActionName>"
        f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
        f"<EvalDecision>{_decision(statements, action, resource, context)}</EvalDecision></member>"
        for action in _members(asked, "ActionNames")
        for resource in [*_members(asked, "ResourceArns")] or ["*"]
    )
    body = (
        f'<SimulatePrincipalPolicyResponse xmlns="{_SPACE}"><SimulatePrincipalPolicyResult>'
        f"<IsTruncated>false</IsTruncated><EvaluationResults>{results}</EvaluationResults>"
        "</SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>sandbox</RequestId></ResponseMetadata>"
        "</SimulatePrincipalPolicyResponse>"
    )
    return Reply(status=200, body=body.encode())


def _decision(statements: list[Mapping[str, Any]], action: str, resource: str, context: Mapping[str, str]) -> str:
    effects = {
        str(one.get("Effect"))
        for one in statements
        if _matches(one.get("Action"), action, fold=True)
        and _matches(one.get("Resource"), resource)
        and _applies(one.get("Condition"), context)
    }
    return "explicitDeny" if "Deny" in effects else "allowed" if "Allow" in effects else "implicitDeny"


def _applies(condition: object, context: Mapping[str, str]) -> bool:
    if not isinstance(condition, Mapping):
        return True
    return all(
        operator in _OPERATORS
        and all(key in context and _matches(wanted, context[key]) for key, wanted in keys.items())
        for operator, keys in condition.items()
    )


def _matches(patterns: object, value: str, *, fold: bool = False) -> bool:
    listed = patterns if isinstance(patterns, list) else [patterns] if patterns else []
    texts = [str(pattern) for pattern in listed]
    return any(fnmatchcase(*((value.lower(), one.lower()) if fold else (value, one))) for one in texts)


def _statements(policy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = policy.get("Statement", [])
    return found if isinstance(found, list) else [found]


def _members(asked: Mapping[str, str], name: str) -> Iterator[str]:
    number = 1
    while (key := f"{name}.member.{number}") in asked:
        yield asked[key]
        number += 1


def _context(asked: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    number = 1
    while (key := f"ContextEntries.member.{number}.ContextKeyName") in asked:
        yield asked[key], asked.get(f"ContextEntries.member.{number}.ContextKeyValues.member.1", "")
        number += 1
