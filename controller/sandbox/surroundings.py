"""What the demo lets its processes see of the shell that it was started from: nothing about trueup, AWS or git."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

_FOREIGN: Final = ("AWS_", "BOTO", "GIT_", "MOTO_", "TRUEUP_")
_OURS: Final[Mapping[str, str]] = {
    "AWS_CONFIG_FILE": os.devnull,  # HOME stays as it is, so its profiles have to be named away
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1,localhost,::1",  # not empty, so that no proxy of the system is looked for either
}


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the caller's variables out of this process and of those that it starts; afterwards they are back.

    PATH, HOME, LANG, TERM and whatever else is no setting of ours or of our libraries stays.
    """
    taken = {name: value for name, value in os.environ.items() if _is_foreign(name)}
    for name in taken:
        del os.environ[name]
    os.environ.update(_OURS)
    try:
        yield
    finally:
        for name in _OURS:
            os.environ.pop(name, None)
        os.environ.update(taken)


def _is_foreign(name: str) -> bool:
    return name.startswith(_FOREIGN) or name.upper().endswith("_PROXY")
