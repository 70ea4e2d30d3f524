"""Build the registries from the options."""

from typing import TYPE_CHECKING

from controller.probes.hosts import Hosts
from controller.probes.registry import Lazily

if TYPE_CHECKING:
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
