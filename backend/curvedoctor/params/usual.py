"""Customary learning rates per optimizer: what people start from, and the span they search.

They say what is unusual, never what is wrong: the curve decides. Spans are those of the sources, rounded to
decades or half-decades; `typical` is the default of the paper or of the libraries.

Sources: Bengio 2012, "Practical recommendations for gradient-based training" (0.01 as the default of plain
SGD on standardized inputs, searched between 1e-6 and 1); Goyal et al. 2017, "Accurate, large minibatch SGD"
(0.1 per 256 samples with momentum 0.9); Kingma & Ba 2015 (Adam, 0.001); Loshchilov & Hutter 2019 (AdamW);
Devlin et al. 2019 (2e-5 to 5e-5 for fine-tuning pre-trained transformers); Choi et al. 2019, "On empirical
comparisons of optimizers" (spans); Chen et al. 2023 (Lion: 3 to 10 times smaller than AdamW's); Zeiler 2012
(Adadelta, 1.0); defaults of torch.optim and keras.optimizers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple


class UsualLr(NamedTuple):
    """A span of customary learning rates."""

    low: float
    typical: float
    high: float
    #: where the span comes from
    source: str

    @property
    def halfway(self) -> float:
        """Between the span's low end and the typical rate: where nothing bounds a step,
        one too large loses the run."""
        return math.sqrt(self.low * self.typical)


_USUAL = {
    "sgd": UsualLr(
        1e-3, 0.1, 1.0, "Bengio 2012 (span); 0.1 as in Goyal et al. 2017 and this project's clinic"
    ),
    "momentum": UsualLr(1e-3, 3e-2, 0.3, "Goyal et al. 2017; keras default 0.01"),
    "asgd": UsualLr(1e-3, 1e-2, 1.0, "torch default"),
    "adam": UsualLr(1e-4, 1e-3, 1e-2, "Kingma & Ba 2015; Choi et al. 2019"),
    "adamw": UsualLr(1e-5, 1e-3, 1e-2, "Loshchilov & Hutter 2019; Devlin et al. 2019"),
    "nadam": UsualLr(1e-4, 2e-3, 1e-2, "torch default; keras default 0.001"),
    "radam": UsualLr(1e-4, 1e-3, 1e-2, "torch default"),
    "adamax": UsualLr(1e-4, 2e-3, 1e-2, "Kingma & Ba 2015"),
    "rmsprop": UsualLr(1e-4, 1e-3, 1e-2, "keras default; torch default 0.01"),
    "adagrad": UsualLr(1e-3, 1e-2, 0.1, "torch default; keras default 0.001"),
    "adadelta": UsualLr(0.1, 1.0, 2.0, "Zeiler 2012; torch default"),
    "adafactor": UsualLr(1e-4, 1e-3, 1e-2, "Raffel et al. 2020"),
    "lion": UsualLr(1e-6, 1e-4, 1e-3, "Chen et al. 2023"),
    "lbfgs": UsualLr(0.1, 1.0, 1.0, "torch default"),
}
#: steps as long as the gradient times the rate, which nothing else bounds
UNBOUNDED = frozenset({"sgd", "momentum", "asgd"})
Tuned = Literal["whole", "adapter", "preferences"]
#: fine-tuning starts from weights that a larger step would destroy; adapters start from nothing and bear
#: more; preferences move likelihoods that nothing else holds
_TUNED: Mapping[Tuned, UsualLr] = {
    "whole": UsualLr(1e-6, 3e-5, 3e-4, "Devlin et al. 2019"),
    "adapter": UsualLr(3e-5, 2e-4, 1e-3, "Hu et al. 2022 (LoRA); Dettmers et al. 2023 (QLoRA)"),
    "preferences": UsualLr(5e-8, 1e-6, 3e-5, "Rafailov et al. 2023 (DPO)"),
}


#: the highest rates that tuning is customarily done at, which none is raised beyond
HIGHEST_TUNED: Mapping[Tuned, float] = {"whole": 5e-5, "adapter": 3e-4, "preferences": 5e-6}
#: the same of transformers that are trained from scratch by an optimizer like Adam (Brown et al. 2020: 6e-4
#: for the smallest)
HIGHEST_TRANSFORMER = 1e-3


def usual_lr(optimizer: str | None, *, pretrained: Tuned | bool = False) -> UsualLr | None:
    """The customary learning rates of an optimizer (a name as in `PARAMS`), or None where none are known.

    `pretrained` says that an Adam-like optimizer tunes weights that were trained before, and how: all of them
    (also `True`), adapters, by preferences.
    """
    if optimizer is None:
        return None
    if pretrained and optimizer in ("adam", "adamw", "nadam", "radam"):
        return _TUNED["whole" if pretrained is True else pretrained]
    return _USUAL.get(optimizer)


#: optimizers that take weight decay off the weights themselves, times the learning rate; in all others it is
#: a term of the loss (L2)
DECOUPLED = frozenset(["adamw", "nadamw", "lion", "lamb", "sophia", "muon", "adan", "adagradw"])


def enough_decay(optimizer: str, *, long: bool) -> float:
    """Weight decay that does something under an optimizer, in a `long` run or in a short one.

    Taken off the weights themselves it is multiplied by the rate: 0.1, as transformers have it (Loshchilov &
    Hutter 2019 and after). As L2 it adds up over the steps: 5e-4 is customary in long runs (Zagoruyko &
    Komodakis 2016). Of 40 short ones of the clinic under SGD, Adam or RMSprop that decay can help, 1e-4
    helped 5, 5e-4 7, 3e-3 24; of AdamW's ten 0.01 helped one, 0.05 two, 0.1 seven.
    """
    if optimizer in DECOUPLED:
        return 0.1
    return 5e-4 if long else 3e-3
