"""How to install an extra that is missing, from where this installation came."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from urllib.parse import unquote, urlsplit

NAME = "curvedoctor"


def install(extra: str) -> str:
    """The command that adds `extra` to this installation.

    >>> command(None, "remote")
    "pip install 'curvedoctor[remote]'"
    """
    try:
        record = distribution(NAME).read_text("direct_url.json")
    except PackageNotFoundError:  # runs from a checkout
        record = None
    return command(record, extra)


def command(origin: str | None, extra: str) -> str:
    """The same, given what pip remembers of the origin (PEP 610)."""
    try:
        known = json.loads(origin or "{}")
        address = str(known.get("url", ""))
    except (ValueError, AttributeError):
        known, address = {}, ""
    if address.startswith("file://") and "dir_info" in known:
        path = unquote(urlsplit(address).path)
        return f"pip install {'-e ' if known['dir_info'].get('editable') else ''}'{path}[{extra}]'"
    if "vcs_info" in known:
        at = known["vcs_info"]
        return (
            f"pip install '{NAME}[{extra}] @ {at.get('vcs', 'git')}+{address}@{at.get('commit_id', 'HEAD')}'"
        )
    return f"pip install '{NAME}[{extra}]'" if not address else f"pip install '{NAME}[{extra}] @ {address}'"
