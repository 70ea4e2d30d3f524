"""Who holds an environment: two items, so that renewing never disturbs those who only ask who the holder is."""

from dataclasses import dataclass
from typing import Final

from controller.errors import Conflict
from controller.model.names import EnvName
from controller.ports import Lease
from controller.stores.backend import ABSENT, Backend, Check, Item, Key, Write
from controller.stores.codec import Codec
from controller.stores.keys import lease_part

HOLDER: Final = "holder"
BEAT: Final = "beat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Changes with the owner, and only then: what saving is conditional on."""

    owner: str
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """Changes with every write: what others watch."""

    stamp: str
    seconds: float


class Leases:
    """Reads and writes leases, and remembers those that were taken here."""

    def __init__(self, backend: Backend, codec: Codec) -> None:
        self._backend, self._codec = backend, codec
        self._held: dict[EnvName, str] = {}

    def read(self, env: EnvName) -> Lease | None:
        """Read who holds an environment."""
        return self._lease(self._items(env))

    def hold(self, env: EnvName, lease: Lease, over: Lease | None) -> bool:
        """Write the lease if the stored one has the stamp of `over`; False if it has not."""
        items = self._items(env)
        stored = self._lease(items)
        if (stored.stamp if stored else None) != (over.stamp if over else None):
            return False
        etags = {name: item.etag for name, item in items.items()}
        holds = stored is not None and (stored.owner, stored.epoch) == (lease.owner, lease.epoch)
        etag = self._write(env, lease, etags, owner_too=not holds)
        if etag is None:
            return False
        self._held[env] = etags[HOLDER] if holds else etag
        return True

    def release(self, env: EnvName, lease: Lease) -> None:
        """Leave the epoch and no owner, if the lease is still this one; saving goes on until another takes it."""
        items = self._items(env)
        stored = self._lease(items)
        if stored is None or stored.stamp != lease.stamp:
            return
        nobody = Lease(owner="", epoch=stored.epoch, stamp=f"{stored.stamp} released", seconds=0.0)
        etag = self._write(env, nobody, {name: item.etag for name, item in items.items()}, owner_too=True)
        if etag is not None and env in self._held:
            self._held[env] = etag

    def checks(self, env: EnvName) -> tuple[Check, ...]:
        """Say what a save depends on: that nobody else took what was taken here."""
        etag = self._held.get(env)
        return (Check(key=Key(lease_part(env), HOLDER), expect=etag),) if etag is not None else ()

    def _items(self, env: EnvName) -> dict[str, Item]:
        return dict(self._backend.get(lease_part(env), (HOLDER, BEAT)))

    def _lease(self, items: dict[str, Item]) -> Lease | None:
        if len(items) < len((HOLDER, BEAT)):
            return None
        holder = self._codec.read(Holder, items[HOLDER].body)
        beat = self._codec.read(Beat, items[BEAT].body)
        return Lease(owner=holder.owner, epoch=holder.epoch, stamp=beat.stamp, seconds=beat.seconds)

    def _write(self, env: EnvName, lease: Lease, etags: dict[str, str], *, owner_too: bool) -> str | None:
        """Write it over the items with these etags; None if they changed meanwhile."""
        holder, beat = Key(lease_part(env), HOLDER), Key(lease_part(env), BEAT)
        body = self._codec.write(Beat(stamp=lease.stamp, seconds=lease.seconds)).text
        writes, checks = [Write(key=beat, body=body, expect=etags.get(BEAT, ABSENT))], []
        if owner_too:
            body = self._codec.write(Holder(owner=lease.owner, epoch=lease.epoch)).text
            writes.append(Write(key=holder, body=body, expect=etags.get(HOLDER, ABSENT)))
        else:
            checks.append(Check(key=holder, expect=etags[HOLDER]))
        try:
            return self._backend.commit(writes, checks=checks).etag
        except Conflict:
            return None
