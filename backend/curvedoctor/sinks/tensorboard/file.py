"""Our own event file in `RUN/curvedoctor/`: read, repaired, appended to, and known as ours.

Invariants: the file is only ever appended to, except that a damaged tail of it is cut back to the last
intact record. It appears whole (written beside, then renamed). One writer at a time holds the lock.
A directory is ours only if everything in it is.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from curvedoctor.errors import SinkError
from curvedoctor.sinks.tensorboard import content

FOLDER = "curvedoctor"
LOCK, FRESH = ".lock", ".new"
_EVENTS = re.compile(r"events\.out\.tfevents\.\d+\.curvedoctor")
#: bytes around a record's payload: length and its CRC before, the payload's CRC behind
_BEFORE, _BEHIND = 12, 4
#: bytes of a payload; ours stay far below
_LARGEST = 1 << 28
#: seconds to wait for another writer
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Found:
    """What our file says."""

    path: Path
    #: bytes up to which all records are intact
    intact: int
    size: int
    #: the last complete set; None if there is none, or an incomplete one stands behind it
    last: content.Closing | None
    #: what any set holds beside text and data
    written: content.Written


def foreign(folder: Path) -> str | None:
    """Why `folder` is not ours, or None if it is (or doesn't exist, or is empty)."""
    if folder.is_symlink():
        return f"{folder} is a symbolic link, which curvedoctor never makes"
    if not folder.exists():
        return None
    if not folder.is_dir():
        return f"{folder} is a file that curvedoctor did not write"
    for entry in sorted(folder.iterdir()):
        if entry.name in {LOCK, FRESH} and not entry.is_symlink() and entry.is_file():
            continue
        if not _EVENTS.fullmatch(entry.name) or entry.is_symlink() or not entry.is_file():
            return f"{entry} was not written by curvedoctor: move it away"
        first = next(records(entry), None)
        if first is None or not content.is_head(first[1]):
            return f"{entry} does not say that curvedoctor wrote it: move it away"
    return None


def records(path: Path) -> Iterator[tuple[int, bytes]]:
    """(offset of its end, payload) of each intact record, up to the first that isn't."""
    end = 0
    with path.open("rb") as stream:
        while len(before := stream.read(_BEFORE)) == _BEFORE:
            length, check = struct.unpack("<QI", before)
            if check != _crc(before[:8]) or length > _LARGEST:
                return
            payload = stream.read(length)
            behind = stream.read(_BEHIND)
            if len(behind) < _BEHIND or struct.unpack("<I", behind)[0] != _crc(payload):
                return
            end += _BEFORE + length + _BEHIND
            yield end, payload


def read(folder: Path) -> Found | None:
    """The newest of our files in `folder`; None if there is none."""
    paths = sorted(path for path in folder.glob("events.out.tfevents.*") if _EVENTS.fullmatch(path.name))
    if not paths:
        return None
    path = paths[-1]
    intact, last, written = 0, None, content.Written()
    for end, payload in records(path):
        intact = end
        last = content.data_of(payload)
        if last is not None:
            written = written.joined(content.Written.of(last))
    return Found(path, intact, path.stat().st_size, last, written)


def append(folder: Path, present: Found | None, events: Iterable[bytes]) -> Path:
    """Write one set of events as a whole, after cutting off a damaged tail. Needs the lock."""
    framed = b"".join(map(_framed, events))
    if present is None:
        fresh = folder / FRESH
        with fresh.open("wb") as stream:
            stream.write(_framed(content.head()) + framed)
            _settle(stream)
        path = folder / f"events.out.tfevents.{int(time.time())}.curvedoctor"
        fresh.replace(path)
        return path
    with present.path.open("r+b") as stream:
        if present.size > present.intact:
            stream.truncate(present.intact)
        stream.seek(present.intact)
        stream.write(framed)
        _settle(stream)
    return present.path


def _settle(stream: BinaryIO) -> None:
    stream.flush()
    with contextlib.suppress(OSError):  # some network file systems can't
        os.fsync(stream.fileno())


def remove(folder: Path) -> list[str]:
    """Remove our directory, which `foreign` accepted; returns what was removed."""
    removed = [str(path) for path in sorted(folder.iterdir()) if path.name != LOCK]
    for path in sorted(folder.iterdir()):
        path.unlink()
    folder.rmdir()
    return [*removed, str(folder)]


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the directory's lock, making the directory.
    Raises `SinkError` if another writer keeps it for long."""
    from filelock import FileLock, Timeout

    lock, held = FileLock(folder / LOCK, timeout=PATIENCE), False
    try:
        while not held:  # whoever held it may have removed the directory
            folder.mkdir(exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                lock.acquire()
                held = (folder / LOCK).exists()
                if not held:
                    lock.release()
        yield
    except Timeout as error:
        raise SinkError(
            f"{folder}: another curvedoctor has been writing here for {PATIENCE:.0f} s: wait for it to end"
        ) from error
    finally:
        lock.release()


def _framed(payload: bytes) -> bytes:
    """One TFRecord: length, its masked CRC, payload, its masked CRC."""
    length = struct.pack("<Q", len(payload))
    return length + struct.pack("<I", _crc(length)) + payload + struct.pack("<I", _crc(payload))


def _crc(data: bytes) -> int:
    from curvedoctor.sources.tensorboard.records.crc import crc32c, mask

    return mask(crc32c()(data))
