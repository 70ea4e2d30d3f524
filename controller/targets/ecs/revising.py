"""A revision that holds a release: found if it was registered before, else registered, once."""

import json

from controller.model.decision import Ensure, Start
from controller.model.names import Revision
from controller.model.rollout import Purpose
from controller.targets.ecs.answers import Cause, Declined
from controller.targets.ecs.client import Access, OutOfQuota
from controller.targets.ecs.definitions import Definition, Definitions
from controller.targets.ecs.manifest import definition_fields
from controller.targets.ecs.native import Native, text
from controller.targets.ecs.pinned import images_of
from controller.targets.ecs.rules import TASK_DEFINITION


def revision_for(action: Ensure | Start, definition: Native, definitions: Definitions, access: Access) -> Revision:
    """Give a revision that holds the release and may be run; it is registered only if there is none.

    What was found here runs by tags, and is gone back to by the digests that they stood for; but where that
    cannot be registered, going back to the revision itself is better than not going back.
    Raises Declined, OutOfQuota, Refusal.
    """
    known = _active(definitions, access, action.revision) if action.revision else None
    if known is not None and _holds(known, action, definition):
        return known.revision
    try:
        return _made(action, definition, definitions, access)
    except (Declined, OutOfQuota):
        if known is None or action.purpose is not Purpose.BACK:
            raise
        return known.revision


def _made(action: Ensure | Start, definition: Native, definitions: Definitions, access: Access) -> Revision:
    """Find a revision that was registered for the release before, or register one."""
    with definitions.family(access, text(definition, "family")):
        if action.look_first or action.revision:
            found = definitions.find(access, definition, action.release.digest)
            if found is not None:
                return found.revision
        return definitions.register(access, definition, action).revision


def _active(definitions: Definitions, access: Access, revision: Revision) -> Definition | None:
    """Read a revision that may still be run: others deregister them."""
    try:
        known = definitions.read(access, revision)
    except Declined as declined:
        if declined.cause is Cause.CONTENT:
            return None
        raise
    return known if known.active else None


def _holds(known: Definition, action: Ensure | Start, definition: Native) -> bool:
    """Whether a known revision holds what is to run.

    A release that is laid over what others own names its own part only: a revision that held it before may hold an
    older base. What is gone back to is what ran, with the base that it ran with.
    """
    if TASK_DEFINITION not in action.release.manifest.owns and action.purpose is not Purpose.BACK:
        return known.fields == definition_fields(definition)
    return images_of(json.loads(str(known.native))) == images_of(definition)
