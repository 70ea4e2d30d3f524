"""Git's own words, sorted into reasons, and made safe to repeat."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from controller.sources.command import Done, Ended
from controller.sources.failure import explain, redact
from controller.sources.snapshot import Reason

SAID = {
    "fatal: unable to access 'https://x.example/': Could not resolve host: x.example": Reason.UNAVAILABLE,
    "fatal: unable to access 'https://x.example/': SSL certificate problem: it has expired": Reason.UNAVAILABLE,
    "fatal: unable to access 'https://x.example/': The requested URL returned error: 503": Reason.UNAVAILABLE,
    "ssh: connect to host x.example port 22: Connection timed out\nfatal: Could not read from remote repository.": (
        Reason.UNAVAILABLE
    ),
    "error: RPC failed; curl 18 transfer closed\nfatal: early EOF\nfatal: fetch-pack: invalid index-pack output": (
        Reason.UNAVAILABLE
    ),
    "fatal: write error: No space left on device": Reason.UNAVAILABLE,
    "fatal: Out of memory, malloc failed (tried to allocate 99 bytes)": Reason.UNAVAILABLE,
    "prlimit: failed to execute git: No such file or directory": Reason.UNAVAILABLE,
    "fatal: unable to access 'https://x.example/': The requested URL returned error: 403": Reason.DENIED,
    "fatal: could not read Username for 'https://x.example': terminal prompts disabled": Reason.DENIED,
    "git@x.example: Permission denied (publickey).\nfatal: Could not read from remote repository.": Reason.DENIED,
    "remote: Repository not found.\nfatal: repository 'https://x.example/' not found": Reason.DENIED,
    "fatal: detected dubious ownership in repository at '/srv/specs'": Reason.DENIED,
    "Host key verification failed.\nfatal: Could not read from remote repository.": Reason.REFUSED,
    "fatal: unable to access 'https://x.example/': The requested URL returned error: 301": Reason.REFUSED,
    "fatal: transport 'ext' not allowed": Reason.REFUSED,
    "error: object 1: hasDotdot: contains '..'\nfatal: fsck error in packed object\n"
    "fatal: fetch-pack: invalid index-pack output": Reason.REFUSED,
    "fatal: fetch-pack: invalid index-pack output": Reason.REFUSED,
    "fatal: couldn't find remote ref refs/heads/main": Reason.BRANCH_GONE,
    "fatal: bad object refs/trueup/head/0": Reason.CORRUPT,
    "something that nobody has seen before": Reason.UNAVAILABLE,
}


@pytest.mark.parametrize(("said", "reason"), SAID.items(), ids=[said.splitlines()[0] for said in SAID])
def test_what_git_says_has_a_reason(said, reason):
    found = explain(Done(code=128, out=b"", err=said), "asking")
    assert found.reason is reason
    assert found.why.isprintable()


def test_a_process_that_says_nothing_still_has_a_sentence():
    assert explain(Done(code=-9, out=b"", err=""), "asking").why == "asking failed with exit code -9"


def test_a_process_that_was_ended_is_not_judged_by_its_words():
    def said(ended):
        return explain(Done(code=-9, out=b"", err="Permission denied", ended=ended, waited=60.0), "asking")

    assert said(Ended.SLOW).why == "asking took longer than 60 s"
    assert said(Ended.STOPPED).why == "asking was stopped"
    assert (said(Ended.BIG).reason, said(Ended.BIG).why) == (Reason.REFUSED, "asking gave more than is taken")


def test_what_the_server_sends_along_is_not_repeated():
    done = Done(code=128, out=b"", err="remote: visit http://evil.example now\nhint: x\nfatal: the end")
    assert explain(done, "asking").why == "asking failed (fatal: the end)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://ada:s3cr3t@git.example.com/x", "https://***@git.example.com/x"),
        ("Authorization: Basic YWRhOnMzY3IzdA==", "Authorization: ***"),
        ("token ghp_0123456789abcdefghij here", "token *** here"),
        ("glpat-0123456789abcdefghij", "***"),
        ("github_pat_11AAAAAAA0123456789", "***"),
        ("a\r\nb\x1b[0mc\u202ed", "a b [0mc d"),
        ("x" * 400, "x" * 300 + "…"),
    ],
)
def test_secrets_and_control_characters_are_taken_out(text, shown):
    assert redact(text) == shown


@given(st.text(min_size=4, alphabet=st.characters(exclude_characters="*…")), st.text(), st.text())
def test_a_known_secret_never_survives(secret, before, after):
    assume(secret not in before + after)
    assert secret not in redact(f"{before} {secret} {after}", [secret])
