"""Keys, and commits and tags that are signed with them, made with the programs that people use."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from controller.model.names import Commit
from tests.sources.repository import Repository


def _run(*words: str | Path, feed: bytes = b"", home: Path | None = None) -> bytes:
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/nonexistent", "GNUPGHOME": str(home)}
    done = subprocess.run(
        [str(word) for word in words], input=feed, env=environment, capture_output=True, check=True
    )
    return done.stdout


@dataclass(frozen=True)
class SshKey:
    """One person's key; `public` is the line that goes into a list."""

    file: Path
    public: str
    fingerprint: str

    @classmethod
    def make(cls, file: Path) -> "SshKey":
        if shutil.which("ssh-keygen") is None and os.environ.get("CI") != "true":
            pytest.skip("ssh-keygen is not installed")
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file)
        public = Path(f"{file}.pub").read_text().strip()
        return cls(file, public, _run("ssh-keygen", "-l", "-f", f"{file}.pub").split()[1].decode())

    def sign(self, content: bytes, namespace: str = "git") -> bytes:
        return _run("ssh-keygen", "-Y", "sign", "-n", namespace, "-f", self.file, feed=content)


@dataclass(frozen=True)
class GpgKey:
    """One person's key of GPG, in a home of its own."""

    home: Path
    fingerprint: str

    @classmethod
    def make(cls, home: Path, name: str = "gpg", expires: str = "never") -> "GpgKey":
        home.mkdir(mode=0o700, exist_ok=True)
        words = ("--batch", "--passphrase", "", "--faked-system-time", "20200101T000000!")
        _run(
            "gpg", *words, "--quick-gen-key", f"{name} <{name}@example.com>", "ed25519", "sign", expires, home=home
        )
        listed = _run("gpg", "--batch", "--list-keys", "--with-colons", f"{name}@", home=home).decode()
        return cls(home, next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr")))

    def sign(self, content: bytes, *more: str) -> bytes:
        words = ("--batch", "--armor", "--detach-sign", "--local-user", self.fingerprint)
        return _run("gpg", *more, *words, feed=content, home=self.home)

    def export(self, *more: str) -> bytes:
        return _run("gpg", "--batch", *more, "--export", self.fingerprint, home=self.home)

    def revoke(self) -> None:
        made = (self.home / "openpgp-revocs.d" / f"{self.fingerprint}.rev").read_text().replace(":-----", "-----")
        _run("gpg", "--batch", "--import", feed=made.encode(), home=self.home)


def raw(repository: Repository, name: str) -> bytes:
    return subprocess.run(
        ["git", f"--git-dir={repository.folder}", "cat-file", "-p", name], capture_output=True, check=True
    ).stdout


def put_signature(content: bytes, signature: bytes) -> bytes:
    """Put a signature where git keeps that of a commit: a header whose further lines begin with a space."""
    head, _, message = content.partition(b"\n\n")
    return head + b"\ngpgsig " + b"\n ".join(signature.strip().split(b"\n")) + b"\n\n" + message


def sign_tip(repository: Repository, key: SshKey | GpgKey, branch: str = "main", **how: str) -> Commit:
    """Sign the newest commit: another commit takes its place, as a signature is part of what a commit is."""
    content = raw(repository, f"refs/heads/{branch}")
    signed = Commit(repository.write("commit", put_signature(content, key.sign(content, **how))))
    repository.point(signed, branch)
    return signed


def tag_tip(repository: Repository, name: str, key: SshKey | GpgKey | None, *, says: str = "") -> None:
    """Tag the newest commit with an object of its own, signed if there is a key; it may say another name."""
    text = f"object {repository.tip()}\ntype commit\ntag {says or name}\n"
    content = f"{text}tagger Tess <tess@example.com> 1700000000 +0000\n\nA release\n".encode()
    oid = repository.write("tag", content + (key.sign(content) if key else b""))
    repository.git("update-ref", f"refs/tags/{name}", oid)
