"""Which runs a tracking server has: searched for, asked for by id, or named by a page's address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit, urlunsplit

from curvedoctor.address import real
from curvedoctor.sources.base import ReadOptions
from curvedoctor.sources.mlflow.common import Stored
from curvedoctor.sources.mlflow.facts import Dataset
from curvedoctor.sources.mlflow.history import Wanted
from curvedoctor.sources.mlflow.rest import Answer, Refused, Server

#: runs described by one answer of the server
_PAGE = 1000
#: experiments searched by one request
_EXPERIMENTS = 100
#: .../#/experiments/3/runs/0123…, as copied from the browser
_PAGE_ADDRESS = re.compile(r"(?:/ml)?/experiments/(\d+)(?:/runs/([0-9a-f]{32}))?")
RUN_ID = re.compile(r"[0-9a-f]{32}")


def page(address: str) -> tuple[str, str | None, frozenset[str]]:
    """The server's address; experiment and runs if it was copied from
    a page (also from one that compares)."""
    split = urlsplit(address)
    match, path = _PAGE_ADDRESS.search(split.fragment), split.path
    if match is None and (match := _PAGE_ADDRESS.search(path)):
        path = path[: match.start()]
    host = urlunsplit((split.scheme, split.netloc, path.rstrip("/"), "", ""))
    if "compare-runs" in split.fragment:
        asked = parse_qs(urlsplit(real(address)).fragment.partition("?")[2])
        return host, None, frozenset(RUN_ID.findall(" ".join(asked.get("runs", ()))))
    if match is None:
        return host, None, frozenset()
    return host, match[1], frozenset({match[2]} if match[2] else ())


def by_id(server: Server, ids: Sequence[str], options: ReadOptions) -> Iterator[tuple[Stored, Wanted]]:
    """Runs that are asked for by their id, deleted ones too: nothing is searched."""
    names: dict[str, str] = {}
    for run_id in ids:
        try:
            run = server.get("runs/get", [("run_id", run_id)]).get("run", {})
        except Refused as error:
            if error.status == 404:
                continue
            raise
        experiment = str(run.get("info", {}).get("experiment_id", ""))
        if experiment not in names:
            answer = server.get("experiments/get", [("experiment_id", experiment)])
            names[experiment] = str(answer.get("experiment", {}).get("name", ""))
        if options.experiment in {None, experiment, names[experiment]}:
            yield stored(run, names)


def beside(server: Server, text: str, deleted: bool, options: ReadOptions) -> Iterator[tuple[Stored, Wanted]]:
    """The run that is asked for by its id, and the others of its experiment: no other is searched."""
    asked = list(by_id(server, [str(options.run)], options))
    found = list(search(server, {run.experiment_id: run.experiment for run, _ in asked}, text, deleted))
    known = {run.run_id for run, _ in found}
    yield from found
    # one that is deleted is found by its id, as it is without its siblings
    yield from (one for one in asked if one[0].run_id not in known and not text)


def experiments(server: Server, name: str | None, deleted: bool) -> dict[str, str]:
    """id → name of the experiments to search."""
    if name is not None:
        try:
            experiment = server.get("experiments/get-by-name", [("experiment_name", name)])["experiment"]
            return {str(experiment["experiment_id"]): name}
        except Refused as error:
            if error.status != 404:
                raise
    names: dict[str, str] = {}
    token = ""
    while True:
        body = {"max_results": _PAGE, "page_token": token, "view_type": "ALL" if deleted else "ACTIVE_ONLY"}
        answer = server.post("experiments/search", body)
        names |= {
            str(item["experiment_id"]): str(item.get("name", "")) for item in answer.get("experiments", ())
        }
        token = answer.get("next_page_token", "")
        if not token:
            break
    # the name may be an id
    return names if name is None else {key: value for key, value in names.items() if key == name}


def search(
    server: Server, names: Mapping[str, str], text: str, deleted: bool
) -> Iterator[tuple[Stored, Wanted]]:
    ids = list(names)
    for start in range(0, len(ids), _EXPERIMENTS):
        body: dict[str, object] = {
            "experiment_ids": ids[start : start + _EXPERIMENTS],
            "filter": text,
            "run_view_type": "DELETED_ONLY" if deleted else "ACTIVE_ONLY",
            "max_results": _PAGE,
            "order_by": ["attributes.start_time ASC"],
        }
        while True:
            answer = server.post("runs/search", body)
            for run in answer.get("runs", ()):
                yield stored(run, names)
            if not answer.get("next_page_token"):
                break
            body["page_token"] = answer["next_page_token"]


def stored(run: Answer, names: Mapping[str, str]) -> tuple[Stored, Wanted]:
    info, data = run.get("info", {}), run.get("data", {})
    run_id = str(info.get("run_id") or info.get("run_uuid"))
    described = Stored(
        run_id=run_id,
        name=str(info.get("run_name") or ""),
        experiment_id=str(info.get("experiment_id", "")),
        experiment=names.get(str(info.get("experiment_id")), ""),
        status=str(info.get("status", "RUNNING")),
        lifecycle=str(info.get("lifecycle_stage", "active")),
        end=int(info["end_time"]) if info.get("end_time") else None,
        params={str(item["key"]): str(item.get("value", "")) for item in data.get("params", ())},
        tags={
            item["key"]: str(item.get("value", "")) for item in data.get("tags", ()) if item["key"] in _NAMING
        },
    )
    inputs = run.get("inputs", {}).get("dataset_inputs", ())
    described = replace(described, datasets=tuple(map(_dataset, inputs)))
    last = {
        str(item["key"]): (int(item.get("step") or 0), int(item.get("timestamp") or 0))
        for item in data.get("metrics", ())
    }
    return described, Wanted(run_id, last)


def _dataset(answer: Answer) -> Dataset:
    data, tags = answer.get("dataset", {}), answer.get("tags", ())
    context = tuple(str(tag.get("value", "")) for tag in tags if tag.get("key") == "mlflow.data.context")
    name, digest, profile = (str(data.get(key) or "") for key in ("name", "digest", "profile"))
    return Dataset(name, digest, context, profile)


_NAMING = frozenset({"mlflow.runName", "mlflow.parentRunId"})
