"""The process that reads and judges, apart from TensorBoard's own.

It speaks with `client` over its standard streams: a request is one line of JSON; an answer is one line
of JSON (id, status, length) followed by so many bytes of gzipped JSON. It ends when its input does,
that is, with TensorBoard.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

from curvedoctor.address import Address, hidden
from curvedoctor_panel.plain import Json
from curvedoctor_tensorboard.answers import Answers
from curvedoctor_tensorboard.places import Place
from curvedoctor_tensorboard.service import DiagnosisService

#: seconds without a request after which nothing is looked at any more
IDLE = 60.0
#: seconds between two looks at most; a look that takes long is followed by a rest as long
LONGEST = 60.0

#: share of its time that TensorBoard's server computes from which on it is taken to be in use: then we
#: rest PACE times as long as we work. Two logical cores are often one,
#: where the lowest priority is not enough.
USED, PACE = 0.03, 1.5

Answer = tuple[int, Json]


class RequestHandler:
    """Answers requests from what the service knows."""

    def __init__(self, service: DiagnosisService, out: BinaryIO) -> None:
        self.service = service
        self.answers = Answers(service)
        self.asked = time.monotonic()
        self._out = out
        self._lock = threading.Lock()

    def listen(self, lines: BinaryIO) -> None:
        """Answer until the input ends."""
        with ThreadPoolExecutor(2) as pool:
            for line in lines:
                self.asked = time.monotonic()
                pool.submit(self._handle, json.loads(line))
        # TensorBoard has ended: nobody waits for what is still being read
        os._exit(0)

    def _handle(self, request: Mapping[str, Json]) -> None:
        try:
            status, content = self.answer(request)
        except Exception as error:
            traceback.print_exc()
            status, content = 500, {"error": hidden(f"{type(error).__name__}: {error}")}
        body = gzip.compress(json.dumps(content, allow_nan=False).encode(), 3, mtime=0)
        head = json.dumps({"id": request.get("id"), "status": status, "length": len(body)}).encode()
        with self._lock, contextlib.suppress(BrokenPipeError):
            self._out.write(head + b"\n" + body)
            self._out.flush()

    def answer(self, request: Mapping[str, Json]) -> Answer:
        """(HTTP status, content)."""
        want = request.get("want")
        if want == "runs":
            self.service.pace = PACE if float(request.get("load", 0.0)) > USED else 0.0
            return self._runs(str(request.get("version", "")))
        if want == "run":
            view = self.answers.view(str(request.get("key", "")))
            return (404, {"error": "there is no such run"}) if view is None else (200, view)
        if want == "explain":
            return self._explain(str(request.get("condition", "")))
        if want == "compare":
            from curvedoctor_panel.conclusions import conclusions

            return 200, conclusions(self.answers.complete(None))
        if want == "receive":
            return self._receive(request)
        if want == "annotate":
            return self._annotate(request.get("keys"))
        return 400, {"error": f"unknown request {want!r}"}

    def _runs(self, known: str) -> Answer:
        progress = self.service.progress
        status: dict[str, Json] = {
            "phase": progress.phase,
            "done": progress.done,
            "total": progress.total,
            "trouble": progress.trouble,
            "changed": progress.changed,
        }
        version, overview = self.answers.overview()
        answer: dict[str, Json] = {"version": str(version), "status": status}
        return 200, answer if str(version) == known else {**answer, "overview": overview}

    @staticmethod
    def _explain(condition: str) -> Answer:
        from curvedoctor_panel.manual import page

        explained = page(condition)
        return (404, {"error": "there is no such condition"}) if explained is None else (200, explained)

    def _receive(self, request: Mapping[str, Json]) -> Answer:
        from curvedoctor_tensorboard.sampled import as_run

        self.service.receive(as_run(request))
        return 200, {}

    def _annotate(self, keys: object) -> Answer:
        from curvedoctor.sinks.base import WriteOptions
        from curvedoctor.sinks.tensorboard import SINK

        wanted = {str(key) for key in keys} if isinstance(keys, list) else None
        diagnoses = self.answers.complete(wanted)
        outcomes = [
            {"run": outcome.run, "status": outcome.status, "what": list(outcome.what)}
            for outcome in SINK.annotate(diagnoses, WriteOptions())
        ]
        return 200, {"outcomes": outcomes}


def keep(service: DiagnosisService, handler: RequestHandler, interval: float) -> None:
    """Look again every `interval` seconds while somebody is looking; 0: look once."""
    while True:
        began = time.monotonic()
        try:
            service.scan()
        except Exception as error:  # a fault of ours must not end the tab
            traceback.print_exc()
            service.progress.trouble = hidden(f"reading failed: {type(error).__name__}: {error}")
            service.progress.phase = "ready"
        spent = time.monotonic() - began
        time.sleep(min(max(interval, spent), LONGEST))
        while not interval or time.monotonic() - handler.asked > IDLE:
            time.sleep(0.5)


def step_back() -> None:
    """Once the first runs are there, TensorBoard's own requests come first."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(10)
    with contextlib.suppress(OSError, AttributeError):
        # Linux: who wakes up, to answer a request, need not wait for our turn to end
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def main() -> None:
    """Entry point: one argument, JSON with `places` and `interval`."""
    settings = json.loads(sys.argv[1])
    # what a library prints must not get between the answers
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    service = DiagnosisService(
        [Place(Address(address), prefix) for address, prefix in settings["places"]], started=step_back
    )
    handler = RequestHandler(service, out)
    threading.Thread(target=handler.listen, args=(sys.stdin.buffer,), daemon=True).start()
    if settings["places"]:
        keep(service, handler, float(settings["interval"]))
    threading.Event().wait()


if __name__ == "__main__":
    main()
