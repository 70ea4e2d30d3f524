"""The window gate: when it is open, when it opens next, and what becomes of hours that are there twice or never."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import SpecError
from controller.gates.hours import explain_rule
from controller.gates.window import NotBefore, Window
from controller.model.consent import Opened, OpenedIn, WhoIsWho
from controller.model.gate import Open, Shut
from controller.model.names import Digest, EnvName, TargetName
from controller.model.orders import Opening
from controller.model.people import People, Person
from controller.model.questions import Candidate, Unanswered
from tests.platform import place

BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = timedelta(minutes=15)  # every rule of a generated window begins and ends at one
OFFICE = Window(allow=("Mon-Thu 09:00-16:00",), timezone="Europe/Berlin")


def candidate(version="v1.2.3"):
    return Candidate(
        env=EnvName("prod"), target=TargetName("api"), place=place("api"), version=version, digest=Digest("d")
    )


def at(text, zone=BERLIN):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def is_open(window, moment):
    return isinstance(window.judge(candidate(), {}, moment), Open)


def opens(window, moment, zone=BERLIN):
    """When it opens next, as the clock there shows it."""
    verdict = window.at(moment)
    assert isinstance(verdict, Shut)
    return None if verdict.until is None else f"{verdict.until.astimezone(zone):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        ("2026-11-26 08:59", False),
        ("2026-11-26 09:00", True),  # a Thursday
        ("2026-11-26 15:59:59", True),
        ("2026-11-26 16:00", False),
        ("2026-11-27 10:00", False),  # a Friday
    ],
)
def test_it_is_open_from_its_first_minute_to_before_its_last(moment, open_):
    assert is_open(OFFICE, at(moment)) == open_


def test_shut_it_says_when_it_opens_in_its_own_zone():
    verdict = OFFICE.at(at("2026-11-27 10:00"))
    assert verdict == Shut(
        why="the window is shut; it opens Mon 2026-11-30 09:00 Europe/Berlin", until=at("2026-11-30 09:00")
    )


def test_days_and_hours_over_midnight_belong_to_the_day_on_which_they_begin():
    night = Window(allow=("Sat 22:00-02:00",), timezone="Europe/Berlin")
    assert not is_open(night, at("2026-11-28 01:00"))
    assert is_open(night, at("2026-11-28 23:00"))
    assert is_open(night, at("2026-11-29 01:59"))
    assert not is_open(night, at("2026-11-29 02:00"))


def test_days_go_round_the_end_of_the_week_and_may_be_listed():
    weekend = Window(allow=("Fri-Mon,Wed 10:00-11:00",))
    days = [day for day in range(23, 30) if is_open(weekend, at(f"2026-11-{day} 10:30", UTC))]
    assert days == [23, 25, 27, 28, 29]  # Monday, Wednesday, Friday to Sunday


def test_what_is_denied_is_shut_whatever_is_allowed_and_holidays_are_whole_days():
    window = Window(
        allow=("Mon-Fri 09:00-17:00",),
        deny=("Fri 12:00-24:00", "2026-12-24..2027-01-02"),
        holidays=("2027-01-06",),
        timezone="Europe/Berlin",
    )
    assert is_open(window, at("2026-12-18 11:59"))
    assert not is_open(window, at("2026-12-18 12:00"))
    assert opens(window, at("2026-12-23 17:00")) == "2027-01-04 09:00"
    assert opens(window, at("2027-01-05 18:00")) == "2027-01-07 09:00"
    assert opens(window, at("2026-12-24 22:00")) == "2027-01-04 09:00"


def test_with_nothing_allowed_it_is_open_but_for_what_is_denied():
    freeze = Window(deny=("2026-12-20 18:00-24:00", "2026-12-21..2027-01-03"), timezone="Europe/Berlin")
    assert is_open(freeze, at("2026-12-20 17:59"))
    assert opens(freeze, at("2026-12-20 18:00")) == "2027-01-04 00:00"
    assert is_open(freeze, at("2029-02-28 12:00"))


def test_what_ends_one_denial_and_begins_another_does_not_open_it():
    freeze = Window(deny=("daily 10:00-12:00", "daily 12:00-14:00"))
    assert opens(freeze, at("2026-11-27 10:30", UTC), UTC) == "2026-11-27 14:00"


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        ("2028-02-29 10:00", True),
        ("2028-03-01 00:00", False),
        ("2027-02-28 23:59", False),
    ],
)
def test_a_leap_day_is_a_day(moment, open_):
    assert is_open(Window(allow=("2028-02-29",), timezone="Europe/Berlin"), at(moment)) == open_


def test_a_window_may_go_over_the_end_of_a_year():
    silvester = Window(allow=("2026-12-31 22:00-03:00",), timezone="Europe/Berlin")
    assert opens(silvester, at("2026-12-31 21:59")) == "2026-12-31 22:00"
    assert is_open(silvester, at("2027-01-01 02:59"))
    assert silvester.ends(at("2026-12-31 23:59")) == at("2027-01-01 03:00")
    assert silvester.at(at("2027-01-01 03:00")) == Shut(why="the window does not open any more")


def test_what_begins_in_the_hour_that_is_left_out_begins_when_it_is_over():
    night = Window(allow=("Sun 02:30-04:00",), timezone="Europe/Berlin")
    assert not is_open(night, at("2026-03-29 01:59:59"))  # then the clock shows three
    assert night.at(at("2026-03-29 01:59")).until == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert is_open(night, at("2026-03-29 03:00"))
    assert not is_open(night, at("2026-03-29 04:00"))


def test_what_lies_wholly_in_the_hour_that_is_left_out_is_not_there_that_day():
    night = Window(allow=("Sun 02:10-02:50",), timezone="Europe/Berlin")
    assert opens(night, at("2026-03-29 00:00")) == "2026-04-05 02:10"


def test_of_an_hour_that_is_there_twice_the_first_is_allowed():
    night = Window(allow=("Sun 02:10-02:50",), timezone="Europe/Berlin")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert is_open(night, first)
    assert not is_open(night, first + timedelta(hours=1))


def test_of_an_hour_that_is_there_twice_both_are_denied():
    freeze = Window(deny=("Sun 02:10-02:50",), timezone="Europe/Berlin")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert not is_open(freeze, first)
    assert not is_open(freeze, first + timedelta(hours=1))
    assert opens(freeze, first) == "2026-10-25 02:50"


def test_a_day_is_as_long_as_the_clock_makes_it():
    day = Window(allow=("Sun",), timezone="Europe/Berlin")
    spring, autumn = at("2026-03-29 00:00").astimezone(UTC), at("2026-10-25 00:00").astimezone(UTC)
    assert day.ends(spring) - spring == timedelta(hours=23)
    assert day.ends(autumn) - autumn == timedelta(hours=25)


FITTING = Window(
    allow=("Mon-Thu 09:00-16:00",),
    timezone="Europe/Berlin",
    fit="rollout+bake",
    deadline=timedelta(minutes=20),
    bake=timedelta(hours=1),
)


def test_with_fit_it_lets_start_only_what_is_over_before_it_shuts():
    assert is_open(FITTING, at("2026-11-26 14:40"))
    verdict = FITTING.at(at("2026-11-26 14:41"))
    assert verdict == Shut(
        why="the window shuts in 1h19m, too soon for rollout+bake (1h20m); "
        "it opens Mon 2026-11-30 09:00 Europe/Berlin",
        until=at("2026-11-30 09:00"),
    )


def test_with_fit_it_may_go_over_from_one_rule_to_the_next():
    joined = Window(allow=("daily 22:00-24:00", "daily 00:00-02:00"), fit="rollout", deadline=timedelta(hours=3))
    assert is_open(joined, at("2026-11-26 22:30", UTC))
    assert not is_open(joined, at("2026-11-26 23:30", UTC))


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({}, "is always open"),
        ({"allow": ("Mon 09:00-10:00",), "deny": ("Mon",)}, "never opens"),
        ({"allow": ("2026-12-24",), "holidays": ("2026-12-24",)}, "never opens"),
        ({"deny": ("daily",)}, "never opens"),
        ({"deny": ("daily 06:00-18:00", "daily 18:00-06:00")}, "never opens"),
        (
            {"allow": ("Mon 09:00-10:00",), "fit": "rollout", "deadline": timedelta(hours=2)},
            "never opens long enough for rollout",
        ),
    ],
)
def test_a_window_that_never_opens_or_never_shuts_is_refused(given, what):
    with pytest.raises(SpecError, match=what):
        Window(**given)


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ("Mon-Thu 09:00-16:00", ""),
        ("Mon,Wed-Fri 22:00-24:00", ""),
        ("2026-12-24..2027-01-02 00:00-12:00", ""),
        ("mon 09:00-16:00", "is not days and hours"),
        ("Mon 9-16", "is not days and hours"),
        ("Mon 09:00-25:00", "has an hour that no day has, 25:00"),
        ("Mon 10:00-10:00", "begins when it ends"),
        ("2027-02-29", "is not a day"),
        ("2027-01-02..2026-12-24", "ends before it begins"),
        ("2026-01-01..2037-01-01", "is longer than ten years"),
    ],
)
def test_a_rule_is_taken_or_refused_in_one_sentence(rule, wrong):
    said = explain_rule(rule)
    assert said.startswith(wrong) if wrong else said == ""


RULES = ("Mon-Thu 09:00-16:00", "Sun 01:30-03:30", "daily 22:00-02:00", "Sat", "2026-10-24..2026-10-26 02:15-02:45")


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(RULES), max_size=2),
    st.lists(st.sampled_from(RULES), min_size=1, max_size=2),
    st.sampled_from(["2026-03-28 12:00", "2026-10-24 12:00", "2026-12-31 12:00", "2028-02-28 12:00"]),
    st.integers(0, 24 * 4),
    st.sampled_from(["", "rollout"]),
)
def test_what_is_said_to_open_next_is_the_first_moment_at_which_it_is(allow, deny, around, quarters, fit):
    try:
        window = Window(
            allow=tuple(allow), deny=tuple(deny), timezone="Europe/Berlin", fit=fit, deadline=timedelta(minutes=40)
        )
    except SpecError:
        return
    moment = at(around).astimezone(UTC) + quarters * QUARTER
    verdict = window.at(moment)
    if isinstance(verdict, Open):
        ends = window.ends(moment)
        assert ends is None or not is_open(window, ends)
        return
    ahead = (moment + step * QUARTER for step in range(24 * 4))
    first = next((one for one in ahead if is_open(window, one)), None)
    assert first is None or first == verdict.until


def test_not_before_opens_at_its_moment():
    gate = NotBefore(at=at("2026-12-01 06:00"))
    assert gate.judge(candidate("v2.0.0"), {}, at("2026-12-01 05:59")) == Shut(
        why="v2.0.0 is not to start before 2026-12-01T05:00:00Z", until=at("2026-12-01 06:00")
    )
    assert is_open(gate, at("2026-12-01 06:00"))


# ---- opened by a person


PEOPLE = People(persons=(Person(name="anna", groups=("on-call",)), Person(name="carl", groups=("developers",))))
GUARDED = Window(allow=("Mon-Thu 09:00-16:00",), timezone="Europe/Berlin", override=("on-call",))
FRIDAY = at("2026-11-27 10:00")


def opening(by="anna", **how):
    groups = tuple(sorted(PEOPLE.groups_of(by)))
    given = {"reason": "INC-42", "at": FRIDAY, "until": FRIDAY + timedelta(hours=2), "by": by, "groups": groups}
    return Opening(**{**given, **how})


def overridden(window=GUARDED, opened=None, people=PEOPLE, moment=FRIDAY):
    answers = {OpenedIn(env=EnvName("prod")): Opened(opening=opened), WhoIsWho(): people}
    assert set(window.asks(candidate())) == (set(answers) if window.override else set())
    return window.judge(candidate(), answers, moment)


def test_somebody_of_the_groups_opens_it_until_it_ends_by_itself():
    verdict = overridden(opened=opening())
    assert verdict == Open()
    assert verdict.why == "opened by anna until 2026-11-27T11:00:00Z: INC-42"
    last = FRIDAY + timedelta(hours=2)
    assert overridden(opened=opening(), moment=last - timedelta(microseconds=1)) == Open()
    assert isinstance(overridden(opened=opening(), moment=last), Shut)
    assert isinstance(overridden(opened=opening(), moment=FRIDAY - timedelta(seconds=1)), Shut)
    assert overridden(replace(GUARDED, fit="rollout", deadline=timedelta(hours=3)), opened=opening()) == Open()


@pytest.mark.parametrize(
    ("opened", "why"),
    [
        (opening("carl"), "; not counted: opened by carl (not in on-call)"),
        (opening("mallory"), "; not counted: opened by mallory (not in people.yaml)"),
        (opening(groups=()), "; not counted: opened by anna (not in on-call)"),
        (opening("carl", groups=("on-call",)), "; not counted: opened by carl (not in on-call)"),
        (None, "it opens Mon 2026-11-30 09:00 Europe/Berlin"),
    ],
)
def test_nobody_else_opens_it(opened, why):
    verdict = overridden(opened=opened)
    assert isinstance(verdict, Shut) and verdict.why.endswith(why)
    assert verdict.groups == ("on-call",) and verdict.until == at("2026-11-30 09:00")


def test_without_people_it_is_as_shut_as_ever():
    verdict = overridden(opened=opening(), people=Unanswered(why="nobody is known"))
    assert isinstance(verdict, Shut) and verdict.why.endswith("; anna opened it, but nobody is known")


def test_a_window_that_names_no_group_is_opened_by_nobody():
    assert isinstance(overridden(OFFICE, opened=opening()), Shut)
