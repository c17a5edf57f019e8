"""The command line of the programs that make real runs: where to, which ones, with which seed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path


def make_all(about: str | None, known: Iterable[str], train: Callable[[str, int, Path], None]) -> None:
    """Train the runs that are asked for, all of those known if none is, and say where each log is."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", type=Path)
    parser.add_argument("names", nargs="*", default=list(known))
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    for name in asked.names:
        train(name, asked.seed, asked.logs)
        print(asked.logs / name, flush=True)
