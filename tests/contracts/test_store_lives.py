"""Whatever several processes do to a store, in whatever order: all of them see what one of them would remember."""

from dataclasses import replace

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from controller.errors import Conflict
from controller.model.names import TargetName
from controller.model.record import Owner
from controller.stores.memory import MemoryBackend
from controller.stores.records import Records
from tests.contracts import made
from tests.contracts.made import CODEC, PROD, STAGE

environments = st.sampled_from([PROD, STAGE])
names = st.sampled_from([TargetName("api"), TargetName("web"), TargetName("cron")])
services = st.sampled_from(["one", "two", "three"])
versions = st.lists(st.sampled_from(["v1.0.0", "v1.1.0", "v1.2.0", "v2.0.0"]), min_size=1, max_size=3, unique=True)
memories = st.builds(
    lambda service, versions, mark: made.a_memory(service, *versions, watermark=mark),
    services,
    versions,
    st.integers(0, 9),
)
processes = st.integers(0, 2)


class Lives(RuleBasedStateMachine):
    """Three processes and their store; beside them, in plain dictionaries, what has to be so."""

    @initialize()
    def begin(self):
        self.backend = MemoryBackend()
        self.stores = [self.open() for _ in range(3)]
        self.targets = {PROD: {}, STAGE: {}}
        self.owners, self.rows = {}, 0
        self.pauses = {PROD: 0, STAGE: 0}
        self.changed = {PROD: 0, STAGE: 0}
        self.old = None

    def open(self) -> Records:
        return Records(self.backend, CODEC)

    def may_own(self, env, name, memory) -> bool:
        us = Owner(env=env, target=name)
        return self.owners.get(memory.place.claim, us) == us

    def has(self, env, name, memory) -> None:
        self.targets[env][name] = memory
        self.owners[memory.place.claim] = Owner(env=env, target=name)
        self.changed[env] += 1
        self.rows += 1

    @rule(
        env=environments, name=names, service=services, versions=versions, mark=st.integers(0, 9), process=processes
    )
    def save(self, env, name, service, versions, mark, process):
        store = self.stores[process]
        memory, record = made.a_memory(service, *versions, watermark=mark), store.load(env)
        after = made.having(record, **{name: memory})
        if self.may_own(env, name, memory):
            store.save(record, after, env, [made.an_entry(env=env)])
            self.has(env, name, memory)
        else:
            with pytest.raises(Conflict):
                store.save(record, after, env, [made.an_entry(env=env)])

    @rule(env=environments, process=processes)
    def keep_a_record_for_later(self, env, process):
        self.old = (env, process, self.stores[process].load(env), self.changed[env])

    @precondition(lambda self: self.old)
    @rule(mark=st.integers(10, 19))
    def save_over_an_old_record(self, mark):
        env, process, record, then = self.old
        if not record.targets:
            return
        name, memory = next(iter(record.targets.items()))
        later = replace(memory, watermark=mark)
        if then == self.changed[env]:
            self.stores[process].save(record, made.having(record, **{name: later}), env, [made.an_entry(env=env)])
            self.has(env, name, later)
        else:
            with pytest.raises(Conflict):
                self.stores[process].save(record, made.having(record, **{name: later}), env)

    @rule(env=environments, name=names, process=processes)
    def forget(self, env, name, process):
        store = self.stores[process]
        record = store.load(env)
        after = store.save(record, made.without(record, name), env)
        assert name not in after.targets
        if self.targets[env].pop(name, None) is not None:
            gone = Owner(env=env, target=name)
            self.owners = {claim: owner for claim, owner in self.owners.items() if owner != gone}
            self.changed[env] += 1

    @rule(env=environments, process=processes)
    def pause(self, env, process):
        self.pauses[env] = self.stores[process].order(env, made.pause, made.an_entry(env=env)).pause.reason
        self.changed[env] += 1
        self.rows += 1

    @rule(source=environments, name=names, env=environments, to=names, process=processes)
    def move(self, source, name, env, to, process):
        store = self.stores[process]
        store.order(env, made.move(source, name, to), made.an_entry(env=env))
        record = store.load(env)
        store.save(record, record, env)
        self.rows += 1
        self.changed[env] += 1
        self.changed[source] += 1
        if (source, name) != (env, to) and name in self.targets[source] and to not in self.targets[env]:
            self.targets[env][to] = self.targets[source].pop(name)
            was, now = Owner(env=source, target=name), Owner(env=env, target=to)
            self.owners = {claim: now if owner == was else owner for claim, owner in self.owners.items()}

    @invariant()
    def everybody_sees_what_is_so(self):
        for store in (*self.stores, self.open()):
            for env, targets in self.targets.items():
                record = store.load(env)
                assert {name: made.exactly(memory) for name, memory in record.targets.items()} == {
                    name: made.exactly(memory) for name, memory in targets.items()
                }
                assert record.claims == self.owners
                assert (record.orders.pause.reason if record.orders.pause else 0) == self.pauses[env]
                assert store.load(env) is record
            assert len(store.journal(limit=1000)) == self.rows

    @invariant()
    def nothing_is_kept_that_nobody_refers_to(self):
        for env, targets in self.targets.items():
            assert set(self.backend.etags(f"record/{env}")) - {"environment"} == {
                f"target/{memory.place.claim}" for memory in targets.values()
            }
            assert set(self.backend.etags(f"release/{env}")) == {
                f"{memory.place.claim}/{address}"
                for memory in targets.values()
                for address in CODEC.write(memory).releases
            }


Lives.TestCase.settings = settings(stateful_step_count=20, phases=set(Phase) - {Phase.shrink})
TestLives = Lives.TestCase
