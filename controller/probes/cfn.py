"""Exports of CloudFormation stacks, by name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from controller.model.images import Missing
from controller.model.lookups import LookupAnswer
from controller.probes.failure import unreachable

_PAGES: Final = 100  # of up to 100 exports each (CloudFormation API Reference, ListExports)
_PERMISSION: Final = "cloudformation:ListExports"
_LIST: Final = "[]"
Client: TypeAlias = Any  # the SDK makes the classes of its clients at run time


def find_exports(client: Client, names: Sequence[str]) -> Mapping[str, LookupAnswer]:
    """Read the exports, once for all names; a name that ends in `[]` is taken apart at its commas."""
    wanted = {name: name.removesuffix(_LIST) for name in names}
    missing = set(wanted.values())
    read: dict[str, str] = {}
    try:
        for name, value in _exports(client):
            if name in missing:
                read[name] = value
                missing.discard(name)
            if not missing:
                break
    except Exception as error:  # noqa: BLE001 - a look-up that failed in any way has no value
        return {name: unreachable(error, f"export {export}", _PERMISSION) for name, export in wanted.items()}
    return {name: _value(name, export, read) for name, export in wanted.items()}


def _exports(client: Client) -> Iterator[tuple[str, str]]:
    """Read every page; raises what the SDK raises, and LookupError if there is no end to them."""
    more: dict[str, str] = {}
    for _ in range(_PAGES):
        answer = client.list_exports(**more)
        yield from ((one["Name"], one["Value"]) for one in answer.get("Exports", ()))
        token = answer.get("NextToken")
        if not token:
            return
        more = {"NextToken": token}
    raise LookupError(f"there are more than {_PAGES} pages of exports")


def _value(name: str, export: str, read: Mapping[str, str]) -> LookupAnswer:
    value = read.get(export)
    if value is None:
        return Missing(why=f"there is no export {export}")
    return tuple(item.strip() for item in value.split(",")) if name.endswith(_LIST) else value
