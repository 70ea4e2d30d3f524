"""Which environments a folder of specs holds, by the names of its files alone."""

import re
from typing import Final

from controller.model.names import EnvName
from controller.spec.scalars import NAME_PATTERN
from controller.spec.tables import View

MAIN: Final = "environment.yaml"
SUFFIX: Final = ".yaml"


def environments(view: View) -> list[EnvName]:
    """Name the environments of a folder of specs, in order."""
    tops = {environment_of(name) for name in (*view.files, *view.rejected)}
    return [EnvName(name) for name in sorted(tops) if re.fullmatch(NAME_PATTERN, name)]


def environment_of(name: str) -> str:
    """Name the environment whose own file this is; empty if it is none's."""
    top, _, rest = name.partition("/")
    if rest:
        return top if rest == MAIN else ""
    return top.removesuffix(SUFFIX) if top.endswith(SUFFIX) else ""
