"""Servers on which not everybody may read everything."""

from __future__ import annotations

import base64
import ipaddress
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from mlflow_lab.stores import Store, serve_copy

ADMIN, GUEST = ("admin", "password1234567"), ("guest", "password7654321")
LOGIN = f"""[mlflow]
default_permission = NO_PERMISSIONS
database_uri = sqlite:///{{folder}}/auth.db
admin_username = {ADMIN[0]}
admin_password = {ADMIN[1]}
"""


def ask(
    address: str, login: tuple[str, str] | None = None, body: dict[str, str] | None = None, **headers: str
) -> tuple[int, Any]:
    """(status, JSON or text) of a GET, or of a POST where there is a body."""
    request = urllib.request.Request(address, None if body is None else json.dumps(body).encode())
    if body is not None:
        request.add_header("Content-Type", "application/json")
    if login is not None:
        request.add_header("Authorization", "Basic " + base64.b64encode(":".join(login).encode()).decode())
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            status, content, kind = response.status, response.read(), response.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        status, content, kind = error.code, error.read(), error.headers["Content-Type"]
        error.close()
    text = content.decode()
    return status, json.loads(text) if "json" in (kind or "") else text


def certificate(path: Path) -> Path:
    """A certificate for 127.0.0.1, signed by itself, with its key in the same file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    place = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(timezone.utc)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    signed = made.add_extension(place, critical=False).sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(secret + signed.public_bytes(pem))
    return path


@contextmanager
def behind_login(python: str, store: Store, folder: Path, *more: str, **environment: str) -> Iterator[Store]:
    """Our app behind basic-auth, where only the administrator may read, and a guest who may log in."""
    (folder / "auth.ini").write_text(LOGIN.format(folder=folder))
    environment |= {
        "CURVEDOCTOR_INNER_APP": "basic-auth", "MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "not-so-secret",
    }  # fmt: skip
    with serve_copy(python, store, folder, "--app-name", "curvedoctor", *more, **environment) as served:
        guest = {"username": GUEST[0], "password": GUEST[1]}
        prefix = more[more.index("--static-prefix") + 1] if "--static-prefix" in more else ""
        status, told = ask(f"{served.uri}{prefix}/api/2.0/mlflow/users/create", ADMIN, guest)
        assert status == 200, told
        yield served
