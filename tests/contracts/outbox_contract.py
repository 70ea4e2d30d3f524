"""What a store promises to those who tell people: nothing told is forgotten, and nobody writes over anybody."""

from dataclasses import replace

import pytest

from controller.errors import Conflict
from controller.model.message import Again, DeadLetter, Delivery, Told, Waiting
from tests.contracts import made
from tests.contracts.made import API, NOW, PROD, STAGE

LETTER = DeadLetter(id="msg_1", row=4, at=NOW, title="prod/api: v1 is good", tries=3, why="Slack says no")
DELIVERY = Delivery(
    cursor=7,
    sent=3,
    failed=2,
    died=1,
    last=NOW,
    tries=1,
    why="no answer",
    dead=(LETTER,),
    threads={"prod/api/3": "1700000000.000100"},
    waiting={"payments": Waiting(row=6, at=NOW)},
    digested={"payments": NOW},
    heard=2,
)
TOLD = Told(targets={API: ("approval:abc", "held:")})


class OutboxContract:
    """How far notifiers have come, what was told to be needed, and orders to send again."""

    def test_nothing_is_known_of_telling_at_first(self, store):
        assert store.deliveries() == {}
        assert (store.told(PROD), store.again("slack")) == (Told(), Again())

    def test_how_far_a_notifier_has_come_is_known_to_everybody(self, store, other):
        store.deliver("slack", None, Delivery(cursor=0))
        store.deliver("mail", None, Delivery(cursor=5))
        store.deliver("slack", Delivery(cursor=0), DELIVERY)
        assert other.deliveries() == {"mail": Delivery(cursor=5), "slack": DELIVERY}
        other.deliver("slack", DELIVERY, replace(DELIVERY, cursor=8))
        assert store.deliveries()["slack"].cursor == 8

    @pytest.mark.parametrize("before", [None, Delivery(cursor=1), replace(DELIVERY, heard=3)])
    def test_a_delivery_that_somebody_else_moved_on_is_not_written_over(self, store, other, before):
        store.deliver("slack", None, DELIVERY)
        with pytest.raises(Conflict):
            other.deliver("slack", before, Delivery(cursor=9))
        assert store.deliveries() == {"slack": DELIVERY}

    def test_a_notifier_that_nobody_has_is_not_moved_on(self, store):
        with pytest.raises(Conflict):
            store.deliver("slack", DELIVERY, replace(DELIVERY, cursor=8))
        assert store.deliveries() == {}

    def test_a_notifier_is_forgotten(self, store, other):
        store.deliver("slack", None, DELIVERY)
        other.deliver("slack", DELIVERY, None)
        assert store.deliveries() == {}

    def test_each_order_to_send_again_has_a_number_of_its_own(self, store, other):
        assert store.send_again("slack", ()) == Again(number=1)
        assert other.send_again("slack", ("msg_1",)) == Again(number=2, ids=("msg_1",))
        assert (store.again("slack").number, store.again("mail").number) == (2, 0)

    def test_what_is_told_and_its_rows_are_written_together_or_not_at_all(self, store, other):
        store.tell(PROD, Told(), TOLD, [made.an_entry("a person is needed")])
        assert other.told(PROD) == TOLD
        assert other.told(STAGE) == Told()
        assert [row.text for row in store.journal()] == ["a person is needed"]
        with pytest.raises(Conflict):
            other.tell(PROD, Told(), Told(targets={API: ("again:",)}), [made.an_entry("told twice")])
        assert [row.text for row in store.journal()] == ["a person is needed"]
        other.tell(PROD, TOLD, Told())
        assert store.told(PROD) == Told()
        store.tell(PROD, Told(), TOLD)
        assert other.told(PROD) == TOLD

    def test_telling_disturbs_no_turn(self, store, other):
        record = store.save(store.load(PROD), made.having(store.load(PROD), api=made.a_memory()), PROD)
        other.tell(PROD, Told(), TOLD, [made.an_entry()])
        other.deliver("slack", None, DELIVERY)
        store.save(record, made.having(record, api=made.a_memory(watermark=2)), PROD, [made.an_entry()])
        assert other.load(PROD).targets[API].watermark == 2
        assert store.environments() == {PROD}
