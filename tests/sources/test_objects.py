"""What git answers is read strictly; anything out of shape is damage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.sources.objects import CorruptError, hash_object, read_commit, read_listing, read_objects

OID = "0" * 40
COMMIT = (
    b"tree " + OID.encode() + b"\nparent " + b"1" * 40 + b"\nauthor A <a@x> 1 +0000\ncommitter C <c@x> 2 +0100\n"
    b"gpgsig -----BEGIN\n more\n\n"
    b"\n\nSubject\n\ncommitter not me 3 +0000\n"
)


@given(st.dictionaries(st.binary(max_size=40), st.none(), max_size=5), st.sampled_from([40, 64]))
def test_objects_come_back_as_they_were(contents, digits):
    asked = {hash_object("blob", content, digits): "blob" for content in contents}
    stored = dict(zip(asked, contents, strict=True))
    answer = b"".join(
        b"%s blob %d\n%s\n" % (oid.encode(), len(content), content) for oid, content in stored.items()
    )
    assert read_objects(answer, asked) == stored


@given(st.binary(max_size=30), st.integers(min_value=0, max_value=200), st.integers(min_value=1, max_value=255))
def test_no_changed_byte_goes_unnoticed(content, at, change):
    oid = hash_object("blob", content, 40)
    answer = bytearray(b"%s blob %d\n%s\n" % (oid.encode(), len(content), content))
    answer[at % (len(answer) - 1)] ^= change
    try:
        found = read_objects(bytes(answer), {oid: "blob"})
    except CorruptError:
        return
    assert found == {oid: content}  # white space in the header may have become other white space


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        OID.encode() + b" missing\n",
        OID.encode() + b" tree 0\n\n",
        OID.encode() + b" blob 5\nab\n",
        b"1 blob 0\n\n",
    ],
)
def test_an_answer_out_of_shape_is_damage(answer):
    with pytest.raises(CorruptError):
        read_objects(answer, {OID: "blob"})


def test_git_itself_agrees_on_ids(repository):
    assert hash_object("blob", b"some\n", 40) == repository.write("blob", b"some\n")


def test_a_commit_is_read_by_its_head_alone():
    commit = read_commit(COMMIT)
    assert (commit.tree, commit.parents) == (OID, ("1" * 40,))
    assert commit.author == "A <a@x>"
    assert commit.committed_at.timestamp() == 2
    assert commit.subject == "Subject"


@pytest.mark.parametrize("without", [b"tree ", b"author ", b"committer "])
def test_a_commit_without_a_field_is_damage(without):
    with pytest.raises(CorruptError):
        read_commit(COMMIT.replace(without, b"x", 1))


@pytest.mark.parametrize(
    "listing", [b"100644 blob x 1\tname\0", b"nonsense\0", b"100644 blob " + OID.encode() + b" 1\0"]
)
def test_a_listing_out_of_shape_is_damage(listing):
    with pytest.raises(CorruptError):
        list(read_listing(listing))
