"""Look-ups answered: each system asked once for all that is wanted of it with the same rights."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from controller.model.images import Missing, Unreachable
from controller.model.lookups import LookupAnswer, LookupAt, explain_value
from controller.model.place import Place
from controller.probes.cfn import find_exports
from controller.probes.failure import unreachable
from controller.probes.ssm import find_parameters
from controller.probes.tfstate import find_outputs

Client: TypeAlias = Any  # the SDK makes the classes of its clients at run time
_Rights: TypeAlias = tuple[str, str, str | None]


class Lookups:
    """Finds parameters, exports and outputs; `client` gives a client of a service with the rights of a place.

    It may raise a TrueupError, and then nothing that needs it is found. `states` is the folder of Terraform states
    on this machine; without it, states are read from S3 only. Nothing is kept from one asking to the next.
    """

    def __init__(self, client: Callable[[Place, str], Client], states: Path | None = None) -> None:
        self._client = client
        self._states = states

    def find(self, asked: Sequence[LookupAt]) -> Mapping[LookupAt, LookupAnswer]:
        """Look them all up; one that fails gets Missing or Unreachable, never an exception."""
        groups: defaultdict[tuple[_Rights, str, str], list[LookupAt]] = defaultdict(list)
        for one in dict.fromkeys(asked):
            place, kind = one.place, one.lookup.kind
            state = one.state if kind == "tfstate" else ""
            groups[(place.account, place.region, place.role), kind, state].append(one)
        return {one: answer for group in groups.values() for one, answer in self._of(group).items()}

    def _of(self, group: Sequence[LookupAt]) -> Mapping[LookupAt, LookupAnswer]:
        """Look up what one system keeps, and all of the same rights."""
        names = list(dict.fromkeys(one.lookup.name for one in group))
        try:
            found = self._ask(group[0], names)
        except Exception as error:  # noqa: BLE001 - whatever it is, these look-ups have no value
            found = {
                name: unreachable(error, f"{group[0].lookup.kind}:{name}", "credentials for the account")
                for name in names
            }
        return {one: _judged(found.get(one.lookup.name), one) for one in group}

    def _ask(self, one: LookupAt, names: Sequence[str]) -> Mapping[str, LookupAnswer]:
        match one.lookup.kind:
            case "ssm":
                return find_parameters(self._client(one.place, "ssm"), names)
            case "cfn":
                return find_exports(self._client(one.place, "cloudformation"), names)
            case "tfstate":
                return find_outputs(partial(self._client, one.place, "s3"), one.state, names, self._states)
            case kind:
                return dict.fromkeys(names, Unreachable(why=f"nobody looks up {kind}"))


def _judged(answer: LookupAnswer | None, one: LookupAt) -> LookupAnswer:
    """Refuse a value that may not be put in; who keeps it has to change it."""
    if answer is None:
        return Unreachable(why=f"{one.lookup} was not answered")
    wrong = explain_value(answer) if isinstance(answer, str | tuple) else ""
    return Missing(why=f"the value {wrong}") if wrong else answer
