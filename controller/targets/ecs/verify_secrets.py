"""Secrets that containers are given: of Secrets Manager, or parameters of Systems Manager; no value is decrypted.

Forms of names: Secret.valueFrom (Amazon ECS API Reference) and "Pass Secrets Manager secrets through Amazon ECS
environment variables" (Developer Guide): an ARN of Secrets Manager may end in :json-key:version-stage:version-id.
"""

from collections.abc import Mapping
from typing import Final

from controller.errors import TrueupError
from controller.model.checked import Answered, Result, ng, ok
from controller.targets.ecs.answers import Declined
from controller.targets.ecs.native import text, texts
from controller.targets.ecs.rotated import changed_at, note_of, started_at
from controller.targets.ecs.verify_ask import Grounds, answered, within
from controller.targets.ecs.verify_names import Named

_SECRET: Final = 7  # arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME
_GONE: Final = frozenset({"ResourceNotFoundException"})


def secret(named: Named, on: Grounds) -> Answered:
    """Check that a secret or parameter exists, with the version that is asked for."""
    fields = named.name.split(":")
    keeper, region = (
        (fields[2], fields[3]) if named.name.startswith("arn:") and len(fields) > _SECRET - 2 else ("", "")
    )
    if keeper == "secretsmanager" or text(named.around, "keeper") == "secretsmanager":
        found = answered("secretsmanager", "DescribeSecret", lambda: _managed(fields, region, on))
    elif keeper not in {"", "ssm"}:
        return ng(f"a name of {keeper} is not a secret that ECS can read")
    else:
        found = answered("ssm", "GetParameters", lambda: _parameter(named.name, region, on))
    return found if found.result is not Result.OK or named.around else _rotated(named, on) or found


def _rotated(named: Named, on: Grounds) -> Answered | None:
    """Say that tasks run which were given an older version; it is well, but a person should know."""
    try:
        changed = changed_at(named.name, on.place, on.ask)
        started = started_at(on.place, on.ask) if changed else 0
    except TrueupError:
        return None  # there is no such service yet, or it is not allowed to ask
    return (
        ok(f"{note_of(named.name, changed)}; trueup restart gives them the new one")
        if 0 < started < changed
        else None
    )


def _managed(fields: list[str], region: str, on: Grounds) -> Answered:
    is_arn = fields[0] == "arn"
    name = ":".join(fields[:_SECRET]) if is_arn else ":".join(fields)
    key, stage, version = [*fields[_SECRET:], "", "", ""][:3] if is_arn else ("", "", "")
    try:
        found = on.ask(within(on.place, region), "secretsmanager", "DescribeSecret", SecretId=name)
    except Declined as declined:
        if declined.code in _GONE:
            return ng("there is no such secret")
        raise
    if found.get("DeletedDate") is not None:
        return ng("it is scheduled for deletion, and cannot be read any more")
    versions = found.get("VersionIdsToStages")
    stages = versions if isinstance(versions, Mapping) else {}
    if version and version not in stages:
        return ng(f"it has no version {version}")
    if stage and not any(stage in texts(stages, one) for one in stages):
        return ng(f"it has no version that is staged {stage}")
    return ok(f"whether it holds the key {key!r} is not looked at: the value is not read" if key else "")


def _parameter(name: str, region: str, on: Grounds) -> Answered:
    answer = on.ask(within(on.place, region), "ssm", "GetParameters", Names=[name], WithDecryption=False)
    return ng("there is no such parameter") if name in texts(answer, "InvalidParameters") else ok()
