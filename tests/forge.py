"""A server that behaves like GitHub's REST API, as far as it is used: pages, ETags, limits, and who may ask."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

REPOSITORY = "unifocus/specs"
TOKEN = "ghp_0123456789abcdefghijklmnopqrstuvwxyz"  # noqa: S105 - nobody's
WHEN = "2026-03-01T10:00:00Z"
NOW = 1_772_359_200


class Forge:
    """What the server knows, for a test to fill: everything is keyed as GitHub's paths are."""

    def __init__(self) -> None:
        self.url = ""
        self.pulls: dict[int, dict] = {}
        self.brought: dict[str, list[int]] = {}  # commit: the pull requests that it came by
        self.history: dict[str, list[str]] = {}  # commit: all commits up to it, newest first
        self.touched: dict[str, list[str]] = {}  # commit: the files that it changed
        self.holds: dict[str, dict[str, str]] = {}  # commit: each file, with git's name of what it holds
        self.commits: dict[int, list[dict]] = {}
        self.reviews: dict[int, list[dict]] = {}
        self.checks: dict[str, list[dict]] = {}
        self.statuses: dict[str, list[dict]] = {}
        self.runs: list[dict] = []
        self.approvals: dict[int, list[dict]] = {}
        self.asked: list[tuple[str, str]] = []
        self.answers: list[int] = []
        self.limit: tuple[int, dict[str, str], str] | None = None
        self.away = False
        self.silence = threading.Lock()  # while it is held, nothing is answered
        self.largest_page = 100

    def pull(self, number: int, *, head: str, by: str = "dora", commits: tuple[str, ...] = (), **more) -> dict:
        """Merge a pull request, unless `merged_at` is None."""
        self.pulls[number] = {
            "number": number,
            "title": f"Release {number}",
            "html_url": f"https://github.example.com/{REPOSITORY}/pull/{number}",
            "state": "closed",
            "user": {"login": by},
            "head": {"sha": head, "ref": f"branch-{number}"},
            "base": {"ref": "main"},
            "merged_at": WHEN,
            **more,
        }
        for commit in commits:
            self.brought.setdefault(commit, []).append(number)
        return self.pulls[number]

    def review(self, number: int, login: str, state: str = "APPROVED", *, of: str = "", at: str = WHEN) -> None:
        listed = self.reviews.setdefault(number, [])
        commit = of or self.pulls[number]["head"]["sha"]
        listed.append({
            "id": 1000 * number + len(listed), "user": {"login": login}, "state": state, "commit_id": commit,
            "submitted_at": at,
        })  # fmt: skip

    def reply(self, method: str, path: str, query: dict[str, str], body: dict) -> tuple[int, object]:
        """Answer one request below the repository's own path."""
        for pattern, kind, answer in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found and kind == method:
                return answer(self, query, body, *found.groups())
        return 404, {"message": "Not Found"}


def _commits(forge, query, _body):
    listed = forge.history.get(query["sha"], [])
    return 200, [{"sha": sha} for sha in listed if query["path"] in forge.touched.get(sha, [])]


def _commit_pulls(forge, _query, _body, sha):
    return 200, [forge.pulls[number] for number in forge.brought.get(sha, [])]


def _content(forge, query, _body, path):
    held = forge.holds.get(query["ref"], {})
    return (
        (200, {"type": "file", "path": path, "sha": held[path]})
        if path in held
        else (404, {"message": "Not Found"})
    )


def _listed(forge, query, _body):
    owner = REPOSITORY.partition("/")[0]
    mine = (
        one for one in forge.pulls.values()
        if one["state"] == query["state"] and f"{owner}:{one['head']['ref']}" == query["head"]
    )  # fmt: skip
    return 200, list(mine)


def _open(forge, _query, body):
    if any(one["state"] == "open" and one["head"]["ref"] == body["head"] for one in forge.pulls.values()):
        errors = [{"message": f"A pull request already exists for {body['head']}."}]
        return 422, {"message": "Validation Failed", "errors": errors}
    number = max(forge.pulls, default=0) + 1
    made = forge.pull(number, head="", merged_at=None, state="open", title=body["title"], body=body["body"])
    made["head"] = {"ref": body["head"], "sha": ""}
    made["base"] = {"ref": body["base"]}
    return 201, made


