"""Where a run had better stopped: by which curve, at which logged point, and whether that is any advice."""

from __future__ import annotations

from collections.abc import Sequence

from curvedoctor.advice.said import propose
from curvedoctor.conditions.measures.shape import name
from curvedoctor.conditions.measures.turn import at, holds
from curvedoctor.features.case import Case
from curvedoctor.features.learnt import learnt, passed
from curvedoctor.features.selects import selects
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Prescription
from curvedoctor.readings import checkpoint


def stop_early(case: Case, findings: Sequence[Finding]) -> Prescription | None:
    """To stop where the curve that decides is best; None where there is none."""
    s = _decides(case, findings)
    if s is None:
        return None
    step, unit, over = s.step_at(s.best_index), s.curve.axis, passed(case, s)
    counted = f" (counted from 0: after {over:g} epoch{'' if over == 1 else 's'})" if over != step else ""
    text = f"Stop at {unit} {step:.10g}{counted}, where the {name(s)} is best, and keep that checkpoint."
    return propose(text, "epochs", case.params.get("epochs"), over if unit == "epoch" else None, None, step)


def sensible(case: Case, findings: Sequence[Finding]) -> bool:
    """Whether stopping at the best evaluation is any advice.

    It is none where nothing was learnt by then, nor where a score goes on being as good and only the loss
    climbs; and only a finding, never the odds alone, sends anyone back to the first evaluation, or to one of
    many that are as good.
    """
    turned = [f for f in findings if f.condition == "overfitting"]
    if any(f.actions and "stop-early" not in f.actions for f in turned):
        return False
    s = _decides(case, findings)
    if s is None:
        return True
    if all(f.severity == "info" for f in turned) and (
        s.best_index == 0 or _score_holds(case, s) or _luck(case)
    ):
        return False
    return learnt(case, s)


def _decides(case: Case, findings: Sequence[Finding]) -> Series | None:
    """The curve whose best point it is: what turned, else what tells how good the model is."""
    grave = (f for f in findings if f.condition == "overfitting" and f.severity != "info")
    known = (case.series.get(f.curves[0]) for f in grave)
    turned = next((s for s in known if s is not None and s.curve.role.split in ("val", "test")), None)
    return turned or selects(case) or case.val or case.val_score or case.primary


def _luck(case: Case) -> bool:
    """Whether no checkpoint stands out."""
    reading = checkpoint.read(case)
    return reading is not None and reading["reason"] is not None


def _score_holds(case: Case, s: Series) -> bool:
    """Whether a validation score ends as good as it was where a validation loss is best."""
    score = case.val_score
    return s.ceiling is None and score is not None and holds(score, at(s, score, s.best_index))
