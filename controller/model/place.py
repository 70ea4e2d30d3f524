"""Where a target lives: which service, in which cluster, of which account and region."""

from dataclasses import dataclass

from controller.model.names import ClaimKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The address of one thing that runs releases; `role` is how it is reached, not where it is."""

    kind: str
    account: str
    region: str
    cluster: str
    service: str
    role: str | None = None

    @property
    def claim(self) -> ClaimKey:
        """The key under which one target may own this place."""
        return ClaimKey(f"{self.account}/{self.region}/{self.cluster}/{self.service}")

    @property
    def quota(self) -> str:
        """What AWS counts calls by: account and region."""
        return f"{self.account}/{self.region}"

    @property
    def task_quota(self) -> str:
        """What AWS counts the starts and stops of tasks by: there is far more of that than of deployments."""
        return f"{self.quota}/tasks"
