"""A diagnosis as a picture, with its evidence drawn in: for MLflow's description, TensorBoard's Images."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from curvedoctor.errors import SinkError
from curvedoctor.extras import install
from curvedoctor.model import Curve, Diagnosis, Finding
from curvedoctor.reports import overlays
from curvedoctor.reports.phrases import title
from curvedoctor.reports.text import one_line, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: pixels per inch
DPI = 100
#: curves in one picture; more are hard to tell apart
MAX_CURVES = 4
#: points of a curve that are drawn; longer ones are thinned by extremes, so that no spike is lost
POINTS = 2_000
#: steps of curves whose ends differ by more than this factor count different things
RANGES = 4.0
#: a positive curve that spans more than this factor gets a logarithmic axis
LOG_FROM = 30.0
#: characters of a name
NAME = 60
#: Okabe and Ito's colours: told apart by colour-blind eyes too
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
#: TensorBoard's own, in its order, for its Images tab
BOARD = ("#e8710a", "#425066", "#12b5cb", "#9334e6")
MARK = "#b2182b"
#: red and grey that are legible on white and on MLflow's dark page (4 : 1 and more on both)
MARK_ON_ANY, INK_ON_ANY = "#e0483e", "#7b838e"


def curves_png(
    diagnosis: Diagnosis, width_px: int = 900, clear: bool = False, thumbnail: bool = False
) -> bytes:
    """A PNG image, `width_px` wide and 0.45 of that high; a `thumbnail` is higher, its lines and letters
    larger. A `clear` one has no background, for pages that may be light or dark.

    The main finding's curve and those that measure the same, its onset as a dashed line, its span
    shaded, the best point as a ring; the noise around a noisy curve, triangles where the learning rate
    drops, and, where a finding rests on it, the curve drawn on past its end. Names are shown as text: no part
    of them is interpreted. Raises `SinkError` without matplotlib.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SinkError(f"pictures need matplotlib: {install('pictures')}") from error

    style = {
        "text.parse_math": False,
        "font.size": 17.0 if thumbnail else 9.0,
        "axes.unicode_minus": True,
        **_colors(clear),
    }
    with warnings.catch_warnings(), rc_context(style):
        # a name may hold characters that the font lacks
        warnings.simplefilter("ignore")
        size = (width_px / DPI, width_px * (0.6 if thumbnail else 0.45) / DPI)
        figure = Figure(figsize=size, dpi=DPI, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        finding = diagnosis.findings[0] if diagnosis.findings else None
        _draw(axes, diagnosis, MARK_ON_ANY if clear else MARK, thumbnail)
        axes.set_title(_title(diagnosis, finding, thumbnail), loc="left")
        picture = io.BytesIO()
        canvas.print_png(picture, metadata={"Software": None})
    return picture.getvalue()


def chosen(diagnosis: Diagnosis) -> list[Curve]:
    """The curves to draw: the main finding's, else a loss, and others of the same quantity."""
    by_id = {curve.id: curve for curve in diagnosis.run.curves if len(curve) > 0}
    named = [by_id[name] for finding in diagnosis.findings[:1] for name in finding.curves if name in by_id]
    rank = {"loss": 0, "error": 1, "accuracy": 2, "reward": 3}
    usual = sorted(
        by_id.values(), key=lambda c: (len(c) < 2, rank.get(c.role.quantity, 9), c.role.split == "none")
    )
    # a curve without a number shows nothing, and what went wrong may show in another
    first = sorted((*named, *usual), key=lambda c: not np.isfinite(c.values).any())[:1]
    same = [curve for curve in (*named, *usual) if first and _comparable(curve, first[0])]
    return list(dict.fromkeys((*first, *same)))[:MAX_CURVES]


def _comparable(curve: Curve, first: Curve) -> bool:
    """Whether both measure the same over the same axis: epochs and batches would be two pictures."""
    return curve.role.quantity == first.role.quantity and _same_range(curve, first)


def _same_range(curve: Curve, first: Curve) -> bool:
    low, high = sorted(max(float(c.steps.max()), 1.0) for c in (curve, first))
    return curve.axis == first.axis and high <= RANGES * low


def _draw(axes: Axes, diagnosis: Diagnosis, mark: str, thumbnail: bool) -> None:
    curves = chosen(diagnosis)
    finding = diagnosis.findings[0] if diagnosis.findings else None
    if not curves:
        axes.text(0.5, 0.5, "no curve was logged", ha="center", va="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    if not any(np.isfinite(curve.values).any() for curve in curves):
        label = f"{shorten(one_line(curves[0].id), NAME)}: none of {len(curves[0])} values is a number"
        axes.text(0.5, 0.5, label, ha="center", va="center", transform=axes.transAxes, color=mark, wrap=True)
    palette = BOARD if thumbnail else COLORS
    for curve, color in zip(curves, palette, strict=False):
        steps, values = _thinned(curve)
        dots = "." if len(steps) < 40 else None
        axes.plot(
            steps,
            values,
            color=color,
            linewidth=2.6 if thumbnail else 1.3,
            marker=dots,
            label=" " + shorten(one_line(curve.id), NAME),
        )
        _noise(axes, curve, color)
    _heading(axes, diagnosis, curves, palette)
    _decays(axes, diagnosis, curves[0])
    _best(axes, curves[0])
    _broken(axes, curves[0], mark)
    if finding is not None and finding.axis == curves[0].axis:
        if finding.span is not None:
            axes.axvspan(*finding.span, color=mark, alpha=0.1, linewidth=0)
        if finding.onset is not None:
            axes.axvline(finding.onset, color=mark, linestyle="--", linewidth=1.2)
    if _spread(curves):
        axes.set_yscale("log")
        # the default writes powers of ten as math, which is off here
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_formatter(lambda value, _: "")
    axes.set_xlabel(curves[0].axis)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize="small" if thumbnail else 8)


def _noise(axes: Axes, curve: Curve, color: str) -> None:
    """The band in which the curve's noise keeps it."""
    band = overlays.noise_band(curve, 200)
    if band is not None:
        axes.fill_between(band.x, band.low, band.high, color=color, alpha=0.16, linewidth=0)


def _heading(axes: Axes, diagnosis: Diagnosis, curves: list[Curve], palette: Sequence[str]) -> None:
    """Where curves are heading, if a finding rests on that."""
    label = " extrapolated"
    for curve in overlays.heading(diagnosis):
        line = overlays.extrapolation(curve, 60) if curve in curves else None
        if line is not None:
            color = palette[curves.index(curve)]
            axes.plot(line.x, line.y, color=color, linewidth=1.2, linestyle=":", label=label)
            label = "_"  # which keeps it out of the legend


def _decays(axes: Axes, diagnosis: Diagnosis, first: Curve) -> None:
    """Triangles at the lower edge where the learning rate drops."""
    rates = (c for c in diagnosis.run.curves if c.role.quantity == "lr" and len(c) and _same_range(c, first))
    drops = overlays.decays(rate) if (rate := next(rates, None)) is not None else []
    if drops:
        steps = [step for step, _, _ in drops]
        places = axes.get_xaxis_transform()
        axes.plot(steps, [0.0] * len(steps), "^", color="#777777", transform=places, label=" lr decay")


def _best(axes: Axes, curve: Curve) -> None:
    from matplotlib import rcParams

    finite = np.flatnonzero(np.isfinite(curve.values))
    if curve.role.better == "none" or len(finite) < 2:
        return
    pick = np.argmin if curve.role.better == "lower" else np.argmax
    best = finite[pick(curve.values[finite])]
    ink = rcParams["text.color"]
    axes.plot(
        curve.steps[best], curve.values[best], "o", markerfacecolor="none", markeredgecolor=ink, markersize=8
    )


def _broken(axes: Axes, curve: Curve, mark: str) -> None:
    """Crosses at the lower edge where the main curve is NaN or infinite: a gap alone is easily missed."""
    bad = curve.steps[~np.isfinite(curve.values)]
    if len(bad):
        some = bad[:: max(1, len(bad) // 50)]
        places = axes.get_xaxis_transform()
        axes.plot(
            some,
            np.full(len(some), 0.03),
            "x",
            color=mark,
            markersize=5,
            transform=places,
            label=" NaN or Inf",
        )


def _thinned(curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    """At most about `POINTS` points: lowest and highest of equal stretches, in order."""
    values = np.where(np.abs(curve.values) < 1e300, curve.values, np.nan)
    if len(values) <= POINTS:
        return curve.steps, values
    kept: set[int] = {0, len(values) - 1}
    for part in np.array_split(np.arange(len(values)), POINTS // 2):
        finite = part[np.isfinite(values[part])]
        # a stretch without a number keeps one point, so that the line shows a gap
        kept |= (
            {int(finite[np.argmin(values[finite])]), int(finite[np.argmax(values[finite])])}
            if len(finite)
            else {int(part[0])}
        )
    index = np.array(sorted(kept))
    return curve.steps[index], values[index]


def _spread(curves: list[Curve]) -> bool:
    """Whether a logarithmic axis shows more: all positive, and far apart."""
    finite_values = [curve.values[np.isfinite(curve.values)] for curve in curves]
    every = np.concatenate(finite_values)
    return len(every) > 1 and bool((every > 0).all()) and float(every.max()) > LOG_FROM * float(every.min())


def _title(diagnosis: Diagnosis, finding: Finding | None, thumbnail: bool) -> str:
    if thumbnail:  # the run's name stands beside it
        return diagnosis.state if finding is None else f"{title(finding.condition)}"
    label = diagnosis.state if finding is None else f"{diagnosis.state}: {finding.condition}"
    return f"{shorten(one_line(diagnosis.run.name), NAME)}  ({label})"


def _colors(clear: bool) -> dict[str, str]:
    ink, paper = (INK_ON_ANY, "none") if clear else ("#202124", "#ffffff")
    inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    return {
        **dict.fromkeys(inked, ink),
        "figure.facecolor": paper,
        "axes.facecolor": paper,
        "savefig.facecolor": paper,
        "legend.facecolor": paper,
    }
