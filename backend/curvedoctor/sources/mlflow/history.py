"""Metric histories from an MLflow server: many runs per request, cut answers noticed and re-asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from curvedoctor.errors import SourceError
from curvedoctor.sources.mlflow.common import Series
from curvedoctor.sources.mlflow.rest import Answer, Refused, Server, explain

#: points at which a server cuts a bulk answer without saying so
CAP = 25_000
#: runs that a server takes in one bulk request
MOST_RUNS = 100
#: points of one metric that a request aims at: well below the cap, and soon answered
AIM = 10_000
#: requests under way at once: a server has several workers, and more would crowd out its users
PARALLEL = 4

#: run id → rows of (step, time, value)
Rows = dict[str, list[tuple[int, int, float]]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A run to read."""

    run_id: str
    #: metric → its last point's step and time (milliseconds), as the search told
    last: Mapping[str, tuple[int, int]]


@dataclass(slots=True)
class Histories:
    """Reads the histories of runs from one server."""

    server: Server
    #: None until the first answer tells whether the server has the bulk route
    bulk: bool | None = field(default=None)
    #: set once the server no longer answers, so that its time limit is waited for only once
    gone: SourceError | None = field(default=None)

    def read(self, runs: Sequence[Wanted]) -> Iterator[dict[str, Series] | str]:
        """The curves of each run, in order; a text where a run can't be read.

        While one batch of runs is handed out the next is under way; no more is held.
        """
        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="mlflow") as pool:
            ahead: deque[tuple[list[Wanted], dict[str, Future[Rows | str]]]] = deque()
            for batch in _batches(runs):
                ahead.append((batch, self._submit(pool, batch)))
                if len(ahead) == 2:
                    yield from _collect(*ahead.popleft())
            while ahead:
                yield from _collect(*ahead.popleft())

    def _submit(self, pool: ThreadPoolExecutor, batch: Sequence[Wanted]) -> dict[str, Future[Rows | str]]:
        keys = sorted({key for run in batch for key in run.last})
        return {
            key: pool.submit(self._answer, key, [run for run in batch if key in run.last]) for key in keys
        }

    def _answer(self, key: str, runs: Sequence[Wanted]) -> Rows | str:
        """One metric of several runs, or why it can't be had."""
        if self.gone is not None:
            return str(self.gone)
        try:
            return self._key(key, runs)
        except Refused as error:
            return explain(error)
        except SourceError as error:
            self.gone = error
            return str(error)

    def _key(self, key: str, runs: Sequence[Wanted]) -> Rows:
        """One metric of several runs."""
        if self.bulk is not False:
            parameters = [
                *(("run_id", run.run_id) for run in runs),
                ("metric_key", key),
                ("max_results", CAP),
            ]
            try:
                answer = self.server.get("metrics/get-history-bulk", parameters, ajax=True)
                self.bulk = True
                rows = _rows(answer.get("metrics", ()))
                if not _cut(answer, rows, key, runs):
                    return rows
            except Refused as error:
                # older servers, other implementations, proxies that pass /api only
                if self.bulk or error.status not in {400, 403, 404, 405, 501}:
                    raise
                self.bulk = False
        if self.bulk and len(runs) > 1:
            middle = len(runs) // 2
            return self._key(key, runs[:middle]) | self._key(key, runs[middle:])
        return {run.run_id: self._pages(key, run.run_id) for run in runs}

    def _pages(self, key: str, run_id: str) -> list[tuple[int, int, float]]:
        """One metric of one run, page by page."""
        points: list[tuple[int, int, float]] = []
        token = ""
        while True:
            parameters = [("run_id", run_id), ("metric_key", key), ("max_results", CAP)]
            answer = self.server.get(
                "metrics/get-history", [*parameters, ("page_token", token)] if token else parameters
            )
            points += [_row(item) for item in answer.get("metrics", ())]
            token = answer.get("next_page_token", "")
            if not token:
                return points


def _batches(runs: Sequence[Wanted]) -> Iterator[list[Wanted]]:
    """Runs whose longest metric together has about `AIM` points, judged by their last steps."""
    batch: list[Wanted] = []
    points = 0
    for run in runs:
        expected = max((step + 1 for step, _ in run.last.values()), default=0)
        if batch and (points + expected > AIM or len(batch) == MOST_RUNS):
            yield batch
            batch, points = [], 0
        batch.append(run)
        points += expected
    if batch:
        yield batch


def _collect(
    batch: Sequence[Wanted], futures: Mapping[str, Future[Rows | str]]
) -> Iterator[dict[str, Series] | str]:
    answers = {key: future.result() for key, future in futures.items()}
    for run in batch:
        series: dict[str, Series] = {}
        trouble = None
        for key in run.last:
            rows = answers[key]
            if isinstance(rows, str):
                trouble = f"its metric {key!r} can't be read: {rows}"
            elif rows.get(run.run_id):
                series[key] = _series(rows[run.run_id])
        yield series if trouble is None else trouble


def _series(rows: Sequence[tuple[int, int, float]]) -> Series:
    steps, times, values = zip(*rows, strict=True)
    return Series.of_database(
        np.array(steps, dtype=np.int64),
        np.array(times, dtype=np.float64),
        np.array(values, dtype=np.float64),
    )


def _rows(items: Sequence[Answer]) -> Rows:
    rows: Rows = {}
    for item in items:
        rows.setdefault(str(item["run_id"]), []).append(_row(item))
    return rows


def _row(item: Answer) -> tuple[int, int, float]:
    # numbers may arrive as text: "NaN", "Infinity", and 64-bit integers
    return int(item.get("step") or 0), int(item.get("timestamp") or 0), float(item.get("value") or 0.0)


def _cut(answer: Answer, rows: Rows, key: str, runs: Sequence[Wanted]) -> bool:
    """Whether the answer was cut: at the known cap,
    or because a last point that the search told is missing."""
    if len(answer.get("metrics", ())) >= CAP:
        return True
    return any(
        all(step != run.last[key][0] for step, _, _ in reversed(rows.get(run.run_id, ()))) for run in runs
    )
