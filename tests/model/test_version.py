"""Versions: read strictly, and of two the higher one is known (semver.org §2, §9, §10, §11)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.version import LATEST, Form, Version, precedence, read_version

numbers = st.one_of(st.integers(0, 3), st.integers(0, 999_999_999))
suffixes = st.one_of(st.just(""), st.just("-stage"), numbers.map("-rc.{}".format))
texts = st.one_of(st.just(LATEST), st.builds("v{}.{}.{}{}".format, numbers, numbers, numbers, suffixes))
versions = texts.map(Version)

words = st.from_regex(r"[0-9A-Za-z-]{0,3}[A-Za-z-][0-9A-Za-z-]{0,3}", fullmatch=True)
parts = st.one_of(st.integers(0, 20).map(str), words)
semantic = st.builds(
    lambda core, pre: f"{core}-{'.'.join(pre)}" if pre else core,
    st.builds("{}.{}.{}".format, st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)),
    st.lists(parts, max_size=3),
)

# The examples of semver.org §11.2 to §11.4, lowest first.
RISING = [
    *("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"),
    *("1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1"),
]


def test_the_examples_of_the_rules_stand_in_their_order():
    for lower, higher in pairwise(RISING):
        assert precedence(lower) < precedence(higher), (lower, higher)


@pytest.mark.parametrize("one", ["1.0.0+1", "1.0.0+exp.sha.5114f85", "1.0.0+001"])
def test_what_was_built_when_does_not_count(one):
    assert precedence(one) == precedence("1.0.0")


@pytest.mark.parametrize(
    "text",
    [
        *("1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.02.3", "1.2.03", "1.2.3-", "1.2.3-01", "1.2.3-a..b"),
        *("1.2.3-rc.01", "1.2.3+", "1.2.3-a_b", "-1.2.3", "1.2.3 ", " 1.2.3", "1.2.3\n", "1.2.٣", ""),
    ],
)
def test_what_the_rules_do_not_allow_is_no_semantic_version(text):
    with pytest.raises(ValueError, match="is not a semantic version"):
        precedence(text)


@given(semantic, semantic, semantic)
def test_semantic_versions_are_in_one_order(a, b, c):
    lower, middle, higher = sorted((a, b, c), key=precedence)
    assert precedence(lower) <= precedence(middle) <= precedence(higher)
    assert (precedence(a) == precedence(b)) == (a == b)
    assert not (precedence(a) < precedence(b) and precedence(b) < precedence(a))


@given(semantic, parts)
def test_more_parts_stand_higher_if_all_before_them_are_alike(text, more):
    if "-" in text:
        assert precedence(text) < precedence(f"{text}.{more}")
    else:
        assert precedence(f"{text}-{more}") < precedence(text)


@given(versions, versions, versions)
def test_the_order_of_versions_is_total_antisymmetric_and_transitive(a, b, c):
    assert (a < b) + (a == b) + (a > b) == 1
    assert a <= b or b <= a
    if a <= b <= a:
        assert a == b and hash(a) == hash(b)
    if a <= b <= c:
        assert a <= c


@given(versions)
def test_a_version_is_read_as_it_is_written(version):
    assert Version(str(version)) == version == read_version(version.text)
    assert version <= Version(LATEST)


@given(versions.filter(lambda version: version.is_numbered))
def test_what_leads_to_a_version_is_lower_and_has_its_base(version):
    base = Version(version.base)
    assert base.form is Form.BARE and version <= base
    assert version.semver == version.text[1:] and base.base == base.text
    assert (version == base) == (version.form is Form.BARE)


@given(st.lists(versions, min_size=1))
def test_sorting_leaves_nothing_lower_behind_a_higher_one(some):
    assert all(not later < earlier for earlier, later in pairwise(sorted(some)))


def test_versions_of_every_form_in_order():
    rising = ["v1.2.2", "v1.2.3-rc.2", "v1.2.3-rc.11", "v1.2.3-stage", "v1.2.3", "v1.10.0-rc.0", "latest"]
    assert sorted(map(Version, reversed(rising))) == [*map(Version, rising)]
    assert [Version(text).form for text in rising] == [
        *(Form.BARE, Form.RC, Form.RC, Form.STAGE, Form.BARE, Form.RC, Form.LATEST),
    ]


@pytest.mark.parametrize(
    ("lower", "higher", "major"),
    [
        ("v1.9.3", "v2.0.0", True),
        ("v1.9.3", "v2.0.0-rc.1", True),
        ("v0.9.0", "v1.0.0", True),
        ("v2.9.0", "v10.0.0", True),
        ("v1.9.3", "v1.10.0", False),
        ("v2.0.0-rc.1", "v2.0.0", False),
        ("v1.9.3", "latest", False),
    ],
)
def test_a_major_step_is_one_of_the_first_number_and_only_forward(lower, higher, major):
    assert Version(higher).is_major_step_from(Version(lower)) is major
    assert Version(lower).is_major_step_from(Version(higher)) is False
    assert Version(lower).is_lower_than(Version(higher)) is (higher != LATEST)
    assert Version(higher).is_lower_than(Version(lower)) is False


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "v",
            "1.2.3",
            "V1.2.3",
            "v1.2",
            "v1.2.3.4",
            "v01.2.3",
            "v1.2.03",
            "v1.2.3-",
            "v1.2.3-rc",
            "v1.2.3-rc.01",
        ),
        *("v1.2.3-rc.1.2", "v1.2.3-stage.1", "v1.2.3-beta", "v1.2.3+1", "Latest", "latest ", "v1.2.3\n", "v1.2.٣"),
        "v1.2.1234567890",
    ],
)
def test_anything_else_is_no_version_and_one_sentence_says_so(text):
    assert read_version(text) is None
    with pytest.raises(ValueError, match=r"is not latest, vX\.Y\.Z-rc\.N, vX\.Y\.Z-stage, vX\.Y\.Z$"):
        Version(text)


@pytest.mark.parametrize("what", ["semver", "base"])
def test_latest_stands_for_no_number(what):
    with pytest.raises(ValueError, match="latest stands for no number"):
        getattr(Version(LATEST), what)
