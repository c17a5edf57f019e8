"""How well `compare` reads grids: python tests/benchmarks/compare.py [--clinic] [--trained] [--held-out]
[--synthetic N].

A grid of lr × batch size is cut to windows of two to five learning rates; `compare` sees one window and
must say whether the best lr lies below, within or above it. The truth is the whole grid: the lowest point
of a parabola through its best values, and all values that end within 5 % of the best. Within: all of
these lie inside; below or above: all lie outside, and the best of them ends 10 % lower than any inside.
Nothing is scored in between, or within a factor 1.5 of the window's end. And it must name the
best region: a setting within
5 % of the best one (by the expected loss where the grid is made up, by a test set that was not logged
where it was trained).

--clinic judges the held-out grids of examples/clinic, trained elsewhere and stored there.
"""

# ruff: noqa: E402  # paths come first
from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":  # this folder gives way: its name for this file is also a package's
    sys.path[:1] = [str(ROOT / "tests"), str(ROOT / "examples")]

import numpy as np

from benchmarks.trained_grids import Grid, trained
from compare.grids import World, grid, undiagnosed
from curvedoctor.compare.analyze import compare
from curvedoctor.compare.region import vertex
from curvedoctor.compare.types import Place, Region
from curvedoctor.model import Run

#: windows of so many neighbouring values of lr
SIZES = (2, 3, 4, 5)
#: gain by which a setting outside must be better, loss that a setting of the best region may have
OUTSIDE, WITHIN = 0.10, 0.05
#: a best lr nearer to the end of a window than this factor is neither inside nor outside
EDGE = 1.5


