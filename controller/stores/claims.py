"""Who owns which place, over all environments, as of one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from controller.model.names import ClaimKey, EnvName, TargetName
from controller.model.record import Owner
from controller.stores.backend import Backend, Committed
from controller.stores.codec import Codec
from controller.stores.keys import CLAIMS, Claim, Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Every claim; `current` is where each target lives now, by environment: what it has left is not in it."""

    revision: str = ""
    held: Mapping[ClaimKey, Stored[Claim]] = field(default_factory=dict)
    owners: Mapping[ClaimKey, Owner] = field(default_factory=dict)
    current: Mapping[EnvName, Mapping[TargetName, ClaimKey]] = field(default_factory=dict)

    @classmethod
    def of(cls, revision: str, held: Mapping[ClaimKey, Stored[Claim]]) -> "Claims":
        """Sort them by owner."""
        current: dict[EnvName, dict[TargetName, ClaimKey]] = {}
        for key, stored in held.items():
            if not stored.value.left:
                current.setdefault(stored.value.env, {})[stored.value.target] = key
        owners = {key: Owner(env=stored.value.env, target=stored.value.target) for key, stored in held.items()}
        return cls(revision=revision, held=held, owners=owners, current=current)

    def where(self, owner: Owner) -> ClaimKey | None:
        """Find where a target lives now."""
        return self.current.get(owner.env, {}).get(owner.target)

    def owned_by(self, owner: Owner) -> list[ClaimKey]:
        """List all that a target owns, what it has left too."""
        return [key for key, found in self.owners.items() if found == owner]


class ClaimReader:
    """Keeps the newest claims that were read, for all environments at once."""

    def __init__(self, backend: Backend, codec: Codec) -> None:
        self._backend, self._codec = backend, codec
        self._lock = Lock()
        self._known = Claims()

    def at(self, revision: str) -> Claims:
        """Give the claims as they are; `revision` is the part's, read just before."""
        with self._lock:
            if self._known.revision != revision:
                self._known = self._read(revision)
            return self._known

    def learn(self, known: Claims, changed: Mapping[ClaimKey, Claim | None], done: Committed) -> Claims:
        """Fold what was just committed into what was known before it.

        Kept for others only if nobody else wrote in between; else the next `at` reads again.
        """
        before, after = done.parts.get(CLAIMS, (known.revision, known.revision))
        held = {key: stored for key, stored in known.held.items() if key not in changed}
        held |= {key: Stored(etag=done.etag, value=claim) for key, claim in changed.items() if claim is not None}
        folded = Claims.of(after if before == known.revision else known.revision, held)
        with self._lock:
            if before == known.revision == self._known.revision:
                self._known = folded
        return folded

    def forget(self) -> None:
        """Read everything again next time."""
        with self._lock:
            self._known = Claims()

    def _read(self, revision: str) -> Claims:
        etags = self._backend.etags(CLAIMS)
        held = {key: old for key, old in self._known.held.items() if etags.get(key) == old.etag}
        items = self._backend.get(CLAIMS, [name for name in etags if ClaimKey(name) not in held])
        held |= {
            ClaimKey(name): Stored(etag=item.etag, value=self._codec.read(Claim, item.body))
            for name, item in items.items()
        }
        return Claims.of(revision, held)
