"""Questions to AWS that a check asks: each once, and what could not be asked said with the permission it lacks."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from controller.errors import TrueupError
from controller.model.checked import Answered, skip
from controller.model.place import Place
from controller.ports import Registries
from controller.targets.ecs.answers import Cause, Declined
from controller.targets.ecs.client import Clients
from controller.targets.ecs.manifest import canonical_json
from controller.targets.ecs.native import Native

# Where an action's prefix in a policy is not the SDK's name of the service (Service Authorization Reference).
_PREFIXES: Final = {"elbv2": "elasticloadbalancing", "efs": "elasticfilesystem"}
_ACTIONS: Final = {"s3:HeadObject": "s3:GetObject"}
_DENIED: Final = frozenset({"403"})  # what S3 says to HEAD, which has no body for a code


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a check stands on: the place, the release around the name, and who can be asked.

    `registries` is None where nobody can ask one.
    """

    place: Place
    definition: Native
    service: Native
    ask: "Asking"
    registries: Registries | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks AWS; the same question is asked once, however many targets come to it."""

    clients: Clients
    _known: dict[str, Native | TrueupError] = field(default_factory=dict)

    def __call__(self, place: Place, service: str, operation: str, **params: object) -> Native:
        """Give the answer; raises Declined, or another TrueupError where nobody can be asked."""
        key = canonical_json([place.account, place.region, place.role, service, operation, params])
        if key not in self._known:
            try:
                self._known[key] = self.clients.access(place).ask(service, operation, **params)
            except TrueupError as error:
                self._known[key] = error
        found = self._known[key]
        if isinstance(found, TrueupError):
            raise found
        return found


def within(place: Place, region: str) -> Place:
    """Give the same place in the region that a name is of."""
    return replace(place, region=region) if region else place


def answered(service: str, operation: str, judged: Callable[[], Answered]) -> Answered:
    """Judge; what cannot be asked is skipped, with the permission that is missing where one is."""
    try:
        return judged()
    except Declined as declined:
        if declined.cause is Cause.DENIED or declined.code in _DENIED:
            action = f"{_PREFIXES.get(service, service)}:{operation}"
            return skip(f"{_ACTIONS.get(action, action)} is not allowed")
        return skip(str(declined), asked=declined.cause is not Cause.PLATFORM)
    except TrueupError as error:
        return skip(str(error), asked=False)
