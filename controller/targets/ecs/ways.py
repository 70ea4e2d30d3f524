"""Whether what ran before could run again: its revision, or the shape that was recorded of it, and its images.

AWS has no call that describes several task definitions, so each revision is one; images are asked for together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from controller.errors import TrueupError
from controller.model.images import ImageAnswer, ImageAt, Unreachable
from controller.model.names import Revision
from controller.model.place import Place
from controller.model.ways import Exists, KeptAt, Left
from controller.ports import Registries
from controller.targets.ecs.answers import Cause, Declined
from controller.targets.ecs.client import Clients
from controller.targets.ecs.definitions import Definitions
from controller.targets.ecs.manifest import read_shape
from controller.targets.ecs.pinned import images_of

_NOT_ASKED: Final = Unreachable(why="registries are not asked")


class Existing:
    """Asks for revisions and images; nothing is changed."""

    def __init__(self, clients: Clients, definitions: Definitions, registries: Registries | None) -> None:
        self._clients = clients
        self._definitions = definitions
        self._registries = registries

    def exists(self, asked: Sequence[KeptAt]) -> Mapping[KeptAt, Exists]:
        """Say of each what is left of it; the same revision and the same image are asked for once."""
        images: dict[KeptAt, list[ImageAt]] = {}
        unreadable: dict[KeptAt, str] = {}
        for one in dict.fromkeys(asked):
            try:
                images[one] = _images(one)
            except (ValueError, KeyError, TypeError) as error:
                images[one] = []
                unreadable[one] = f"the shape that was recorded for it cannot be read: {error}"
        answers = self._find([image for ones in images.values() for image in ones])
        revisions = {at: self._left(*at) for at in dict.fromkeys(map(_at, images))}
        return {
            one: Exists(
                revision=revisions[_at(one)][0],
                why=revisions[_at(one)][1],
                images=tuple((image.reference, answers.get(image, _NOT_ASKED)) for image in images[one]),
                unreadable=unreadable.get(one, ""),
            )
            for one in images
        }

    def _find(self, images: Sequence[ImageAt]) -> Mapping[ImageAt, ImageAnswer]:
        return self._registries.find(list(dict.fromkeys(images))) if self._registries and images else {}

    def _left(self, place: Place, revision: Revision) -> tuple[Left, str]:
        """Read a revision now; whoever deregisters it does not tell us."""
        try:
            access = self._clients.access(place)
            access.verify()
            known = self._definitions.read(access, revision)
        except Declined as declined:
            # "Unable to describe task definition": deleted, or never there.
            return (Left.GONE, "") if declined.cause is Cause.CONTENT else (Left.UNKNOWN, str(declined))
        except TrueupError as error:
            return Left.UNKNOWN, str(error)
        return (Left.ACTIVE if known.active else Left.DEREGISTERED), ""


def _at(one: KeptAt) -> tuple[Place, Revision]:
    """Say where a revision lies: in an account and region, for whoever comes by this role."""
    return replace(one.place, cluster="", service=""), one.kept.revision


def _images(one: KeptAt) -> list[ImageAt]:
    """List the images of a release, as they would be registered again; raises for a shape that is none."""
    definition, _ = read_shape(str(one.kept.release.shape))
    found = dict.fromkeys(image for image in images_of(definition).values() if image)
    return [ImageAt(reference=image, place=one.place) for image in found]
