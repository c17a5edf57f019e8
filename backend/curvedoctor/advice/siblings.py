"""What siblings say: a run that differs in one hyperparameter is a remedy that was already tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from curvedoctor.advice.one_task import (
    HELPS,
    HELPS_NOT,
    MIN_PAIRS,
    MIXED,
    OF_TASK,
    TELLING,
    Buckets,
    begun_apart,
    close_pairs,
    designed,
    end_of,
    hardly_moved,
    named_for,
    one_valley,
    saved_by,
    too_far,
)
from curvedoctor.advice.setting import Setting
from curvedoctor.advice.trial import NUMBERS, TRIED_HELPS, TRIED_HELPS_NOT, WORDS, Trial, action_of
from curvedoctor.features.summary import Summary
from curvedoctor.params.repeats import not_chosen

#: what makes the data others
OF_DATA = frozenset({"n_train", "n_val", "input_scaling"})
#: with so many hyperparameters equal, two runs are of one task
MIN_EQUAL = 6
#: what stands behind the reason where that is not known
PERHAPS_OTHER = "; whether that is the same task is not known"
#: how many hyperparameters may have changed at once, and how many of the lowest-ending settings are looked at
TOGETHER, BEST = 3, 20


class Siblings:
    """Runs of one group, indexed by all of their parameters but one."""

    def __init__(self, summaries: Sequence[Summary]) -> None:
        self._rows = [s for s in summaries if s.end is not None and s.params]
        self._ignored = not_chosen(s.params for s in self._rows)
        names = {name for s in self._rows for name in s.params} - self._ignored
        self._varied = [n for n in names if len({str(s.params.get(n)) for s in self._rows}) > 1]
        self._varied = sorted(n for n in self._varied if n in NUMBERS or n in WORDS)
        buckets: Buckets = {}
        for s in self._rows:
            for name in self._varied:
                tried = buckets.setdefault((name, self._rest(s, name), _measured(s)), {})
                tried.setdefault(str(s.params.get(name)), []).append(s)
        near, apart = close_pairs(buckets)
        #: whether the runs are known to be of one task; None: whatever else was logged decides
        self._one_task = apart <= MIXED * near if near >= MIN_PAIRS else None
        self._designed = designed(buckets, len(self._rows))
        #: per bucket the runs of each value, the lowest end first
        self._index = {
            key: sorted(map(Setting, tried.values()), key=lambda one: end_of(one.typical))
            for key, tried in buckets.items()
        }
        self._orderly = {
            key for key, tried in self._index.items() if one_valley([one.typical for one in tried], key[0])
        }
        alike: dict[object, list[Summary]] = {}
        for s in self._rows:
            alike.setdefault((self._rest(s), _measured(s)), []).append(s)
        self._settings = {key: Setting(runs) for key, runs in alike.items()}
        #: share by which runs of one setting end apart, where that is more than seeds do; else 0
        self._unlogged = max((one.spread for one in self._settings.values() if one.tell_of_more), default=0.0)
        lowest: dict[object, list[Setting]] = {}
        for one in sorted(self._settings.values(), key=lambda one: end_of(one.typical)):
            lowest.setdefault(_measured(one.typical), []).append(one)
        self._lowest = {curve: settings[:BEST] for curve, settings in lowest.items()}

    def trials(self, own: Summary) -> list[Trial]:
        """What the siblings of one run have tried, the best trial per action.

        A trial is sure where the runs are known to be of one task: nearer ones end alike, enough else that is
        logged is equal, the ends fall and rise once, or the runs are named for their values.
        """
        if own.end is None:
            known = self._one_task is not False and own.lost
            return list(self._beside_a_lost(own)) if known else []
        same = self._settings.get((self._rest(own), _measured(own)))
        unlike = [trial] if same is not None and (trial := same.unlike(own)) else []
        return unlike if self._one_task is False else [*unlike, *self._by_one_change(own)]

    def _by_one_change(self, own: Summary) -> list[Trial]:
        """What siblings that changed one thing say; where none of them ended lower, those that did more."""
        best: dict[str, Trial] = {}
        for name in self._varied:
            wanted = {a for a in NUMBERS.get(name, (WORDS.get(name),)) if a is not None}
            rest = self._rest(own, name)
            key = name, rest, _measured(own)
            alike = self._one_task or self._no_chance(rest) or key in self._orderly
            for setting in self._index.get(key, ()):
                other = setting.beside(own)
                if other is None or other is own or begun_apart(own, other):
                    continue
                action = action_of(name, own.params.get(name), other.params.get(name))
                if action is None or action in best:
                    continue
                trial = self._judge(action, own, other, name)
                if not (alike or (named_for(own, name) and named_for(other, name))):
                    trial = replace(trial, same_task=False, reason=f"{trial.reason}{PERHAPS_OTHER}")
                if trial.help_probability < TRIED_HELPS and too_far(name, own, other):
                    continue
                best[action] = trial
                if wanted <= set(best):
                    break
        clear = [t for _, t in sorted(best.items()) if t.help_probability in (TRIED_HELPS, TRIED_HELPS_NOT)]
        return clear if any(t.helped for t in clear) else clear + self._together(own)

    def _beside_a_lost(self, own: Summary) -> Iterator[Trial]:
        """What siblings say that stayed finite on the same data: they are sound,
        and so is the next lower rate.

        Where one with the same settings did, what made the difference is not logged, and nothing is said.
        """
        alike = [
            (name, other)
            for (name, rest, _), runs in self._index.items()
            if name not in OF_DATA and rest == self._rest(own, name)
            for other in (setting.typical for setting in runs)
            if not begun_apart(own, other) and (name != "lr" or not hardly_moved(own, other))
        ]
        if any(own.params.get(name) == other.params.get(name) for name, other in alike):
            return
        for name, other in alike[:1]:
            reason = (
                f"its sibling {other.run} with {name} {other.params.get(name)} stayed finite on the same data"
            )
            yield Trial("clean-data", TRIED_HELPS_NOT, reason, name, None, 0.0)
        lower = [
            o
            for name, o in alike
            if name == "lr" and action_of(name, own.params.get(name), o.params.get(name)) == "lower-lr"
        ]
        if lower:
            other = max(lower, key=lambda o: float(str(o.params["lr"])))
            reason = f"its sibling {other.run} with lr {other.params['lr']} stayed finite"
            yield Trial("lower-lr", TRIED_HELPS, reason, "lr", other.params["lr"], 1.0)

    def _together(self, own: Summary) -> list[Trial]:
        """What the best sibling has changed at once, two or three hyperparameters,
        if it ended clearly lower."""
        if self._unlogged:
            return []
        for setting in self._lowest.get(_measured(own), ()):
            other = setting.beside(own)
            if other is None or self._least(own, other) < HELPS or begun_apart(own, other):
                continue
            gain = saved_by(own, other)
            names = {*own.params, *other.params} - self._ignored
            differ = sorted(n for n in names if own.params.get(n) != other.params.get(n))
            if not 1 < len(differ) <= TOGETHER or not self._no_chance(
                (n, own.params.get(n)) for n in names if n not in differ
            ):
                continue
            actions = [action_of(n, own.params.get(n), other.params.get(n)) for n in differ]
            tried = {a: n for a, n in zip(actions, differ, strict=True) if a is not None}
            if len(tried) < len(differ):
                continue
            values = ", ".join(f"{n} {other.params.get(n)}" for n in differ)
            because = f"its sibling {other.run} with {values} ended lower by {100 * gain:.0f} %"
            return [
                Trial(
                    a, TRIED_HELPS, because, n, other.params.get(n), gain,
                    others=tuple(b for b in tried if b != a),
                    along=", ".join(f"{m} {other.params.get(m)}" for m in differ if m != n),
                )
                for a, n in tried.items()
            ]  # fmt: skip
        return []

    def _judge(self, action: str, own: Summary, other: Summary, name: str) -> Trial:
        """What a sibling that changed one thing says; nothing where it only ended lower than an unlucky run,
        or not as low as a lucky one."""
        gain, least = saved_by(own, other), self._least(own, other)
        chance = TRIED_HELPS if least >= HELPS else 0.5
        if max(gain, self._typically(own, other)) < HELPS_NOT:
            chance = TRIED_HELPS_NOT
        change = f"lower by {100 * gain:.0f} %" if gain > 0 else f"higher by {-100 * gain:.0f} %"
        value = other.params.get(name)
        reason = f"its sibling {other.run} with {name} {value} ended {change}"
        if self._unlogged:
            reason += (
                f"; siblings that log the same settings ended {100 * self._unlogged:.0f} % apart, though"
            )
        return Trial(action, chance, reason, name, value, gain, same_task=not self._unlogged)

    def _least(self, own: Summary, other: Summary) -> float:
        """The share by which a sibling ended lower than the run, and than those with the run's settings."""
        return min(saved_by(own, other), self._typically(own, other))

    def _typically(self, own: Summary, other: Summary) -> float:
        same = self._settings.get((self._rest(own), _measured(own)))
        return saved_by((same and same.beside(own)) or own, other)

    def _no_chance(self, equal: Iterable[tuple[str, object]]) -> bool:
        """Whether so much is equal that two runs are of one task: the group tries one thing after the other,
        or what is equal tells of the data."""
        names = {name for name, _ in equal}
        return len(names) >= MIN_EQUAL and (self._designed or len(names & OF_TASK) >= TELLING)

    def _rest(self, s: Summary, name: str = "") -> frozenset[tuple[str, str]]:
        """A run's settings, but for one."""
        return frozenset((k, str(v)) for k, v in s.params.items() if k != name and k not in self._ignored)


def _measured(s: Summary) -> object:
    """What tells how a run ended, and whether a score stands beside it:
    a classifier's loss is no regression's."""
    return s.curve, s.scored
