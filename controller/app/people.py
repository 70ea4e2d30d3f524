"""Who is who, from the operator's own file."""

from pathlib import Path

from controller.app.operator import content_of
from controller.model.people import People
from controller.spec.people import read_people


def people_of(path: Path) -> People:
    """Read people.yaml. Raises SpecError if it is not there, may not be read, or is wrong."""
    return read_people(content_of(path), str(path))
