"""From what the event files of one directory hold to runs: sessions, curves, roles, hyperparameters."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from curvedoctor.model import Curve, Origin, ParamValue, Problem, Run
from curvedoctor.sources import files, sidecars
from curvedoctor.sources.base import Unit
from curvedoctor.sources.copies import identical, is_event_file
from curvedoctor.sources.tensorboard import resets, segments, settings
from curvedoctor.sources.tensorboard.decode import FileLog
from curvedoctor.sources.tensorboard.grouping import subdirectory
from curvedoctor.sources.tensorboard.purge import until

#: characters of a curve's id; tags may be longer
MAX_ID = 500
#: events.out.tfevents.TIME.HOST[.PID.NUMBER]: torch, TF2 and Keras add the process
_NAME = re.compile(r"tfevents\.(\d+)\.(.+?)(?:\.(\d+)\.(\d+))?(?:\.v2)?$")


def runs(unit: Unit, logs: Sequence[FileLog]) -> Iterator[Run | Problem]:
    """The runs in the files of one unit, by start; if there is none, the reasons."""
    mine = [log for log in logs if not log.ours]
    if not mine:
        return
    problems = [problem for log in mine for problem in log.problems]
    kept, notes = _without_copies(mine)
    problems.extend(notes)
    kept, notes = _as_restarted(kept)
    problems.extend(notes)
    session_list = segments.sessions(_pieces(unit.key, kept))
    if not session_list:
        explained = {problem.where for problem in problems}
        problems.extend(
            Problem(log.path, "holds no scalar", kind="note") for log in mine if log.path not in explained
        )
        yield from problems
        return
    beside = sidecars.read([part.path for part in unit.parts if not is_event_file(part.path)])
    if len(session_list) == 1:
        params = _recognized(beside | settings.from_events(kept))
        yield _run(unit, unit.run, session_list[0], params, problems)
        return
    in_sessions = {path for session in session_list for path in session.paths()}
    elsewhere = {log.path for log in kept} - in_sessions
    for number, session in enumerate(session_list, 1):
        paths = session.paths()
        raw = beside | settings.from_events(log for log in kept if log.path in paths | elsewhere)
        params = _recognized(raw)
        own = [p for p in problems if p.where in paths or (number == 1 and p.where not in in_sessions)]
        mixed = f"{len(session_list)} runs are mixed in this directory"
        yield _run(unit, f"{unit.run}#{number}", session, params, own, mixed=mixed)


def _run(
    unit: Unit,
    name: str,
    session: segments.Session,
    params: dict[str, ParamValue],
    problems: Sequence[Problem],
    *,
    mixed: str | None = None,
) -> Run:
    origin = Origin(
        kind=unit.reader,
        address=unit.address,
        key=files.relative(unit.key, unit.address),
        paths=tuple(sorted(session.paths())),
        read_only=mixed or _read_only(unit),
    )
    return Run(
        name,
        unit.key,
        unit.group,
        curves(session, files.basename(unit.key)),
        params,
        tuple(problems),
        origin,
    )


def _read_only(unit: Unit) -> str | None:
    """Why nothing can be written beside these files, as far as their address tells."""
    if files.is_url(unit.key) and unit.key.startswith(("http://", "https://")):
        return "web servers take no files"
    return None


def _recognized(raw: dict[str, object]) -> dict[str, ParamValue]:
    if not raw:
        return {}
    from curvedoctor.params import recognize

    return dict(recognize(raw))


def _without_copies(logs: Sequence[FileLog]) -> tuple[list[FileLog], list[Problem]]:
    """Copies of a file within the directory, under another name, are left out, with a note."""
    kept: list[FileLog] = []
    notes: list[Problem] = []
    by_start: dict[tuple[str, float, int], list[FileLog]] = {}
    for log in logs:
        same = by_start.setdefault((files.parent(log.path), log.first_time, log.records), [])
        twin = next((other for other in same if log.series and identical(other.path, log.path)), None)
        if twin is None:
            same.append(log)
            kept.append(log)
        else:
            notes.append(Problem(log.path, f"byte-identical copy of {twin.path}: read once", kind="note"))
    return kept, notes


def _as_restarted(logs: Sequence[FileLog]) -> tuple[list[FileLog], list[Problem]]:
    """The files with what restarts marked in later files of their directory leave of them,
    and a note of the rest."""
    if not any(log.starts for log in logs):
        return list(logs), []
    first: dict[str, int] = {}
    left: dict[str, FileLog] = {}
    replaced: dict[str, int] = {}
    marked: dict[str, str] = {}
    for log in sorted(
        logs, key=lambda log: log.path, reverse=True
    ):  # TensorBoard's order of files, backwards
        folder, series = files.parent(log.path), dict(log.series)
        if folder in first:
            series = {tag: kept for tag, old in series.items() if len((kept := until(old, first[folder]))[0])}
        if log.starts:
            first[folder] = min(first.get(folder, log.starts[0]), *log.starts)
            marked.setdefault(folder, log.path)
        replaced[folder] = replaced.get(folder, 0) + log.replaced + _points(log.series) - _points(series)
        left[log.path] = replace(log, series=series)
    what = (
        "points are left out: a restart that was marked in the log after them replaces them, "
        "as in TensorBoard"
    )
    notes = [
        Problem(path, f"{replaced[folder]} {what}") for folder, path in marked.items() if replaced[folder]
    ]
    return [left[log.path] for log in logs], notes[::-1]


def _points(series: Mapping[str, segments.Points]) -> int:
    return sum(len(steps) for steps, _, _ in series.values())


def _pieces(run: str, logs: Sequence[FileLog]) -> Iterator[segments.Segment]:
    for log in logs:
        name = _NAME.search(files.basename(log.path))
        writer = ".".join(filter(None, name.group(2, 3))) if name else ""
        opened = log.first_time
        for part in resets.split(log.series) if log.series else []:
            started = min((float(walls[0]) for _, _, walls in part.values()), default=log.first_time)
            yield segments.Segment(log.path, subdirectory(log.path, run), part, started, writer, opened)
            opened = math.nan  # of its first part only


def curves(session: segments.Session, within: str = "") -> tuple[Curve, ...]:
    """A session's curves with their roles, ordered by id; `within`: the name of the run's directory."""
    from curvedoctor.roles import assign

    by_name: dict[str, Curve] = {}
    for (folder, tag), (steps, values, walls) in sorted(session.curves().items()):
        name = curve_id(f"{folder}/{tag}" if folder else tag)
        while name in by_name:
            name += "'"
        by_name[name] = Curve(name, tag, steps, values, walls)
    return assign([by_name[name] for name in sorted(by_name)], within=within)


def curve_id(name: str) -> str:
    """A name as an id: too long a one keeps its start and is told apart by a hash of the whole."""
    if len(name) <= MAX_ID:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{name[: MAX_ID - 13]}…{digest}"
