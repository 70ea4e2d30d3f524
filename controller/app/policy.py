"""The operator's policy, from the operator's own file, read anew at every poll."""

from pathlib import Path

from controller import kinds
from controller.app.operator import content_of
from controller.errors import SpecError
from controller.model.policy import Policy
from controller.spec.policy import read_policy


def policy_of(path: Path) -> Policy:
    """Read policy.yaml. Raises SpecError if it is not there, may not be read, or is wrong."""
    return read_policy(content_of(path), str(path), kinds.SPEC)


class PolicyFile:
    """A policy as its file says it now; `why` says why that is not known, and is empty while it is.

    Raises SpecError at once for a file that is wrong when it is first read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: bytes | None = content_of(path)
        self._policy = read_policy(self._read, str(path), kinds.SPEC)
        self.why = ""

    def policy(self) -> Policy:
        """Give the policy as it was when it could last be read."""
        return self._policy

    def refresh(self) -> bool:
        """Read the file again; says whether anything is otherwise than before."""
        before = (self._read, self.why)
        try:
            content = content_of(self._path)
            if content != self._read:
                self._policy = read_policy(content, str(self._path), kinds.SPEC)
            self._read, self.why = content, ""
        except SpecError as error:
            first, *more = str(error).splitlines()
            self._read = None
            self.why = f"the policy is not known: {first}{f' (and {len(more)} more)' if more else ''}"
        return (self._read, self.why) != before
