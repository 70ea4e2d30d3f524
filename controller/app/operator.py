"""The operator's own files: who is who, how people are told, what no spec can go below."""

from pathlib import Path

from controller.errors import SpecError
from controller.spec.scan import LARGEST


def content_of(path: Path) -> bytes:
    """Read one of them, one byte more than is taken at most. Raises SpecError if that cannot be."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror or type(error).__name__}") from None
