"""Rows of numbers → curves over one axis: which column counts, and where each row stands.

A global counter is taken as it is. One that starts over within each epoch becomes epoch·n + batch. If
several rows share an epoch, and nothing finer counts, the rows themselves do. Rows that lack the
counter stand where the last row before them stood, so that training and validation share one axis.
"""

from __future__ import annotations

import numpy as np

from curvedoctor.model import Axis, Floats, Ints
from curvedoctor.sources.text import names
from curvedoctor.sources.text.rows import Cells, Rows

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]

#: share of backward steps above which a column is no counter
_MAX_BACKWARD = 0.25
#: share of rows that repeat the epoch before them above which the rows are what counts
_SHARED_EPOCH = 0.3
#: steps lie within ±2^63; doubles are whole up to 2^53
_MOST = 2.0**63


class Places:
    """Where the rows of one run stand; `at` is NaN where that can't be told."""

    def __init__(self, rows: Rows, mask: Mask) -> None:
        self._rows = rows
        self._mask = mask
        #: columns that are counters and no curves
        self.used: set[str] = set()
        self.axis: Axis = "step"
        #: the log's own epoch of each row, where it is what people know and the steps are made of it: what is
        #: logged once per epoch stands there; None where the log counts steps, or epochs alone
        self.epochs: Floats | None = None
        self.at = self._find()
        for name in self.used:  # a row whose counter is no number has no place
            index, values = rows.cells[name].arrays()
            with np.errstate(invalid="ignore"):
                self.at[index[~(np.abs(values) < _MOST)]] = np.nan

    def once(self, cells: Cells) -> Mask:
        """The rows in which a column that evaluations repeat (epoch, learning rate) says something new."""
        once_only = np.ones(self._rows.count, bool)
        index, values = cells.arrays()
        at = self.at[index]
        again = (at[1:] == at[:-1]) & (values[1:] == values[:-1])
        once_only[index[1:][again]] = False
        return once_only

    def _find(self) -> Floats:
        epoch_name = self._best_epoch()
        epoch = self._dense(epoch_name) if epoch_name else None
        for name in self._fine():
            fine = self._dense(name)
            trained = fine.copy()
            trained[np.array(self._rows.late, np.int64)] = np.nan
            if epoch is not None and _restarts_within(trained, epoch):
                better = self._global(fine)
                self.epochs = _filled(epoch) if better is None else None
                self.used.add(name)
                self._use_all()
                return self._within(name, trained, epoch) if better is None else _filled(_ranked(better))
            if _counts(fine) and not (epoch is not None and _says_less(fine, epoch)):
                self._use_all()
                return _filled(_ranked(self._with_others(name, fine)))
        if epoch is not None and epoch_name is not None:
            return self._by_epoch(epoch_name, epoch)
        return self._by_row()

    def _use_all(self) -> None:
        self.used.update(name for name in self._fine() if _counts(self._dense(name)))

    def _global(self, within: Floats) -> Floats | None:
        """Beside a counter that starts over, one that does not, and stands in at least half as many rows."""
        known = int(np.sum(~np.isnan(within)))
        for name in self._fine():
            values = self._dense(name)
            if _counts(values) and not _backward(values) and 2 * int(np.sum(~np.isnan(values))) >= known:
                return values
        return None

    def _dense(self, name: str) -> Floats:
        values = self._rows.cells[name].dense(self._rows.count)
        values[~self._mask] = np.nan
        with np.errstate(invalid="ignore"):
            values[~(np.abs(values) < _MOST)] = np.nan
        return values

    def _best_epoch(self) -> str | None:
        epochs = [name for name in self._rows.cells if names.plain(name) in names.EPOCH]
        good = [name for name in epochs if _counts(self._dense(name))]
        return max(good, key=lambda name: len(self._rows.cells[name].rows), default=None)

    def _fine(self) -> list[str]:
        known = [name for name in self._rows.cells if names.plain(name) in names.FINE]
        return sorted(known, key=lambda name: (names.FINE[names.plain(name)], name))

    def _with_others(self, name: str, fine: Floats) -> Floats:
        """The counter, with others that count the same where it doesn't stand ("step 500",
        else "iter 490")."""
        for other in self._fine():
            more = self._dense(other)
            joined = np.where(np.isnan(fine), more, fine)
            apart = (
                other != name and not np.any(~np.isnan(fine) & ~np.isnan(more)) and not np.isnan(more).all()
            )
            if apart and _backward(joined) <= _backward(fine) + _backward(more):
                fine = joined
        return fine

    def _within(self, name: str, fine: Floats, epoch: Floats) -> Floats:
        first = 0.0 if np.nanmin(fine) < 1 else 1.0
        total = self._rows.totals.get(name)
        n = max(np.nanmax(fine) + 1 - first, total or 0)
        epoch = _filled(epoch)
        base = 0.0 if np.nanmin(epoch) < 1 else 1.0
        last = n - 1 + first
        positions: Floats = (epoch - base) * n + np.where(np.isnan(fine), last, fine)
        return positions

    def _by_epoch(self, name: str, epoch: Floats) -> Floats:
        ranked = _ranked(epoch)
        self.epochs = _filled(epoch)
        if ranked is not epoch:
            return _filled(ranked)
        if self._rows_share(epoch):
            return self._by_row()
        self.epochs = None
        self.used.add(name)
        self.axis = "epoch"
        return _filled(epoch)

    def _main(self) -> Ints:
        """The rows that hold the curve with the most points."""
        best = np.empty(0, np.int64)
        for name, cells in self._rows.cells.items():
            if not names.is_counter(name) and names.plain(name) not in names.WALL | names.INDEX:
                rows = np.array(cells.rows, np.int64)
                rows = rows[self._mask[rows]]
                best = rows if len(rows) > len(best) else best
        return best

    def _rows_share(self, epoch: Floats) -> bool:
        held = epoch[self._main()]
        held = held[~np.isnan(held)]
        return len(held) > 2 and float(np.mean(held[1:] == held[:-1])) > _SHARED_EPOCH

    def _by_row(self) -> Floats:
        """Rows of the longest curve count; what stands between them is where the last one was."""
        main = np.zeros(self._rows.count, bool)
        main[self._main()] = True
        return np.maximum(np.cumsum(main) - 1.0, 0.0)


