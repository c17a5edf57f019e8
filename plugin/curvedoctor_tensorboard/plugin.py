"""The tab's routes. Every one is guarded: a fault of ours is an answer, never TensorBoard's trouble."""

from __future__ import annotations

import contextlib
import functools
import gzip
import json
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tensorboard.backend import http_util
from tensorboard.plugins import base_plugin
from werkzeug.wrappers import Request, Response

from curvedoctor.address import hidden
from curvedoctor_panel.served import KEPT
from curvedoctor_tensorboard import defence
from curvedoctor_tensorboard.client import Worker, WorkerFailed
from curvedoctor_tensorboard.places import holds_events, places
from curvedoctor_tensorboard.sampled import Feed
from curvedoctor_tensorboard.static import FILES, complete

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from curvedoctor_panel.plain import Json

logger = logging.getLogger(__name__)

NAME = "curvedoctor"
ENTRY = "tensorboard.js"
#: seconds between two looks at the files at least
INTERVAL = 5.0

Handler = Callable[[Request], Response]


class DiagnosisPlugin(base_plugin.TBPlugin):  # type: ignore[misc]
    """The Diagnosis tab."""

    plugin_name = NAME

    def __init__(self, context: object) -> None:
        flags = getattr(context, "flags", None)
        self._places = places(context)
        self._provider = getattr(context, "data_provider", None)
        self._writes = bool(getattr(flags, "curvedoctor_write", False))
        self._host = str(getattr(flags, "host", "") or "")
        asked = getattr(flags, "reload_interval", INTERVAL)
        self._interval = max(float(asked if asked is not None else INTERVAL), INTERVAL) if asked != 0 else 0.0
        self._worker = Worker(self._places, self._interval)
        self._feeding = threading.Event()
        self._clock = (time.monotonic(), time.process_time())

    def get_plugin_apps(self) -> dict[str, WSGIApplication]:
        """Route → handler."""
        return {
            "/runs": _guarded(self._runs),
            "/run": _guarded(self._run),
            "/explain": _guarded(self._explain),
            "/compare": _guarded(self._compare),
            "/status": _guarded(self._status),
            "/annotate": _guarded(self._annotate),
            "/static/*": _guarded(self._static),
        }

    def is_active(self) -> bool:
        """Whether there may be something to read, so that the tab is not the first one of an empty logdir.

        Asked only while TensorBoard itself knows of no scalars; what is in the files would take time to say.
        """
        return any(holds_events(place.address) for place in self._places)

    def data_plugin_names(self) -> tuple[str, ...]:
        """Any scalar makes the tab active."""
        return (NAME, "scalars")

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """The tab's entry."""
        entry = f"/static/{FILES.stamp}/{ENTRY}"
        return base_plugin.FrontendMetadata(es_module_path=entry, tab_name="Diagnosis")

    def _runs(self, request: Request) -> Response:
        self._feed_if_needed()
        version = request.args.get("version", "")
        return self._ask(request, {"want": "runs", "version": version, "load": self._load()})

    def _load(self) -> float:
        """Share of the time since the last question that this server has computed."""
        (before, used), self._clock = self._clock, (time.monotonic(), time.process_time())
        return (self._clock[1] - used) / max(self._clock[0] - before, 1e-3)

    def _run(self, request: Request) -> Response:
        return self._ask(request, {"want": "run", "key": request.args.get("key", "")})

    def _explain(self, request: Request) -> Response:
        return self._ask(request, {"want": "explain", "condition": request.args.get("condition", "")})

    def _compare(self, request: Request) -> Response:
        return self._ask(request, {"want": "compare"}, patience=120.0)

    def _status(self, request: Request) -> Response:
        """What the tab must know before it asks for anything."""
        status = {
            "writes": self._writes,
            "token": defence.TOKEN if self._writes else None,
            "places": [place.address for place in self._places],
            "interval": self._interval,
            "built": complete(),
        }
        return _json(request, status)

    def _annotate(self, request: Request) -> Response:
        if not self._writes:
            return _json(
                request, {"error": "writing is off: start TensorBoard with --curvedoctor_write"}, 403
            )
        reason = defence.refusal(request, self._host)
        if reason is not None:
            return _json(request, {"error": reason}, 403)
        asked = json.loads(request.get_data(cache=False)[:1_000_000] or b"{}")
        keys = asked.get("keys") if isinstance(asked, dict) else None
        return self._ask(request, {"want": "annotate", "keys": keys}, patience=600.0)

    def _static(self, request: Request) -> Response:
        stamp, _, name = request.path.partition("/static/")[2].partition("/")
        if name not in FILES.listing:
            return _json(request, {"error": "there is no such file"}, 404)
        if name == ENTRY:
            # the tab is being opened: its first question will not have to wait for a process to start
            with contextlib.suppress(WorkerFailed, OSError):
                self._worker.warm()
        kept = KEPT if stamp == FILES.stamp else 0
        body = FILES.compressed(name)
        return _respond(request, body, FILES.kind(name), expires=kept)

    def _ask(self, request: Request, question: dict[str, Json], patience: float = 30.0) -> Response:
        if request.method not in {"GET", "HEAD"} and question["want"] != "annotate":
            return _json(request, {"error": "this route takes GET only"}, 405)
        reply = self._worker.ask(question, patience)
        return _respond(request, reply.body, code=reply.status)

    def _feed_if_needed(self) -> None:
        """Where no directory is known, TensorBoard's own (sampled) data have to do."""
        if self._places or self._provider is None or self._feeding.is_set():
            return
        self._feeding.set()
        feed = Feed(self._provider, self._worker)
        threading.Thread(target=feed.keep, args=(self._interval or INTERVAL,), daemon=True).start()


def _guarded(handler: Handler) -> WSGIApplication:
    @Request.application
    @functools.wraps(handler)
    def guarded(request: Request) -> Response:
        try:
            return handler(request)
        except WorkerFailed as error:
            return _json(request, {"error": str(error)}, 503)
        except Exception as error:
            logger.warning("a request to the Diagnosis tab failed", exc_info=True)
            return _json(request, {"error": hidden(f"{type(error).__name__}: {error}")}, 500)

    return guarded


def _json(request: Request, content: object, code: int = 200) -> Response:
    body = gzip.compress(json.dumps(content).encode(), 3, mtime=0)
    return _respond(request, body, code=code)


def _respond(
    request: Request, body: bytes, kind: str = "application/json", *, code: int = 200, expires: int = 0
) -> Response:
    response: Response = http_util.Respond(request, body, kind, code, expires, "gzip")
    return response
