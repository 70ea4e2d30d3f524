"""Where a service deployment is on its way: its stage, the traffic that it has, and the hooks that it met.

Sources: ServiceDeployment and DeploymentLifecycleHookDetail (ECS API Reference), "Pause hooks for Amazon ECS
service deployments" (Developer Guide).
"""

from dataclasses import dataclass, field

RECONCILE, PRE_SCALE_UP, SCALE_UP, POST_SCALE_UP = "RECONCILE_SERVICE", "PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP"
TEST_SHIFT, POST_TEST_SHIFT = "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT"
PRE_SHIFT, SHIFT, POST_SHIFT = (
    "PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT",
)  # fmt: skip
BAKE, CLEAN_UP = "BAKE_TIME", "CLEAN_UP"
STAGES = (
    RECONCILE, PRE_SCALE_UP, SCALE_UP, POST_SCALE_UP, TEST_SHIFT, POST_TEST_SHIFT, PRE_SHIFT, SHIFT, POST_SHIFT,
    BAKE, CLEAN_UP,
)  # fmt: skip
ROLLING_STAGES = (RECONCILE, PRE_SCALE_UP, SCALE_UP, POST_SCALE_UP, BAKE)
ALL_TRAFFIC = 100.0


@dataclass(slots=True, kw_only=True)
class HookRun:
    """One hook that a deployment met at a stage; `expires` is when `action` is taken if nobody answers."""

    id: str
    stage: str
    kind: str
    status: str
    expires: float
    action: str
    target: str | None = None

    @property
    def waits(self) -> bool:
        """Whether a person has to answer it."""
        return self.status == "AWAITING_ACTION"


@dataclass(slots=True, kw_only=True)
class Lifecycle:
    """The stage that was `entered` last, no stage before the first; the weights are percents of the traffic."""

    stage: str = ""
    entered: float = 0.0
    weight: float = 0.0
    test_weight: float = 0.0
    hooks: list[HookRun] = field(default_factory=list)

    def reached(self, stage: str) -> bool:
        """Whether it is at this stage, or after it."""
        return self.stage != "" and STAGES.index(self.stage) >= STAGES.index(stage)
