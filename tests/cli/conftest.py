"""A shop: a store on disk that a controller has worked with, and the command line beside it."""

from dataclasses import dataclass

import pytest

from controller.app.memory import open_store
from controller.cli.main import run
from tests.world import FakeWorld


@dataclass
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


class Shop:
    """A world whose memory is SQLite, and `trueup` run against it."""

    def __init__(self, folder, capsys):
        self.url = f"sqlite:///{folder}/trueup.db"
        self.capsys = capsys
        self.store = open_store(self.url)
        self.world = FakeWorld(store=self.store)

    def ticks(self, n, minutes=3):
        for _ in range(n):
            cycle = self.world.tick(minutes)
            if cycle is not None:
                self.store.show(cycle.status)
        return self

    def release(self, *versions):
        for version in versions:
            self.world.version = version
            self.ticks(14)
            assert self.world.goods[0] == version, self.world.trail()
        self.world.platform.calls.clear()
        return self

    def __call__(self, *args, store=True):
        flags = ("--store", self.url) if store else ()
        self.capsys.readouterr()
        code = run([*args, *flags])
        said = self.capsys.readouterr()
        return Said(code, said.out, said.err)


@pytest.fixture
def shop(tmp_path, capsys):
    made = Shop(tmp_path, capsys)
    yield made
    made.store.close()


@pytest.fixture
def trueup(capsys):
    def call(*args):
        code = run(list(args))
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call
