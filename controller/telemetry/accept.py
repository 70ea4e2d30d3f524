"""Which form of /metrics a request asks for (RFC 9110 §12.5): its Accept and Accept-Encoding headers."""

from collections.abc import Iterator
from typing import Final

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_OURS: Final = frozenset({"", "0.0.1", "1.0.0"})
_LONGEST: Final = 4096


def wants_openmetrics(accept: str) -> bool:
    """Whether OpenMetrics, in a version that we write, is liked better than the text format."""
    openmetrics = text = 0.0
    for name, parameters, weight in _items(accept):
        if name == "application/openmetrics-text" and parameters.get("version", "") in _OURS:
            openmetrics = max(openmetrics, weight)
        elif name in {"text/plain", "text/*", "*/*"}:
            text = max(text, weight)
    return openmetrics > text


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the answer may be compressed."""
    found = {name: weight for name, _, weight in _items(accept_encoding)}
    return found.get("gzip", found.get("*", 0.0)) > 0


def _items(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for item in header[:_LONGEST].lower().split(","):
        name, *rest = (piece.strip() for piece in item.split(";"))
        pairs = (piece.partition("=") for piece in rest)
        parameters = {key.strip(): value.strip().strip('"') for key, _, value in pairs}
        yield name, parameters, _weight(parameters.get("q", "1"))


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
