"""`curvedoctor explain`."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from curvedoctor.cli.options import examples

if TYPE_CHECKING:
    from curvedoctor.conditions.base import Condition, Example
    from curvedoctor.model import Diagnosis
    from curvedoctor.reports.base import OutputStyle

#: columns; longer lines are hard to read
WIDEST = 100
#: curves of the finding that are drawn
DRAWN = 2
#: the same pictures every time
SEED = 7


@click.command(
    "explain",
    epilog=examples(
        "explain",
        ("", "all conditions"),
        ("overfitting", "how one is decided, and when that is wrong"),
        ("learning rate too high", "by its title"),
        ("lower-lr", "a prescription: what it takes, and which conditions ask for it"),
    ),
)
@click.argument("name", nargs=-1, metavar="[CONDITION|ACTION]")
def command(name: tuple[str, ...]) -> int:
    """Show the manual page of a CONDITION (its id or title), or what an ACTION is that was prescribed
    (its id, such as lower-lr); without one, list all of them."""
    from curvedoctor.cli.options import explained
    from curvedoctor.cli.terminal import emit_line, output_style
    from curvedoctor.conditions.base import all_conditions

    known = all_conditions()
    here = output_style()
    if not name:
        lines = listing(known.values(), here)
    else:
        what, found = explained(" ".join(name))
        lines = page(known[found], here) if what == "condition" else action_page(found, here)
    for line in lines:
        emit_line(line.rstrip())
    return 0


def listing(conditions: object, style: OutputStyle) -> Iterator[str]:
    """A line per condition: id, first sentence of its manual page."""
    from collections.abc import Iterable

    from curvedoctor.actions import ACTIONS
    from curvedoctor.reports.text import MARKS, Paint, pad

    assert isinstance(conditions, Iterable)
    paint = Paint(style.color)
    every = list(conditions)
    width = max(len(condition.id) for condition in every)
    for condition in every:
        sign, plain_sign, color = MARKS[condition.severity]
        mark = paint(sign if style.unicode else plain_sign, color)
        head = headline(condition) + (" (preview)" if condition.stage == "preview" else "")
        lines = textwrap.wrap(head, max(style.width - width - 4, 20))
        yield f"{mark} {paint(pad(condition.id, width), 'bold')}  {lines[0]}"
        yield from (" " * (width + 4) + line for line in lines[1:])
    yield ""
    told = f"What is prescribed: {', '.join(ACTIONS)}."
    yield from textwrap.wrap(told, max(style.width, 20), break_on_hyphens=False)
    yield ""
    yield "curvedoctor explain CONDITION shows how it is decided and what to try;"
    yield "curvedoctor explain ACTION what it takes, and which conditions ask for it."


def action_page(name: str, style: OutputStyle) -> Iterator[str]:
    """What an action is: its text, what it takes and changes, which conditions name it."""
    from curvedoctor.actions import ACTIONS, NETWORKS_ONLY, OPPOSITES, TAKES
    from curvedoctor.conditions.base import all_conditions
    from curvedoctor.reports.text import MARKS, Paint, number, pad

    paint, width, action = Paint(style.color), min(style.width, WIDEST), ACTIONS[name]
    head, *rest = textwrap.wrap(f"{name}: {action.text}", width, break_on_hyphens=False)
    yield from (head.replace(name, paint(name, "bold"), 1), *rest)
    yield ""
    facts = [f"It takes {TAKES[action.cost]}."]
    if action.parameter is not None:
        usual = (
            f" to {number(action.factor)} times what it was"
            if action.factor is not None
            else f" to {number(action.default)}"
            if action.default is not None
            else ""
        )
        unless = ", where the log gives no better value," if usual else ""
        facts.append(f"It changes {action.parameter}{unless}{usual}.")
    opposite = next((pair - {name} for pair in OPPOSITES if name in pair), frozenset[str]())
    facts += [f"It is never prescribed beside {other}." for other in opposite]
    if name in NETWORKS_ONLY:
        facts.append("It is for networks only, not for boosted trees.")
    for fact in facts:
        yield from textwrap.wrap(fact, width, initial_indent="    ", subsequent_indent="    ")
    yield ""
    asking = [condition for condition in all_conditions().values() if name in condition.actions]
    yield paint("Conditions that name it" if asking else "No condition names it by itself.", "bold")
    column = max((len(condition.id) for condition in asking), default=0)
    for condition in asking:
        sign, plain_sign, color = MARKS[condition.severity]
        mark = paint(sign if style.unicode else plain_sign, color)
        lines = textwrap.wrap(condition.title, max(width - column - 8, 12))
        yield f"    {mark} {pad(condition.id, column)}  {lines[0]}"
        yield from (" " * (column + 8) + line for line in lines[1:])


def headline(condition: Condition) -> str:
    """The manual page's first paragraph, in one line."""
    return " ".join(inspect.cleandoc(condition.manual).split("\n\n")[0].split())


