"""The one way to change or make a service: be sure of a revision, compare what is there with `expect`, and send."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

from controller.errors import Refusal, TrueupError
from controller.model.decision import Ensure
from controller.model.names import DeploymentId, Revision
from controller.model.observation import Absent, Unseen
from controller.model.outcome import Lost, NotSent, Outcome, Sent, Stale
from controller.model.rollout import Purpose
from controller.targets.ecs.answers import Cause, Declined
from controller.targets.ecs.buckets import REGISTER, UPDATE
from controller.targets.ecs.client import Access, Clients
from controller.targets.ecs.creation import creation_params
from controller.targets.ecs.definitions import Definitions
from controller.targets.ecs.difference import differing_fields, differing_settings, echo_of, read_settings
from controller.targets.ecs.fields import TAGS
from controller.targets.ecs.labels import differing_tags
from controller.targets.ecs.look import Looking
from controller.targets.ecs.manifest import deploying, read_creation, read_shape
from controller.targets.ecs.native import Native, part, text
from controller.targets.ecs.permit import Permission
from controller.targets.ecs.refusals import outcome_of
from controller.targets.ecs.revising import revision_for
from controller.targets.ecs.spared import ignored_in
from controller.targets.ecs.takeback import take_back
from controller.targets.ecs.verdict import asof, primary_of

_FRESH: Final = 5.0
_FORWARD: Final = frozenset({Purpose.FORWARD, Purpose.SETTINGS})


class _Stale(TrueupError):
    """What we expected to replace is no longer there."""


@dataclass(slots=True, kw_only=True)
class _Attempt:
    """One action being carried out; `revision` is the one that was found or registered so far."""

    action: Ensure
    access: Access
    definition: dict[str, object]
    service: dict[str, object]
    create: dict[str, object] | None = None
    revision: Revision | None = None


class Ensuring:
    """Carries out actions."""

    def __init__(self, clients: Clients, definitions: Definitions, looking: Looking) -> None:
        self._clients = clients
        self._definitions = definitions
        self._looking = looking

    def act(self, action: Ensure, check: Callable[[], None]) -> Outcome:
        """Carry out one action; whatever happens, the outcome says what is known of it."""
        try:
            definition, service = read_shape(str(action.release.shape))
            create = read_creation(str(action.release.shape)) if action.expect is None else None
        except (ValueError, KeyError, TypeError) as error:
            return NotSent(action=action, why=f"the shape that was recorded for it cannot be read: {error}")
        access = self._clients.access(action.place)
        attempt = _Attempt(action=action, access=access, definition=definition, service=service, create=create)
        permission = Permission(
            place=action.place,
            family=text(definition, "family"),
            not_after=action.not_after,
            check=check,
            create=action.expect is None,
            resource=self._looking.seen(action.place).arn,
        )
        try:
            check()
            self._may_begin(attempt)
            with self._clients.gate.permit(permission):
                return self._act(attempt, permission)
        except _Stale as stale:
            return Stale(action=action, why=str(stale), revision=attempt.revision)
        except Declined as declined:
            return _outcome(action, declined, attempt.revision)
        except TrueupError as error:
            return NotSent(action=action, why=str(error), revision=attempt.revision)

    def _may_begin(self, attempt: _Attempt) -> None:
        """Make sure of the account and of the quota before anything is registered that could not be deployed."""
        place, action = attempt.action.place, attempt.action
        attempt.access.verify()
        if action.expect is None and (attempt.create is None or action.purpose is not Purpose.FORWARD):
            raise Refusal("there is no service to update, and this release was not written to create one")
        needed = [UPDATE] if action.revision or action.purpose is Purpose.SETTINGS else [UPDATE, REGISTER]
        self._clients.buckets.require(place, needed)

    def _act(self, attempt: _Attempt, permission: Permission) -> Outcome:
        self._compare(attempt)
        if attempt.action.purpose is Purpose.BACK:
            seen = self._looking.seen(attempt.action.place)
            taken = take_back(attempt.access, attempt.action, seen, self._definitions, permission)
            if taken is not None:
                return taken
        attempt.revision = self._revision(attempt)
        self._compare(attempt)
        return self._create(attempt, attempt.create) if attempt.create is not None else self._update(attempt)

    def _compare(self, attempt: _Attempt) -> None:
        """Look again unless the last look is fresh; raises _Stale if something else is there now."""
        action = attempt.action
        seen = self._looking.seen(action.place)
        if self._clients.elapsed() - seen.looked <= _FRESH:
            return
        if action.expect is None:
            self._must_be_absent(attempt)
            return
        service = self._read(attempt)
        primary = primary_of(service) or {}
        found = (text(primary, "id"), text(primary, "taskDefinition"))
        expected = (action.expect.deployment, action.expect.revision)
        if found != expected:
            raise _Stale(f"{found[0]} with {found[1]} runs there now, not {expected[0]} with {expected[1]}")
        seen.looked = self._clients.elapsed()

    def _must_be_absent(self, attempt: _Attempt) -> None:
        answer = self._looking.describe(attempt.access, attempt.action.place)
        if isinstance(answer, Unseen):
            raise Refusal(answer.why)
        if not isinstance(answer, Absent):
            raise _Stale("somebody made the service meanwhile; it is looked at first")

    def _read(self, attempt: _Attempt) -> Native:
        answer = self._looking.describe(attempt.access, attempt.action.place)
        if isinstance(answer, Absent):
            raise _Stale("the service is no longer there")
        if isinstance(answer, Unseen):
            raise Refusal(answer.why)
        return answer

    def _shown(self, attempt: _Attempt) -> Native:
        """Read the service, with the fields that only its deployment and its service revision show."""
        service, seen = self._read(attempt), self._looking.seen(attempt.action.place)
        primary = primary_of(service) or {}
        return {**service, **deploying(service, {**primary, **seen.frozen.get(text(primary, "id"), {})})}

    def _revision(self, attempt: _Attempt) -> Revision:
        action = attempt.action
        if action.purpose is Purpose.SETTINGS and action.expect is not None:
            return action.expect.revision
        return revision_for(action, attempt.definition, self._definitions, attempt.access)

    def _create(self, attempt: _Attempt, create: Mapping[str, object]) -> Outcome:
        """Make the service with all that is declared of it, and how many tasks it begins with."""
        action, revision = attempt.action, attempt.revision or Revision("")
        settings = read_settings(action.settings)
        fields = {**settings, **attempt.service, **create, "taskDefinition": revision}
        declared = {name: value for name, value in fields.items() if value is not None}
        answer = attempt.access.change("CreateService", **creation_params(action, declared))
        return self._answered(attempt, answer)

    def _update(self, attempt: _Attempt) -> Outcome:
        action, place = attempt.action, attempt.action.place
        revision = attempt.revision or Revision("")
        fields, tags = self._fields(attempt), self._tags(attempt)
        only = action.purpose is Purpose.SETTINGS and action.expect is not None
        if only and action.expect is not None and not fields:
            self._tag(attempt, tags)
            live = self._looking.seen(place).live
            known = live.asof if live else 0
            return Sent(action=action, deployment=action.expect.deployment, revision=revision, asof=known)
        if not only:
            fields |= {"taskDefinition": revision, **({"forceNewDeployment": True} if action.force else {})}
        answer = attempt.access.change("UpdateService", cluster=place.cluster, service=place.service, **fields)
        outcome = self._answered(attempt, answer)
        # What is deployed is deployed: at rest the tags are sent again, and then it is said why they are not set.
        with nullcontext() if only else suppress(TrueupError):
            self._tag(attempt, tags)
        return outcome

    def _answered(self, attempt: _Attempt, answer: Native) -> Outcome:
        action, revision = attempt.action, attempt.revision or Revision("")
        service = part(answer, "service")
        primary = primary_of(service) or {}
        shown = self._looking.answered(action.place, attempt.access, service)
        if text(primary, "taskDefinition") != revision:
            other = text(primary, "taskDefinition") or "nothing"
            why = f"AWS took it, but its answer shows {other} and not {revision}"
            return Lost(action=action, why=why, revision=revision)
        return Sent(
            action=action,
            deployment=DeploymentId(text(primary, "id")),
            revision=revision,
            asof=asof(service),
            echo=echo_of(shown.manifest, action.release.manifest) if shown else (),
        )

    def _tag(self, attempt: _Attempt, tags: list[dict[str, str]]) -> None:
        """Add tags and replace values; what is there besides stays."""
        seen = self._looking.seen(attempt.action.place)
        if tags and not seen.arn:
            raise Refusal("the service was not seen yet, so its tags can not be set")
        if tags:
            attempt.access.change("TagResource", resourceArn=seen.arn, tags=tags)
            seen.settled = False

    def _tags(self, attempt: _Attempt) -> list[dict[str, str]]:
        action = attempt.action
        settings, live = action.settings, self._looking.seen(action.place).live
        if settings is None or action.purpose not in _FORWARD:
            return []
        passed = ignored_in(settings.manifest.owns)
        return differing_tags(read_settings(settings).get(TAGS), live.settings if live else None, passed)

    def _fields(self, attempt: _Attempt) -> dict[str, object]:
        """Give the service fields that differ from what is there: nothing else is touched."""
        action = attempt.action
        live = self._looking.seen(action.place).live
        read = cache(partial(self._shown, attempt))
        fields: dict[str, object] = {}
        if action.purpose is not Purpose.SETTINGS:
            passed = ignored_in(action.release.manifest.owns)
            fields |= differing_fields(attempt.service, live, read, passed)
        if action.settings is not None and action.purpose in _FORWARD:
            fields |= differing_settings(action.settings, live, read)
        return fields


def _outcome(action: Ensure, declined: Declined, revision: Revision | None) -> Outcome:
    """Say what a refusal of AWS's means for the release."""
    if declined.cause in {Cause.GONE, Cause.TAKEN} and not declined.lost:
        return Stale(action=action, why=str(declined), revision=revision)
    return outcome_of(action, declined, revision)
