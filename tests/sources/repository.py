"""Real repositories, written with git's own plumbing and without a person's configuration."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from controller.model.names import Commit

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


@dataclass(frozen=True)
class Odd:
    """An entry that is not a plain file: a symbolic link (120000, its text) or a submodule (160000, its commit)."""

    mode: str
    content: bytes


def link(to: str) -> Odd:
    return Odd("120000", to.encode())


def submodule(commit: str) -> Odd:
    return Odd("160000", commit.encode())


class Repository:
    def __init__(self, folder: Path, *, object_format: str = "sha1") -> None:
        self.folder = folder
        self.url = f"file://{folder}"
        kind = f"--object-format={object_format}"
        words = ["git", "init", "--quiet", "--bare", "--template=", "-b", "main", kind, str(folder)]
        subprocess.run(words, env=ENVIRONMENT, check=True)

    def git(self, *words: str, feed: bytes = b"") -> str:
        words = ("git", f"--git-dir={self.folder}", *words)
        done = subprocess.run(words, env=ENVIRONMENT, input=feed, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def commit(
        self,
        files: Mapping[str | bytes, str | bytes | Odd | None],
        *,
        branch: str = "main",
        onto: str | None = "tip",
        message: str = "Change the specs",
        author: str = "Ada <ada@example.com>",
        at: int = 1_700_000_000,
    ) -> Commit:
        """Commit changed files (None deletes one), onto the branch's tip, another commit, or nothing at all."""
        stream = [f"commit refs/heads/{branch}\nmark :1\nauthor {author} {at} +0000\n".encode()]
        stream.append(f"committer {author} {at} +0000\ndata {len(message.encode())}\n{message}\n".encode())
        parent = self.tip(branch) if onto == "tip" else onto
        if parent:
            stream.append(f"from {parent}\n".encode())
        stream += [_change(name, content) for name, content in files.items()]
        words = ("fast-import", "--quiet", "--force")
        if not parent:
            self.git("update-ref", "-d", f"refs/heads/{branch}")
        return Commit(self.git(*words, feed=b"".join([*stream, b"\nget-mark :1\n"])))

    def tip(self, branch: str = "main") -> str | None:
        return self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}") or None

    def point(self, commit: str, branch: str = "main") -> None:
        self.git("update-ref", f"refs/heads/{branch}", commit)

    def drop(self, branch: str = "main") -> None:
        self.git("update-ref", "-d", f"refs/heads/{branch}")

    def write(self, kind: str, content: bytes) -> str:
        return self.git("hash-object", "-w", "--literally", "-t", kind, "--stdin", feed=content)

    def commit_tree(self, entries: list[tuple[str, bytes, str]]) -> Commit:
        """Commit a top folder of (mode, name, oid) as they come, however wrong."""
        tree = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries)
        oid = self.write("tree", tree)
        person = "Eve <eve@example.com> 1700000000 +0000"
        commit = self.write("commit", f"tree {oid}\nauthor {person}\ncommitter {person}\n\nOdd\n".encode())
        self.point(commit)
        return Commit(commit)


def _change(name: str | bytes, content: str | bytes | Odd | None) -> bytes:
    raw = name if isinstance(name, bytes) else name.encode()
    path = b'"' + b"".join(b"\\%03o" % byte for byte in raw) + b'"'
    if content is None:
        return b"D " + path + b"\n"
    if isinstance(content, Odd) and content.mode == "160000":
        return b"M 160000 " + content.content + b" " + path + b"\n"
    mode = content.mode if isinstance(content, Odd) else "100644"
    body = content.content if isinstance(content, Odd) else content
    body = body if isinstance(body, bytes) else body.encode()
    return b"M %s inline %s\ndata %d\n%s\n" % (mode.encode(), path, len(body), body)
