"""Whether regularization holds a loss up, a policy random, or codes silent."""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.measures.codes import Silent, silent
from curvedoctor.conditions.measures.held_back import ruled_by_entropy
from curvedoctor.conditions.measures.shape import flat, name, relative, why_unjudgeable
from curvedoctor.conditions.measures.still import rate_too_high
from curvedoctor.features import told
from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss
from curvedoctor.features.rates import decades_below_usual
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Unjudged

ID = "over-regularized"
#: a model that is too small looks the same on a high floor, but not where decay is known to hold it
ACTIONS: tuple[str, ...] = ("reduce-regularization", "bigger-model")
#: times the custom that are strong where an untrained model's loss is known, and where it is not
STRONG, EXTREME = 3.0, 10.0
#: share of an untrained model's loss that is a high floor
HIGH = 0.5
#: times the custom of decay that tells by itself where nothing is memorized (of 84 trainings on small public
#: data, without a high floor or a known one, less of it helped 77); how far validation may lie from training
#: there; what of the start has to be left, and no more than what: near it, nothing may be there to be learnt
ALONE, LEVEL_WITH, LEFT, LEARNT = (3.0, 5.0), (0.12, 0.08), (0.04, 0.07), (0.85, 0.75)
#: decoupled decay shrinks the weights by lr × decay a step: below this it has no time to
INERT = 1e-5
#: weight decay that is the custom's upper end: of optimizers that scale each weight's gradient, decay
#: and all; of those that add it to a plain gradient (on LCBench a tenth of 0.1 gains 7 % at the median);
#: of others it is taken to be decoupled
SCALED, PLAIN, DECOUPLED = 0.01, 0.05, 0.3
COUPLED = {
    "adam": SCALED, "rmsprop": SCALED, "adagrad": SCALED,
    "sgd": PLAIN, "momentum": PLAIN, "nesterov": PLAIN,
}  # fmt: skip
#: share of its weights that plain SGD loses a step (lr × decay, and as many times more as momentum takes
#: each step: 1 / (1 − momentum)) that is the custom's upper end; no momentum counts beyond
FORGETS, MOMENTUM = 0.01, 0.99
#: decades below the customary rate from which on the rate explains why training stays where it began
SLOW = 1.5


def held_down(case: Case) -> Finding | Unjudged | None:
    """What regularization holds up, as over-regularized tells it; why, where that can't be judged."""
    if case.agent and (held := ruled_by_entropy(case)) is not None and held.confidence >= REPORT_FROM:
        return finding(
            ID, "warning", held.confidence, held.series, held.text, onset=0.0,
            actions=("reduce-regularization",), floor=None, gap=None,
            weight_decay=None, dropout=None, kl=None,
        )  # fmt: skip
    reason = why_unjudgeable(case, of_pairs=True)
    if reason is not None:
        return unjudged(ID, reason)
    codes = silent(case)
    if codes is not None and codes.confidence >= REPORT_FROM:
        return _say_silent(codes)
    decay, drop = case.number("weight_decay"), case.number("dropout")
    if decay is None and drop is None and codes is not None:
        return None
    if decay is None and drop is None:
        return unjudged(ID, "neither weight decay nor dropout is logged")
    if (decades_below_usual(case) or 0.0) >= SLOW or rate_too_high(case):
        return None
    s = case.coarsest_train or case.val
    assert s is not None
    val = case.val if case.val is not s else None
    gap = None if val is None else relative(val.stats.end - s.stats.end, s.stats.end)
    untrained = expected_first_loss(case) if case.judged_quantity == "loss" else None
    forgotten = _forgotten(case, decay)
    confidence = _rule(s, gap, _times(case, decay, drop), forgotten, untrained)
    beside, actions = "", ACTIONS
    if confidence < REPORT_FROM and val is not None and gap is not None and decay:
        confidence = _alone(s, gap, max(_by_decay(case, decay), forgotten), untrained)
        actions = ACTIONS[:1]
        beside = f", and the {name(val)} at {told.last(val)} beside it: nothing is memorized"
    if confidence < REPORT_FROM:
        return None
    floor = relative(s.stats.end, untrained or s.stats.start)
    parts = [f"weight decay {number(decay)}"] if decay else []
    parts += [f"dropout {number(drop)}"] if drop else []
    of = "an untrained model's loss" if untrained else "its start"
    return finding(
        ID, "warning", confidence, s,
        f"The {name(s)} settles at {told.last(s)}, {percent(floor)} of {of}, "
        f"with {' and '.join(parts)}{beside}.",
        others=(val,), onset=min(s.stats.t90, 1.0), actions=actions, floor=floor, gap=gap,
        weight_decay=decay, dropout=drop, kl=None,
    )  # fmt: skip


