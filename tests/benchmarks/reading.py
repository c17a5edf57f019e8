"""Reading speed: `python -m benchmarks.reading` (in `tests/`; needs the extra `bench`).

Generates the workloads, first proves that the points equal `EventAccumulator`'s, then alternates rounds
of all readers, so that a busy machine slows all of them alike, and prints medians and spreads.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.peers import PEERS, rustboard
from benchmarks.workloads import WORKLOADS, Workload
from curvedoctor.model import Run
from curvedoctor.sources import find_all, load_units
from curvedoctor.sources.base import Unit
from curvedoctor.sources.tensorboard.fast import read_files
from sources.accumulator import same_points, stock_points

OURS, WHOLE, AGAIN, RUST = "curvedoctor", "curvedoctor, walk to runs", "curvedoctor, unchanged", "RustBoard"


@dataclass
class Result:
    """Seconds per round."""

    workload: str
    points: int
    aim: float
    runs: int
    processor: dict[str, list[float]] = field(default_factory=dict)
    wall: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, wall: float, processor: float) -> None:
        self.wall.setdefault(name, []).append(wall)
        self.processor.setdefault(name, []).append(processor)


def ours(paths: Sequence[str]) -> int:
    """Event files to arrays, as `EventAccumulator` does."""
    return sum(len(steps) for log in read_files(paths) for steps, _, _ in log.series.values())


def whole(root: Path) -> int:
    """A directory to runs with roles and hyperparameters."""
    units = [item for item in find_all([str(root)]) if isinstance(item, Unit)]
    return sum(len(curve) for item in load_units(units) if isinstance(item, Run) for curve in item.curves)


def _timed(result: Result, name: str, task: Callable[[], int]) -> None:
    gc.collect()
    wall, processor = time.perf_counter(), time.process_time()
    points = task()
    result.add(name, time.perf_counter() - wall, time.process_time() - processor)
    if points not in (-1, result.points):
        print(f"  {name} gives {points} of {result.points} points")


def measure(workload: Workload, root: Path, scale: float, rounds: int, peers: Sequence[str]) -> Result:
    """One workload, all readers in turn."""
    points = workload.make(root, scale)
    paths = sorted(str(path) for path in root.rglob("*tfevents*"))
    for path, log in zip(paths, read_files(paths), strict=True):
        same_points(log.series, stock_points(path))
    result = Result(workload.name, points, workload.aim, len({Path(path).parent for path in paths}))
    for path in paths:  # what changed just now isn't cached
        os.utime(path, (0, 0))
    os.environ["CURVEDOCTOR_CACHE"] = str(root.parent / "cache")
    whole(root)
    for _ in range(rounds):
        _timed(result, OURS, lambda: ours(paths))
        os.environ["CURVEDOCTOR_CACHE"] = "off"
        _timed(result, WHOLE, lambda: whole(root))
        os.environ["CURVEDOCTOR_CACHE"] = str(root.parent / "cache")
        _timed(result, AGAIN, lambda: whole(root))
        for name in peers:
            if name != RUST:
                _timed(result, name, lambda name=name: PEERS[name](paths))  # type: ignore[misc]
        if RUST in peers:
            result.add(RUST, *rustboard(root, points))
    return result


def _ratio(of: list[float], to: list[float]) -> str:
    """Median and spread of the ratios of rounds that ran one after the other."""
    ratios = sorted(a / b for a, b in zip(of, to, strict=True))
    return f"{statistics.median(ratios):.4g} ({ratios[0]:.3g}-{ratios[-1]:.3g})"


def table(results: Sequence[Result], peers: Sequence[str]) -> str:
    """Markdown: how many times less we use than each peer."""
    heads = [
        "logs",
        "points",
        "ns/point",
        *(f"x {name}, CPU" for name in peers),
        *([f"x {RUST}, wall"] if RUST in peers else []),
        "aim",
    ]
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for r in results:
        mine = r.processor[OURS]
        cells = [r.workload, f"{r.points:,}", f"{statistics.median(mine) / r.points * 1e9:.0f}"]
        cells += [_ratio(r.processor[name], mine) for name in peers]
        if RUST in peers:
            cells.append(_ratio(r.wall[RUST], r.wall[OURS]))
        lines.append("| " + " | ".join([*cells, f"{r.aim:g} x EA"]) + " |")
    lines.append("")
    for r in results:
        first, again = (statistics.median(r.processor[name]) / r.runs * 1e6 for name in (WHOLE, AGAIN))
        lines.append(
            f"- {r.workload}: walk, runs, roles and hyperparameters: {first:.0f} us/run, unchanged "
            f"{again:.0f}"
        )
    return "\n".join(lines)


def main() -> None:
    """The command."""
    known = [*PEERS, RUST]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=0.1, help="1 for the full size (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="part of a workload's name")
    parser.add_argument("--peers", nargs="*", default=known, choices=known)
    parser.add_argument("--json", type=Path, help="write all times there")
    chosen = parser.parse_args()
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}; "
        f"scale {chosen.scale:g}, {chosen.rounds} rounds; medians (spread) of rounds in turn; "
        "all check checksums\n"
    )
    results = []
    for workload in WORKLOADS:
        if chosen.only and chosen.only not in workload.name:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            results.append(
                measure(workload, Path(scratch, "logs"), chosen.scale, chosen.rounds, chosen.peers)
            )
        print(table(results[-1:], chosen.peers), flush=True)
    print("\n" + table(results, chosen.peers))
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(result) for result in results], indent=1))


if __name__ == "__main__":
    main()
