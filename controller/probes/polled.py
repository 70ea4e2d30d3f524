"""Registries that are asked the same only once an interval, whoever asks: many targets follow the same tag."""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

from controller.model.images import ImageAnswer, ImageAt, Missing, Reference, Unreachable
from controller.ports import Registries

_KEPT: Final = 4096
Tags: TypeAlias = tuple[str, ...] | Missing | Unreachable
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Polled:
    """Meets ports.Registries by another that does; `elapsed` counts real seconds, of which `interval` must pass.

    One asks a host at a time: who comes meanwhile waits, and is given the same answer.
    """

    registries: Registries
    interval: float
    elapsed: Callable[[], float]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _hosts: dict[str, threading.Lock] = field(default_factory=dict)
    _found: OrderedDict[ImageAt, tuple[float, ImageAnswer]] = field(default_factory=OrderedDict)
    _tags: OrderedDict[ImageAt, tuple[float, Tags]] = field(default_factory=OrderedDict)

    def find(self, asked: Sequence[ImageAt]) -> Mapping[ImageAt, ImageAnswer]:
        """Give what each image is, asked for now or not longer ago than an interval."""
        hosts: defaultdict[str, list[ImageAt]] = defaultdict(list)
        for one in dict.fromkeys(asked):
            hosts[_host(one)].append(one)
        found: dict[ImageAt, ImageAnswer] = {}
        for host, ones in hosts.items():
            with self._host_lock(host):
                found |= self._find(ones)
        return found

    def tags(self, image: ImageAt) -> Tags:
        """Give the tags of a repository, asked for now or not longer ago than an interval."""
        where = ImageAt(reference=Reference.of(image.reference).name, place=image.place)
        with self._host_lock(_host(where)):
            known = self._tags.get(where)
            if known is None or self._is_old(known[0]):
                known = self.elapsed(), self.registries.tags(where)
                self._keep(self._tags, where, known)
            return known[1]

    def _find(self, asked: Sequence[ImageAt]) -> dict[ImageAt, ImageAnswer]:
        known = {one: kept[1] for one in asked if (kept := self._found.get(one)) and not self._is_old(kept[0])}
        due, now = [one for one in asked if one not in known], self.elapsed()
        answers = self.registries.find(due) if due else {}
        for one, answer in answers.items():
            self._keep(self._found, one, (now, answer))
        return {**known, **answers}

    def _host_lock(self, host: str) -> threading.Lock:
        with self._lock:
            return self._hosts.setdefault(host, threading.Lock())

    def _keep(self, where: OrderedDict[ImageAt, T], one: ImageAt, told: T) -> None:
        with self._lock:
            where[one] = told
            where.move_to_end(one)
            while len(where) > _KEPT:
                where.popitem(last=False)

    def _is_old(self, at: float) -> bool:
        return self.elapsed() - at >= self.interval


def _host(image: ImageAt) -> str:
    return image.reference.partition("/")[0]
