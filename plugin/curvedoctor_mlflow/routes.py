"""The routes below /ajax-api/3.0/curvedoctor/, and the ear on runs that end."""

from __future__ import annotations

import functools
import gzip
import json
import logging
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from curvedoctor.address import hidden
from curvedoctor.model import Diagnosis
from curvedoctor.reports.words import STATES
from curvedoctor_mlflow import access, page
from curvedoctor_mlflow.clinic import Clinic, Ward
from curvedoctor_mlflow.files import FILES
from curvedoctor_panel.served import KEPT

_logger = logging.getLogger(__name__)

#: seconds that a request waits for a diagnosis before it says that it is being made
PATIENCE = 1.5
ENDED = frozenset({"FINISHED", "FAILED", "KILLED"})
Handler = Callable[[], Any]


def add(app: Any, clinic: Clinic, prefix: Callable[[str], str]) -> dict[str, list[str]]:
    """Add our routes to MLflow's Flask app; returns them by who may read them."""
    base = prefix("/" + page.ROUTES)
    handlers = {
        "brief": lambda: _brief(clinic), "run": lambda: _run(clinic), "experiment": lambda: _experiment(clinic),
        "counts": lambda: _counts(clinic), "explain": _explain, "page": _page,
    }  # fmt: skip
    for name, handler in handlers.items():
        app.add_url_rule(f"{base}/{name}", f"curvedoctor_{name}", _guarded(handler), methods=["GET"])
    static = f"{base}/static/{FILES.stamp}"
    for name in FILES.listing:
        view = functools.partial(_static, name)
        app.add_url_rule(f"{static}/{name}", f"curvedoctor_static_{name}", view, methods=["GET"])
    app.after_request(functools.partial(_after, clinic, prefix))
    return {
        "runs": [f"{base}/brief", f"{base}/run"],
        "experiments": [f"{base}/experiment", f"{base}/counts"],
        "open": [f"{base}/explain", f"{base}/page", *(f"{static}/{name}" for name in FILES.listing)],
    }


def _guarded(handler: Handler) -> Handler:
    """A fault of ours is an answer, and MLflow's own refusals keep their status."""

    def guarded() -> Any:
        from mlflow.exceptions import MlflowException

        try:
            return handler()
        except MlflowException as error:
            return _answer({"error": error.message}, error.get_http_status_code())
        except Exception as error:
            _logger.warning("a request for a diagnosis failed", exc_info=True)
            return _answer({"error": hidden(f"{type(error).__name__}: {error}")}, 500)

    return guarded


def _asked(name: str) -> str:
    from flask import request
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

    value = request.args.get(name, "")
    if not value or len(value) > 100:
        raise MlflowException(f"the parameter {name} is missing or too long", INVALID_PARAMETER_VALUE)
    return str(value)


def _answer(content: object, status: int = 200) -> Any:
    from flask import Response, request

    body = json.dumps(content, allow_nan=False).encode()
    headers = dict(access.NO_STORE)
    if "gzip" in request.headers.get("Accept-Encoding", "") and len(body) > 1000:
        body = gzip.compress(body, 3, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, status, headers, mimetype="application/json")


def _wait(clinic: Clinic, experiment: str, ready: Callable[[Ward], bool]) -> Ward:
    """The experiment's ward, given a moment to become ready."""
    ward = clinic.ward(experiment, access.inside())
    end = time.monotonic() + PATIENCE
    while not ready(ward) and ward.busy and time.monotonic() < end:
        time.sleep(0.05)
    return ward


def _own(clinic: Clinic, run_id: str) -> Ward:
    """The ward of a run, which is judged by itself where it has to be: its page waits for nothing else."""
    experiment = access.experiment_of(run_id)
    ward = clinic.ward(experiment, access.inside())
    clinic.own(ward, experiment, run_id)
    return ward


def _status(ward: Ward, missing: bool | None = None) -> dict[str, Any]:
    """`missing`: what is asked for has no diagnosis; not yet, as long as there is work to do."""
    missing = not ward.complete if missing is None else missing
    phase = "reading" if ward.busy and missing else "ready"
    return {"phase": phase, "total": ward.total, "trouble": ward.trouble, "version": ward.version}


