"""How much is asked of the backend: what is at rest costs next to nothing, whatever is remembered."""

from dataclasses import replace

import pytest

from controller.model.record import Record
from controller.stores.memory import MemoryBackend
from controller.stores.records import Records
from tests.contracts import made
from tests.contracts.made import CODEC, PROD, STAGE

MANY = 300


class Counted:
    """A backend that writes down what it is asked."""

    def __init__(self, backend):
        self._backend, self.asked = backend, []

    def __getattr__(self, name):
        def ask(*args, **kwargs):
            self.asked.append((name, *args))
            return getattr(self._backend, name)(*args, **kwargs)

        return ask

    def since_then(self):
        asked, self.asked = self.asked, []
        return asked


@pytest.fixture
def counted():
    return Counted(MemoryBackend())


@pytest.fixture
def store(counted):
    store = Records(counted, CODEC)
    targets = {f"t{at:03}": made.a_memory(f"service-{at}", "v1.1.0", "v1.0.0") for at in range(MANY)}
    store.save(store.load(PROD), made.having(Record(), **targets), PROD)
    counted.since_then()
    return store


def test_loading_what_has_not_changed_asks_once_for_three_revisions(store, counted):
    store.load(PROD)
    assert counted.since_then() == [("revisions", ("claims", "record/prod", "orders/prod"))]


def test_a_turn_that_changes_nothing_writes_nothing(store, counted):
    record = store.load(PROD)
    counted.since_then()
    assert store.save(record, record, PROD) is record
    assert store.save(record, replace(record), PROD) is record
    assert counted.since_then() == []


def test_a_change_of_one_target_writes_one_item_and_is_not_read_back(store, counted):
    record = store.load(PROD)
    counted.since_then()
    memory = replace(record.targets["t007"], watermark=9)
    store.save(record, made.having(record, t007=memory), PROD)
    store.load(PROD)
    (commit, _revisions) = counted.since_then()
    assert [str(write.key) for write in commit[1]] == [f"record/prod: target/{memory.place.claim}"]


def test_a_new_release_of_one_target_writes_its_content_once(store, counted):
    record = store.load(PROD)
    counted.since_then()
    memory = made.rolling(record.targets["t007"], "v1.2.0")
    store.save(record, made.having(record, t007=memory), PROD)
    ((_name, writes),) = [asked for asked in counted.since_then() if asked[0] == "commit"]
    assert sorted(write.key.part for write in writes) == ["record/prod", "release/prod"]


def test_a_change_by_another_process_reads_that_item_alone(store, counted):
    other = Records(counted, CODEC)
    theirs = other.load(PROD)
    other.save(theirs, made.having(theirs, t007=replace(theirs.targets["t007"], watermark=9)), PROD)
    counted.since_then()
    assert store.load(PROD).targets["t007"].watermark == 9
    read = [asked for asked in counted.since_then() if asked[0] == "get"]
    assert read == [("get", "record/prod", [f"target/{made.a_place('service-7').claim}"])]


def test_an_order_is_read_without_what_is_remembered(store, counted):
    other = Records(counted, CODEC)
    counted.since_then()
    other.order(PROD, made.pause, made.an_entry())
    other.orders(PROD)
    assert {asked[1] for asked in counted.since_then() if asked[0] == "get"} == {"orders/prod", "numbers"}
    store.load(PROD)
    assert [asked[1] for asked in counted.since_then() if asked[0] in {"get", "etags"}] == ["orders/prod"]


def test_what_happens_in_another_environment_is_not_read(store, counted):
    other = Records(counted, CODEC)
    other.order(STAGE, made.pause, made.an_entry(env=STAGE))
    other.show([made.a_status(STAGE)])
    theirs = other.load(STAGE)
    counted.since_then()
    known = store.load(PROD)
    assert len(counted.since_then()) == 1
    other.save(theirs, made.having(theirs, web=made.a_memory("web-service")), STAGE)
    counted.since_then()
    assert store.load(PROD).targets == known.targets
    assert {asked[1] for asked in counted.since_then() if asked[0] == "get"} == {"claims"}


def test_a_status_that_is_as_it_was_is_not_written(store, counted):
    statuses = [made.a_status(target=f"t{at:03}") for at in range(MANY)]
    store.show(statuses)
    counted.since_then()
    store.show(statuses)
    assert [asked[0] for asked in counted.since_then()] == ["revisions"]
    store.show([*statuses[1:], made.a_status(target="t000", reason="rolling")])
    ((_name, writes),) = [asked for asked in counted.since_then() if asked[0] == "commit"]
    assert [write.key.name for write in writes] == ["t000"]


def test_contents_that_nothing_refers_to_are_not_kept_in_memory(store):
    record = store.load(PROD)
    for turn in range(700):
        memory = made.a_memory("service-7", f"v2.{turn}.0", watermark=turn)
        record = store.save(record, made.having(record, t007=memory), PROD)
    Records(store._backend, CODEC).order(PROD, made.pause, made.an_entry())
    store.load(PROD)
    assert len(store._reader._pool) < 10
