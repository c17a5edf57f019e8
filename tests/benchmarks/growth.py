"""How cost grows with points and with runs: `python -m benchmarks.growth PICTURE` (in `tests/`).

Measures the processor time of finding and loading runs at doubling sizes, prints the exponent of each
growth (1 is linear), and draws both.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.reading import whole
from benchmarks.workloads import long_run, tiny_runs

#: shares of the full workload
SCALES = (0.01, 0.02, 0.04, 0.08, 0.16)


def measure(
    make: Callable[[Path, float], int], per: Callable[[Path, int], int], rounds: int
) -> tuple[list[int], list[float]]:
    """Sizes, and the best of some rounds in seconds."""
    sizes, seconds = [], []
    for scale in SCALES:
        with tempfile.TemporaryDirectory() as scratch:
            root = Path(scratch, "logs")
            points = make(root, scale)
            best = np.inf
            for _ in range(rounds):
                began = time.process_time()
                whole(root)
                best = min(best, time.process_time() - began)
            sizes.append(per(root, points))
            seconds.append(float(best))
    return sizes, seconds


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """Of the power law through the measurements, a constant cost of starting aside."""
    rise = np.array(seconds[1:]) - seconds[0]
    return float(np.polyfit(np.log(np.array(sizes[1:]) - sizes[0]), np.log(np.maximum(rise, 1e-9)), 1)[0])


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("picture", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    os.environ["CURVEDOCTOR_CACHE"] = "off"
    with tempfile.TemporaryDirectory() as scratch:  # imports and tables come first
        tiny_runs(Path(scratch), 0.01)
        whole(Path(scratch))
    results = {
        "points": measure(long_run, lambda _, points: points, chosen.rounds),
        "runs": measure(tiny_runs, lambda root, _: sum(1 for _ in root.iterdir()), chosen.rounds),
    }
    for name, (sizes, seconds) in results.items():
        pairs = ", ".join(
            f"{size:,}: {1000 * second:.1f} ms" for size, second in zip(sizes, seconds, strict=True)
        )
        print(f"{name}: exponent {exponent(sizes, seconds):.2f} ({pairs})")
    if chosen.picture:
        draw(results, chosen.picture)


def draw(results: dict[str, tuple[list[int], list[float]]], picture: Path) -> None:
    """Cost over size, with the line through the origin and the largest size."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(results), figsize=(9, 3.5), layout="constrained")
    for axis, (name, (sizes, seconds)) in zip(axes, results.items(), strict=True):
        axis.plot(sizes, seconds, "o-", label=f"measured, exponent {exponent(sizes, seconds):.2f}")
        axis.plot([0, sizes[-1]], [0, seconds[-1]], "--", label="linear")
        axis.set(xlabel=name, ylabel="processor seconds", xlim=(0, None), ylim=(0, None))
        axis.legend()
    figure.savefig(picture)


if __name__ == "__main__":
    main()
