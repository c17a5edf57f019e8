"""Talking to an MLflow server: its REST interface, with MLflow's own authentication.

User, password, token, certificates, workspaces and request plug-ins come from MLflow's environment
variables. What differs are the limits: MLflow retries for
minutes by default; here a server that is gone is reported in seconds.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from curvedoctor.address import hidden
from curvedoctor.errors import SourceError, UsageError
from curvedoctor.extras import install
from curvedoctor.sources.mlflow.inner import request

if TYPE_CHECKING:
    from requests import Response

#: seconds to connect, and to wait for the next bytes
CONNECT, READ = 5.0, 30.0
#: attempts at a request that a busy server refused (429, 502, 503, 504), and seconds between them
ATTEMPTS = 4
PAUSES = (0.5, 1.0, 2.0)
LONGEST_PAUSE = 10.0
BUSY = frozenset({429, 502, 503, 504})
#: what a server says, as JSON gives it
Answer = dict[str, Any]


class Refused(Exception):
    """A server's answer other than 200."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(hidden(message))
        self.status = status


@dataclass(slots=True)
class Server:
    """A tracking server. `rest` and `ajax` differ behind `--static-prefix`: only the latter has it."""

    address: str
    rest: str = field(init=False)
    ajax: str = field(init=False)

    def __post_init__(self) -> None:
        self.rest = self.ajax = self.address

    def get(self, path: str, parameters: Sequence[tuple[str, object]], ajax: bool = False) -> Answer:
        """GET `path` (below /api/2.0/mlflow or /ajax-api/2.0/mlflow)."""
        return self._ask("GET", path, ajax, params=list(parameters))

    def post(self, path: str, body: Mapping[str, object]) -> Answer:
        """POST a JSON body."""
        return self._ask("POST", path, False, json=dict(body))

    def find(self) -> None:
        """Make sure that there is an MLflow server, also where the address carries a static prefix.

        Raises `SourceError` within seconds if not.
        """
        body = {"max_results": 1}
        try:
            self.post("experiments/search", body)
        except Refused as error:
            split = urlsplit(self.address)
            if error.status == 404 and split.path.strip("/"):
                self.rest = urlunsplit((split.scheme, split.netloc, "", "", ""))
                try:
                    self.post("experiments/search", body)
                    return
                except Refused as second:
                    error = second
            raise SourceError(f"{self.address}: {explain(error)}") from error

    def _ask(self, method: str, path: str, ajax: bool, **asked: object) -> Answer:
        host, base = (self.ajax, "/ajax-api") if ajax else (self.rest, "/api")
        for attempt in range(ATTEMPTS):
            response = self._once(host, f"{base}/2.0/mlflow/{path}", method, asked)
            if response.status_code not in BUSY or attempt == ATTEMPTS - 1:
                break
            time.sleep(_pause(response.headers.get("Retry-After"), PAUSES[attempt]))
        if response.status_code != 200:
            raise Refused(response.status_code, _message(response))
        try:
            # Python's parser, unlike others, takes the bare NaN that bulk history contains
            answer = json.loads(response.content)
        except ValueError as error:
            raise Refused(404, "the answer is not JSON: this is no MLflow server") from error
        return answer if isinstance(answer, dict) else {}

    def _once(self, host: str, endpoint: str, method: str, asked: Mapping[str, object]) -> Response:
        try:
            from mlflow.exceptions import MlflowException

            return request(host, endpoint, method, max_retries=0, timeout=_patience(), **asked)
        except ImportError as error:
            why = f"{self.address}: MLflow servers need MLflow's client: {install('mlflow')}"
            raise SourceError(why) from error
        except MlflowException as error:
            raise SourceError(f"{self.address}: {_unreachable(str(error))}") from error


def explain(error: Refused) -> str:
    """A refusal in words, with the remedy."""
    if error.status in {401, 403}:
        remedy = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
        return f"the server refuses access ({error.status}): {remedy}"
    if error.status == 404:
        return f"there is no MLflow server at this address ({error})"
    return f"the server answers {error.status}: {error}"


def usage(error: Refused, text: str | None, address: str) -> Exception:
    """A search that the server did not understand is the user's to correct."""
    if error.status == 400 and text:
        return UsageError(f"filter {text!r}: {error}")
    return SourceError(f"{address}: {explain(error)}")


def _patience() -> tuple[float, float]:
    """MLflow's own variable wins."""
    own = os.environ.get("MLFLOW_HTTP_REQUEST_TIMEOUT", "")
    return (CONNECT, float(own)) if re.fullmatch(r"\d+(\.\d+)?", own) else (CONNECT, READ)


def _pause(wanted: str | None, usual: float) -> float:
    return min(float(wanted), LONGEST_PAUSE) if wanted and re.fullmatch(r"\d+(\.\d+)?", wanted) else usual


def _message(response: Response) -> str:
    try:
        return str(json.loads(response.content).get("message", ""))[:500] or str(response.reason)
    except (ValueError, AttributeError):
        return str(response.reason)


def _unreachable(text: str) -> str:
    lower = text.lower()
    if "timed out" in lower or "timeout" in lower:
        return (
            f"no answer within {_patience()[1]:g} s. Is the server overloaded? "
            "MLFLOW_HTTP_REQUEST_TIMEOUT sets the limit"
        )
    if "certificate" in lower or "ssl" in lower:
        return f"TLS failed; MLFLOW_TRACKING_SERVER_CERT_PATH names the server's certificate ({text[-200:]})"
    if any(word in lower for word in ("aborted", "disconnected", "reset by peer", "broken pipe")):
        return "it closed the connection without an answer: the server has died, or is restarting"
    if "refused" in lower:
        return "connection refused: no server listens there. Start it (mlflow server) or correct the address"
    if "resolve" in lower or "name or service" in lower:
        return "there is no such host"
    return f"can't be reached ({text[-200:]})"
