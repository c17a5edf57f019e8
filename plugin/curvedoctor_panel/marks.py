"""What is drawn into a chart besides its curves: the evidence.

Every mark is plain data with a `kind`; the front end knows how each kind looks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curvedoctor.model import Curve, Diagnosis, Finding, Floats
from curvedoctor_panel.charts import RANGE_RATIO, Chart
from curvedoctor_panel.plain import Json, number, rounded

#: a drop of the learning rate that is one step of a schedule, as share of the value before
DECAY = 0.15
#: change from one point to the next up to which the rate counts as constant
LEVEL = 0.01
#: more drops than this are a smooth schedule, shown by its own curve
DECAYS = 12
#: points below which a noise band would be guessing
BAND_POINTS = 40
#: positions at which the band is sent
BAND_SHOWN = 120
#: the band's half width in noise standard deviations
BAND_SIGMAS = 2.0
#: stretches of NaN that are shown
RANGES = 40
#: how far past the end an extrapolation is drawn, as share of the run
AHEAD = 0.5
#: conditions whose evidence is what running on would bring
_EXTRAPOLATED = frozenset({"undertrained", "wasted-training", "lr-too-low", "stalled"})


def marks(diagnosis: Diagnosis, chart: Chart) -> list[Json]:
    """All marks of one chart, what lies behind first."""
    curves = diagnosis.run.curves
    members = [curves[index] for index in chart.members]
    out: list[Json] = []
    for place, curve in enumerate(members):
        band = noise_band(curve)
        if band is not None:
            out.append({"kind": "band", "curve": place, **band})
        ranges = nonfinite(curve)
        if ranges:
            out.append({"kind": "nonfinite", "curve": place, "ranges": ranges})
    for finding_index in chart.findings:
        out.extend(_of_finding(diagnosis, finding_index, chart))
    out.extend(_decays(diagnosis, chart))
    best = _best(members)
    if best is not None:
        out.append(best)
    out.extend(_extrapolations(diagnosis, chart, members))
    return out


def _of_finding(diagnosis: Diagnosis, index: int, chart: Chart) -> list[Json]:
    finding = diagnosis.findings[index]
    first = next((curve for curve in diagnosis.run.curves if curve.id == finding.curves[0]), None)
    if first is None or not _same_scale(first, chart):
        return []
    out: list[Json] = []
    common = {"finding": index, "condition": finding.condition, "severity": finding.severity}
    span = _span(finding, chart)
    if span is not None:
        out.append({"kind": "span", "from": span[0], "to": span[1], **common})
    if finding.onset is not None and np.isfinite(finding.onset):
        unit = finding.axis or chart.axis
        label = f"{finding.condition} from {unit} {number(float(finding.onset))}"
        out.append({"kind": "onset", "x": float(finding.onset), "label": label, **common})
    return out


def _same_scale(curve: Curve, chart: Chart) -> bool:
    if curve.axis != chart.axis or not len(curve):
        return False
    low, high = sorted((max(float(curve.steps.max()), 1.0), max(chart.reach, 1.0)))
    return high / low <= RANGE_RATIO


def _span(finding: Finding, chart: Chart) -> tuple[float, float] | None:
    if finding.span is None or any(np.isnan(end) for end in finding.span):
        return None
    start, end = (float(np.clip(end, -1e300, chart.reach)) for end in finding.span)
    return (start, end) if end > start else None


def _decays(diagnosis: Diagnosis, chart: Chart) -> list[Json]:
    """Steps of the learning rate, drawn into every chart that shares the lr curve's axis."""
    for curve in diagnosis.run.curves:
        if curve.role.quantity == "lr" and _same_scale(curve, chart):
            return lr_decays(curve)
    return []


def lr_decays(curve: Curve) -> list[Json]:
    """Where the rate drops in steps; nothing for smooth or adaptive schedules."""
    before, after = curve.values[:-1], curve.values[1:]
    with np.errstate(all="ignore"):
        # a step stands out between level parts: the end of a cosine falls as fast, but along a slope
        steady = np.abs(after - before) <= LEVEL * np.abs(before)
        level = np.r_[True, steady[:-1]] & np.r_[steady[1:], True] if len(before) else steady
        drops = np.flatnonzero((after < before * (1 - DECAY)) & (after > 0) & np.isfinite(before) & level)
    if not 0 < len(drops) <= DECAYS or len(drops) > len(curve) / 3:
        return []
    return [
        {
            "kind": "decay",
            "x": float(curve.steps[i + 1]),
            "label": f"lr {number(float(before[i]), 3)} → {number(float(after[i]), 3)}",
        }
        for i in drops.tolist()
    ]


def nonfinite(curve: Curve) -> list[list[float]]:
    """Where the curve is NaN or ±Inf: at most RANGES stretches of [from, to], the longest."""
    bad = ~np.isfinite(curve.values)
    if not bad.any():
        return []
    edges = np.flatnonzero(np.diff(np.r_[False, bad, False].astype(np.int8)))
    starts, ends = curve.steps[edges[::2]], curve.steps[edges[1::2] - 1]
    longest = np.sort(np.argsort(starts - ends, kind="stable")[:RANGES])
    return [[float(starts[i]), float(ends[i])] for i in longest.tolist()]


