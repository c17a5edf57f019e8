"""`mlruns` folders, as every MLflow since 2018 has written them, and as git leaves them.

Nothing is opened for writing and no MLflow code runs: MLflow 3 refuses file stores, and its client
fails on stores whose empty folders were dropped. A run is recognised by its meta.yaml or by its
shape (a folder named by a run id that holds metrics, params or tags); an experiment by its
meta.yaml or by the runs in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from curvedoctor.errors import SourceError
from curvedoctor.model import Origin, Problem, Run
from curvedoctor.sources import files
from curvedoctor.sources.base import Claim, Folder, ReadOptions, Traits, Unit
from curvedoctor.sources.mlflow import disk as mlflow_disk
from curvedoctor.sources.mlflow import filter as mlflow_filter
from curvedoctor.sources.mlflow import lines as mlflow_lines
from curvedoctor.sources.mlflow.common import (
    STATUS,
    Place,
    Series,
    Stored,
    together,
)

_RUN_ID = re.compile(r"[0-9a-f]{32}")
#: parts of an experiment's folder that are no runs
_RESERVED = frozenset({"tags", "datasets", "traces", "models"})
TRASH = ".trash"


class MlflowFiles:
    """Reader of `mlruns` folders."""

    name = "mlflow-files"
    traits = Traits(stamped=True, run_ids=True, experiments=True)

    def opens(self, address: str) -> bool:
        """A `file:` URI; plain folders come through the walk."""
        return address.startswith("file:")

    def find(self, address: str, options: ReadOptions) -> Iterator[Unit | Problem]:
        """All runs of the store, experiment or run behind a `file:` URI."""
        root = unquote(urlsplit(address).path).rstrip("/") or "/"
        if files.kind(root) != "dir":
            raise SourceError(f"{address}: no such folder. Give the path of an mlruns folder")
        for path in [root, *_folders(root), *_folders(files.join(root, TRASH))]:
            claim = self.claim(_folder(root, path), options)
            if claim is not None:
                yield from claim.units
                yield from claim.problems

    def claim(self, folder: Folder, options: ReadOptions) -> Claim | None:
        """An experiment's folder with all its runs, or a single run's folder."""
        has_meta = "meta.yaml" in folder.files
        if not has_meta and not any(_RUN_ID.fullmatch(name) for name in folder.dirs):
            return _one(folder, options) if _is_run(folder.path) else None
        meta, problem = mlflow_disk.meta(folder.path) if has_meta else ({}, None)
        if "run_id" in meta or "run_uuid" in meta:
            return _one(folder, options)
        if "artifact_uri" in meta or "model_id" in meta:
            return None
        runs = [name for name in folder.dirs if _is_run(files.join(folder.path, name))]
        if not runs and "experiment_id" not in meta:
            return None
        units, problems = _units(folder.path, runs, meta, options)
        return Claim(
            units=tuple(units),
            problems=(*problems, *((problem,) if problem else ())),
            dirs=frozenset(runs) | (_RESERVED & set(folder.dirs)),
            files=frozenset({"meta.yaml"} & set(folder.files)),
        )

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """Read runs, each from its own folder."""
        return (_load_or_say(unit) for unit in units)


READER = MlflowFiles()


def _load_or_say(unit: Unit) -> Run | Problem:
    try:
        return _load(unit)
    except files.UNREADABLE as error:
        return Problem(
            where=unit.key,
            what=f"the run can't be read: {files.reason(error)}",
            lost=True,
            kind="unreachable",
        )


def _load(unit: Unit) -> Run:
    path, (experiment,) = unit.key, unit.facts
    meta, problem = mlflow_disk.meta(path)
    # name and group are known since the run was found: its tags need not be read again
    stored = replace(
        _stored(path, meta, experiment, tags={}),
        name=unit.run,
        params=_texts(path, "params"),
        datasets=mlflow_disk.datasets(path),
    )
    problems = [problem] if problem else []
    series: dict[str, Series] = {}
    metrics = list(mlflow_disk.tree(files.join(path, "metrics")))
    parsed = mlflow_lines.parse_all([(path, mlflow_disk.read(path)) for _, path in metrics])
    for (key, _), (points, trouble) in zip(metrics, parsed, strict=True):
        if trouble:
            problems.append(trouble)
        if len(points.steps):
            series[key] = points
    remote = "writing to a remote mlruns folder is not supported" if files.is_url(path) else None
    origin = Origin(
        kind="mlflow-files", address=_store(path), key=stored.run_id, paths=(path,), read_only=remote
    )
    return stored.run(series, Place(_store(path), path, origin, unit.group), tuple(problems))


def _store(run: str) -> str:
    """The store's root folder, seen from a run's."""
    root = files.parent(files.parent(run))
    return files.parent(root) if files.basename(root) == TRASH else root


def _one(folder: Folder, options: ReadOptions) -> Claim:
    """A run's folder, reached directly."""
    path = folder.path if files.is_url(folder.path) else str(Path(folder.path).resolve())
    parent = files.parent(path)
    units, problems = _units(parent, [files.basename(path)], mlflow_disk.meta(parent)[0], options)
    return Claim(tuple(units), tuple(problems), frozenset(folder.dirs), frozenset(folder.files))


