"""Let ECS go on with a deployment that it paused at a lifecycle hook, once a person said yes.

Source: "Continuing Amazon ECS service deployments" (Developer Guide).
"""

from collections.abc import Callable
from typing import Final

from controller.errors import TrueupError
from controller.model.decision import Continue
from controller.model.observation import Absent, Unseen
from controller.model.outcome import Done, NotSent, Outcome, Stale
from controller.targets.ecs.answers import Cause, Declined
from controller.targets.ecs.client import Access, Clients
from controller.targets.ecs.look import Looking
from controller.targets.ecs.native import Native, parts, text
from controller.targets.ecs.permit import CONTINUE_DEPLOYMENT, Permission
from controller.targets.ecs.refusals import outcome_of
from controller.targets.ecs.takeback import GONE
from controller.targets.ecs.verdict import tell

_GO_ON: Final = "CONTINUE"


class _Gone(TrueupError):
    """The deployment is not there any more."""


class Continuing:
    """Carries out what a person said to a pause; to say it twice is to say it once."""

    def __init__(self, clients: Clients, looking: Looking) -> None:
        self._clients = clients
        self._looking = looking

    def act(self, action: Continue, check: Callable[[], None]) -> Outcome:
        """Carry out one action; whatever happens, the outcome says what is known of it."""
        access = self._clients.access(action.place)
        permission = Permission(
            place=action.place, family="", not_after=action.not_after, check=check, pause=action.pause
        )
        try:
            check()
            access.verify()
            told = self._told(access, action)
            if not _waits(told, action.pause):
                return Done(action=action)
            permission.deployment = text(told, "serviceDeploymentArn")
            with self._clients.gate.permit(permission):
                return self._continue(access, action, permission.deployment)
        except _Gone as gone:
            return Stale(action=action, why=str(gone))
        except Declined as declined:
            return _outcome(action, declined)
        except TrueupError as error:
            return NotSent(action=action, why=str(error))

    def _told(self, access: Access, action: Continue) -> Native:
        """Read the deployment that is paused, now; raises _Gone if there is none of that name."""
        known = self._looking.seen(action.place).told.get(action.deployment)
        arn = known.arn if known else self._current(access, action)
        answer = access.read("DescribeServiceDeployments", serviceDeploymentArns=[arn]) if arn else {}
        found = next(iter(parts(answer, "serviceDeployments")), None)
        if found is None or tell(found).id != action.deployment:
            raise _Gone(f"{action.deployment} is not the service's deployment any more")
        return found

    def _current(self, access: Access, action: Continue) -> str:
        service = self._looking.describe(access, action.place)
        if isinstance(service, Absent):
            raise _Gone("the service is no longer there")
        if isinstance(service, Unseen):
            raise TrueupError(service.why)
        return text(service, "currentServiceDeployment")

    def _continue(self, access: Access, action: Continue, arn: str) -> Outcome:
        try:
            access.change(CONTINUE_DEPLOYMENT, serviceDeploymentArn=arn, hookId=action.pause, action=_GO_ON)
        except Declined as declined:
            # AWS has no word of its own for a pause that has ended meanwhile: whether it has is read.
            if declined.cause is Cause.CONTENT and not _waits(self._told(access, action), action.pause):
                return Done(action=action)
            raise
        self._looking.seen(action.place).settled = False
        return Done(action=action)


def _waits(told: Native, pause: str) -> bool:
    """Whether a deployment still waits for an answer to this pause."""
    hooks = parts(told, "lifecycleHookDetails")
    waiting = any(text(hook, "hookId") == pause and text(hook, "status") == "AWAITING_ACTION" for hook in hooks)
    return waiting and text(told, "status") == "IN_PROGRESS"


def _outcome(action: Continue, declined: Declined) -> Outcome:
    """Say what a refusal of AWS's means."""
    is_gone = declined.code in GONE or declined.cause is Cause.GONE
    if is_gone and not declined.lost:
        return Stale(action=action, why=str(declined))
    return outcome_of(action, declined)
