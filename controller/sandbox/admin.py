"""The sandbox's own paths: /sandbox/faults, /images, /calls, /reset, /seed, /tick and /about, in JSON."""

import json
from collections.abc import Callable, Mapping
from typing import Protocol

from controller.sandbox import shelving
from controller.sandbox.dispatch import Desk
from controller.sandbox.door import Reply
from controller.sandbox.native import Refused
from controller.sandbox.seed import Seed, from_json


class Administered(Protocol):
    """What the paths need of a sandbox."""

    @property
    def desk(self) -> Desk:
        """Where ECS requests are served."""

    def set_faults(self, document: Mapping[str, object]) -> None:
        """Set the switches that are named."""

    def seed(self, seeds: list[Seed]) -> None:
        """Plant services."""

    def reset(self, *, world: bool = False) -> None:
        """Forget."""

    def tick(self, seconds: float = 1.0) -> None:
        """Move time."""

    def about(self) -> Mapping[str, object]:
        """Say what somebody has to know."""


def serve(sandbox: Administered, method: str, path: str, body: bytes) -> Reply:
    """Answer one request; 400 with a sentence for a document that is wrong, and nothing changed."""
    name = path.split("?", 1)[0].removeprefix("/sandbox/").strip("/")
    chosen = _ROUTES.get((method, name))
    if chosen is None:
        known = ", ".join(f"{verb} /sandbox/{what}" for verb, what in sorted(_ROUTES))
        return _reply({"error": f"there is no {method} /sandbox/{name}; there are {known}"}, 404)
    try:
        document: object = json.loads(body) if body.strip() else {}
        return _reply(chosen(sandbox, document), 200)
    except (ValueError, Refused) as error:
        return _reply({"error": str(error)}, 400)


def _reply(document: Mapping[str, object], status: int) -> Reply:
    return Reply(status=status, body=json.dumps(document).encode() + b"\n")


def _object(document: object) -> Mapping[str, object]:
    if not isinstance(document, Mapping):
        raise ValueError("the body is a JSON object")  # noqa: TRY004 - one error for a document that is wrong
    return document


def _get_faults(sandbox: Administered, _document: object) -> Mapping[str, object]:
    with sandbox.desk.world.lock:
        return sandbox.desk.faults.document()


def _post_faults(sandbox: Administered, document: object) -> Mapping[str, object]:
    sandbox.set_faults(_object(document))
    return _get_faults(sandbox, document)


def _get_images(sandbox: Administered, _document: object) -> Mapping[str, object]:
    with sandbox.desk.world.lock:
        return sandbox.desk.world.registry.document()


def _post_images(sandbox: Administered, document: object) -> Mapping[str, object]:
    world = sandbox.desk.world
    with world.lock:
        shelving.change(world.registry, document, world.now())
    return _get_images(sandbox, document)


def _get_calls(sandbox: Administered, _document: object) -> Mapping[str, object]:
    with sandbox.desk.world.lock:
        return sandbox.desk.calls.document()


def _post_reset(sandbox: Administered, document: object) -> Mapping[str, object]:
    given = _object(document)
    world = given.get("world", False)
    if not set(given) <= {"world"} or not isinstance(world, bool):
        raise ValueError("reset takes nothing, or {world: true}")
    sandbox.reset(world=world)
    return sandbox.about()


def _post_seed(sandbox: Administered, document: object) -> Mapping[str, object]:
    listed = document if isinstance(document, list) else _object(document).get("seeds")
    if not isinstance(listed, list):
        raise ValueError("the body is a list of seeds, or {seeds: [...]}")  # noqa: TRY004
    sandbox.seed([from_json(one) for one in listed])
    return sandbox.about()


def _post_tick(sandbox: Administered, document: object) -> Mapping[str, object]:
    seconds = _object(document).get("seconds", 1)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError("seconds is a number")  # noqa: TRY004
    sandbox.tick(float(seconds))
    return sandbox.about()


def _get_about(sandbox: Administered, _document: object) -> Mapping[str, object]:
    return sandbox.about()


_ROUTES: Mapping[tuple[str, str], Callable[[Administered, object], Mapping[str, object]]] = {
    ("GET", "faults"): _get_faults,
    ("POST", "faults"): _post_faults,
    ("GET", "images"): _get_images,
    ("POST", "images"): _post_images,
    ("GET", "calls"): _get_calls,
    ("POST", "reset"): _post_reset,
    ("POST", "seed"): _post_seed,
    ("POST", "tick"): _post_tick,
    ("GET", "about"): _get_about,
}
