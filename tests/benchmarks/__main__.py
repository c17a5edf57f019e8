"""All benchmarks of speed, one table: `python -m benchmarks` (in `tests/`).

First every reader's points are proven equal to `EventAccumulator`'s, then rounds alternate. Takes about
half an hour at full size on two cores; `--quick` a few minutes, with logs a tenth as large. Needs the extra
`bench` (tbparse, RustBoard's server), and MLflow for its part. No other work should run meanwhile.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import reading, scan
from benchmarks.peers import PEERS
from benchmarks.scan import Row
from benchmarks.workloads import WORKLOADS

STOCK, RUST = "EventAccumulator", reading.RUST
#: times faster than RustBoard, wall clock: on long runs, elsewhere
LONG, ELSEWHERE = 8.0, 4.0


def readers(scale: float, rounds: int) -> Iterator[Row]:
    """Event files to points, against the other readers."""
    for workload in WORKLOADS:
        with tempfile.TemporaryDirectory() as scratch:
            result = reading.measure(workload, Path(scratch, "logs"), scale, rounds, [*PEERS, RUST])
        mine = result.processor[reading.OURS]
        for name in PEERS:
            ratios = [theirs / own for theirs, own in zip(result.processor[name], mine, strict=True)]
            goal = f">= {workload.aim:g}" if name == STOCK else "-"
            met = name != STOCK or statistics.median(ratios) >= workload.aim
            yield Row(f"{workload.name}: x {name}, CPU", goal, scan.spread(ratios), met)
        walls = zip(result.wall[RUST], result.wall[reading.OURS], strict=True)
        ratios = [theirs / own for theirs, own in walls]
        aim = LONG if "long" in workload.name or "one run" in workload.name else ELSEWHERE
        met = statistics.median(ratios) >= aim
        yield Row(f"{workload.name}: x RustBoard, wall", f">= {aim:g}", scan.spread(ratios), met)


def mlflow(runs: int) -> str:
    """What `mlflow_reading` prints, in a process of its own."""
    script = Path(__file__).with_name("mlflow_reading.py")
    done = subprocess.run(
        [sys.executable, str(script), str(runs)], check=False, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip() or "mlflow_reading.py failed; see above"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small logs, three rounds")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="of the logs for the readers (default: 1)")
    parser.add_argument("--runs", type=int, default=50_000, help="of the largest scan (default: %(default)s)")
    parser.add_argument("--picture", type=Path, default=Path("growth.png"), help="growth is drawn there")
    parser.add_argument("--only", choices=["reading", "scan", "mlflow"])
    chosen = parser.parse_args()
    scale, rounds, runs = (
        (0.05, 3, min(chosen.runs, 2000)) if chosen.quick else (chosen.scale, chosen.rounds, chosen.runs)
    )
    os.environ.update(scan.ONE_THREAD)
    found: list[Row] = []
    if chosen.only in (None, "scan"):
        found += scan.rows(runs, rounds, chosen.picture)
    if chosen.only in (None, "reading"):
        for row in readers(scale, rounds):
            scan.tell(row)
            found.append(row)
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
    if found:
        print(f"{machine}, Python {platform.python_version()}; medians (spread) of {rounds} rounds\n")
        print(scan.table(found), flush=True)
    if chosen.only in (None, "mlflow"):
        print("\nMLflow\n\n" + mlflow(50 if chosen.quick else 200))


if __name__ == "__main__":
    main()
