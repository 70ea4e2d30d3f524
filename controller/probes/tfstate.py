"""Outputs of a Terraform state, in S3 or in a folder that the operator gave; nothing else of a state is looked at.

Format: version 4, as terraform.io describes it under "State snapshots" and `statefile/version4.go` writes it.
"""

import errno
import json
import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TypeAlias

from controller.model.images import Missing, Unreachable
from controller.model.lookups import LookupAnswer
from controller.probes.failure import code_of, unreachable

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of a state that is read."""
_S3: Final = re.compile(r"s3://([^/]+)/(.+)")
_FILE: Final = "file:"
_VERSION: Final = "4"
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[([0-9]+)\]")
_GONE: Final = frozenset({"NoSuchBucket", "NoSuchKey"})
_PERMISSION: Final = "s3:GetObject (and s3:ListBucket, to tell a state that is not there)"
Client: TypeAlias = Any  # the SDK makes the classes of its clients at run time
Outputs: TypeAlias = Mapping[str, object]


def find_outputs(
    client: Callable[[], Client], state: str, names: Sequence[str], folder: Path | None
) -> Mapping[str, LookupAnswer]:
    """Read outputs of one state; `client` gives a client of S3, and is asked only for a state that is there."""
    content = _content(client, state, folder)
    outputs = _outputs(content, state) if isinstance(content, bytes) else content
    if isinstance(outputs, Missing | Unreachable):
        return dict.fromkeys(names, outputs)
    return {name: _find(name, outputs, state) for name in names}


def _content(client: Callable[[], Client], state: str, folder: Path | None) -> bytes | Missing | Unreachable:
    hit = _S3.fullmatch(state)
    try:
        if hit:
            return _object(client(), hit[1], hit[2]) or _too_large(state)
        if not state.startswith(_FILE):
            return Missing(why="the spec does not say where Terraform keeps its state: terraformState")
        if folder is None:
            return Unreachable(why=f"{state} cannot be read: the controller has no --terraform-states")
        return _file(folder, state.removeprefix(_FILE)) or _too_large(state)
    except FileNotFoundError:
        return Missing(why=f"there is no state {state}")
    except Exception as error:  # noqa: BLE001 - a look-up that failed in any way has no value
        if code_of(error) in _GONE:
            return Missing(why=f"there is no state {state}")
        if isinstance(error, OSError) and error.errno in {errno.ELOOP, errno.ENOTDIR, errno.EINVAL}:
            return Missing(why=f"{state} is not a plain file below the folder of states: links are not followed")
        return unreachable(error, f"state {state}", _PERMISSION)


def _too_large(state: str) -> Missing:
    return Missing(why=f"{state} is empty or has more than {LARGEST} bytes")


def _object(client: Client, bucket: str, key: str) -> bytes | None:
    """Read an object; None if it is too large to be read."""
    body = client.get_object(Bucket=bucket, Key=key)["Body"]
    try:
        content: bytes = body.read(LARGEST + 1)
    finally:
        body.close()
    return content if len(content) <= LARGEST else None


def _file(folder: Path, name: str) -> bytes | None:
    """Read a file below a folder, step by step, so that no step is a link or leaves it; None if it is too large."""
    *parents, last = name.split("/")
    if not {"", ".", ".."}.isdisjoint({*parents, last}):
        raise OSError(errno.EINVAL, "not a path below the folder", name)
    with ExitStack() as opened:
        here = _open(opened, folder, os.O_DIRECTORY)
        for step in parents:
            here = _open(opened, step, os.O_DIRECTORY | os.O_NOFOLLOW, here)
        # Not blocking, so that a pipe that somebody put there stops nobody.
        here = _open(opened, last, os.O_NOFOLLOW | os.O_NONBLOCK, here)
        if not stat.S_ISREG(os.fstat(here).st_mode):
            raise OSError(errno.EINVAL, "not a plain file", name)
        with os.fdopen(here, "rb", closefd=False) as file:
            content = file.read(LARGEST + 1)
    return content if len(content) <= LARGEST else None


def _open(opened: ExitStack, path: str | Path, flags: int, folder: int | None = None) -> int:
    descriptor = os.open(path, os.O_RDONLY | flags, dir_fd=folder)
    opened.callback(os.close, descriptor)
    return descriptor


def _outputs(content: bytes, state: str) -> Outputs | Missing:
    """Take the outputs out of a state; numbers stay as they are written."""
    try:
        whole = json.loads(content, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return Missing(why=f"{state} is not a Terraform state: it is not JSON")
    if not isinstance(whole, dict):
        return Missing(why=f"{state} is not a Terraform state")
    if "encrypted_data" in whole:
        return Missing(why=f"{state} is encrypted by OpenTofu, and cannot be read")
    outputs = whole.get("outputs")
    if whole.get("version") != _VERSION or not isinstance(outputs, dict):
        return Missing(why=f"{state} is not a Terraform state of version {_VERSION}")
    return outputs


def _find(name: str, outputs: Outputs, state: str) -> LookupAnswer:
    first = _STEP.search(name)
    top, rest = (name[: first.start()], name[first.start() :]) if first else (name, "")
    output = outputs.get(top)
    if not isinstance(output, Mapping):
        return Missing(why=f"{state} has no output {top}")
    if output.get("sensitive"):
        return Missing(
            why=f"output {top} of {state} is sensitive: keep it in a secret, and name that under `secrets`"
        )
    value: object = output.get("value")
    for step in _STEP.finditer(rest):
        value = _below(value, step)
        if value is None:
            break
    return _answer(value, f"output {name} of {state}")


def _below(value: object, step: re.Match[str]) -> object:
    key, index = step.groups()
    if key is not None:
        return value.get(key) if isinstance(value, Mapping) else None
    place = int(index)
    return value[place] if isinstance(value, list) and place < len(value) else None


def _answer(value: object, what: str) -> LookupAnswer:
    if value is None:
        return Missing(why=f"{what} is not there")
    if isinstance(value, Mapping):
        return Missing(why=f"{what} is a map: take a step into it, such as .name")
    if isinstance(value, list):
        texts = tuple(text for item in value if (text := _text(item)) is not None)
        return texts if len(texts) == len(value) else Missing(why=f"{what} is a list of more than texts")
    text = _text(value)
    return text if text is not None else Missing(why=f"{what} is no text")


def _text(value: object) -> str | None:
    """Give a text, a number as it is written, or true and false; None for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else None
