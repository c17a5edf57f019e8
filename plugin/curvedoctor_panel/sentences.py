"""What many runs say, in sentences: how many have which problem,
and where in the hyperparameters those lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from curvedoctor.compare.tasks import SCALES
from curvedoctor.reports.phrases import title
from curvedoctor_panel.plain import Json, clip, number

#: conditions that get a sentence
MAX_CONDITIONS = 5
#: runs that make a sentence worth saying
MIN_RUNS = 3
#: share of the runs with a problem that must lie in a region, and share of the region that must have it
RECALL, PRECISION = 0.8, 0.5
#: how much more frequent the problem must be there than anywhere
LIFT = 1.5

Row = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Region:
    """Runs that share something."""

    words: str
    runs: frozenset[int]


def sentences(rows: Sequence[Row]) -> list[str]:
    """The commonest problems of weight first; then the best run of the largest family."""
    having: dict[str, set[int]] = {}
    for index, row in enumerate(rows):
        for seen in row["conditions"]:
            if seen["severity"] != "info":
                having.setdefault(seen["id"], set()).add(index)
    common = sorted(having.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    regions = list(_regions(rows))
    out = [
        _said(name, runs, rows, regions) for name, runs in common[:MAX_CONDITIONS] if len(runs) >= MIN_RUNS
    ]
    best = _best(rows)
    return [*out, *([best] if best else [])]


def _said(name: str, runs: set[int], rows: Sequence[Row], regions: Sequence[Region]) -> str:
    text = f"{title(name)}: {len(runs):,} of {len(rows):,} runs"
    where = _where(runs, len(rows), regions)
    if where is not None:
        inside = len(runs & where.runs)
        count = "all" if inside == len(runs) else f"{inside:,}"
        text += f", {count} of them with {where.words} ({len(where.runs):,} runs are there)"
    return text + "."


def _where(runs: set[int], all_runs: int, regions: Sequence[Region]) -> Region | None:
    """The region that tells these runs from the others best."""

    def quality(region: Region) -> float:
        inside = len(runs & region.runs)
        recall, precision = inside / len(runs), inside / len(region.runs)
        telling = recall >= RECALL and precision >= PRECISION and precision >= LIFT * len(runs) / all_runs
        return recall + precision if telling else 0.0

    best = max(regions, key=quality, default=None)
    return best if best is not None and quality(best) > 0 else None


def _regions(rows: Sequence[Row]) -> Iterator[Region]:
    """Every side of every value of every hyperparameter that differs."""
    values: dict[str, dict[int, Json]] = {}
    for index, row in enumerate(rows):
        for name, value in row["params"].items():
            if value is not None:
                values.setdefault(name, {})[index] = value
    for name, by_run in sorted(values.items()):
        different = set(by_run.values())
        if len(different) < 2:
            continue
        if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in different):
            yield from _sides(name, by_run)
        elif len(different) <= 20:
            for value in sorted(map(str, different)):
                same = frozenset(run for run, its in by_run.items() if str(its) == value)
                yield Region(f"{name} = {clip(value, 40)}", same)


def _sides(name: str, by_run: Mapping[int, Json]) -> Iterator[Region]:
    ordered = sorted(set(by_run.values()))
    # hundreds of values are a search at random: its tenths will do
    every = max(1, len(ordered) // 20)
    for low, high in list(pairwise(ordered))[::every]:
        yield Region(f"{name} > {number(low)}", frozenset(run for run, its in by_run.items() if its > low))
        yield Region(f"{name} < {number(high)}", frozenset(run for run, its in by_run.items() if its < high))


def _best(rows: Sequence[Row]) -> str | None:
    """The best end of the outcome that most runs have."""
    ended: dict[tuple[Json, ...], list[tuple[float, Row]]] = {}
    for row in rows:
        outcome = row["outcome"]
        if outcome is not None and outcome["last"] is not None:
            scale = [row["params"].get(name) for name in SCALES]
            ended.setdefault((outcome["label"], outcome["better"], *scale), []).append((outcome["last"], row))
    if not ended:
        return None
    (label, better, *_), runs = max(ended.items(), key=lambda pair: len(pair[1]))
    if len(runs) < MIN_RUNS:
        return None
    value, row = (min if better == "lower" else max)(runs, key=lambda pair: pair[0])
    return f"Best end of {label}: {number(value)}, by {clip(row['run'], 60)} ({row['state']})."
