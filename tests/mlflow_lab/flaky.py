"""A proxy on loopback before a real server that fails when it is told to."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

#: None to pass a request on, a status to answer, "drop" to close, "hang" to keep silent
Fault = int | str | None
Rule = Callable[[str, str], Fault]


@dataclass
class Proxy:
    """Where to connect, and what passed through."""

    url: str
    #: decides on each request by method and path; may be replaced at any time
    rule: Rule = lambda method, path: None
    #: (method, path without query) of requests that were passed on
    passed: list[tuple[str, str]] = field(default_factory=list)


def failing(word: str, fault: Fault, after: int = 0, times: int = 10**9) -> Rule:
    """Fail requests whose method and path contain `word`: from the `after`-th on, `times` times."""
    seen = 0

    def rule(method: str, path: str) -> Fault:
        nonlocal seen
        if word not in f"{method} {path}":
            return None
        seen += 1
        return fault if after < seen <= after + times else None

    return rule


def busy_at_first(fault: Fault, times: int = 2) -> Rule:
    """Fail the first requests to each address."""
    seen: Counter[str] = Counter()

    def rule(method: str, path: str) -> Fault:
        seen[method + path] += 1
        return fault if seen[method + path] <= times else None

    return rule


@contextmanager
def before(target: str, certificate: Path | None = None) -> Iterator[Proxy]:
    """Run a proxy before the server at `target`; with a certificate (and its key in the same file),
    by TLS."""
    place = urlsplit(target)
    over = threading.Event()
    proxy = Proxy("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = proxy.rule(self.command, self.path)
            if fault == "hang":
                over.wait()
            if fault in {"hang", "drop"}:
                self.close_connection = True
                return
            if isinstance(fault, int):
                self.reply(fault, {"Content-Type": "application/json"}, b'{"message": "told to fail"}')
                return
            onward = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
            headers = {
                key: value for key, value in self.headers.items() if key.lower() not in {"host", "connection"}
            }
            onward.request(self.command, self.path, body, {**headers, "Host": place.netloc})
            response = onward.getresponse()
            content = response.read()
            proxy.passed.append((self.command, self.path.partition("?")[0]))
            dropped = {"transfer-encoding", "content-length", "connection"}
            self.reply(
                response.status, {k: v for k, v in response.getheaders() if k.lower() not in dropped}, content
            )
            onward.close()

        def reply(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # the client may have given up
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    proxy.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}"
    try:
        yield proxy
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()
