"""The score that detection and segmentation choose their checkpoint by (mAP, Dice, IoU): it decides,
loss terms are evidence."""

from __future__ import annotations

import re

from curvedoctor.features.case import Case
from curvedoctor.features.series import Series

_SELECTS = re.compile(
    r"(^|[^a-z])(m?ap|map[0-9@.:_-]*|m?dice(_score)?|m?iou|pq|hota|mota|fg_dice)($|[^a-z])", re.IGNORECASE
)
#: before others: nnU-Net's running mean hides what its epochs do;
#: COCO's mean over thresholds is what is chosen by
_FIRST = re.compile(r"50[-:_]95|map$|/ap$|mean_fg_dice|pseudo_dice", re.IGNORECASE)
_RUNNING = re.compile(r"ema|smooth", re.IGNORECASE)
MIN_POINTS = 8
#: a score that never gets above this decides nothing: whatever is wrong, it has not begun to rise
NOTHING = 0.02


def selects(case: Case) -> Series | None:
    """The held-out score that the checkpoint is chosen by; None where none of that kind is logged."""
    known = [
        s
        for s in case.series.values()
        if s.curve.role.quantity == "accuracy" and s.curve.role.better == "higher"
        and s.curve.role.split in ("val", "test") and s.ceiling == 1.0
        and s.stats.n >= MIN_POINTS and float(s.y.min()) < 1 - NOTHING and _SELECTS.search(s.curve.tag)
    ]  # fmt: skip

    def rank(s: Series) -> tuple[object, ...]:
        tag = s.curve.tag
        return bool(_RUNNING.search(tag)), not _FIRST.search(tag), len(s.curve.id), s.curve.id

    return min(known, key=rank, default=None)
