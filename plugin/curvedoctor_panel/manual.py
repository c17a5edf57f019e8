"""Manual pages as plain data: a condition's page cut into headings and paragraphs, with two pictures."""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import TYPE_CHECKING

from curvedoctor.reports.phrases import title
from curvedoctor_panel.plain import Json, clip

if TYPE_CHECKING:
    from curvedoctor.conditions.base import Condition
    from curvedoctor.model import Diagnosis

#: the same pictures every time
SEED = 7
#: points of a small picture
PICTURED = 70


def known() -> dict[str, Condition]:
    """All conditions of this version, by id."""
    from curvedoctor.conditions.base import all_conditions

    return dict(all_conditions())


def meaning(condition: str, key: str) -> str:
    """What an evidence key of a condition means, with its unit; "" where the page says nothing."""
    condition_ = known().get(condition)
    return condition_.evidence.get(key, "") if condition_ is not None else ""


@cache
def page(condition: str) -> Json | None:
    """{condition, title, sections: [{heading, blocks: [{kind, text}]}], pictures}; None for an unknown id."""
    condition_ = known().get(condition)
    if condition_ is None:
        return None
    parts = sections(inspect.cleandoc(condition_.manual))
    if condition_.evidence:
        blocks = [{"kind": "li", "text": f"`{key}`: {text}"} for key, text in condition_.evidence.items()]
        parts.append({"heading": "Evidence", "blocks": blocks})
    return {
        "condition": condition,
        "title": title(condition),
        "sections": parts,
        "pictures": pictures(condition_),
    }


def sections(text: str) -> list[Json]:
    """A page's headings (unindented lines of one paragraph with indented text below) with their blocks."""
    out: list[dict[str, Json]] = [{"heading": "", "blocks": []}]
    lines = text.splitlines()
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else ""
        if line and not line[0].isspace() and following[:1].isspace():
            out.append({"heading": line.strip(), "blocks": []})
        else:
            _add(out[-1]["blocks"], line)
    for section in out:
        section["blocks"] = [block for block in section["blocks"] if block["text"]]
    return [section for section in out if section["heading"] or section["blocks"]]


def _add(blocks: list[dict[str, Json]], line: str) -> None:
    """Add one line: to the paragraph or list item that is open, or as a new one."""
    text = line.strip()
    bullet = re.match(r"(?:[-*]|\d+\.)\s+(.*)", text)
    if not text:
        blocks.append({"kind": "p", "text": ""})
    elif bullet:
        blocks.append({"kind": "li", "text": bullet.group(1)})
    elif blocks and blocks[-1]["text"]:
        blocks[-1]["text"] += " " + text
    else:
        blocks.append({"kind": "p", "text": text})


def pictures(condition: Condition) -> list[Json]:
    """The condition's own examples, one sick and one healthy,
    drawn with the curves that the finding names."""
    import numpy as np

    from curvedoctor.engine import Options, diagnose_runs

    if not condition.sick or not condition.healthy:
        return []
    runs = [make[0](np.random.default_rng(SEED)) for make in (condition.sick, condition.healthy)]
    sick, healthy = (diagnose_runs([run], Options(conditions=(condition.id,)))[0] for run in runs)
    finding = next((item for item in sick.findings if item.condition == condition.id), None)
    names = finding.curves if finding is not None else tuple(curve.id for curve in sick.run.curves[:2])
    onset = finding.onset if finding is not None else None
    return [_picture("sick", sick, names, onset), _picture("healthy", healthy, names, None)]


def _picture(kind: str, diagnosis: Diagnosis, names: tuple[str, ...], onset: float | None) -> Json:
    """One picture: all curves on one scale, in thousandths of both axes."""
    import numpy as np

    from curvedoctor_panel.decimate import ascending, keep

    curves = [curve for curve in diagnosis.run.curves if curve.id in names[:2] and len(curve) > 1]
    curves = curves or [curve for curve in diagnosis.run.curves if len(curve) > 1][:1]
    finite = np.concatenate([curve.values[np.isfinite(curve.values)] for curve in curves] or [np.zeros(1)])
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    start = min((float(curve.steps.min()) for curve in curves), default=0.0)
    end = max((float(curve.steps.max()) for curve in curves), default=1.0)
    drawn: list[dict[str, Json]] = []
    for curve in curves:
        order, x = ascending(curve.steps.astype(np.float64))
        y = curve.values[order]
        kept = keep(y, PICTURED)
        across = (x[kept] - start) / ((end - start) or 1.0)
        up = (y[kept] - low) / ((high - low) or 1.0)
        drawn.append(
            {
                "label": clip(curve.id, 40),
                "split": curve.role.split,
                "x": [round(1000 * float(value)) for value in across],
                "y": [round(1000 * float(value)) if np.isfinite(value) else None for value in up],
            }
        )
    share = None if onset is None else min(max((onset - start) / ((end - start) or 1.0), 0.0), 1.0)
    alt = f"A {kind} example: {', '.join(item['label'] for item in drawn)}"
    return {"kind": kind, "alt": alt, "onset": share, "curves": drawn}