def _counts(values: Floats) -> bool:
    """Whether a column goes forward, restarts aside, and isn't the same all the time."""
    known = values[~np.isnan(values)]
    if len(known) < 2:
        return len(known) == 1
    steps = np.diff(known)
    return bool(np.mean(steps < 0) <= _MAX_BACKWARD) and bool(np.any(steps != 0))


def _backward(values: Floats) -> int:
    return int(np.sum(np.diff(values[~np.isnan(values)]) < 0))


def _restarts_within(fine: Floats, epoch: Floats) -> bool:
    """Whether it starts over with most new epochs, and counts within them."""
    both = ~np.isnan(fine) & ~np.isnan(epoch)
    f, e = fine[both], epoch[both]
    new = e[1:] > e[:-1]
    if not new.any() or len(np.unique(f)) < 2:
        return False
    return bool(np.mean(f[1:][new] < f[:-1][new]) > 0.5) and bool(np.any(f[1:][~new] > f[:-1][~new]))


def _says_less(fine: Floats, epoch: Floats) -> bool:
    """Whether it stands still where the epoch goes on."""
    both = ~np.isnan(fine) & ~np.isnan(epoch)
    return len(np.unique(fine[both])) < 2 < len(np.unique(epoch[both]))


def _ranked(values: Floats) -> Floats:
    """Fractions, such as Hugging Face's of an epoch, by their order:
    what was logged at one stays at one place."""
    known = values[~np.isnan(values)]
    if np.all(known == np.floor(known)):
        return values
    ranks = np.full(len(values), np.nan)
    ranks[~np.isnan(values)] = np.unique(known, return_inverse=True)[1]
    return ranks


def _filled(values: Floats) -> Floats:
    """Gaps take the value before them; those at the start the first one."""
    known = ~np.isnan(values)
    filled: Floats = values.copy()
    if not known.any() or known.all():
        return filled
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    last[last < 0] = int(np.argmax(known))
    filled[:] = values[last]
    return filled
