"""Who may write. TensorBoard itself has no login, no CSRF protection and checks no Host."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

#: of this process; who can read our answers (same origin) can read it
TOKEN = secrets.token_urlsafe(24)


def refusal(request: Request, allowed_host: str) -> str | None:
    """Why a write request is not obeyed; None if it is."""
    if request.method != "POST":
        return "this route takes POST only"
    if (request.mimetype or "") != "application/json":
        return "this route takes application/json only"
    if not known_host(request.host, allowed_host):
        # a foreign name that leads to this machine is how a web page would get past the same-origin rule
        return (
            f"TensorBoard was reached as {request.host!r}, which is not this machine's name: open "
            "it as localhost"
        )
    origin = request.headers.get("Origin", "")
    if urlsplit(origin).netloc != request.host:
        return "the request comes from another page"
    if not hmac.compare_digest(request.headers.get("X-Curvedoctor-Token", ""), TOKEN):
        return "the request lacks this process's token: reload the page"
    return None


def known_host(host: str, allowed: str) -> bool:
    """Whether `host` (with or without a port) is a name of this machine or what `--host` says."""
    name = urlsplit(f"//{host}").hostname or ""
    if name in {"localhost", socket.gethostname().lower(), (allowed or "localhost").lower()}:
        return True
    try:
        # a literal address can't be rebound to by a foreign name
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
