"""Two task definitions in files, compared by the rules by which a spec is compared with what runs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from controller.errors import SpecError

if TYPE_CHECKING:
    from controller.model.manifest import Manifest
    from controller.plan.compare import Difference


def differences_of(first: Path, second: Path) -> "tuple[Difference, ...]":
    """List what the second says otherwise than the first; raises SpecError for a file that cannot be read."""
    from controller.plan.compare import differences

    return differences(_manifest(first), _manifest(second))


def _manifest(path: Path) -> "Manifest":
    from controller.targets.ecs.written import written_definition

    manifest, faults = written_definition(_read(path))
    if faults:
        raise SpecError("\n".join(f"{path}: {'.'.join(map(str, fault.path))} {fault.what}" for fault in faults))
    return manifest


def _read(path: Path) -> dict[str, object]:
    """Read JSON as JSON, because YAML does not take its tabs; everything else as a spec is read."""
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise SpecError(f"{path} cannot be read: {problem.strerror or problem}") from problem
    if path.suffix.lower() != ".json":
        return _read_yaml(path, content)
    try:
        said = json.loads(content)
    except ValueError as problem:
        raise SpecError(f"{path} is no JSON: {problem}") from problem
    if not isinstance(said, dict):
        raise SpecError(f"{path} is not a task definition: it is not a JSON object")
    return said


def _read_yaml(path: Path, content: bytes) -> dict[str, object]:
    from controller.spec.native import native
    from controller.spec.scan import scan

    scanned = scan(content, str(path))
    if scanned.complaints or scanned.root is None:
        raise SpecError("\n".join(map(str, scanned.complaints)) or f"{path} is empty")
    return dict(native(scanned.root))