def _of_run(clinic: Clinic) -> tuple[Ward, Diagnosis | None, dict[str, Any]]:
    """(the ward, the diagnosis of the run that is asked for, the state of things)."""
    run_id = _asked("run_id")
    ward = _own(clinic, run_id)
    diagnosis = ward.diagnoses.get(run_id)
    told = _status(ward, diagnosis is None)
    if diagnosis is not None:
        told["curves"] = run_id not in ward.curveless
        told["running"] = diagnosis.run.status in {"running", "scheduled"}
    return ward, diagnosis, told


def _brief(clinic: Clinic) -> Any:
    """What the badge shows of a run."""
    from curvedoctor_panel.view import headline

    _, diagnosis, told = _of_run(clinic)
    if diagnosis is not None:
        told |= {
            "state": diagnosis.state, "headline": headline(diagnosis),
            "conditions": [finding.condition for finding in diagnosis.findings],
        }  # fmt: skip
    return _answer(told)


def _run(clinic: Clinic) -> Any:
    """Everything about one run."""
    from curvedoctor_panel.view import run_view

    ward, diagnosis, told = _of_run(clinic)
    shown = None if diagnosis is None else clinic.show(ward, _asked("run_id"))
    return _answer({**told, "view": None if shown is None else run_view(shown, pages=False)})


def _chosen() -> frozenset[str]:
    """The runs that a page compares; none: all of the experiment."""
    from flask import request

    return frozenset(re.findall(r"[0-9a-f]{32}", request.args.get("runs", "")))


def _counts(clinic: Clinic) -> Any:
    """What the badge shows of an experiment: how many runs are in which state."""
    experiment = _asked("experiment_id")
    access.see(experiment)
    ward = _wait(clinic, experiment, lambda ward: ward.version > 0)
    states = Counter(str(line["state"]) for line in ward.lines(_chosen()))
    return _answer({**_status(ward), "states": {state: states[state] for state in STATES if states[state]}})


def _experiment(clinic: Clinic) -> Any:
    """All runs of an experiment side by side; nothing but the state if `version` is still current."""
    from flask import request

    from curvedoctor_panel.overview import combine
    from curvedoctor_panel.view import problem

    experiment = _asked("experiment_id")
    access.see(experiment)
    ward = _wait(clinic, experiment, lambda ward: ward.version > 0)
    told = _status(ward)
    if request.args.get("version") != str(ward.version):
        problems = [problem(item) for item in list(ward.problems.values())]
        told["overview"] = combine(ward.lines(_chosen()), problems)
    return _answer(told)


def _explain() -> Any:
    """A condition's manual page."""
    from curvedoctor_panel import manual

    return _answer({"page": manual.page(_asked("condition"))})


def _page() -> Any:
    from flask import Response

    return Response(page.own(), mimetype="text/html", headers=access.NO_STORE)


def _static(name: str) -> Any:
    from flask import Response, request

    headers = {
        "Cache-Control": f"private, max-age={KEPT}", "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding",
    }  # fmt: skip
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = FILES.compressed(name)
    else:
        body = FILES.listing[name].read_bytes()
    return Response(body, headers=headers, mimetype=FILES.kind(name))


def _after(clinic: Clinic, prefix: Callable[[str], str], response: Any) -> Any:
    """An update that ends a run queues its diagnosis; the answer itself is left alone."""
    from flask import request

    try:
        if (
            request.method == "POST"
            and response.status_code == 200
            and request.path.endswith("/mlflow/runs/update")
        ):
            info = json.loads(response.get_data()).get("run_info", {})
            if info.get("status") in ENDED:
                clinic.ended(
                    str(info["experiment_id"]), str(info.get("run_id") or info["run_uuid"]), access.inside()
                )
    except Exception:  # whatever an answer looks like, it must reach the client
        _logger.debug("an update of a run was not understood", exc_info=True)
    return response
