"""How requests say what they ask for, and how refusals are written, in AWS's three protocols."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from controller.sandbox.native import Refused

_ECS_TARGET = "AmazonEC2ContainerServiceV20141113."
_NAMES = {"monitoring": "cloudwatch"}  # where the signature's name is not the service's


class Protocol(StrEnum):
    """The ones that refusals can be written in here."""

    JSON = "application/x-amz-json-1.1"
    QUERY = "text/xml"
    CBOR = "application/cbor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks for: `DescribeServices` of ECS, `sts:AssumeRole` of another service; empty if unknown.

    `access_key` is who asks, `form` the body of a request of the query protocol.
    """

    operation: str
    protocol: Protocol
    ecs: bool = False
    access_key: str = ""
    form: bytes = b""

    @property
    def ecr(self) -> bool:
        """Whether it is for the registry's own API."""
        return self.operation.startswith("ecr:")


def scope(authorization: str) -> tuple[str, str, str]:
    """Give access key, region and service of a signature's credential scope; empty when there is none."""
    _, found, rest = authorization.partition("Credential=")
    parts = rest.split(",", 1)[0].split("/")
    return (parts[0], parts[2], parts[3]) if found and len(parts) == 5 else ("", "", "")  # noqa: PLR2004 - its parts


def asked(headers: Mapping[str, str], path: str, body: bytes, method: str = "POST") -> Asked:
    """Read what a request asks for. `body` may be empty when it is no form.

    Of S3, whose requests name no operation, only GetObject is told.
    """
    target = headers.get("X-Amz-Target", "")
    if target.startswith(_ECS_TARGET):
        return Asked(operation=target.removeprefix(_ECS_TARGET), protocol=Protocol.JSON, ecs=True)
    access_key, _, service = scope(headers.get("Authorization", ""))
    name, steps = _NAMES.get(service, service), path.strip("/").split("/")
    if target:
        return Asked(operation=f"{name}:{target.rsplit('.', 1)[-1]}", protocol=Protocol.JSON)
    if "operation" in steps[:-1]:
        return Asked(operation=f"{name}:{steps[steps.index('operation') + 1]}", protocol=Protocol.CBOR)
    if name == "s3" and method == "GET" and len(steps) > 1 and "?" not in path:
        return Asked(operation="s3:GetObject", protocol=Protocol.QUERY)
    action = parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
    operation = f"{name}:{action}" if action else ""
    return Asked(operation=operation, protocol=Protocol.QUERY, access_key=access_key, form=body)


def written(refused: Refused, protocol: Protocol) -> bytes:
    """Write a refusal as its protocol does."""
    if protocol is Protocol.JSON:
        return json.dumps({"__type": refused.code, "message": refused.message}).encode()
    if protocol is Protocol.CBOR:
        return _cbor({"__type": refused.code, "message": refused.message})
    sentence = f"<Type>Sender</Type><Code>{escape(refused.code)}</Code><Message>{escape(refused.message)}</Message>"
    return f"<ErrorResponse><Error>{sentence}</Error><RequestId>sandbox</RequestId></ErrorResponse>".encode()


def _cbor(pairs: Mapping[str, str]) -> bytes:
    """Write a small map of texts as CBOR (RFC 8949)."""
    head = bytes([0xA0 + len(pairs)])
    return head + b"".join(_cbor_text(key) + _cbor_text(value) for key, value in pairs.items())


def _cbor_text(text: str) -> bytes:
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data
