"""Whether a curve has a point per step or per epoch."""

from __future__ import annotations

from curvedoctor.model import Granularity
from curvedoctor.roles import vocabulary as v
from curvedoctor.roles.tag_words import Name

_STEPWISE = v.STEP - {"it", "updates", "update"}


def by_name(name: Name) -> tuple[Granularity, str] | None:
    """The granularity that the name states: "train_loss_step", "epoch_loss", "Total_Reward/Episode"."""
    words = name.flat
    if len(words) < 2:
        return None
    ends = (words[0], words[-1], name.leaf[0])
    if any(w in _STEPWISE for w in ends):
        return "step", "the name says per step or batch"
    if any(w in v.EPOCH for w in ends):
        return "epoch", "the name says per epoch"
    return None
