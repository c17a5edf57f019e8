"""An `mlruns` folder's files, local or behind an fsspec URL: listed and read, never opened for writing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from curvedoctor.model import Problem
from curvedoctor.sources import files
from curvedoctor.sources.mlflow.facts import Dataset

#: bytes of a tag, a parameter or a meta.yaml that are read
LONGEST = 1_000_000
#: bytes that suffice for most of these
_SHORT = 4096


def tree(root: str) -> Iterator[tuple[str, str]]:
    """(key, path) of the regular files below a folder; the slashes of a key are folders. Local links
    to folders are not followed: they may loop."""
    todo = [(root, "")]
    while todo:
        folder, prefix = todo.pop()
        for name, path, is_dir in _entries(folder):
            if is_dir:
                todo.append((path, f"{prefix}{name}/"))
            elif not name.startswith("."):
                yield prefix + name, path


def _entries(folder: str) -> list[tuple[str, str, bool]]:
    """(name, path, whether a folder) of the plain files and folders in one; none if it is missing."""
    try:
        if files.is_url(folder):
            return [
                (entry.name, files.join(folder, entry.name), entry.is_dir) for entry in files.listing(folder)
            ]
        with os.scandir(folder) as entries:
            return [
                (entry.name, entry.path, entry.is_dir(follow_symlinks=False))
                for entry in entries
                if entry.is_file() or entry.is_dir(follow_symlinks=False)
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []


def read(path: str, limit: int = -1) -> bytes:
    """A file's bytes as they are: a metric may be called `loss.gz`."""
    if files.is_url(path):
        fs, inner = files.filesystem(path)
        data = fs.cat_file(inner, None, limit if limit >= 0 else None)
        return data if isinstance(data, bytes) else bytes(data)
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 — Path takes longer than reading
        if limit < 0:
            return file.readall() or b""
        # a buffer for the whole limit would cost more than the short files that are read with one
        first = file.read(min(limit, _SHORT)) or b""
        return first if len(first) < _SHORT else first + (file.read(limit - len(first)) or b"")


def text(path: str) -> str:
    """A short text file."""
    return read(path, LONGEST).decode("utf-8", "replace")


def meta(folder: str) -> tuple[dict[str, Any], Problem | None]:
    """A folder's meta.yaml; empty if it is missing or no mapping, with a problem if it is broken."""
    path = files.join(folder, "meta.yaml")
    try:
        content = text(path)
    except (FileNotFoundError, NotADirectoryError):
        return {}, None
    except files.UNREADABLE as error:
        return {}, Problem(where=path, what=f"can't be read: {files.reason(error)}", kind="unreachable")
    plain = _flat(content)
    if plain is not None:
        return plain, None
    import yaml

    try:
        parsed = yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 — both are the safe loaders
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}, Problem(
            where=path, what="not valid YAML: the run is read without its name, status and times"
        )
    return (parsed, None) if isinstance(parsed, dict) else ({}, None)


_FLAT = re.compile(
    r"([a-z_]+): (?:'([^'\\\n]*)'"
    r"|((?=\d*[a-f])[0-9a-f]{32}|[A-Za-z/][\w/.%-]*|file:[\w/.%-]+)|(-?[1-9]\d*|0)|(\[\]|''))"
)
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def _flat(content: str) -> dict[str, Any] | None:
    """A mapping as MLflow writes it, a line for each key; None if anything about it is unusual.

    YAML's own parser takes longer than all the metrics of a short run.
    """
    mapping: dict[str, Any] = {}
    for line in content.splitlines():
        match = _FLAT.fullmatch(line)
        if match is None:
            return None
        key, quoted, word, number, empty = match.groups()
        if word is not None and word.lower() in _WORDS:
            if word != "null":
                return None
            mapping[key] = None
        else:
            texts = (quoted, word, [] if empty == "[]" else "")
            mapping[key] = (
                int(number) if number is not None else next(text for text in texts if text is not None)
            )
    return mapping or None


def stamp(run: str) -> tuple[int | str, ...]:
    """Sizes and times of all that is read of a run. Our own tags and notes say nothing about its data."""
    parts: list[int | str] = [*files.stamp(files.join(run, "meta.yaml"))]
    for part in ("metrics", "params", "tags"):
        for key, path in sorted(tree(files.join(run, part))):
            if not key.startswith("curvedoctor.") and key != "mlflow.note.content":
                parts += (key, *files.stamp(path))
    return tuple(parts)


def datasets(run: str) -> tuple[Dataset, ...]:
    """The data sets that a run was given: each of its inputs names one of the experiment's."""
    given = []
    for name, path, is_dir in sorted(_entries(files.join(run, "inputs"))):
        described = meta(path)[0] if is_dir else {}
        source = str(described.get("source_id") or name)
        data = meta(files.join(files.join(files.parent(run), "datasets"), source))[0]
        tags = described.get("tags") or {}
        context = tags.get("mlflow.data.context") if isinstance(tags, dict) else None
        if data:
            context = (str(context),) if context is not None else ()
            name, digest, profile = (str(data.get(key) or "") for key in ("name", "digest", "profile"))
            given.append(Dataset(name, digest, context, profile))
    return tuple(given)
