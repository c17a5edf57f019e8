"""For all tests: no skips where everything is installed, no network but loopback,
no settings of the developer."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Generator, Iterator
from typing import Any

import hypothesis
import pytest

# one browser for all: a second Playwright in the same process refuses to start
from tensorboard_lab.browser import browser, watched  # noqa: F401

# how long an example takes says more about the machine than about the code
hypothesis.settings.register_profile("curvedoctor", deadline=None, print_blob=True)
hypothesis.settings.load_profile("curvedoctor")
# other tools' own calls home, and their colours
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
# nothing is remembered from one test to the next
os.environ["CURVEDOCTOR_CACHE"] = "off"
for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONIOENCODING"):
    os.environ.pop(name, None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a skipped test is a failed test (CI)")


def refuse(report: Any) -> None:
    """Turn a skip into a failure that says what is missing; other people's logs may be missing."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if "CURVEDOCTOR_FIELD_LOGS" in reason:
        return
    report.outcome = "failed"
    report.longrepr = f"skipped, but --no-skips allows none: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.config.getoption("--no-skips"):
        refuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped and collector.config.getoption("--no-skips"):
        refuse(report)
    return report


def is_loopback(address: Any) -> bool:
    """Whether a socket address stays on this machine."""
    if not isinstance(address, tuple):  # a path: a Unix socket
        return True
    host = str(address[0])
    if host in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(host.split("%", maxsplit=1)[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Connections to anywhere else fail as without a network."""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        original = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, original: Any = original) -> Any:
            if not is_loopback(address):
                raise OSError(errno.ENETUNREACH, f"tests connect to loopback only, not to {address}")
            return original(self, address)

        patch.setattr(socket.socket, name, guarded)
    yield
    patch.undo()
