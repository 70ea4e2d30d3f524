"""The registry's own API, ECR: asking for images by tag or digest, and the way to its blobs.

Shapes and codes: "Amazon ECR API Reference".
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controller.sandbox.contents import Content
from controller.sandbox.native import Native, Refused, invalid, number, parts, text, texts
from controller.sandbox.registry import Shelf
from controller.sandbox.world import World

Answer = dict[str, object]
_AT_ONCE = 100
_VALID = 12 * 3600.0  # seconds that a token is good for


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks what, where; `endpoint` is where blobs are fetched from."""

    world: World
    account: str
    region: str
    params: Native
    endpoint: str

    @property
    def registry(self) -> str:
        """The account whose registry is asked: the caller's own unless it names another."""
        return text(self.params, "registryId", self.account)

    @property
    def repository(self) -> str:
        """The repository's name with the registry's host, as image references have it."""
        return f"{host_of(self.registry, self.region)}/{text(self.params, 'repositoryName')}"


def host_of(account: str, region: str) -> str:
    """Give the host of a private registry."""
    china = ".cn" if region.startswith("cn-") else ""
    return f"{account}.dkr.ecr.{region}.amazonaws.com{china}"


def perform(operation: str, asking: Asking) -> Answer | None:
    """Answer one request; None for an operation that is not played here. Refused: what ECR refuses."""
    chosen = _OPERATIONS.get(operation.removeprefix("ecr:"))
    return None if chosen is None else chosen(asking)


def _shelf(asking: Asking) -> Shelf:
    shelf = asking.world.registry.shelf(asking.repository)
    if shelf.lost:
        raise Refused(
            "RepositoryNotFoundException",
            f"The repository with name '{text(asking.params, 'repositoryName')}' does not exist in the registry "
            f"with id '{asking.registry}'",
        )
    return shelf


def _ids(asking: Asking) -> list[Native]:
    ids = parts(asking.params, "imageIds")
    if len(ids) > _AT_ONCE:
        raise invalid(f"Invalid parameter at 'imageIds' failed to satisfy constraint: at most {_AT_ONCE} items")
    return ids


def _found(asking: Asking, one: Native) -> tuple[str, Content] | None:
    """Find an image by its digest, else by its tag."""
    digest, tag = text(one, "imageDigest"), text(one, "imageTag")
    reference = f"{asking.repository}@{digest}" if digest else f"{asking.repository}:{tag}"
    pulled = asking.world.registry.pull(reference, asking.world.now())
    if pulled is None:
        return None
    return pulled.digest, asking.world.registry.contents.get(pulled.digest, _UNKNOWN)


def _batch_get_image(asking: Asking) -> Answer:
    _shelf(asking)
    images, failures = [], []
    for one in _ids(asking):
        found = _found(asking, one)
        if found is None:
            reason = "Requested image not found"
            failures.append({"imageId": dict(one), "failureCode": "ImageNotFound", "failureReason": reason})
            continue
        digest, content = found
        images.append(
            {
                "registryId": asking.registry,
                "repositoryName": text(asking.params, "repositoryName"),
                "imageId": {**one, "imageDigest": digest},
                "imageManifest": content.body.decode(),
                "imageManifestMediaType": content.kind,
            }
        )
    return {"images": images, "failures": failures}


def _describe_images(asking: Asking) -> Answer:
    shelf = _shelf(asking)
    chosen = {}
    for one in _ids(asking):
        found = _found(asking, one)
        if found is None:
            named = f"{{imageDigest:'{one.get('imageDigest', 'null')}', imageTag:'{one.get('imageTag', 'null')}'}}"
            name = text(asking.params, "repositoryName")
            raise Refused(
                "ImageNotFoundException",
                f"The image with imageId {named} does not exist within the repository with name '{name}' in the "
                f"registry with id '{asking.registry}'",
            )
        chosen[found[0]] = found[1]
    if not chosen:
        known = asking.world.registry.contents
        children = {child.digest for digest in shelf.held for child in known[digest].children}
        chosen = {digest: known[digest] for digest in shelf.held if digest not in children}
    return {"imageDetails": [_detail(asking, shelf, digest, content) for digest, content in chosen.items()]}


def _list_images(asking: Asking) -> Answer:
    """List the tags that stand for something; what has none is not asked for here."""
    shelf = _shelf(asking)
    tagged = sorted((tag, digest) for tag, digest in shelf.tags.items() if digest)
    most, begin = int(number(asking.params, "maxResults", 100)), int(text(asking.params, "nextToken", "0"))
    page = tagged[begin : begin + most]
    answer: Answer = {"imageIds": [{"imageTag": tag, "imageDigest": digest} for tag, digest in page]}
    return {**answer, "nextToken": str(begin + most)} if begin + most < len(tagged) else answer


def _detail(asking: Asking, shelf: Shelf, digest: str, content: Content) -> Answer:
    return {
        "registryId": asking.registry,
        "repositoryName": text(asking.params, "repositoryName"),
        "imageDigest": digest,
        "imageTags": sorted(tag for tag, stands_for in shelf.tags.items() if stands_for == digest),
        "imageSizeInBytes": len(content.body) + sum(map(len, content.blobs.values())),
        "imagePushedAt": shelf.held.get(digest, 0.0),
        "imageManifestMediaType": content.kind,
    }


def _token(asking: Asking) -> Answer:
    token = base64.b64encode(f"AWS:sandbox-{asking.account}".encode()).decode()
    registries = texts(asking.params, "registryIds") or [asking.account]
    return {
        "authorizationData": [
            {
                "authorizationToken": token,
                "expiresAt": asking.world.now() + _VALID,
                "proxyEndpoint": f"https://{host_of(one, asking.region)}",
            }
            for one in registries
        ]
    }


def _layer_url(asking: Asking) -> Answer:
    shelf, digest = _shelf(asking), text(asking.params, "layerDigest")
    if digest not in shelf.blobs:
        raise Refused("LayersNotFoundException", f"The layer {digest} does not exist.")
    return {"downloadUrl": f"{asking.endpoint}/v2/-/layers/{digest}", "layerDigest": digest}


_UNKNOWN = Content(kind="application/vnd.oci.image.manifest.v1+json", body=b"{}")
_OPERATIONS: Mapping[str, Callable[[Asking], Answer]] = {
    "BatchGetImage": _batch_get_image,
    "DescribeImages": _describe_images,
    "GetAuthorizationToken": _token,
    "GetDownloadUrlForLayer": _layer_url,
    "ListImages": _list_images,
}
