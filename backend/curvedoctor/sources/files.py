"""Paths, listings and streams: the same few calls for local files and fsspec URLs.

A path is a local path or a URL (`s3://bucket/key`, also chained ones, `zip://a::s3://b/c.zip`).
Local files never go through fsspec, whose import alone takes 0.15 s.
"""

# ruff: noqa: PTH116, PTH119, PTH120, PTH122, PTH123
# strings instead of pathlib: a scan of 50,000 runs makes a million of these calls, and pathlib takes
# longer for each than the system does to list a directory

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, NamedTuple, cast
from urllib.parse import unquote, urlsplit

from curvedoctor.address import hidden, real
from curvedoctor.errors import SourceError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

#: errors that mean "this one file or folder can't be read"
UNREADABLE: tuple[type[BaseException], ...] = (OSError, EOFError, ValueError, ImportError, RuntimeError)

#: suffixes of files that are decompressed when read
COMPRESSED = frozenset({".gz", ".bz2", ".xz", ".lzma", ".zst", ".zip", ".lz4", ".snappy", ".br"})


class Entry(NamedTuple):
    """One name in a folder."""

    name: str
    #: a directory, or a symbolic link to one
    is_dir: bool
    is_link: bool = False


def is_url(path: str) -> bool:
    """Whether `path` is for fsspec."""
    return "://" in path


def normal(address: str) -> str:
    """An address without `file://` and trailing slashes; otherwise as the user wrote it."""
    if address.startswith("file://"):
        address = unquote(urlsplit(address).path)
    stripped = address.rstrip("/")
    return address if not stripped or stripped.endswith(":") or "::" in address else stripped


def join(folder: str, name: str) -> str:
    """Path of `name` in `folder`."""
    if not is_url(folder):
        return f"{folder}/{name}" if not folder.endswith("/") else folder + name
    head, chained, rest = folder.partition("::")
    return f"{head.rstrip('/')}/{name}{chained}{rest}"


def parent(path: str) -> str:
    """The folder that holds `path`."""
    if not is_url(path):
        return os.path.dirname(path.rstrip("/")) or "."
    head, chained, rest = path.partition("::")
    return f"{posixpath.dirname(head.rstrip('/'))}{chained}{rest}"


def basename(path: str) -> str:
    """The last part of `path`; of `.` and `..` that of the real path."""
    name = (
        path.rstrip("/").rpartition("/")[2]
        if "::" not in path or not is_url(path)
        else posixpath.basename(path.partition("::")[0].rstrip("/"))
    )
    return os.path.basename(os.path.realpath(path)) if name in ("", ".", "..") else name


def relative(path: str, root: str) -> str:
    """`path` below `root` with forward slashes; `.` for the root itself."""
    if path.startswith(root) and path[len(root) : len(root) + 1] == "/" and "::" not in root:
        return path[len(root) + 1 :]
    if not is_url(path):
        return os.path.relpath(path, root).replace(os.sep, "/") if path != root else "."
    inner, base = path.partition("::")[0].rstrip("/"), root.partition("::")[0].rstrip("/")
    return inner[len(base) + 1 :] if inner.startswith(base + "/") else "." if inner == base else inner


@contextmanager
def remote_errors() -> Iterator[None]:
    """Whatever a remote file system raises, as `OSError`: botocore's errors, for one, are none."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(reason(error)) from error


def filesystem(url: str) -> tuple[AbstractFileSystem, str]:
    """The fsspec file system of a URL and the path in it. Raises what fsspec raises."""
    import fsspec.core

    return cast("tuple[AbstractFileSystem, str]", fsspec.core.url_to_fs(real(url)))


def kind(path: str) -> str:
    """`"dir"`, `"file"`, `"missing"`, or `"special"` (a pipe, a device: opening it may block)."""
    if is_url(path):
        with remote_errors():
            fs, inner = filesystem(path)
            return "dir" if fs.isdir(inner) else "file" if fs.isfile(inner) else "missing"
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return "missing"
    if stat.S_ISDIR(mode):
        return "dir"
    return "file" if stat.S_ISREG(mode) else "special"


def listing(path: str) -> Iterator[Entry]:
    """Names in a folder, unordered. Raises `OSError` (and what fsspec raises) if it can't be listed."""
    if is_url(path):
        with remote_errors():
            fs, inner = filesystem(path)
            found_there = fs.ls(inner, detail=True)
        for item in found_there:
            name = posixpath.basename(str(item["name"]).rstrip("/"))
            if name and str(item["name"]).strip("/") != str(inner).strip("/"):
                yield Entry(name, item["type"] == "directory")
        return
    with os.scandir(path) as entries:
        for entry in entries:
            link = entry.is_symlink()
            try:
                is_dir = entry.is_dir()
            except OSError:
                is_dir = False  # a link to itself
            yield Entry(entry.name, is_dir, link)


def stamp(path: str) -> tuple[()] | tuple[int, int | str]:
    """Size and time of last change of a file: differs whenever its bytes do. Empty if it can't be had."""
    try:
        if not is_url(path):
            status = os.stat(path)
            return (status.st_size, status.st_mtime_ns)
        with remote_errors():
            fs, inner = filesystem(path)
            info = fs.info(inner)
    except UNREADABLE:
        return ()
    when = info.get("ETag") or info.get("etag") or info.get("mtime") or info.get("LastModified") or ""
    return (int(info.get("size") or 0), str(when))


def check_readable(path: str) -> None:
    """Raise `SourceError` for a file whose size and time can't be had."""
    if not stamp(path):
        raise SourceError(f"{path}: can't be read; check its permissions")


def open_binary(path: str) -> IO[bytes]:
    """A file's bytes, decompressed by its suffix (.gz, .bz2, .xz, and what fsspec knows: .zst, .lz4 …).

    Raises `OSError` for what can't be opened, and for pipes and devices, which may block for ever.
    """
    if is_url(path):
        with remote_errors():
            import fsspec

            return cast("IO[bytes]", fsspec.open(real(path), "rb", compression="infer").open())
    if kind(path) == "special":
        raise OSError("not a regular file")
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".gz":
        import gzip

        return cast("IO[bytes]", gzip.open(path, "rb"))
    if suffix in COMPRESSED:
        import fsspec
        from fsspec.utils import infer_compression

        if infer_compression(path) is None:
            raise OSError(
                f"compressed as {suffix}: decompress it, or install the package with which fsspec does"
            )
        return cast("IO[bytes]", fsspec.open(path, "rb", compression="infer").open())
    return open(path, "rb", buffering=0)


def read_bytes(path: str, limit: int) -> bytes:
    """The first `limit` bytes of a file, decompressed."""
    with remote_errors(), open_binary(path) as stream:
        chunks: list[bytes] = []
        while limit > 0 and (piece := stream.read(limit)):
            chunks.append(piece)
            limit -= len(piece)
        return b"".join(chunks)


def pointer(head: bytes) -> str:
    """What to do if a file's beginning is that of a stand-in for one not fetched; empty if it isn't."""
    if head.startswith(b"version https://git-lfs.github.com/spec/"):
        return "a Git LFS pointer, not the file itself: fetch it with `git lfs pull`"
    if head.startswith((b"/annex/objects/", b"../.git/annex/objects/", b".git/annex/objects/")):
        return "a git-annex pointer, not the file itself: fetch it with `git annex get`"
    return ""


def reason(error: BaseException) -> str:
    """An exception in plain words, without the path that `OSError` repeats."""
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return hidden(str(error).strip().split("\n")[0])[:200] or type(error).__name__
