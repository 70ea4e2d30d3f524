"""What every store promises about who owns a service, and how that passes to another."""

from dataclasses import replace

import pytest

from controller.errors import Conflict
from controller.model.record import Owner, Record
from tests.contracts import made
from tests.contracts.made import API, BACKEND, PROD, STAGE, WEB
from tests.contracts.over_backend import OverBackend


class ClaimsContract(OverBackend):
    """Claims and moves."""

    # ---- claims

    def test_the_second_to_claim_a_service_is_refused(self, store, other):
        store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        theirs = other.load(STAGE)
        with pytest.raises(Conflict, match="belongs to prod/api"):
            other.save(theirs, made.having(theirs, api=made.a_memory()), STAGE)
        assert other.load(STAGE).targets == {}
        assert other.load(STAGE).claims == {made.a_place().claim: Owner(env=PROD, target=API)}

    def test_of_two_who_claim_at_the_same_time_one_is_refused(self, store, other):
        mine, theirs = store.load(PROD), other.load(STAGE)
        other.save(theirs, made.having(theirs, api=made.a_memory()), STAGE)
        with pytest.raises(Conflict):
            store.save(mine, made.having(mine, api=made.a_memory()), PROD)
        assert store.load(PROD).targets == {}

    def test_two_targets_of_one_environment_cannot_claim_one_service(self, store):
        with pytest.raises(Conflict, match="the same service"):
            store.save(store.load(PROD), made.having(Record(), api=made.a_memory(), web=made.a_memory()), PROD)
        assert store.load(PROD).claims == {}

    def test_a_target_that_moves_house_owns_both_houses_and_remembers_in_the_new_one(self, store, other):
        record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory("old", watermark=5)), PROD)
        moved = replace(record.targets[API], place=made.a_place("new"), watermark=6)
        record = store.save(record, made.having(record, api=moved), PROD)
        us = Owner(env=PROD, target=API)
        assert record.claims == {made.a_place("old").claim: us, made.a_place("new").claim: us}
        for seen in (record, other.load(PROD)):
            assert {name: memory.watermark for name, memory in seen.targets.items()} == {API: 6}
        back = replace(record.targets[API], place=made.a_place("old"), watermark=7)
        record = store.save(record, made.having(record, api=back), PROD)
        assert other.load(PROD).targets[API].watermark == 7
        assert other.load(PROD).targets[API].place == made.a_place("old")

    def test_a_house_that_was_left_is_not_free(self, store, other):
        record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory("old")), PROD)
        store.save(record, made.having(record, api=made.a_memory("new")), PROD)
        theirs = other.load(STAGE)
        with pytest.raises(Conflict, match="belongs to prod/api"):
            other.save(theirs, made.having(theirs, api=made.a_memory("old")), STAGE)

    def test_forgetting_frees_every_claim_and_leaves_nothing(self, store, other):
        record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory("old")), PROD)
        record = store.save(
            record, made.having(record, api=made.a_memory("new"), web=made.a_memory("web-service")), PROD
        )
        store.show([made.a_status(), made.a_status(target=WEB)])
        record = store.save(record, made.without(record, API), PROD, [made.an_entry("forgotten")])
        for seen in (record, store.load(PROD), other.load(PROD)):
            assert set(seen.targets) == {WEB}
            assert set(seen.claims) == {made.a_place("web-service").claim}
        assert [status.target for status in other.shown()] == [WEB]
        theirs = other.load(STAGE)
        other.save(theirs, made.having(theirs, api=made.a_memory("old")), STAGE)

    def test_what_was_forgotten_can_begin_anew(self, store, other):
        record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory(watermark=5)), PROD)
        record = store.save(record, made.without(record, API), PROD)
        record = store.save(record, made.having(record, api=made.a_memory(watermark=1)), PROD)
        assert other.load(PROD).targets[API].watermark == 1

    # ---- moves

    def test_a_renamed_target_gets_what_the_old_name_remembers_once_a_person_says_so(self, store, other):
        memory = made.rolling(made.a_memory("api-service", "v1.1.0", "v1.0.0"), "v1.2.0")
        record = store.save(store.load(PROD), made.having(Record(), api=memory), PROD)
        other.order(PROD, made.move(PROD, API, BACKEND), made.an_entry())
        record = store.load(PROD)
        assert set(record.targets) == {BACKEND}
        assert record.claims == {memory.place.claim: Owner(env=PROD, target=BACKEND)}
        assert set(store.save(record, record, PROD).targets) == {BACKEND}
        seen = other.load(PROD)
        assert made.exactly(seen.targets[BACKEND]) == made.exactly(memory)
        assert seen.claims == {memory.place.claim: Owner(env=PROD, target=BACKEND)}

    def test_a_target_can_move_to_another_environment_with_all_it_remembers(self, store, other):
        memory = made.a_memory("api-service", "v1.1.0", "v1.0.0")
        mine = store.save(store.load(PROD), made.having(Record(), api=memory), PROD)
        other.order(STAGE, made.move(PROD, API, BACKEND), made.an_entry(env=STAGE))
        theirs = other.load(STAGE)
        assert made.exactly(theirs.targets[BACKEND]) == made.exactly(memory)
        later = replace(theirs.targets[BACKEND], watermark=9)
        theirs = other.save(theirs, made.having(theirs, backend=later), STAGE)
        assert theirs.claims == {memory.place.claim: Owner(env=STAGE, target=BACKEND)}
        with pytest.raises(Conflict):
            store.save(mine, made.having(mine, api=made.a_memory(watermark=2)), PROD)
        assert store.load(PROD).targets == {}
        assert made.exactly(store.load(STAGE).targets[BACKEND]) == made.exactly(later)

    def test_a_move_that_was_overtaken_by_its_old_owner_is_refused(self, store, other):
        mine = store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        other.order(STAGE, made.move(PROD, API, API), made.an_entry(env=STAGE))
        theirs = other.load(STAGE)
        store.save(mine, made.having(mine, api=made.a_memory(watermark=5)), PROD)
        with pytest.raises(Conflict):
            other.save(theirs, theirs, STAGE)
        assert other.load(STAGE).targets[API].watermark == 5

    def test_only_the_owner_that_the_order_names_is_moved(self, store, other):
        store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        other.order(STAGE, made.move(PROD, WEB, API), made.an_entry(env=STAGE))
        theirs = other.load(STAGE)
        assert theirs.targets == {}
        with pytest.raises(Conflict, match="belongs to prod/api"):
            other.save(theirs, made.having(theirs, api=made.a_memory()), STAGE)

    def test_a_move_counts_once_and_the_newest_order_wins(self, store, other):
        record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        other.order(PROD, made.move(PROD, API, BACKEND), made.an_entry())
        record = store.load(PROD)
        store.save(record, record, PROD)
        other.order(PROD, made.move(PROD, BACKEND, API), made.an_entry())
        record = store.load(PROD)
        assert set(store.save(record, record, PROD).targets) == {API}
        for seen in (store.load(PROD), other.load(PROD)):
            assert set(seen.targets) == {API}
            assert set(seen.claims.values()) == {Owner(env=PROD, target=API)}
        record = store.load(PROD)
        assert store.save(record, record, PROD) is record

    def test_a_target_with_a_memory_of_its_own_takes_the_place_and_keeps_what_it_knows(self, store, other):
        first = made.having(Record(), api=made.a_memory("one"), backend=made.a_memory("two", watermark=4))
        store.save(store.load(PROD), first, PROD)
        other.order(PROD, made.move(PROD, API, BACKEND), made.an_entry())
        record = store.load(PROD)
        assert set(record.targets) == {API, BACKEND}
        there = replace(record.targets[BACKEND], place=made.a_place("one"))
        store.save(record, made.having(made.without(record, API), backend=there), PROD)
        seen = other.load(PROD)
        assert {name: (memory.place.service, memory.watermark) for name, memory in seen.targets.items()} == {
            BACKEND: ("one", 4)
        }

    def test_a_move_that_could_not_be_done_when_it_was_heard_is_never_done_later(self, store, other):
        first = made.having(Record(), api=made.a_memory("one"), web=made.a_memory("two"))
        store.save(store.load(PROD), first, PROD)
        other.order(PROD, made.move(PROD, API, WEB), made.an_entry())
        record = store.load(PROD)
        assert record.orders.targets[WEB].moved is not None
        record = store.save(record, made.having(record, web=made.a_memory("two", watermark=2)), PROD)
        assert other.load(PROD).orders.targets[WEB].moved is None
        record = store.save(record, made.without(record, WEB), PROD)
        for seen in (record, other.load(PROD)):
            assert set(seen.targets) == {API}

    def test_a_move_from_an_owner_that_came_after_the_order_is_not_done(self, store, other):
        other.order(STAGE, made.move(PROD, API, API), made.an_entry(env=STAGE))
        store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        assert other.load(STAGE).targets == {}
        assert set(store.load(PROD).targets) == {API}

    def test_a_preview_of_a_move_changes_nothing(self, store, other):
        saved = store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        other.order(STAGE, made.move(PROD, API, API), made.an_entry(env=STAGE))
        assert set(other.load(STAGE).targets) == {API}
        assert store.load(PROD) is saved

    @pytest.mark.parametrize("elsewhere", ["one", "three"])
    def test_an_old_owner_that_is_saved_in_the_same_turn_gives_way(self, store, other, elsewhere):
        first = made.having(Record(), api=made.a_memory("one"), backend=made.a_memory("two"))
        store.save(store.load(PROD), first, PROD)
        other.order(PROD, made.move(PROD, API, BACKEND), made.an_entry())
        record = store.load(PROD)
        there = replace(record.targets[BACKEND], place=made.a_place("one"), watermark=7)
        old = made.a_memory(elsewhere, watermark=8)
        record = store.save(record, made.having(record, api=old, backend=there), PROD)
        for seen in (record, other.load(PROD)):
            assert seen.claims[made.a_place("one").claim] == Owner(env=PROD, target=BACKEND)
            assert seen.targets[BACKEND].watermark == 7
            assert set(seen.targets) == ({BACKEND} if elsewhere == "one" else {API, BACKEND})

    def test_places_that_the_old_owner_had_left_move_too(self, store, other):
        record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory("old")), PROD)
        store.save(record, made.having(record, api=made.a_memory("new")), PROD)
        other.order(STAGE, made.move(PROD, API, BACKEND), made.an_entry(env=STAGE))
        record = other.load(STAGE)
        other.save(record, record, STAGE)
        us = Owner(env=STAGE, target=BACKEND)
        claims = {made.a_place("old").claim: us, made.a_place("new").claim: us}
        assert store.load(PROD).claims == other.load(STAGE).claims == claims
        assert other.load(STAGE).targets[BACKEND].place == made.a_place("new")
