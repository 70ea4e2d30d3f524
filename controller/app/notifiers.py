"""How people are told: from the operator's file to notifiers at work, and what commands show of them."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final, cast

from controller import kinds
from controller.app.operator import content_of
from controller.app.recount import rollout_record
from controller.clock import Clock
from controller.errors import AccessError, SpecError
from controller.loop.asking import Asking
from controller.loop.bell import Bell
from controller.loop.deliver import Deliverer, begin_all
from controller.loop.noting import Noting, Reads
from controller.loop.receiver import Receiver
from controller.loop.tell import name_of
from controller.model.message import Message, Occasion
from controller.notifiers.cleaned import Cleaned
from controller.notifiers.tools import Publishes, Secret, Tools
from controller.probes.guarded import Http
from controller.spec.notifiers import Notifying, read_notifiers
from controller.telemetry.logs import logger
from controller.telemetry.redact import redactor
from controller.telemetry.visible import visible

if TYPE_CHECKING:
    from controller.app.world import Built
    from controller.notifiers.tools import Kind
    from controller.options import Options
    from controller.telemetry.metrics import Metrics

_LARGEST_SECRET: Final = 16 * 1024
_DRAIN: Final = 15.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Counts and logs how telling goes."""

    metrics: "Metrics"

    def sent(self, notifier: str, message: Message) -> None:
        """Count a message that was sent."""
        self.metrics.notified(notifier, "sent")
        logger().info("told", notifier=notifier, about=message.about, transition=message.transition, id=message.id)

    def failed(self, notifier: str, message: Message, why: str) -> None:
        """Count a try that failed."""
        self.metrics.notified(notifier, "failed")
        logger().warning("not told yet", notifier=notifier, about=message.about, id=message.id, why=why)

    def died(self, notifier: str, message: Message, why: str) -> None:
        """Count a dead letter."""
        self.metrics.notified(notifier, "dead")
        logger().error("given up: a dead letter", notifier=notifier, about=message.about, id=message.id, why=why)

    def waits(self, notifier: str, since: datetime | None) -> None:
        """Note since when the oldest message waits."""
        self.metrics.notifier_waits(notifier, since)

    def stumbled(self, notifier: str, error: Exception) -> None:
        """Say what nobody expected."""
        logger().error("a notifier stumbled", notifier=notifier, error=f"{type(error).__name__}: {error}")


def notifying_of(path: Path) -> Notifying:
    """Read notifiers.yaml. Raises SpecError if it is not there, may not be read, or is wrong."""
    return read_notifiers(content_of(path), str(path), kinds.NOTIFIERS)


def check_notifiers(options: "Options") -> None:
    """Refuse a notifiers.yaml that is wrong. Raises SpecError."""
    if options.notifiers is not None:
        notifying_of(options.notifiers)


