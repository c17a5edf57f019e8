"""A run as the conditions see it: which curve is the training loss, which the validation loss, and so on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property

from curvedoctor.features.clocks import ranges_of
from curvedoctor.features.pair import Pair, pairs
from curvedoctor.features.rewards import reward_of, trains_an_agent
from curvedoctor.features.schedule import Schedule, recognize
from curvedoctor.features.series import Series, prepare
from curvedoctor.features.trees import library_of
from curvedoctor.model import Curve, ParamValue, Quantity, Run

#: a loss under one of these words is a part of another, or an auxiliary one
_PARTS = re.compile(r"box|obj|cls|dfl|reg|aux|kl|recon|head|rpn|mask|giou|l1|l2|smooth|ema", re.IGNORECASE)
_TOTAL = re.compile(
    r"total|overall|combined|^loss$|^(train|val|valid|validation|eval|test|epoch)[/_]loss$", re.IGNORECASE
)
#: epochs below which a curve per epoch hides what its steps show
EPOCHS = 6
#: an epoch curve with fewer points says less than the curve per step beside it
MIN_EPOCH_POINTS = 6


@dataclass(frozen=True, eq=False)
class Case:
    """One run, prepared. Series are None where the run does not log such a curve."""

    run: Run
    #: every curve's series by curve id (those with a finite point)
    series: Mapping[str, Series]
    #: the curves that are judged as losses, training per epoch, per step, validation
    train: Series | None = None
    train_step: Series | None = None
    val: Series | None = None
    #: accuracies and other scores that belong to them
    train_score: Series | None = None
    val_score: Series | None = None
    #: an agent's reward, its evaluation before its training
    reward: Series | None = None
    lr: Curve | None = None
    grad_norm: Series | None = None
    #: what `train` and `val` are: losses, errors, or (turned round) scores
    judged_quantity: Quantity = "loss"
    #: an agent is trained: its losses have no direction of their own, and its reward is judged
    agent: bool = False

    @property
    def params(self) -> Mapping[str, ParamValue]:
        return self.run.params

    @cached_property
    def finest_train(self) -> Series | None:
        """The training loss with most detail: per step if logged, else per epoch."""
        return self.train_step or self.train

    @cached_property
    def coarsest_train(self) -> Series | None:
        """The training loss that is easiest to read: per epoch if logged, else per step."""
        return self.train or self.train_step

    @cached_property
    def primary(self) -> Series | None:
        """The curve that a verdict rests on first: training per epoch,
        per step where a few epochs hide the steps, else validation."""
        few = self.train is not None and self.train.stats.n < EPOCHS
        if few and self.train_step is not None and self.train_step.stats.n >= EPOCHS:
            return self.train_step
        return self.coarsest_train or self.val

    @cached_property
    def outcome(self) -> Series | None:
        """The curve that says how good the run became: validation, else the primary one."""
        return self.val or self.primary

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Generators and discriminators whose losses are logged."""
        return pairs(self.series)

    @cached_property
    def boosting(self) -> bool:
        """Whether the run grows boosted trees, by what it says of itself or by its names."""
        model = self.word("model")
        return self.library is not None if model is None else model == "tree"

    @cached_property
    def library(self) -> str | None:
        """The library that grows the trees, where the configuration or the names of the curves tell."""
        return self.word("library") or library_of(self.run.curves)

    @cached_property
    def schedule(self) -> Schedule | None:
        """What the learning-rate curve does; None where none is logged."""
        return recognize(self.lr) if self.lr is not None else None

    @property
    def cut_short(self) -> bool:
        """Whether the run failed, was killed, or its log ends before nine tenths of the configured epochs."""
        s, epochs = self.outcome, self.number("epochs")
        if self.run.status in ("failed", "killed"):
            return True
        if s is None or not epochs or s.curve.axis != "epoch":
            return False
        return int(s.curve.steps.max()) + int(s.curve.steps[0] == 0) < 0.9 * epochs

    def number(self, name: str) -> float | None:
        """A numeric hyperparameter, or None."""
        value = self.params.get(name)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def word(self, name: str) -> str | None:
        """A textual hyperparameter, or None."""
        value = self.params.get(name)
        return value if isinstance(value, str) else None


