"""Gzip made of parts that are compressed one by one and kept, so that only what changed is compressed again.

A block that zlib ends with a full flush refers to nothing before it and ends on a whole byte, so such blocks may be
put one after another (RFC 1951 §2 and §3.2); the check sums of the parts are combined by arithmetic (below).
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

# RFC 1952 §2.3.1: deflate, no flags, no time (0), fastest compression (4), unknown system (255).
_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
_LAST_BLOCK: Final = b"\x03\x00"
_FASTEST: Final = 1
_RAW: Final = -15
# RFC 1952 §8: CRC-32 is the remainder of a polynomial over two elements, written with its lowest power first.
_POLYNOMIAL: Final = 0xEDB88320
_ONE: Final = 1 << 31
_SIZE_MASK: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Compressed text; `shift` is the factor that moves a check sum past it."""

    data: bytes
    crc: int
    size: int
    shift: int


def squeeze(text: bytes) -> Part:
    """Compress one part."""
    packer = zlib.compressobj(_FASTEST, zlib.DEFLATED, _RAW)
    data = packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH)
    return Part(data=data, crc=zlib.crc32(text), size=len(text), shift=_shift(len(text)))


def gather(parts: Iterable[Part]) -> bytes:
    """Put parts together, in order, as one gzip member."""
    crc = size = 0
    blocks = [_HEAD]
    for part in parts:
        crc = _times(part.shift, crc) ^ part.crc
        size += part.size
        blocks.append(part.data)
    tail = crc.to_bytes(4, "little") + (size & _SIZE_MASK).to_bytes(4, "little")
    return b"".join((*blocks, _LAST_BLOCK, tail))


def _times(left: int, right: int) -> int:
    """Multiply two polynomials, modulo the polynomial of CRC-32."""
    product = 0
    while left:
        if left & _ONE:
            product ^= right
        left = (left << 1) & _SIZE_MASK
        right = (right >> 1) ^ _POLYNOMIAL if right & 1 else right >> 1
    return product


def _powers() -> tuple[int, ...]:
    found = [_ONE >> 1]  # x, then by squaring x², x⁴, x⁸ …
    for _ in range(63):
        found.append(_times(found[-1], found[-1]))
    return tuple(found)


_POWERS: Final = _powers()


def _shift(size: int) -> int:
    """Give x to the power of eight times the size: what so many bytes behind it do to a check sum."""
    factor, bits = _ONE, size << 3
    for power in _POWERS:
        if bits & 1:
            factor = _times(power, factor)
        bits >>= 1
    return factor
