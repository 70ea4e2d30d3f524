"""The gate of signed tags: open for a tag that somebody known signed, and for nothing else."""

from datetime import UTC, datetime

import pytest

from controller.gates.signed import SignedTag
from controller.model.application import Application
from controller.model.consent import SignatureOf, Unsigned
from controller.model.gate import Open, Shut, Unsure
from controller.model.names import Digest, EnvName, TargetName
from controller.model.questions import Candidate, Unanswered
from controller.model.trust import Signed
from tests.platform import place

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHOP = Application(repository="https://git.example.com/shop")
GATE = SignedTag(application=SHOP)


def candidate(version):
    return Candidate(
        env=EnvName("prod"), target=TargetName("api"), place=place("api"), version=version, digest=Digest("d")
    )


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Signed(by="anna", key="SHA256:x", known=True), Open()),
        (Unsigned(why="the tag v1.2.3 is not signed"),
         Shut(why="the tag v1.2.3 is not signed; verify: tags is asked for")),
        (Unanswered(why="git is away"), Unsure(why="git is away")),
        (None, Unsure(why="who signed the tag was not asked for")),
    ],
)  # fmt: skip
def test_only_a_signature_that_counts_opens_it(answer, verdict):
    (question,) = GATE.asks(candidate("v1.2.3"))
    assert question == SignatureOf(application=SHOP, tag="v1.2.3")
    assert GATE.judge(candidate("v1.2.3"), {question: answer}, NOW) == verdict


def test_the_signature_of_another_tag_opens_nothing():
    (other,) = GATE.asks(candidate("v1.2.2"))
    assert isinstance(GATE.judge(candidate("v1.2.3"), {other: Signed(by="anna", key="k")}, NOW), Unsure)


def test_what_is_called_latest_is_no_tag_of_git():
    assert (tuple(GATE.asks(candidate("latest"))), GATE.judge(candidate("latest"), {}, NOW)) == ((), Open())
