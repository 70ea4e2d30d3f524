"""Manifests and the texts that are kept packed: what goes in comes out, and equal content has one name."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.manifest import Echoed, Manifest, narrow, shows
from controller.model.packed import Packed
from controller.model.paths import EVERYTHING
from controller.model.record import Memory, Quarantined
from controller.plan.compare import Difference, differences
from tests.strategies import manifests, scalars

FIELDS = {"cpu": "256", "image": "api:1", "image[x]": 1, "imageless": True}


@given(st.text())
def test_what_is_packed_comes_out_again(text):
    assert str(Packed.of(text)) == text
    assert Packed.of(text) == Packed.of(text)


def test_what_is_packed_takes_a_fifth():
    text = ",".join(f'"environment[SETTING_{number}]":"value-{number}"' for number in range(100))
    assert len(Packed.of(text).data) * 4 < len(text)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), scalars))
def test_the_pairs_are_what_they_were_to_the_type_in_order_of_path(fields):
    assert repr(Manifest.of(fields).fields) == repr(tuple(sorted(fields.items())))


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), scalars))
def test_a_manifest_is_the_same_before_and_after_it_is_named(fields):
    manifest = Manifest.of(fields)
    before = manifest.fields
    assert manifest.kept() is manifest
    assert repr(manifest.fields) == repr(before)
    assert manifest == Manifest.of(fields) == Manifest.recorded(manifest.pairs, manifest.digest, manifest.owns)


def test_a_manifest_does_not_follow_what_it_was_made_of():
    fields = dict(FIELDS)
    manifest = Manifest.of(fields)
    fields["cpu"] = "512"
    assert manifest.get("cpu") == "256"


def test_order_carries_no_meaning_and_a_type_does():
    assert Manifest.of({"a": 1, "b": 2}) == Manifest.of({"b": 2, "a": 1})
    assert len({Manifest.of({"a": value}).digest for value in (1, 1.0, True, "1")}) == 4


def test_only_what_is_owned_is_seen_and_a_name_is_not_taken_for_its_beginning():
    live = Manifest.of(FIELDS)
    owned = narrow(live, ("image",))
    assert dict(owned.fields) == {"image": "api:1", "image[x]": 1}
    assert live.through(("image",)) == live.through(("image",)) == owned.digest
    assert shows(live, owned.digest, owned.owns)
    assert not shows(live, owned.digest, ("cpu",))


@given(manifests)
def test_whoever_owns_everything_sees_all_of_it(manifest):
    assert narrow(manifest, ("",)) is manifest
    assert manifest.runs_in(manifest)


# What is live has an image by its digest, which runs by a tag; another image runs by digest as it is written.
TWO_NAMES = Manifest.of({"a.image": "a@1", "b.image": "b@1", "cpu": 1}).echoed(
    (Echoed(path="a.image", live="a@1", wanted="a:x"),)
)


@pytest.mark.parametrize(
    ("wanted", "runs"),
    [
        ({"a.image": "a@1", "b.image": "b@1"}, True),
        ({"a.image": "a:x", "b.image": "b@1"}, True),
        ({"a.image": "a@2", "b.image": "b@1"}, False),
        ({"a.image": "a:y", "b.image": "b@1"}, False),
        ({"a.image": "a:x", "b.image": "b:x"}, False),
        ({"a.image": "a:x", "b.image": "b@1", "c.image": "c"}, False),
    ],
)
def test_what_is_live_by_two_names_runs_a_release_that_has_either(wanted, runs):
    release = Manifest.of(wanted, ("a", "b", "c"))
    for _ in range(2):
        assert release.runs_in(TWO_NAMES) is runs
        assert (differences(TWO_NAMES, release) == ()) is runs


def test_of_several_images_each_is_called_as_the_release_calls_it():
    live = Manifest.of({"a": "a@1", "b": "b@1"}).echoed(
        (Echoed(path="a", live="a@1", wanted="a:x"), Echoed(path="b", live="b@1", wanted="b:x"))
    )
    wanted = [Manifest.of({"a": a, "b": b}) for a in ("a@1", "a:x") for b in ("b@1", "b:x")]
    assert all(one.runs_in(live) for one in wanted)
    assert len({one.digest for one in wanted}) == 4
    assert differences(live, Manifest.of({"a": "a:x", "b": "b@2"})) == (
        Difference(path="b", live="b@1", wanted="b@2"),
    )


def test_its_own_echo_and_another_name_are_heard_together():
    released = Manifest.of({"a.image": "a:x"}, ("a", "filled")).echoed((Echoed(path="filled", live=1),))
    live = Manifest.of({"a.image": "a@1", "filled": 1}).echoed(TWO_NAMES.echo)
    assert released.runs_in(live)
    assert not released.runs_in(Manifest.of({"a.image": "a@1", "filled": 1}))
    assert not released.runs_in(Manifest.of({"a.image": "a@1", "filled": 2}).echoed(TWO_NAMES.echo))


def test_a_release_that_is_made_of_what_is_live_has_its_digests_and_no_other_name():
    for owns in (EVERYTHING, ("a",)):
        made = narrow(TWO_NAMES, owns)
        assert (made.get("a.image"), made.echo) == ("a@1", ())


def test_it_asks_anew_of_each_thing_that_is_live_however_many_there_were():
    release = Manifest.of({"a": "a:1"})
    lives = [
        Manifest.of({"a": f"a@{n}"}).echoed((Echoed(path="a", live=f"a@{n}", wanted=f"a:{n % 3}"),))
        for n in range(30)
    ]
    assert [n for n, live in enumerate(lives) if release.runs_in(live)] == list(range(1, 30, 3))


@pytest.mark.parametrize("image", ["a@1", "a:x"])
def test_what_is_barred_is_found_in_what_is_live_by_either_name(image):
    barred = Manifest.of({"a.image": image}, ("a",))
    entry = Quarantined(
        digest=barred.digest, version="1", owns=barred.owns, since=datetime(2030, 1, 1, tzinfo=UTC), why="it failed"
    )
    memory = Memory(quarantine={barred.digest: entry})
    assert memory.barred_in(TWO_NAMES) == entry
    assert memory.barred_in(Manifest.of({"a.image": "a@2"})) is None
