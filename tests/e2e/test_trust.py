"""Trust in the source, with real git, keys and processes: who may change prod, and who may not approve that."""

import os
import pwd

import pytest

from controller.model.story import Event
from tests.e2e.environments import environment
from tests.e2e.stage import FIRST, SEEDED, Stage
from tests.e2e.test_source import holds
from tests.sources.signing import SshKey, sign_tip

pytestmark = pytest.mark.e2e

ME = pwd.getpwuid(os.getuid()).pw_name
GATED = {"more": "gates: [{kind: approval}]"}


def spec(version: str, **terms: str) -> str:
    return environment("prod", version, **terms).replace(
        "  defaults:\n", "  verify: {commits: range}\n  defaults:\n"
    )


class Team:
    """People with keys, and the two files of the operator that know them."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.people = stage, stage.folder / "people.yaml"
        self.keys = {name: SshKey.make(stage.folder / name) for name in ("anna", "bob", "eve")}
        self.signers = stage.folder / "signers"
        self.signers.mkdir()
        (self.signers / "allowed_signers").write_text(f"bob@example.com {self.keys['bob'].public}\n")
        self.i_am("bob")

    def i_am(self, name: str) -> None:
        lines = ["apiVersion: trueup/v1", "kind: People", "localApprovals: true", "people:"]
        for one in ("anna", "bob", "carl"):
            user = f", osUsers: [{ME}]" if one == name else ""
            key = f', keys: ["{self.keys[one].fingerprint}"]' if one == "anna" else ""
            lines.append(f"  {one}: {{emails: [{one}@example.com]{user}{key}}}")
        self.people.write_text("\n".join([*lines, ""]), encoding="utf-8")

    def push(self, files: dict[str, str], author: str, *, key: str = "") -> str:
        made = self.stage.commit(files, author=f"{author.title()} <{author}@example.com>")
        return sign_tip(self.stage.repository, self.keys[key]) if key else made

    def start(self) -> None:
        self.stage.start(people=str(self.people), signers=str(self.signers))


def test_only_what_is_signed_is_read_and_nobody_approves_what_they_wrote(stage: Stage):
    team = Team(stage)
    stage.seed({"prod.yaml": spec(FIRST, **GATED), "stage.yaml": environment("stage", FIRST)})
    rest = {"stage.yaml": environment("stage", SEEDED)}
    first = team.push({"prod.yaml": spec(SEEDED, **GATED), **rest}, "anna", key="anna")
    team.start()
    stage.until(f"{SEEDED} is good", lambda: stage.memory().goods)
    (row,) = stage.journal(Event.ACCEPTED)
    key = team.keys["anna"].fingerprint
    assert (row.by, row.data) == ("anna", {"commit": first, "author": "Anna <anna@example.com>", "signedBy": "anna",
                                           "key": key})  # fmt: skip

    # Bob writes a release, and somebody else the newest commit: it is bob's all the same.
    team.push({"prod.yaml": spec("v1.2.3", **GATED)}, "bob", key="bob")
    stage.until("it waits", lambda: "approval" in {one.gate for one in stage.status().blockers})
    team.push({"README.md": "x"}, "anna", key="anna")
    approve = ("approve", "prod", "api", "v1.2.3", "--people", str(team.people))
    assert "approved by bob" in stage.order(*approve, "--as", "bob").out
    holds(stage, "not counted: bob (wrote it)")
    team.i_am("carl")
    stage.order(*approve, "--as", "carl")
    stage.until_rests("v1.2.3")

    # What is not signed, or by nobody's key, holds prod, also behind a commit that is signed, and stage moves on.
    unsigned = team.push({"prod.yaml": spec("v1.2.4"), "stage.yaml": environment("stage", "v1.2.3")}, "eve")
    holds(stage, f"commit {unsigned[:12]}, which gives eve@example.com as its author, is not signed")
    stage.until_rests("v1.2.3", env="stage")
    team.push({"README.md": "y"}, "anna", key="anna")
    stage.kill()
    team.start()
    holds(stage, f"commit {unsigned[:12]}")
    # A person takes the history on, with the newest commit that they looked at.
    team.push({"prod.yaml": spec("v1.2.2")}, "eve", key="eve")
    looked_at = team.push({"prod.yaml": spec("v1.2.2", bake="40s")}, "anna", key="anna")
    words = ("accept-history", "prod", "--reason", "looked at it", "--people", str(team.people), "--as", "carl")
    stage.order(*words, "--commit", looked_at)
    stage.until_rests("v1.2.2")
    assert stage.told() == ["v1.2.3", "v1.2.2"]
    assert stage.journal(Event.ORDER)[-1].by == "carl"
