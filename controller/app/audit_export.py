"""`audit export`: write the rows of a journal out, with their chain and its head, where nothing is overwritten."""

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias

from controller.app.audit import LastLine
from controller.app.memory import clock_now, open_store
from controller.errors import AccessError, PlatformError, Refusal, SpecError
from controller.model.instants import instant
from controller.model.story import ChainHead
from controller.stores.chain import START, fitting, line_of

if TYPE_CHECKING:
    from controller.options import Options
    from controller.ports import Store

STDOUT: Final = "-"
_S3: Final = "s3://"
_OBJECT: Final = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.{0,1023}[^/])")
_THERE: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
Lines: TypeAlias = Iterator[bytes]
Client: TypeAlias = Any  # the SDK makes the classes of its clients at run time


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written: how many rows, after which one, and the head, which says all of what came before too."""

    target: str
    rows: int
    after: int
    number: int
    head: str
    at: datetime


class Export:
    """The rows beyond one of them as lines, which are checked while they are written; the head comes last."""

    def __init__(self, store: "Store", after: int, at: datetime) -> None:
        self._store, self._at = store, at
        self._start = self._head = _head_at(store, after)

    def lines(self) -> Lines:
        """Write line by line; raise Broken at a row that does not fit."""
        for link in fitting(self._store.links(after=self._start.number), self._start):
            yield f"{line_of(link)}\n".encode("ascii")
            self._head = ChainHead(number=link.number, chain=link.chain)
        last = LastLine(head=self._head, after=self._start.number, at=instant(self._at))
        yield f"{last.written()}\n".encode("ascii")

    def done(self, target: str) -> Exported:
        """Say what was written."""
        start, head = self._start.number, self._head
        return Exported(
            target=target,
            rows=head.number - start,
            after=start,
            number=head.number,
            head=head.chain,
            at=self._at,
        )


def _head_at(store: "Store", number: int) -> ChainHead:
    if number == 0:
        return START
    link = next(store.links(after=number - 1), None)
    if link is None or link.number != number:
        raise SpecError(f"the journal has no row {number}; --after takes the number of the last row that you have")
    return ChainHead(number=link.number, chain=link.chain)


def export(target: str, after: int, options: "Options") -> Exported:
    """Write the rows beyond `after` to a file, `-` or an object of S3.

    Broken: a row does not fit, and no file or object is left. Refusal: the file or object is there already.
    SpecError: the target or the store is not one. AccessError and PlatformError as S3 gives them.
    """
    write = _writer(target, options)
    with closing(open_store(options.store, must_exist=True)) as store:
        whole = Export(store, after, clock_now())
        write(whole.lines())
        return whole.done(target)


def _writer(target: str, options: "Options") -> Callable[[Lines], None]:
    if target == STDOUT:
        return _print
    if not target.startswith(_S3):
        return lambda lines: _write_file(Path(target), lines)
    hit = _OBJECT.fullmatch(target)
    if hit is None:
        raise SpecError(f"{target!r} names no object of S3; say s3://bucket/key")
    return lambda lines: _put(target, hit[1], hit[2], lines, options)


def _print(lines: Lines) -> None:
    for line in lines:
        sys.stdout.write(line.decode("ascii"))
    sys.stdout.flush()


def _write_file(path: Path, lines: Lines) -> None:
    """Write a new file that only its owner can read; on any failure it is taken away again."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Refusal(f"{path} is there already, and is not overwritten; name another file") from error
    except OSError as error:
        raise SpecError(f"{path} cannot be made: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            _write(lines, file)
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink()
        raise PlatformError(f"{path} cannot be written: {error.strerror}") from error
    except BaseException:
        path.unlink()
        raise


def _write(lines: Lines, file: BinaryIO) -> None:
    file.writelines(lines)
    file.flush()


def _put(target: str, bucket: str, key: str, lines: Lines, options: "Options") -> None:
    """Put a new object; S3 itself sees to it that none is overwritten, as of one moment."""
    with tempfile.TemporaryFile() as file, closing(_client(options)) as client:
        _write(lines, file)
        file.seek(0)
        try:
            client.put_object(
                Bucket=bucket, Key=key, Body=file, ContentType="application/x-ndjson", IfNoneMatch="*"
            )
        except Exception as error:
            raise _in_words(error, target) from error


def _client(options: "Options") -> Client:
    from controller.targets.ecs.session import ambient_session, change_config

    # One try: a second one would take what the first has put, when its answer was lost, for somebody else's.
    return ambient_session().create_client("s3", endpoint_url=options.endpoint_url, config=change_config())


def _in_words(error: Exception, target: str) -> Exception:
    from controller.targets.ecs.answers import Cause, declined

    why = declined(error, "PutObject", opened=True)
    if why.code in _THERE:
        return Refusal(f"{target} is there already, and is not overwritten; name another key")
    if why.code in {"NoSuchBucket", "InvalidBucketName"}:
        return SpecError(f"{target}: there is no such bucket")
    if why.cause is Cause.DENIED:
        return AccessError(f"{target} may not be written; that takes s3:PutObject: {why}")
    if why.lost:
        return PlatformError(f"{target}: no answer came, look whether it is there: {why}")
    return PlatformError(f"{target} could not be written: {why}")
