"""How much a source may give us, and how long it may take; more is refused, and what was known is kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in bytes, times in seconds of the real clock.

    `pack_bytes` bounds one file that git writes, so also one fetch. `memory_bytes` is address space, of which git
    maps more than it uses. `wait` bounds one git command, `clone_wait` a clone and a packing. `silence` is how long
    an HTTP server may send next to nothing.
    """

    file_bytes: int = 256 * 1024
    files: int = 2_000
    total_bytes: int = 64 * 1024 * 1024
    name_bytes: int = 512
    listing_bytes: int = 4 * 1024 * 1024
    pack_bytes: int = 512 * 1024 * 1024
    memory_bytes: int = 2 * 1024 * 1024 * 1024
    error_bytes: int = 64 * 1024
    wait: float = 60.0
    clone_wait: float = 600.0
    silence: int = 20
