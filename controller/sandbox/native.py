"""Reading AWS's native structures, as JSON has them, without guessing their types; and AWS's way to refuse."""

import json
from collections.abc import Mapping, Sequence

Native = Mapping[str, object]


class Refused(Exception):
    """What AWS answers instead of doing it: an error code, a sentence and an HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def client_error(message: str) -> Refused:
    """ECS's ClientException: the request is understood and not allowed."""
    return Refused("ClientException", message)


def invalid(message: str) -> Refused:
    """ECS's InvalidParameterException."""
    return Refused("InvalidParameterException", message)


def part(native: Native, key: str) -> Native:
    """Give the structure under `key`, or an empty one."""
    value = native.get(key)
    return value if isinstance(value, Mapping) else {}


def parts(native: Native, key: str) -> list[Native]:
    """Give the structures in the list under `key`."""
    value = native.get(key)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def text(native: Native, key: str, default: str = "") -> str:
    """Give the string under `key`."""
    value = native.get(key)
    return value if isinstance(value, str) else default


def number(native: Native, key: str, default: int = 0) -> int:
    """Give the whole number under `key`."""
    value = native.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def moment(native: Native, key: str) -> float | None:
    """Give the instant under `key`, in seconds of the epoch, as the JSON protocol carries it."""
    value = native.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def flag(native: Native, key: str, *, default: bool = False) -> bool:
    """Give the truth under `key`."""
    value = native.get(key)
    return value if isinstance(value, bool) else default


def texts(native: Native, key: str) -> list[str]:
    """Give the strings in the list under `key`."""
    value = native.get(key)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def short(name_or_arn: str) -> str:
    """Give the last part of an ARN, or the name itself."""
    return name_or_arn.rsplit("/", 1)[-1]


def tag_map(tags: Sequence[Native]) -> dict[str, str]:
    """AWS's list of keys and values as a map."""
    return {text(tag, "key"): text(tag, "value") for tag in tags}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Give a map as AWS's list of keys and values."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def without_nothing(native: Mapping[str, object]) -> dict[str, object]:
    """Give the same structure without what is None: absent members are not answered."""
    return {key: value for key, value in native.items() if value is not None}


def parsed(body: bytes) -> Native:
    """Read a request; Refused if it is no JSON object."""
    try:
        document: object = json.loads(body or b"{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Refused("SerializationException", "The request is not a JSON object.")
    return document
