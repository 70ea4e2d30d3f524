"""The operator's keys, from a folder that is the operator's and never from a repository, as git is given them.

`allowed_signers` and `revoked_keys` hold SSH keys, `*.asc` and `*.gpg` exported public keys of GPG. Git gets copies
of what counts now, in the cache, by the digest of their content: what is checked is what was read, whoever writes
the folder meanwhile. GPG trusts just the keys that are there, and asks no server for others.
"""

import base64
import binascii
import hashlib
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from controller.errors import SpecError
from controller.sources.permit import Permit
from controller.sources.signers import Signer, allowed, read_revoked, read_signers

ALLOWED: Final = "allowed_signers"
REVOKED: Final = "revoked_keys"
_LARGEST: Final = 4 * 1024 * 1024
_BLOCK: Final = re.compile(
    rb"-----BEGIN PGP ([A-Z ]+)-----\r?\n(?:[^\r\n]+: [^\r\n]*\r?\n)*[ \t]*\r?\n"
    rb"(.*?)(?:\r?\n=[A-Za-z0-9+/]{4})?\s*-----END PGP",
    re.DOTALL,
)
_PUBLIC: Final = b"PUBLIC KEY BLOCK"
# The first octet of a public key as a packet, of the old format and of the new one (RFC 4880, section 4.2).
_PACKETS: Final = frozenset({0x98, 0x99, 0x9A, 0xC6})
_GPG: Final = (
    "trust-model always\nno-auto-key-retrieve\nno-auto-key-locate\nno-auto-check-trustdb\nlock-never\n"
    "no-random-seed-file\nbatch\nno-tty\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """Keys that were read: SSH signers by fingerprint, revoked ones, and what one git process is given of them.

    Two with the same `stamp` come to the same answers of git's.
    """

    signers: Mapping[str, tuple[Signer, ...]] = field(default_factory=dict)
    revoked: frozenset[str] = frozenset()
    permit: Permit
    stamp: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What the operator's folder holds; `gpg` are public keys as GPG keeps a keyring."""

    signers: tuple[Signer, ...] = ()
    revoked: frozenset[str] = frozenset()
    gpg: bytes = b""


def read_keys(folder: Path) -> Keys:
    """Read the operator's folder. Raises SpecError for whatever is wrong in it."""
    files = _files(folder)
    return Keys(
        signers=read_signers(_text(files, ALLOWED), ALLOWED),
        revoked=read_revoked(_text(files, REVOKED), REVOKED),
        gpg=b"".join(_public_keys(name, files[name]) for name in sorted(files) if name.endswith((".asc", ".gpg"))),
    )


def read_keyring(folder: Path | None, cache: Path, now: datetime) -> Keyring:
    """Read the operator's folder for git; without one, nobody's signature is known to it. Raises SpecError."""
    keys = read_keys(folder) if folder else Keys()
    counting = allowed([one for one in keys.signers if one.key not in keys.revoked], now).encode()
    # GPG tells by the clock whether a key has expired: what it said yesterday is not asked for ever.
    stamp = hashlib.sha256(repr((counting, keys.gpg)).encode()).hexdigest()
    by_key: dict[str, tuple[Signer, ...]] = {}
    for one in keys.signers:
        by_key[one.key] = (*by_key.get(one.key, ()), one)
    return Keyring(
        signers=by_key,
        revoked=keys.revoked,
        permit=_permit(_laid_out(cache / "signers", stamp[:32], counting, keys.gpg)),
        stamp=f"{stamp} {now:%Y-%m-%d}",
    )


def _permit(home: Path) -> Permit:
    settings = (
        f"gpg.ssh.allowedSignersFile={home / ALLOWED}",
        "gpg.ssh.program=ssh-keygen",
        "gpg.program=gpg",
        "gpg.openpgp.program=gpg",
        "gpg.x509.program=/bin/false",
        "log.showSignature=false",
    )
    options = [word for setting in settings for word in ("-c", setting)]
    return Permit(options=tuple(options), environment=(("GNUPGHOME", str(home)),))


def _laid_out(cache: Path, name: str, counting: bytes, keys: bytes) -> Path:
    """Lay out what git is given, whole or not at all."""
    home = cache / name
    if home.is_dir():
        return home
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=cache))
        for file, content in ((ALLOWED, counting), ("pubring.gpg", keys), ("gpg.conf", _GPG.encode())):
            (fresh / file).write_bytes(content)
        try:
            fresh.rename(home)
        except OSError:  # another process was first
            shutil.rmtree(fresh, ignore_errors=True)
            if not home.is_dir():
                raise
    except OSError as problem:
        raise SpecError(f"the cache folder cannot be used: {problem.strerror or problem}") from None
    return home


def _files(folder: Path) -> Mapping[str, bytes]:
    try:
        names = sorted(file.name for file in folder.iterdir())
        taken = [name for name in names if name in {ALLOWED, REVOKED} or name.endswith((".asc", ".gpg"))]
        found = {name: _read(folder / name) for name in taken}
    except OSError as problem:
        raise SpecError(f"{problem.filename or folder} cannot be read: {problem.strerror or problem}") from None
    if not {*taken} - {REVOKED}:
        raise SpecError(f"{folder} holds no keys: neither {ALLOWED} nor a file .asc or .gpg")
    return found


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        content = opened.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise SpecError(f"{file.name} has more than {_LARGEST} bytes")
    return content


def _text(files: Mapping[str, bytes], name: str) -> str:
    try:
        return files.get(name, b"").decode("utf-8")
    except UnicodeDecodeError:
        raise SpecError(
            f"{name}: it is not text; of a revocation list, write the public keys, one a line"
        ) from None


def _public_keys(name: str, content: bytes) -> bytes:
    """Give exported keys as GPG keeps a keyring: one packet after the other, without armour."""
    blocks: Sequence[tuple[bytes, bytes]] = _BLOCK.findall(content)
    if b"-----BEGIN PGP" not in content:
        blocks = ((_PUBLIC, base64.b64encode(content)),)
    try:
        packets = [base64.b64decode(b"".join(body.split()), validate=True) for _, body in blocks]
    except binascii.Error:
        packets = []
    if not packets or any(kind != _PUBLIC for kind, _ in blocks) or any(not _is_public(one) for one in packets):
        raise SpecError(
            f"{name}: it does not hold public keys of GPG and nothing else; write `gpg --export --armor`"
        )
    return b"".join(packets)


def _is_public(packets: bytes) -> bool:
    return bool(packets) and packets[0] in _PACKETS
