"""How far a run is from all that was learnt, and how far its odds are trusted there.

Far away, what trees say is a guess: log-odds shrink towards those of the average run, by as much as it took
on tasks and sources that the trees had not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from curvedoctor.model import Floats

#: a feature that was logged in one run and not in the other is this far apart; ranks are at most 1 apart
ABSENT = 0.5
#: a value beyond all that was learnt from is as many ranks beyond the last
BEYOND = 4
#: nearest examples whose mean distance counts
NEAREST = 3
#: knot beyond which one in a hundred of the runs lay that were held out
FEW_BEYOND = -3
#: rank of what was not logged
_NONE = -100


@dataclass(frozen=True, eq=False)
class Familiar:
    """Examples of what was learnt from, as ranks among all that was."""

    #: cuts between a feature's ranks, rising, shape (features, cuts)
    cuts: npt.NDArray[np.float32]
    #: ranks of the examples' features, shape (examples, features)
    examples: npt.NDArray[np.int8]
    #: distances, rising, and the share of a log-odds that is kept there, falling; shape (knots,)
    knots: npt.NDArray[np.float32]
    trust: npt.NDArray[np.float32]
    #: log-odds of the average run, shape (outcomes,)
    average: npt.NDArray[np.float32]

    def ranks(self, rows: Floats) -> npt.NDArray[np.int8]:
        """Ranks of features, shape (n, features), for rows with gaps (n, features)."""
        at = (rows[:, :, None] > self.cuts).sum(axis=2)
        last = self.cuts.shape[1]
        at = np.where(at == 0, -BEYOND, np.where(at == last, last + BEYOND, at))
        return np.where(np.isnan(rows), _NONE, at).astype(np.int8)

    def distance(self, rows: Floats) -> Floats:
        """How far rows (n, features) are from the examples like them, shape (n,): 0 the same, 1 unlike."""
        known, table = self._table
        places, features = np.searchsorted(known, self.ranks(rows)), np.arange(rows.shape[1])
        far = np.array([table[features, bins].sum(axis=0, dtype=np.int32) for bins in places])
        nearest = np.sort(far.reshape(len(rows), len(self.examples)), axis=1)[:, :NEAREST].mean(axis=1)
        return np.asarray(nearest / (2 * self.cuts.shape[1] * rows.shape[1]))

    @cached_property
    def _table(self) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
        """All ranks, and how far each is from the examples' in each feature, shape (features,
        ranks, examples)."""
        cuts = self.cuts.shape[1]
        known = np.array([_NONE, -BEYOND, *range(1, cuts), cuts + BEYOND], np.int8)
        return known, gaps(known[:, None], self.examples.T[:, None, :], cuts)

    def kept(self, distance: Floats) -> Floats:
        """Share of a log-odds that is kept at these distances."""
        return np.interp(distance, self.knots, self.trust)

    def strange(self, distance: Floats) -> npt.NDArray[np.bool_]:
        """Whether runs at these distances are unlike what was learnt from:
        all but few that were held out were nearer."""
        return np.asarray(distance > self.knots[FEW_BEYOND])

    def shrunk(self, odds: Floats, distance: Floats) -> Floats:
        """Log-odds (n, outcomes) of runs that are so far (n,) from what was learnt."""
        return np.asarray(self.average + self.kept(distance)[:, None] * (odds - self.average))


def gaps(ranks: npt.NDArray[np.int8], others: npt.NDArray[np.int8], cuts: int) -> npt.NDArray[np.int8]:
    """How far ranks are apart, in halves of a rank."""
    far = np.minimum(np.abs(ranks - others), cuts) * 2
    return np.where((ranks == _NONE) != (others == _NONE), round(2 * ABSENT * cuts), far).astype(np.int8)


def apart(one: npt.NDArray[np.int8], examples: npt.NDArray[np.int8], cuts: int) -> npt.NDArray[np.float32]:
    """Mean distance of one run's ranks (features,) from those of examples (n, features)."""
    return np.asarray(gaps(one, examples, cuts).mean(axis=1) / (2 * cuts), np.float32)
