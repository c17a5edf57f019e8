"""The runs of one setting: repeats, which tell what noise does, and no remedy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from curvedoctor.advice.one_task import APART, end_of, saved_by
from curvedoctor.advice.trial import UNLOGGED, Trial
from curvedoctor.features.summary import Summary
from curvedoctor.model import ParamValue
from curvedoctor.params.repeats import middle_half


class Setting:
    """Runs with equal hyperparameters, whatever their seed and fold."""

    def __init__(self, runs: Sequence[Summary]) -> None:
        self._runs = sorted(runs, key=end_of)
        #: the lower median of them
        self.typical = self._runs[(len(runs) - 1) // 2]

    @cached_property
    def _folds(self) -> dict[ParamValue, list[Summary]]:
        folds: dict[ParamValue, list[Summary]] = {}
        for run in self._runs:
            if (fold := run.params.get("fold")) is not None:
                folds.setdefault(fold, []).append(run)
        return folds

    def beside(self, own: Summary) -> Summary | None:
        """The run to compare one with: of the same fold where both know it (others hold out other data), else
        the typical one."""
        fold = own.params.get("fold")
        if fold is None or not self._folds:
            return self.typical
        same = self._folds.get(fold)
        return same[(len(same) - 1) // 2] if same else None

    @cached_property
    def spread(self) -> float:
        """Share by which the middle half of the runs differ in their ends; of those of one fold each."""
        return max(map(_spread, self._folds.values() if self._folds else [self._runs]))

    @property
    def tell_of_more(self) -> bool:
        """Whether they differ by more than seeds do: then something differs that is not logged."""
        return self.spread > APART

    def unlike(self, own: Summary) -> Trial | None:
        """That the others ended far below the run, though they log the same settings: no remedy."""
        other = self.beside(own)
        if not self.tell_of_more or other is None or (gain := saved_by(own, other)) <= APART:
            return None
        return Trial(UNLOGGED, 0.5, "", "", other.run, round(gain, 3), same_task=False)


def _spread(runs: Sequence[Summary]) -> float:
    """Share between the quartiles of some ends; between lowest and highest of two to four."""
    low, high = middle_half(runs)
    return saved_by(high, low)
