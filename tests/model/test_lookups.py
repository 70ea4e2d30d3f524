"""Look-ups in texts: found and filled once, told apart from what looks like one, and lists only where they fit."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.lookups import (
    KINDS,
    MARK,
    Lookup,
    as_written,
    explain_value,
    fill_lookups,
    fill_native,
    find_lookups,
    lookups_in,
)

NET = Lookup(kind="ssm", name="/net/subnets")
ROLE = Lookup(kind="tfstate", name="roles.task[0]")
GROUP = Lookup(kind="cfn", name="net:group[]")

LOOKUPS = st.builds(
    Lookup, kind=st.sampled_from(KINDS), name=st.text("abz09/.:_-[]", min_size=1, max_size=12)
)  # fmt: skip
# What an author may write and what a system may answer: everything that is visible, with the forms that could be
# taken for a look-up drawn often.
VISIBLE = st.text(st.characters(exclude_categories=("C", "Z")), max_size=12)
TRAPS = st.sampled_from(
    ["${ssm:/a}", "$${ssm:/a}", "{ssm:/a}", "${", "$", "}", "\\x00{ssm:/a}", "\\0", "${version}"]
)
WORDS = st.lists(VISIBLE | TRAPS, max_size=4).map("".join)
VALUES = st.lists(VISIBLE | TRAPS | LOOKUPS.map(str), min_size=1, max_size=3).map("".join).filter(bool)
PIECES = st.lists(WORDS | LOOKUPS, max_size=6)


def text_of(pieces):
    return "".join(piece.marked if isinstance(piece, Lookup) else piece for piece in pieces)


def named(pieces):
    return tuple(piece for piece in pieces if isinstance(piece, Lookup))


@given(PIECES)
def test_exactly_the_look_ups_that_were_put_in_are_found(pieces):
    assert lookups_in(text_of(pieces)) == named(pieces)


@given(PIECES, st.data())
def test_each_look_up_becomes_its_value_and_nothing_else_changes(pieces, data):
    values = {lookup: data.draw(VALUES) for lookup in named(pieces)}
    expected = "".join(values[piece] if isinstance(piece, Lookup) else piece for piece in pieces)
    filled = fill_lookups(text_of(pieces), values)
    assert filled == expected
    assert lookups_in(filled) == ()


@given(PIECES, st.data())
def test_filling_again_changes_nothing_whatever_the_values_hold(pieces, data):
    values = {lookup: data.draw(VALUES) for lookup in named(pieces)}
    once = fill_native({"a": [text_of(pieces)]}, values)
    assert fill_native(once, dict.fromkeys(values, "again")) == once


@given(
    st.recursive(
        PIECES.map(text_of) | st.integers() | st.booleans() | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=12,
    )
)
def test_what_is_found_in_a_structure_is_what_filling_it_needs(value):
    found = find_lookups(value)
    filled = fill_native(value, dict.fromkeys(found, "x"))
    assert find_lookups(filled) == frozenset()
    assert found == frozenset() or filled != value
    # JSON, in which shapes are kept, carries the marks there and back.
    assert find_lookups(json.loads(json.dumps(value))) == found


def test_what_only_looks_like_a_look_up_is_left_alone():
    for text in (
        "${ssm:/net}",
        "{ssm:/net}",
        f"{MARK}{{sss:/net}}",
        f"{MARK}{{ssm:/net",
        f"{MARK}ssm:/net}}",
        MARK,
    ):
        assert lookups_in(text) == ()
        assert fill_lookups(text, {}) == text


def test_keys_are_never_filled():
    assert find_lookups({NET.marked: 1}) == frozenset()
    assert fill_native({NET.marked: 1}, {}) == {NET.marked: 1}


def test_a_list_takes_the_place_of_the_only_item_of_a_list():
    values = {NET: ("subnet-a", "subnet-b"), ROLE: "task"}
    assert fill_native({"subnets": [NET.marked], "role": ROLE.marked}, values) == {
        "subnets": ["subnet-a", "subnet-b"],
        "role": "task",
    }
    assert fill_native((NET.marked,), {NET: ("subnet-a",)}) == ["subnet-a"]
    assert fill_native([ROLE.marked], values) == ["task"]


@pytest.mark.parametrize(
    "value",
    [NET.marked, {"a": NET.marked}, [NET.marked, "subnet-c"], [f"x{NET.marked}"], [NET.marked, NET.marked]],
    ids=["text", "field", "beside another", "inside a text", "twice"],
)
def test_a_list_fits_nowhere_else(value):
    with pytest.raises(ValueError, match=r"^\$\{ssm:/net/subnets\} is a list: it can only be the only item"):
        fill_native(value, {NET: ("subnet-a",)})


def test_a_look_up_without_a_value_is_named():
    with pytest.raises(ValueError, match=r"^\$\{cfn:net:group\[\]\} was not looked up$"):
        fill_native([[GROUP.marked]], {NET: "x"})


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "is empty"),
        ((), "is empty"),
        (("a", ""), "is empty"),
        ("a\nb", "holds a line break"),
        ("a\r", "holds a line break"),
        ("\x1b[31m", "holds a line break or another character that cannot be seen"),
        (f"{MARK}{{ssm:/again}}", "cannot be seen"),
        ("\u202earn", "cannot be seen"),
        (("good", "bad\0"), "cannot be seen"),
        ("a" * 8193, "more than 8192 characters"),
    ],
)
def test_a_value_that_nobody_can_read_is_refused_without_repeating_it(value, why):
    assert why in explain_value(value)
    with pytest.raises(ValueError, match=rf"^\$\{{ssm:/net/subnets\}} {explain_value(value)}$"):
        fill_native([NET.marked], {NET: value})


def test_good_values_are_not_complained_of():
    for value in ("subnet-1", "arn:aws:iam::1:role/x", "${ssm:/a} $${b}", ("a", "b"), "größe", "a" * 8192):
        assert explain_value(value) == ""


def test_messages_show_what_people_wrote():
    assert str(NET) == "${ssm:/net/subnets}"
    assert as_written(f"x {NET.marked}") == "x ${ssm:/net/subnets}"
    assert as_written(f"there is no {NET.marked!r}") == "there is no '${ssm:/net/subnets}'"
