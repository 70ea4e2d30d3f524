"""Windows around every change of clocks, a leap day and the end of a year, minute by minute by the clock there."""

from datetime import timedelta
from typing import Final

import pytest

from controller.model.gate import Open, Shut
from tests.properties.wall import AROUND, DAY, MINUTE, SEASONS, WINDOWS

INSTANT: Final = timedelta(microseconds=1)


@pytest.mark.parametrize("times", WINDOWS, ids=lambda one: f"{WINDOWS.index(one)}")
@pytest.mark.parametrize("season", SEASONS, ids=lambda one: f"{one.zone} {one.day}")
def test_it_is_open_in_just_the_minutes_that_its_rules_name(season, times):
    window, held = times.window(season), times.open(season)
    around = range((AROUND - 1) * DAY // MINUTE, (AROUND + 1) * DAY // MINUTE)
    turns = [at for at in around if (at in held) != (at - 1 in held)]
    for at in sorted({*turns, *(one - 1 for one in turns), *around[::360]}):
        for moment in (season.first + at * MINUTE, season.first + (at + 1) * MINUTE - INSTANT):
            assert isinstance(window.at(moment), Open) == times.is_open(season, moment), moment


@pytest.mark.parametrize("times", WINDOWS, ids=lambda one: f"{WINDOWS.index(one)}")
@pytest.mark.parametrize("season", SEASONS, ids=lambda one: f"{one.zone} {one.day}")
def test_what_it_says_to_open_next_is_its_next_minute(season, times):
    window, held = times.window(season), times.open(season)
    for hours in (-30, -6, 1, 3, 9):
        moment = season.first + AROUND * DAY + hours * 60 * MINUTE
        verdict = window.at(moment)
        opens = verdict.until if isinstance(verdict, Shut) else None
        if opens is not None and opens < season.first + 2 * AROUND * DAY:
            assert opens == min(at for one in held if (at := season.first + one * MINUTE) > moment), moment
