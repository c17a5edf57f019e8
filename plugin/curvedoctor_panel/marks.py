"""What is drawn into a chart besides its curves: the evidence.

Every mark is plain data with a `kind`; the front end knows how each kind looks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curvedoctor.model import Curve, Diagnosis, Finding
from curvedoctor.reports import overlays
from curvedoctor.reports.phrases import title
from curvedoctor_panel.charts import RANGE_RATIO, Chart
from curvedoctor_panel.plain import Json, clip, number, rounded

#: positions at which a band and an extrapolation are sent
BAND_SHOWN, LINE_SHOWN = 120, 40
#: stretches of NaN that are shown
RANGES = 40
#: points from which a training curve per step is noise whose luckiest batch says nothing
BATCHES = 40


def marks(diagnosis: Diagnosis, chart: Chart) -> list[Json]:
    """All marks of one chart, what lies behind first."""
    curves = diagnosis.run.curves
    members = [curves[index] for index in chart.members]
    out: list[Json] = []
    for index, curve in enumerate(members):
        band = noise_band(curve)
        if band is not None:
            out.append({"kind": "band", "curve": index, **band})
        ranges = nonfinite(curve)
        if ranges:
            out.append({"kind": "nonfinite", "curve": index, "ranges": ranges})
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
        label = f"{clip(title(finding.condition), 60)} from {unit} {number(float(finding.onset))}"
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
    return [
        {"kind": "decay", "x": step, "label": f"lr {number(before, 3)} → {number(after, 3)}"}
        for step, before, after in overlays.decays(curve)
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
        (index for index, curve in enumerate(members) if curve.role.better != "none" and len(curve) > 2),
        key=lambda index: ("val", "test", "train", "none").index(members[index].role.split),
    )
    for index in ranked:
        curve = members[index]
        finite = np.isfinite(curve.values)
        if not finite.any() or members[index].role.quantity not in {"loss", "error", "accuracy", "reward"}:
            continue
        batches = curve.role.granularity == "step" and curve.role.quantity != "reward"
        if batches and curve.role.split == "train" and len(curve) > BATCHES:
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
        return {"kind": "best", "curve": index, "x": step, "y": value, "label": label}
    return None


def noise_band(curve: Curve) -> Json | None:
    """Running median ± 2 noise standard deviations of one noisy curve, or None where it shows nothing."""
    band = overlays.noise_band(curve, BAND_SHOWN)
    if band is None:
        return None
    return {
        "x": rounded(band.x, 9),
        # a shaded area is seen less sharply than a line
        "low": rounded(band.low, 4),
        "high": rounded(band.high, 4),
        "label": "noise: running median ± 2 σ",
    }


def _extrapolations(diagnosis: Diagnosis, chart: Chart, members: Sequence[Curve]) -> list[Json]:
    wanted = {curve.id for curve in overlays.heading(diagnosis)}
    out: list[Json] = []
    for index, curve in enumerate(members):
        if curve.id in wanted:
            line = extrapolation(curve)
            if line is not None:
                out.append({"kind": "extrapolation", "curve": index, **line})
    return out


def extrapolation(curve: Curve) -> Json | None:
    """Where a curve is heading, past its end; None where no power law fits."""
    line = overlays.extrapolation(curve, LINE_SHOWN)
    if line is None:
        return None
    return {
        "x": rounded(line.x),
        "y": rounded(line.y, 4),
        "end": line.end,
        "label": f"extrapolated: {number(float(line.y[-1]), 3)} after {overlays.AHEAD:.0%} more",
    }
