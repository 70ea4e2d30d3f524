"""The agenda: due times, one turn an environment, and hurry that is not lost."""

from datetime import UTC, datetime, timedelta

from controller.loop.agenda import A_TURN, Agenda

T0 = datetime(2030, 1, 1, tzinfo=UTC)
SOON, LATER = T0 + timedelta(seconds=1), T0 + timedelta(minutes=1)


def agenda():
    made = Agenda()
    made.put("prod", "api", T0)
    made.put("prod", "web", LATER)
    made.put("dev", "api", T0)
    return made


def test_only_what_is_due_in_an_allowed_environment_is_taken():
    assert agenda().take(T0, ["prod"]) == {"prod": frozenset({"api"})}


def test_an_environment_has_one_turn_at_a_time():
    made = agenda()
    made.take(T0, ["prod"])
    assert made.take(LATER, ["prod", "dev"]) == {"dev": frozenset({"api"})}
    made.put("prod", "api", LATER)
    made.done("prod")
    assert made.take(LATER, ["prod"]) == {"prod": frozenset({"api", "web"})}


def test_a_hurry_during_a_turn_outlives_the_turns_own_put_off():
    made = agenda()
    made.take(T0, ["prod"])
    made.hurry("prod", ["api"], SOON)
    made.put("prod", "api", LATER)
    made.done("prod")
    assert made.take(SOON, ["prod"]) == {"prod": frozenset({"api"})}


def test_the_next_due_time_leaves_out_environments_that_have_a_turn():
    made = agenda()
    both = ["prod", "dev"]
    assert made.next(both) == T0
    made.take(T0, both)
    assert made.next(both) is None
    made.put("prod", "api", LATER)
    made.done("prod")
    assert made.next(both) == LATER
    assert made.next(["dev"]) is None


def test_what_is_gone_is_forgotten():
    made = agenda()
    made.drop("prod", ["api", "unheard"])
    assert made.targets("prod") == {"web"}
    assert made.take(T0, ["prod"]) == {}


def test_overdue_counts_what_waits():
    made = agenda()
    assert made.overdue(T0) == 2
    assert made.overdue(LATER) == 3


def test_a_turn_takes_so_many_and_what_is_hurried_goes_before_a_whole_fleet():
    made = Agenda()
    fleet = [f"t{number:04}" for number in range(1000)]
    for name in fleet:
        made.put("prod", name, T0)
    made.hurry("prod", ["t0999"], SOON)
    taken = made.take(LATER, ["prod"])["prod"]
    assert len(taken) == A_TURN and "t0999" in taken and "t0998" not in taken
    for name in taken:
        made.put("prod", name, LATER + timedelta(hours=1))
    made.done("prod")
    left = set(fleet) - taken
    while left:
        taken = made.take(LATER, ["prod"])["prod"]
        assert taken <= left
        left -= taken
        for name in taken:
            made.put("prod", name, LATER + timedelta(hours=1))
        made.done("prod")
    assert made.take(LATER, ["prod"]) == {}
