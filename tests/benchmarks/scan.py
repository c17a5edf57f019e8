"""The whole scan: rate, memory, second scan, start-up. `python -m benchmarks.scan` (in `tests/`).

Every measurement runs in a process of its own (for its peak memory), several times; the logs are
generated: falling losses with noise, a score, a learning rate, hyperparameters that differ.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.workloads import TAGS
from sources import events

#: different runs; more are copies of these under other names
DIFFERENT = 32
GROUP = 500
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Measured:
    """One process."""

    #: seconds of processor time and of the clock, without the start of the interpreter and imports
    processor: float
    wall: float
    #: bytes
    peak: int
    runs: int


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    goal: str
    reached: str
    met: bool


def spread(values: list[float], form: str = "{:.3g}") -> str:
    """Median (lowest-highest)."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{form.format(middle)} ({form.format(low)}-{form.format(high)})"


def run_bytes(seed: int, tags: int, points: int) -> bytes:
    """One event file."""
    rng = np.random.default_rng(seed)
    progress = np.arange(points) / points
    loss = 0.3 + 2 * np.exp(-progress * rng.uniform(2, 12)) + rng.uniform(0.01, 0.1) * rng.normal(size=points)
    shapes = {
        "train/loss": loss,
        "val/loss": loss + 0.1 + max(0.0, rng.normal()) * progress**2,
        "train/accuracy": 1 - loss / 3,
        "val/accuracy": 0.95 - loss / 3,
        "lr": np.full(points, 10 ** rng.uniform(-4, 0)),
    }
    parts = [events.version(events.START).SerializeToString()]
    for step in range(points):
        for tag in TAGS[:tags]:
            value = float(shapes[tag][step]) if tag in shapes else float(rng.uniform(1, 2))
            parts.append(events.scalar(tag, step, value, events.START + step).SerializeToString())
    return b"".join(map(events.frame, parts))


def make(root: Path, runs: int, tags: int, points: int, group: int = GROUP, since: int = 0) -> None:
    """`runs` directories below `root`, `group` of them in one parent; the first `since` are there already."""
    different = [run_bytes(seed, tags, points) for seed in range(min(DIFFERENT, runs))]
    for run in range(since, runs):
        folder = root / f"group{run // group:04d}" / f"run{run:06d}"
        folder.mkdir(parents=True)
        (folder / events.name(1_700_000_000 + run)).write_bytes(different[run % len(different)])
        (folder / "hparams.json").write_text(
            json.dumps({"lr": 10.0 ** -(run % 5), "batch_size": 2 ** (run % 7)})
        )


