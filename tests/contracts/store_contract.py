"""What every store promises, whatever keeps its items; each test class of a store inherits these."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from controller.errors import Conflict, PlatformError, Refusal
from controller.model.desired import Accepted
from controller.model.names import Commit, EnvName
from controller.model.orders import Orders
from controller.model.record import Memory, Owner, Record
from controller.ports import Lease
from controller.stores.backend import Key, Write
from controller.stores.chain import fitting
from controller.stores.codec import SCHEMA, Codec, Tables
from controller.stores.keys import SCHEMA_KEY, Schema, memory_key
from controller.stores.records import READ_AT_ONCE, Records
from tests.contracts import made
from tests.contracts.claims_contract import ClaimsContract
from tests.contracts.made import API, CODEC, PROD, STAGE, WEB
from tests.contracts.outbox_contract import OutboxContract
from tests.contracts.protocol_contract import ProtocolContract


class StoreContract(ClaimsContract, OutboxContract, ProtocolContract):
    """All of it: memory, orders, claims, leases, journal, status views, and what cannot be read."""

    # ---- memory

    def test_a_new_store_remembers_nothing(self, store):
        record = store.load(PROD)
        assert (record.targets, record.claims, record.accepted, record.orders) == ({}, {}, None, Orders())
        assert store.environments() == frozenset()
        assert store.journal() == ()
        assert store.shown() == ()

    def test_what_is_saved_is_loaded_by_everybody_exactly(self, store, other):
        memory = made.rolling(made.a_memory("api-service", "v1.1.0", "v1.0.0"), "v1.2.0")
        head = {
            "accepted": Accepted(commit=Commit("b" * 40), broken={"specs/prod/api.yaml": Commit("c" * 40)}),
            "heard_accept": 3,
            "rollbacks": (made.NOW,),
        }
        before = store.load(PROD)
        saved = store.save(before, replace(made.having(before, api=memory), **head), PROD)
        for record in (saved, store.load(PROD), other.load(PROD)):
            assert made.exactly(record.targets[API]) == made.exactly(memory)
            assert {name: getattr(record, name) for name in head} == head
            assert record.claims == {memory.place.claim: Owner(env=PROD, target=API)}
        assert store.environments() == other.environments() == {PROD}

    def test_a_new_name_of_the_same_release_is_saved_too(self, store, other):
        record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        memory = record.targets[API]
        renamed = replace(memory.current.release, version="v9.9.9", commit=None)
        again = replace(memory, current=replace(memory.current, release=renamed))
        assert again == memory
        store.save(record, made.having(record, api=again), PROD)
        assert other.load(PROD).targets[API].current.release.version == "v9.9.9"
        assert other.load(PROD).targets[API].goods[0].release.version == "v1.0.0"

    def test_one_content_may_have_several_shapes(self, store, other):
        shapes = [made.a_release(shape='{"sidecar": "a"}'), made.a_release(shape='{"sidecar": "b"}')]
        assert shapes[0] == shapes[1]
        goods = tuple(replace(made.kept("v1.0.0"), release=release) for release in shapes)
        store.save(store.load(PROD), made.having(Record(), api=replace(made.a_memory(), goods=goods)), PROD)
        assert [good.release.shape for good in other.load(PROD).targets[API].goods] == [r.shape for r in shapes]

    def test_what_did_not_change_stays_the_very_same_object(self, store):
        first = made.having(store.load(PROD), api=made.a_memory(), web=made.a_memory("web-service"))
        saved = store.save(store.load(PROD), first, PROD)
        assert store.load(PROD) is store.load(PROD)
        assert store.load(PROD).targets[API] is saved.targets[API]
        after = store.save(saved, made.having(saved, api=made.a_memory(watermark=2)), PROD)
        assert after.targets[WEB] is saved.targets[WEB]
        assert after.targets[API] is not saved.targets[API]
        assert store.load(PROD) is after

    def test_what_somebody_else_changed_is_new_and_the_rest_is_the_same_object(self, store, other):
        first = made.having(Record(), api=made.a_memory(), web=made.a_memory("web-service"))
        saved = store.save(store.load(PROD), first, PROD)
        theirs = other.load(PROD)
        other.save(theirs, made.having(theirs, api=made.a_memory(watermark=2)), PROD)
        seen = store.load(PROD)
        assert seen.targets[API].watermark == 2
        assert seen.targets[WEB] is saved.targets[WEB]

    def test_equal_releases_are_one_object(self, store, other):
        memory = made.a_memory("api-service", "v1.1.0", "v1.0.0")
        store.save(store.load(PROD), made.having(Record(), api=memory), PROD)
        for loaded in (store.load(PROD).targets[API], other.load(PROD).targets[API]):
            assert loaded.current.release is loaded.goods[0].release

    def test_saving_what_is_already_so_writes_nothing_and_gives_the_same_record(self, store, other):
        saved = store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        seen = other.load(PROD)
        same = replace(saved.targets[API])
        assert store.save(saved, saved, PROD) is saved
        assert store.save(saved, made.having(saved, api=same), PROD) is saved
        assert other.load(PROD) is seen

    def test_a_target_without_a_place_is_not_kept(self, store, other):
        saved = store.save(store.load(PROD), made.having(Record(), api=made.a_memory(), web=Memory()), PROD)
        assert set(saved.targets) == set(other.load(PROD).targets) == {API}

    def test_a_target_that_is_kept_cannot_lose_its_place(self, store):
        saved = store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        with pytest.raises(ValueError, match="without a place"):
            store.save(saved, made.having(saved, api=Memory()), PROD)

    def test_the_version_changes_whenever_anything_does(self, store, other):
        seen = [store.load(PROD).version]
        saved = store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        seen.append(saved.version)
        store.order(PROD, made.pause, made.an_entry())
        seen.append(store.load(PROD).version)
        theirs = other.load(STAGE)
        other.save(theirs, made.having(theirs, web=made.a_memory("web-service")), STAGE)
        seen.append(store.load(PROD).version)
        assert len(set(seen)) == 4
        assert len(store.load(PROD).claims) == 2

    # ---- compare and swap

    def test_the_second_to_save_over_the_same_record_is_refused_and_then_sees_the_first(self, store, other):
        store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        mine, theirs = store.load(PROD), other.load(PROD)
        other.save(theirs, made.having(theirs, api=made.a_memory(watermark=7)), PROD)
        with pytest.raises(Conflict):
            store.save(mine, made.having(mine, api=made.a_memory(watermark=8)), PROD, [made.an_entry("lost")])
        assert store.load(PROD).targets[API].watermark == 7
        assert store.journal() == ()
        again = store.load(PROD)
        assert (
            store.save(again, made.having(again, api=made.a_memory(watermark=9)), PROD).targets[API].watermark == 9
        )

    def test_a_refused_save_writes_none_of_its_items(self, store, other):
        first = made.having(Record(), api=made.a_memory(), web=made.a_memory("web-service"))
        mine = store.save(store.load(PROD), first, PROD)
        theirs = other.load(PROD)
        other.save(theirs, made.having(theirs, web=made.a_memory("web-service", watermark=7)), PROD)
        both = made.having(
            mine,
            api=made.a_memory(watermark=8),
            web=made.a_memory("web-service", watermark=8),
            new=made.a_memory("n"),
        )
        with pytest.raises(Conflict):
            store.save(mine, replace(both, heard_accept=5), PROD)
        now = store.load(PROD)
        assert {name: memory.watermark for name, memory in now.targets.items()} == {API: 1, WEB: 7}
        assert now.heard_accept == 0
        assert made.a_place("n").claim not in now.claims

    def test_two_who_begin_with_an_empty_store_do_not_overwrite_each_other(self, store, other):
        mine, theirs = store.load(PROD), other.load(PROD)
        other.save(theirs, made.having(theirs, api=made.a_memory()), PROD)
        with pytest.raises(Conflict):
            store.save(mine, made.having(mine, web=made.a_memory("web-service")), PROD)

    def test_a_record_that_was_made_up_is_not_saved_over_a_real_one(self, store):
        store.save(Record(), made.having(Record(), api=made.a_memory()), PROD)
        with pytest.raises(Conflict):
            store.save(Record(), made.having(Record(), web=made.a_memory("web-service")), PROD)

    def test_an_intent_is_refused_after_somebody_paused_and_the_pause_is_seen(self, store, other):
        record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        other.order(PROD, made.pause, made.an_entry("paused"))
        with pytest.raises(Conflict):
            store.save(record, made.having(record, api=made.rolling(record.targets[API], "v2.0.0")), PROD)
        now = store.load(PROD)
        assert now.orders.pause is not None
        assert now.targets[API].rollout is None

    def test_the_first_order_of_all_refuses_an_intent_too(self, store, other):
        record = store.load(PROD)
        other.order(PROD, made.pause, made.an_entry())
        with pytest.raises(Conflict):
            store.save(record, made.having(record, api=made.a_memory()), PROD)

    def test_an_order_for_another_environment_refuses_nothing(self, store, other):
        record = store.load(PROD)
        other.order(STAGE, made.pause, made.an_entry(env=STAGE))
        assert set(store.save(record, made.having(record, api=made.a_memory()), PROD).targets) == {API}

    def test_a_new_claim_in_another_environment_refuses_nothing(self, store, other):
        mine, theirs = store.load(PROD), other.load(STAGE)
        other.save(theirs, made.having(theirs, web=made.a_memory("web-service")), STAGE)
        saved = store.save(mine, made.having(mine, api=made.a_memory()), PROD)
        assert set(store.load(PROD).claims.values()) == {Owner(env=PROD, target=API), Owner(env=STAGE, target=WEB)}
        assert (
            store.save(saved, made.having(saved, api=made.a_memory(watermark=2)), PROD).targets[API].watermark == 2
        )

    # ---- orders

    def test_orders_survive_every_save_untouched(self, store, other):
        other.order(PROD, made.pause, made.an_entry())
        ordered = other.order(PROD, made.pin("v1.4.0"), made.an_entry())
        record = store.load(PROD)
        assert record.orders == ordered
        tampered = replace(made.having(record, api=made.a_memory()), orders=Orders())
        assert store.save(record, tampered, PROD).orders == ordered
        assert other.orders(PROD) == store.orders(PROD) == ordered
        pinned = store.load(PROD).orders.targets[API].pin.release
        assert (pinned.version, pinned.shape) == ("v1.4.0", made.a_release("v1.4.0").shape)

    def test_an_order_does_not_make_an_environment_remembered(self, store):
        store.order(PROD, made.pause, made.an_entry())
        assert store.environments() == frozenset()
        assert store.load(PROD).orders.pause is not None

    def test_an_order_that_is_taken_back_leaves_no_trace_but_the_journal(self, store, other):
        store.order(PROD, made.pin("v1.4.0"), made.an_entry("pinned"))
        assert store.order(PROD, lambda _orders, _number: Orders(), made.an_entry("unpinned")) == Orders()
        assert other.load(PROD).orders == Orders()
        assert [entry.text for entry in other.journal()] == ["pinned", "unpinned"]

    def test_numbers_grow_over_all_environments_and_no_two_orders_have_one(self, opened):
        stores, numbers = [opened() for _ in range(4)], []

        def ask(at: int) -> None:
            def change(orders: Orders, number: int) -> Orders:
                taken[:] = [number]
                return made.pause(orders, number)

            taken: list[int] = []
            stores[at % 4].order(EnvName(f"env-{at % 3}"), change, made.an_entry())
            numbers.append(taken[0])

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, range(40)))
        assert sorted(numbers) == list(range(1, 41))
        assert [entry.number for entry in stores[0].journal()] == list(range(1, 41))

    def test_an_order_that_is_refused_writes_nothing(self, store):
        def refuse(orders: Orders, number: int) -> Orders:
            raise Refusal("there is nothing to go back to")

        with pytest.raises(Refusal):
            store.order(PROD, refuse, made.an_entry())
        assert store.journal() == ()

    # ---- leases

    def test_a_lease_is_taken_by_one(self, store, other):
        assert store.lease(PROD) is None
        first = Lease(owner="a", epoch=1, stamp="a1", seconds=30.0)
        assert store.hold(PROD, first, None)
        assert not other.hold(PROD, Lease(owner="b", epoch=1, stamp="b1", seconds=30.0), None)
        assert store.lease(PROD) == other.lease(PROD) == first
        assert other.lease(STAGE) is None

    def test_a_lease_is_renewed_and_taken_over_only_from_the_stamp_that_was_seen(self, store, other):
        first, second = (Lease(owner="a", epoch=1, stamp=f"a{n}", seconds=30.0) for n in (1, 2))
        third = Lease(owner="b", epoch=2, stamp="b1", seconds=30.0)
        assert store.hold(PROD, first, None)
        assert store.hold(PROD, second, first)
        assert not other.hold(PROD, third, first)
        assert other.hold(PROD, third, second)
        assert not store.hold(PROD, replace(second, stamp="a3"), second)
        assert store.lease(PROD) == third

    def test_of_many_who_take_a_lease_at_once_one_has_it(self, opened):
        stores = [opened() for _ in range(6)]
        gate = threading.Barrier(6)

        def take(at: int) -> bool:
            gate.wait()
            return stores[at].hold(PROD, Lease(owner=f"{at}", epoch=1, stamp=f"{at}", seconds=30.0), None)

        with ThreadPoolExecutor(6) as pool:
            won = list(pool.map(take, range(6)))
        assert won.count(True) == 1
        assert stores[0].lease(PROD).owner == str(won.index(True))

    def test_who_held_the_lease_and_lost_it_cannot_save(self, store, other):
        first, second = (Lease(owner=o, epoch=e, stamp=o, seconds=30.0) for o, e in (("a", 1), ("b", 2)))
        store.hold(PROD, first, None)
        record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        other.hold(PROD, second, first)
        with pytest.raises(Conflict):
            store.save(record, made.having(record, api=made.a_memory(watermark=2)), PROD)
        assert not store.hold(PROD, replace(first, stamp="a2"), first)
        with pytest.raises(Conflict):
            store.save(store.load(PROD), made.having(record, api=made.a_memory(watermark=2)), PROD)
        theirs = other.load(PROD)
        assert (
            other.save(theirs, made.having(theirs, api=made.a_memory(watermark=3)), PROD).targets[API].watermark
            == 3
        )
        elsewhere = store.load(STAGE)
        store.save(elsewhere, made.having(elsewhere, web=made.a_memory("web-service")), STAGE)

    def test_renewing_a_lease_disturbs_no_save(self, store):
        lease = Lease(owner="a", epoch=1, stamp="0", seconds=30.0)
        store.hold(PROD, lease, None)
        record = store.load(PROD)
        for beat in range(1, 4):
            renewed = replace(lease, stamp=str(beat))
            assert store.hold(PROD, renewed, lease)
            lease = renewed
            record = store.save(record, made.having(record, api=made.a_memory(watermark=beat)), PROD)
        assert store.load(PROD) is record

    def test_a_lease_that_was_given_up_is_nobodys_and_its_epoch_is_not_lost(self, store, other):
        lease = Lease(owner="a", epoch=4, stamp="a1", seconds=30.0)
        store.hold(PROD, lease, None)
        store.release(PROD, lease)
        left = other.lease(PROD)
        assert (left.owner, left.epoch, left.seconds) == ("", 4, 0.0)
        assert left.stamp != lease.stamp
        assert other.hold(PROD, Lease(owner="b", epoch=5, stamp="b1", seconds=30.0), left)
        store.release(PROD, lease)
        assert other.lease(PROD).owner == "b"

    def test_who_gave_a_lease_up_saves_until_another_has_it(self, store, other):
        lease = Lease(owner="a", epoch=1, stamp="a1", seconds=30.0)
        store.hold(PROD, lease, None)
        store.release(PROD, lease)
        record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        other.hold(PROD, Lease(owner="b", epoch=2, stamp="b1", seconds=30.0), other.lease(PROD))
        with pytest.raises(Conflict):
            store.save(record, made.having(record, api=made.a_memory(watermark=2)), PROD)

    def test_a_store_object_that_never_took_the_lease_may_save(self, store, other):
        store.hold(PROD, Lease(owner="a", epoch=1, stamp="a1", seconds=30.0), None)
        theirs = other.load(PROD)
        assert set(other.save(theirs, made.having(theirs, api=made.a_memory()), PROD).targets) == {API}

    # ---- journal

    def test_the_journal_counts_from_one_without_gaps_in_the_order_of_writing(self, store, other):
        record = store.load(PROD)
        record = store.save(
            record, made.having(record, api=made.a_memory()), PROD, [made.an_entry(t) for t in "ab"]
        )
        other.order(STAGE, made.pause, made.an_entry("c", env=STAGE, target=None))
        assert store.save(record, record, PROD, [made.an_entry("d", target=WEB)]) is record
        rows = other.journal()
        assert [(row.number, row.text) for row in rows] == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
        assert replace(rows[0], number=0) == made.an_entry("a")

    def test_the_journal_is_read_by_environment_and_target_forward_and_from_its_end(self, store):
        for at in range(1, 13):
            env, target = (PROD, STAGE)[at % 2], (API, WEB, None)[at % 3]
            record = store.load(env)
            store.save(record, record, env, [made.an_entry(str(at), env=env, target=target)])

        def texts(**wanted) -> list[int]:
            return [int(row.text) for row in store.journal(**wanted)]

        assert texts() == list(range(1, 13))
        assert texts(limit=3) == [10, 11, 12]
        assert texts(after=4, limit=3) == [5, 6, 7]
        assert texts(after=12) == []
        assert texts(env=PROD) == [2, 4, 6, 8, 10, 12]
        assert texts(env=PROD, limit=2) == [10, 12]
        assert texts(env=PROD, target=API) == [6, 12]
        assert texts(target=WEB, after=1) == [4, 7, 10]
        assert texts(env=EnvName("dev")) == []
        assert texts(limit=0) == texts(limit=-1) == []

    # ---- the chain over the journal

    def test_every_row_whoever_wrote_it_is_a_link_of_one_chain(self, store, other):
        assert list(store.links()) == []
        record = store.load(PROD)
        record = store.save(record, made.having(record, api=made.a_memory()), PROD, list(map(made.an_entry, "ab")))
        other.order(STAGE, made.pause, made.an_entry("c", env=STAGE, target=None))
        store.save(record, record, PROD, [made.an_entry("d")])
        links = list(other.links())
        assert [link.number for link in links] == [1, 2, 3, 4]
        assert list(fitting(links)) == links == list(store.links())
        assert [json.loads(link.text)["row"]["value"]["text"] for link in links] == ["a", "b", "c", "d"]
        assert list(store.links(after=2)) == links[2:]
        assert list(store.links(after=4)) == []

    def test_what_is_refused_leaves_the_chain_as_it_was(self, store, other):
        store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD, [made.an_entry("a")])
        mine, theirs = store.load(PROD), other.load(PROD)
        other.save(theirs, made.having(theirs, api=made.a_memory(watermark=7)), PROD, [made.an_entry("b")])
        with pytest.raises(Conflict):
            store.save(mine, made.having(mine, api=made.a_memory(watermark=8)), PROD, [made.an_entry("lost")])
        assert [link.number for link in fitting(store.links())] == [1, 2]

    def test_a_long_chain_is_read_whole(self, store):
        record = store.load(PROD)
        store.save(record, record, PROD, [made.an_entry(str(at)) for at in range(2 * READ_AT_ONCE + 1)])
        assert sum(1 for _ in fitting(store.links())) == 2 * READ_AT_ONCE + 1

    # ---- status views

    def test_the_newest_status_of_each_target_is_shown_in_order(self, store, other):
        store.show([made.a_status(target=WEB), made.a_status(STAGE), made.a_status()])
        store.show([made.a_status(reason="rolling")])
        assert [(s.env, s.target, s.reason) for s in other.shown()] == [
            (PROD, API, "rolling"),
            (PROD, WEB, "at rest"),
            (STAGE, API, "at rest"),
        ]

    def test_the_newest_status_wins_whoever_showed_it(self, store, other):
        store.show([made.a_status(reason="one")])
        other.show([made.a_status(reason="two")])
        store.show([made.a_status(reason="one")])
        assert [status.reason for status in other.shown()] == ["one"]

    def test_showing_changes_nothing_that_is_remembered(self, store, other):
        record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        other.show([made.a_status(target=name) for name in (API, WEB)])
        assert store.load(PROD) is record
        store.save(record, made.having(record, api=made.a_memory(watermark=2)), PROD)

    def test_statuses_of_targets_that_are_not_known_any_more_are_taken_away(self, store, other):
        store.show([made.a_status(env, name) for env in (PROD, STAGE) for name in (API, WEB)])
        store.withdraw(PROD, {API})
        assert [(s.env, s.target) for s in other.shown()] == [(PROD, API), (STAGE, API), (STAGE, WEB)]
        store.withdraw(PROD, {API})
        store.show([made.a_status(PROD, WEB)])
        assert [(s.env, s.target) for s in other.shown()][:2] == [(PROD, API), (PROD, WEB)]

    def test_many_statuses_are_shown(self, store, other):
        many = [made.a_status(target=f"t{at:03}") for at in range(250)]
        store.show(many)
        assert list(other.shown()) == many

    # ---- many at once

    def test_many_threads_on_their_own_environments_get_along(self, store, other):
        def live(at: int) -> None:
            mine, env = (store, other)[at % 2], EnvName(f"env-{at}")
            for turn in range(1, 6):
                record = mine.load(env)
                memory = made.a_memory(f"service-{at}", "v1.0.0", f"v1.{turn}.0", watermark=turn)
                mine.save(record, made.having(record, api=memory), env, [made.an_entry(f"{at}", env=env)])
                mine.show([made.a_status(env, reason=str(turn))])

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(live, range(12)))
        for at in range(12):
            record = store.load(EnvName(f"env-{at}"))
            assert record.targets[API].watermark == 5
            assert made.exactly(record.targets[API]) == made.exactly(other.load(EnvName(f"env-{at}")).targets[API])
            assert len(record.claims) == 12
        assert [row.number for row in store.journal()] == list(range(1, 61))

    def test_of_many_threads_on_one_environment_each_change_is_made_once(self, opened):
        stores = [opened() for _ in range(3)]
        stores[0].save(Record(), made.having(Record(), api=made.a_memory(watermark=0)), PROD)

        def count(at: int) -> None:
            while True:
                record = stores[at % 3].load(PROD)
                memory = replace(record.targets[API], watermark=record.targets[API].watermark + 1)
                try:
                    stores[at % 3].save(record, made.having(record, api=memory), PROD)
                except Conflict:
                    continue
                return

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(count, range(18)))
        assert {store.load(PROD).targets[API].watermark for store in stores} == {18}

    # ---- what is kept is kept small

    def test_nothing_is_left_of_releases_that_nothing_refers_to(self, store, other, raw):
        record = store.load(PROD)
        for turn in range(12):
            versions = [f"v1.{max(0, turn - at)}.0" for at in range(3)]
            record = store.save(record, made.having(record, api=made.a_memory("api-service", *versions)), PROD)
        assert len(raw.etags("release/prod")) == 3
        other.order(PROD, made.pin("v3.0.0"), made.an_entry())
        other.order(PROD, made.pin("v4.0.0"), made.an_entry())
        assert len(raw.etags("release/prod")) == 4
        record = store.load(PROD)
        store.save(record, made.without(record, API), PROD)
        assert len(raw.etags("release/prod")) == 1

    def test_a_memory_is_saved_without_writing_its_releases_again(self, store, raw):
        record = store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        before = raw.etags("release/prod")
        store.save(record, made.having(record, api=made.a_memory(watermark=2)), PROD)
        assert raw.etags("release/prod") == before

    def test_what_moved_to_another_environment_leaves_nothing_behind(self, store, other, raw):
        store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        other.order(STAGE, made.move(PROD, API, API), made.an_entry(env=STAGE))
        record = store.load(STAGE)
        store.save(record, record, STAGE)
        assert list(raw.etags("record/prod")) == ["environment"]
        assert raw.etags("release/prod") == {}
        assert len(raw.etags("release/stage")) == 1

    # ---- what cannot be read

    def test_a_store_that_a_newer_version_wrote_is_refused(self, opened, raw):
        opened()
        raw.commit([Write(key=SCHEMA_KEY, body=CODEC.write(Schema(schema=SCHEMA + 1)).text)])
        with pytest.raises(Refusal, match="newer trueup"):
            opened()

    def test_a_gate_that_this_version_does_not_have_stops_its_environment_and_no_other(self, attach, store):
        memory = made.rolling(made.a_memory(), "v2.0.0")
        store.save(store.load(PROD), made.having(Record(), api=memory), PROD)
        store.save(store.load(STAGE), made.having(Record(), web=made.a_memory("web-service")), STAGE)
        older = Records(attach(), Codec(Tables()))
        with pytest.raises(Refusal, match=r"record/prod: target/.*no gate of kind 'lamp'"):
            older.load(PROD)
        assert set(older.load(STAGE).targets) == {WEB}
        older.close()

    @pytest.mark.parametrize(("body", "error"), [("{", PlatformError), ("[]", PlatformError), ("{}", Refusal)])
    def test_an_item_that_is_damaged_is_named(self, opened, raw, body, error):
        store = opened()
        store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        raw.commit([Write(key=memory_key(PROD, made.a_place().claim), body=body)])
        with pytest.raises(error, match="record/prod: target/"):
            opened().load(PROD)

    def test_a_release_that_is_missing_is_not_taken_for_none(self, opened, raw):
        store = opened()
        store.save(store.load(PROD), made.having(Record(), api=made.a_memory()), PROD)
        raw.commit([Write(key=Key("release/prod", name), body=None) for name in raw.etags("release/prod")])
        with pytest.raises(PlatformError, match=r"release/prod: .* is not there"):
            opened().load(PROD)

    def test_orders_whose_release_is_missing_are_not_taken_for_none(self, opened, raw):
        opened().order(PROD, made.pin("v3.0.0"), made.an_entry())
        raw.commit([Write(key=Key("release/prod", name), body=None) for name in raw.etags("release/prod")])
        for ask in (opened().orders, opened().load):
            with pytest.raises(PlatformError, match=r"the orders for prod .* damaged"):
                ask(PROD)
