"""Text for people: names made harmless, for terminals also shortened, padded and coloured."""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curvedoctor.model import Finding, Prescription

COLORS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
#: how each state and severity is marked: Unicode, ASCII, colour
MARKS = {
    "failed": ("✗", "x", "red"),
    "needs attention": ("!", "!", "yellow"),
    "can't tell": ("?", "?", "dim"),
    "could improve": ("↑", "^", "blue"),
    "fine": ("✓", "+", "green"),
    "error": ("✗", "x", "red"),
    "warning": ("!", "!", "yellow"),
    "info": ("i", "i", "blue"),
}


def safe(value: str) -> str:
    r"""`value` in one harmless line: control, escape, bidi and invisible characters are spelled out.

    >>> safe("a\x1b[31m\u202eb")
    'a\\x1b[31m\\u202eb'
    """
    if value.isascii() and value.isprintable():
        return value
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for char in value
    )


def one_line(value: str) -> str:
    """`value` in one printable line, for stores that take plain text."""
    return " ".join("".join(char if char.isprintable() else " " for char in value).split())


def markdown(value: str) -> str:
    r"""`value` as text that Markdown and HTML show as it is, in one line: it may hold what somebody logged.

    >>> markdown("a*b|<c>")
    'a\\*b\\|&lt;c&gt;'
    """
    # TensorBoard's Markdown knows no `\~`
    plain = html.escape(one_line(value), quote=False).replace("~", "&#126;")
    return re.sub(r"([\\`*_{}\[\]|])", r"\\\1", plain)


def cells(value: str) -> int:
    """Columns that `value` takes in a terminal."""
    if value.isascii():
        return len(value)
    from rich.cells import cell_len

    return cell_len(value)


def shorten(value: str, width: int, unicode: bool = True) -> str:
    """`value` in at most `width` columns, the middle left out: names differ at both ends.

    >>> shorten("lr_0.1_batch_64_seed_3", 12)
    'lr_0.1…eed_3'
    """
    if cells(value) <= width:
        return value
    gap = "…" if unicode else "..."
    room = max(width - len(gap), 0)
    head = cut(value, room - room // 2)
    tail = cut(value[::-1], room // 2)[::-1]
    return f"{head}{gap}{tail}" if room else gap[:width]


def cut(value: str, width: int) -> str:
    """The longest start of `value` that fits into `width` columns."""
    value = value[:width]
    while cells(value) > width:
        value = value[:-1]
    return value


def pad(value: str, width: int) -> str:
    """`value` filled with spaces to `width` columns."""
    return value + " " * max(width - cells(value), 0)


def fit(value: str, width: int, unicode: bool = True) -> str:
    """A log's name as a table cell: harmless, shortened."""
    return shorten(safe(value), width, unicode)


def number(value: object) -> str:
    """A number for reading: four digits, no trailing zeros."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return safe(str(value))
    if abs(value) < 10**9 and value == int(value):  # steps are whole, whatever type they come in
        return str(int(value))
    return f"{value:.4g}"


def percent(probability: float) -> str:
    """A probability for reading."""
    if not math.isfinite(probability):
        return "–"
    return "< 1 %" if 0 < probability < 0.005 else f"{min(round(100 * probability), 100)} %"


def ascii_only(value: str) -> str:
    """`value` for an output that carries only ASCII: our own signs become words, the rest escapes."""
    for sign, word in (
        ("→", "->"),
        ("↑", "^"),
        ("±", "+/-"),
        ("…", "..."),
        ("×", "x"),
        ("−", "-"),
        ("–", "-"),
        ("·", "-"),
        ("≈", "~"),
    ):
        value = value.replace(sign, word)
    return value.encode("ascii", "backslashreplace").decode("ascii")


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours, or none."""

    color: bool

    def __call__(self, value: str, *styles: str) -> str:
        if not self.color or not styles:
            return value
        return f"\x1b[{';'.join(COLORS[style] for style in styles)}m{value}\x1b[0m"


def onset(finding: Finding) -> str:
    """Where a finding begins, as a cell: the number, with its unit unless that is the step."""
    if finding.onset is None:
        return ""
    if finding.axis == "time":
        return f"{number(finding.onset)} s"
    return f"epoch {number(finding.onset)}" if finding.axis == "epoch" else number(finding.onset)


#: names as people shorten them in a narrow cell
SHORT = {"weight_decay": "wd"}


def change(prescription: Prescription) -> str:
    """A prescription as a cell: the action and its numbers."""
    now, then = prescription.current, prescription.proposed
    if prescription.step is not None:  # what is on the chart, as the text names it
        return f"{prescription.action} at {number(prescription.step)}"
    if now is not None and then is not None:
        return f"{prescription.action} {number(now)} → {number(then)}"
    if then is not None:
        # "clip-gradients 1" says what is set, "regularize 0.001" does not
        what = SHORT.get(prescription.parameter or "", prescription.parameter or "")
        known = set(what.split("_")) & set(prescription.action.split("-"))
        return (
            f"{prescription.action} {number(then) if known or not what else f'{safe(what)} {number(then)}'}"
        )
    if prescription.factor is not None:
        return f"{prescription.action} ×{number(prescription.factor)}"
    return prescription.action
