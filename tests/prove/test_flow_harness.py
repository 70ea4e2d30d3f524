"""The proof of the release flow is itself tried: with a rule taken away, the test that is named for it fails."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings

from controller.gates import approval, hours, window, words
from controller.gates.approval import Approval
from controller.gates.promoted import Promoted
from controller.gates.window import Window
from controller.model.gate import Open
from controller.model.story import ORIGIN
from controller.plan import moves, moves_back, narrate, see
from controller.plan.look import Look
from controller.probes import ledger
from controller.probes.ledger import Ledger
from controller.stores import memory
from controller.stores.chain import Broken
from tests.gates.test_window_seasons import test_it_is_open_in_just_the_minutes_that_its_rules_name as seasonal
from tests.properties import promotion, test_approvals, test_promotion, test_windows
from tests.properties.wall import SEASONS, WINDOWS

LIVES = 600
AUTUMN = 4
ELEVEN = test_promotion.test_invariant_11_prod_runs_only_images_that_were_good_in_stage_for_the_soak
TWELVE = test_approvals.test_invariant_12_each_yes_counts_once_from_who_may_for_its_content_and_in_time
THIRTY = test_promotion.test_invariant_30_the_chain_fits_without_a_gap_and_each_call_has_just_one_row
STARTS = test_windows.test_invariant_31_nothing_new_starts_outside_its_window_whatever_clocks_do
BACK = test_windows.test_invariant_31_whatever_gates_are_shut_what_fails_goes_back


def no_gate(patch):
    patch.setattr(Promoted, "judge", lambda self, candidate, answers, now: Open())


def no_soak(patch):
    patch.setattr(Promoted, "_weighed", lambda self, candidate, proofs, question, now: Open())


def tags_for_digests(patch):
    real = Promoted._question

    def first_built(self, candidate):
        """Ask for what its version was when it was built first."""
        other = promotion.built(candidate.version, 0)
        return real(self, replace(candidate, manifest=other.manifest))

    patch.setattr(Promoted, "_question", first_built)


def no_voiding(patch):
    bars, proven = moves_back.quarantined, Ledger._proven

    def kept(look, memory, *why):
        return replace(bars(look, memory, *why), goods=memory.goods)

    def forgiving(self, question):
        record = self._store.load(question.env)
        targets = {name: replace(one, quarantine={}) for name, one in record.targets.items()}
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(self._store, "load", lambda env: replace(record, targets=targets))
            return proven(self, question)

    patch.setattr(moves_back, "quarantined", kept)
    patch.setattr(Ledger, "_proven", forgiving)


def no_pauses(patch):
    patch.setattr(ledger, "_stopped", lambda orders, target: ())


def no_breaks(patch):
    patch.setattr(ledger, "_breaks", lambda rows, since: ())


def no_leaving(patch):
    patch.setattr(ledger, "_is_left", lambda memory, current: False)


def no_use(patch):
    patch.setattr(moves, "use_up", lambda memory, look: memory)


def anybody(patch):
    patch.setattr(words, "outside", lambda by, then, groups, people: "")


def any_content(patch):
    patch.setattr(
        approval,
        "wrong",
        lambda word, candidate, groups, people: words.outside(word.by, word.groups, groups, people),
    )


def no_end(patch):
    patch.setattr(approval, "stale", lambda word, used, expires, now: "used" if word.number in used else "")


def no_four_eyes(patch):
    patch.setattr(Approval, "_barred", lambda self, authors, requesters: {})


def no_row(patch):
    real = narrate._decision

    def decision(*given):
        return (row for row in real(*given) if row.event is not narrate.Event.INTENT)

    patch.setattr(narrate, "_decision", decision)


def two_rows(patch):
    real = narrate._decision
    patch.setattr(narrate, "_decision", lambda *given: (row for row in real(*given) for _ in range(2)))


def no_chain(patch):
    real = memory.linked
    patch.setattr(memory, "linked", lambda head, rows: real(replace(head, chain=ORIGIN), rows))


def a_gap(patch):
    real = memory.linked
    patch.setattr(memory, "linked", lambda head, rows: real(replace(head, number=head.number + 1), rows))


def always_open(patch):
    patch.setattr(Window, "at", lambda self, now: Open())


def no_zone(patch):
    patch.setattr(window, "read_zone", lambda name: ZoneInfo("UTC"))


def no_fold(patch):
    real = hours._instant
    patch.setattr(hours, "_instant", lambda day, at, zone, last: real(day, at, zone, last=not last))


def no_fit(patch):
    patch.setattr(Window, "_fits", Window._is_open)


def another_moment(patch):
    real = see.gated
    patch.setattr(
        see,
        "gated",
        lambda wish, candidate, seen, record, now: real(wish, candidate, seen, record, now + test_windows.LATER),
    )


def gated_back(patch):
    real = Look.ways.fget
    patch.setattr(Look, "ways", property(lambda self: () if self.gates else real(self)))


RULES = {
    "the promoted gate": (no_gate, ELEVEN, "11:"),
    "its soak": (no_soak, ELEVEN, "11:"),
    "digests, not tags": (tags_for_digests, ELEVEN, "11:"),
    "going back voids a proof": (no_voiding, ELEVEN, "11:"),
    "pauses stop the soak": (no_pauses, ELEVEN, "11:"),
    "what ran in between breaks it": (no_breaks, ELEVEN, "11:"),
    "what runs now ends it": (no_leaving, ELEVEN, "11:"),
    "an approval is used up": (no_use, TWELVE, "12:"),
    "who may approve": (anybody, TWELVE, "12:"),
    "for which content": (any_content, TWELVE, "12:"),
    "for how long": (no_end, TWELVE, "12:"),
    "four eyes": (no_four_eyes, TWELVE, "12:"),
    "a row for each call": (no_row, THIRTY, "30:"),
    "one row for each call": (two_rows, THIRTY, "30:"),
    "the chain": (no_chain, THIRTY, "does not follow"),
    "no gap": (a_gap, THIRTY, "was expected after"),
    "the window": (always_open, STARTS, "31:"),
    "its zone": (no_zone, STARTS, "31:"),
    "what has to fit": (no_fit, STARTS, "31:"),
    "one moment": (another_moment, STARTS, "31:"),
    "back without gates": (gated_back, BACK, "31:"),
}
QUICK = {"the promoted gate", "a row for each call", "the window", "back without gates"}


FIRST, NEXT, LAST = promotion.VERSIONS
WAIT, BY_HAND = ("wait",), ("by hand", LAST)
# Lives that chance would be long to come upon: each passes with the rule, and fails without it.
KNOWN = {
    "an approval is used up": {
        "steps": [
            (("say", "anna", True), 0, 1),
            (("say", "bob", True), 2, 3),
            (("fails",), 12, 3),
            (("retry",), 2, 3),
        ]
    },
    "digests, not tags": {
        "life": [(("prod", FIRST), 7, 5), (("build", NEXT), 1, 1), (("prod", NEXT), 2, 5)],
    },
    "pauses stop the soak": {"life": [(WAIT, 2, 5), (("pause", False, 30), 4, 3)]},
    "going back voids a proof": {
        "life": [(("prod", FIRST), 7, 5), (("back",), 4, 5), (("stage", LAST), 1, 5), (("prod", NEXT), 2, 5)],
    },
    "what ran in between breaks it": {
        "life": [
            (("both", NEXT), 1, 1),
            (("both", FIRST), 1, 5),
            (("both", NEXT), 1, 1),
            (("by hand", FIRST), 1, 5),
            (("by hand", NEXT), 1, 1),
        ],
    },
    "what runs now ends it": {"life": [(WAIT, 2, 5), *[(BY_HAND, 1, 5)] * 5]},
}
LIVED = {
    ELEVEN: {"life": promotion.steps},
    TWELVE: {"steps": test_approvals.steps},
    THIRTY: {"life": promotion.steps},
    STARTS: test_windows.STARTING,
    BACK: test_windows.FAILING,
}


CHANCE = [name for name in RULES if name not in KNOWN]


@pytest.mark.parametrize("name", KNOWN)
def test_without_the_rule_its_test_fails_in_a_life_that_is_known(name, monkeypatch):
    take_away, test, said = RULES[name]
    test.hypothesis.inner_test(**KNOWN[name])
    take_away(monkeypatch)
    with pytest.raises(AssertionError, match=said):
        test.hypothesis.inner_test(**KNOWN[name])


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.prove) for name in CHANCE]
)
def test_without_the_rule_its_test_fails(name, monkeypatch):
    take_away, test, said = RULES[name]
    take_away(monkeypatch)
    once = settings(
        max_examples=LIVES, phases=[Phase.generate], database=None, derandomize=True, report_multiple_bugs=False
    )
    with pytest.raises((AssertionError, Broken), match=said):
        once(given(**LIVED[test])(test.hypothesis.inner_test))()


def test_without_the_rule_of_hours_that_are_there_twice_its_test_fails(monkeypatch):
    no_fold(monkeypatch)
    twice = next(one for one in SEASONS if one.zone == "Australia/Lord_Howe" and one.day.month == AUTUMN)
    with pytest.raises(AssertionError):
        seasonal(twice, WINDOWS[0])
