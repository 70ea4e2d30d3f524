"""Whether one window is ever open while another is shut, with days of the calendar and clocks that are turned."""

from datetime import UTC, timedelta
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import SpecError
from controller.gates.wider import first_beyond
from controller.gates.window import Window
from tests.gates.test_window import RULES, at, is_open

BERLIN = {"timezone": "Europe/Berlin"}
OFFICE = {"allow": ("Mon-Thu 09:00-16:00",)}


def beyond(mine, floor) -> str:
    found = Window(**BERLIN, **mine).beyond(BERLIN | floor)
    return f"{found.field}: {found.says}: {found.asked}" if found else ""


@pytest.mark.parametrize(
    "mine",
    [
        OFFICE,
        {"allow": ("Mon 09:00-12:00", "Tue-Thu 12:00-16:00")},
        {"allow": ("Mon-Thu 09:00-12:00", "Mon-Thu 11:00-16:00"), "holidays": ("2026-12-24",)},
        {"allow": ("Mon-Fri 08:00-18:00",), "deny": ("Fri", "daily 00:00-09:00", "daily 16:00-24:00")},
        {"allow": ("2026-11-30 10:00-11:00",)},
        {"allow": ("2026-11-30..2026-12-03 09:00-16:00",)},
    ],
)
def test_a_window_that_is_open_no_more_than_another_is_within_it(mine):
    assert beyond(mine, OFFICE) == ""


@pytest.mark.parametrize(
    ("mine", "floor", "told"),
    [
        ({"allow": ("Mon-Fri 09:00-16:00",)}, OFFICE, "Fri 2028-01-07 09:00: no more than Mon-Thu 09:00-16:00"),
        ({"allow": ("Mon-Thu 08:59-16:00",)}, OFFICE, "Tue 2028-01-04 08:59: no more than Mon-Thu 09:00-16:00"),
        ({"deny": ("Fri-Sun",)}, OFFICE, "Tue 2028-01-04 00:00: no more than Mon-Thu 09:00-16:00"),
        # One day, far from all others, and past the end of the year.
        ({"allow": ("Mon 09:00-10:00", "2031-12-31 23:00-01:00")}, OFFICE,
         "Wed 2031-12-31 23:00: no more than Mon-Thu 09:00-16:00"),
        ({"allow": ("Mon-Thu 09:00-16:00",)}, {**OFFICE, "holidays": ("2026-12-24",)},
         "Thu 2026-12-24 09:00: no more than Mon-Thu 09:00-16:00 but for 2026-12-24"),
        ({"allow": ("daily",)}, {"deny": ("2026-12-20..2027-01-03",)},
         "Sun 2026-12-20 00:00: no more than any time but for 2026-12-20..2027-01-03"),
        ({"allow": ("daily",)}, {"allow": ("2026-12-01..2026-12-31",)},
         "Sat 2026-03-21 00:00: no more than 2026-12-01..2026-12-31"),
        # Clocks are turned back: what is denied lasts until the second 02:30, what is allowed begins at the first.
        ({"allow": ("Sun 02:30-04:00",)}, {"deny": ("Sun 00:00-02:30",)},
         "Sun 2028-10-29 02:30: no more than any time but for Sun 00:00-02:30"),
    ],
)  # fmt: skip
def test_a_moment_at_which_only_the_one_is_open_is_found(mine, floor, told):
    assert beyond(mine, floor) == f"allow: is open on {told}"


def test_hours_of_another_zone_are_not_compared_and_a_floor_without_hours_asks_for_none():
    assert Window(allow=("Mon 10:00-11:00",)).beyond(BERLIN | OFFICE).asked == "Europe/Berlin"
    assert Window(allow=("daily",)).beyond({"override": ("on-call",)}) is None
    assert Window.wrong_floor({"timezone": "UTC"}) == "timezone goes with allow, deny or holidays"
    assert Window.wrong_floor({"allow": ("Mon",), "deny": ("Mon",)}) == "never opens"
    assert Window.wrong_floor(OFFICE) == Window.wrong_floor({}) == ""


def test_many_rules_take_no_long_time():
    days = tuple(
        f"20{year}-{month:02}-{day:02}" for year in range(26, 30) for month in range(1, 13) for day in range(1, 8)
    )
    before = perf_counter()
    assert beyond({**OFFICE, "holidays": days}, {**OFFICE, "holidays": days}) == ""
    assert perf_counter() - before < 5


SOME = st.lists(st.sampled_from(RULES), max_size=2).map(tuple)


@settings(deadline=None, max_examples=30)
@given(SOME, SOME, SOME, SOME, st.sampled_from(["2026-03-28 12:00", "2026-10-24 12:00", "2026-12-31 12:00"]))
def test_what_is_within_is_never_open_alone_and_what_is_beyond_is(allow, deny, floor_allow, floor_deny, around):
    values = {**BERLIN, "allow": floor_allow, "deny": floor_deny}
    try:
        mine, floor = Window(**BERLIN, allow=allow, deny=deny), Window(**values)
    except SpecError:
        return
    begin = at(around).astimezone(UTC)
    moments = (begin + step * timedelta(minutes=15) for step in range(26 * 4))
    alone = [moment for moment in moments if is_open(mine, moment) and not is_open(floor, moment)]
    found = first_beyond(mine._hours, floor._hours)
    assert (found is None) == (mine.beyond(values) is None)
    assert not alone if found is None else is_open(mine, found) and not is_open(floor, found)
