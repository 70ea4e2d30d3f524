"""Registries: what a reference stands for, asked of the registry that its host names; meets ports.Registries."""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from controller.errors import PlatformError, SpecError, TrueupError
from controller.model.images import Found, ImageAnswer, ImageAt, Missing, Reference, Unreachable
from controller.probes.ecr import Ecr
from controller.probes.hosts import Hosts, Repository, repository
from controller.probes.manifests import KINDS, platform_of_config
from controller.probes.oci import Distribution, NotThere

_REMEMBERED: Final = 4096
_NAMED: Final = 3
_NUMBER: Final = re.compile(r"(\d+)")


class ImageRegistries:
    """Every registry: ECR's private ones through its API, all others through the OCI Distribution Specification."""

    def __init__(self, ecr: Ecr, distribution: Distribution, hosts: Hosts) -> None:
        self._ecr, self._distribution, self._hosts = ecr, distribution, hosts
        self._lock = threading.Lock()
        self._platforms: OrderedDict[str, frozenset[str]] = OrderedDict()

    def find(self, asked: Sequence[ImageAt]) -> Mapping[ImageAt, ImageAnswer]:
        """Ask for them all, each once; one that cannot be asked for gets Unreachable, never an exception."""
        answers: dict[ImageAt, ImageAnswer] = {}
        of_ecr: list[ImageAt] = []
        others: dict[ImageAt, Repository] = {}
        for one in dict.fromkeys(asked):
            try:
                where = repository(Reference.of(one.reference).name)
                self._hosts.check(where.host)
            except SpecError as error:
                answers[one] = Missing(why=str(error))
            except TrueupError as error:
                answers[one] = Unreachable(why=str(error))
            else:
                if where.ecr:
                    of_ecr.append(one)
                else:
                    others[one] = where
        answers.update(self._ecr.find(of_ecr))
        answers.update(self._elsewhere(others))
        return answers

    def tags(self, image: ImageAt) -> tuple[str, ...] | Missing | Unreachable:
        """Name every tag of the repository that an image is in; never raises."""
        name = Reference.of(image.reference).name
        try:
            where = repository(name)
            self._hosts.check(where.host)
            return self._ecr.tags(image) if where.ecr else tuple(self._distribution.all_tags(where))
        except NotThere as error:
            if error.code in {"", "NAME_UNKNOWN"}:
                return Missing(why=f"there is no repository {name}")
            return ()
        except TrueupError as error:
            return Unreachable(why=str(error))
        except Exception as error:  # noqa: BLE001 - what failed in any way is not answered, and stops nothing else
            return Unreachable(why=f"{image.reference} could not be asked for: {type(error).__name__}: {error}")

    def close(self) -> None:
        """Let go of every connection."""
        self._distribution.close()

    def _elsewhere(self, asked: Mapping[ImageAt, Repository]) -> Iterator[tuple[ImageAt, ImageAnswer]]:
        """Ask each image once, whoever wants it; a host that is away is not waited for again."""
        told: dict[str, ImageAnswer] = {}
        away: dict[str, str] = {}
        for one, where in asked.items():
            if one.reference not in told:
                told[one.reference] = self._ask(where, Reference.of(one.reference), away)
            yield one, told[one.reference]

    def _ask(self, where: Repository, reference: Reference, away: dict[str, str]) -> ImageAnswer:
        if where.host in away:
            return Unreachable(why=away[where.host])
        wanted = reference.digest or reference.tag or "latest"
        try:
            return self._look(where, wanted)
        except NotThere:
            return Missing(why=_missing(where, wanted, self._tags(where)))
        except PlatformError as error:
            away[where.host] = str(error)
            return Unreachable(why=str(error))
        except TrueupError as error:
            return Unreachable(why=str(error))
        except Exception as error:  # noqa: BLE001 - what failed in any way is not answered, and stops nothing else
            return Unreachable(why=f"{where} could not be asked: {type(error).__name__}: {error}")

    def _look(self, where: Repository, wanted: str) -> Found:
        digest = self._distribution.digest(where, wanted)
        with self._lock:
            known = self._platforms.get(digest or "")
        if digest is None or known is None:
            content = self._distribution.manifest(where, digest or wanted)
            if content.kind not in KINDS:
                raise PlatformError(f"{where}:{wanted} is of a kind that is no image: {content.kind[:100]}")
            digest = content.digest
            known = content.platforms() if content.is_index else self._of_config(where, content.config())
            self._remember(digest, known)
        tags = frozenset() if ":" in wanted else frozenset({wanted})
        return Found(digest=digest, platforms=known, tags=tags)

    def _of_config(self, where: Repository, config: str) -> frozenset[str]:
        """Say what a single image runs on; empty if that can not be read: it is good to know, and no more."""
        try:
            return platform_of_config(self._distribution.blob(where, config)) if config else frozenset()
        except TrueupError:
            return frozenset()

    def _remember(self, digest: str, platforms: frozenset[str]) -> None:
        with self._lock:
            self._platforms[digest] = platforms
            while len(self._platforms) > _REMEMBERED:
                self._platforms.popitem(last=False)

    def _tags(self, where: Repository) -> Sequence[str] | None:
        """Name the tags there are; None if there is no such repository."""
        try:
            return self._distribution.tags(where)
        except NotThere as error:
            return None if error.code in {"", "NAME_UNKNOWN"} else ()
        except TrueupError:
            return ()


class Lazily:
    """Registries that are made when they are first asked."""

    def __init__(self, make: Callable[[], ImageRegistries]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: ImageRegistries | None = None

    def find(self, asked: Sequence[ImageAt]) -> Mapping[ImageAt, ImageAnswer]:
        """Ask for them all, as ImageRegistries does."""
        if not asked:
            return {}
        return self._opened().find(asked)

    def tags(self, image: ImageAt) -> tuple[str, ...] | Missing | Unreachable:
        """Name every tag of a repository, as ImageRegistries does."""
        return self._opened().tags(image)

    def _opened(self) -> ImageRegistries:
        with self._lock:
            self._made = self._made or self._make()
            return self._made

    def close(self) -> None:
        """Let go of every connection, if there is any."""
        with self._lock:
            if self._made is not None:
                self._made.close()


def _missing(where: Repository, wanted: str, tags: Sequence[str] | None) -> str:
    if tags is None:
        return f"there is no repository {where.name} in the registry {where.host}"
    if ":" in wanted:
        return f"{where} has no image {wanted}; somebody has deleted it"
    newest = sorted(tags, key=_by_number, reverse=True)[:_NAMED]
    return f"{where} has no tag {wanted}" + (f"; it has {', '.join(newest)}" if newest else "")


def _by_number(tag: str) -> list[tuple[int, int, str]]:
    """Order v1.10.0 after v1.9.0."""
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in _NUMBER.split(tag) if part]
