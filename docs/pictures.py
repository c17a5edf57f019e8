"""The README's pictures, taken from the real thing: the demo is trained, and each surface photographed.

    python docs/pictures.py [NAME...]        # all, or some of: terminal tab tab_dark across report

Needs the extra `test` and Chromium. Writes docs/pictures/NAME.png, each below 150 kB.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from tensorboard_lab.browser import executable
from tensorboard_lab.serving import Board

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HERE = Path(__file__).parent / "pictures"
#: bytes
LARGEST = 150_000
WIDTH, HEIGHT = 1280, 800
#: of the terminal
COLUMNS, LINES = 100, 44
PAGE = (
    "<body style='margin:0;background:#1b1e24'><pre style=\"margin:0;padding:18px 22px;color:#d7dae0;"
    "background:#1b1e24;font:14px/1.25 'DejaVu Sans "
    "Mono',monospace;display:inline-block\">{code}</pre></body>"
)

#: Braille is not in most fonts of one width: what stands in for them is kept to a cell
STYLE = "display:inline-block;width:1ch;height:1.25em;overflow:hidden;vertical-align:bottom"
CELL = rf"<span style='{STYLE}'>\g<0></span>"


def main() -> None:
    wanted = sys.argv[1:] or list(SHOTS)
    HERE.mkdir(exist_ok=True)
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        demo = Path(folder) / "runs"
        curvedoctor("demo", str(demo))
        browser = play.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        for name in wanted:
            data = smaller(SHOTS[name](browser, demo))
            (HERE / f"{name}.png").write_bytes(data)
            sys.stdout.write(f"{name}.png {len(data) / 1000:.0f} kB\n")
            if len(data) > LARGEST:
                sys.exit(
                    f"{name}.png has {len(data)} bytes, more than {LARGEST}: crop it, or use fewer colours"
                )
        browser.close()


def curvedoctor(*arguments: str, cwd: Path | None = None) -> str:
    """What the program prints to a terminal of this width."""
    here = {"COLUMNS": str(COLUMNS), "LINES": "60", "FORCE_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "curvedoctor", *arguments]
    done = subprocess.run(  # noqa: S603 -- our own program
        command, capture_output=True, check=True, env={**os.environ, **here}, cwd=cwd
    )
    return done.stdout.decode()


def opened(browser: Browser, scheme: str = "light") -> Page:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)  # type: ignore[arg-type]
    return context.new_page()


def terminal(browser: Browser, demo: Path) -> bytes:
    """`diagnose` of two runs."""
    from rich.console import Console
    from rich.terminal_theme import MONOKAI
    from rich.text import Text

    said = curvedoctor("diagnose", str(demo)).splitlines()
    lines = [f"$ curvedoctor diagnose {demo.name}/", *said][:LINES]
    console = Console(
        record=True, file=io.StringIO(), width=COLUMNS + 2, force_terminal=True, color_system="truecolor"
    )
    console.print(Text.from_ansi("\n".join(lines)))
    page = opened(browser)
    code = console.export_html(theme=MONOKAI, inline_styles=True, code_format="{code}")
    page.set_content(PAGE.format(code=re.sub("[\u2800-\u28ff]", CELL, code)))
    return page.locator("pre").screenshot()


def tab(browser: Browser, demo: Path, link: str = "&run=few-samples", dark: bool = False) -> bytes:
    """The Diagnosis tab."""
    with Board(["--logdir", str(demo)]) as board:
        board.diagnosed(6)
        page = opened(browser)
        page.goto(f"{board.url}/#curvedoctor{link}")
        frame = page.frame_locator("iframe")
        frame.locator(".cd-main-chart canvas, .cd-compared li").first.wait_for(timeout=60_000)
        if dark:
            page.locator("app-header-dark-mode-toggle button").click()
            page.get_by_role("menuitem", name="Dark").click()
            frame.locator(".cd-app[data-theme=dark]").wait_for()
        page.wait_for_timeout(1500)
        picture = page.screenshot()
        page.close()
    return picture


def report(browser: Browser, demo: Path) -> bytes:
    """The HTML report."""
    path = demo.parent / "report.html"
    curvedoctor("diagnose", demo.name, "-o", path.name, cwd=demo.parent)
    page = opened(browser)
    page.goto(f"{path.as_uri()}#run=lr-too-low")
    page.locator(".cd-main-chart canvas").wait_for()
    page.wait_for_timeout(500)
    return page.screenshot()


def smaller(picture: bytes) -> bytes:
    """The same PNG with a palette: screens of text need few colours."""
    from PIL import Image

    image = Image.open(io.BytesIO(picture)).convert("RGB")
    # an octree keeps small spots of a rare colour, such as a green mark
    image = image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


SHOTS: dict[str, Callable[[Browser, Path], bytes]] = {
    "terminal": terminal,
    "tab": tab,
    "tab_dark": lambda browser, demo: tab(browser, demo, "&run=lr-too-high", dark=True),
    "across": lambda browser, demo: tab(browser, demo, "&view=across"),
    "report": report,
}

if __name__ == "__main__":
    main()
