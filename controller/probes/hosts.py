"""Which registry an image's name means, and how that registry may be reached."""

import fnmatch
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from controller.errors import AccessError, SpecError

HUB: Final = "docker.io"
_HUB_NAMES: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
_HUB_URL: Final = "https://registry-1.docker.io"
_PUBLIC: Final = "public.ecr.aws"
# "Private registry" and "Making requests to Amazon ECR registries": with FIPS and dual-stack forms, and China.
_ECR: Final = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)"
    r"\.(?:amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)"
)
# Name and component: github.com/distribution/reference; host and port: RFC 3986.
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?", re.IGNORECASE)
_NAME: Final = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository: the host of its registry, and its name there."""

    host: str
    name: str

    def __str__(self) -> str:
        return f"{self.host}/{self.name}"

    @property
    def ecr(self) -> tuple[str, str] | None:
        """Account and region of a private registry of ECR; None for any other."""
        found = _ECR.fullmatch(self.host)
        return (found["account"], found["region"]) if found else None


def repository(name: str) -> Repository:
    """Read the name of an image; what names no host is of Docker Hub. SpecError if it is no name.

    The rule is Docker's: the first part is a host if it has a dot or a colon, or is `localhost`.
    """
    first, slash, rest = name.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        found = Repository(host=HUB if first in _HUB_NAMES else first, name=rest)
    else:
        found = Repository(host=HUB, name=name)
    if found.host == HUB and "/" not in found.name:
        found = Repository(host=HUB, name=f"library/{found.name}")
    if not _HOST.fullmatch(found.host) or not _NAME.fullmatch(found.name):
        raise SpecError(f"{name!r} is no name of an image; write HOST/NAME or NAME for Docker Hub")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Where a registry is spoken to, and the name by which it is called there, if that is another."""

    url: str
    called: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """The registries that may be asked: any if `listed` is empty, else those that a pattern of it names.

    `urls` says for some of them where they are reached. `endpoint` is another AWS, that stands in for ECR.
    """

    listed: tuple[str, ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict)
    endpoint: str | None = None

    @classmethod
    def of(cls, text: str, endpoint: str | None = None) -> "Hosts":
        """Read a list such as `ghcr.io *.dkr.ecr.eu-west-1.amazonaws.com harbor.lan=http://harbor.lan:8080`.

        SpecError says which part of it is wrong.
        """
        urls: dict[str, str] = {}
        listed: list[str] = []
        for part in text.replace(",", " ").split():
            host, equals, url = part.partition("=")
            if equals and not _is_server(url):
                raise SpecError(f"TRUEUP_REGISTRIES: {host}=… is not followed by the URL of a server, and no more")
            if not re.fullmatch(r"[A-Za-z0-9*.:\[\]-]+", host):
                raise SpecError(f"TRUEUP_REGISTRIES: {host!r} is no host, nor a pattern such as *.example.com")
            host = HUB if host in _HUB_NAMES else host
            listed.append(host)
            if equals:
                urls[host] = url.rstrip("/")
        return cls(listed=tuple(listed), urls=urls, endpoint=endpoint)

    def check(self, host: str) -> None:
        """Raise AccessError for a registry that is not listed."""
        if self.listed and not any(fnmatch.fnmatchcase(host, pattern) for pattern in self.listed):
            raise AccessError(f"the registry {host} is not among those that TRUEUP_REGISTRIES allows")

    def reach(self, repository: Repository) -> Reached:
        """Say where a repository's registry is spoken to; AccessError if it may not be.

        Plain http is for this machine, and for registries that the operator gave such a URL.
        """
        host = repository.host
        self.check(host)
        if host in self.urls:
            return Reached(url=self.urls[host], called=host)
        if self.endpoint and (repository.ecr or host == _PUBLIC):
            return Reached(url=self.endpoint, called=host)
        if host == HUB:
            return Reached(url=_HUB_URL)
        return Reached(url=f"{'http' if is_here(host) else 'https'}://{host}")


def is_here(host: str) -> bool:
    """Whether a host, with or without its port, is this machine, by its name alone."""
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return named and "@" not in parts.netloc and not (parts.query or parts.fragment or parts.path.strip("/"))
