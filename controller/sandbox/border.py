"""The border to moto, which is untyped: its application, accounts, alarms and clock."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import moto.cloudwatch.models as cloudwatch
import moto.iam.models as iam
import moto.rds.models as rds
import moto.sts.models as sts
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def application() -> WsgiApplication:
    """Moto's server for everything that is not ECS: STS, CloudWatch and the rest."""
    app: WsgiApplication = DomainDispatcherApplication(create_backend_app)
    return app


def reset() -> None:
    """Forget all that moto knows, in every account."""
    moto_api_backend.reset()


def account_of(access_key: str) -> str:
    """Give the account whose role gave out this access key, else the default account."""
    return str(iam.get_account_id_from(access_key))


def principal_of(access_key: str, account: str) -> str:
    """Give the ARN of who has this access key: an assumed role, else a user that is called like its key."""
    for partition in sts.sts_backends[account].values():
        role = partition.get_assumed_role_from_access_key(access_key)
        if role is not None:
            return str(role.arn)
    return f"arn:aws:iam::{account}:user/{access_key}"


def default_account() -> str:
    """Give the account of credentials that no role gave out."""
    return str(DEFAULT_ACCOUNT_ID)


def ringing(account: str, region: str, names: Sequence[str]) -> list[str]:
    """Those of the named alarms that are in state ALARM."""
    alarms: dict[str, Any] = cloudwatch.cloudwatch_backends[account][region].alarms
    return [name for name in names if name in alarms and alarms[name].state_value == "ALARM"]


def make_alarm(account: str, region: str, name: str) -> None:
    """Make an alarm in state OK, unless there is one of this name."""
    backend = cloudwatch.cloudwatch_backends[account][region]
    if name in backend.alarms:
        return
    backend.put_metric_alarm(
        name=name,
        namespace="trueup/sandbox",
        metric_name=name,
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        period=60,
        threshold=0.0,
        statistic="Sum",
        description="Made by the sandbox; ring it with SetAlarmState.",
        dimensions=[],
        alarm_actions=[],
    )


def quiet(account: str, region: str, name: str) -> None:
    """Set an alarm back to OK, if there is one of this name."""
    backend = cloudwatch.cloudwatch_backends[account][region]
    if name in backend.alarms and backend.alarms[name].state_value != "OK":
        backend.set_alarm_state(name, "Begun again by the sandbox.", "{}", "OK")


def policies_of(account: str, role: str) -> list[str] | None:
    """Give the policies of a role by its ARN, inline and attached, as JSON; None if there is no such role."""
    backend = iam.iam_backends[account]["aws"]
    found = next((one for one in backend.roles.values() if one.arn == role), None)
    if found is None:
        return None
    attached = (policy.versions for policy in found.managed_policies.values())
    current = (version.document for versions in attached for version in versions if version.is_default)
    return [*map(str, found.policies.values()), *map(str, current)]


def follow(now: Callable[[], float]) -> Callable[[], None]:
    """Make the times of alarms and databases simulated ones; answers how to undo it."""
    followed = (cloudwatch, rds)
    before = [module.utcnow for module in followed]
    for module in followed:
        module.utcnow = lambda: datetime.fromtimestamp(now(), tz=UTC).replace(tzinfo=None)

    def undo() -> None:
        for module, clock in zip(followed, before, strict=True):
            module.utcnow = clock

    return undo
