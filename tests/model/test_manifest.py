"""Manifests and the texts that are kept packed: what goes in comes out, and equal content has one name."""

from hypothesis import given
from hypothesis import strategies as st

from controller.model.manifest import Manifest, narrow, shows
from controller.model.packed import Packed
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
