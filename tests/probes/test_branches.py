"""Whether a hotfix came to its branch, asked of real repositories."""

import pytest

from controller.model.application import Application, Carried, Carry
from controller.model.consent import WhoIsWho
from controller.model.questions import OnBranch, Unanswered
from controller.probes.branches import Branches
from controller.sources.application import Pace
from controller.sources.applications import GitApplications
from controller.sources.auth import Credentials
from controller.sources.doors import Doors
from tests.sources.repository import Repository
from tests.sources.seen import NOW


class Ground:
    """A repository whose v1.2.4 was made from v1.2.3, beside the branch, and who answers for it."""

    def __init__(self, folder):
        self.seconds = 0.0
        self.shop = Repository(folder / "shop.git")
        pace = Pace(interval=15.0, now=lambda: NOW, elapsed=lambda: self.seconds)
        doors = Doors.of(f"file://{folder}/", "", Credentials())
        self.applications = GitApplications(doors=doors, cache=folder / "cache", pace=pace)
        self.branches = Branches(self.applications, lambda: self.seconds)
        self.base = self.shop.commit({"a": "1"})
        self.fix = self.shop.commit({"a": "1", "fix": "1"}, onto=self.base, branch="hotfix")
        self.shop.git("tag", "v1.2.3", self.base)
        self.shop.git("tag", "v1.2.4", self.fix)

    def ask(self, version="v1.2.4", since="v1.2.3"):
        asked = OnBranch(application=Application(repository=self.shop.url), version=version, since=since)
        return self.branches.answer([asked])[asked]


@pytest.fixture
def ground(tmp_path):
    made = Ground(tmp_path)
    yield made
    made.applications.close()


def test_it_is_missing_until_the_branch_has_it_and_is_asked_every_five_minutes(ground):
    assert ground.ask() == Carried(how=Carry.MISSING, missing=(ground.fix,))
    ground.shop.commit({"a": "2", "fix": "1"}, onto=ground.shop.commit({"a": "2"}, onto=ground.base))
    ground.seconds = 299.0
    assert not ground.ask().there
    ground.seconds = 301.0
    assert ground.ask().there


def test_without_the_tag_that_it_was_made_from_only_the_commit_itself_counts(ground):
    assert ground.ask(since="v9.9.9") == Carried(how=Carry.MISSING)
    ground.shop.git("update-ref", "refs/heads/main", ground.fix)
    ground.seconds = 301.0
    assert ground.ask(since="v9.9.9") == Carried(how=Carry.ITSELF)


def test_what_cannot_be_told_is_not_answered(ground):
    assert ground.ask("v1.2.9") == Unanswered(why="the repository has no tag v1.2.9")
    elsewhere = OnBranch(application=Application(repository="https://example.com/x.git"), version="v1", since="v0")
    assert isinstance(ground.branches.answer([elsewhere])[elsewhere], Unanswered)
    assert isinstance(ground.branches.answer([WhoIsWho()])[WhoIsWho()], Unanswered)
