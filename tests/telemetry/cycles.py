"""Turns and statuses for the watchers, in few words."""

from datetime import UTC, datetime, timedelta

from controller.model.cycle import Cycle
from controller.model.decision import Decision, Ensure, Plan
from controller.model.desired import Desired, DesiredTarget
from controller.model.manifest import Manifest
from controller.model.observation import Live, Observation
from controller.model.place import Place
from controller.model.record import Memory, Record
from controller.model.release import Release
from controller.model.rollout import Phase, Purpose, Rollout, Terms
from controller.model.status import TargetStatus

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
PLACE = Place(
    kind="ecs", account="111122223333", region="eu-west-1", cluster="unifocus-prod", service="unifocus-prod-api"
)


def release(version="v1.2.4"):
    return Release(version=version, manifest=Manifest.of({"image": version}), commit="9f3c2ab")


def status(target="api", env="prod", **more):
    return TargetStatus(
        **{
            "env": env,
            "target": target,
            "phase": Phase.IDLE,
            "reason": "rest: runs what is wanted: v1.2.4",
            "since": NOW,
            "kind": "ecs",
            "account": PLACE.account,
            "region": PLACE.region,
            "cluster": PLACE.cluster,
            "service": f"unifocus-{env}-{target}",
            "owner": "payments",
            "wanted": "v1.2.4",
            "live": "v1.2.4",
            "desired": 4,
            "running": 4,
            "synced": True,
        }
        | more
    )


def rollout(**more):
    return Rollout(
        **{
            "number": 7,
            "release": release(),
            "terms": Terms(),
            "purpose": Purpose.FORWARD,
            "opened": NOW - timedelta(minutes=10),
            "since": NOW - timedelta(minutes=10),
        }
        | more
    )


def memory(phase=Phase.IDLE, **more):
    return Memory(place=PLACE, phase=phase, **more)


def decision(phase=Phase.IDLE, signal="ALIGNED", **more):
    given = {
        "memory": memory(phase),
        "row": (phase, signal),
        "move": "rest",
        "reason": "rest: runs what is wanted: v1.2.4",
        "again": NOW + timedelta(minutes=1),
        "wanted": release().digest,
    }
    return Decision(**given | more)


def live(running=4, desired=4, **more):
    given = {
        "manifest": release().manifest,
        "settings": Manifest.of({}),
        "shape": "",
        "revision": "arn:aws:ecs:eu-west-1:111122223333:task-definition/unifocus-prod-api:42",
        "deployment": "ecs-svc/1",
        "desired": desired,
        "running": running,
        "asof": 1,
    }
    return Live(**given | more)


def ensure(target="api", **more):
    given = {
        "target": target,
        "place": PLACE,
        "release": release(),
        "revision": None,
        "purpose": Purpose.FORWARD,
        "expect": None,
        "not_after": NOW + timedelta(minutes=1),
        "rollout": 7,
    }
    return Ensure(**given | more)


def desired(*targets, env="prod", commit="9f3c2ab", **more):
    wanted = {name: DesiredTarget(place=PLACE, release=release()) for name in targets}
    return Desired(env=env, commit=commit, targets=wanted, **more)


def cycle(decisions=None, **more):
    """Make a turn of prod in which these targets were due."""
    decisions = decisions or {}
    env = more.pop("env", "prod")
    given = {
        "desired": desired(*decisions, env=env),
        "seen": Observation(sights={name: live() for name in decisions}),
        "before": Record(targets={name: memory(d.row[0]) for name, d in decisions.items()}),
        "now": NOW,
        "outcomes": (),
        "after": Record(targets={name: d.memory for name, d in decisions.items()}),
        "status": tuple(status(name, env, phase=d.memory.phase) for name, d in decisions.items()),
        "seconds": 0.25,
        "dropped": frozenset(),
    } | more
    plan = Plan(env=env, decided_at=given["now"], decisions=decisions, dropped=given.pop("dropped"))
    return Cycle(plan=plan, **given)
