"""Whatever several processes do to a store, in whatever order: all of them see what one of them would remember."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from controller.errors import Conflict
from controller.model.names import TargetName
from controller.model.record import Owner
from controller.stores.chain import fitting
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
        self.owners, self.since = {}, {}  # by claim; since which order
        self.moves = {}  # by the target that is to get something: from whom, and the order's number
        self.number = self.rows = 0
        self.heard, self.pauses, self.recorded, self.asked = ({PROD: 0, STAGE: 0} for _ in range(4))
        self.old = None

    def open(self) -> Records:
        return Records(self.backend, CODEC)

    # ---- what has to be so

    def place_of(self, owner: Owner):
        memory = self.targets[owner.env].get(owner.target)
        return memory.place.claim if memory else None

    def given(self, owner: Owner):
        """Whose places a person gave to a target: the owner that its order names, if it can be carried out."""
        source, number = self.moves.get(owner, (None, 0))
        claim = self.place_of(source) if source and source != owner else None
        if not claim or number <= max(self.since[claim], self.heard[owner.env]):
            return None
        rivals = [(asked, other) for other, (named, asked) in self.moves.items() if named == source != other]
        return source if max(rivals, key=lambda r: (r[1].env == owner.env, r[0]))[1] == owner else None

    def shown(self, env):
        """Each target of an environment that is shown with what another remembers."""
        asked = [owner for owner in self.moves if owner.env == env and not self.place_of(owner)]
        return {owner.target: source for owner in asked if (source := self.given(owner))}

    def view(self, env):
        """What everybody sees of an environment: ordered moves as if they were done."""
        targets, owners = dict(self.targets[env]), dict(self.owners)
        for name, source in self.shown(env).items():
            memory = self.targets[source.env][source.target]
            if source.env == env:
                del targets[source.target]
            targets[name] = memory
            owners[memory.place.claim] = Owner(env=env, target=name)
        return targets, owners

    def guard(self, env):
        """What a save depends on."""
        elsewhere = sorted({s.env for o in self.moves if o.env == env and (s := self.given(o)) and s.env != env})
        return self.recorded[env], self.asked[env], [self.recorded[other] for other in elsewhere]

    def may_own(self, owner: Owner, claim) -> bool:
        return self.owners.get(claim, owner) == owner or self.owners[claim] == self.given(owner)

    def takes(self, owner: Owner, claim) -> None:
        """Own a place; with the place where its owner lives goes all else that this one owned."""
        source, number = self.owners.get(claim), self.moves.get(owner, (None, 0))[1]
        if source == owner:
            return
        taken = [claim]
        if source is None:
            number = self.number
        elif claim == self.place_of(source):
            taken = [other for other, had in self.owners.items() if had == source]
            del self.targets[source.env][source.target]
            self.recorded[source.env] += source.env != owner.env
        self.owners |= dict.fromkeys(taken, owner)
        self.since |= dict.fromkeys(taken, number)

    def saved(self, env, but=None) -> bool:
        """A save came by: what was shown is so, and what could not be done never will be."""
        before = (dict(self.targets[env]), self.heard[env])
        for name, source in self.shown(env).items():
            if name != but:
                memory = self.targets[source.env][source.target]
                self.takes(Owner(env=env, target=name), memory.place.claim)
                self.targets[env][name] = memory
        self.heard[env] = max([number for owner, (_, number) in self.moves.items() if owner.env == env], default=0)
        return before != (self.targets[env], self.heard[env])

    # ---- what happens

    @rule(env=environments, name=names, memory=memories, process=processes)
    def save(self, env, name, memory, process):
        store, owner, claim = self.stores[process], Owner(env=env, target=name), memory.place.claim
        record = store.load(env)
        after = made.having(record, **{name: memory})
        gone = {move.place.claim for other, move in self.view(env)[0].items() if other in self.shown(env)}
        mine = self.shown(env).get(name)
        free = (
            self.may_own(owner, claim) and (mine or claim not in gone) and not self.left_by_shown(env, name, claim)
        )
        if free:
            store.save(record, after, env, [made.an_entry(env=env)])
            self.has(env, name, memory)
        else:
            with pytest.raises(Conflict):
                store.save(record, after, env, [made.an_entry(env=env)])

    def left_by_shown(self, env, name, claim) -> bool:
        """Whether this save gives the place to another target of this environment."""
        return any(self.owners.get(claim) == source for other, source in self.shown(env).items() if other != name)

    def has(self, env, name, memory) -> None:
        owner, claim = Owner(env=env, target=name), memory.place.claim
        known = self.view(env)[0].get(name)
        changed = known is None or made.exactly(known) != made.exactly(memory)
        takes = self.owners.get(claim) not in {None, owner} and name not in self.shown(env)
        if takes:  # it remembers something of its own, and goes to live where a person gave it a place
            self.takes(owner, claim)
        changed |= self.saved(env)
        self.takes(owner, claim)
        self.targets[env][name] = memory
        self.recorded[env] += bool(changed or takes)
        self.rows += 1

    @rule(env=environments, process=processes)
    def keep_a_record_for_later(self, env, process):
        self.old = (env, process, self.stores[process].load(env), self.guard(env))

    @precondition(lambda self: self.old)
    @rule(mark=st.integers(10, 19))
    def save_over_an_old_record(self, mark):
        env, process, record, then = self.old
        if not record.targets:
            return
        name, memory = next(iter(record.targets.items()))
        after = made.having(record, **{name: replace(memory, watermark=mark)})
        if then == self.guard(env):
            self.stores[process].save(record, after, env, [made.an_entry(env=env)])
            self.has(env, name, after.targets[name])
        else:
            with pytest.raises(Conflict):
                self.stores[process].save(record, after, env)

    @rule(env=environments, process=processes)
    def save_what_is_there(self, env, process):
        record = self.stores[process].load(env)
        self.stores[process].save(record, record, env)
        self.recorded[env] += self.saved(env)

    @rule(env=environments, name=names, process=processes)
    def forget(self, env, name, process):
        store = self.stores[process]
        record = store.load(env)
        store.save(record, made.without(record, name), env)
        here = name in self.view(env)[0] and name not in self.shown(env)
        self.recorded[env] += self.saved(env, but=name) or here
        if here:
            del self.targets[env][name]
            gone = Owner(env=env, target=name)
            self.owners = {claim: owner for claim, owner in self.owners.items() if owner != gone}

    @rule(env=environments, process=processes)
    def pause(self, env, process):
        self.pauses[env] = self.stores[process].order(env, made.pause, made.an_entry(env=env)).pause.reason
        self.ordered(env)

    def ordered(self, env) -> None:
        self.asked[env] += 1
        self.rows += 1
        self.number += 1

    @rule(source=environments, name=names, env=environments, to=names, process=processes)
    def move(self, source, name, env, to, process):
        self.stores[process].order(env, made.move(source, name, to), made.an_entry(env=env))
        self.ordered(env)
        self.moves[Owner(env=env, target=to)] = (Owner(env=source, target=name), self.number)

    @invariant()
    def everybody_sees_what_is_so(self):
        for store in (*self.stores, self.open()):
            for env in (PROD, STAGE):
                record = store.load(env)
                targets, owners = self.view(env)
                assert {name: made.exactly(memory) for name, memory in record.targets.items()} == {
                    name: made.exactly(memory) for name, memory in targets.items()
                }
                assert record.claims == owners
                assert (record.orders.pause.reason if record.orders.pause else 0) == self.pauses[env]
                assert store.load(env) is record
            assert len(store.journal(limit=1000)) == self.rows
            assert [link.number for link in fitting(store.links())] == list(range(1, self.rows + 1))

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


Lives.TestCase.settings = settings(stateful_step_count=20)
TestLives = Lives.TestCase
