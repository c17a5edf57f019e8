"""Real TensorBoards for tests: with our tab or without, either loader, behind a prefix; loopback only."""

from __future__ import annotations

import gzip
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: a TensorBoard with its built-in plugins only
BARE = (
    "import sys\nfrom tensorboard import default, program\n"
    "tb = program.TensorBoard(plugins=default.get_static_plugins())\n"
    "tb.configure(['tensorboard', *sys.argv[1:]])\nsys.exit(tb.main())\n"
)
PATIENCE = 120.0


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Board:
    """One running `tensorboard`."""

    arguments: list[str]
    fast: bool = True
    bare: bool = False
    prefix: str = ""
    python: str = sys.executable
    env: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    #: seconds
    reload: int = 1
    #: called before the server ends
    closing: list[Callable[[], None]] = field(default_factory=list)

    def __enter__(self) -> Board:
        self.port = free_port()
        start = ["-c", BARE] if self.bare else ["-m", "tensorboard.main"]
        self.log = Path(os.environ.get("TMPDIR", "/tmp")) / f"tensorboard-{self.port}.log"
        common = ["--port", str(self.port), "--host", "127.0.0.1", "--reload_interval", str(self.reload)]
        common += ["--load_fast", "true" if self.fast else "false"]
        if self.prefix:
            common += ["--path_prefix", self.prefix]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [self.python, *start, *self.arguments, *common],
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.env},
            )
        self.until(lambda: self.get("plugins_listing"))
        return self

    def __exit__(self, *_: object) -> None:
        for close in self.closing:
            close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.unlink(missing_ok=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    def get(self, route: str, **query: str) -> Any:
        """The JSON at `data/ROUTE`."""
        return json.loads(self.raw(f"{route}?{urllib.parse.urlencode(query)}"))

    def raw(self, route: str) -> bytes:
        """The bytes at `data/ROUTE`."""
        # as browsers do; else TensorBoard has to unpack what we packed
        asked = urllib.request.Request(f"{self.url}/data/{route}", headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            body = bytes(answer.read())
        return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body

    def post(self, route: str, content: object) -> Any:
        """The JSON at `data/ROUTE`, asked by POST."""
        body = json.dumps(content).encode()
        asked = urllib.request.Request(
            f"{self.url}/data/{route}", body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.loads(answer.read())

    def ours(self, route: str, **query: str) -> Any:
        """The JSON at one of our tab's routes."""
        return self.get(f"plugin/curvedoctor/{route}", **query)

    def until(self, ask: Any, patience: float = PATIENCE) -> Any:
        """The first truthy answer of `ask`; its last answer in the error if there is none in time."""
        deadline = time.monotonic() + patience
        last: object = None
        while time.monotonic() < deadline:
            try:
                last = ask()
                if last:
                    return last
            except (urllib.error.URLError, ConnectionError, TimeoutError, KeyError, IndexError) as error:
                last = error
            assert self.process.poll() is None, self.log.read_text(errors="replace")
            time.sleep(0.2)
        raise AssertionError(f"not within {patience} s; the last answer was {last!r:.2000}")

    def diagnosed(self, count: int) -> dict[str, Any]:
        """Our overview once `count` runs are judged."""

        def ask() -> dict[str, Any] | None:
            found = self.ours("runs")
            ready = found["status"]["phase"] == "ready" and len(found["overview"]["rows"]) >= count
            return found if ready else None

        return dict(self.until(ask))


class Proxy:
    """A reverse proxy that serves a TensorBoard under a prefix, as notebook servers do."""

    def __init__(self, board: Board, prefix: str) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if not self.path.startswith(prefix):
                    self.send_error(404)
                    return
                length = int(self.headers.get("Content-Length", 0))
                asked = urllib.request.Request(
                    f"{board.url}{self.path[len(prefix) :]}", self.rfile.read(length) if length else None
                )
                for name in ("Accept-Encoding", "Content-Type"):
                    asked.add_header(name, self.headers.get(name, ""))
                try:
                    answer = urllib.request.urlopen(asked, timeout=30)
                except urllib.error.HTTPError as error:
                    answer = error
                with answer:
                    body = answer.read()
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        if name.lower() not in {"transfer-encoding", "connection"}:
                            self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}{prefix}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
