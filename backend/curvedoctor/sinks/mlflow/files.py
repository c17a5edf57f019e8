"""`mlruns` folders: tag files and artifacts, laid out as MLflow lays them out.

MLflow 3 refuses file stores, so its files are written here, each one whole or not at all (a
temporary file beside it, then a rename). Same order as on servers: artifacts, tags, the state last.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from curvedoctor import fingerprint
from curvedoctor.errors import SinkError
from curvedoctor.model import Diagnosis, Origin
from curvedoctor.sinks.base import Outcome, Status, WriteOptions
from curvedoctor.sinks.mlflow import content as mlflow_content
from curvedoctor.sinks.mlflow.content import FILES, FOLDER, NOTE, PREFIX, STATE, Written

#: folders that were missing before us (git drops empty ones), one per line: `clean` removes them again
MADE = ".made"


class MlflowFilesSink:
    """Writes into the folders of runs."""

    name = "mlflow-files"

    def accepts(self, origin: Origin) -> bool:
        """Runs of `mlruns` folders."""
        return origin.kind == "mlflow-files"

    def annotate(self, diagnoses: Sequence[Diagnosis], options: WriteOptions) -> Iterator[Outcome]:
        """Write what differs from what is there."""
        for diagnosis in diagnoses:
            yield _attempt(diagnosis.run.name, diagnosis.run.origin, diagnosis, options)

    def clean(self, origins: Sequence[Origin], options: WriteOptions) -> Iterator[Outcome]:
        """Remove our tags, artifacts and block, and the folders that were made for them."""
        for origin in origins:
            yield _attempt(origin.key, origin, None, options)


SINK = MlflowFilesSink()


def _attempt(name: str, origin: Origin | None, diagnosis: Diagnosis | None, options: WriteOptions) -> Outcome:
    if origin is None or origin.read_only is not None or not origin.paths:
        return Outcome(
            name, "refused", ((origin.read_only if origin else None) or "the run's folder is not known",)
        )
    folder = Path(origin.paths[0])
    try:
        if not folder.is_dir():
            return Outcome(name, "failed", (f"{folder}: the run's folder is gone",))
        if diagnosis is None:
            return _clean(name, folder, options)
        return _annotate(folder, diagnosis, origin.key, options)
    except SinkError as error:
        return Outcome(name, "refused", (str(error),))
    except PermissionError as error:
        return Outcome(name, "refused", (f"{error.filename}: no permission to write there",))
    except OSError as error:
        # a read-only file system, among others
        status: Status = "refused" if error.errno in {13, 30} else "failed"
        return Outcome(name, status, (f"{error.filename or folder}: {error.strerror or error}",))


def _annotate(folder: Path, diagnosis: Diagnosis, run_id: str, options: WriteOptions) -> Outcome:
    present, wanted = _tags(folder / "tags"), fingerprint.of(diagnosis)
    artifacts = folder / "artifacts" / FOLDER
    whole = mlflow_content.written(present).files == wanted and all(
        (artifacts / name).is_file() for name in FILES
    )
    content = {} if whole else mlflow_content.files(diagnosis)
    change = mlflow_content.change(diagnosis, present, options.note, run_id, Written(wanted))
    lines = [f"tag {key} = {value[:100]}" for key, value in change.tags.items() if key != NOTE]
    lines += [f"tag {key} removed" for key in change.stale]
    lines += [f"artifact {FOLDER}/{name} ({len(data):,} bytes)" for name, data in content.items()]
    if NOTE in change.tags:
        lines.append("a block in the description")
    if (change or content) and not options.dry_run:
        _inside(folder, folder / "tags")
        if content:
            _make(folder, artifacts)
            # gone while the rest is replaced: a run left between two states carries no state at all
            (folder / "tags" / STATE).unlink(missing_ok=True)
        for name, data in content.items():
            _write(artifacts / name, data)
        for key in change.stale:
            (folder / "tags" / key).unlink(missing_ok=True)
        tags = {
            **change.tags,
            **({STATE: mlflow_content.tags(diagnosis, Written(wanted))[STATE]} if content else {}),
        }
        for key in sorted(tags, key=lambda key: key == STATE):
            _write(folder / "tags" / key, tags[key].encode("utf-8", "surrogateescape"))
    return Outcome(diagnosis.run.name, "written" if lines else "unchanged", tuple(lines))


def _clean(name: str, folder: Path, options: WriteOptions) -> Outcome:
    tags, dry_run = _tags(folder / "tags"), options.dry_run
    artifacts = _inside(folder, folder / "artifacts" / FOLDER)
    lines = [f"artifact {FOLDER}/{file}" for file in sorted(FILES) if (artifacts / file).is_file()]
    action, rest = mlflow_content.without_note(tags.get(NOTE, ""))
    if action != "none":
        lines.append("the block in the description")
    ours = sorted(key for key in tags if key.startswith(PREFIX))
    lines += [f"tag {key}" for key in ours]
    if lines and not dry_run:
        made = _made(artifacts)
        # the state goes first: what is left of a killed clean is never taken for a whole annotation
        for key in sorted(ours, key=lambda key: key != STATE):
            (folder / "tags" / key).unlink(missing_ok=True)
        if action == "write":
            _write(folder / "tags" / NOTE, rest.encode("utf-8", "surrogateescape"))
        elif action == "delete":
            (folder / "tags" / NOTE).unlink(missing_ok=True)
        for file in (*FILES, MADE):
            (artifacts / file).unlink(missing_ok=True)
        for made_folder in (artifacts, *(folder / part for part in made)):
            # only if nothing of anybody else is in it
            with contextlib.suppress(OSError):
                made_folder.rmdir()
    return Outcome(_name(folder, tags, name), "removed" if lines else "absent", tuple(lines))


def _name(folder: Path, tags: dict[str, str], run_id: str) -> str:
    return tags.get("mlflow.runName") or run_id or folder.name


def _tags(folder: Path) -> dict[str, str]:
    """The tags that matter here; those of others with slashes in their names do not."""
    try:
        paths = [path for path in folder.iterdir() if path.is_file() and not path.is_symlink()]
    except FileNotFoundError:
        return {}
    wanted = [path for path in paths if path.name.startswith(PREFIX) or path.name in {NOTE, "mlflow.runName"}]
    return {path.name: path.read_bytes().decode("utf-8", "surrogateescape") for path in wanted}


def _make(folder: Path, path: Path) -> None:
    """Make the folders that are missing, and note which ones were."""
    missing = [part for part in ("artifacts", "tags") if not (folder / part).is_dir()]
    _inside(folder, path).mkdir(parents=True, exist_ok=True)
    (folder / "tags").mkdir(exist_ok=True)
    if missing and not (path / MADE).exists():
        _write(path / MADE, "\n".join(missing).encode())


def _made(path: Path) -> list[str]:
    try:
        noted = (path / MADE).read_text().split()
    except (OSError, UnicodeDecodeError):
        return []
    return [part for part in noted if part in {"artifacts", "tags"}]


def _inside(folder: Path, path: Path) -> Path:
    """`path`, unless a link leads it out of the run's folder."""
    if not path.resolve().is_relative_to(folder.resolve()):
        raise SinkError(f"{path}: a link leads out of the run's folder; remove it and try again")
    return path


def _write(path: Path, content: bytes) -> None:
    """Replace a file, whole or not at all; a new one gets the permissions of a plain new file."""
    descriptor, temporary = tempfile.mkstemp(prefix=".curvedoctor-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