def _edit(forge, _query, body, number):
    forge.pulls[int(number)] |= body
    return 200, forge.pulls[int(number)]


def _run_list(forge, query, _body):
    mine = [run for run in forge.runs if run["head_sha"] == query["head_sha"]]
    return 200, {"total_count": len(mine), "workflow_runs": mine}


_ROUTES = (
    (r"commits", "GET", _commits),
    (r"commits/(\w+)/pulls", "GET", _commit_pulls),
    (r"commits/(\w+)/check-runs", "GET", lambda f, _q, _b, sha: (200, {"check_runs": f.checks.get(sha, [])})),
    (r"commits/(\w+)/status", "GET", lambda f, _q, _b, sha: (200, {"statuses": f.statuses.get(sha, [])})),
    (r"contents/(.+)", "GET", _content),
    (r"pulls", "GET", _listed),
    (r"pulls", "POST", _open),
    (r"pulls/(\d+)", "PATCH", _edit),
    (r"pulls/(\d+)", "GET", lambda f, _q, _b, number: (200, f.pulls[int(number)])),
    (r"pulls/(\d+)/commits", "GET", lambda f, _q, _b, number: (200, f.commits.get(int(number), []))),
    (r"pulls/(\d+)/reviews", "GET", lambda f, _q, _b, number: (200, f.reviews.get(int(number), []))),
    (r"actions/runs", "GET", _run_list),
    (r"actions/runs/(\d+)/approvals", "GET", lambda f, _q, _b, number: (200, f.approvals.get(int(number), []))),
)


def _door(forge: Forge) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            forge.asked.append((self.command, unquote(self.path)))
            with forge.silence:
                status, headers, document = self._answer(parts.path, query, body)
            content = json.dumps(document).encode()
            tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            if status == 200 and self.headers.get("If-None-Match") == tag:
                status, content = 304, b""
            forge.answers.append(status)
            self.send_response_only(status)
            lines = {
                "ETag": tag,
                "Date": formatdate(NOW, usegmt=True),
                "Content-Length": str(len(content)),
                **headers,
            }
            for name, value in lines.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - as http.server calls them

        def _answer(self, path: str, query: dict, body: dict) -> tuple[int, dict[str, str], object]:
            if forge.away:
                return 502, {}, {"message": "Bad Gateway"}
            if forge.limit is not None:
                status, headers, message = forge.limit
                return status, headers, {"message": message}
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return 401, {}, {"message": "Bad credentials"}
            if self.headers.get("X-GitHub-Api-Version") != "2022-11-28" or not self.headers.get("User-Agent"):
                return 403, {}, {"message": "Request forbidden by administrative rules."}
            prefix = f"/repos/{REPOSITORY}/"
            if not path.startswith(prefix):
                return 404, {}, {"message": "Not Found"}
            status, document = forge.reply(self.command, unquote(path.removeprefix(prefix)), query, body)
            return self._paged(status, document, query)

        def _paged(self, status: int, document: object, query: dict) -> tuple[int, dict[str, str], object]:
            key = (
                next((k for k, v in document.items() if isinstance(v, list)), "")
                if isinstance(document, dict)
                else ""
            )
            items = document[key] if key else document
            if (
                not isinstance(items, list) or status != 200 or key == "files"
            ):  # of a comparison, all are on one page
                return status, {}, document
            size = min(int(query.get("per_page", 30)), forge.largest_page)
            page = int(query.get("page", 1))
            shown = items[(page - 1) * size : page * size]
            more = page * size < len(items)
            separator = "&" if "?" in self.path else "?"
            here = re.sub(r"[?&]page=\d+", "", self.path)
            link = {"Link": f'<{forge.url}{here}{separator}page={page + 1}>; rel="next"'} if more else {}
            return status, link, {**document, key: shown} if key else shown

        def log_message(self, *_: object) -> None:
            pass

    return Door


@contextmanager
def forge() -> Iterator[Forge]:
    """Serve one on a free port of this machine."""
    made = Forge()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _door(made))
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
