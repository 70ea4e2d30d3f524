"""Whatever somebody else wrote is shown whole, bounded, and without tricks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.telemetry.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("v1.2.4", "v1.2.4"),
        ("Zürich \N{SNOWMAN}", "Zürich \N{SNOWMAN}"),
        ("api\n12:03 prod/api forged", "api\\n12:03 prod/api forged"),
        ("a\r\x00b\tc", "a\\r\\x00b\\tc"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31mred", "\\x9b31mred"),
        ("api\N{RIGHT-TO-LEFT OVERRIDE}gnp", "api\\u202egnp"),
        ("a\N{ZERO WIDTH SPACE}b\N{LINE SEPARATOR}c", "a\\u200bb\\u2028c"),
        ("\udc80", "\\udc80"),
        ("\U000e0041", "\\U000e0041"),
        ("https://git.example.com/a.git", "https://git.example.com/a.git"),
        ("fetch https://bot:canary@git.example.com/a.git", "fetch https://***@git.example.com/a.git"),
        ("https://canary@h and ssh://u:canary@h", "https://***@h and ssh://***@h"),
        ("https://h/path@2", "https://h/path@2"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(text, shown):
    assert visible(text) == shown


def test_a_long_text_is_cut_and_says_so():
    assert visible("a" * 200, 128) == "a" * 127 + "…"
    assert visible("a" * 128, 128) == "a" * 128


@given(st.text(max_size=300), st.integers(1, 50))
def test_every_text_comes_out_as_one_printable_line(text, limit):
    shown = visible(text, limit)

    assert shown.isprintable()
    assert len(shown) <= limit * 10
    assert visible(shown, 1000) == shown
