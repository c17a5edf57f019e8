"""Small pictures as SVG: a range test, and the outcome over a hyperparameter's values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.etree import ElementTree

from curvedoctor.compare.types import Factor, Group, RangeTest

WIDTH, HEIGHT = 560, 200
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 14, 34
Points = Sequence[tuple[float, float]]


def range_test(test: RangeTest) -> ElementTree.Element | None:
    """Loss over lr (logarithmic), the suggested rate marked."""
    if len(test.points) < 3:
        return None
    suggested = "none" if test.suggested is None else f"{test.suggested:g}"
    svg = _frame(f"Learning-rate range test {test.run}: loss over learning rate; suggested: {suggested}")
    to_pixels = _scale(svg, test.points, "learning rate")
    ElementTree.SubElement(
        svg,
        "polyline",
        {"class": "line", "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in map(to_pixels, test.points))},
    )
    if test.suggested is not None:
        x, _ = to_pixels((test.suggested, test.points[0][1]))
        _mark(svg, x, f"lr {test.suggested:g}")
    return svg


def factor(of_factor: Factor, group: Group) -> ElementTree.Element | None:
    """Every run's level over the values of a numeric hyperparameter, and the best of each."""
    dots: list[tuple[float, float]] = []
    for o in group.outcomes:
        v = o.params.get(of_factor.name)
        if (
            isinstance(v, (int, float))
            and not isinstance(v, bool)
            and v > 0
            and o.level is not None
            and o.bad is None
        ):
            dots.append((float(v), o.level))
    if len({v for v, _ in dots}) < 2:
        return None
    svg = _frame(
        f"{group.outcome} {group.metric} of each run over {of_factor.name}; best at {of_factor.best}"
    )
    proposed = [(v, dots[0][1]) for v in (of_factor.place.propose if of_factor.place else ())]
    to_pixels = _scale(svg, [*dots, *proposed], of_factor.name)
    choose = max if group.better == "higher" else min
    line = [(v, choose(y for x, y in dots if x == v)) for v in sorted({v for v, _ in dots})]
    ElementTree.SubElement(
        svg,
        "polyline",
        {"class": "line", "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in map(to_pixels, line))},
    )
    for dot in dots:
        x, y = to_pixels(dot)
        ElementTree.SubElement(svg, "circle", {"class": "dot", "cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "3"})
    for row, (v, level) in enumerate(proposed):
        _mark(svg, to_pixels((v, level))[0], f"try {v:g}", row)
    return svg


def _frame(label: str) -> ElementTree.Element:
    svg = ElementTree.Element("svg", {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "role": "img", "aria-label": label})
    ElementTree.SubElement(svg, "title").text = label
    ElementTree.SubElement(
        svg,
        "path",
        {"class": "axis", "d": f"M{LEFT},{TOP} V{HEIGHT - BOTTOM} H{WIDTH - RIGHT}"},
    )
    return svg


class _ToPixels:
    """Positions of points: x logarithmic, y logarithmic where it spans more than a factor of ten."""

    def __init__(self, points: Points) -> None:
        xs, ys = [math.log(x) for x, _ in points], [y for _, y in points]
        self.x0, self.x1 = min(xs), max(xs)
        self.low, self.high = min(ys), max(ys)
        self.log = self.low > 0 and self.high / self.low > 10

    def __call__(self, point: tuple[float, float]) -> tuple[float, float]:
        x, y = point
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        at = math.log(y) if self.log else y
        across = (math.log(x) - self.x0) / ((self.x1 - self.x0) or 1.0)
        up = (at - low) / ((high - low) or 1.0)
        return LEFT + 8 + across * (WIDTH - LEFT - RIGHT - 16), HEIGHT - BOTTOM - 6 - up * (
            HEIGHT - TOP - BOTTOM - 12
        )


def _scale(svg: ElementTree.Element, points: Points, name: str) -> _ToPixels:
    """The mapping to the picture, with the ends of both axes written beside them."""
    to_pixels = _ToPixels(points)
    for value, anchor in ((math.exp(to_pixels.x0), "start"), (math.exp(to_pixels.x1), "end")):
        x = LEFT if anchor == "start" else WIDTH - RIGHT
        _text(svg, x, HEIGHT - BOTTOM + 28, f"{value:.3g}", anchor)
    _text(svg, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 28, f"{name} (logarithmic)", "middle")
    for value in (to_pixels.low, to_pixels.high):
        _, y = to_pixels((math.exp(to_pixels.x0), value))
        _text(svg, LEFT - 6, y + 4, f"{value:.3g}", "end")
    return to_pixels


def _text(
    svg: ElementTree.Element, x: float, y: float, text: str, anchor: str, *, kind: str = "label"
) -> None:
    at = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "class": kind}
    ElementTree.SubElement(svg, "text", at).text = text


def _mark(svg: ElementTree.Element, x: float, text: str, row: int = 0) -> None:
    """A line with its label; labels of neighbours stand in rows below each other."""
    ElementTree.SubElement(svg, "path", {"class": "mark", "d": f"M{x:.1f},{TOP} V{HEIGHT - BOTTOM}"})
    left = x > WIDTH - 110
    _text(svg, x - 5 if left else x + 5, TOP + 10 + 15 * row, text, "end" if left else "start", kind="marked")
