"""Where runs come from. Each module here that defines `READER` (a package also:
`READERS`) is a source (see `base`)."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import chain, groupby

from curvedoctor.address import Address
from curvedoctor.discovery import brought
from curvedoctor.errors import SourceError
from curvedoctor.model import Problem, Run
from curvedoctor.sources import files
from curvedoctor.sources.base import Claim, Folder, Reader, ReadOptions, Unit
from curvedoctor.sources.cache import load_cached
from curvedoctor.sources.checkpoints import Checkpoints
from curvedoctor.sources.copies import Copies
from curvedoctor.sources.mlflow import plugin as mlflow_plugin
from curvedoctor.sources.walk import walk

__all__ = ["admitted", "find_all", "load_units", "may_hold", "reader_named", "readers", "wanted"]

#: files that were passed over and are named
_NAMED = 3
#: what tells apart the runs that were mixed in one directory
_NUMBER = re.compile(r"#\d+$")


@functools.cache  # not `cache`: a module of this package has that name
def readers() -> tuple[Reader, ...]:
    """All readers, by module name."""
    return tuple(brought(sys.modules[__name__], "READER"))


@functools.cache
def reader_named(name: str) -> Reader:
    """The reader that a unit names."""
    return next(reader for reader in readers() if reader.name == name)


def find_all(addresses: Sequence[str], options: ReadOptions | None = None) -> Iterator[Unit | Problem]:
    """All runs at `addresses`, as they are found; nothing is loaded yet.

    An address that can't be read is a `Problem` if another one can. Raises `SourceError` if none can.
    """
    options = options or ReadOptions()
    failures: list[SourceError] = []
    copies = Copies()
    readable = False
    for address in (Address(files.normal(address)) for address in addresses):
        count = 0
        passed: list[Problem] = []
        try:
            for item in find_one(address, options):
                readable = True
                if isinstance(item, Problem) and item.kind == "passed":
                    passed.append(item)
                    continue
                if isinstance(item, Unit):
                    asked = may_hold(item, options.run)
                    count += asked
                    if not (asked or options.siblings):
                        continue
                copied = reader_named(item.reader).traits.copied if isinstance(item, Unit) else None
                yield from copies.check(item, copied)
            readable = True
        except SourceError as error:
            failures.append(error)
            continue
        if passed:
            yield _passed_over(address, passed)
        if not count:
            matching = f" whose name matches {options.run!r}" if options.run else ""
            yield Problem(address, f"no run{matching} was found here", kind="nothing")
    if not readable and failures:
        raise SourceError("\n".join(map(str, failures)))
    for failure in failures:
        where, _, what = str(failure).partition(": ")
        yield Problem(where, what or where, lost=True)


def _passed_over(address: str, passed: Sequence[Problem]) -> Problem:
    """One note for all files of an address that may be logs, and were left alone."""
    named = [f"{files.relative(item.where, address)} ({item.what})" for item in passed[:_NAMED]]
    more = f" and {len(passed) - _NAMED} more" if len(passed) > _NAMED else ""
    what = f"passed over {', '.join(named)}{more}; a file that is given by name is read"
    return Problem(address, what, kind="passed")


def load_units(units: Iterable[Unit], options: ReadOptions | None = None) -> Iterator[Run | Problem]:
    """Load units in their order, in blocks that go to one reader."""
    options = options or ReadOptions()
    blocks = groupby(units, key=lambda unit: unit.reader)
    loaded = (load_cached(group, options, reader_named(name)) for name, group in blocks)
    yield from admitted(chain.from_iterable(loaded), options)


def admitted(loaded: Iterable[Run | Problem], options: ReadOptions) -> Iterator[Run | Problem]:
    """What was loaded, as far as the user wants it, with the checkpoints that stand beside it."""
    checkpoints = Checkpoints()  # outside the cache: they come and go without the log
    for item in loaded:
        if isinstance(item, Problem):
            yield item
        elif wanted(item.name, options.only, item.run_id):
            yield checkpoints.added(item)


def find_one(address: str, options: ReadOptions) -> Iterator[Unit | Problem]:
    """All runs at one address. Raises `SourceError` if it can't be read."""
    try:
        kind = files.kind(address) if _may_be_path(address) else "address"
    except files.UNREADABLE as error:
        raise SourceError(f"{address}: can't be opened: {files.reason(error)}") from error
    if kind == "dir":
        yield from walk(address, lambda folder: _offer(folder, options))
        return
    for reader in readers():
        if reader.opens(address):
            if _asked(reader, options):
                yield from reader.find(address, options)
            return
    if kind == "missing":
        raise SourceError(f"{address}: no such file or directory; check the path")
    raise SourceError(
        f"{address}: not a kind of source that curvedoctor reads; give a log directory, an event file, "
        "a CSV/JSON/JSONL history or console log, a W&B or trackio run, an mlruns folder, or "
        "an MLflow database or server"
    )


def _may_be_path(address: str) -> bool:
    """Database and server addresses are no paths, though `http://` is one to fsspec."""
    scheme = address.partition("://")[0] if files.is_url(address) else ""
    if mlflow_plugin.READER.opens(address):
        return scheme == "" and address == "databricks" and os.path.exists(address)  # noqa: PTH110
    return scheme not in {"http", "https"} and not any(
        scheme.startswith(name) for name in ("sqlite", "postgres", "mysql", "mssql")
    )


def _asked(reader: Reader, options: ReadOptions) -> bool:
    return reader.traits.experiments or not options.only_mlflow


def _offer(folder: Folder, options: ReadOptions) -> list[Claim]:
    claims: list[Claim] = []
    for reader in readers():
        claim = reader.claim(folder, options) if _asked(reader, options) else None
        if claim is not None:
            claims.append(claim)
            rest_dirs = tuple([name for name in folder.dirs if name not in claim.dirs])
            rest_files = tuple([name for name in folder.files if name not in claim.files])
            if not rest_dirs and not rest_files:
                break
            folder = Folder(folder.root, folder.path, rest_dirs, rest_files)
    return claims


def may_hold(unit: Unit, pattern: str | None) -> bool:
    """Whether a unit's runs may be wanted: `name#2` is told apart from others in `name` when loaded."""
    if pattern is None or fnmatchcase(unit.run, pattern) or fnmatchcase(unit.run, _NUMBER.sub("", pattern)):
        return True
    traits = reader_named(unit.reader).traits
    if traits.several and "/" in pattern and fnmatchcase(unit.run, pattern.rpartition("/")[0]):
        return True
    return traits.run_ids and fnmatchcase(unit.run_id, pattern)


def wanted(run: str, pattern: str | None, run_id: str | None = None) -> bool:
    """Whether the user's pattern lets a run through, by its name or the store's id of it."""
    names = (run, _NUMBER.sub("", run), *filter(None, [run_id]))
    return pattern is None or any(fnmatchcase(name, pattern) for name in names)
