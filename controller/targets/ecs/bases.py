"""Task definitions that others register, such as Terraform: the newest of a family that is not ours."""

from collections.abc import Callable
from typing import Final

from controller.targets.ecs.client import Access
from controller.targets.ecs.definitions import Definition, Definitions
from controller.targets.ecs.native import text, texts

_FRESH: Final = 300.0  # seconds: a list for each family at every look would be more than AWS allows
_PAGE: Final = 100
_PAGES: Final = 3


class Bases:
    """Finds the newest foreign revision of a family; asked at most once in five minutes."""

    def __init__(self, definitions: Definitions, elapsed: Callable[[], float]) -> None:
        self._definitions = definitions
        self._elapsed = elapsed
        self._known: dict[tuple[int, str], tuple[float, Definition | None]] = {}

    def newest_foreign(self, access: Access, family: str) -> Definition | None:
        """Give the newest active revision without our tags, None if there is none. Raises Declined, OutOfQuota."""
        key = (id(access), family)
        at, known = self._known.get(key, (float("-inf"), None))
        if self._elapsed() - at < _FRESH:
            return known
        found = self._find(access, family)
        self._known[key] = (self._elapsed(), found)
        return found

    def _find(self, access: Access, family: str) -> Definition | None:
        token = ""
        for _ in range(_PAGES):
            more = {"nextToken": token} if token else {}
            answer = access.read(
                "ListTaskDefinitions", familyPrefix=family, status="ACTIVE", sort="DESC", maxResults=_PAGE, **more
            )
            for arn in texts(answer, "taskDefinitionArns"):
                definition = self._definitions.get(access, arn)
                if definition.tags is None:
                    return definition
            token = text(answer, "nextToken")
            if not token:
                break
        return None
