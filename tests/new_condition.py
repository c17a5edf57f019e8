"""Write a new condition: `python -m tests.new_condition my-condition [SUBJECT]`; prints what comes then.

The module that it writes is complete: page, check, examples. It says that validation ends far above training;
replace what it says, piece by piece, while its tests stay green.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONDITIONS = ROOT / "backend" / "curvedoctor" / "conditions"
ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
TEMPLATE = '''"""Validation ends far above training.

Why it matters
    One or two sentences: what is lost where this holds, and what it does to whoever doesn't see it.

How it decides
    The validation loss ends at twenty times the training loss or more. Say which curves are asked, with
    which thresholds, and what is not judged.

What to try
    The change to try first, with a number; then what else helps, and in which order to try it.

When it is wrong
    What looks alike and is none; each of these is a healthy example below, so that it stays true.

References
    Goodfellow, Bengio and Courville (2016), Deep learning, chapter 7.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.shape import relative, why_unjudgeable
from curvedoctor.features.case import Case
from curvedoctor.model import Finding, Run, Unjudged

ID = "{id}"
#: validation's final level as a multiple of training's: a finding from the first on, certain from the
#: second on
APART = (10.0, 20.0)


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case)
    if reason is not None:
        return unjudged(ID, reason)
    train, val = case.coarsest_train, case.val
    if train is None or val is None:
        return unjudged(ID, "training and validation are not both logged")
    times = relative(val.stats.end, train.stats.end)
    confidence = 0.9 * ramp(times, *APART)
    if confidence < REPORT_FROM:
        return None
    return finding(
        ID, "warning", confidence, val, f"Validation ends at {{number(times)}} times the training loss.",
        others=(train,), at=len(val.y) - 1, times=times,
    )  # fmt: skip


def _apart(rng: np.random.Generator) -> Run:
    return run(train_loss=falling(rng, floor=0.01), val_loss=falling(rng, floor=1.2))


def _apart_per_step(rng: np.random.Generator) -> Run:
    return run(train_loss_step=falling(rng, 400, floor=0.01), val_loss=falling(rng, 40, floor=1.0))


def _near(rng: np.random.Generator) -> Run:
    """A gap of three times is none."""
    return run(train_loss=falling(rng, floor=0.1), val_loss=falling(rng, floor=0.3))


CONDITION = Condition(
    id=ID,
    title="{title}",
    severity="warning",
    actions=("more-data", "regularize"),
    check=check,
    evidence={{"times": "final level of validation over that of training"}},
    sick=(_apart, _apart_per_step),
    healthy=(*HEALTHY, _near),
    stage="preview",
)
'''
NEXT = """Written: {path}
Nothing else needs an edit. Replace what the module says, then, from tests/:
    pytest conditions -k {id}
    python conditions/confusion.py && python -m conditions.boundaries && python -m conditions.variants
    python -m golden.write && python -m features.rows       # rows of its examples; read the diff
"""


def write(condition: str, subject: str, root: Path = CONDITIONS) -> Path:
    """The module of a new condition. Raises `SystemExit` for a name that is taken or none."""
    subjects = sorted(path.parent.name for path in root.glob("*/__init__.py"))
    name = condition.replace("-", "_")
    if not ID.fullmatch(condition):
        raise SystemExit(f"{condition!r} must be small letters, digits and hyphens, as in lr-too-high")
    if subject not in subjects:
        raise SystemExit(f"{subject!r} must be one of {', '.join(subjects)}")
    if any(root.glob(f"*/{name}.py")):
        raise SystemExit(f"there is a condition {condition} already")
    path = root / subject / f"{name}.py"
    path.write_text(TEMPLATE.format(id=condition, title=condition.replace("-", " ")), encoding="utf-8")
    return path


def main() -> None:
    """Write it, and say what comes next."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("condition", help="its id, as in lr-too-high")
    parser.add_argument(
        "subject", nargs="?", default="progress", help="a folder of conditions/ (default: progress)"
    )
    given = parser.parse_args()
    path = write(given.condition, given.subject)
    print(NEXT.format(path=path.relative_to(ROOT), id=given.condition))


if __name__ == "__main__":
    main()
