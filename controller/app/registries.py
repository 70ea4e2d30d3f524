"""Build the registries from the options."""

from typing import TYPE_CHECKING

from controller.probes.hosts import Hosts
from controller.probes.polled import Polled
from controller.probes.registry import Lazily

if TYPE_CHECKING:
    from controller.clock import Clock
    from controller.options import Options
    from controller.probes.registry import ImageRegistries
    from controller.targets.ecs.client import Clients


def registries(options: "Options", clients: "Clients") -> Lazily:
    """Make the registries when they are first asked; SpecError now if TRUEUP_REGISTRIES is wrong."""
    hosts = Hosts.of(options.registries, options.endpoint_url)

    def make() -> "ImageRegistries":
        from controller.probes.ecr import Ecr
        from controller.probes.guarded import Http
        from controller.probes.logins import Logins
        from controller.probes.oci import Distribution
        from controller.probes.registry import ImageRegistries

        http = Http()
        return ImageRegistries(
            Ecr(clients.ecr, http), Distribution(http, hosts, Logins(options.docker_config)), hosts
        )

    return Lazily(make)


def polled(options: "Options", clock: "Clock", images: Lazily) -> Polled:
    """Ask the same registries at most once every --poll, for what is followed."""
    return Polled(registries=images, interval=options.poll.total_seconds(), elapsed=clock.real)
