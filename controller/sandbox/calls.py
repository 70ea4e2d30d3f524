"""What was asked: how often each operation, and every changing call of ECS in order. Tests use it as the oracle."""

from collections import Counter, deque
from dataclasses import dataclass, field

from controller.sandbox.clock import rfc3339
from controller.sandbox.native import Native, parts, tag_map, text

CHANGING = frozenset({
    "RegisterTaskDefinition", "DeregisterTaskDefinition", "DeleteTaskDefinitions", "CreateService", "UpdateService",
    "DeleteService", "StopServiceDeployment", "ContinueServiceDeployment", "RunTask", "StopTask", "CreateCluster",
    "DeleteCluster", "TagResource", "UntagResource",
})  # fmt: skip
_KEPT = 10_000


@dataclass(slots=True)
class Calls:
    """The counts, and the newest ten thousand changing calls."""

    counts: Counter[str] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)
    changes: deque[dict[str, object]] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def count(self, operation: str) -> None:
        """One more call of this operation."""
        self.counts[operation] += 1

    def note(
        self, operation: str, where: tuple[str, str], params: Native, at: float, outcome: str
    ) -> dict[str, object]:
        """Keep a changing call; `outcome` is done, lost, or the code of the refusal."""
        entry: dict[str, object] = {
            "operation": operation,
            "time": rfc3339(at),
            "account": where[0],
            "region": where[1],
            "parameters": _essential(operation, params),
            "outcome": outcome,
        }
        self.changes.append(entry)
        return entry

    def document(self) -> dict[str, object]:
        """All of it as JSON."""
        return {
            "counts": dict(sorted(self.counts.items())),
            "throttled": dict(sorted(self.throttled.items())),
            "changes": list(self.changes),
        }


def _essential(operation: str, params: Native) -> dict[str, object]:
    if operation != "RegisterTaskDefinition":
        return dict(params)
    containers = parts(params, "containerDefinitions")
    return {
        "family": text(params, "family"),
        "images": {text(container, "name"): text(container, "image") for container in containers},
        "tags": tag_map(parts(params, "tags")),
    }


def result_of(answer: Native) -> dict[str, str]:
    """Give the names in an answer that a test wants: the definition registered, the deployment that is PRIMARY."""
    named: dict[str, str] = {}
    definition, service = answer.get("taskDefinition"), answer.get("service")
    if isinstance(definition, dict):
        named["taskDefinitionArn"] = text(definition, "taskDefinitionArn")
    if isinstance(service, dict) and parts(service, "deployments"):
        named["deployment"] = text(parts(service, "deployments")[0], "id")
    return named
