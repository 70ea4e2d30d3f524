"""Private registries of ECR, asked through its API with the rights of the place that is to run the image.

"Amazon ECR API Reference": BatchGetImage takes a hundred ids of one repository. Calls are made by clients that are
counted and bounded, as those of ECS are.
"""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from controller.errors import TrueupError
from controller.model.images import Found, ImageAnswer, ImageAt, Missing, Reference, Unreachable
from controller.probes.guarded import Http
from controller.probes.hosts import repository
from controller.probes.manifests import KINDS, Content, platform_of_config

_AT_ONCE: Final = 100
_PAGE: Final = 1000
_PAGES: Final = 100
_NAMED: Final = 3
_REMEMBERED: Final = 4096
_NOT_THERE: Final = frozenset({"ImageNotFound", "InvalidImageTag", "InvalidImageDigest"})
_DENIED: Final = ("AccessDenied", "UnrecognizedClient", "ExpiredToken", "InvalidSignature", "NotAuthorized")
Client: TypeAlias = Any  # the SDK makes the classes of its clients at run time


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelf:
    """One repository, as one role sees it: what one call asks."""

    account: str
    role: str | None
    registry: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        partition = "aws-cn" if self.region.startswith("cn-") else "aws"
        return f"arn:{partition}:ecr:{self.region}:{self.registry}:repository/{self.name}"

    def __str__(self) -> str:
        return f"the repository {self.name} of account {self.registry} in {self.region}"


class Ecr:
    """Answers for images of private ECR; `client` gives an ECR client for an account, a region and a role.

    It may raise a TrueupError, and then nothing that was asked with that role is answered.
    """

    def __init__(self, client: Callable[[str, str, str | None], Client], http: Http) -> None:
        self._client, self._http = client, http
        self._lock = threading.Lock()
        self._platforms: OrderedDict[str, frozenset[str]] = OrderedDict()

    def find(self, asked: Sequence[ImageAt]) -> Iterator[tuple[ImageAt, ImageAnswer]]:
        """Answer them all, those of one repository together."""
        shelves: defaultdict[_Shelf, dict[ImageAt, dict[str, str]]] = defaultdict(dict)
        for one in asked:
            shelves[_shelf_of(one)][one] = _id(Reference.of(one.reference))
        for shelf, ids in shelves.items():
            yield from self._ask(shelf, ids)

    def tags(self, image: ImageAt) -> tuple[str, ...] | Missing | Unreachable:
        """Name every tag of the repository that an image is in, a thousand a call."""
        shelf = _shelf_of(image)
        found: dict[str, None] = {}
        try:
            client = self._client(shelf.account, shelf.region, shelf.role)
            asked = {"registryId": shelf.registry, "repositoryName": shelf.name, "filter": {"tagStatus": "TAGGED"}}
            more: dict[str, str] = {}
            for _ in range(_PAGES):
                answer = client.list_images(**asked, maxResults=_PAGE, **more)
                found |= dict.fromkeys(str(one["imageTag"]) for one in answer["imageIds"] if one.get("imageTag"))
                if not answer.get("nextToken"):
                    return tuple(found)
                more = {"nextToken": answer["nextToken"]}
        except Exception as error:  # noqa: BLE001 - what failed in any way is not answered, and stops nothing else
            return _in_words(error, shelf, "ecr:ListImages")
        return Unreachable(why=f"{shelf} has more than {len(found)} tags, too many to follow")

    def _ask(
        self, shelf: _Shelf, ids: Mapping[ImageAt, Mapping[str, str]]
    ) -> Iterator[tuple[ImageAt, ImageAnswer]]:
        try:
            client = self._client(shelf.account, shelf.region, shelf.role)
            told = self._read(
                client, shelf, [dict(one) for one in {tuple(i.items()): i for i in ids.values()}.values()]
            )
        except Exception as error:  # noqa: BLE001 - what failed in any way is not answered, and stops nothing else
            why = _in_words(error, shelf)
            yield from ((one, why) for one in ids)
            return
        for one, image in ids.items():
            yield one, told.get(_key(image)) or Unreachable(why=f"ECR did not tell of {one.reference}")

    def _read(self, client: Client, shelf: _Shelf, ids: Sequence[Mapping[str, str]]) -> dict[str, ImageAnswer]:
        images: dict[str, Mapping[str, Any]] = {}
        failures: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(ids), _AT_ONCE):
            answer = client.batch_get_image(
                registryId=shelf.registry,
                repositoryName=shelf.name,
                imageIds=ids[start : start + _AT_ONCE],
                acceptedMediaTypes=list(KINDS),
            )
            failures |= {_key(one["imageId"]): one for one in answer.get("failures", ())}
            for image in answer.get("images", ()):
                images[image["imageId"].get("imageTag", "")] = image
                images[image["imageId"].get("imageDigest", "")] = image
        told: dict[str, ImageAnswer] = {}
        for one in map(_key, ids):
            if one in images:
                told[one] = self._found(client, shelf, images[one], images)
            elif one in failures:
                told[one] = self._failed(client, shelf, one, failures[one])
        return told

    def _found(
        self, client: Client, shelf: _Shelf, image: Mapping[str, Any], images: Mapping[str, Mapping[str, Any]]
    ) -> Found:
        digest = str(image["imageId"]["imageDigest"])
        same = (other["imageId"] for other in images.values())
        tags = {one["imageTag"] for one in same if one.get("imageTag") and one.get("imageDigest") == digest}
        return Found(digest=digest, platforms=self._run_on(client, shelf, digest, image), tags=frozenset(tags))

    def _run_on(self, client: Client, shelf: _Shelf, digest: str, image: Mapping[str, Any]) -> frozenset[str]:
        """Say what an image runs on; asked for once for each digest, whose content never changes."""
        with self._lock:
            if digest in self._platforms:
                self._platforms.move_to_end(digest)
                return self._platforms[digest]
        found = self._look_into(client, shelf, image)
        with self._lock:
            self._platforms[digest] = found
            while len(self._platforms) > _REMEMBERED:
                self._platforms.popitem(last=False)
        return found

    def _look_into(self, client: Client, shelf: _Shelf, image: Mapping[str, Any]) -> frozenset[str]:
        try:
            body = str(image.get("imageManifest", "")).encode()
            content = Content(kind=str(image.get("imageManifestMediaType", "")), body=body)
            if content.is_index:
                return content.platforms()
            config = content.config()
            if not config:
                return frozenset()
            layer = client.get_download_url_for_layer(
                registryId=shelf.registry, repositoryName=shelf.name, layerDigest=config
            )
            told = self._http.ask("GET", str(layer["downloadUrl"]), {})
        except Exception:  # noqa: BLE001 - what it runs on is good to know, and no reason to hold
            return frozenset()
        return platform_of_config(told.body)

    def _failed(self, client: Client, shelf: _Shelf, one: str, failure: Mapping[str, Any]) -> ImageAnswer:
        code = str(failure.get("failureCode", ""))
        if code not in _NOT_THERE:
            reason = str(failure.get("failureReason", ""))
            return Unreachable(why=f"{shelf} does not tell of {one}: {code} {reason}".rstrip())
        if one.startswith("sha256:"):
            return Missing(why=f"{shelf} has no image {one}; somebody, or a lifecycle policy, has deleted it")
        return Missing(why=f"{shelf} has no tag {one}{_others(client, shelf)}")