def receivers_of(options: "Options", told: Notifying, http: Http) -> Iterator[Receiver]:
    """Make every notifier. Raises SpecError for a secret that is not there."""
    tools = _tools(options, http)
    clean = cleaner_of(options)
    for name, settings in told.notifiers.items():
        try:
            notifier = cast("Kind", settings).opened(tools)
        except AccessError as error:
            raise SpecError(f"notifier {name}: {error}") from None
        routes = tuple(route for route in told.routes if route.notifier == name)
        yield Receiver(
            name=name,
            notifier=Cleaned(notifier, clean),
            routes=routes,
            digest=told.digest,
            give_up=told.give_up,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Those who write release notes, and those who tell people."""

    notes: Bell
    notifiers: Bell

    def drained(self, code: int) -> int:
        """Let them work at the end of a run of single turns until all is told; gives the exit code back."""
        if not (self.notes.drain(_DRAIN) and self.notifiers.drain(_DRAIN)):
            logger().warning("not everybody could be told; the next run goes on with it")
        return code


def telling_of(
    options: "Options", built: "Built", metrics: "Metrics", ending: ExitStack, stop: Event
) -> "tuple[Built, Telling]":
    """Let turns be watched by those who tell people, until `stop`; with `once` these begin after the turns.

    Raises SpecError as above.
    """
    deliverers = _deliverers(options, built, metrics, ending, stop)
    notifiers = Bell(deliverers, stop)
    noting = _noting(options, built, notifiers)
    notes = Bell({"notes": noting}, stop)
    noting.begin()
    if options.notifiers:
        begin_all(deliverers, built.store)
    for bell in (notes, notifiers):
        ending.callback(bell.stop)
        if not options.once:
            bell.start()
    asking = (Asking(built.store).watch,) if options.notifiers else ()
    watchers = (*asking, notifiers.watch, notes.watch)
    for watcher in watchers:
        metrics.watcher_seen(name_of(watcher))
    told = Telling(notes=notes, notifiers=notifiers)
    return replace(built, world=replace(built.world, watchers=(*built.world.watchers, *watchers))), told


def _deliverers(
    options: "Options", built: "Built", metrics: "Metrics", ending: ExitStack, stop: Event
) -> dict[str, Deliverer]:
    if options.notifiers is None:
        return {}
    http = Http()
    ending.callback(http.close)
    receivers = list(receivers_of(options, notifying_of(options.notifiers), http))
    for one in receivers:
        metrics.notifier_seen(one.name)
    chance, heard = random.SystemRandom().random, Reporter(metrics=metrics)
    return {one.name: Deliverer(one, built.store, built.clock.now, chance, heard, stop.is_set) for one in receivers}


def _noting(options: "Options", built: "Built", notifiers: Bell) -> Noting:
    reads = Reads(
        source=built.source,
        applications=built.applications,
        record=partial(rollout_record, built.store),
        clean=cleaner_of(options),
    )

    def waits(error: Exception) -> None:
        logger().warning("release notes wait", why=f"{type(error).__name__}: {error}")

    return Noting(reads, built.store, built.clock.now, notifiers.ring, waits)


def cleaner_of(options: "Options") -> Callable[[str], str]:
    """Give what brings a line of somebody else's to what may be told."""
    redact = redactor(options.secrets)
    return lambda line: visible(redact(line))


def a_test(name: str, at: datetime) -> Message:
    """Make a message that says nothing but that it came."""
    from controller.model.names import EnvName

    return Message(
        id=f"msg_test_{at:%Y%m%dT%H%M%S%f}",
        at=at,
        row=0,
        occasions=frozenset(Occasion),
        transition="test",
        env=EnvName("test"),
        title=f"a test of the notifier {name}",
        text="If you can read this, what it is sent arrives.",
    )


def _tools(options: "Options", http: Http) -> Tools:
    token_file = str(options.github_token_file or "")
    return Tools(
        http=http,
        seconds=lambda: Clock().now().timestamp(),  # receivers compare it with their own clock, which is not scaled
        secret=secret_of,
        sns=lambda region: _sns(region, options.endpoint_url),
        github=options.github_url,
        github_token=_unchecked(token_file, "--github-token-file"),
    )


def secret_of(file: str, variable: str) -> Secret:
    """Give the way to read a secret; it is read once here. Raises AccessError if it is not there."""
    read = _from_file(file) if file else _from_variable(variable)
    read()
    return read


def _unchecked(file: str, flag: str) -> Secret:
    def read() -> str:
        if not file:
            raise AccessError(f"no token is known: name its file with {flag}, or with tokenFile")
        return _from_file(file)()

    return read


def _from_file(file: str) -> Secret:
    def read() -> str:
        try:
            with Path(file).expanduser().open(encoding="utf-8") as opened:
                text = opened.read(_LARGEST_SECRET).strip()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise AccessError(f"the secret in {file} cannot be read: {why}") from None
        if not text:
            raise AccessError(f"the secret in {file} is empty")
        return text

    return read


def _from_variable(variable: str) -> Secret:
    def read() -> str:
        text = os.environ.get(variable, "").strip()
        if not text:
            raise AccessError(f"the variable {variable} holds no secret")
        return text

    return read


def _sns(region: str, endpoint: str | None) -> Publishes:
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 1})
    return cast(
        "Publishes", boto3.session.Session().client("sns", region_name=region, endpoint_url=endpoint, config=config)
    )
