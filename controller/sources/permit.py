"""What one git process is given beside its words."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """What one git process is given: options, environment, and the secrets that its messages may not repeat.

    `stamp` changes when a file that git reads by itself changes, so that two permits are equal only if the same
    credentials are meant.
    """

    options: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    stamp: tuple[int, ...] = ()
