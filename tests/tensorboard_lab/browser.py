"""A headless Chromium for tests, whose console must stay clean; pictures go to $CURVEDOCTOR_ARTEFACTS."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: TensorBoard's own noise, not ours (its font is asked for without the path prefix)
STOCK = re.compile(
    r"font-roboto|Multiple instances of Three\.js|favicon|willReadFrequently|GPU stall|Password field"
)


def executable() -> str:
    """Chromium's path; a loud skip without one."""
    found = os.environ.get("CURVEDOCTOR_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium: install Debian's package `chromium`, or set CURVEDOCTOR_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = executable()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


class Watched:
    """A page that remembers everything that must not happen."""

    def __init__(self, page: Page, folder: Path | None, name: str) -> None:
        self.page = page
        self.name = name
        self.folder = folder
        self.faults: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"exception: {error}"))
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", self._failed)
        page.add_init_script(
            "addEventListener('securitypolicyviolation', (e) => console.error(`CSP: "
            "${e.violatedDirective} ${e.blockedURI}`))"
        )

    def _console(self, message: Any) -> None:
        text = f"console {message.type}: {message.text} ({message.location.get('url')})"
        if message.type in {"error", "warning"} and not STOCK.search(text):
            self.faults.append(text)

    def _dialog(self, dialog: Any) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _failed(self, request: Any) -> None:
        # a page that is left aborts what it was fetching
        if "ERR_ABORTED" not in str(request.failure):
            self.faults.append(f"request failed: {request.url} {request.failure}")

    def leave(self) -> None:
        """Take the picture of this test and stop asking: the server is about to end."""
        if not self.page.is_closed() and self.page.url != "about:blank":
            self.shot(self.name)
            self.page.goto("about:blank")

    def shot(self, name: str) -> None:
        """A picture for the artefacts of this run."""
        if self.folder is not None:
            self.page.screenshot(path=self.folder / f"{name}.png")


@pytest.fixture
def watched(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A fresh page; fails the test if its console did not stay clean."""
    options = getattr(request, "param", {})
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
    context.set_default_timeout(30_000)
    place = os.environ.get("CURVEDOCTOR_ARTEFACTS")
    folder = Path(place) if place else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w-]+", "_", request.node.name)
    held = Watched(context.new_page(), folder, name)
    yield held
    held.leave()
    context.close()
    assert not held.faults, "\n".join(held.faults)
