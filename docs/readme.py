"""The README's block with the demo's output, written from what the demo prints now.

    python docs/readme.py           # trains the demo and writes the block
    python docs/readme.py --check   # exit code 1 if the block is not what the demo prints now

The demo trains to the same numbers on every machine, so that the block is the same wherever it is written.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
#: the first command of the block, and the run that is shown in full below the table
COMMAND, SHOWN = "$ curvedoctor diagnose curvedoctor-demo", "few-samples"
BLOCK = re.compile(r"(?<=^```text\n)" + re.escape(COMMAND) + r"$.*?(?=^```$)", re.S | re.M)
#: what the program needs to print as it does at a terminal of 80 columns, and nothing of this one's
PLAIN = {"COLUMNS": "80", "LINES": "60", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}


def main() -> int:
    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        now = BLOCK.sub(lambda _: block(demo(Path(folder))), text)
    if "--check" in sys.argv[1:]:
        return int(now != text)
    README.write_text(now, encoding="utf-8")
    return 0


def demo(folder: Path) -> str:
    """What `curvedoctor demo` prints in `folder`."""
    done = subprocess.run(
        [sys.executable, "-m", "curvedoctor", "demo"],
        cwd=folder, env={**os.environ, **PLAIN}, capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout.decode()


def block(printed: str) -> str:
    """The table of all runs, and one run in full."""
    table, *runs = printed.split("\n── ")
    shown = next(run for run in runs if run.startswith(f"{SHOWN}:"))
    return f"{COMMAND}\n{table.strip(chr(10))}\n\n── {shown.strip()}\n"


if __name__ == "__main__":
    sys.exit(main())
