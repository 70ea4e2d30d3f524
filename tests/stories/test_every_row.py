"""The stories, told together, take every row of the state table: none is there that no story is about."""

import importlib
import inspect
import itertools
from pathlib import Path

from tests.rows import TAKEN, never

HERE = Path(__file__)


def stories():
    """Every story of this folder, those first that are told of the rows themselves."""
    for path in sorted(HERE.parent.glob("test_*.py"), key=lambda path: (path.stem != "test_rows", path)):
        if path != HERE:
            module = importlib.import_module(f"tests.stories.{path.stem}")
            yield from (told for name, told in vars(module).items() if name.startswith("test_"))


def tellings(story):
    marks = [mark.args for mark in getattr(story, "pytestmark", []) if mark.name == "parametrize"]
    named = [[(name, value) for value in values] for name, values in marks]
    return [dict(chosen) for chosen in itertools.product(*named)]


def test_every_row_of_the_table_has_its_story():
    TAKEN.clear()
    every = [(story, parameters) for story in stories() for parameters in tellings(story)]
    assert len(every) > 150
    for story, parameters in every:
        assert set(inspect.signature(story).parameters) == set(parameters), story.__name__
    waiting = iter(every)
    while never() and (told := next(waiting, None)):
        story, parameters = told
        story(**parameters)
    assert never() == []
