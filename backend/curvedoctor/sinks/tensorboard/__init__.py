"""Diagnoses written beside TensorBoard runs, so that a TensorBoard without our tab shows them too.

Only `RUN/curvedoctor/` is ever touched. A file of ours in the user's own directory would stop
TensorBoard's Python loader from following the user's live file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from curvedoctor.errors import SinkError
from curvedoctor.model import Diagnosis, Origin
from curvedoctor.sinks.base import Outcome, Status, WriteOptions
from curvedoctor.sinks.tensorboard import content as content
from curvedoctor.sinks.tensorboard import file as file


class TensorBoardSink:
    """One append-only event file per run, in a sub-directory of the run."""

    name = "tensorboard"

    def accepts(self, origin: Origin) -> bool:
        """Runs that were read from event files."""
        return origin.kind == "tensorboard"

    def annotate(self, diagnoses: Sequence[Diagnosis], options: WriteOptions) -> Iterator[Outcome]:
        """Write diagnoses that say something new; one outcome each, in order."""
        for diagnosis in diagnoses:
            yield _outcome(diagnosis.run.name, partial(_annotate, diagnosis, options))

    def clean(self, origins: Sequence[Origin], options: WriteOptions) -> Iterator[Outcome]:
        """Remove our directories, and nothing else."""
        for origin in origins:
            yield _outcome(origin.key, partial(_clean, origin, options))


def _outcome(run: str, work: Callable[[], tuple[Status, tuple[str, ...]]]) -> Outcome:
    """What `work` did to one run; its troubles become an outcome."""
    try:
        return Outcome(run, *work())
    except SinkError as error:
        return Outcome(run, "refused", (str(error),))
    except OSError as error:
        return Outcome(run, "failed", (f"{error.strerror or error}: {error.filename or 'while writing'}",))


def _annotate(diagnosis: Diagnosis, options: WriteOptions) -> tuple[Status, tuple[str, ...]]:
    folder = _folder(diagnosis.run.origin)
    if not folder.parent.is_dir():
        return "failed", (f"{folder.parent}: this directory has gone since it was read",)
    _own(folder)
    present = file.read(folder) if folder.is_dir() else None
    if not _changed(present, diagnosis, options):
        return "unchanged", ()
    if options.dry_run:
        return "written", tuple(_what(folder, diagnosis, present, options))
    with file.locked(folder):
        _own(folder)
        # another writer may have been quicker
        present = file.read(folder)
        if not _changed(present, diagnosis, options):
            return "unchanged", ()
        changes = tuple(_what(folder, diagnosis, present, options))
        before = present.written if present else content.Written()
        file.append(folder, present, content.events(diagnosis, before, options))
    return "written", changes


def _changed(present: file.Found | None, diagnosis: Diagnosis, options: WriteOptions) -> bool:
    """Whether the last complete set says something else, or the file needs repair."""
    if present is None or present.last is None or present.size > present.intact:
        return True
    if present.written.lacks(options) or (options.overlay and not present.last.get("overlay")):
        return True
    return bool(present.last.get("state") != content.state(diagnosis))


def _what(
    folder: Path, diagnosis: Diagnosis, present: file.Found | None, options: WriteOptions
) -> Iterator[str]:
    if present is not None and present.size > present.intact:
        yield f"{present.path}: {present.size - present.intact} damaged bytes at its end are cut off"
    where = present.path if present is not None else folder
    before = present.written if present is not None else content.Written()
    picture = ", picture" if options.pictures or before.pictures else ""
    yield f"{where}: diagnosis ({diagnosis.state}){picture}, data"
    numbers = content.scalars(diagnosis, before, options)
    if numbers:
        yield f"{where}: {', '.join(f'{name}={number:g}' for name, number in numbers.items())}"


def _clean(origin: Origin, options: WriteOptions) -> tuple[Status, tuple[str, ...]]:
    folder = _folder(origin)
    _own(folder)
    if not folder.is_dir():
        return "absent", ()
    if options.dry_run:
        return "removed", (str(folder),)
    with file.locked(folder):
        _own(folder)
        return "removed", tuple(file.remove(folder))


def _folder(origin: Origin | None) -> Path:
    """`RUN/curvedoctor`. Raises `SinkError` where nothing can be written."""
    if origin is None:
        raise SinkError("it is not known where this run is kept")
    if origin.read_only is not None:
        raise SinkError(origin.read_only)
    if "://" in origin.address:
        raise SinkError(
            f"{origin.address}: event files are written to local directories only: mount it, or copy it"
        )
    return Path(origin.address) / origin.key / file.FOLDER


def _own(folder: Path) -> None:
    """Raises `SinkError` if `folder` holds what we did not write."""
    reason = file.foreign(folder)
    if reason is not None:
        raise SinkError(reason)


SINK = TensorBoardSink()
