"""Addresses of sources. Their text may always be shown: what is secret in it stands here, and nowhere else.

>>> address = Address("postgresql://me:hunter2@host/runs")
>>> f"{address}/more"
'postgresql://me:***@host/runs/more'
>>> real(f"{address}/more")
'postgresql://me:hunter2@host/runs/more'

Text that is made of an address (a path below it, a message about it) is safe by itself. Only what opens
a connection or a file asks for what is `real`. Texts of others are made safe by `hidden`.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

MASK = "***"
#: what stands in the place of a password where the name is a token
_NO_PASSWORD = "x-oauth-basic"  # noqa: S105
#: keys of a query that hold nothing secret; every other value is taken for a token
HARMLESS = frozenset(
    [
        "sslmode",
        "charset",
        "driver",
        "host",
        "port",
        "user",
        "mode",
        "cache",
        "immutable",
        "timeout",
        "connect_timeout",
        "workspace",
        "o",
        "versionid",
        "region",
        "endpoint_url",
        "local_infile",
        "ssl",
        "application_name",
        "options",
        "run_id",
        "run_uuid",
        "path",
        "experiment_id",
    ]
)
#: characters of a secret that is looked for in the texts of others: a shorter one is part of common words
SHORTEST = 4
_URL = re.compile(r"([A-Za-z][\w+.\-]*)://((?:(?!::[A-Za-z])[^\s'\"<>`])+)")
_DATABASES = ("postgres", "mysql", "mariadb", "mssql", "oracle")
_PORT = re.compile(r"[^:]*(:\d*)?|\[[0-9A-Fa-f:.]*\](:\d*)?")

#: text that may be shown → what it stands for
_REAL: dict[str, str] = {}
#: what must not be seen
_SECRETS: set[str] = set()


class Address(str):
    """Where runs are, as it may be shown. Another process learns the secret by unpickling it."""

    __slots__ = ()

    def __new__(cls, text: str) -> Address:
        """`text` with its secrets put aside."""
        return super().__new__(cls, _URL.sub(_kept, text))

    def __reduce__(self) -> tuple[type[Address], tuple[str]]:
        return Address, (real(self),)


def real(text: str) -> str:
    """An address, or a path below one, with its secrets: for the one who connects."""
    if MASK in text:
        for shown in sorted(_REAL, key=len, reverse=True):
            text = text.replace(shown, _REAL[shown])
    return str(text)


def masked(text: str) -> str:
    """A text without the passwords and tokens of the addresses in it."""
    return _URL.sub(lambda match: _masked(match)[0], text) if "://" in text else str(text)


def hidden(text: str) -> str:
    """A text of somebody else (an error of a driver, say) without any secret of an address that was given."""
    text = masked(text)
    for secret in sorted(_SECRETS, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _kept(match: re.Match[str]) -> str:
    """The masked URL; what it stands for is remembered."""
    whole, login, secrets = _masked(match)
    for secret in secrets - {"", MASK}:
        forms = {secret, unquote(secret), quote(secret, safe=""), quote(secret)}
        _SECRETS.update(form for form in forms if len(form) >= SHORTEST)
    if secrets - {"", MASK}:
        _REAL[whole] = match[0]
    if login and login[0] != login[1]:
        _REAL[login[0]] = login[1]
    return whole


def _masked(match: re.Match[str]) -> tuple[str, tuple[str, str] | None, set[str]]:
    """(the URL, its beginning up to the host as (shown, real), its secrets)."""
    scheme, rest = match[1], match[2]
    end = _login(rest, scheme.lower().startswith(_DATABASES))
    login, rest = rest[: max(end, 0)], rest[end + 1 :]
    secrets: set[str] = set()
    shown = _user(scheme.lower(), login, secrets) + "@" if end >= 0 else ""
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    pair = (f"{scheme}://{shown}{host}", f"{scheme}://{login}@{host}") if secrets else None
    path, mark, query = rest.partition("?")
    path, fragment_mark, fragment = path.partition("#") if mark == "" else (path, "", "")
    shown += path + fragment_mark + (_pairs(fragment, secrets) if "=" in fragment else fragment)
    return f"{scheme}://{shown}{mark}{_query(query, secrets)}", pair, secrets


def _login(rest: str, database: bool) -> int:
    """Where the `@` after the login is; -1 if there is none. Passwords are not always escaped."""
    head = re.split(r"[/?#]", rest, maxsplit=1)[0]
    before = rest.partition("?")[0]
    if database and "@" in before:
        return before.rfind("@")
    if "@" in head:
        return head.rfind("@")
    return rest.rfind("@") if not _PORT.fullmatch(head) else -1


def _user(scheme: str, login: str, secrets: set[str]) -> str:
    user, colon, password = login.partition(":")
    if colon and password and password != _NO_PASSWORD:
        secrets.add(password)
        return f"{user}:{MASK}"
    if scheme in {"http", "https"}:  # a token in place of a name
        secrets.add(user)
        return MASK
    return login


def _query(query: str, secrets: set[str]) -> str:
    before, mark, after = query.partition("#")
    inner, question, more = after.partition("?")
    shown = _pairs(before, secrets) if before else ""
    return f"{shown}{mark}{inner}{question}{_pairs(more, secrets) if more else ''}"


def _pairs(text: str, secrets: set[str]) -> str:
    """`a=1&b=2` with the values of what may be secret masked."""
    parts = re.split(r"([&;])", text)
    return "".join(piece if piece in {"", "&", ";"} else _pair(piece, secrets) for piece in parts)


def _pair(piece: str, secrets: set[str]) -> str:
    key, equals, value = piece.partition("=")
    if equals and key.lower() in HARMLESS:
        return piece
    secrets.add(value if equals else piece)
    return f"{key}={MASK}" if equals else MASK
