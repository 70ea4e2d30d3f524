"""The newest revision that others registered: it only moves forward, and is found in few calls."""

from collections.abc import Iterator

import pytest

from controller.errors import TrueupError
from controller.targets.ecs.bases import Bases, Unexamined
from controller.targets.ecs.definitions import Definitions
from controller.targets.ecs.fields import TAG_DIGEST
from tests.targets.ecs.rig import Ground, definition, new_ground

FAMILY = "base-api"


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    with new_ground(monkeypatch) as ground:
        yield ground


class Finder:
    """A process that looks for the base of one family."""

    def __init__(self, ground):
        self.ground = ground
        self.restart()

    def restart(self):
        self.ground.restart()
        self.access = self.ground.clients.access(self.ground.place())
        self.access.verify()
        self.bases = Bases(Definitions(), self.ground.clients.elapsed)

    def find(self, recorded="", after=301):
        self.ground.ahead += after
        found = self.bases.newest_foreign(self.access, FAMILY, recorded)
        return found.revision if found else None

    def described(self, find):
        before = self.ground.made("DescribeTaskDefinition")
        return find(), self.ground.made("DescribeTaskDefinition") - before


@pytest.fixture
def finder(ground):
    return Finder(ground)


def theirs(ground, **more):
    made = ground.aws.ecs.register_task_definition(**definition(family=FAMILY, **more))
    return made["taskDefinition"]["taskDefinitionArn"]


def ours(ground, count):
    for number in range(count):
        tags = [{"key": TAG_DIGEST, "value": f"d{number}"}]
        ground.aws.ecs.register_task_definition(**definition(family=FAMILY), tags=tags)


def gone(ground, arn):
    ground.aws.ecs.deregister_task_definition(taskDefinition=arn)


def test_a_base_that_is_being_replaced_stays_the_base_until_a_newer_one_is_there(ground, finder):
    theirs(ground)
    second = theirs(ground)
    assert finder.find() == second
    gone(ground, second)
    assert finder.find() == second
    third = theirs(ground)
    assert finder.find() == third


def test_a_new_process_begins_at_the_base_that_is_recorded(ground, finder):
    theirs(ground)
    second = theirs(ground)
    gone(ground, second)
    assert finder.find(second) == second
    assert finder.find() == second, "for every target of the family"
    third = theirs(ground)
    assert finder.find(second) == third


def test_a_recorded_base_is_compared_by_its_number_not_as_a_text(ground, finder):
    made = [theirs(ground) for _ in range(10)]
    gone(ground, made[-1])
    assert finder.find(made[-1]) == made[-1]
    assert finder.find(made[8]) == made[-1]


def test_only_what_is_newer_is_described(ground, finder):
    first = theirs(ground)
    ours(ground, 5)
    assert finder.described(finder.find) == (first, 6)
    ours(ground, 3)
    assert finder.described(finder.find) == (first, 3)
    assert finder.described(finder.find) == (first, 0)
    second = theirs(ground)
    ours(ground, 2)
    assert finder.described(finder.find) == (second, 3)


def test_however_many_are_ours_it_is_found_in_steps_and_meanwhile_unread(ground, finder):
    first = theirs(ground)
    ours(ground, 45)

    def step(after):
        with pytest.raises(Unexamined) as raised:
            finder.find(after=after)
        return str(raised.value)

    said, described = finder.described(lambda: step(0))
    assert said.startswith(f"the 20 newest revisions of {FAMILY} are trueup's own; older ones are still being read")
    assert described == 20
    assert finder.described(lambda: step(1))[1] == 0, "not at every look"
    assert finder.described(lambda: step(31))[1] == 20
    assert finder.described(lambda: finder.find(after=31)) == (first, 6)


def test_with_a_recorded_base_it_is_never_unread_for_how_many_are_ours(ground, finder):
    first = theirs(ground)
    ours(ground, 45)
    assert finder.described(lambda: finder.find(first)) == (first, 21)
    second = theirs(ground)
    assert finder.find(first, after=31) == second


def test_what_is_newer_is_found_below_many_of_ours_while_the_recorded_one_serves(ground, finder):
    first, second = theirs(ground), theirs(ground)
    ours(ground, 25)
    assert finder.find(first) == first
    assert finder.find(first, after=31) == second


def test_more_than_300_of_ours_hide_no_base(ground, finder):
    first = theirs(ground)
    ours(ground, 310)
    assert finder.find(first) == first
    assert [finder.find(first, after=31) for _ in range(16)][-1] == first
    assert finder.described(finder.find) == (first, 0)


def test_a_recorded_base_that_cannot_be_read_is_not_replaced_by_an_older_one(ground, finder):
    theirs(ground)
    second = theirs(ground)
    gone(ground, second)
    ground.faults(errors=[{"operation": "DescribeTaskDefinition", "code": "AccessDeniedException", "times": 9}])
    with pytest.raises(TrueupError, match="DescribeTaskDefinition"):
        finder.find(second)
