"""Registries that are asked the same only once an interval, whoever asks: many targets follow the same tag."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from controller.model.images import ImageAnswer, ImageAt, Missing, Reference, Unreachable
from controller.ports import Registries

_KEPT: Final = 4096
Tags: TypeAlias = tuple[str, ...] | Missing | Unreachable


@dataclass(slots=True, kw_only=True)
class Polled:
    """Meets ports.Registries by another that does; `elapsed` counts real seconds, of which `interval` must pass.

    One asks at a time: who comes meanwhile waits, and is given the same answer.
    """

    registries: Registries
    interval: float
    elapsed: Callable[[], float]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _found: OrderedDict[ImageAt, tuple[float, ImageAnswer]] = field(default_factory=OrderedDict)
    _tags: OrderedDict[ImageAt, tuple[float, Tags]] = field(default_factory=OrderedDict)

    def find(self, asked: Sequence[ImageAt]) -> Mapping[ImageAt, ImageAnswer]:
        """Give what each image is, asked for now or not longer ago than an interval."""
        with self._lock:
            now = self.elapsed()
            due = [
                one for one in dict.fromkeys(asked) if one not in self._found or self._is_old(self._found[one][0])
            ]
            for one, answer in (self.registries.find(due) if due else {}).items():
                self._found[one] = now, answer
                self._found.move_to_end(one)
            found = {one: self._found[one][1] for one in asked if one in self._found}
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
            return found

    def tags(self, image: ImageAt) -> Tags:
        """Give the tags of a repository, asked for now or not longer ago than an interval."""
        where = ImageAt(reference=Reference.of(image.reference).name, place=image.place)
        with self._lock:
            known = self._tags.get(where)
            if known is None or self._is_old(known[0]):
                known = self._tags[where] = self.elapsed(), self.registries.tags(where)
                self._tags.move_to_end(where)
            while len(self._tags) > _KEPT:
                self._tags.popitem(last=False)
            return known[1]

    def _is_old(self, at: float) -> bool:
        return self.elapsed() - at >= self.interval
