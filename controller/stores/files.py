"""The file that a store lives in: made for our eyes only, and not on a file system that many hosts share."""

import os
import re
from pathlib import Path
from typing import Final

from controller.errors import PlatformError, Refusal, SpecError

# File systems that several hosts can mount: their locks and shared memory reach no further than one host, and
# SQLite's write-ahead log needs both (sqlite.org/wal.html: "WAL does not work over a network filesystem"). Amazon
# EFS mounts as nfs4.
NETWORKED: Final = frozenset(
    {
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "davfs",
        "fuse.ceph",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
    }
)
MOUNTS: Final = Path("/proc/self/mounts")


def make_private(path: Path) -> None:
    """Create the file if it is not there, readable by its owner alone: releases may hold what is nobody's business.

    Raises SpecError when its folder is not there, PlatformError when the file cannot be made.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        # It must not even be opened: closing it would drop the locks that SQLite holds on it in this process
        # (sqlite.org/howtocorrupt.html §2.2).
        return
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SpecError(f"store {path}: the folder {path.parent} does not exist; make it first") from error
    except OSError as error:
        raise PlatformError(f"store {path}: the file cannot be made ({error.strerror})") from error


def refuse_network(path: Path, mounts: str | None = None) -> None:
    """Raise Refusal if the file lies on a network file system; where mounts cannot be read, believe the operator.

    `mounts` is text in the form of /proc/mounts (proc_mounts(5)).
    """
    if mounts is None:
        try:
            mounts = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return
    kind = _kind_of(path.resolve(), mounts)
    if kind in NETWORKED:
        raise Refusal(
            f"store {path}: it lies on a network file system ({kind}), where SQLite cannot keep two hosts apart; "
            "use a local disk"
        )


def _kind_of(path: Path, mounts: str) -> str:
    """Find the type of the file system under a path: of the mounts above it the deepest, the last of equals."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        words = line.split(" ")
        if len(words) > 2:  # noqa: PLR2004 - device, mount point, type
            point = Path(_plain(words[1]))
            depth = len(point.parts)
            if depth >= best and path.is_relative_to(point):
                best, kind = depth, words[2]
    return kind


def _plain(text: str) -> str:
    r"""Undo the octal escapes of mount points: a space is \040."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
