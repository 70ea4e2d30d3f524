"""What several commands take and do alike."""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from controller.errors import SpecError

if TYPE_CHECKING:
    from controller.model.names import EnvName, TargetName
    from controller.model.orders import Orders
    from controller.model.status import TargetStatus
    from controller.ports import Store

F = TypeVar("F", bound=Callable[..., Any])

OUTPUTS: Final = ("table", "json", "yaml")
PLAN_OUTPUTS: Final = (*OUTPUTS, "markdown")

store_option: Final = click.option(
    "--store",
    envvar="TRUEUP_STORE",
    default="sqlite:///trueup.db",
    show_default=True,
    metavar="URL",
    help="Where the controller remembers: sqlite:///FILE.  [TRUEUP_STORE]",
)


def output_of(choices: Sequence[str]) -> Callable[[F], F]:
    """Take the form in which a command prints."""
    return click.option(
        "-o", "--output", type=click.Choice(choices), default="table", show_default=True, help="How to print it."
    )


output_option: Final = output_of(OUTPUTS)
actor_option: Final = click.option(
    "--as", "actor", envvar="TRUEUP_ACTOR", default=None, metavar="WHO", help="Who gives the order.  [TRUEUP_ACTOR]"
)
env_argument: Final = click.argument("env")
target_argument: Final = click.argument("target")


def reason_option(*, required: bool = True) -> Callable[[F], F]:
    """Take a reason: it is shown to everybody who asks why."""
    if required:
        return click.option("--reason", required=True, callback=_said, help="Why; shown to all.")
    return click.option("--reason", default="", help="Why; shown to all.")


def _said(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if not value.strip() and not ctx.resilient_parsing:
        raise click.BadParameter("it is empty; say why, for it is shown to all", ctx, param)
    return value


def who(actor: str | None) -> str:
    """Name the person who gives an order."""
    if actor:
        return actor
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def os_user() -> str:
    """Name the user whom the machine runs this for; no variable says otherwise."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def opened(url: str, *, must_exist: bool = True) -> "Store":
    """Open the store that a command reads or writes beside a running controller."""
    from controller.app.memory import open_store

    return open_store(url, must_exist=must_exist)


def known(store: "Store", env: str, target: str | None, *, groups: bool = False) -> None:
    """Refuse an environment or target that this store has never seen, and name those that it has.

    With `groups` the name of a group does as well.
    """
    statuses = store.shown()
    environments = sorted({*(status.env for status in statuses), *store.environments()})
    if env not in environments:
        raise SpecError(f"no environment {env!r} is known to this store; known: {_listed(environments)}")
    targets = sorted({*(s.target for s in statuses if s.env == env), *store.load(as_env(env)).targets})
    if groups and target in {s.group for s in statuses if s.env == env and s.group}:
        return
    if target is not None and target not in targets:
        raise SpecError(f"no target {target!r} is known in {env}; known: {_listed(targets)}")


def newest(store: "Store", env: str, target: str) -> "TargetStatus | None":
    """Give what the controller last showed of a target; None if it shows nothing of it."""
    return next((status for status in store.shown() if (status.env, status.target) == (env, target)), None)


def as_env(env: str) -> "EnvName":
    """Take a word as the name of an environment."""
    from controller.model.names import EnvName

    return EnvName(env)


def as_target(target: str) -> "TargetName":
    """Take a word as the name of a target."""
    from controller.model.names import TargetName

    return TargetName(target)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none yet"


def give(
    store: "Store",
    env: str,
    target: str | None,
    text: str,
    actor: str,
    change: "Callable[[Orders, int], Orders]",
) -> "Orders":
    """Write one order, and the journal row that tells of it."""
    from controller.app.memory import clock_now
    from controller.model.story import Entry, Event

    entry = Entry(
        at=clock_now(),
        env=as_env(env),
        target=as_target(target) if target else None,
        event=Event.ORDER,
        text=text,
        by=actor,
    )
    return store.order(as_env(env), change, entry)