def measured(root: Path, cache: str = "off", jobs: int = 1) -> Measured:
    """A scan in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scan", "--measure", str(root), "--jobs", str(jobs)]
    env = os.environ | ONE_THREAD | {"CURVEDOCTOR_CACHE": cache}
    done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(**json.loads(done.stdout))


def measure(root: Path, jobs: int) -> Measured:
    """A scan in this process; diagnoses are taken one by one and let go, as a stream to a file would."""
    from curvedoctor.engine import Options, diagnose_sources, keys
    from curvedoctor.engine.judge import prepare
    from curvedoctor.model import Diagnosis

    keys.version()
    prepare([], Options())
    options = Options(curves="none", memory=True, jobs=jobs)
    began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    runs = sum(isinstance(item, Diagnosis) for item in diagnose_sources([str(root)], options))
    after = resource.getrusage(resource.RUSAGE_SELF)
    processor = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    return Measured(processor, time.perf_counter() - began, after.ru_maxrss * 1024, runs)


def rate(root: Path, runs: int, rounds: int) -> Row:
    """Read, roles, features, all conditions."""
    make(root, runs, 8, 500)
    rates = [8 * m.runs / m.processor for m in (measured(root) for _ in range(rounds))]
    what = f"read + roles + features + all conditions, {runs} runs x 8 tags x 500 steps, curves/s per core"
    return Row(what, ">= 3000", spread(rates, "{:.0f}"), statistics.median(rates) >= 3000)


def one_run(root: Path, rounds: int) -> Row:
    """`diagnose_runs` of one run in memory, milliseconds."""
    from curvedoctor.engine import diagnose_runs
    from curvedoctor.model import Run
    from curvedoctor.sources import find_all, load_units
    from curvedoctor.sources.base import Unit

    make(root, 1, 8, 500)
    units = [item for item in find_all([str(root)]) if isinstance(item, Unit)]
    runs = [item for item in load_units(units) if isinstance(item, Run)]
    times = []
    for _ in range(10 * rounds + 1):
        began = time.process_time()
        diagnose_runs(runs)
        times.append(1000 * (time.process_time() - began))
    return Row(
        "judge one run of 8 curves x 500 points, ms",
        "< 20",
        spread(times[1:]),
        statistics.median(times[1:]) < 20,
    )


def again(root: Path, runs: int, rounds: int) -> Row:
    """Nothing changed; `measure` leaves start-up and imports aside."""
    make(root / "logs", runs, 4, 20)
    time.sleep(2.5)  # what has just changed is not trusted
    cache = str(root / "cache")
    measured(root / "logs", cache)
    costs = [1e6 * m.processor / m.runs for m in (measured(root / "logs", cache) for _ in range(rounds))]
    return Row(
        f"second scan, nothing changed, {runs} runs, us/run",
        "<= 20",
        spread(costs),
        statistics.median(costs) <= 20,
    )


def startup(root: Path, rounds: int) -> Row:
    """Command to first line on a small log directory, seconds, with compiled modules as pip leaves them."""
    make(root / "logs", 3, 2, 50)
    env = os.environ | {"CURVEDOCTOR_CACHE": "off", "PYTHONPYCACHEPREFIX": str(root / "compiled")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "curvedoctor", "diagnose", str(root / "logs"), "--format", "jsonl"]
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as process:
            assert process.stdout is not None
            process.stdout.readline()
            times.append(time.perf_counter() - began)
            process.stdout.read()
    met = statistics.median(times[1:]) <= 0.5
    return Row("command start to first line, small logdir, s", "<= 0.5", spread(times[1:]), met)


def many(root: Path, runs: int, picture: Path | None, group: int = GROUP) -> list[Row]:
    """Growth with the number of runs, and peak memory; `group` runs are siblings."""
    sizes = [runs // 8, runs // 4, runs // 2, runs]
    found: list[Measured] = []
    for before, size in zip([0, *sizes], sizes, strict=False):
        make(root, size, 4, 100, group, since=before)
        found.append(measured(root))
        print(f"  {size} runs: {found[-1].processor:.1f} s, {found[-1].peak / 1e6:.0f} MB", file=sys.stderr)
    siblings = " in one directory" if group >= runs else ""
    exponent = float(np.polyfit(np.log(sizes), np.log([m.processor for m in found]), 1)[0])
    slope = (found[-1].peak - found[0].peak) / (sizes[-1] - sizes[0])
    if picture is not None:
        draw(sizes, found, picture)
    return [
        Row(
            f"growth of cost up to {runs} runs x 4 curves x 100 points{siblings}, exponent",
            "1 (linear)",
            f"{exponent:.2f}",
            exponent < 1.1,
        ),
        Row(
            f"peak memory, {runs} runs{siblings}, MB",
            "< 600",
            f"{found[-1].peak / 1e6:.0f} ({slope / 1e3:.1f} kB per run)",
            found[-1].peak < 600e6,
        ),
    ]


def draw(sizes: list[int], found: list[Measured], picture: Path) -> None:
    """Cost and peak memory over the number of runs."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    seconds = [m.processor for m in found]
    left.plot(sizes, seconds, "o-", label="measured")
    left.plot([0, sizes[-1]], [0, seconds[-1]], "--", label="linear")
    left.set(xlabel="runs", ylabel="processor seconds", xlim=(0, None), ylim=(0, None))
    left.legend()
    right.plot(sizes, [m.peak / 1e6 for m in found], "o-")
    right.axhline(600, linestyle="--", color="gray")
    right.set(xlabel="runs", ylabel="peak memory, MB", xlim=(0, None), ylim=(0, None))
    figure.savefig(picture)


def rows(runs: int, rounds: int, picture: Path | None) -> list[Row]:
    """All of it; `runs` in the largest scan."""
    found: list[Row] = []
    steps: list[Callable[[Path], list[Row]]] = [
        lambda root: [startup(root, rounds)],
        lambda root: [one_run(root, rounds)],
        lambda root: [rate(root, min(500, runs), rounds)],
        lambda root: [again(root, min(5000, runs), rounds)],
        lambda root: many(root, runs, picture),
        lambda root: many(root, runs // 5, None, group=runs),
    ]
    for step in steps:
        with tempfile.TemporaryDirectory() as scratch:
            found += step(Path(scratch))
        tell(found[-1])
    return found


def tell(row: Row) -> None:
    """The row as the table will show it, at once, for those who wait."""
    print(table([row]).splitlines()[-1], flush=True, file=sys.stderr)


def table(found: list[Row]) -> str:
    """Markdown."""
    lines = ["| what | goal | reached: median (spread) | |", "| --- | --- | --- | --- |"]
    return "\n".join(
        [*lines, *(f"| {r.what} | {r.goal} | {r.reached} | {'met' if r.met else 'missed'} |" for r in found)]
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=50_000, help="of the largest scan (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--picture", type=Path, help="draw growth there")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--jobs", type=int, default=1, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        print(json.dumps(vars(measure(chosen.measure, chosen.jobs))))
    else:
        print(table(rows(chosen.runs, chosen.rounds, chosen.picture)))


if __name__ == "__main__":
    main()
