"""The least of HTTP/1.1 that AWS's clients are content with."""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

_REASONS: Final = {200: "OK", 400: "Bad Request"}


class Asked(NamedTuple):
    """A request; header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer."""

    status: int
    kind: str
    body: bytes


class Door(asyncio.Protocol):
    """One connection, kept open; one request at a time, as AWS's clients send them."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        self._answer = answer
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport = transport  # type: ignore[assignment]  # asyncio gives a Transport to a Protocol

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            size = end + 4 + int(headers.get("content-length", 0))
            if len(self._buffer) < size:
                return
            body, self._buffer = self._buffer[end + 4 : size], self._buffer[size:]
            self._reply(self._answer(Asked(first.split(" ")[1], headers, body)))

    def _reply(self, answer: Answer) -> None:
        head = (
            f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Told')}\r\nContent-Type: {answer.kind}\r\n"
            f"x-amzn-RequestId: 0\r\nContent-Length: {len(answer.body)}\r\n\r\n"
        )
        if self._transport is not None:
            self._transport.write(head.encode("latin-1") + answer.body)


async def serve(answer: Callable[[Asked], Answer]) -> None:
    """Serve on a free port of loopback until the process is stopped; the first line printed says which port."""
    server = await asyncio.get_running_loop().create_server(lambda: Door(answer), "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()
