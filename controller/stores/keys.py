"""Where each thing lies in a store, and in which form it is kept there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

from controller.model.desired import Accepted
from controller.model.names import ClaimKey, EnvName, TargetName
from controller.stores.backend import Key

T = TypeVar("T")

CLAIMS: Final = "claims"
"""One item a claim, for all environments: who owns it."""

ENVIRONMENTS: Final = "environments"
"""One item an environment that is remembered."""

SHOWN: Final = "shown"
"""One item an environment that has status views."""

ORDERS: Final = "orders"
"""The name of the orders, and of the owner of their releases."""

_TARGET: Final = "target/"

SCHEMA_KEY: Final = Key("store", "schema")
NUMBER_KEY: Final = Key("numbers", "order")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored(Generic[T]):
    """A value as the store has it: its item's etag, and the addresses of the contents that it refers to."""

    etag: str
    value: T
    addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is remembered of an environment as a whole.

    `heard_moves` is the number of the newest ordered move that a save has come by: those up to it are done, or
    could not be, and are never done later.
    """

    accepted: Accepted | None = None
    heard_accept: int = 0
    rollbacks: tuple[datetime, ...] = ()
    heard_moves: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Which target owns a place; `left` once it lives elsewhere.

    `ordered` is the number of the last order that there was when the owner came by it: only a newer one moves it.
    """

    env: EnvName
    target: TargetName
    left: bool = False
    ordered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A counter."""

    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """In which form the values of a store are written."""

    schema: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An item that says nothing but that it is there."""

    says: Mapping[str, str] = field(default_factory=dict)


def record_part(env: EnvName) -> str:
    """Name the part that holds an environment's own items: only its loop writes them."""
    return f"record/{env}"


def orders_part(env: EnvName) -> str:
    """Name the part that only commands write."""
    return f"orders/{env}"


def release_part(env: EnvName) -> str:
    """Name the part that holds contents of releases, each under the item that refers to it and goes with it."""
    return f"release/{env}"


def lease_part(env: EnvName) -> str:
    """Name the part that says who holds an environment."""
    return f"lease/{env}"


def status_part(env: EnvName) -> str:
    """Name the part that commands read the newest status from."""
    return f"status/{env}"


def head_key(env: EnvName) -> Key:
    """Say where an environment's head lies."""
    return Key(record_part(env), "environment")


def memory_key(env: EnvName, claim: ClaimKey) -> Key:
    """Say where the memory of the target that owns a claim lies."""
    return Key(record_part(env), f"{_TARGET}{claim}")


def claim_of(name: str) -> ClaimKey:
    """Say whose memory lies under this name."""
    return ClaimKey(name.removeprefix(_TARGET))


def owner_of(key: Key) -> str:
    """Say under whose name the contents lie that an item refers to: a claim's, or the orders'."""
    return claim_of(key.name)


def orders_key(env: EnvName) -> Key:
    """Say where an environment's orders lie."""
    return Key(orders_part(env), ORDERS)


def release_key(env: EnvName, owner: str, address: str) -> Key:
    """Say where the content lies that a claim's memory, or the orders, refer to."""
    return Key(release_part(env), f"{owner}/{address}")
