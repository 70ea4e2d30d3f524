"""A real server on loopback that takes what notifiers post, and answers as it is told."""

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from controller.model.decision import Blocker
from controller.model.message import Message, Occasion
from controller.notifiers.tools import Tools
from controller.probes.guarded import Http
from tests.contracts.made import API, NOW, PROD

SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HOSTILE = "<!channel> <https://evil.example|here> *bold* `x`\r\nBcc: all@example.com <script>alert(1)</script> &"


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Receiver:
    """What came, and what is answered: by path, else `answers` in turn, else 200."""

    url: str = ""
    requests: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    by_path: dict = field(default_factory=dict)
    hold: threading.Event | None = None

    def answer(self, request):
        self.requests.append(request)
        if self.hold is not None:
            self.hold.wait(20)
        if request.path in self.by_path:
            return self.by_path[request.path]
        return self.answers.pop(0) if self.answers else (200, {"ok": True, "ts": f"17{len(self.requests)}.1"})


@contextmanager
def receiving():
    """Serve until the end of the block."""
    receiver = Receiver()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, said = receiver.answer(Request(self.command, self.path, headers, body))
            out = said if isinstance(said, bytes) else json.dumps(said).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(out)))
                self.end_headers()
                self.wfile.write(out)
            except OSError:
                pass  # whoever asked has gone

        def do_GET(self):
            self.do_POST()

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield receiver
    finally:
        if receiver.hold is not None:
            receiver.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


def tools(**how) -> Tools:
    """What notifiers are handed: a real client, and secrets that are what they are named by."""
    return Tools(
        **{
            "http": Http(),
            "seconds": lambda: 1_700_000_000.9,
            "secret": lambda file, variable: lambda: file or variable,
            "sns": lambda region: None,
            "github": "https://api.github.com",
            "github_token": lambda: "gh-token",
            **how,
        }
    )


def a_message(**how) -> Message:
    """A message of a release that went back."""
    return Message(
        **{
            "id": "msg_0123456789abcdef0123456789abcdef",
            "at": NOW,
            "row": 12,
            "occasions": frozenset({Occasion.AFTER}),
            "transition": "went_back",
            "env": PROD,
            "target": API,
            "owners": ("payments",),
            "rollout": 3,
            "version": "v1.4.0",
            "title": "prod/api: v1.4.0 failed and went back: v1.3.0 runs again",
            "text": "exit code 1",
            "facts": {"commit": "c" * 40, "back": "v1.3.0"},
            "blocked": (Blocker(gate="window", why="the window is shut", until=NOW),),
            **how,
        }
    )
