"""Text that is kept for long and seldom read: a fleet remembers tens of thousands of long ones."""

import zlib
from dataclasses import dataclass
from typing import Final

_FASTEST: Final = 1
"""zlib's first level: JSON comes to a fifth in some 20 microseconds, and more effort saves little more."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A text, compressed; equal when the text is equal, and `str()` gives it back."""

    data: bytes

    @classmethod
    def of(cls, text: str) -> "Packed":
        """Pack a text."""
        return cls(zlib.compress(text.encode(errors="surrogatepass"), _FASTEST))

    def __bool__(self) -> bool:
        return self.data != NOTHING.data

    def __str__(self) -> str:
        return zlib.decompress(self.data).decode(errors="surrogatepass")

    def __repr__(self) -> str:
        return f"Packed.of({str(self)!r})"


NOTHING: Final = Packed.of("")
