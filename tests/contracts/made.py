"""What the store's contract is tried with: places, releases and memories in a few words."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from controller.model.manifest import Manifest
from controller.model.names import Commit, EnvName, Revision, TargetName
from controller.model.orders import Moved, Orders, Pause, Pin, TargetOrders
from controller.model.packed import Packed
from controller.model.place import Place
from controller.model.record import Memory, Record
from controller.model.release import Kept, Release
from controller.model.rollout import Phase, Purpose, Rollout, Terms
from controller.model.status import TargetStatus
from controller.model.story import Entry, Event
from controller.stores.codec import Codec, Tables
from tests.strategies import ANSWERS, GATES, QUESTIONS, Lamp

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PROD, STAGE = EnvName("prod"), EnvName("stage")
API, WEB, BACKEND = TargetName("api"), TargetName("web"), TargetName("backend")

CODEC = Codec(Tables(gates=GATES, questions=QUESTIONS, answers=ANSWERS))


def a_place(service: str = "api-service", cluster: str = "prod-cluster") -> Place:
    return Place(kind="ecs", account="111122223333", region="eu-west-1", cluster=cluster, service=service)


def a_release(version: str = "v1.0.0", *, cpu: str = "256", shape: str = "") -> Release:
    fields = {"containers[api].image": f"registry/api:{version}", "cpu": cpu}
    return Release(
        version=version,
        manifest=Manifest.of(fields),
        shape=Packed.of(shape or json.dumps(fields)),
        commit=Commit("a" * 40),
    )


def kept(version: str) -> Kept:
    return Kept(release=a_release(version), revision=Revision(f"api:{version}"), since=NOW)


def a_memory(service: str = "api-service", *versions: str, watermark: int = 1) -> Memory:
    goods = tuple(kept(version) for version in versions or ("v1.0.0",))
    return Memory(
        place=a_place(service), current=goods[0], goods=goods, seen=True, watermark=watermark, owner="payments"
    )


def rolling(memory: Memory, version: str) -> Memory:
    terms = Terms(guards=(Lamp(name="api-5xx"),), bake=timedelta(hours=1))
    rollout = Rollout(
        number=memory.rollouts + 1,
        release=a_release(version),
        terms=terms,
        purpose=Purpose.FORWARD,
        opened=NOW,
        since=NOW,
    )
    return replace(memory, phase=Phase.ROLLING, rollout=rollout, rollouts=rollout.number)


def having(record: Record, **targets: Memory) -> Record:
    return replace(record, targets={**record.targets, **{TargetName(name): m for name, m in targets.items()}})


def without(record: Record, *names: str) -> Record:
    return replace(record, targets={name: memory for name, memory in record.targets.items() if name not in names})


def an_entry(text: str = "something happened", env: EnvName = PROD, target: TargetName | None = API) -> Entry:
    return Entry(at=NOW, env=env, event=Event.INTENT, text=text, target=target, data={"call": "UpdateService"})


def a_status(env: EnvName = PROD, target: TargetName = API, *, reason: str = "at rest") -> TargetStatus:
    return TargetStatus(env=env, target=target, phase=Phase.IDLE, reason=reason, since=NOW)


def pause(orders: Orders, number: int) -> Orders:
    return replace(orders, pause=Pause(reason=f"order {number}", at=NOW))


def pin(version: str, target: TargetName = API):
    def change(orders: Orders, number: int) -> Orders:
        mine = orders.targets.get(target, TargetOrders())
        wanted = Pin(number=number, release=a_release(version), spec=None)
        return replace(orders, targets={**orders.targets, target: replace(mine, pin=wanted)})

    return change


def move(source: EnvName, name: TargetName, to: TargetName):
    def change(orders: Orders, number: int) -> Orders:
        mine = orders.targets.get(to, TargetOrders())
        moved = Moved(number=number, env=source, target=name)
        return replace(orders, targets={**orders.targets, to: replace(mine, moved=moved)})

    return change


def exactly(memory: Memory) -> tuple[str, dict[str, str]]:
    """All that is in a memory: releases are equal whatever they are called, so `==` would not tell."""
    written = CODEC.write(memory)
    return written.text, {address: CODEC.write_content(found) for address, found in written.releases.items()}
