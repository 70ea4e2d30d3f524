"""What every kind of target promises the loop; a test class for each kind inherits these."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest

from controller.errors import Refusal
from controller.model.decision import Ensure
from controller.model.names import DeploymentId, Revision, TargetName
from controller.model.observation import Absent, Blame, Deployment, Live, Sight, State, Unseen
from controller.model.outcome import Lost, NotSent, Outcome, Refused, Sent, Stale
from controller.model.place import Place
from controller.model.release import Kept, Release, Settings
from controller.model.rollout import Expect, Purpose
from controller.model.ways import Exists, KeptAt, Left
from controller.ports import LookAt, Target

OLD, GOOD, BAD, ILL = "v1.2.2", "v1.2.3", "v1.2.4-crash", "v1.2.5"
API, NOBODY = "api", "nobody"


class Stage(ABC):
    """A kind of target in front of a platform on which `api` has long run OLD.

    GOOD comes up; BAD never does, and the platform itself goes back from it; ILL is refused for what it asks.
    """

    target: Target

    @abstractmethod
    def place(self, service: str = API) -> Place:
        """Where a service is."""

    @abstractmethod
    def release(self, version: str) -> Release:
        """What a version comes to."""

    @abstractmethod
    def settings(self) -> Settings:
        """Settings that are not what `api` has."""

    @abstractmethod
    def now(self) -> datetime:
        """The controller's time."""

    @abstractmethod
    def pass_time(self) -> None:
        """Let the platform get on a little: a few seconds."""

    @abstractmethod
    def by_hand(self, version: str) -> None:
        """Somebody else deploys."""

    @abstractmethod
    def starve(self) -> None:
        """The platform has no capacity from now on."""

    @abstractmethod
    def lose_answer(self) -> None:
        """The next deployment is accepted, and the answer does not come through."""

    @abstractmethod
    def lose_call(self) -> None:
        """The next deployment does not reach the platform, and nobody says so."""

    @abstractmethod
    def throttle(self) -> None:
        """The next changing call is throttled."""

    @abstractmethod
    def refuse(self, version: str) -> None:
        """The platform will never take this version."""

    @abstractmethod
    def blind(self) -> None:
        """Nothing can be read any more."""

    @abstractmethod
    def delete(self) -> None:
        """Somebody deletes the service, and it is gone."""

    @abstractmethod
    def remake(self) -> None:
        """Somebody makes it again, under its name."""

    @abstractmethod
    def deregister(self, revision: Revision) -> None:
        """Somebody deregisters a revision."""

    @abstractmethod
    def deployments(self) -> int:
        """How many deployments were ever made of `api`, as the platform knows it."""

    def foreign(self) -> Place | None:
        """`api` as it would be reached with credentials of another account; None: this kind has no accounts."""
        return None


