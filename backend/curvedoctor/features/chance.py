"""What an untrained model must score: the first loss and the accuracy that no learning gives.

Cross-entropy ln K, binary cross-entropy ln 2, binary hinge 1; mean squared error on centred targets
Var(y), which no log tells. (Karpathy 2019, "A recipe for training neural networks".)
"""

from __future__ import annotations

import math

from curvedoctor.features.case import Case

#: an untrained model's first loss and accuracy lie so near to what chance gives: relative, absolute
FIRST_LOSS, FIRST_SCORE = 0.06, 0.06
#: how near one in K the share of right answers lies where the first loss tells K as well, relative
CLOSELY = 0.12
#: highest loss of a guess that anybody logs, in nats
HIGHEST = 20.0
#: how near a whole number one lies that a level was computed from
WHOLE = 1e-3
#: numbers of classes that answers alone may speak of: up to here, and these
CLOSE, LARGE = 10, (20, 100, 200, 1000)
#: most classes that a first loss and a first accuracy can tell
MAX_CLASSES = 1000


def classes(case: Case) -> float | None:
    """Number of classes as logged, or as the untrained model's loss and accuracy tell."""
    return known_classes(case) or _agreed_classes(case)


def known_classes(case: Case) -> float | None:
    """Number of classes as configured, also by the loss function; None where it can only be guessed."""
    k = case.number("n_classes")
    if k is not None and k >= 2:
        return k
    return 2.0 if case.word("loss") in ("bce", "hinge") else None


def supposing(case: Case, k: float) -> str:
    """The proviso of what is said of a guess among so many classes: " if there are 10 classes"; "" where
    their number is known, or none fits."""
    near = round(k)
    fits = near >= 2 and abs(near / k - 1) <= WHOLE
    return f" if there are {near} classes" if fits and known_classes(case) is None else ""


def supposing_loss(case: Case, level: float) -> str:
    """The same of the loss of a guess, ln K."""
    return supposing(case, math.exp(min(level, HIGHEST)))


def _agreed_classes(case: Case) -> float | None:
    """The number of classes on which first loss and first accuracy agree: ln K with 1/K."""
    s, score = case.val or case.train, case.val_score or case.train_score
    if s is None or score is None or case.judged_quantity != "loss" or score.ceiling != 1.0:
        return None
    return agreed(s.stats.first, 1.0 - score.stats.first)


def agreed(loss: float, right: float, near: float = FIRST_LOSS) -> float | None:
    """How many classes make a guess cost that loss and be right that often; None if none do."""
    k = round(math.exp(min(max(loss, 0.0), math.log(MAX_CLASSES))))
    if k < 2 or abs(loss / math.log(k) - 1) > near or abs(right - 1 / k) > FIRST_SCORE:
        return None
    return float(k)


def guessing(case: Case, right: float) -> str:
    """How often a blind guess is right, in words: among how many is said where it is configured, and supposed
    where first loss and answers agree on it closely; else by the answers alone."""
    known, k, near = known_classes(case), classes(case), round(1 / max(right, 1e-3))
    if known is not None:
        return f"no better than guessing among {known:.0f} classes"
    if k is not None and abs(right * k - 1) <= CLOSELY:
        return f"no better than guessing{supposing(case, k)}"
    if near > CLOSE and near not in LARGE:
        return "about as often right as by guessing"
    return f"close to guessing{supposing(case, max(near, 2))} ({right:.3g})"


def expected_first_loss(case: Case) -> float | None:
    """The loss of an untrained model, where loss function and classes are logged or can be told;
    in the loss's unit."""
    loss = case.word("loss")
    if loss == "bce":
        return math.log(2)
    if loss == "hinge":
        return 1.0
    if loss is None:
        k = _agreed_classes(case)
        return None if k is None else math.log(k)
    k = classes(case)
    if loss in ("cross-entropy", "nll") and k is not None:
        return math.log(k)
    if loss == "mse" and k == 2 and case.word("last_activation") == "sigmoid":
        return 0.25
    return None


def chance_error(case: Case) -> float | None:
    """Share of wrong answers of a blind guess among equally frequent classes."""
    k = classes(case)
    return None if k is None else 1.0 - 1.0 / k
