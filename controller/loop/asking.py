"""What is needed of people, noticed after each turn and written into the journal once."""

from controller.errors import Conflict, PlatformError
from controller.model.cycle import Cycle
from controller.model.message import Told
from controller.model.names import EnvName
from controller.model.outbox import Outbox
from controller.plan.needed import needed


class Asking:
    """A watcher of turns; what it told is in the store, so that no start tells it again.

    Nothing is lost when the store is away: what is needed is still needed at the next turn.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._told: dict[EnvName, Told] = {}

    def watch(self, cycle: Cycle) -> None:
        """Take over one turn; of one environment there is never more than one at a time."""
        env = cycle.plan.env
        try:
            before = self._told[env] if env in self._told else self._outbox.told(env)
            after, rows = needed(cycle, before)
            if rows or after != before:
                self._outbox.tell(env, before, after, rows)
        except (Conflict, PlatformError):
            self._told.pop(env, None)
        else:
            self._told[env] = after