def page(condition: Condition, style: OutputStyle) -> Iterator[str]:
    """The manual page: headline, pictures, sections, evidence."""
    from curvedoctor.reports.phrases import title
    from curvedoctor.reports.text import Paint

    paint = Paint(style.color)
    width = min(style.width, WIDEST)
    stage = ", preview: not yet calibrated" if condition.stage == "preview" else ""
    head, *rest = textwrap.wrap(f"{condition.id}: {title(condition.id)} ({condition.severity}{stage})", width)
    yield from (head.replace(condition.id, paint(condition.id, "bold"), 1), *rest)
    yield from textwrap.wrap(headline(condition), width)
    yield ""
    yield from pictures(condition, style, width)
    body = inspect.cleandoc(condition.manual).partition("\n\n")[2]
    for block in re.split(r"\n\s*\n", body):
        yield from section(block, width, paint)
        yield ""
    if condition.evidence:
        yield paint("Evidence", "bold")
        for key, meaning in condition.evidence.items():
            yield from textwrap.wrap(
                f"{key}: {meaning}", width, initial_indent="    ", subsequent_indent="      "
            )


def section(block: str, width: int, paint: object) -> Iterator[str]:
    """One block of a page: a heading stands at the margin, its text is indented."""
    from curvedoctor.conditions.base import HEADINGS

    assert callable(paint)
    heading, _, rest = block.partition("\n")
    if heading.strip() in HEADINGS:
        yield str(paint(heading.strip(), "bold"))
        block = rest
    for item in re.split(r"\n(?=\s*(?:[-*]|\d+\.) )", textwrap.dedent(block)):
        text = " ".join(item.split())
        hanging = "      " if re.match(r"[-*] |\d+\. ", text) else "    "
        yield from textwrap.wrap(text, width, initial_indent="    ", subsequent_indent=hanging)


def judged(condition: Condition, example: Example) -> Diagnosis:
    """An example with its diagnosis."""
    import numpy as np

    from curvedoctor.engine import Options, diagnose_runs

    return diagnose_runs([example(np.random.default_rng(SEED))], Options(conditions=(condition.id,)))[0]


def pictures(condition: Condition, style: OutputStyle, width: int) -> Iterator[str]:
    """A sick example on the left, a healthy one on the right, curve by curve."""
    from curvedoctor.reports.plot import Frame, draw
    from curvedoctor.reports.text import Paint, cells, fit, pad

    if not condition.sick or not condition.healthy:
        return
    sick, healthy = judged(condition, condition.sick[0]), judged(condition, condition.healthy[0])
    finding = next((f for f in sick.findings if f.condition == condition.id), None)
    left = {curve.id: curve for curve in sick.run.curves}
    right = {curve.id: curve for curve in healthy.run.curves}
    names = finding.curves if finding else tuple(left)
    half = (width - 4) // 2
    frame = Frame(max(half - 10, 10), 4, style.unicode)
    paint = Paint(style.color)
    yield paint(pad("sick", half + 4) + "healthy", "bold")
    for index, name in enumerate(names[:DRAWN]):
        onset = finding.onset if finding and index == 0 else None
        mine = draw(left[name], frame, onset) if name in left else []
        theirs = draw(right[name], frame) if name in right else []
        yield paint(fit(name, half, style.unicode), "dim")
        for row in range(max(len(mine), len(theirs))):
            one = mine[row] if row < len(mine) else ""
            other = theirs[row] if row < len(theirs) else ""
            yield f"{paint(one, 'red')}{' ' * (half + 4 - cells(one))}{paint(other, 'green')}"
        yield ""
