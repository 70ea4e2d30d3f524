"""Approvals, who gave them, and the gate that asks for them are read by the product's codec as it wrote them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from controller import kinds
from controller.gates.approval import Approval as ApprovalGate
from controller.model.consent import Approvals, ApprovalsOf, Authors, AuthorsOf, WhoIsWho
from controller.model.desired import Accepted, Desired, DesiredTarget
from controller.model.names import Commit, Digest, EnvName, TargetName
from controller.model.observation import Observation, Unseen
from controller.model.orders import Approval, TargetOrders
from controller.model.people import People, Person, Session
from controller.model.questions import Candidate, Unanswered
from controller.model.record import Memory, Next
from controller.model.trust import Commits, Verify
from controller.stores.codec import Codec
from controller.stores.contents import Pool
from tests.contracts import made
from tests.platform import place

CODEC = Codec(kinds.STORED)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
API = TargetName("api")
YES = Approval(
    number=7,
    version="v1.2.3",
    digest=Digest("d" * 32),
    by="anna",
    at=NOW,
    groups=("release-managers", "on-call"),
    comment="looked at the plan",
    via="OS user anna",
)
NO = replace(YES, number=8, by="bob", yes=False)
ANNA = Person(
    name="anna",
    emails=("Anna@example.com",),
    keys=("SHA256:x",),
    os_users=("anna",),
    sessions=(Session(role="arn:aws:iam::111122223333:role/team", source_identity="anna"),),
    subjects=("github|1",),
    groups=("release-managers",),
)
ASKED = ApprovalsOf(
    candidate=Candidate(env=EnvName("prod"), target=API, place=place("api"), version="v1.2.3", digest=YES.digest)
)


def test_approvals_are_kept_with_the_other_orders_and_their_numbers_with_what_they_opened():
    orders = TargetOrders(approvals=(YES, NO))
    assert CODEC.read(TargetOrders, CODEC.write(orders).text) == orders
    memory = Memory(approved=(7, 8))
    assert CODEC.read(Memory, CODEC.write(memory).text) == memory


def test_orders_and_memories_of_before_there_were_approvals_are_read_and_written_as_they_were():
    for kind in (TargetOrders, Memory):
        tree = json.loads(CODEC.write(kind()).text)
        assert not {"approvals", "approved"} & set(tree["value"])
        assert CODEC.read(kind, json.dumps(tree)) == kind()


def test_who_wrote_what_waits_is_kept_with_it_and_what_an_older_version_kept_is_read():
    wrote = Authors(emails=("anna@example.com",), builders=("b@x.com",), signers=("anna",))
    for authors in (None, Authors(emails=()), wrote):
        memory = Memory(next=Next(release=made.a_release("v1"), since=NOW, authors=authors))
        written = CODEC.write(memory)
        pool = Pool()
        for address, release in written.releases.items():
            pool.add(address, CODEC.read_content(CODEC.write_content(release)))
        assert CODEC.read(Memory, written.text, pool).next.authors == authors
        assert ("authors" in written.text) is (authors is not None)


def test_what_has_to_be_signed_of_what_follows_is_kept_with_what_was_accepted():
    asks = Accepted(commit=Commit("c1"), verify=Verify(commits=Commits.RANGE, tags=True))
    for accepted in (Accepted(commit=Commit("c1")), asks):
        written = CODEC.write(accepted).text
        assert CODEC.read(Accepted, written) == accepted
        assert ("verify" in written) is (accepted is asks)


def test_what_was_asked_and_answered_of_people_is_read_as_it_was_written():
    answers = {
        WhoIsWho(): People(persons=(ANNA, Person(name="bob")), local=True),
        ASKED: Approvals(
            given=(YES, NO),
            used=frozenset({8, 7}),
            authors=Authors(emails=("anna@example.com",), builders=("b@x.com",)),
            requesters=("bob", "anna"),
        ),
        AuthorsOf(env=EnvName("prod"), target=API, commit=Commit("c2"), since=Commit("c1")): Authors(
            emails=("anna@example.com",)
        ),
    }
    seen = Observation(sights={API: Unseen(why="blind")}, answers=answers, at=NOW)
    assert CODEC.read(Observation, CODEC.write(seen).text) == seen
    unknown = replace(seen, answers={WhoIsWho(): Unanswered(why="nobody is known")})
    assert CODEC.read(Observation, CODEC.write(unknown).text) == unknown


def test_an_approval_gate_is_remembered_as_it_was_declared():
    gate = ApprovalGate(count=2, groups=("on-call",), expires=timedelta(seconds=90), four_eyes=False)
    want = DesiredTarget(place=made.a_place(), release=made.a_release("v1"), gates=(gate, ApprovalGate()))
    written = CODEC.write(Desired(env=EnvName("prod"), commit=Commit("c1"), targets={API: want}))
    pool = Pool()
    for address, release in written.releases.items():
        pool.add(address, CODEC.read_content(CODEC.write_content(release)))
    assert CODEC.read(Desired, written.text, pool).targets[API].gates == want.gates