def _say_silent(codes: Silent) -> Finding:
    kl, recon = codes.kl, codes.recon
    at = min(int(np.searchsorted(kl.x, codes.since)), len(kl.y) - 1)
    return finding(
        ID, "warning", codes.confidence, kl,
        f"The latent code carries no information from {kl.curve.axis} {kl.step_at(at):g} on (posterior "
        "collapse): the KL term ends at "
        f"{told.last(kl)}, {percent(codes.share)} of the reconstruction, which stays at "
        f"{told.last(recon)}.",
        others=(recon,), at=at, actions=("reduce-regularization",), kl=kl.stats.end, floor=codes.share,
        gap=None,
        weight_decay=None, dropout=None,
    )  # fmt: skip


def _times(case: Case, decay: float | None, drop: float | None) -> float:
    """How many times the custom the regularization is; dropout counts by what is kept."""
    by_drop = STRONG * ramp(drop, 0.6, 0.7) + (EXTREME - STRONG) * ramp(drop, 0.7, 0.85) if drop else 0.0
    return max(by_drop, _by_decay(case, decay) if decay and decay > 0 else 0.0)


def _by_decay(case: Case, decay: float) -> float:
    custom, lr = COUPLED.get(case.word("optimizer") or ""), case.number("lr")
    if custom is not None:
        return decay / custom
    return 0.0 if lr is not None and lr * decay < INERT else decay / DECOUPLED


def _forgotten(case: Case, decay: float | None) -> float:
    """How many times the custom's share of its weights plain SGD loses a step."""
    lr, momentum = case.number("lr"), case.number("momentum") or 0.0
    if lr is None or not decay or COUPLED.get(case.word("optimizer") or "") != PLAIN:
        return 0.0
    return lr * decay / (1.0 - min(max(momentum, 0.0), MOMENTUM)) / FORGETS


def _rule(s: Series, gap: float | None, times: float, forgotten: float, untrained: float | None) -> float:
    """Where weights are forgotten within some thirty steps nothing can be learnt that takes longer, whatever
    an untrained model's loss is."""
    strong = ramp(times, 0.5 * STRONG, STRONG) if untrained else ramp(times, 0.75 * EXTREME, EXTREME)
    strong = max(strong, ramp(forgotten, 0.5 * STRONG, STRONG))
    high = ramp(relative(s.stats.end, untrained or s.stats.start), HIGH - 0.1, HIGH + 0.1)
    below = 1.0 if gap is None else ramp(gap, 0.25, 0.05)
    return 0.9 * strong * high * below * float(flat(s, 0.6, 0.08))


def _alone(s: Series, gap: float, times: float, untrained: float | None) -> float:
    """Where validation is as good as training, decay has nothing to hold down but what is to be learnt: what
    is left is its doing, however much was learnt."""
    floor = relative(s.stats.end, untrained or s.stats.start)
    some = ramp(floor, *LEFT) * ramp(floor, *LEARNT)
    return 0.8 * ramp(times, *ALONE) * ramp(abs(gap), *LEVEL_WITH) * some * float(flat(s, 0.6, 0.08))
