"""The best setting, what can't be told from it, and how the best lr moves with the batch size."""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.compare.effects import GUESS, MATTERS
from curvedoctor.compare.grid import Grid, is_number, typical
from curvedoctor.compare.types import Interaction, Region
from curvedoctor.model import ParamValue

#: powers of the batch size by which the best lr is known to grow: the linear and the square-root rule
LINEAR, ROOT = 1.0, 0.5


def region(g: Grid, noise: float | None) -> Region | None:
    """The setting with the lowest typical score, and all settings within 5 % or within noise of it."""
    cells = {key: members for key, members in g.cells(g.varied).items() if math.isfinite(typical(members))}
    if not cells:
        return None
    key = min(cells, key=lambda k: (typical(cells[k]), str(k)))
    reach = _reach(noise, len(cells[key]))
    good = [k for k, members in cells.items() if typical(members) <= typical(cells[key]) + reach]
    values: dict[str, tuple[ParamValue | None, ...]] = {}
    for i, name in enumerate(g.varied):
        among = {k[i] for k in good}
        values[name] = tuple(v for v in g.values(name) if v in among)
    levels = [o.level for o in cells[key] if o.level is not None]
    return Region(
        best=dict(zip(g.varied, key, strict=True)),
        values=values,
        level=float(np.median(levels)) if levels else None,
        runs=tuple(sorted(o.run for o in cells[key])),
    )


def _reach(noise: float | None, runs: int) -> float:
    """How far above the best score none is told from it, which this many runs have reached."""
    sigma = GUESS / 2 if noise is None else noise
    return max(math.log1p(MATTERS), 2 * sigma / math.sqrt(runs))


def interaction(g: Grid, other: str, noise: float | None) -> Interaction | None:
    """The best lr at each value of `other`; None where fewer than two values have an lr grid of their own."""
    best_rates: list[tuple[float, float]] = []
    among: list[set[float]] = []
    edges = 0
    for value in g.values(other):
        if not is_number(value):
            continue
        points = profile(g, "lr", {other: value})
        sound = [p for p in points if math.isfinite(p[1])]
        if len(points) < 3 or not sound:
            continue
        best = min(range(len(points)), key=lambda i: points[i][1])
        edges += best in (0, len(points) - 1)
        among.append({lr for lr, score in sound if score <= points[best][1] + _reach(noise, 1)})
        best_rates.append((float(value), vertex(points, best)))
    if len(best_rates) < 2:
        return None
    x, y = np.log([v for v, _ in best_rates]), np.log([lr for _, lr in best_rates])
    power = float(np.polyfit(x, y, 1)[0])
    rounded = tuple((v, float(f"{lr:.2g}")) for v, lr in best_rates)
    if common := sorted(set.intersection(*among)):
        rates = f"lr {common[0]:g}" + (f" to {common[-1]:g}" if len(common) > 1 else "")
        text = (
            f"{rates} {'are' if len(common) > 1 else 'is'} among the best at every "
            f"{other.replace('_', ' ')}: how the best lr moves with it is not known."
        )
        return Interaction(other, rounded, None, text)
    return Interaction(other, rounded, power, _say(other, rounded, power, edges))


def profile(g: Grid, name: str, fixed: dict[str, ParamValue | None]) -> list[tuple[float, float]]:
    """Values of a numeric hyperparameter, ascending, with the lowest typical score at each,
    others as `fixed` or free."""
    lowest: dict[float, float] = {}
    for key, members in g.cells(g.varied).items():
        setting = dict(zip(g.varied, key, strict=True))
        value = setting.get(name)
        if is_number(value) and all(setting[n] == v for n, v in fixed.items()):
            assert isinstance(value, (int, float))
            lowest[float(value)] = min(lowest.get(float(value), math.inf), typical(members))
    return sorted(lowest.items())


def vertex(points: list[tuple[float, float]], best: int) -> float:
    """The lowest point of a parabola through the best point and its neighbours,
    in the logarithm of the value."""
    value = points[best][0]
    if not 0 < best < len(points) - 1:
        return value
    (xa, a), (xb, b), (xc, c) = ((math.log(v), s) for v, s in points[best - 1 : best + 2])
    if not (math.isfinite(a) and math.isfinite(c)):
        return value
    left, right = (b - a) / (xb - xa), (c - b) / (xc - xb)
    bend = (right - left) / ((xc - xa) / 2)
    if bend <= 0:
        return value
    at = (xa + xb) / 2 - left / bend
    return math.exp(min(max(at, (xa + xb) / 2), (xb + xc) / 2))


def _say(other: str, best_rates: tuple[tuple[float, float], ...], power: float, edges: int) -> str:
    listed = ", ".join(f"{lr:g} at {v:g}" for v, lr in best_rates)
    name = other.replace("_", " ")
    if edges >= len(best_rates) / 2:
        return (
            f"Best lr by {name}: {listed}. Most of these lie at the edge of the grid, so how they "
            "move is not known."
        )
    if abs(power) < 0.2:
        return f"Best lr by {name}: {listed}. They do not follow the {name}."
    rule = ""
    if other == "batch_size" and power > 0:
        near = "linear" if abs(power - LINEAR) < abs(power - ROOT) else "square-root"
        rule = f", nearest to the {near} scaling rule"
    direction = "grows" if power > 0 else "falls"
    return f"Best lr by {name}: {listed}. It {direction} about as {name}^{power:.1f}{rule}."
