"""Where the flow's notifications arrive: a real endpoint on loopback that believes only what is signed.

Source of the signature: Standard Webhooks, version 1 (standardwebhooks.com).
"""

import base64
import hmac
import json
import threading
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

_TAKEN: Final = 204
_REFUSED: Final = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One notification, as it came first: which environment, version, rollout and transition it is of."""

    id: str
    env: str
    version: str
    rollout: int
    transition: str
    title: str
    text: str


class Inbox:
    """Takes webhooks until it is closed. `refused` counts those whose signature was not that of `secret`."""

    def __init__(self, secret: str) -> None:
        self.refused = 0
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._messages: dict[str, Message] = {}
        self._came: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _posted(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where to post to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    @property
    def messages(self) -> list[Message]:
        """What has come so far, in order, each id once."""
        with self._lock:
            return list(self._messages.values())

    @property
    def repeated(self) -> list[str]:
        """The ids that came more than once."""
        with self._lock:
            return [name for name, times in self._came.items() if times > 1]

    def told(self, env: str, version: str) -> list[str]:
        """Give the transitions of a version in an environment, in order."""
        return [one.transition for one in self.messages if (one.env, one.version) == (env, version)]

    def take(self, name: str, at: str, signature: str, body: bytes) -> bool:
        """Keep one that came; False, and nothing kept, if it was not signed with our secret."""
        signed = hmac.new(self._key, f"{name}.{at}.".encode() + body, sha256).digest()
        mine = f"v1,{base64.b64encode(signed).decode()}"
        with self._lock:
            if not any(hmac.compare_digest(mine, one) for one in signature.split()):
                self.refused += 1
                return False
            self._came[name] += 1
            self._messages.setdefault(name, _message(name, json.loads(body)["data"]))
        return True

    def close(self) -> None:
        """Take no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _message(name: str, data: dict[str, Any]) -> Message:
    return Message(
        id=name,
        env=data["environment"],
        version=data["version"],
        rollout=data["rollout"] or 0,
        transition=data["transition"],
        title=data["title"],
        text=data["text"],
    )


def _posted(inbox: Inbox) -> type[BaseHTTPRequestHandler]:
    class Posted(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name is the server's
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            name, at, signature = (
                self.headers.get(f"webhook-{key}", "") for key in ("id", "timestamp", "signature")
            )
            self.send_response(_TAKEN if inbox.take(name, at, signature, body) else _REFUSED)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  so it is called there
            """Say nothing: the story says what came."""

    return Posted
