"""Whether a run trains a model of language, and how, by what its curves are called."""

from __future__ import annotations

import re
from functools import lru_cache

from curvedoctor.features.case import Case

_LANGUAGE = re.compile(
    r"(^|[^a-z])(ppl|perplexity|bpb|bpc|bits.per.(byte|char\w*|token)|(num_|total_|input_)?tokens(_seen)?|token.acc\w*|lm.loss|bleu|rouge\w*)"
    r"($|[^a-z])",
    re.IGNORECASE,
)
_CHOICE = re.compile(r"(^|[^a-z])(rewards?|logps)[/_](chosen|rejected|margins?)($|[^a-z])", re.IGNORECASE)


@lru_cache(maxsize=8)  # asked of the same run for every action
def of_language(case: Case) -> bool:
    """Whether tokens are counted, or a measure is logged that only models of language have."""
    return learns_preferences(case) or any(_LANGUAGE.search(curve.id) for curve in case.run.curves)


def learns_preferences(case: Case) -> bool:
    """Whether answers that were chosen are told from rejected ones (DPO and its kin)."""
    return any(_CHOICE.search(curve.id) for curve in case.run.curves)
