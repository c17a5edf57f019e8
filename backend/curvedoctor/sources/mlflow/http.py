"""MLflow tracking servers: search the runs, then ask for the histories of many runs at once.

`get-history-bulk` (the route behind MLflow's own charts) answers for up to 100 runs, but cuts its
answer at 25,000 points without saying so; cut answers are noticed and asked again in halves, and a
single run with more points is read page by page, as is everything from servers without that route.
"""

from __future__ import annotations

import json
import re
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from curvedoctor.errors import SourceError
from curvedoctor.model import Origin, Problem, Run
from curvedoctor.sources.base import Reader, ReadOptions, Traits, Unit
from curvedoctor.sources.mlflow import facts as mlflow_facts
from curvedoctor.sources.mlflow import filter as mlflow_filter
from curvedoctor.sources.mlflow import search as mlflow_search
from curvedoctor.sources.mlflow.common import Place, Stored, together
from curvedoctor.sources.mlflow.history import Histories, Wanted
from curvedoctor.sources.mlflow.rest import Refused, Server, usage

_FILE = re.compile(r"\.(csv|tsv|json|jsonl|ndjson|parquet|gz|bz2|xz|zst|zip)$|tfevents", re.IGNORECASE)


class MlflowHttp(Reader):
    """Reader of MLflow tracking servers."""

    name = "mlflow-http"
    traits = Traits(run_ids=True, experiments=True)

    def opens(self, address: str) -> bool:
        """`http://` and `https://`, unless it names a file."""
        return address.startswith(("http://", "https://")) and not _FILE.search(urlsplit(address).path)

    def find(self, address: str, options: ReadOptions) -> Iterator[Unit | Problem]:
        """The runs of a server, found by the server's own search. Raises `SourceError` within seconds."""
        host, experiment, ids = mlflow_search.page(address)
        server = Server(host)
        server.find()
        _GONE.forget(server.address)
        text = mlflow_filter.without_lifecycle(options.filter)
        deleted = mlflow_filter.asks_deleted(options.filter)
        try:
            if not ids and mlflow_search.RUN_ID.fullmatch(options.only or ""):
                ids = frozenset({str(options.only)})
            if ids and not options.filter:
                yield from together(
                    _unit(server, *run) for run in mlflow_search.by_id(server, sorted(ids), options)
                )
                return
            if options.siblings and mlflow_search.RUN_ID.fullmatch(options.run or ""):
                yield from together(
                    _unit(server, *run) for run in mlflow_search.beside(server, text, deleted, options)
                )
                return
            names = mlflow_search.experiments(server, options.experiment, deleted)
            if experiment is not None:
                names = {key: name for key, name in names.items() if key == experiment}
            plain = ReadOptions(run=None if ids else options.only)
            wanted = mlflow_filter.parse("lifecycle_stage = 'deleted'" if deleted else "")
            yield from together(
                _unit(server, *run)
                for run in mlflow_search.search(server, names, text, deleted)
                if run[0].selected(plain, wanted) and (not ids or run[0].run_id in ids)
            )
        except Refused as error:
            raise usage(error, options.filter, host) from error

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """Read runs, several at a time, with a few requests under way at once."""
        for host, same in groupby(units, key=lambda unit: unit.address):
            some = list(same)
            known = {unit: run for unit in some if (run := _KEPT.get(unit)) is not None}
            fresh = _read(host, [unit for unit in some if unit not in known])
            for unit in some:
                item: Run | Problem = known[unit] if unit in known else next(fresh)
                if isinstance(item, Run):
                    _KEPT.put(unit, item)
                yield item


class _Kept:
    """The runs read last: `watch` asks again and again, and most runs have not changed since."""

    def __init__(self, most: int) -> None:
        #: points
        self.most = most
        self.points = 0
        self.runs: OrderedDict[Unit, Run] = OrderedDict()

    def get(self, key: Unit) -> Run | None:
        """The run of this unit, if nothing of the unit differs."""
        return self.runs.get(key)

    def put(self, key: Unit, run: Run) -> None:
        """Remember a run; the ones used longest ago are forgotten."""
        if key not in self.runs:
            self.points += _points(run)
        self.runs[key] = run
        self.runs.move_to_end(key)
        while self.points > self.most and self.runs:
            self.points -= _points(self.runs.popitem(last=False)[1])


def _points(run: Run) -> int:
    return sum(map(len, run.curves))


#: 2 million points are 48 MB
_KEPT = _Kept(2_000_000)


def _read(host: str, units: Sequence[Unit]) -> Iterator[Run | Problem]:
    if not units:
        return
    described = [_described(unit) for unit in units]
    server = Server(host)
    # behind --static-prefix the REST interface lacks the prefix that the pages have
    server.rest = units[0].facts[1]
    histories = Histories(server, gone=_GONE.known(host))
    for (stored, _), result in zip(
        described, histories.read([wanted for _, wanted in described]), strict=True
    ):
        if isinstance(result, str) and histories.gone is not None:
            # one server's silence is one trouble, not one per run
            yield Problem(
                host,
                f"its runs can't be read: {_GONE.note(host, histories.gone)}",
                lost=True,
                kind="unreachable",
            )
        else:
            yield _run(server, stored, result)


class _Gone:
    """Servers that did not answer just now: their time limit is waited for once, not once per job."""

    #: seconds
    LASTING = 60.0

    def __init__(self) -> None:
        self._since: dict[str, tuple[float, SourceError]] = {}

    def known(self, host: str) -> SourceError | None:
        """Why a server does not answer, if that is known and new."""
        since, error = self._since.get(host, (-self.LASTING, None))
        return error if time.monotonic() - since < self.LASTING else None

    def note(self, host: str, error: SourceError) -> str:
        """Remember it; the reason without the address."""
        if self.known(host) is None:
            self._since[host] = (time.monotonic(), error)
        return str(error).removeprefix(f"{host}: ")

    def forget(self, host: str) -> None:
        """It has answered."""
        self._since.pop(host, None)


_GONE = _Gone()
READER = MlflowHttp()


def _run(server: Server, stored: Stored, result: Any) -> Run | Problem:
    source = f"{server.address}/#/experiments/{stored.experiment_id}/runs/{stored.run_id}"
    if isinstance(result, str):
        return Problem(where=source, what=result, lost=True)
    origin = Origin(kind="mlflow-http", address=server.rest, key=stored.run_id)
    return stored.run(result, Place(server.address, source, origin))


def _unit(server: Server, stored: Stored, last: Wanted) -> Unit:
    """What `load` needs is carried along: asking for it again would cost a request per run."""
    steps, times = sum(step for step, _ in last.last.values()), sum(time for _, time in last.last.values())
    facts = {
        "name": stored.name, "experiment_id": stored.experiment_id, "experiment": stored.experiment,
        "lifecycle": stored.lifecycle, "status": stored.status, "sizes": mlflow_facts.sizes(stored.datasets),
        "params": dict(stored.params), "tags": dict(stored.tags), "last": dict(last.last),
    }  # fmt: skip
    stamp = (stored.status, stored.end or 0, len(last.last), steps, times, len(stored.params))
    return stored.unit("mlflow-http", server.address, stamp, (json.dumps(facts), server.rest))


def _described(unit: Unit) -> tuple[Stored, Wanted]:
    facts = json.loads(unit.facts[0])
    last = {key: (int(step), int(time)) for key, (step, time) in facts.pop("last").items()}
    return Stored(run_id=unit.key, **facts), Wanted(unit.key, last)
