"""What was read once and has not changed since is not read again: a second load costs a stat per file."""

from __future__ import annotations

import functools
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from curvedoctor import store
from curvedoctor.model import Problem, Run
from curvedoctor.sources.base import Reader, ReadOptions, Traits, Unit
from curvedoctor.sources.cache import columns
from curvedoctor.store import LAYOUT, Entry, Store, directory
from curvedoctor.version import __version__

#: bytes of one block: what is larger reads fast enough from where it is
MAX_BLOCK = 64 << 20
#: units looked up at once
_BLOCK = 256
#: nanoseconds: what changed just now may change again within the file system's tick, with the same stamp
_FRESH = 2_000_000_000

Load = Callable[[Sequence[Unit]], Iterator[Run | Problem]]


def load_cached(units: Iterable[Unit], options: ReadOptions, reader: Reader) -> Iterator[Run | Problem]:
    """What the reader yields for the units, in their order; from the cache where nothing has changed."""
    store = _store() if options.cached and reader.traits.cached else None
    for block in _blocks(units, reader.traits):
        if store is None:
            yield from reader.load(block, options)
        else:
            yield from _through(store, block, options, lambda some: reader.load(some, options))


def _store() -> Store | None:
    """The user's store; None where there is to be none."""
    folder = directory()
    if folder is None:
        return None
    if not _open_in(folder, os.getpid()).is_open:
        _open_in.cache_clear()
    return _open_in(folder, os.getpid())


@functools.cache  # per process: a fork must not share the connection
def _open_in(folder: Path, process: int) -> Store:
    return Store(folder / f"runs-{LAYOUT}.sqlite", store.MAX_RUN_BYTES)


def _blocks(units: Iterable[Unit], traits: Traits) -> Iterator[list[Unit]]:
    """Units to look up and to load at once: so many, and so large, that they fit in memory."""
    block: list[Unit] = []
    size = 0
    for unit in units:
        block.append(unit)
        size += unit.size if traits.cached else 0
        if len(block) >= _BLOCK or size > MAX_BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block


def _through(
    store: Store, units: Sequence[Unit], options: ReadOptions, load: Load
) -> Iterator[Run | Problem]:
    keys = [key_of(unit, options) for unit in units]
    known = _known(store, [key for key in keys if key is not None])
    missing = [(unit, key) for unit, key in zip(units, keys, strict=True) if key is None or key not in known]
    fresh = iter(_by_unit([unit for unit, _ in missing], load))
    for key in keys:
        if key is not None and key in known:
            yield from known[key]
            continue
        items = next(fresh)
        yield from items
        if key is not None and not any(problem.kind == "unreachable" for problem in _problems(items)):
            store.put(key, [Entry(columns.encode([items]))])
    store.flush()


def _known(store: Store, keys: Sequence[bytes]) -> dict[bytes, columns.Items]:
    known: dict[bytes, columns.Items] = {}
    for key, entries in zip(keys, store.get(keys), strict=True):
        with suppress(*columns.BROKEN):
            if entries is not None:
                (known[key],) = columns.decode(entries[0].value)
    return known


def _by_unit(units: Sequence[Unit], load: Load) -> Iterator[list[Run | Problem]]:
    """Load together, but tell apart: a run names the directory or file that its unit starts with."""
    if not units:
        return
    owner = {unit.key: i for i, unit in enumerate(units)}
    if len(owner) < len(units):
        yield from (list(load([unit])) for unit in units)
        return
    waiting: list[list[Run | Problem]] = [[] for _ in units]
    part_of = {part: i for i, unit in enumerate(units) for part in unit.places}
    for item in load(units):
        owner_index = owner[item.source] if isinstance(item, Run) else part_of.get(item.where, 0)
        waiting[owner_index].append(item)
    yield from waiting


def _problems(items: columns.Items) -> Iterator[Problem]:
    for item in items:
        if isinstance(item, Problem):
            yield item
        else:
            yield from item.problems


def key_of(unit: Unit, options: ReadOptions) -> bytes | None:
    """What the loading of a unit depends on; None if that can't be known."""
    times = [part.changed for part in unit.parts if isinstance(part.changed, int)]
    if not unit.dated or unit.size > MAX_BLOCK:
        return None
    if time.time_ns() - max(times, default=0) < _FRESH:
        return None
    deciding = (LAYOUT, _code(), unit, options.columns, options.experiment, options.filter)
    return hashlib.blake2b(repr(deciding).encode("utf-8", "surrogatepass"), digest_size=16).digest()


@functools.cache
def _code() -> tuple[str, int]:
    """The version, and the time of the latest change of our own code: a rule that changed must be applied."""
    root = Path(__file__).parents[2]
    latest = max((path.stat().st_mtime_ns for path in root.rglob("*.py")), default=0)
    return __version__, latest