def _best(members: Sequence[Curve]) -> Json | None:
    """The best point of the curve that counts: validation where there is one."""
    ranked = sorted(
        (place for place, curve in enumerate(members) if curve.role.better != "none" and len(curve) > 2),
        key=lambda place: ("val", "test", "train", "none").index(members[place].role.split),
    )
    for place in ranked:
        curve = members[place]
        finite = np.isfinite(curve.values)
        if not finite.any() or members[place].role.quantity not in {"loss", "error", "accuracy", "reward"}:
            continue
        if curve.role.granularity == "step" and curve.role.split == "train" and len(curve) > BAND_POINTS:
            continue  # the luckiest batch says nothing
        lower = curve.role.better == "lower"
        at = int(
            np.where(finite, curve.values, np.inf).argmin()
            if lower
            else np.where(finite, curve.values, -np.inf).argmax()
        )
        value = float(curve.values[at])
        step = float(curve.steps[at])
        label = f"best {number(value)} at {curve.axis} {number(step)}"
        return {"kind": "best", "curve": place, "x": step, "y": value, "label": label}
    return None


def noise_band(curve: Curve) -> Json | None:
    """Running median ± 2 noise standard deviations of one noisy curve, or None where it shows nothing.

    The noise is 1.4826 · running median of |value − running median|, robust against spikes.
    """
    n = len(curve)
    if n < BAND_POINTS or curve.role.quantity not in {"loss", "error", "accuracy"}:
        return None
    finite = np.isfinite(curve.values)
    if finite.sum() < BAND_POINTS:
        return None
    order = np.argsort(curve.steps[finite], kind="stable")
    x = curve.steps[finite][order].astype(np.float64)
    middle, sigma = _running(curve.values[finite][order])
    half = BAND_SIGMAS * sigma
    spread = float(np.ptp(middle)) or 1.0
    if float(np.median(half)) < 0.01 * spread or not np.isfinite(half).all():
        return None
    at = np.unique(np.linspace(0, len(x) - 1, min(len(x), BAND_SHOWN)).round().astype(np.int64))
    return {
        "x": rounded(x[at], 9),
        # a shaded area is seen less sharply than a line
        "low": rounded((middle - half)[at], 4),
        "high": rounded((middle + half)[at], 4),
        "label": "noise: running median ± 2 σ",
    }


def _running(values: Floats) -> tuple[Floats, Floats]:
    from scipy.ndimage import median_filter

    # a band is drawn at some 100 places: a thinned curve gives the same band at bounded cost
    stride = max(1, len(values) // 4_000)
    thin = values[::stride]
    width = max(5, len(thin) // 25) | 1
    middle = median_filter(thin, size=width, mode="nearest")
    sigma = 1.4826 * median_filter(np.abs(thin - middle), size=width, mode="nearest")
    at, full = np.arange(len(thin)) * stride, np.arange(len(values))
    return np.interp(full, at, middle), np.interp(full, at, sigma)


def _extrapolations(diagnosis: Diagnosis, chart: Chart, members: Sequence[Curve]) -> list[Json]:
    wanted = {
        name
        for index in chart.findings
        if diagnosis.findings[index].condition in _EXTRAPOLATED
        for name in diagnosis.findings[index].curves
    }
    out: list[Json] = []
    for place, curve in enumerate(members):
        if curve.id in wanted and curve.role.quantity in {"loss", "error"}:
            line = extrapolation(curve)
            if line is not None:
                out.append({"kind": "extrapolation", "curve": place, **line})
    return out


def extrapolation(curve: Curve) -> Json | None:
    """The power law y = a + b·t^(−c) through the last two thirds, drawn on past the end.

    The same family that the engine judges by (`curvedoctor.features.extrapolate`): for each exponent
    of its grid the best a and b are linear least squares; the exponent with the least error wins.
    """
    from curvedoctor.features.extrapolate import EXPONENTS

    finite = np.isfinite(curve.values)
    x, y = curve.steps[finite].astype(np.float64), curve.values[finite]
    if len(x) < 8 or x[-1] <= x[0]:
        return None
    t = (x - x[0]) / (x[-1] - x[0]) + 0.5 / len(x)
    late = t > 1 / 3
    best: tuple[float, float, Floats] | None = None
    for exponent in EXPONENTS.tolist():
        basis = np.column_stack((np.ones(int(late.sum())), t[late] ** -exponent))
        solution, *_ = np.linalg.lstsq(basis, y[late], rcond=None)
        error = float(np.square(basis @ solution - y[late]).sum())
        if solution[1] > 0 and (best is None or error < best[0]):
            best = (error, exponent, solution)
    if best is None:
        return None
    ahead = np.linspace(1 / 3, 1 + AHEAD, 40)
    line = best[2][0] + best[2][1] * ahead ** -best[1]
    return {
        "x": rounded(x[0] + ahead * (x[-1] - x[0])),
        "y": rounded(line, 4),
        "end": float(x[-1]),
        "label": f"extrapolated: {number(float(line[-1]), 3)} after {AHEAD:.0%} more",
    }
