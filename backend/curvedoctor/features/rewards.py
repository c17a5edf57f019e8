"""Which curve tells how well an agent does, and whether a run trains one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from curvedoctor.features.series import Series

#: an evaluation with fewer points says less than what training got
MIN_POINTS = 12
#: not what an agent gets on the whole
_EXTREME = re.compile(r"max|min|std|var|best|instantaneous", re.IGNORECASE)
#: the whole return, where its parts (a term of a shaped reward, one agent of several) are logged beside it
_WHOLE = re.compile(
    r"ep(isode|isodic)?[_ ]?(rew|ret)"
    r"|(mean|average|cumulative|total)[_ ](reward|return)|(reward|return)s?[_ ]mean"
    r"|episod\w*[_ ](reward|return)|(episode|game|env)\w*[_ /]score|(^|/)(reward|return)s?$"
    r"|returns?_stat/mean|environment$|rlhf_reward",
    re.IGNORECASE,
)


def reward_of(series: Mapping[str, Series], primary: str | None = None) -> Series | None:
    """The reward that is judged: evaluation, means, and the whole come first, then most points.

    `primary`, a pattern on curve ids, chooses before all that.
    """
    known = [s for s in series.values() if s.curve.role.quantity == "reward" and _judgeable(s)]
    chosen = [s for s in known if primary is not None and fnmatchcase(s.curve.id, primary)]
    held_out = [s for s in known if s.curve.role.split in ("val", "test") and s.stats.n >= MIN_POINTS]

    def rank(s: Series) -> tuple[object, ...]:
        tag = s.curve.tag
        return (
            bool(_EXTREME.search(tag)), not is_whole(s), -s.stats.n, len(s.curve.id), s.curve.id,
        )  # fmt: skip

    return min(chosen or held_out or known, key=rank, default=None)


def is_whole(s: Series) -> bool:
    """Whether its name says the whole return, not a part of it."""
    return _WHOLE.search(s.curve.tag) is not None


def trains_an_agent(series: Mapping[str, Series]) -> bool:
    """Whether rewards are what the run is about: some are logged, and no loss that has a direction."""
    judged = [s.curve.role.quantity for s in series.values() if _judgeable(s)]
    return "reward" in judged and "loss" not in judged


def _judgeable(s: Series) -> bool:
    return s.curve.role.better != "none" and s.stats.n >= 2