def build(runs: Sequence[Run], primary: str | None = None) -> list[Case]:
    """Cases for a block of runs: the statistics of all their curves are computed together.

    `primary`, a pattern on curve ids, says which of several curves that measure the same is judged by.
    """
    curves: list[Curve] = []
    ranges: list[tuple[float, float]] = []
    owner: list[int] = []
    for i, run in enumerate(runs):
        ranged = ranges_of(run.curves)
        for curve in run.curves:
            if len(curve) and curve.role.quantity in ("loss", "accuracy", "error", "reward", "grad_norm"):
                curves.append(curve)
                ranges.append(ranged[curve.id])
                owner.append(i)
    series_by_run: list[dict[str, Series]] = [{} for _ in runs]
    for i, series in zip(owner, prepare(curves, ranges), strict=True):
        if series is not None:
            series_by_run[i][series.curve.id] = series
    cases = [_case(run, series, primary) for run, series in zip(runs, series_by_run, strict=True)]
    return [_counted_in_rounds(case, primary) if case.boosting else case for case in cases]


def _counted_in_rounds(case: Case, primary: str | None) -> Case:
    """The case of boosted trees, whose steps are rounds, whatever the source took them for."""
    return _case(case.run, {id_: replace(s, unit="round") for id_, s in case.series.items()}, primary)


def _case(run: Run, series: Mapping[str, Series], primary: str | None) -> Case:
    lr = [c for c in run.curves if c.role.quantity == "lr" and len(c)]
    grad = [s for s in series.values() if s.curve.role.quantity == "grad_norm"]
    common = Case(
        run=run,
        series=series,
        reward=reward_of(series, primary),
        lr=max(lr, key=lambda c: (float(c.values.max()), -len(c.id))) if lr else None,
        grad_norm=min(grad, key=lambda s: (len(s.curve.id), s.curve.id)) if grad else None,
    )
    if trains_an_agent(series):
        return replace(common, judged_quantity="reward", agent=True)
    return _supervised(common, primary)


def _supervised(case: Case, primary: str | None) -> Case:
    """The case with the losses and scores that it is judged by."""
    series, quantity = case.series, _judged_quantity(case.series)
    split_of = {"train": ("train", "none"), "val": ("val", "test")}
    train = _pick(series, quantity, split_of["train"], {"epoch", "unknown"})
    step = _pick(series, quantity, split_of["train"], {"step"})
    val = _pick(series, quantity, split_of["val"], None, like=train or step, primary=primary)
    if train is not None and step is not None and train.stats.n < MIN_EPOCH_POINTS <= step.stats.n:
        train = None  # two epochs hide what four hundred steps show
    scores: tuple[Series | None, Series | None] = (None, None)
    if quantity != "accuracy":
        scores = (
            _pick(series, "accuracy", split_of["train"], None),
            _pick(series, "accuracy", split_of["val"], None, primary=primary),
        )
    return replace(
        case,
        train=train,
        train_step=step,
        val=val,
        train_score=scores[0],
        val_score=scores[1],
        judged_quantity=quantity,
    )


def _judged_quantity(series: Mapping[str, Series]) -> Quantity:
    """Losses with a direction are judged; without any, errors; without those, scores."""
    quantities: tuple[Quantity, ...] = ("loss", "error", "accuracy")
    for quantity in quantities:
        if any(_judgeable(s, quantity) for s in series.values()):
            return quantity
    return "loss"


def _judgeable(s: Series, quantity: Quantity) -> bool:
    role = s.curve.role
    return role.quantity == quantity and role.better != "none" and s.stats.n >= 2


def _pick(
    series: Mapping[str, Series],
    quantity: Quantity,
    splits: tuple[str, ...],
    granularity: set[str] | None,
    *,
    like: Series | None = None,
    primary: str | None = None,
) -> Series | None:
    """The main curve of a kind: the user's primary one, a total before a part, the preferred split, most
    points, shortest name."""
    known = [
        s
        for s in series.values()
        if _judgeable(s, quantity)
        and s.curve.role.split in splits
        and (granularity is None or s.curve.role.granularity in granularity)
    ]
    if not known:
        return None

    def rank(s: Series) -> tuple[object, ...]:
        tag = s.curve.tag
        return (
            0 if primary is not None and fnmatchcase(s.curve.id, primary) else 1,
            splits.index(s.curve.role.split),
            0 if like is not None and _stem(tag) == _stem(like.curve.tag) else 1,
            0 if _TOTAL.search(tag) else 1,
            1 if _PARTS.search(tag) else 0,
            0 if s.curve.role.granularity == "epoch" else 1,
            -s.stats.n if granularity == {"step"} else 0,
            len(s.curve.id),
            s.curve.id,
        )

    return min(known, key=rank)


def _stem(tag: str) -> str:
    """The tag without the words that name a split or granularity: `val_loss_epoch` → `loss`."""
    return re.sub(
        r"train(ing)?|valid(ation)?|val|eval(uation)?|test|epoch|step|[^a-z0-9]+", "", tag[:500].lower()
    )
