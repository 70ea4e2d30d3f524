"""Registries over HTTP: `/v2/…` of the OCI Distribution Specification, for every host that a request names.

The registry is the one of the `Host` header; ECR's ask for a token of GetAuthorizationToken, others for nothing.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from controller.sandbox.contents import LISTS, MANIFESTS, digest
from controller.sandbox.door import Reply
from controller.sandbox.registry import read, referred
from controller.sandbox.world import World

_PATH = re.compile(r"/v2/(?P<name>.+)/(?P<what>manifests|blobs/uploads|blobs|tags)/(?P<rest>[^/]*)")
_LAYER = re.compile(r"/v2/-/layers/(?P<digest>sha256:[0-9a-f]{64})")
_ECR = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
_BYTES = "application/octet-stream"


@dataclass(slots=True, kw_only=True)
class Uploads:
    """Blobs on their way, by the id of their upload."""

    under_way: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """One request: its method, the repository with its host, what of it, and the rest."""

    world: World
    uploads: Uploads
    method: str
    host: str
    name: str
    rest: str
    query: Mapping[str, list[str]]
    kind: str
    body: bytes

    @property
    def repository(self) -> str:
        return f"{self.host}/{self.name}"


def serve(world: World, uploads: Uploads, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """Answer one request."""
    asked = urlsplit(path)
    layer = _LAYER.fullmatch(asked.path)
    if layer and method == "GET":
        data = world.registry.blobs.get(layer["digest"])
        return _bytes(data) if data is not None else _refused(404, "BLOB_UNKNOWN", "blob unknown to registry")
    host = headers.get("Host", "")
    if _ECR.fullmatch(host) and not _is_let_in(headers.get("Authorization", "")):
        challenge = {"WWW-Authenticate": f'Basic realm="https://{host}/",service="ecr.amazonaws.com"'}
        return _refused(401, "UNAUTHORIZED", "Not Authorized", challenge)
    if asked.path == "/v2/":
        return Reply(status=200, body=b"{}")
    found = _PATH.fullmatch(asked.path)
    if found is None:
        return _refused(404, "UNSUPPORTED", f"there is no {method} {asked.path}")
    visit = _Visit(
        world=world, uploads=uploads, method=method, host=host, name=found["name"], rest=found["rest"],
        query=parse_qs(asked.query), kind=headers.get("Content-Type", ""), body=body,
    )  # fmt: skip
    if world.registry.shelf(visit.repository).lost:
        return _refused(404, "NAME_UNKNOWN", f"The repository with name '{visit.name}' does not exist")
    chosen = {"manifests": _manifests, "blobs": _blobs, "blobs/uploads": _uploads, "tags": _tags}[found["what"]]
    return chosen(visit)


def _is_let_in(authorization: str) -> bool:
    scheme, _, given = authorization.partition(" ")
    try:
        return scheme == "Basic" and base64.b64decode(given).startswith(b"AWS:sandbox-")
    except ValueError:
        return False


def _manifests(visit: _Visit) -> Reply:
    if visit.method == "PUT":
        return _put_manifest(visit)
    joint = "@" if visit.rest.startswith("sha256:") else ":"
    pulled = visit.world.registry.pull(f"{visit.repository}{joint}{visit.rest}", visit.world.now())
    content = visit.world.registry.contents.get(pulled.digest) if pulled else None
    if content is None:
        return _refused(404, "MANIFEST_UNKNOWN", "Requested image not found")
    named = {"Docker-Content-Digest": content.digest, "Content-Type": content.kind}
    return Reply(status=200, body=content.body, headers=named)


def _put_manifest(visit: _Visit) -> Reply:
    registry, given = visit.world.registry, digest(visit.body)
    shelf = registry.shelf(visit.repository)
    if visit.kind not in LISTS | MANIFESTS:
        return _refused(400, "MANIFEST_INVALID", f"{visit.kind or 'no type'} is no manifest")
    if visit.rest.startswith("sha256:") and visit.rest != given:
        return _refused(400, "DIGEST_INVALID", f"the bytes are {given}")
    try:
        content = read(visit.body, visit.kind, registry)
    except ValueError as error:
        return _refused(400, "MANIFEST_INVALID", str(error))
    lacking = [one for one in referred(visit.body) if one not in shelf.blobs]
    lacking += [child.digest for child in content.children if child.digest not in shelf.held]
    if lacking:
        return _refused(404, "MANIFEST_BLOB_UNKNOWN", f"not here: {', '.join(lacking)}")
    tag = "" if visit.rest.startswith("sha256:") else visit.rest
    origin = f"{visit.repository}:{tag}" if tag else ""
    registry.put(visit.repository, content, tag, origin=origin, at=visit.world.now())
    where = f"/v2/{visit.name}/manifests/{given}"
    return Reply(status=201, body=b"", headers={"Docker-Content-Digest": given, "Location": where})


def _blobs(visit: _Visit) -> Reply:
    there = visit.rest in visit.world.registry.shelf(visit.repository).blobs
    data = visit.world.registry.blobs.get(visit.rest) if there else None
    if data is None or visit.method not in {"GET", "HEAD"}:
        return _refused(404, "BLOB_UNKNOWN", "blob unknown to registry")
    return _bytes(data)


def _uploads(visit: _Visit) -> Reply:
    registry, under_way = visit.world.registry, visit.uploads.under_way
    shelf = registry.shelf(visit.repository)
    wanted = visit.query.get("digest", [""])[0]
    if visit.method == "POST":
        mount, source = visit.query.get("mount", [""])[0], visit.query.get("from", [""])[0]
        if mount and source and mount in registry.shelf(f"{visit.host}/{source}").blobs:
            shelf.blobs.add(mount)
            return _created(visit, mount)
        begun = visit.world.hexadecimal(32)
        under_way[begun] = b""
        return _accepted(visit, begun)
    if visit.rest not in under_way or visit.method not in {"PATCH", "PUT"}:
        return _refused(404, "BLOB_UPLOAD_UNKNOWN", "there is no such upload")
    under_way[visit.rest] += visit.body
    if visit.method == "PATCH":
        return _accepted(visit, visit.rest)
    data = under_way.pop(visit.rest)
    if digest(data) != wanted:
        return _refused(400, "DIGEST_INVALID", f"the bytes are {digest(data)}")
    registry.blobs[wanted] = data
    shelf.blobs.add(wanted)
    return _created(visit, wanted)


def _tags(visit: _Visit) -> Reply:
    tags = sorted(tag for tag, found in visit.world.registry.shelf(visit.repository).tags.items() if found)
    return Reply(status=200, body=json.dumps({"name": visit.name, "tags": tags}).encode())


def _accepted(visit: _Visit, begun: str) -> Reply:
    headers = {"Location": f"/v2/{visit.name}/blobs/uploads/{begun}", "Docker-Upload-UUID": begun}
    return Reply(status=202, body=b"", headers=headers)


def _created(visit: _Visit, named: str) -> Reply:
    headers = {"Location": f"/v2/{visit.name}/blobs/{named}", "Docker-Content-Digest": named}
    return Reply(status=201, body=b"", headers=headers)


def _bytes(data: bytes) -> Reply:
    return Reply(status=200, body=data, headers={"Content-Type": _BYTES})


def _refused(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    body = json.dumps({"errors": [{"code": code, "message": message, "detail": {}}]}).encode()
    return Reply(status=HTTPStatus(status).value, body=body, headers=headers or {})
