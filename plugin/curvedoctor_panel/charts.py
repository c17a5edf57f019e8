"""Which curves are drawn together, and their points as plain data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from curvedoctor.model import Curve, Diagnosis, Finding, Floats
from curvedoctor_panel.decimate import POINTS, ascending, keep
from curvedoctor_panel.plain import Json, clip, rounded

#: curves whose points are sent; a diagnosis rests on a handful, and browsers must stay quick
CURVES = 24
#: curves in one chart; more than eight colours can't be told apart
PER_CHART = 8
#: curves whose ranges differ by more than this count different things (batches against epochs)
RANGE_RATIO = 4.0
#: share of the largest value below which a linear scale shows nothing
LOG_RATIO = 50.0

_DRAWN = ("loss", "error", "accuracy", "reward", "lr", "grad_norm")
_SPLIT_WORDS = frozenset(
    [
        "train",
        "training",
        "trn",
        "val",
        "valid",
        "validation",
        "test",
        "testing",
        "eval",
        "dev",
        "epoch",
        "step",
        "batch",
        "iter",
        "iteration",
    ]
)
_TITLES = {
    "loss": "Loss",
    "error": "Error",
    "accuracy": "Accuracy",
    "reward": "Reward",
    "lr": "Learning rate",
    "grad_norm": "Gradient norm",
}


@dataclass(slots=True)
class Chart:
    """Curves that share both axes."""

    title: str
    quantity: str
    axis: str
    #: indices into the run's curves
    members: list[int] = field(default_factory=list)
    #: indices into the diagnosis's findings
    findings: list[int] = field(default_factory=list)
    log: bool = False
    #: greatest x
    reach: float = 0.0


def chosen(diagnosis: Diagnosis) -> list[int]:
    """Indices of the curves to send, those that findings rest on first, at most CURVES."""
    curves = diagnosis.run.curves
    resting = {name: rank for rank, name in enumerate(_rested_on(diagnosis.findings))}

    def weight(index: int) -> tuple[int, int, int]:
        curve = curves[index]
        quantity = curve.role.quantity
        kind = _DRAWN.index(quantity) if quantity in _DRAWN else len(_DRAWN)
        return (resting.get(curve.id, len(resting)), kind, index)

    wanted = [
        index
        for index, curve in enumerate(curves)
        if len(curve) and (curve.id in resting or curve.role.quantity in _DRAWN)
    ]
    if not wanted:
        wanted = [index for index, curve in enumerate(curves) if len(curve) > 1]
    return sorted(wanted, key=weight)[:CURVES]


def _rested_on(findings: Sequence[Finding]) -> Iterator[str]:
    seen: set[str] = set()
    for finding in findings:
        for name in finding.curves:
            if name not in seen:
                seen.add(name)
                yield name


def group(diagnosis: Diagnosis, indices: Sequence[int]) -> list[Chart]:
    """Charts in the order in which they matter: what findings rest on comes first."""
    charts: list[Chart] = []
    stems: list[str] = []
    for index in indices:
        curve = diagnosis.run.curves[index]
        stem, reach = _stem(curve.tag), float(curve.steps.max())
        for chart, other in zip(charts, stems, strict=True):
            if other == stem and _alike(chart, curve, reach):
                chart.members.append(index)
                chart.reach = max(chart.reach, reach)
                break
        else:
            charts.append(Chart(_title(curve, stem), curve.role.quantity, curve.axis, [index], reach=reach))
            stems.append(stem)
    index_of = {curve.id: index for index, curve in enumerate(diagnosis.run.curves)}
    for number, finding in enumerate(diagnosis.findings):
        members = {index_of[name] for name in finding.curves if name in index_of}
        for chart in charts:
            if members.intersection(chart.members):
                chart.findings.append(number)
    for chart in charts:
        chart.log = _wants_log([diagnosis.run.curves[index] for index in chart.members])
    _tell_apart(charts, diagnosis.run.curves)
    # a chart that shows nothing (all NaN) is not what one wants to see first
    return sorted(charts, key=lambda chart: not _shows(chart, diagnosis.run.curves))


def _shows(chart: Chart, curves: Sequence[Curve]) -> bool:
    return any(bool(np.isfinite(curves[index].values).any()) for index in chart.members)


def _tell_apart(charts: Sequence[Chart], curves: Sequence[Curve]) -> None:
    """Charts of the same title, of batches and of epochs mostly, say what they count."""
    titles = Counter(chart.title for chart in charts)
    for chart in charts:
        if titles[chart.title] > 1:
            first = curves[chart.members[0]]
            known = first.role.granularity != "unknown"
            chart.title += f" per {first.role.granularity}" if known else f" ({clip(first.tag, 40)})"


def _alike(chart: Chart, curve: Curve, reach: float) -> bool:
    if len(chart.members) >= PER_CHART or chart.quantity != curve.role.quantity or chart.axis != curve.axis:
        return False
    low, high = sorted((max(chart.reach, 1.0), max(reach, 1.0)))
    return high / low <= RANGE_RATIO


def _stem(tag: str) -> str:
    """What a tag measures, without the split: `train/box_loss` and `val/box_loss` share a chart."""
    words = [word for word in re.split(r"[/_.\-\s]+", tag[:200].lower()) if word]
    kept = [word for word in words if word not in _SPLIT_WORDS]
    return "_".join(kept or words)


def _title(curve: Curve, stem: str) -> str:
    plain = _TITLES.get(curve.role.quantity)
    if plain is not None and stem in {curve.role.quantity, "", "learning_rate", "acc", "lr", "grad_norm"}:
        return plain
    return clip(stem.replace("_", " "), 60)


def _wants_log(curves: Sequence[Curve]) -> bool:
    """Whether a logarithmic axis shows more: most of the values share a sliver of the linear one."""
    values = np.concatenate([curve.values[np.isfinite(curve.values)] for curve in curves])
    if len(values) < 2 or float(values.min()) <= 0:
        return False
    # a schedule that ends near zero is read on a linear scale, a range test is not
    edge = 0.1 if curves[0].role.quantity == "lr" else 0.02
    low, high = np.quantile(values, (edge, 1 - edge))
    if not high / low > LOG_RATIO:
        return False
    return bool(_spread(np.log(values)) > 2 * _spread(values))


def _spread(values: Floats) -> float:
    """Share of an axis that the middle four fifths of the values take."""
    low, high = np.quantile(values, (0.1, 0.9))
    return float((high - low) / (np.ptp(values) or 1.0))


def started(curves: Iterable[Curve]) -> float | None:
    """When the first point was logged, seconds since 1970; None where the log has no times."""
    firsts = [float(curve.wall_times.min()) for curve in curves if len(curve)]
    return min(firsts) if firsts and np.isfinite(firsts).all() else None


def epochs(curves: Sequence[Curve]) -> Json | None:
    """Epoch by step, where the run logs it (as Lightning does): {"x": steps, "y": epochs}."""
    for curve in curves:
        if curve.tag.rpartition("/")[2].lower() == "epoch" and len(curve) > 1 and curve.axis == "step":
            order, x = ascending(curve.steps.astype(np.float64))
            values = curve.values[order]
            if np.isfinite(values).all() and (np.diff(values) >= 0).all() and values[-1] > values[0]:
                first = np.r_[True, np.diff(values) > 0]
                begins, numbers = x[first], values[first]
                # the last one is as far through as the others were long
                rest = (x[-1] - begins[-1]) / float(np.diff(begins).mean())
                return {
                    "x": rounded(np.r_[begins, x[-1] + 1], 9),
                    "y": rounded(np.r_[numbers, numbers[-1] + min(rest, 1) + 1e-6], 9),
                }
    return None


def points(curve: Curve, limit: int = POINTS, since: float | None = None) -> Json:
    """One curve as plain data: names, counts, and at most `limit` points, x strictly ascending.

    With `since` (seconds since 1970), also `t`, the seconds from then to each point.
    """
    order, x = ascending(curve.steps.astype(np.float64))
    values: Floats = curve.values[order]
    kept = keep(values, limit)
    broken = ~np.isfinite(values)
    role = curve.role
    return {
        "label": clip(curve.id),
        "tag": clip(curve.tag, 400),
        "split": role.split,
        "quantity": role.quantity,
        "better": role.better,
        "granularity": role.granularity,
        "axis": curve.axis,
        "why": [clip(reason, 200) for reason in role.why[:4]],
        "points": len(curve),
        "x": rounded(x[kept], 9),
        "y": rounded(values[kept]),
        "t": None if since is None else rounded(curve.wall_times[order][kept] - since, 7),
        "nonfinite": int(broken.sum()),
        "first_nonfinite": float(x[broken.argmax()]) if broken.any() else None,
    }


def listed(curve: Curve) -> Json:
    """A curve that is named but not drawn."""
    return {**points(curve, 1), "x": [], "y": []}
