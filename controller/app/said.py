"""How a change of a version is told, in a commit and in a pull request."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a change is told: the first line of its commit, what follows, and its trailers, each as `Key: value`."""

    subject: str
    body: str
    trailers: tuple[str, ...]

    @property
    def message(self) -> str:
        """The whole message of a commit."""
        parts = (self.subject, self.body, "\n".join(self.trailers))
        return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"
