"""`trueup notifiers`: how far each has come, and a test of one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from controller.app.notifiers import a_test, notifying_of, receivers_of
from controller.errors import SpecError
from controller.loop.noting import NOTES
from controller.model.message import DeadLetter, Delivery, Route
from controller.model.names import EnvName, TargetName
from controller.plan.messages import is_approval, message_of
from controller.probes.guarded import Http

if TYPE_CHECKING:
    from controller.model.story import Entry
    from controller.options import Options
    from controller.ports import Store
    from controller.spec.notifiers import Notifying

_PAGE: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One notifier; `kind` and `waiting` are not known without the file that says what it is asked for."""

    name: str
    kind: str
    cursor: int
    waiting: int | None
    since: datetime | None
    lag: float | None
    sent: int
    failed: int
    died: int
    last: datetime | None
    why: str
    dead: tuple[DeadLetter, ...]


def shown(file: Path | None, store: "Store", now: datetime) -> tuple[Shown, ...]:
    """Give every notifier of the file, and those that only the store knows. Raises SpecError for a wrong file."""
    told = notifying_of(file) if file else None
    deliveries = {name: one for name, one in store.deliveries().items() if name != NOTES}
    names = list(told.notifiers) if told else []
    names += [name for name in deliveries if name not in names]
    return tuple(_shown(name, told, deliveries.get(name), store, now) for name in names)


def _shown(name: str, told: "Notifying | None", found: Delivery | None, store: "Store", now: datetime) -> Shown:
    settings = told.notifiers.get(name) if told else None
    delivery = found or Delivery(cursor=0)
    routes = tuple(route for route in told.routes if route.notifier == name) if told else ()
    rows = list(_waiting(delivery, routes, store)) if found and settings is not None else []
    since = rows[0].at if rows else None
    return Shown(
        name=name,
        kind=type(settings).__name__.lower() if settings is not None else "",
        cursor=delivery.cursor,
        waiting=len(rows) if found and settings is not None else None,
        since=since,
        lag=(now - since).total_seconds() if since else None,
        sent=delivery.sent,
        failed=delivery.failed,
        died=delivery.died,
        last=delivery.last,
        why=delivery.why if delivery.tries else "",
        dead=delivery.dead,
    )


def _waiting(delivery: Delivery, routes: tuple[Route, ...], store: "Store") -> "Iterator[Entry]":
    """Give the rows beyond the cursor that are still to be sent; what a digest gathers is not among them."""
    after = delivery.cursor
    while rows := store.journal(after=after, limit=_PAGE if after else 10**9):
        for row in rows:
            message = message_of(row, lambda env, target: _owner_of(store, env, target))
            if message is not None and not is_approval(row) and any(route.takes(message) for route in routes):
                yield row
        after = rows[-1].number


def _owner_of(store: "Store", env: EnvName, target: TargetName) -> str:
    memory = store.load(env).targets.get(target)
    return memory.owner if memory else ""


def send_test(options: "Options", name: str) -> None:
    """Send a test message. Raises SpecError for what is not there, else what sending raises."""
    from controller.app.world import clock_of

    told = notifying_of(options.notifiers) if options.notifiers else None
    if told is None or name not in told.notifiers:
        known = ", ".join(told.notifiers) if told else "none"
        raise SpecError(f"there is no notifier {name!r} in {options.notifiers}; there are: {known}")
    http = Http()
    try:
        receiver = next(one for one in receivers_of(options, told, http) if one.name == name)
        receiver.notifier.send(a_test(name, clock_of(options).now()), "")
    finally:
        http.close()
