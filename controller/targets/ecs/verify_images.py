"""Images: the registry has them, for the platform that the tasks ask for."""

from typing import Final

from controller.model.checked import Answered, ng, ok, skip
from controller.model.images import Found, ImageAt, Missing
from controller.targets.ecs.native import part, text
from controller.targets.ecs.verify_ask import Grounds
from controller.targets.ecs.verify_names import Named

_FARGATE: Final = {"ARM64": "arm64", "X86_64": "amd64"}


def image(named: Named, on: Grounds) -> Answered:
    """Check that the registry has an image, and for the right platform."""
    if on.registries is None:
        return skip("registries are not asked", asked=False)
    asked = ImageAt(reference=named.name, place=on.place)
    found = on.registries.find([asked]).get(asked)
    if isinstance(found, Found):
        wanted = _platform(on)
        if found.platforms and wanted not in found.platforms:
            return ng(f"it is for {', '.join(sorted(found.platforms))}, and the tasks are {wanted}")
        return ok(found.digest)
    if isinstance(found, Missing):
        return ng(found.why)
    return skip(found.why if found else "nobody asked the registry", asked=False)


def _platform(on: Grounds) -> str:
    """Name the platform of the tasks as registries do; Linux on X86_64 is the default (RuntimePlatform)."""
    platform = part(on.definition, "runtimePlatform")
    system = "windows" if text(platform, "operatingSystemFamily").upper().startswith("WINDOWS") else "linux"
    return f"{system}/{_FARGATE.get(text(platform, 'cpuArchitecture').upper(), 'amd64')}"
