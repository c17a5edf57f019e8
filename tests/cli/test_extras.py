"""What a message says about an extra that is missing: how to add it to this very installation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import curvedoctor
from curvedoctor.extras import command


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        (None, "pip install 'curvedoctor[remote]'"),
        ("no json", "pip install 'curvedoctor[remote]'"),
        (
            {"url": "file:///home/me/a%20clone", "dir_info": {"editable": True}},
            "pip install -e '/home/me/a clone[remote]'",
        ),
        ({"url": "file:///src", "dir_info": {}}, "pip install '/src[remote]'"),
        (
            {"url": "https://example.org/c.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "pip install 'curvedoctor[remote] @ git+https://example.org/c.git@abc'",
        ),
        (
            {"url": "https://example.org/c.whl", "archive_info": {}},
            "pip install 'curvedoctor[remote] @ https://example.org/c.whl'",
        ),
    ],
)
def test_from_where_it_came(origin: object, told: str) -> None:
    assert (
        command(origin if origin is None or isinstance(origin, str) else json.dumps(origin), "remote") == told
    )


def test_no_message_names_an_index_that_this_installation_may_not_come_from() -> None:
    package = Path(str(curvedoctor.__file__)).parent
    told = [path for path in package.rglob("*.py") if "pip install 'curvedoctor[" in path.read_text("utf-8")]
    assert [path.name for path in told] == ["extras.py"]