def _shelf_of(image: ImageAt) -> _Shelf:
    where = repository(Reference.of(image.reference).name)
    registry, region = where.ecr or ("", "")
    place = image.place
    return _Shelf(account=place.account, role=place.role, registry=registry, region=region, name=where.name)


def _id(reference: Reference) -> dict[str, str]:
    if reference.digest:
        return {"imageDigest": reference.digest}
    return {"imageTag": reference.tag or "latest"}


def _key(image: Mapping[str, Any]) -> str:
    return str(image.get("imageDigest") or image.get("imageTag") or "")


def _others(client: Client, shelf: _Shelf) -> str:
    """Name the newest tags, if one call tells them all; that it may not be made is no matter."""
    try:
        answer = client.describe_images(
            registryId=shelf.registry, repositoryName=shelf.name, filter={"tagStatus": "TAGGED"}, maxResults=_PAGE
        )
        if answer.get("nextToken"):
            return ""
        newest = sorted(answer["imageDetails"], key=lambda image: image["imagePushedAt"], reverse=True)
    except Exception:  # noqa: BLE001 - a help for people, and nothing depends on it
        return ""
    tags = [str(image["imageTags"][0]) for image in newest if image.get("imageTags")][:_NAMED]
    return f"; its newest tags are {', '.join(tags)}" if tags else "; it has no tag at all"


def _in_words(error: Exception, shelf: _Shelf, needs: str = "ecr:BatchGetImage") -> Missing | Unreachable:
    if isinstance(error, TrueupError):
        return Unreachable(why=str(error))
    told = getattr(error, "response", {}).get("Error", {})
    code = str(told.get("Code", ""))
    if code == "RepositoryNotFoundException":
        cached = (
            "; one that a pull-through cache rule makes is there after its first pull" if "/" in shelf.name else ""
        )
        return Missing(
            why=f"there is no repository {shelf.name} in account {shelf.registry} in {shelf.region}{cached}"
        )
    if code.startswith(_DENIED):
        who = shelf.role or f"the credentials for account {shelf.account}"
        return Unreachable(why=f"{who} may not read {shelf}: it needs {needs} on {shelf.arn}")
    return Unreachable(why=f"ECR did not tell of {shelf}: {error}")
