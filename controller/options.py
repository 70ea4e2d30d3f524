"""How `trueup run` is set up: flags, and TRUEUP_… variables for what no flag said."""

import getpass
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from controller.errors import SpecError

PREFIX: Final = "TRUEUP_"
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"(\d{1,9})(ms|s|m|h|d)", re.ASCII)
_ROLE: Final = re.compile(r"[A-Za-z0-9_+=,.@/-]{1,512}")
_STORE: Final = re.compile(r"[a-z][a-z0-9+]*:.*", re.DOTALL)
_PORTS: Final = 65535
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})


class LogForm(StrEnum):
    """What a line of the log looks like."""

    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The least that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Listen:
    """Where /metrics, /healthz and /readyz are served; port 0 takes any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _plain(value: object) -> str:
    text = str(value)
    if not text.isprintable():
        raise ValueError("it holds a control character or another that cannot be seen")
    return text


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"{str(value)!r} is not a duration; write 15s, 2m or 1h")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def _between(least: timedelta, most: timedelta, bounds: str) -> BeforeValidator:
    def check(value: object) -> timedelta:
        found = _duration(value)
        if not least <= found <= most:
            raise ValueError(f"{str(value)!r} is not between {bounds}")
        return found

    return BeforeValidator(check)


def _listen(value: object) -> Listen:
    if isinstance(value, Listen):
        return value
    host, colon, port = str(value).strip().rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not bare or (":" in bare and bare == host) or not _plain(bare) or " " in bare:
        raise ValueError(f"{str(value)!r} is not HOST:PORT; write 127.0.0.1:9102 or [::1]:9102")
    if not (port.isascii() and port.isdigit()) or int(port) > _PORTS:
        raise ValueError(f"{port!r} is not a port; write a number from 0 to {_PORTS}, such as 127.0.0.1:9102")
    return Listen(bare, int(port))


def _endpoint(value: object) -> str:
    text = _plain(value).strip().rstrip("/")
    if not _is_server(text):
        # The text is not repeated: somebody may have put credentials into it.
        raise ValueError("it is not the URL of a server, and nothing more; write http://127.0.0.1:4566")
    return text


def _is_server(text: str) -> bool:
    try:
        parts = urlsplit(text)
        named = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return named and " " not in text and "@" not in parts.netloc and not parts.query and not parts.fragment


def _store(value: object) -> str:
    if not _STORE.fullmatch(_plain(value)):
        raise ValueError("it does not say what kind of store; write sqlite:///trueup.db")
    return str(value)


def _role(value: object) -> str:
    text = str(value).strip()
    if text and text != "-" and not _ROLE.fullmatch(text):
        raise ValueError(f"{text!r} is not the name of a role, without account; write trueup-read, or - for none")
    return text


def _workers(value: object) -> int:
    text = str(value).strip()
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 64:  # noqa: PLR2004 - said in the message
        raise ValueError(f"{text!r} is not a number of threads from 1 to 64")
    return int(text)


def _truth(value: object) -> bool:
    text = str(value).strip().lower()
    if text not in _TRUE | _FALSE:
        raise ValueError(f"{str(value)!r} is neither true nor false")
    return text in _TRUE


def _one_of(words: type[StrEnum]) -> BeforeValidator:
    def check(value: object) -> object:
        try:
            return words(str(value).strip().lower())
        except ValueError:
            raise ValueError(f"{str(value)!r} is not one of {', '.join(words)}") from None

    return BeforeValidator(check)


def _path(value: object) -> Path:
    text = _plain(value)
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError(f"{text!r}: there is no home folder to begin with; write a whole path") from None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return f"uid {os.getuid()}"


Plain = Annotated[str, BeforeValidator(_plain)]
Folder = Annotated[Path, BeforeValidator(_path)]
Poll = Annotated[timedelta, _between(timedelta(milliseconds=100), timedelta(hours=1), "100ms and 1h")]
LeaseTime = Annotated[timedelta, _between(timedelta(seconds=2), timedelta(minutes=10), "2s and 10m")]


class Options(BaseSettings):
    """Everything that `run` may be told; each field is a flag, and a variable TRUEUP_… of the same name.

    Durations are written `15s`. `clock` is read by controller.clock; `repo`, `branch`, `path` and what begins with
    `git` by the source; `store` by its kind; `registries` by its probe; what
    begins with `applications` by its source: each refuses what it cannot use.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", validate_default=True
    )

    repo: Plain = ""
    branch: Plain = "main"
    path: Plain = "specs"
    store: Annotated[str, BeforeValidator(_store)] = "sqlite:///trueup.db"
    listen: Annotated[Listen, NoDecode, BeforeValidator(_listen)] = Listen("127.0.0.1", 9102)
    poll: Poll = timedelta(seconds=15)
    endpoint_url: Annotated[str, BeforeValidator(_endpoint)] | None = None
    once: Annotated[bool, BeforeValidator(_truth)] = False
    cache: Folder = Path("~/.cache/trueup")
    workers: Annotated[int, BeforeValidator(_workers)] = 8
    log: Annotated[LogForm, _one_of(LogForm)] | None = None
    log_level: Annotated[LogLevel, _one_of(LogLevel)] = LogLevel.INFO
    clock: Plain = ""
    save_cycles: Folder | None = None
    terraform_states: Folder | None = None
    read_role: Annotated[str, BeforeValidator(_role)] = ""
    lease: LeaseTime = timedelta(seconds=30)
    actor: Plain = Field(default_factory=_user)
    registries: Plain = ""
    docker_config: Folder | None = None
    people: Folder | None = None
    prometheus_url: Annotated[str, BeforeValidator(_endpoint)] | None = None
    prometheus_token_file: Folder | None = None
    applications: Plain = ""
    applications_token_file: Folder | None = None
    applications_username: Plain | None = None
    git_token: SecretStr | None = None
    git_token_file: Folder | None = None
    git_username: Plain | None = None
    git_ssh_key_file: Folder | None = None
    git_known_hosts_file: Folder | None = None
    git_ca_file: Folder | None = None

    @model_validator(mode="after")
    def _check_clock(self) -> "Options":
        if self.clock and not self.endpoint_url:
            raise ValueError("time is scaled only for rehearsals: TRUEUP_CLOCK needs --endpoint-url beside it")
        return self

    @model_validator(mode="after")
    def _check_token(self) -> "Options":
        if self.prometheus_token_file and not self.prometheus_url:
            raise ValueError(
                "TRUEUP_PROMETHEUS_TOKEN_FILE needs --prometheus-url beside it: it is sent nowhere else"
            )
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be seen in a log; the content of `git_token_file` is not known here."""
        return (self.git_token.get_secret_value(),) if self.git_token else ()

    def log_form(self, *, tty: bool) -> LogForm:
        """Give the form that was asked for, else console on a terminal and JSON elsewhere."""
        return self.log or (LogForm.CONSOLE if tty else LogForm.JSON)


def read(flags: Mapping[str, object] | None = None, *, needs: tuple[str, ...] = ()) -> Options:
    """Put flags (None: not given) before variables before defaults.

    Raises SpecError with one line for each value that is wrong, or missing though it is in `needs`.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    try:
        options = Options(**given)  # type: ignore[arg-type]  # flags are text: the fields themselves check it
    except ValidationError as error:
        raise SpecError("\n".join(_complaint(found, given) for found in error.errors())) from None
    missing = [name for name in needs if not getattr(options, name)]
    if missing:
        raise SpecError("\n".join(f"{_flag(name)} (or {PREFIX}{name.upper()}) is missing" for name in missing))
    return options


def _complaint(found: ErrorDetails, given: Mapping[str, object]) -> str:
    name = str(found["loc"][0]) if found["loc"] else ""
    what = found["msg"].removeprefix("Value error, ")
    if not name:
        return what
    return f"{_flag(name) if name in given else PREFIX + name.upper()}: {what}"


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
