"""The stories, told together, take every row of the state table: none is there that no story is about."""

import importlib
import inspect
import itertools
from pathlib import Path

from tests.rows import TAKEN, never

HERE = Path(__file__)


def stories():
    """Every story of this folder with each of its parameters."""
    for path in sorted(HERE.parent.glob("test_*.py")):
        if path != HERE:
            module = importlib.import_module(f"tests.stories.{path.stem}")
            yield from (told for name, told in vars(module).items() if name.startswith("test_"))


def tellings(story):
    marks = [mark.args for mark in getattr(story, "pytestmark", []) if mark.name == "parametrize"]
    named = [[(name, value) for value in values] for name, values in marks]
    return [dict(chosen) for chosen in itertools.product(*named)]


def test_every_row_of_the_table_has_its_story():
    TAKEN.clear()
    told = 0
    for story in stories():
        for parameters in tellings(story):
            assert set(inspect.signature(story).parameters) == set(parameters), story.__name__
            story(**parameters)
            told += 1
    assert told > 150
    assert never() == []
