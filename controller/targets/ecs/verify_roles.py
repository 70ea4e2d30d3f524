"""Roles: they exist, ECS tasks may assume them, and we may hand them over.

Sources: "Amazon ECS task IAM role" and "task execution IAM role" (Developer Guide), SimulatePrincipalPolicy (IAM
API Reference), "Grant a user permissions to pass a role to an AWS service" (IAM User Guide).
"""

import json
from collections.abc import Iterator
from typing import Final

from controller.model.checked import Answered, ng, ok, skip
from controller.targets.ecs.answers import Declined
from controller.targets.ecs.native import Native, last, part, parts, text, texts
from controller.targets.ecs.verify_ask import Grounds, answered
from controller.targets.ecs.verify_names import Named

_TASKS: Final = "ecs-tasks.amazonaws.com"
_GONE: Final = "NoSuchEntity"
_ASSUMES: Final = frozenset({"sts:assumerole", "sts:*", "*"})
_PARTS: Final = 6


def role(named: Named, on: Grounds) -> Answered:
    """Check that a role exists in this account and lets tasks assume it."""
    account = _account(named.name)
    if account and account != on.place.account:
        return ng(f"it is a role of account {account}; a task can only have one of {on.place.account}")
    return answered("iam", "GetRole", lambda: _role(named.name, on))


def _role(arn: str, on: Grounds) -> Answered:
    try:
        found = part(on.ask(on.place, "iam", "GetRole", RoleName=last(arn)), "Role")
    except Declined as declined:
        if declined.code == _GONE:
            return ng("there is no such role")
        raise
    if arn.startswith("arn:") and text(found, "Arn") != arn:
        return ng(f"the role of this name is {text(found, 'Arn')}")
    return _trusts(found.get("AssumeRolePolicyDocument"))


def _trusts(document: object) -> Answered:
    """Judge a trust policy; its conditions are only named, as they speak of what only a task that starts knows."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return skip("its trust policy cannot be read")
    policy = document if isinstance(document, dict) else {}
    about = [one for one in _statements(policy) if _speaks_of_tasks(one)]
    if any(text(one, "Effect") == "Deny" and not part(one, "Condition") for one in about):
        return ng(f"its trust policy denies {_TASKS} to assume it")
    allowing = [one for one in about if text(one, "Effect") == "Allow"]
    if not allowing:
        return ng(f"its trust policy does not let {_TASKS} assume it")
    conditional = all(part(one, "Condition") for one in allowing)
    return ok("its trust policy has conditions, which are not judged" if conditional else "")


def _statements(policy: Native) -> Iterator[Native]:
    """Give a policy's statements; a single one may stand by itself."""
    yield from parts(policy, "Statement") or ([part(policy, "Statement")] if part(policy, "Statement") else [])


def _speaks_of_tasks(statement: Native) -> bool:
    principal = statement.get("Principal")
    services = _listed(principal, "Service") if isinstance(principal, dict) else [str(principal or "")]
    actions = {action.lower() for action in _listed(statement, "Action")}
    return bool({_TASKS, "*"}.intersection(services) and actions & _ASSUMES)


def _listed(native: Native, key: str) -> list[str]:
    return texts(native, key) or ([text(native, key)] if text(native, key) else [])


def pass_role(named: Named, on: Grounds) -> Answered:
    """Check that whoever we are may pass a role to ECS tasks, as RegisterTaskDefinition asks for."""
    return answered("iam", "SimulatePrincipalPolicy", lambda: _pass_role(named.name, on))


def _pass_role(arn: str, on: Grounds) -> Answered:
    whole = arn if arn.startswith("arn:") else f"arn:aws:iam::{on.place.account}:role/{arn}"
    us = on.place.role or _ourselves(on)
    asked = {
        "PolicySourceArn": us,
        "ActionNames": ["iam:PassRole"],
        "ResourceArns": [whole],
        "ContextEntries": [
            {"ContextKeyName": "iam:PassedToService", "ContextKeyValues": [_TASKS], "ContextKeyType": "string"}
        ],
    }
    try:
        results = parts(on.ask(on.place, "iam", "SimulatePrincipalPolicy", **asked), "EvaluationResults")
    except Declined as declined:
        if declined.code == _GONE:
            return skip(f"{us} is not known to IAM")
        raise
    decisions = [text(result, "EvalDecision") for result in results]
    if not decisions:
        return skip("IAM did not tell")
    wrong = next((decision for decision in decisions if decision != "allowed"), "")
    return ng(f"iam:PassRole of it to {_TASKS} is not allowed to {us} ({wrong})") if wrong else ok()


def _ourselves(on: Grounds) -> str:
    """Give the ARN whose policies are ours: of a session that assumed a role, that of the role."""
    arn = text(on.ask(on.place, "sts", "GetCallerIdentity"), "Arn")
    resource = (arn.split(":", 5) + [""] * _PARTS)[5]
    if resource.startswith("assumed-role/"):
        return f"arn:aws:iam::{on.place.account}:role/{resource.split('/')[1]}"
    return arn


def _account(arn: str) -> str:
    return (arn.split(":", 5) + [""] * _PARTS)[4] if arn.startswith("arn:") else ""