@dataclass
class Score:
    """What was right."""

    right: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    regions: int = 0
    named: int = 0
    #: (confidence, right) of what was said
    sure: list[tuple[float, bool]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def truth_of(chosen: Sequence[float], best: dict[float, float]) -> str | None:
    """Where the best lr lies seen from the `chosen` values; `best`: lowest true loss at every lr of the grid.

    None where it is too close to call, or where the grid itself ends at its best.
    """
    lrs = sorted(best)
    at = min(range(len(lrs)), key=lambda i: best[lrs[i]])
    inside = min(best[lr] for lr in chosen)
    if at in (0, len(lrs) - 1) or not math.isfinite(best[lrs[at]]):
        return None
    points = [
        (lr, math.log(max(y, 1e-12)) if math.isfinite(y) else math.inf) for lr, y in sorted(best.items())
    ]
    optimum = vertex(points, at)
    as_good = [lr for lr in lrs if best[lr] <= best[lrs[at]] * (1 + WITHIN)]
    if (
        chosen[0] * EDGE <= optimum <= chosen[-1] / EDGE
        and chosen[0] <= as_good[0] <= as_good[-1] <= chosen[-1]
    ):
        return "within"
    apart = as_good[-1] < chosen[0] or as_good[0] > chosen[-1]
    if chosen[0] / EDGE < optimum < chosen[-1] * EDGE or not apart or best[lrs[at]] >= inside * (1 - OUTSIDE):
        return None
    return "below" if optimum < chosen[0] else "above"


def windows(g: Grid) -> Iterator[tuple[list[Run], str, str]]:
    """Windows of a grid (neighbours, and every second value), the truth for each, and its name."""
    lrs = sorted({float(r.params["lr"]) for r in g.runs})
    best = {lr: min(_true(g, r) for r in g.runs if r.params["lr"] == lr) for lr in lrs}
    for stride in (1, 2):
        for offset in range(stride):
            some = lrs[offset::stride]
            for size in SIZES:
                for at in range(len(some) - size + 1):
                    chosen = some[at : at + size]
                    truth = truth_of(chosen, best)
                    if truth is not None:
                        name = f"{g.name} {', '.join(f'{lr:g}' for lr in chosen)}"
                        yield [r for r in g.runs if r.params["lr"] in chosen], truth, name


def _true(g: Grid, r: Run) -> float:
    value = g.truth[r.name]
    return value if math.isfinite(value) else math.inf


def judge(grids: Iterable[Grid]) -> Score:
    """Score `compare` on every window of every grid."""
    score = Score()
    for g in grids:
        whole = _lr_place(g.runs)[1]
        if whole is not None:
            score.regions += 1
            best = min(_true(g, r) for r in g.runs)
            mine = min((_true(g, r) for r in g.runs if r.name in whole.runs), default=math.inf)
            score.named += mine <= best * (1 + WITHIN)
        for runs, truth, name in windows(g):
            place, _ = _lr_place(runs)
            said = place.where if place else "unknown"
            score.asked[truth] += 1
            score.right[truth] += said == truth
            if place is not None and said != "unknown":
                score.sure.append((place.confidence, said == truth))
            if said != truth:
                score.wrong.append(
                    f"{name}: {truth}, said {said} ({place.confidence:.2f} {place.why})" if place else name
                )
    return score


def _lr_place(runs: Sequence[Run]) -> tuple[Place | None, Region | None]:
    found = compare(undiagnosed(runs), together=True)
    group = found.groups[0]
    return next((f.place for f in group.factors if f.name == "lr"), None), group.region


# --- grids


def synthetic(count: int, seed: int = 0) -> Iterator[Grid]:
    """Made-up worlds, grids a factor 3 or 10 apart."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        world = World(
            best=10 ** rng.uniform(-3.5, -0.5), power=rng.uniform(0, 1), sharp=rng.uniform(0.4, 1.5),
            breaks=10 ** rng.uniform(0.7, 2.5), floor=rng.uniform(0.05, 0.8), noise=rng.uniform(0.01, 0.05),
        )  # fmt: skip
        step = float(rng.choice([3.0, 10.0]))
        reach = 5 if step < 5 else 3
        lrs = [float(f"{world.best * 1.6 * step**k:.2g}") for k in range(-reach, reach)]
        runs = grid(world, lrs, (16, 64), epochs=20, rng=rng)
        truth = {r.name: world.loss(float(r.params["lr"]), float(r.params["batch_size"])) for r in runs}
        yield Grid(f"world {i}", runs, truth)


def clinic(final: bool) -> Iterator[Grid]:
    """The clinic's grids, of the held-out tasks (or of all others)."""
    from clinic.dataset import as_run
    from clinic.store import load

    groups: dict[str, list[object]] = {}
    for stored in load():
        if stored.fault == "grid" and stored.final == final:
            groups.setdefault(stored.group, []).append(stored)
    for name, members in sorted(groups.items()):
        runs, truth = [], {}
        for stored in members:
            made = as_run(stored)  # type: ignore[arg-type]
            config = stored.config  # type: ignore[attr-defined]
            made = Run(made.name, made.source, name, made.curves,
                       {**made.params, "lr": config.lr, "batch_size": config.batch})  # fmt: skip
            runs.append(made)
            val = stored.raw["val_loss"]  # type: ignore[attr-defined]
            truth[made.name] = float(np.mean(val[-max(1, len(val) // 20) :]))
        if len({r.params["lr"] for r in runs}) >= 3:
            yield Grid(name, runs, truth)


def share_right(score: Score, least: float = 0.0) -> float:
    """Share that is right of what was said with at least this confidence."""
    said = [right for sure, right in score.sure if sure >= least]
    return sum(said) / len(said) if said else math.nan


def report(title: str, score: Score, verbose: bool) -> float:
    """Print a table; returns the share of right places."""
    asked, right = sum(score.asked.values()), sum(score.right.values())
    share = right / asked if asked else math.nan
    print(f"{title}: names the best region in {score.named}/{score.regions} grids; "
          f"below/within/above right in {right}/{asked} windows ({100 * share:.1f} %)")  # fmt: skip
    for truth in ("below", "within", "above"):
        print(f"    {truth:<7} {score.right[truth]:>4}/{score.asked[truth]}")
    for low, high in ((0.5, 0.7), (0.7, 0.85), (0.85, 0.95), (0.95, 1.01)):
        chosen = [ok for p, ok in score.sure if low <= p < high]
        if chosen:
            print(
                f"    said {low:.2f}–{min(high, 1):.2f} sure: right in {100 * np.mean(chosen):.0f} % "
                f"of {len(chosen)}"
            )
    print(f"    silent in {asked - len(score.sure)} windows; of those called 90 % sure and more "
          f"{100 * share_right(score, 0.9):.1f} % are right")  # fmt: skip
    if verbose:
        print("\n".join(f"    {line}" for line in score.wrong))
    return share_right(score, 0.9)


def main() -> int:
    """Run what was asked for; exit code 1 if less than 95 % of what is called 90 % sure is right."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--synthetic", type=int, default=40, metavar="N", help="made-up grids")
    parser.add_argument("--trained", action="store_true", help="train real grids (about two minutes)")
    parser.add_argument("--held-out", action="store_true", help="train grids of tasks that the fit never saw")
    parser.add_argument("--clinic", action="store_true", help="the clinic's held-out grids")
    parser.add_argument("--clinic-fit", action="store_true", help="the clinic's other grids, for calibration")
    parser.add_argument("--outside", type=Path, metavar="FOLDER", help="public grids that lie in this folder")
    parser.add_argument(
        "--settings", type=int, default=1, help="of each of LCBench's tasks (needs onnxruntime)"
    )
    parser.add_argument("--verbose", "-v", action="store_true", help="list what was wrong")
    said = parser.parse_args()
    shares = []
    if said.synthetic:
        shares.append(report("synthetic", judge(synthetic(said.synthetic)), said.verbose))
    if said.held_out:
        shares.append(report("trained, tasks held out", judge(trained(held_out=True)), said.verbose))
    if said.trained:
        shares.append(report("trained", judge(trained()), said.verbose))
    if said.outside:
        from benchmarks.outside_grids import deepobs, lcbench

        if (said.outside / "deepobs.jsonl.xz").exists():
            shares.append(report("DeepOBS", judge(deepobs(said.outside)), said.verbose))
        if (said.outside / "model.onnx").exists():
            shares.append(report("LCBench", judge(lcbench(said.outside, said.settings)), said.verbose))
    if said.clinic_fit:
        report("clinic, calibration tasks", judge(clinic(final=False)), said.verbose)
    if said.clinic:
        shares.append(report("clinic, held-out tasks", judge(clinic(final=True)), said.verbose))
    return 0 if all(share >= 0.95 for share in shares) else 1


if __name__ == "__main__":
    sys.exit(main())
