"""Parameters of SSM: plain text and lists, never decrypted."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from controller.model.images import Missing, Unreachable
from controller.model.lookups import LookupAnswer
from controller.probes.failure import is_about_all, unreachable

# Systems Manager API Reference, GetParameters: at most 10 names.
_AT_ONCE: Final = 10
_PERMISSION: Final = "ssm:GetParameters"
Client: TypeAlias = Any  # the SDK makes the classes of its clients at run time


def find_parameters(client: Client, names: Sequence[str]) -> Mapping[str, LookupAnswer]:
    """Ask for parameters by name, ten at once; a name may end in `:version` or `:label`."""
    answers: dict[str, LookupAnswer] = {}
    for batch in _batches(names):
        answers.update(_ask(client, batch))
    return answers


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Put names together, two versions of one parameter never: an answer would not say which is which."""
    waiting = list(names)
    while waiting:
        batch: dict[str, str] = {}
        later: list[str] = []
        for name in waiting:
            parameter = _parameter(name)
            if parameter in batch or len(batch) == _AT_ONCE:
                later.append(name)
            else:
                batch[parameter] = name
        yield tuple(batch.values())
        waiting = later


def _ask(client: Client, names: Sequence[str]) -> Mapping[str, LookupAnswer]:
    try:
        read = dict(_read(client, names))
    except Exception as error:  # noqa: BLE001 - a look-up that failed in any way has no value
        if len(names) == 1 or is_about_all(error):
            return {name: unreachable(error, f"parameter {name}", _PERMISSION) for name in names}
        # AWS refuses all ten for one that may not be read: the others are not its fault.
        return {name: answer for one in names for name, answer in _ask(client, [one]).items()}
    return {name: read.get(_parameter(name), Missing(why=f"there is no parameter {name}")) for name in names}


def _read(client: Client, names: Sequence[str]) -> Iterator[tuple[str, LookupAnswer]]:
    answer = client.get_parameters(Names=list(names), WithDecryption=False)
    for one in answer["Parameters"]:
        yield one["Name"], _value(one["Name"], one["Type"], one["Value"])


def _parameter(name: str) -> str:
    """Give a name without its version or label."""
    return name.partition(":")[0]


def _value(name: str, kind: str, value: str) -> LookupAnswer:
    match kind:
        case "String":
            return value
        case "StringList":
            return tuple(item.strip() for item in value.split(","))
        case "SecureString":
            return Missing(why=f"parameter {name} is a SecureString: name it under `secrets`, ECS reads it")
        case _:
            return Unreachable(why=f"parameter {name} is a {kind}, which trueup does not know")
