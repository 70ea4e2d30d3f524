"""Who is who, from the operator's own file."""

from pathlib import Path

from controller.errors import SpecError
from controller.model.people import People
from controller.spec.people import read_people
from controller.spec.scan import LARGEST


def people_of(path: Path) -> People:
    """Read people.yaml. Raises SpecError if it is not there, may not be read, or is wrong."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror or type(error).__name__}") from None
    return read_people(content, str(path))
