"""What not-learning says of a score that never leaves its value of nothing, whatever the losses do."""

from __future__ import annotations

from curvedoctor.conditions.base import finding, percent
from curvedoctor.conditions.data.one_class import one_class
from curvedoctor.conditions.measures.nothing import FAR, Nothing, learns, loss_beside, of_nothing
from curvedoctor.conditions.measures.shape import begin, fall, name
from curvedoctor.conditions.measures.still import rate_gone, rests_from
from curvedoctor.conditions.progress.blind import ANSWER, ID, learnt_by_training, shared
from curvedoctor.conditions.progress.explained import actions
from curvedoctor.features.case import Case
from curvedoctor.model import Finding

#: what to do where training learns and nothing of it holds for held-out samples
HELD_OUT = ("check-split", "clean-data", "more-data", "regularize")


def of_no_use(case: Case) -> Finding | None:
    """The first score of nothing, where neither the metric nor a class that dominates explains it."""
    if learnt_by_training(case) or rate_gone(case, 0.25) or isinstance(one_class(case), Finding):
        return None
    found = next((each for each in of_nothing(case) if not _explained(case, each)), None)
    if found is None:
        return None
    s, loss, train = found.series, loss_beside(case, found.series), case.coarsest_train
    falls = train is not None and train is not s and train.ceiling is None and learns(case, train)
    though = f", though the {name(train)} falls by {percent(fall(train))}" if falls and train else ""
    do = HELD_OUT if falls else actions(case, loss or s) or ANSWER
    return finding(
        ID, "error", 0.85, s, f"{begin(found.text)}{though}.", others=(loss,), onset=0.0, actions=do,
        level=found.best, chance=None, **shared(case, s),
    )  # fmt: skip


def _explained(case: Case, found: Nothing) -> bool:
    """Whether the loss says that something is learnt, which is the metric's fault; or that weights rest:
    then a share of right answers rests as well."""
    loss = loss_beside(case, found.series)
    if found.kind == "share" and (loss is None or rests_from(loss.y) <= len(loss.y) // 2):
        return True
    return loss is not None and found.kind != "mistakes" and learns(case, loss) and fall(loss) >= FAR
