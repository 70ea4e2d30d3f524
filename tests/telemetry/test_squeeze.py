"""Parts that were compressed one by one are, put together, what gzip makes of the whole."""

import gzip
import subprocess
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.telemetry.squeeze import gather, squeeze

TEXTS = st.lists(st.binary(max_size=3000) | st.binary(max_size=9).map(lambda few: few * 400), max_size=6)


@given(TEXTS)
def test_any_parts_put_together_unpack_to_all_of_them_in_order(texts):
    packed = gather(squeeze(text) for text in texts)

    assert gzip.decompress(packed) == b"".join(texts)


@given(TEXTS)
def test_it_is_one_member_for_readers_that_take_no_second_one(texts):
    reader = zlib.decompressobj(wbits=31)

    assert reader.decompress(gather(squeeze(text) for text in texts)) == b"".join(texts)
    assert reader.eof
    assert reader.unused_data == b""


def test_a_part_may_be_used_again_anywhere():
    one, other = squeeze(b"a" * 5000), squeeze(b"b\n")

    assert gzip.decompress(gather([one, other, one, one])) == b"a" * 5000 + b"b\n" + b"a" * 10_000


def test_damage_is_noticed_by_the_check_sum():
    packed = bytearray(gather([squeeze(b"trueup_up 1\n"), squeeze(b"trueup_up 2\n")]))
    packed[-5] ^= 1

    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(packed)


def test_the_tool_called_gzip_agrees(tmp_path):
    file = tmp_path / "scrape.gz"
    file.write_bytes(gather([squeeze(b"one\n" * 1000), squeeze(b""), squeeze(b"two\n")]))

    ran = subprocess.run(["gzip", "-dc", file], capture_output=True, check=True)

    assert ran.stdout == b"one\n" * 1000 + b"two\n"
    assert ran.stderr == b""
