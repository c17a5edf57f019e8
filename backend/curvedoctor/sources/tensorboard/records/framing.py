"""TFRecord framing: length, CRC of the length, payload, CRC of the payload; and what to do if they lie.

What loses least: a bad payload is dropped and reported; after a bad length, search for the next valid
record; a truncated tail and zero padding end the file, unless an intact record stands behind them.
Reads in bounded pieces whatever the file says about its sizes.
"""

from __future__ import annotations

import errno
import io
import os
import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

from curvedoctor.model import ProblemKind
from curvedoctor.sources.tensorboard.records.crc import crc32c, mask
from curvedoctor.sources.tensorboard.records.resync import header_candidates

_HEADER = struct.Struct("<QI")
_WORD = struct.Struct("<I")
#: bytes of length, its CRC, and the payload's CRC
OVERHEAD = 16
#: bytes read at once
CHUNK = 1 << 20
#: bytes; a longer payload is no scalar and is skipped unread
MAX_PAYLOAD = 64 << 20
#: bytes of zeros after which the rest of a file is taken to be padding
MAX_ZEROS = 256 << 20


class Damage(NamedTuple):
    """A place in a file that holds no intact record."""

    offset: int
    what: str
    kind: ProblemKind = "damaged"


class Records:
    """Iterates over (offset, payload) of the intact records of a stream; damage goes to `problems`.

    `offset` says where in the file the stream stands.
    """

    def __init__(self, stream: IO[bytes], offset: int = 0) -> None:
        self._stream = stream
        #: `read1` gives what a broken compressed file still yields, where `read` raises
        self._read = getattr(stream, "read1", stream.read)
        self._crc = crc32c()
        self._data = b""
        #: position of `_data[0]` in the file, and of the next record in `_data`
        self._base = offset
        self._pos = 0
        self._ended = False
        #: bytes of payload that may still be checked in vain: hostile headers must not make this quadratic
        self._budget = MAX_PAYLOAD
        self.problems: list[Damage] = []

    @property
    def offset(self) -> int:
        """Where the next record starts."""
        return self._base + self._pos

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        crc, unpack, word = self._crc, _HEADER.unpack_from, _WORD.unpack_from
        while self._fill(12):
            data, pos = self._data, self._pos
            length, check = unpack(data, pos)
            if mask(crc(data[pos : pos + 8])) != check:
                if payload := self._despite_header(length):
                    yield self.offset, payload
                    self._pos += length + OVERHEAD
                elif not self._resume("damaged record header", 1):
                    return
                continue
            if length > MAX_PAYLOAD:
                self._skip(length)
                continue
            if not self._fill(length + OVERHEAD):
                missing = length + OVERHEAD - (len(self._data) - self._pos)
                if not self._resume(f"truncated record: {missing} bytes missing", 12):
                    return
                continue
            data, pos = self._data, self._pos
            payload = data[pos + 12 : pos + 12 + length]
            if mask(crc(payload)) == word(data, pos + 12 + length)[0]:
                self._budget = min(self._budget + 4 * len(payload) + 64, MAX_PAYLOAD)
                yield self._base + pos, payload
                self._pos = pos + length + OVERHEAD
            elif not self._drop(length):
                return
        if rest := self._data[self._pos :]:
            what = (
                f"truncated record: {len(rest)} bytes of its header"
                if any(rest)
                else f"zero padding: {len(rest)} bytes"
            )
            self.problems.append(Damage(self.offset, what))

    def _fill(self, count: int) -> bool:
        """Whether `count` bytes stand behind the position; reads on as needed."""
        while len(self._data) - self._pos < count and not self._ended:
            try:
                piece = self._read(max(CHUNK, count - (len(self._data) - self._pos)))
            except (OSError, EOFError, ValueError) as error:  # a broken gzip, a vanished mount
                self._broken(f"can't read on: {error}")
                piece = b""
            except Exception as error:  # zlib.error, lzma.LZMAError …: codecs share no base
                self._broken(f"can't decompress: {error}")
                piece = b""
            self._ended = not piece
            self._data = self._data[self._pos :] + piece
            self._base, self._pos = self._base + self._pos, 0
        return len(self._data) - self._pos >= count

    def _broken(self, what: str) -> None:
        self.problems.append(Damage(self._base + len(self._data), what[:200], "unreachable"))

    def _payload(self, start: int, length: int) -> bytes | None:
        """The payload of the record at `start` in `_data` if it is all there and its CRC is right."""
        if length > MAX_PAYLOAD or (length > 4096 and self._budget < length):
            return None
        ahead = start - self._pos
        if not self._fill(ahead + length + OVERHEAD):
            return None
        start = self._pos + ahead
        payload = self._data[start + 12 : start + 12 + length]
        self._budget -= length
        right = mask(self._crc(payload)) == _WORD.unpack_from(self._data, start + 12 + length)[0]
        return payload if right else None

    def _despite_header(self, length: int) -> bytes | None:
        """A payload whose own CRC is right is intact though its header is not."""
        payload = self._payload(self._pos, length) if 0 < length <= MAX_PAYLOAD else None
        if payload:
            self.problems.append(
                Damage(self.offset, "the record's length has a wrong checksum; its content is intact")
            )
        return payload

    def _drop(self, length: int) -> bool:
        """Past a record with a bad payload, or, if no record follows it, to the next one anywhere."""
        what = "record dropped: its checksum is wrong"
        behind = length + OVERHEAD
        self._budget -= length
        if self._fill(behind + 12):
            at = self._pos + behind
            follows = mask(self._crc(self._data[at : at + 8])) == _WORD.unpack_from(self._data, at + 8)[0]
        else:
            follows = len(self._data) - self._pos == behind
        if follows:
            self.problems.append(Damage(self.offset, what))
            self._pos += behind
            return True
        return self._resume(what, 12)

    def _skip(self, length: int) -> None:
        self.problems.append(
            Damage(self.offset, f"record of {length} bytes skipped: the limit is {MAX_PAYLOAD}")
        )
        end, here = self.offset + length + OVERHEAD, self._base + len(self._data)
        if end < here:
            self._pos += length + OVERHEAD
            return
        try:
            size = self._stream.seek(0, os.SEEK_END)
            if size < end:
                self.problems[-1] = Damage(self.offset, f"truncated record: {end - size} bytes missing")
            self._stream.seek(min(end, size))
        except (OSError, ValueError, OverflowError):
            self._ended = True
        self._data, self._base, self._pos = b"", min(end, 2**63), 0

    def _resume(self, what: str, ahead: int) -> bool:
        """Move to the next valid record at least `ahead` bytes on; False if there is none."""
        start = self.offset
        padding = not any(self._data[self._pos : self._pos + 12])
        resumed = self._search(ahead)
        passed = self.offset - start
        if padding:
            what = "zeros where a record should start" if resumed else f"zero padding: {passed} bytes"
        self.problems.append(Damage(start, f"{what}; {passed} bytes passed over" if resumed else what))
        return resumed

    def _search(self, ahead: int) -> bool:
        self._pos = min(self._pos + ahead, len(self._data))
        zeros = 0
        while self._fill(12):
            window = self._data[self._pos : self._pos + CHUNK]
            for i in header_candidates(window).tolist():
                # `_payload` may read on and move `_pos` within `_data`, never within the file
                length = _HEADER.unpack_from(window, i)[0]
                if self._payload(self._pos + i, length) is not None:
                    self._pos += i
                    return True
            self._pos += max(1, len(window) - 11)
            zeros = 0 if window.strip(b"\0") else zeros + len(window)
            if zeros >= MAX_ZEROS:
                return False
            if zeros:
                self._jump_hole()
        self._pos = len(self._data)
        return False

    def _jump_hole(self) -> None:
        """Over a hole of a sparse file without reading it, where the system tells holes."""
        end = self._base + len(self._data)
        try:
            handle = self._stream.fileno()
            if not isinstance(self._stream, io.FileIO):
                return  # decompressed bytes have no holes
            target = os.lseek(handle, end, os.SEEK_DATA) - CHUNK // 2
        except OSError as error:
            if error.errno != errno.ENXIO:  # which means: nothing but a hole up to the end
                return
            target = self._stream.seek(0, os.SEEK_END)
        except (AttributeError, ValueError):
            return
        if target > end:
            self._stream.seek(target)
            self._data, self._base, self._pos = b"", target, 0
        else:
            self._stream.seek(end)
