"""How long things take in the embedded ECS."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take, in simulated seconds."""

    start: float = 10  # from launch to RUNNING
    stagger: float = 4  # each further task of one batch starts this much later, up to two of them
    settle: float = 10  # from RUNNING to healthy
    drain: float = 6  # from the order to stop to STOPPED
    steady: float = 8  # all healthy and nothing old left, before a deployment is complete
    crash: float = 2  # from RUNNING to the exit of a crashing container
    pull: float = 8  # from launch to a failed pull
    slow: float = 4  # a slow image takes this many times as long to start
    backoff: float = 2  # ECS waits this much longer before each launch after a failure
    bake: float = 60  # alarms are watched this long when no bake time is set (AWS computes it, under 5 min)
