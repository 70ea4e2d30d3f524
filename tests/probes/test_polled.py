"""What many targets follow is asked once an interval, and every registry lists all tags of a repository."""

import threading
from dataclasses import dataclass, field

import pytest

from controller.model.images import Found, ImageAt, Missing, Unreachable
from controller.model.place import Place
from controller.probes.polled import Polled

PLACE = Place(kind="ecs", account="111122223333", region="eu-west-1", cluster="", service="")


@dataclass
class Registry:
    """Answers what it is told to, and counts who asks."""

    answer: object = field(default_factory=lambda: Found(digest="sha256:a"))
    asked: list = field(default_factory=list)
    seconds: float = 0.0

    def find(self, asked):
        self.asked.append(list(asked))
        return dict.fromkeys(asked, self.answer)

    def tags(self, image):
        self.asked.append(image.reference)
        return self.answer

    def elapsed(self):
        return self.seconds


@pytest.fixture
def registry():
    return Registry()


@pytest.fixture
def polled(registry):
    return Polled(registries=registry, interval=15.0, elapsed=registry.elapsed)


def at(reference="r.lan/api:latest", **place):
    return ImageAt(reference=reference, place=PLACE if not place else Place(**{**_plain(), **place}))


def _plain():
    return {"kind": "ecs", "account": "1", "region": "eu-west-1", "cluster": "", "service": ""}


def test_an_image_is_asked_once_an_interval_by_whomever(registry, polled):
    asking = [threading.Thread(target=polled.find, args=([at(), at("r.lan/web:latest")],)) for _ in range(8)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert registry.asked == [[at(), at("r.lan/web:latest")]]
    registry.seconds, registry.answer = 14.9, Found(digest="sha256:b")
    assert polled.find([at()]) == {at(): Found(digest="sha256:a")}
    registry.seconds = 15.0
    assert polled.find([at(), at("r.lan/new:latest")])[at()] == Found(digest="sha256:b")
    assert registry.asked[1:] == [[at(), at("r.lan/new:latest")]]


def test_with_the_rights_of_another_role_it_is_another_question(registry, polled):
    polled.find([at()])
    polled.find([at(role="other")])
    assert len(registry.asked) == 2


@pytest.mark.parametrize("answer", [("v1", "v2"), Missing(why="no"), Unreachable(why="away")])
def test_tags_of_a_repository_are_asked_once_an_interval_a_failure_too(registry, polled, answer):
    registry.answer = answer
    assert polled.tags(at("r.lan/api:v1")) == polled.tags(at("r.lan/api:v2")) == answer
    assert registry.asked == ["r.lan/api"]
    registry.seconds = 15.0
    polled.tags(at("r.lan/api:v1"))
    assert len(registry.asked) == 2


def test_a_registry_that_hangs_keeps_nobody_from_asking_another(registry, polled):
    hangs, go = threading.Event(), threading.Event()
    plain = registry.find

    def find(asked):
        if asked[0].reference.startswith("slow.lan"):
            hangs.set()
            assert go.wait(10)
        return plain(asked)

    registry.find = find
    waiting = threading.Thread(target=polled.find, args=([at("slow.lan/api:latest")],))
    waiting.start()
    assert hangs.wait(10)
    assert polled.find([at()]) == {at(): Found(digest="sha256:a")}
    go.set()
    waiting.join()
