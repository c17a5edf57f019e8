"""Whether an autoencoder's codes still tell anything:
the KL term of a variational autoencoder beside its reconstruction."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from curvedoctor.conditions.base import ramp
from curvedoctor.conditions.measures.shape import mean, relative
from curvedoctor.features.case import Case
from curvedoctor.features.resample import GRID
from curvedoctor.features.series import Series
from curvedoctor.roles.tag_words import parse

DIVERGENCE = frozenset({"kl", "kld", "kldiv"})
RECONSTRUCTION = frozenset({"recon", "reconstruction", "recons"})
#: what stands for a reconstruction beside a KL term where nothing is called so
_LIKELIHOOD = frozenset({"bce", "mse", "nll"})
#: KL term as share of the reconstruction, and of its own highest level: codes that say nothing
SHARE, OWN = (0.012, 0.004), (0.35, 0.15)
#: how far the reconstruction may still fall over the second half
FLAT = 0.03
MIN_POINTS = 8
#: a KL term that begins so many times above where the reconstruction ends, and above its own end, is no
#: untrained encoder's, whose codes say next to nothing
FAR_OUT, OF_ITS_END = (10.0, 30.0), 20.0
#: share by which the weight of the KL term, read off the whole loss, may differ from one point to the next
AGREE = 0.05


class Silent(NamedTuple):
    """Codes that say nothing."""

    kl: Series
    recon: Series
    confidence: float
    #: the KL term over the last quarter, as share of the reconstruction
    share: float
    #: progress from which on the codes have said nothing
    since: float


def codes_beside(case: Case) -> bool:
    """Whether a KL term is logged beside a reconstruction: a variational autoencoder."""
    recon = _term(case, RECONSTRUCTION) or _term(case, _LIKELIHOOD)
    return recon is not None and _term(case, DIVERGENCE) is not None


def silent(case: Case) -> Silent | None:
    """The KL term at next to zero for good beside a reconstruction that stays; None where it is not so,
    or not logged."""
    kl, recon = _term(case, DIVERGENCE), _term(case, RECONSTRUCTION) or _term(case, _LIKELIHOOD)
    if kl is None or recon is None or min(kl.stats.n, recon.stats.n) < MIN_POINTS:
        return None
    if min(kl.stats.low, recon.stats.low) < 0:
        return None
    late, top = mean(kl, 0.75, 1.0), float(np.max(kl.grid))
    share = relative(late, mean(recon, 0.75, 1.0))
    still = relative(mean(recon, 0.5, 0.75) - mean(recon, 0.75, 1.0), mean(recon, 0.75, 1.0))
    confidence = 0.95 * ramp(share, *SHARE) * ramp(relative(late, top), *OWN) * ramp(still, 2 * FLAT, FLAT)
    confidence *= float(mean(kl, 0.9, 1.0) <= 1.2 * mean(kl, 0.75, 0.9))
    low = np.flatnonzero(kl.grid > SHARE[0] * recon.grid)
    return Silent(kl, recon, confidence, share, float((low[-1] + 1 if len(low) else 0) / GRID))


def far_out(case: Case) -> tuple[Series, Series, float] | None:
    """The KL term and the reconstruction of codes that the first steps took far out; how sure that is."""
    kl, recon = _term(case, DIVERGENCE), _term(case, RECONSTRUCTION) or _term(case, _LIKELIHOOD)
    if kl is None or recon is None or min(kl.stats.n, recon.stats.n) < MIN_POINTS or recon.stats.low < 0:
        return None
    far = float(kl.y[0]) > OF_ITS_END * abs(kl.stats.end)
    return kl, recon, float(far) * ramp(relative(float(kl.y[0]), recon.stats.end), *FAR_OUT)


def weight(case: Case) -> float | None:
    """The weight of the KL term (β) in the loss that was logged beside it and the reconstruction: what the
    latter leaves of the loss, against the term. None where they don't add up, or the weight changes."""
    kl, recon = _term(case, DIVERGENCE), _term(case, RECONSTRUCTION)
    if kl is None or recon is None:
        return None
    wholes = (
        s for s in case.series.values()
        if s.curve.role.quantity == "loss" and s not in (kl, recon) and len(s.y) == len(kl.y) == len(recon.y)
        and s.curve.role.split == recon.curve.role.split
    )  # fmt: skip
    for whole in wholes:
        weights = (whole.y - recon.y)[kl.y > 0] / kl.y[kl.y > 0]
        middle = float(np.median(weights)) if len(weights) >= MIN_POINTS else 0.0
        if middle > 0 and float(np.median(np.abs(weights - middle))) <= AGREE * middle:
            return float(f"{middle:.2g}")
    return None


def _term(case: Case, words: frozenset[str]) -> Series | None:
    """A term of training's loss under one of these words, else of validation's."""
    known = [
        s
        for s in case.series.values()
        if s.curve.role.quantity in ("loss", "error") and words & parse(s.curve.id, s.curve.tag).words
    ]
    return min(
        known,
        key=lambda s: (s.curve.role.split in ("val", "test"), -s.stats.n, len(s.curve.id), s.curve.id),
        default=None,
    )
