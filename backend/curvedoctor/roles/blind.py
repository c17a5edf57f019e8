"""What a score is called, and the value that it has where nothing is found: Dice 0, AUC 0.5, R² 0, WER 1."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

from curvedoctor.model import Curve
from curvedoctor.roles.quantity import inner
from curvedoctor.roles.tag_words import parse

#: hits: nothing is found; ranking: right as often as wrong; explained: no more than by the mean; agreement:
#: none beyond chance; mistakes: all is wrong; share: of right answers, which depends on the classes
Kind = Literal["hits", "ranking", "explained", "agreement", "mistakes", "share"]


class Measure(NamedTuple):
    """A score as people call it; `nothing`: its value where nothing was learnt, None where that depends."""

    name: str
    kind: Kind
    nothing: float | None


_BY_KIND: dict[Kind, tuple[float | None, str]] = {
    "hits": (
        0.0,
        "dice:Dice mdice:Dice dsc:Dice iou:IoU miou:IoU jaccard:IoU f1:F1 f2:F2 f1score:F1 fscore:F1 "
        "map:mAP ap:AP prauc:PR-AUC auprc:PR-AUC precision:precision prec:precision recall:recall rec:recall "
        "sensitivity:sensitivity exactmatch:exact-match em:exact-match bleu:BLEU sacrebleu:BLEU rouge:ROUGE "
        "pq:PQ hota:HOTA mota:MOTA",
    ),
    "ranking": (0.5, "auc:AUC auroc:AUC rocauc:AUC aucroc:AUC"),
    "explained": (0.0, "r2:R²"),
    "agreement": (0.0, "mcc:MCC matthews:MCC kappa:kappa"),
    "mistakes": (1.0, "wer:WER cer:CER"),
    "share": (None, "accuracy:accuracy acc:accuracy top1:accuracy balancedaccuracy:balanced-accuracy"),
}
_KNOWN: dict[str, Measure] = {
    word: Measure(name.replace("-", " ") if kind == "share" else name, kind, nothing)
    for kind, (nothing, text) in _BY_KIND.items()
    for word, _, name in (pair.partition(":") for pair in text.split())
}


@lru_cache(maxsize=64)
def measure_of(curve: Curve) -> Measure | None:
    """What the innermost word of its tag says a score measures; None where that is not known."""
    if curve.role.quantity not in ("accuracy", "error"):
        return None
    return next((_KNOWN[word] for word in inner(parse(curve.id, curve.tag))[0] if word in _KNOWN), None)
