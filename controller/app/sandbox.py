"""`sandbox`: seeds from specs, one version back, handed to the embedded ECS."""

import importlib.util
import json
import re
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from controller.app.specs import folder_source
from controller.clock import Clock
from controller.errors import PlatformError, SpecError
from controller.model.desired import Unread
from controller.model.track import STANDING_IN

if TYPE_CHECKING:
    from types import FrameType

    from controller.model.desired import DesiredTarget
    from controller.sandbox.seed import Seed

_VERSION: Final = re.compile(r"^v(\d+)\.(\d+)\.(\d+)(.*)$")
_TASKS: Final = 2
_KEYS: Final = "AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x"
# What `--query` makes of the answer of AssumeRole: one line for a shell.
_EXPORT: Final = (
    "join('', ['export AWS_ACCESS_KEY_ID=', Credentials.AccessKeyId, "
    "' AWS_SECRET_ACCESS_KEY=', Credentials.SecretAccessKey, "
    "' AWS_SESSION_TOKEN=', Credentials.SessionToken])"
)


def serve_sandbox(listen: str, seeds: Path | None, speed: float, start: str | None, faults: str | None) -> None:
    """Serve until SIGTERM or SIGINT. Raises SpecError for what cannot be seeded or served."""
    needs_sandbox()
    from controller.sandbox.native import Refused
    from controller.sandbox.server import serve

    stop = threading.Event()

    def ask_to_stop(number: int, frame: "FrameType | None") -> None:
        del number, frame
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    planted = tuple(seeds_of(seeds)) if seeds else ()
    try:
        serve(listen, planted, speed, _instant(start), _faults(faults), lambda about: _ready(about, planted), stop)
    except OSError as error:
        raise PlatformError(f"{listen} cannot be served: {error.strerror or error}") from error
    except (ValueError, Refused) as error:
        raise SpecError(str(error)) from error


def needs_sandbox() -> None:
    """Refuse to begin without what the sandbox is built on; raises SpecError."""
    if importlib.util.find_spec("moto") is None:
        raise SpecError("the sandbox is not installed here; install it with: pip install 'trueup[sandbox]'")


def seeds_of(folder: Path) -> "Iterator[Seed]":
    """Make one seed for every target that the specs name, one version back; raises SpecError for a wrong spec."""
    source = folder_source(folder, Clock())
    source.poll()
    environments = sorted(source.environments())
    if not environments:
        raise SpecError(f"{folder}: {source.why or 'there is no environment'}")
    for env in environments:
        reading = source.read(env, None)
        if isinstance(reading, Unread):
            raise SpecError(reading.why)
        if reading.complaints:
            raise SpecError("\n".join(str(complaint) for complaint in reading.complaints))
        for target in reading.targets.values():
            yield _seed(target)


def _seed(target: "DesiredTarget") -> "Seed":
    from controller.sandbox.seed import Seed

    version, place = target.release.version, target.place
    native = json.loads(str(target.release.shape))
    settings = json.loads(target.settings.shape) if target.settings else {}
    fixed = json.loads(target.fixed.shape) if target.fixed else {}
    alarms = [name for guard in target.terms.guards for name in _alarms(guard)]
    native, settings = (_back(one, _word(version), earlier(version)) for one in (native, settings))
    definition = native["taskDefinition"]
    return Seed(
        account=place.account,
        region=place.region,
        cluster=place.cluster,
        service=place.service,
        family=str(definition["family"]),
        task_definition=definition,
        service_definition={**native.get("service", {}), **settings, **fixed},
        desired_count=int(settings.get("desiredCount", _TASKS)),
        alarm_names=tuple(alarms),
        role=place.role or "",
    )


def _alarms(guard: object) -> list[str]:
    """Name the alarms that a guard needs to hear; for a prefix one is made."""
    names = list(getattr(guard, "names", ()))
    prefix = getattr(guard, "prefix", "")
    return [*names, f"{prefix}5xx"] if prefix else names


def earlier(version: str) -> str:
    """Name the version before one: v1.2.3 -> v1.2.2, v1.2.0 -> v1.1.9, latest and the very first one -> earlier."""
    found = _VERSION.match(version)
    if not found or version == STANDING_IN:
        return "earlier"
    major, minor, patch, rest = int(found[1]), int(found[2]), int(found[3]), found[4]
    if patch:
        return f"v{major}.{minor}.{patch - 1}{rest}"
    if minor:
        return f"v{major}.{minor - 1}.9{rest}"
    return f"v{max(major - 1, 0)}.9.9{rest}"


def _word(version: str) -> re.Pattern[str]:
    """Find a version where it stands by itself: v1.2.3 is in v1.2.3-crash, but not in v1.2.30 or v1.2.3.4."""
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(version)}(?![A-Za-z0-9]|\.[0-9])")


def _back(value: Any, word: re.Pattern[str], before: str) -> Any:  # noqa: ANN401  JSON, as it was parsed
    """Put the earlier version wherever a value names this one: in images, in the environment, in labels."""
    if isinstance(value, str):
        return word.sub(before, value)
    if isinstance(value, list):
        return [_back(item, word, before) for item in value]
    if isinstance(value, dict):
        return {key: _back(item, word, before) for key, item in value.items()}
    return value


def _instant(start: str | None) -> float | None:
    if start is None:
        return None
    try:
        at = datetime.fromisoformat(start.upper())
    except ValueError:
        raise SpecError(f"--start {start!r} is not a time; write 2026-01-31T09:00:00Z") from None
    if at.tzinfo is None:
        raise SpecError(f"--start {start!r} has no offset; write {start}Z for UTC")
    return at.timestamp()


def _faults(text: str | None) -> Mapping[str, object]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise SpecError(f"--faults is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise SpecError('--faults is a JSON object, such as {"throttle": true}')
    return found


def _ready(about: Mapping[str, object], planted: "Sequence[Seed]") -> None:
    print(json.dumps(dict(about)), flush=True)  # noqa: T201  this line is the interface
    endpoint = str(about["endpoint"])
    lines = (
        f"Serving an ECS at {endpoint}. Any credentials do; try:",
        *(_hint(planted[0], endpoint) if planted else _hint_of_nothing(endpoint)),
        f"  TRUEUP_CLOCK='{about['clock']}' trueup run --repo . --endpoint-url {endpoint}",
        "An account is reached by assuming its role; an alarm is rung with cloudwatch set-alarm-state.",
    )
    print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201  for the person who started it


def _hint(seed: "Seed", endpoint: str) -> tuple[str, ...]:
    """Say how to look at the first seeded service with the aws CLI: its account first, then its cluster."""
    role = seed.role or f"arn:aws:iam::{seed.account}:role/trueup"
    where = f"--region {seed.region} --endpoint-url {shlex.quote(endpoint)}"
    assume = f"aws sts assume-role {where} --role-arn {role} --role-session-name me"
    return (
        f'  eval "$({_KEYS} {assume} --output text --query "{_EXPORT}")"',
        f"  aws {where} ecs list-services --cluster {seed.cluster}",
    )


def _hint_of_nothing(endpoint: str) -> tuple[str, ...]:
    return (f"  {_KEYS} aws --region eu-west-1 --endpoint-url {shlex.quote(endpoint)} ecs list-clusters",)
