"""Release notes: what is grouped where, what a pull request stands for, and that nothing in it is endless."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.application import AppCommit
from controller.model.names import Commit, EnvName, TargetName
from controller.model.notes import Brought, Group, Noted
from controller.model.rollout_record import RolloutRecord, Told, Verdict
from controller.plan.notes import LARGEST, changes_of
from controller.plan.notes import notes_of as notes_of_all

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def commit(name, subject, *parents, body="", author="Ada", hours=0):
    return AppCommit(
        commit=Commit(name * 40),
        parents=tuple(Commit(one * 40) for one in parents),
        author=author,
        email="ada@example.com",
        at=NOW - timedelta(hours=hours),
        subject=subject,
        body=body,
    )


def record(**how):
    return RolloutRecord(
        **{
            "env": EnvName("prod"),
            "target": TargetName("api"),
            "rollout": 7,
            "version": "v1.4.0",
            "digest": "d" * 64,
            "commit": "e" * 40,
            "author": "Dora",
            "purpose": "forward",
            "way": "",
            "replaced": "v1.3.0",
            "images": {"containers[api].image": "registry/api@sha256:abc"},
            "opened": NOW - timedelta(minutes=65),
            "ended": NOW,
            "seconds": 3900.0,
            "phase": "idle",
            "verdict": Verdict(result="good"),
            "orders": (
                Told(at=NOW, what="order", text="approve v1.4.0 (ddd)", by="anna"),
                Told(at=NOW, what="order", text="approve v1.4.0 (ddd): fine", by="bob"),
                Told(at=NOW, what="order", text="approve v1.3.9 (ccc)", by="carl"),
                Told(at=NOW, what="order", text="reject v1.4.0 (ddd): no", by="eve"),
            ),
            **how,
        }
    )


def noted(*commits, **how):
    brought = {key: how.pop(key) for key in ("back", "more", "unknown") if key in how}
    return Noted(record=record(**how), brought=Brought(commits=commits, **brought))


def notes_of(one, clean=str):
    return notes_of_all([one], clean=clean)


@pytest.mark.parametrize(
    ("subject", "body", "group", "scope", "title"),
    [
        ("feat: pay by card", "", Group.FEATURES, "", "pay by card"),
        ("Feat(cart): many items", "", Group.FEATURES, "cart", "many items"),
        ("fix(api): close it", "", Group.FIXES, "api", "close it"),
        ("perf: faster", "", Group.FIXES, "", "faster"),
        ("revert: feat: pay", "", Group.FIXES, "", "feat: pay"),
        ("feat!: drop v1", "", Group.BREAKING, "", "drop v1"),
        ("chore(deps)!: drop Python 3.10", "", Group.BREAKING, "deps", "drop Python 3.10"),
        ("fix: a", "why\n\nBREAKING CHANGE: the header is gone", Group.BREAKING, "", "a"),
        ("fix: a", "BREAKING-CHANGE: the header is gone", Group.BREAKING, "", "a"),
        ("fix: a", "no BREAKING CHANGE: here", Group.FIXES, "", "a"),
        ("docs: more", "", Group.OTHERS, "", "more"),
        ("Make it faster", "", Group.OTHERS, "", "Make it faster"),
        ("feat:no blank", "", Group.OTHERS, "", "feat:no blank"),
        ("http://x: y", "", Group.OTHERS, "", "http://x: y"),
    ],
)
def test_each_commit_stands_in_its_group(subject, body, group, scope, title):
    (one,) = changes_of([commit("a", subject, body=body)])
    assert (one.group, one.scope, one.title) == (group, scope, title)


def test_a_squashed_pull_request_is_named_by_its_number():
    (one,) = changes_of([commit("a", "feat(cart): many items (#12)")])
    assert (one.group, one.request, one.title) == (Group.FEATURES, 12, "many items")


def test_a_merged_pull_request_stands_for_its_commits():
    commits = [
        commit("d", "Merge pull request #7 from acme/pay", "a", "c", body="Pay by card", author="Merger"),
        commit("c", "feat: pay", "b", author="Bea", hours=2),
        commit("b", "fix: typo", "a", author="Bea", hours=3),
        commit("a", "docs: before", "0"),
    ]
    first, second = changes_of(commits)
    assert (first.title, first.request, first.group, first.author) == ("Pay by card", 7, Group.FEATURES, "Bea")
    assert first.at == NOW - timedelta(hours=3)
    assert second.title == "before"


def test_a_breaking_commit_makes_its_whole_pull_request_breaking():
    commits = [
        commit("c", "Merge pull request #7 from acme/pay", "a", "b", body="feat: pay by card"),
        commit("b", "refactor!: drop the old one", "a"),
    ]
    (one,) = changes_of(commits)
    assert (one.group, one.title) == (Group.BREAKING, "pay by card")


def test_other_merges_are_passed_over_and_their_commits_are_told():
    commits = [
        commit("d", "Merge branch 'main' into release", "c", "b"),
        commit("c", "fix: one", "a"),
        commit("b", "feat: two", "a"),
    ]
    assert [one.title for one in changes_of(commits)] == ["one", "two"]


def test_the_whole_of_it_reads_so():
    text = notes_of(
        noted(
            commit("a", "feat(cart): many items (#12)", hours=50),
            commit("b", "fix: rounding", hours=30),
            commit("c", "chore!: drop v1 of the API", hours=20),
            commit("d", "Tidy up", hours=10),
        )
    )
    assert text == (
        "v1.4.0 in prod/api, after v1.3.0\n\n"
        "Breaking\n- drop v1 of the API (ccccccc, Ada)\n\n"
        "Features\n- cart: many items (#12, Ada)\n\n"
        "Fixes\n- rounding (bbbbbbb, Ada)\n\n"
        "Others\n- Tidy up (ddddddd, Ada)\n\n"
        "Deployed: containers[api].image = registry/api@sha256:abc\n"
        "Specs: commit eeeeeeeeeeee by Dora\n"
        "Approved by: anna, bob\n"
        "Rollout: 1h5m from its start until it was good\n"
        "Lead time: 50h from the oldest commit until it was good"
    )


def test_whose_yes_did_not_count_when_it_started_is_not_named():
    opened = "open: approved by bob; approved by carl, bob"
    gates = (Told(at=NOW, what="window", text="open: early"), Told(at=NOW, what="approval", text=opened))
    assert "\nApproved by: bob, carl\n" in notes_of(noted(gates=gates))


def test_those_of_a_group_tell_once_what_its_members_have_in_common():
    shared, own = commit("a", "feat: x", hours=3), commit("b", "fix: y", hours=5)
    same = [noted(shared), noted(shared, target="web", images={"containers[web].image": "registry/web@sha256:de"})]
    text = notes_of_all(same, "unifocus")
    assert text.startswith(
        "v1.4.0 in prod/unifocus, after v1.3.0\n\nFeatures\n- x (aaaaaaa, Ada)\n\nDeployed: api: "
    )
    assert "Deployed: web: containers[web].image = registry/web@sha256:de\nSpecs: " in text
    text = notes_of_all([*same, noted(own, target="worker", replaced="v1.2.0")], "unifocus")
    assert text.startswith(
        "v1.4.0 in prod/unifocus, after v1.3.0, v1.2.0\n\napi, web:\n\nFeatures\n- x (aaaaaaa, Ada)"
    )
    assert "worker:\n\nFixes\n- y (bbbbbbb, Ada)" in text and text.endswith(
        "Lead time: 5h from the oldest commit until it was good"
    )


def test_those_of_a_large_group_fit():
    images = {"containers[api].image": f"registry/api@sha256:{'a' * 64}"}
    many = [noted(commit("a", "feat: x"), target=f"t{at}", images=images) for at in range(300)]
    assert len(notes_of_all(many, "unifocus")) <= LARGEST


def test_going_back_says_what_is_taken_out_and_has_no_lead_time():
    text = notes_of(noted(commit("a", "feat: x"), back=True, version="v1.3.0", replaced="v1.4.0"))
    assert "It goes back; this is taken out:\n\nFeatures\n- x (aaaaaaa, Ada)" in text
    assert "Lead time" not in text


def test_what_is_not_known_is_said():
    assert "What changed is not known: git is away" in notes_of(noted(unknown="git is away"))
    assert "No commit lies between the two." in notes_of(noted())
    assert "There are more commits than are told here." in notes_of(noted(commit("a", "feat: x"), more=True))


def test_what_others_wrote_is_cleaned():
    hostile = commit("a", "feat(s\u202e): token=abc\x1b[2J", author="\x07Eve")
    text = notes_of(noted(hostile), lambda text: "".join(c if c.isprintable() else "?" for c in text))
    assert text.replace("\n", "").isprintable()


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=300)


@given(st.lists(st.builds(lambda n, s, p: (n, s, p), st.sampled_from("abcdef"), texts, st.sampled_from("abcdef0"))))
def test_it_is_never_endless_whatever_the_history(made):
    commits = {name: commit(name, subject, parent, parent) for name, subject, parent in made}
    assert len(notes_of(noted(*commits.values()))) <= LARGEST
    assert len(changes_of(tuple(commits.values()))) <= len(commits)


def test_thousands_of_commits_fit():
    many = [commit(chr(97 + at % 26), f"feat: {'x' * 190}") for at in range(26)] * 40
    text = notes_of(Noted(record=record(), brought=Brought(commits=tuple(dict.fromkeys(many)), more=True)))
    assert len(text) <= LARGEST and "Rollout: 1h5m" in text
