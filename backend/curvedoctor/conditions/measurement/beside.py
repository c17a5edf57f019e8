"""A first loss against what is logged beside it: what so many right answers cost, or what the mean costs."""

from __future__ import annotations

from curvedoctor.conditions.base import finding, number, percent, times
from curvedoctor.conditions.learning_rate.too_large import too_large
from curvedoctor.conditions.measures.proportions import CROSS, proportion, warranted
from curvedoctor.conditions.measures.shape import name, relative
from curvedoctor.conditions.stability.high_rate import above_custom
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.chance import classes
from curvedoctor.features.rates import decades_below_usual, logged_lr
from curvedoctor.features.series import Series
from curvedoctor.model import Finding
from curvedoctor.roles import is_proportion

ID = "initial-loss-off"
#: decades above custom from which on the first steps of a rate make a loss what it is after them
DECADES = 1.2
#: a first loss that high, as a multiple of what its answers warrant;
#: which it then comes down from by this factor, to that multiple, or by so much that no sum over a batch does
HIGH, OVER, COMES_DOWN, USUAL, FAR_DOWN = 8.0, 4.0, 2.0, 3.0, 5.0
#: classes where their number is not known, and where so many answers are wrong at first, and ever, that they
#: may be words; least cost in nats that a ratio is taken of
CLASSES, WORDS, WRONG, UNSURE, LEAST = 10.0, 1e5, 0.8, 0.3, 0.2
#: what makes a first loss far too high: the inputs, the weights, or the first steps
OFF = ("normalize-input", "fix-init", "lower-lr", "add-warmup")
OF_SCALE, OF_STEPS = "inputs or weights", "inputs, weights or the first steps"
#: times the error of the mean from which on weights or inputs are out of scale: outputs of the usual size
#: cost one or two, targets that are some σ from zero ten (which a bias learns soon); from which on only steps
#: that diverge make them, and how far an error may climb that no steps made
FAR, DIVERGED, CLIMBS = 25.0, 1e12, 1.5


def against_beside(case: Case) -> Finding | None:
    """The first loss against what is logged beside it: right answers, or the mean's."""
    found = _against_answers(case) or _against_mean(case)
    thrown = found is not None and (decades_below_usual(case) or 0.0) < -DECADES
    # such a rate spoils any model within an epoch
    return None if thrown and isinstance(too_large(case), Finding) else found


def _against_answers(case: Case) -> Finding | None:
    """The first loss against what so many right answers cost a model that knows what it does not know.

    A loss that is summed over a batch stays as far off; one that started too high comes down to what its
    answers cost.
    """
    for split, s in (("train", case.train), ("val", case.val)):
        error = proportion(case, split) or proportion(case, "val" if split == "train" else "train")
        if (
            s is None
            or error is None
            or case.judged_quantity != "loss"
            or case.word("loss") not in (None, *CROSS)
        ):
            continue
        k = classes(case) or _classes(error)
        costs = warranted(error.stats.first, k)
        ratio = relative(s.stats.first, costs)
        later = relative(s.stats.end, max(warranted(error.stats.end, k), LEAST))
        if (
            s.stats.first < HIGH
            or ratio < OVER
            or later > max(min(ratio / COMES_DOWN, USUAL), ratio / FAR_DOWN)
        ):
            continue
        scale = _of_scale(case, OVER * costs)
        lost = scale and case.val is not None and case.val.stats.end > costs  # worth less than a guess
        return finding(
            ID, "error" if lost else "warning", 0.85, s,
            f"The {name(s)} starts at {number(s.stats.first)} with {percent(1 - error.stats.first)} of the "
            f"answers right, where {number(costs)} or less is usual: {OF_SCALE if scale else OF_STEPS} are "
            "far too large.",
            others=(error,), onset=0.0, until=0.0, actions=_remedies(case) if scale else OFF,
            first=s.stats.first, expected=costs, ratio=ratio, loss=case.word("loss"),
        )  # fmt: skip
    return None


def _of_scale(case: Case, far: float) -> bool:
    """Whether both losses start that high, at a rate that is not known to be too high: an epoch undoes what
    first steps do, and where they blow a loss up it starts lower."""
    train, val = case.finest_train, case.val
    both = train is not None and val is not None and min(train.stats.first, val.stats.first) >= far
    return both and train is not None and not above_custom(case, train.curve)


def _remedies(case: Case) -> tuple[str, ...]:
    """What mends the scale; a rate that is not logged may be too high after all."""
    return OFF[:2] if logged_lr(case) is not None else OFF[:3]


def _classes(error: Series) -> float:
    """How many classes there may be at most: words where few answers are ever right, else twice as many as a
    guess would need."""
    if error.stats.first > WRONG and error.stats.best > UNSURE:
        return WORDS
    return max(CLASSES, min(WORDS, 2.0 / max(1.0 - error.stats.first, 1.0 / WORDS)))


def _against_mean(case: Case) -> Finding | None:
    """A first R² so far below zero that the outputs are of another order than the targets. Scores of right
    answers end at zero, correlations at −1: what lies below is an R², whatever it is called."""
    for s, loss in ((case.val_score, case.val), (case.train_score, case.train)):
        if s is None or s.ceiling != 1.0 or is_proportion(s.curve) or not FAR <= s.stats.first < DIVERGED:
            continue
        if s.stats.top > CLIMBS * s.stats.first or above_custom(case, s.curve):
            continue
        lost = s.stats.end > 1.0  # of no more use than the mean
        return finding(
            ID, "error" if lost else "warning", 0.85, s,
            f"The {name(s)} starts at {number(s.logged(s.stats.first))}: the error is {times(s.stats.first)} "
            f"times that of answering the mean, where an untrained model's is about one, and it ends at "
            f"{told.last(s)}. Inputs, targets or weights are far too large.",
            others=(loss,), onset=0.0, until=0.0, actions=_remedies(case), first=s.stats.first, expected=1.0,
            ratio=s.stats.first, loss=case.word("loss"),
        )  # fmt: skip
    return None