class TargetContract(ABC):
    """A kind of target under test."""

    @abstractmethod
    def opened(self, monkeypatch: pytest.MonkeyPatch) -> AbstractContextManager[Stage]:
        """Set the stage."""

    @pytest.fixture
    def stage(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
        with self.opened(monkeypatch) as stage:
            yield stage

    # ---- looking

    def test_a_service_at_rest_is_seen_with_what_it_runs(self, stage: Stage) -> None:
        live = see(stage)
        assert stage.release(OLD).runs_in(live.manifest)
        assert live.complete
        assert live.primary is not None
        assert (live.primary.id, live.primary.revision) == (live.deployment, live.revision)
        assert see(stage) == live

    def test_a_service_that_is_not_there_is_absent(self, stage: Stage) -> None:
        assert sight(stage, NOBODY) == Absent()

    def test_what_is_missing_hides_nothing_else(self, stage: Stage) -> None:
        wanted = [LookAt(target=TargetName(name), place=stage.place(name)) for name in (NOBODY, API)]
        sights = stage.target.look(wanted)
        assert sights[TargetName(NOBODY)] == Absent()
        assert isinstance(sights[TargetName(API)], Live)

    def test_nothing_asked_is_nothing_seen(self, stage: Stage) -> None:
        assert stage.target.look([]) == {}

    def test_when_nothing_can_be_read_it_is_unseen_and_never_absent(self, stage: Stage) -> None:
        stage.blind()
        found = sight(stage)
        assert isinstance(found, Unseen)
        assert found.why

    def test_a_service_made_again_under_its_name_has_another_identity(self, stage: Stage) -> None:
        before = see(stage)
        stage.delete()
        assert sight(stage) == Absent()
        stage.remake()
        assert see(stage).identity != before.identity

    # ---- deploying

    def test_a_release_is_deployed_and_seen_to_its_end(self, stage: Stage) -> None:
        before = see(stage)
        sent = deploy(stage, GOOD)
        assert sent.deployment != before.deployment
        assert ours(stage, sent).state is State.MOVING
        live = follow(stage, sent, State.SUCCESSFUL)
        assert (live.deployment, live.revision) == (sent.deployment, sent.revision)
        assert stage.release(GOOD).runs_in(live.manifest)
        assert not stage.release(OLD).runs_in(live.manifest)
        assert live.running >= live.desired
        assert before.asof < sent.asof <= live.asof

    def test_reads_are_ordered_by_what_they_know(self, stage: Stage) -> None:
        known = [see(stage).asof]
        sent = deploy(stage, BAD)
        known.append(sent.asof)
        for _ in range(40):
            stage.pass_time()
            known.append(see(stage, moving=True, ours=sent.deployment).asof)
        known.append(see(stage).asof)
        assert known == sorted(known)

    def test_a_known_revision_is_deployed_again(self, stage: Stage) -> None:
        before = see(stage)
        follow(stage, deploy(stage, GOOD), State.SUCCESSFUL)
        back = deploy(stage, OLD, revision=before.revision, purpose=Purpose.BACK)
        assert back.revision == before.revision
        live = follow(stage, back, State.SUCCESSFUL)
        assert stage.release(OLD).runs_in(live.manifest)

    def test_the_same_shape_starts_nothing_unless_it_is_forced(self, stage: Stage) -> None:
        live = see(stage)
        assert deploy(stage, OLD, revision=live.revision).deployment == live.deployment
        assert deploy(stage, OLD, revision=live.revision, force=True).deployment != live.deployment

    def test_settings_alone_start_no_deployment(self, stage: Stage) -> None:
        live, wanted = see(stage), stage.settings()
        assert not wanted.manifest.runs_in(live.settings)
        sent = deploy(stage, OLD, revision=live.revision, purpose=Purpose.SETTINGS, settings=wanted)
        assert sent.deployment == live.deployment
        after = see(stage)
        assert after.deployment == live.deployment
        assert wanted.manifest.runs_in(after.settings)

    # ---- not deploying

    def test_what_was_to_be_replaced_is_no_longer_there(self, stage: Stage) -> None:
        before = see(stage)
        stage.by_hand(ILL)
        made = stage.deployments()
        old = Expect(deployment=DeploymentId("ecs-svc/0"), revision=Revision("gone:1"))
        for _ in range(3):
            stage.pass_time()
        assert isinstance(act(stage, GOOD, expect=expect(before)), Stale)
        assert isinstance(act(stage, GOOD, expect=old), Stale)
        assert stage.deployments() == made

    def test_a_check_that_refuses_stops_the_call_and_is_quoted(self, stage: Stage) -> None:
        def refuse() -> None:
            raise Refusal("the lease is gone")

        made = stage.deployments()
        outcome = act(stage, GOOD, check=refuse)
        assert isinstance(outcome, NotSent)
        assert "the lease is gone" in outcome.why
        assert stage.deployments() == made

    def test_what_is_throttled_is_not_sent_and_can_be_sent_again(self, stage: Stage) -> None:
        made = stage.deployments()
        stage.throttle()
        outcome = act(stage, GOOD)
        assert isinstance(outcome, NotSent)
        assert stage.deployments() == made
        stage.pass_time()
        assert isinstance(act(stage, GOOD, revision=outcome.revision), Sent)

    def test_what_is_refused_for_its_content_is_refused(self, stage: Stage) -> None:
        made = stage.deployments()
        stage.refuse(ILL)
        outcome = act(stage, ILL)
        assert isinstance(outcome, Refused)
        assert outcome.why
        assert stage.deployments() == made

    def test_the_credentials_of_another_account_see_and_change_nothing(self, stage: Stage) -> None:
        elsewhere = stage.foreign()
        if elsewhere is None:
            pytest.skip("this kind has no accounts")
        live, made = see(stage), stage.deployments()
        one = LookAt(target=TargetName(API), place=elsewhere)
        assert isinstance(stage.target.look([one])[one.target], Unseen)
        assert isinstance(act(stage, GOOD, place=elsewhere, expect=expect(live)), NotSent)
        assert stage.deployments() == made

    def test_calls_in_hand_are_counted_by_quota(self, stage: Stage) -> None:
        counted = stage.target.tokens([stage.place()])
        assert all(isinstance(count, int) and count >= 0 for count in counted.values())
        assert set(counted) <= {stage.place().quota, stage.place().task_quota}

    # ---- what there is to go back to

    def test_what_ran_can_run_again_while_its_revision_is_active(self, stage: Stage) -> None:
        before = see(stage)
        deploy(stage, GOOD)
        found = left(stage, OLD, before.revision)
        assert (found.revision, found.unreadable) == (Left.ACTIVE, "")
        assert found.can_run is not False
        assert [name for name, _ in found.images] != []

    def test_a_revision_that_was_deregistered_is_told_from_one_that_is_gone(self, stage: Stage) -> None:
        before = see(stage)
        follow(stage, deploy(stage, GOOD), State.SUCCESSFUL)
        stage.deregister(before.revision)
        gone = Revision(f"{before.revision}99")
        assert left(stage, OLD, before.revision).revision is Left.DEREGISTERED
        assert left(stage, OLD, gone).revision is Left.GONE
        assert left(stage, OLD, gone).can_run is not False

    def test_when_nothing_can_be_read_a_revision_is_unknown_and_never_gone(self, stage: Stage) -> None:
        before = see(stage)
        stage.blind()
        found = left(stage, OLD, before.revision)
        assert found.revision is Left.UNKNOWN
        assert found.can_run is None
        assert found.why

    def test_many_are_asked_for_at_once_and_asking_for_none_is_no_answer(self, stage: Stage) -> None:
        live = see(stage)
        ones = [kept_at(stage, version, live.revision) for version in (OLD, GOOD)]
        assert set(stage.target.exists([*ones, *ones])) == set(ones)
        assert stage.target.exists([]) == {}

    # ---- what cannot be known, and what others do

    def test_a_deployment_whose_answer_was_lost_is_found_by_reading(self, stage: Stage) -> None:
        before = see(stage)
        stage.lose_answer()
        assert isinstance(act(stage, GOOD), Lost)
        stage.pass_time()
        live = see(stage, moving=True)
        made = [one for one in live.deployments if one.born > before.youngest]
        assert [stage.release(GOOD).runs_in(one.manifest) for one in made] == [True]

    def test_a_deployment_that_never_arrived_is_not_found_by_reading(self, stage: Stage) -> None:
        before = see(stage)
        stage.lose_call()
        assert isinstance(act(stage, GOOD), Lost | NotSent)
        stage.pass_time()
        live = see(stage, moving=True)
        assert live.deployment == before.deployment
        assert [one for one in live.deployments if one.born > before.youngest] == []

    def test_what_the_platform_rolled_back_is_told_with_reasons(self, stage: Stage) -> None:
        sent = deploy(stage, BAD)
        live = follow(stage, sent, State.RETURNING, State.RETURNED, State.FAILED)
        made = ours(stage, sent)
        assert made.broke
        assert made.blame is Blame.CONTENT
        assert made.why
        assert made.evidence
        live = follow(stage, sent, State.RETURNED)
        assert live.deployment != sent.deployment
        assert stage.release(OLD).runs_in(live.manifest)
        assert live.primary is not None
        assert live.primary.by == "ecs"

    def test_a_deployment_by_somebody_else_pushes_ours_aside(self, stage: Stage) -> None:
        sent = deploy(stage, GOOD)
        stage.pass_time()
        stage.by_hand(ILL)
        live = follow(stage, sent, State.STOPPED)
        assert live.deployment != sent.deployment
        assert live.primary is not None
        assert live.primary.by != "ecs"
        assert not stage.release(GOOD).runs_in(live.manifest)

    def test_no_capacity_is_the_platforms_fault(self, stage: Stage) -> None:
        stage.starve()
        sent = deploy(stage, GOOD)
        for _ in range(3):
            stage.pass_time()
        made = ours(stage, sent)
        assert (made.state, made.blame) == (State.MOVING, Blame.PLATFORM)
        assert made.why


# ---- sentences


def sight(stage: Stage, service: str = API, **closer: Any) -> Sight:
    one = LookAt(target=TargetName(service), place=stage.place(service), **closer)
    return stage.target.look([one])[one.target]


def see(stage: Stage, **closer: Any) -> Live:
    found = sight(stage, **closer)
    assert isinstance(found, Live), found
    return found


def ours(stage: Stage, sent: Sent) -> Deployment:
    made = see(stage, moving=True, ours=sent.deployment).find(sent.deployment)
    assert made is not None
    return made


def expect(live: Live) -> Expect:
    return Expect(deployment=live.deployment, revision=live.revision)


def act(stage: Stage, version: str, check: Any = lambda: None, **more: Any) -> Outcome:
    """Ensure a version where what runs now runs; an exception means, as for the loop, that nobody knows."""
    given: dict[str, Any] = {
        "target": TargetName(API),
        "place": stage.place(),
        "release": stage.release(version),
        "revision": None,
        "purpose": Purpose.FORWARD,
        "not_after": stage.now() + timedelta(minutes=5),
        "rollout": 1,
        **({} if "expect" in more else {"expect": expect(see(stage))}),
        **more,
    }
    action = Ensure(**given)
    try:
        return stage.target.act(action, check)
    except Exception as error:  # noqa: BLE001 - as the loop does
        return Lost(action=action, why=str(error))


def deploy(stage: Stage, version: str, **more: Any) -> Sent:
    outcome = act(stage, version, **more)
    assert isinstance(outcome, Sent), outcome
    return outcome


def kept_at(stage: Stage, version: str, revision: Revision) -> KeptAt:
    return KeptAt(place=stage.place(), kept=Kept(release=stage.release(version), revision=revision))


def left(stage: Stage, version: str, revision: Revision) -> Exists:
    one = kept_at(stage, version, revision)
    return stage.target.exists([one])[one]


def follow(stage: Stage, sent: Sent, *until: State) -> Live:
    """Look, and let time pass, until ours is in one of these states."""
    for _ in range(100):
        live = see(stage, moving=True, ours=sent.deployment)
        made = live.find(sent.deployment)
        if made is not None and made.state in until:
            return live
        stage.pass_time()
    raise AssertionError(f"not {until} but {live}")
