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
from typing import TYPE_CHECKING

from curvedoctor.address import hidden
from curvedoctor.model import Diagnosis
from curvedoctor.reports.phrases import STATES
from curvedoctor_mlflow import inner, page
from curvedoctor_mlflow.files import FILES
from curvedoctor_mlflow.service import DiagnosisService, ExperimentState
from curvedoctor_panel.served import KEPT

if TYPE_CHECKING:
    from flask import Flask, Response

    from curvedoctor_panel.plain import Json

_logger = logging.getLogger(__name__)

#: seconds that a request waits for a diagnosis before it says that it is being made
PATIENCE = 1.5
#: what nobody may read without a login is cached by nobody
NO_STORE = {"Cache-Control": "no-store"}
ENDED = frozenset({"FINISHED", "FAILED", "KILLED"})
Handler = Callable[[], "Response"]


def add(app: Flask, service: DiagnosisService) -> dict[str, list[str]]:
    """Add our routes to MLflow's Flask app; returns them by who may read them."""
    base = inner.prefixed("/" + page.ROUTES)
    handlers = {
        "brief": lambda: _brief(service), "run": lambda: _run(service),
        "experiment": lambda: _experiment(service),
        "counts": lambda: _counts(service), "explain": _explain, "page": _page,
    }  # fmt: skip
    for name, handler in handlers.items():
        app.add_url_rule(f"{base}/{name}", f"curvedoctor_{name}", _guarded(handler), methods=["GET"])
    static = f"{base}/static/{FILES.stamp}"
    for name in FILES.listing:
        view = functools.partial(_static, name)
        app.add_url_rule(f"{static}/{name}", f"curvedoctor_static_{name}", view, methods=["GET"])
    app.after_request(functools.partial(_after, service))
    return {
        "runs": [f"{base}/brief", f"{base}/run"],
        "experiments": [f"{base}/experiment", f"{base}/counts"],
        "open": [f"{base}/explain", f"{base}/page", *(f"{static}/{name}" for name in FILES.listing)],
    }


def _guarded(handler: Handler) -> Handler:
    """A fault of ours is an answer, and MLflow's own refusals keep their status."""

    def guarded() -> Response:
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

    value = request.args.get(name, "")
    if not value or len(value) > 100:
        raise MlflowException.invalid_parameter_value(f"the parameter {name} is missing or too long")
    return str(value)


def _answer(content: object, status: int = 200) -> Response:
    from flask import Response, request

    body = json.dumps(content, allow_nan=False).encode()
    headers = dict(NO_STORE)
    if "gzip" in request.headers.get("Accept-Encoding", "") and len(body) > 1000:
        body = gzip.compress(body, 3, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, status, headers, mimetype="application/json")


def _wait(
    service: DiagnosisService, experiment: str, ready: Callable[[ExperimentState], bool]
) -> ExperimentState:
    """The experiment's state, given a moment to become ready."""
    state = service.state(experiment, inner.inside())
    end = time.monotonic() + PATIENCE
    while not ready(state) and state.busy and time.monotonic() < end:
        time.sleep(0.05)
    return state


def _own(service: DiagnosisService, run_id: str) -> ExperimentState:
    """The state of a run, which is judged by itself where it has to be: its page waits for nothing else."""
    experiment = inner.experiment_of(run_id)
    state = service.state(experiment, inner.inside())
    service.own(state, experiment, run_id)
    return state


def _status(state: ExperimentState, missing: bool | None = None) -> dict[str, Json]:
    """`missing`: what is asked for has no diagnosis; not yet, as long as there is work to do."""
    missing = not state.complete if missing is None else missing
    phase = "reading" if state.busy and missing else "ready"
    return {"phase": phase, "total": state.total, "trouble": state.trouble, "version": state.version}


def _of_run(service: DiagnosisService) -> tuple[ExperimentState, Diagnosis | None, dict[str, Json]]:
    """(the state, the diagnosis of the run that is asked for, the state of things)."""
    run_id = _asked("run_id")
    state = _own(service, run_id)
    diagnosis = state.diagnoses.get(run_id)
    status = _status(state, diagnosis is None)
    if diagnosis is not None:
        status["curves"] = run_id not in state.curveless
        status["running"] = diagnosis.run.status in {"running", "scheduled"}
    return state, diagnosis, status


def _brief(service: DiagnosisService) -> Response:
    """What the badge shows of a run."""
    from curvedoctor_panel.view import headline

    _, diagnosis, status = _of_run(service)
    if diagnosis is not None:
        status |= {
            "state": diagnosis.state, "headline": headline(diagnosis),
            "conditions": [finding.condition for finding in diagnosis.findings],
        }  # fmt: skip
    return _answer(status)


def _run(service: DiagnosisService) -> Response:
    """Everything about one run."""
    from curvedoctor_panel.view import run_view

    state, diagnosis, status = _of_run(service)
    shown = None if diagnosis is None else service.show(state, _asked("run_id"))
    return _answer({**status, "view": None if shown is None else run_view(shown, pages=False)})


def _chosen() -> frozenset[str]:
    """The runs that a page compares; none: all of the experiment."""
    from flask import request

    return frozenset(re.findall(r"[0-9a-f]{32}", request.args.get("runs", "")))


def _counts(service: DiagnosisService) -> Response:
    """What the badge shows of an experiment: how many runs are in which state."""
    experiment = _asked("experiment_id")
    inner.see(experiment)
    state = _wait(service, experiment, lambda state: state.version > 0)
    states = Counter(str(line["state"]) for line in state.lines(_chosen()))
    return _answer({**_status(state), "states": {state: states[state] for state in STATES if states[state]}})


def _experiment(service: DiagnosisService) -> Response:
    """All runs of an experiment side by side; nothing but the state if `version` is still current."""
    from flask import request

    from curvedoctor_panel.overview import combine
    from curvedoctor_panel.view import problem

    experiment = _asked("experiment_id")
    inner.see(experiment)
    state = _wait(service, experiment, lambda state: state.version > 0)
    status = _status(state)
    if request.args.get("version") != str(state.version):
        problems = [problem(item) for item in list(state.problems.values())]
        status["overview"] = combine(state.lines(_chosen()), problems)
    return _answer(status)


def _explain() -> Response:
    """A condition's manual page."""
    from curvedoctor_panel import manual

    return _answer({"page": manual.page(_asked("condition"))})


def _page() -> Response:
    from flask import Response

    return Response(page.own(), mimetype="text/html", headers=NO_STORE)


def _static(name: str) -> Response:
    from flask import Response, request

    headers = {
        "Cache-Control": f"private, max-age={KEPT}", "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
    }  # fmt: skip
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = FILES.compressed(name)
    else:
        body = FILES.listing[name].read_bytes()
    return Response(body, headers=headers, mimetype=FILES.kind(name))


def _after(service: DiagnosisService, response: Response) -> Response:
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
                service.ended(
                    str(info["experiment_id"]), str(info.get("run_id") or info["run_uuid"]), inner.inside()
                )
    except Exception:  # whatever an answer looks like, it must reach the client
        _logger.debug("an update of a run was not understood", exc_info=True)
    return response
