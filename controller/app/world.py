"""Build a world: AWS, git, memory and time, each from the options."""

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.app.memory import open_store
from controller.app.specs import source, versioned
from controller.clock import Clock, parse
from controller.ports import Lookups, Registries, Store, Target, World
from controller.sources.specs import SpecSource

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from controller.model.cycle import Cycle
    from controller.options import Options
    from controller.probes.registry import Lazily
    from controller.sources.applications import GitApplications
    from controller.targets.ecs.client import Clients, OnCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A world, and the parts of it that must be let go."""

    world: World
    clock: Clock
    source: SpecSource
    store: Store
    clients: "Clients"
    lookups: Lookups
    registries: "Lazily"
    applications: "GitApplications"

    def close(self) -> None:
        """Let go of files and connections."""
        self.applications.close()
        self.registries.close()
        self.clients.close()
        self.store.close()
        self.source.close()


def clock_of(options: "Options") -> Clock:
    """Make the clock: real, or scaled for a rehearsal."""
    return Clock(parse(options.clock)) if options.clock else Clock()


def clients_of(
    options: "Options",
    clock: Clock,
    *,
    on_call: "OnCall" = lambda *_: None,
    stop: "threading.Event | None" = None,
) -> "Clients":
    """Open the ways into AWS; a read that waits for its part of the quota ends with `stop`."""
    import threading

    from controller.targets.ecs.client import Clients
    from controller.targets.ecs.session import AwsOptions

    ended = stop or threading.Event()
    return Clients(
        AwsOptions(
            endpoint_url=options.endpoint_url,
            session=socket.gethostname() or str(os.getpid()),
            role=options.read_role,
        ),
        now=clock.now,
        elapsed=clock.elapsed,
        wait=lambda seconds: clock.wait(ended, seconds),
        on_call=on_call,
    )


def lookups_of(options: "Options", clients: "Clients") -> Lookups:
    """Give who looks up what specs only name."""
    from controller.probes.lookups import Lookups as LookedUp

    return LookedUp(clients.of_place, options.terraform_states)


def targets_of(
    options: "Options", clients: "Clients", images: Registries, lookups: Lookups, polled: Registries | None = None
) -> "Mapping[str, Target]":
    """Make every kind of target, by its name in a spec; what it quotes from logs is cleaned of secrets."""
    from controller.targets.ecs.target import EcsTarget
    from controller.telemetry.redact import cleaner

    return {"ecs": EcsTarget(clients, images, lookups, polled=polled, clean=cleaner(options.secrets))}


def build(
    options: "Options",
    store: Store,
    clock: Clock,
    *,
    specs: SpecSource | None = None,
    on_call: "OnCall" = lambda *_: None,
    stop: "threading.Event | None" = None,
    watchers: "tuple[Callable[[Cycle], None], ...]" = (),
) -> Built:
    """Put a world together; `specs` is a source that was opened already."""
    from controller.app.applications import applications
    from controller.app.probes import probes_of
    from controller.app.registries import polled, registries

    clients = clients_of(options, clock, on_call=on_call, stop=stop)
    lookups, images = lookups_of(options, clients), registries(options, clients)
    specs, repositories = specs or source(options, clock), applications(options, clock)
    seldom = polled(options, clock, images)
    world = World(
        now=clock.now,
        elapsed=clock.real,
        source=specs,
        store=store,
        targets=targets_of(options, clients, images, lookups, seldom),
        probes=probes_of(options, clients, clock, store, specs, repositories, stop),
        applications=repositories,
        registries=seldom,
        versioned=versioned(),
        watchers=watchers,
    )
    return Built(
        world=world, clock=clock, source=specs, store=store, clients=clients, lookups=lookups,
        registries=images, applications=repositories,
    )  # fmt: skip


def visiting(options: "Options") -> Built:
    """Build a world for a command that changes nothing; where there is no store there is no memory."""
    from controller.errors import SpecError

    try:
        store = open_store(options.store, must_exist=True)
    except SpecError:
        store = open_store("memory:")
    return build(options, store, clock_of(options))
