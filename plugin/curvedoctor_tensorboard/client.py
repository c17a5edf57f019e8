"""TensorBoard's side of the worker: starts it when first asked, passes questions on, survives its end."""

from __future__ import annotations

import itertools
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from curvedoctor.address import real
from curvedoctor_tensorboard.places import Place

if TYPE_CHECKING:
    from curvedoctor_panel.plain import Json

logger = logging.getLogger(__name__)

#: seconds that a question may take; a page of a huge run is read again from disk
PATIENCE = 30.0
#: seconds before the worker is started again after it failed, doubled each time up to the second
PAUSE, LONGEST_PAUSE = 2.0, 300.0


class WorkerFailed(RuntimeError):
    """The worker can't answer; the message says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the worker said."""

    status: int
    #: gzipped JSON
    body: bytes


class Worker:
    """One worker process, started by the first question."""

    def __init__(self, places: Sequence[Place], interval: float) -> None:
        self._told = {
            "places": [[real(place.address), place.prefix] for place in places],
            "interval": interval,
        }
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: dict[int, Future[Reply]] = {}
        self._ids = itertools.count()
        self._said: deque[str] = deque(maxlen=20)
        self._failures = 0
        self._not_before = 0.0

    def ask(self, question: Mapping[str, Json], patience: float = PATIENCE) -> Reply:
        """The worker's reply. Raises `WorkerFailed` if there is none within `patience` seconds."""
        future: Future[Reply] = Future()
        with self._lock:
            number = next(self._ids)
            stream = self._running()
            self._waiting[number] = future
            try:
                stream.write(json.dumps({**question, "id": number}).encode() + b"\n")
                stream.flush()
            except OSError as error:
                self._waiting.pop(number, None)
                raise WorkerFailed(f"the diagnosing process went away: {error}") from error
        try:
            return future.result(patience)
        except FutureTimeout:
            raise WorkerFailed(f"no answer within {patience:.0f} seconds; the machine may be busy") from None
        finally:
            self._waiting.pop(number, None)

    def warm(self) -> None:
        """Start the process, if it is not running, without asking anything."""
        with self._lock:
            self._running()

    def stop(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def _running(self) -> IO[bytes]:
        """The input of a live process, starting one if need be."""
        if self._process is None or self._process.poll() is not None:
            if time.monotonic() < self._not_before:
                raise WorkerFailed(self._reason())
            self._start()
        assert self._process is not None and self._process.stdin is not None
        return self._process.stdin

    def _start(self) -> None:
        process = subprocess.Popen(  # noqa: S603 -- our own module, with our own arguments
            [sys.executable, "-m", "curvedoctor_tensorboard.worker", json.dumps(self._told)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
        )
        self._process = process
        self._said.clear()
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()
        threading.Thread(target=self._drain, args=(process,), daemon=True).start()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Hand answers to who waits for them, until the process ends."""
        out = process.stdout
        assert out is not None
        for line in out:
            head = json.loads(line)
            body = out.read(head["length"])
            future = self._waiting.get(head["id"])
            if future is not None and not future.done():
                future.set_result(Reply(head["status"], body))
            self._failures = 0
        process.wait()
        with self._lock:
            if self._process is process:
                self._not_before = time.monotonic() + min(PAUSE * 2**self._failures, LONGEST_PAUSE)
                self._failures += 1
                for future in self._waiting.values():
                    if not future.done():
                        future.set_exception(WorkerFailed(self._reason()))
        logger.warning("%s", self._reason())

    def _drain(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            text = line.decode(errors="replace").rstrip()
            self._said.append(text)
            logger.debug("worker: %s", text)

    def _reason(self) -> str:
        code = self._process.returncode if self._process is not None else None
        last = self._said[-1] if self._said else "it said nothing"
        return f"the diagnosing process ended with code {code} ({last}); it is started again in a while"


def _environment() -> dict[str, str]:
    """Ours for the worker: it finds our packages, and leaves the cores to TensorBoard."""
    import curvedoctor

    roots = {str(Path(file).parents[1]) for file in (__file__, str(curvedoctor.__file__))}
    path = os.pathsep.join([*sorted(roots), *filter(None, [os.environ.get("PYTHONPATH", "")])])
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **one, "PYTHONPATH": path}
