"""Ranges of versions are read strictly, and let nothing in that only leads to a release nobody named."""

import pytest

from controller.model.ranges import read_range
from controller.model.version import Version


@pytest.mark.parametrize(
    ("text", "within", "without"),
    [
        (">=1.2 <2", "v1.2.0 v1.99.0", "v1.1.9 v2.0.0 v2.0.0-rc.1 v1.3.0-rc.1 v1.3.0-stage latest"),
        ("^1.2.3", "v1.2.3 v1.9.0", "v1.2.2 v2.0.0"),
        ("^0.2.3", "v0.2.3 v0.2.9", "v0.3.0 v1.0.0"),
        ("^0.0.3", "v0.0.3", "v0.0.4"),
        ("^0", "v0.0.1 v0.9.0", "v1.0.0"),
        ("~1.2.3", "v1.2.3 v1.2.9", "v1.3.0"),
        ("~1.2", "v1.2.0", "v1.3.0 v1.1.0"),
        ("~1", "v1.9.9", "v2.0.0 v0.9.9"),
        (">1.2.3 <=v1.3.0", "v1.2.4 v1.3.0", "v1.2.3 v1.3.1"),
        ("=1.2.3", "v1.2.3", "v1.2.4 v1.2.3-rc.1"),
        (">=1.3.0-rc.2", "v1.3.0-rc.2 v1.3.0-rc.11 v1.3.0-stage v1.3.0 v2.0.0", "v1.3.0-rc.1 v1.4.0-rc.1"),
        ("=1.3.0-stage", "v1.3.0-stage", "v1.3.0"),
    ],
)
def test_a_range_has_what_it_says(text, within, without):
    found = read_range(text)
    assert [one for one in within.split() if not found.has(Version(one))] == []
    assert [one for one in without.split() if found.has(Version(one))] == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not 1 to 8 words"),
        (" ", "is not 1 to 8 words"),
        (">=1  <2", "each after one space"),
        ("1.2.3", "is not one of >="),
        (">= 1.2", "is not one of"),
        (">=1.2.3.4", "is not one of"),
        (">=01.2", "is not one of"),
        (">=1.x", "is not one of"),
        ("*", "is not one of"),
        (">=1 || <2", "is not one of"),
        (">1.2", "after > write all three numbers"),
        ("=1", "after = write all three numbers"),
        (">=1.2-rc.1", "needs all three numbers"),
        (">=1.2.3-rc..1", "no semantic version"),
        (">=2 <1", "has no version in it"),
        (" ".join([">=1"] * 9), "is not 1 to 8 words"),
    ],
)
def test_anything_else_is_refused_with_the_reason(text, why):
    with pytest.raises(ValueError, match=r".+") as refused:
        read_range(text)
    assert why in str(refused.value)