def _units(
    experiment: str, names: Sequence[str], meta: Mapping[str, Any], options: ReadOptions
) -> tuple[list[Unit], list[Problem]]:
    wanted = mlflow_filter.parse(options.filter)
    title = str(meta.get("name") or files.basename(experiment))
    units, problems = [], []
    for name in sorted(names):
        run = files.join(experiment, name)
        try:
            stored = _stored(
                run, mlflow_disk.meta(run)[0], title, _texts(run, "tags"), bool(wanted.comparisons)
            )
            if stored.selected(options, wanted):
                stamp = mlflow_disk.stamp(run)
                units.append(stored.unit("mlflow-files", _store(run), stamp, (title,), run))
        except files.UNREADABLE as error:
            problems.append(
                Problem(
                    where=run,
                    what=f"the run can't be read: {files.reason(error)}",
                    lost=True,
                    kind="unreachable",
                )
            )
    return together(units), problems


def _stored(
    run: str, meta: Mapping[str, Any], experiment: str, tags: Mapping[str, str], filtered: bool = False
) -> Stored:
    """A run without its points; parameters and last values only where a filter may ask for them."""
    status = meta.get("status", 1)
    in_trash = files.basename(files.parent(files.parent(run))) == TRASH
    return Stored(
        run_id=str(meta.get("run_id") or meta.get("run_uuid") or files.basename(run)),
        name=tags.get("mlflow.runName") or str(meta.get("run_name") or meta.get("name") or ""),
        experiment_id=str(meta.get("experiment_id", files.basename(files.parent(run)))),
        experiment=experiment,
        status=STATUS.get(status, str(status)) if isinstance(status, int) else str(status),
        lifecycle="deleted" if in_trash else str(meta.get("lifecycle_stage") or "active"),
        user=str(meta.get("user_id") or ""),
        artifact_uri=str(meta.get("artifact_uri") or ""),
        start=_milliseconds(meta.get("start_time")),
        end=_milliseconds(meta.get("end_time")),
        params=_texts(run, "params") if filtered else {},
        tags=tags,
        metrics=_last_values(run) if filtered else {},
        datasets=mlflow_disk.datasets(run) if filtered else (),
    )


def _texts(run: str, part: str) -> dict[str, str]:
    return {key: mlflow_disk.text(path) for key, path in mlflow_disk.tree(files.join(run, part))}


def _last_values(run: str) -> dict[str, float]:
    last = {}
    for key, path in mlflow_disk.tree(files.join(run, "metrics")):
        points, _ = mlflow_lines.parse(mlflow_disk.read(path), path)
        if len(points.steps):
            newest = max(
                range(len(points.steps)), key=lambda i: (points.steps[i], points.times[i], points.values[i])
            )
            last[key] = float(points.values[newest])
    return last


def _milliseconds(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _is_run(path: str) -> bool:
    if _RUN_ID.fullmatch(files.basename(path)) is None:
        return False
    return any(
        files.kind(files.join(path, part)) != "missing" for part in ("meta.yaml", "metrics", "params", "tags")
    )


def _folders(root: str) -> list[str]:
    return sorted(files.join(root, entry.name) for entry in _entries(root) if entry.is_dir)


def _folder(root: str, path: str) -> Folder:
    entries = sorted(_entries(path), key=lambda entry: entry.name)
    dirs = tuple(entry.name for entry in entries if entry.is_dir)
    return Folder(root, path, dirs, tuple(entry.name for entry in entries if not entry.is_dir))


def _entries(path: str) -> list[files.Entry]:
    try:
        return list(files.listing(path))
    except files.UNREADABLE:
        return []
