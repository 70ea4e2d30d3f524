"""Hooks as one-off tasks: started once whatever happens, by a token that is their identity, and stopped.

Sources: the texts of RunTask and StopTask, "Ensuring idempotency in Amazon ECS API requests", and "API failure
reasons" (Developer Guide).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from controller.errors import Refusal, TrueupError
from controller.model.decision import Start, Stop
from controller.model.names import Revision
from controller.model.observation import Absent, Unseen
from controller.model.outcome import Done, Lost, NotSent, Outcome, Refused, Started
from controller.targets.ecs.answers import Declined
from controller.targets.ecs.buckets import REGISTER, RUN
from controller.targets.ecs.client import Access, Clients
from controller.targets.ecs.definitions import Definitions
from controller.targets.ecs.following import Following, described
from controller.targets.ecs.hooked import overrides_of
from controller.targets.ecs.look import Looking
from controller.targets.ecs.manifest import read_creation, read_shape
from controller.targets.ecs.native import Native, parts, text
from controller.targets.ecs.permit import Permission
from controller.targets.ecs.refusals import outcome_of
from controller.targets.ecs.revising import revision_for

_CONFLICT: Final = "ConflictException"
_REASON: Final = 255
# What a task takes over from its service: where it may run, and in which network.
_TAKEN_OVER: Final = (
    "capacityProviderStrategy",
    "launchType",
    "networkConfiguration",
    "placementConstraints",
    "placementStrategy",
    "platformVersion",
)


@dataclass(slots=True, kw_only=True)
class _Attempt:
    """A start being carried out; `revision` is the one that was found or registered so far."""

    action: Start
    access: Access
    definition: dict[str, object]
    declared: dict[str, object]
    revision: Revision | None = None


class Hooking:
    """Starts and stops one-off tasks."""

    def __init__(self, clients: Clients, definitions: Definitions, looking: Looking, following: Following) -> None:
        self._clients = clients
        self._definitions = definitions
        self._looking = looking
        self._following = following

    def start(self, action: Start, check: Callable[[], None]) -> Outcome:
        """Start a task, if there is none by this id; whatever happens, the outcome says what is known of it."""
        try:
            definition, service = read_shape(str(action.release.shape))
            declared = {**service, **(read_creation(str(action.release.shape)) or {})}
        except (ValueError, KeyError, TypeError) as error:
            return NotSent(action=action, why=f"the shape that was recorded for it cannot be read: {error}")
        access = self._clients.access(action.place)
        attempt = _Attempt(action=action, access=access, definition=definition, declared=declared)
        permission = Permission(
            place=action.place,
            family=text(definition, "family"),
            not_after=action.not_after,
            check=check,
            starts=action.id,
        )
        try:
            check()
            access.verify()
            if action.look_first and (found := self._found(attempt)):
                return found
            self._clients.buckets.require(action.place, [RUN] if action.revision else [RUN, REGISTER])
            with self._clients.gate.permit(permission):
                return self._start(attempt)
        except Declined as declined:
            return self._declined(attempt, declined)
        except TrueupError as error:
            return NotSent(action=action, why=str(error), revision=attempt.revision)

    def stop(self, action: Stop, check: Callable[[], None]) -> Outcome:
        """Stop a task of ours; one that has stopped, or is not there any more, needs nothing."""
        access, place = self._clients.access(action.place), action.place
        try:
            check()
            access.verify()
            if action.task:
                task = described(access, place, [action.task])[0].get(action.task)
            else:
                task = self._following.find(access, place, action.id)
            if task is None or text(task, "desiredStatus") == "STOPPED":
                return Done(action=action)
            if text(task, "startedBy") != action.id:
                return Refused(action=action, why=f"{action.task} is not a task of ours; it is left as it is")
            arn = text(task, "taskArn")
            permission = Permission(place=place, family="", not_after=action.not_after, check=check, stops=arn)
            self._clients.buckets.require(place, [RUN])
            with self._clients.gate.permit(permission):
                access.change("StopTask", cluster=place.cluster, task=arn, reason=action.why[:_REASON])
        except Declined as declined:
            lost = Lost if declined.lost else NotSent
            return lost(action=action, why=str(declined))
        except TrueupError as error:
            return NotSent(action=action, why=str(error))
        return Done(action=action)

    def _found(self, attempt: _Attempt) -> Started | None:
        """Give what an earlier try started."""
        action = attempt.action
        task = self._following.find(attempt.access, action.place, action.id)
        if task is None:
            return None
        revision = Revision(text(task, "taskDefinitionArn"))
        return Started(action=action, task=text(task, "taskArn"), revision=revision)

    def _start(self, attempt: _Attempt) -> Outcome:
        action, access = attempt.action, attempt.access
        ground = self._ground(attempt)
        attempt.revision = revision_for(action, attempt.definition, self._definitions, access)
        answer = access.change(
            "RunTask",
            cluster=action.place.cluster,
            taskDefinition=attempt.revision,
            clientToken=action.id,
            startedBy=action.id,
            count=1,
            overrides=overrides_of(action.hook.shape),
            **ground,
        )
        started, failures = parts(answer, "tasks"), parts(answer, "failures")
        if started:
            task = text(started[0], "taskArn")
            return Started(action=action, task=task, revision=attempt.revision)
        if failures:
            why = f"AWS could not place the task: {_failure(failures[0])}"
            return NotSent(action=action, why=why, revision=attempt.revision)
        why = "AWS took it, but its answer shows no task"
        return Lost(action=action, why=why, revision=attempt.revision)

    def _ground(self, attempt: _Attempt) -> Mapping[str, object]:
        """Give where the service runs, or is to run if it is not there yet."""
        answer = self._looking.describe(attempt.access, attempt.action.place)
        if isinstance(answer, Unseen):
            raise Refusal(answer.why)
        there = attempt.declared if isinstance(answer, Absent) else answer
        given = {name: there[name] for name in _TAKEN_OVER if there.get(name)}
        if "capacityProviderStrategy" in given:
            given.pop("launchType", None)
        return given

    def _declined(self, attempt: _Attempt, declined: Declined) -> Outcome:
        """Say what a refusal of AWS's means for the hook."""
        if declined.code == _CONFLICT:
            return self._resolved(attempt, str(declined))
        return outcome_of(attempt.action, declined, attempt.revision)

    def _resolved(self, attempt: _Attempt, why: str) -> Outcome:
        """Find what the token stands for: it was started before, by a request that said something else."""
        try:
            found = self._found(attempt)
        except TrueupError as error:
            why = f"{why}; {error}"
        else:
            if found is not None:
                return found
        why = f"{why}; it was started before, and is not seen yet or not any more"
        return Lost(action=attempt.action, why=why, revision=attempt.revision)


def _failure(failure: Native) -> str:
    return ": ".join(said for said in (text(failure, "reason"), text(failure, "detail")) if said) or "no reason"
