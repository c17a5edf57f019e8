"""What a file's bytes are: text in which encoding, line by line, in bounded memory."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from curvedoctor.sources import files

#: bytes; a history is small, a console log with progress bars is not
MAX_FILE = 256 << 20
#: characters of one line; a longer one is no row
MAX_LINE = 16 << 20
_PIECE = 1 << 20
#: bytes that text hardly holds
_BINARY = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27})


def encoding_of(head: bytes) -> str | None:
    """The encoding of a text by its first bytes; None for what is no text."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    even, odd = head[0:400:2], head[1:400:2]
    if len(odd) > 8 and odd.count(0) > 0.9 * len(odd) and not even.count(0):
        return "utf-16-le"
    if len(even) > 8 and even.count(0) > 0.9 * len(even) and not odd.count(0):
        return "utf-16-be"
    binary = len(head) - len(head.translate(None, _BINARY))
    return None if binary > 0.01 * len(head) or b"\0" in head else "utf-8"


def lines(path: str, problems: list[str]) -> Iterator[str]:
    """The lines of a text file, each with its end. Raises `ValueError` for what is none, and `OSError`.

    Carriage returns stay in their line: progress bars are drawn with them. A line that is too long is left
    out, and said to be.
    """
    with files.remote_errors(), files.open_binary(path) as stream:
        head = stream.read(1 << 16) or b""
        encoding = encoding_of(head)
        if encoding is None:
            raise ValueError("is no text: neither a table nor a console log")
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        waiting, size, skipped = decoder.decode(head), len(head), 0
        while True:
            *whole, waiting = waiting.split("\n")
            for line in whole:
                if skipped or len(line) > MAX_LINE:
                    _too_long(problems, skipped + len(line))
                    skipped = 0
                else:
                    yield line + "\n"
            if len(waiting) > MAX_LINE:
                skipped, waiting = skipped + len(waiting), ""
            piece = stream.read(_PIECE)
            if not piece:
                break
            size += len(piece)
            if size > MAX_FILE:
                problems.append(f"larger than {MAX_FILE >> 20} MiB: the rest is not read")
                break
            waiting += decoder.decode(piece)
        waiting += decoder.decode(b"", final=True)
        if skipped:
            _too_long(problems, skipped + len(waiting))
        elif waiting:
            yield waiting


def _too_long(problems: list[str], length: int) -> None:
    problem = f"a line of {length:,} characters is left out: more than {MAX_LINE:,} are no row"
    if sum("is left out" in problem for problem in problems) < 3:
        problems.append(problem)
