"""Regularization is so strong that the model can't fit its own training set.

Why it matters
    Weight decay or dropout holds both curves on a high floor; less of it ends clearly better. In a
    variational autoencoder the KL term is what regularizes: too heavy, the codes tell nothing (posterior
    collapse), and the decoder gives the same average for everything.

How it decides
    Weight decay or dropout far above the custom is logged (three times 0.01 coupled, 0.05 in plain SGD, 0.3
    decoupled; 0.7; or SGD forgets its weights within 33 steps: one over learning rate times decay, times
    1 - momentum), the learning rate is neither so low nor so
    high that it explains the rest, and the training loss has settled, at or above validation, at half of an
    untrained model's loss or more. Where an untrained model's loss is not known, its own start stands for
    it, and the regularization must be ten times the custom (dropout 0.85), unless weights are forgotten.
    Or, on a floor between 6 and 80 % of the start: weight decay is four times the custom or more, training
    has settled, and validation lies within a tenth of it, so that nothing is memorized that would have to be
    held down.
    Training above validation is
    normal with dropout, weight decay and label smoothing, and counts for nothing by itself. Of a variational
    autoencoder: the KL term has fallen to next to nothing beside the reconstruction (less than about
    one part in a hundred, and a third of its own height), stays there, and the reconstruction is flat. Of an
    agent: entropy counts 0.3 times or more in its loss, and the policy ends as random as one that was never
    trained (ln K).

What to try
    Divide weight decay by ten; a quarter of the dropout; milder augmentation. For silent codes: a smaller
    weight of the KL term (β), raised from zero over the first third (KL annealing), or some free bits.

When it is wrong
    Dropout puts training above validation in every sound run: only a high floor counts. A model that
    is too small looks the same.

References
    Krogh and Hertz (1992), A simple weight decay can improve generalization. Srivastava et al. (2014),
    Dropout. Bowman et al. (2016), Generating sentences from a continuous space (KL annealing). Kingma et al.
    (2016), Improving variational inference with inverse autoregressive flow (free bits).
"""

from __future__ import annotations

import numpy as np

from curvedoctor.conditions.base import Condition
from curvedoctor.conditions.examples import HEALTHY, falling, run, variational
from curvedoctor.conditions.generalization.held_down import ACTIONS, ID, held_down
from curvedoctor.features.case import Case
from curvedoctor.model import Finding, ParamValue, Run, Unjudged


def check(case: Case) -> Finding | Unjudged | None:
    return held_down(case)


def _decayed(rng: np.random.Generator) -> Run:
    y = falling(rng, 60, 2.3, 1.5, 14)
    return run({"weight_decay": 0.3, "optimizer": "adam"}, train_loss=y, val_loss=y * 1.01)


def _dropped(rng: np.random.Generator) -> Run:
    return run(
        {"dropout": 0.9}, train_loss=falling(rng, 60, 2.3, 1.9, 10), val_loss=falling(rng, 60, 2.3, 1.5, 10)
    )


def _forgets(rng: np.random.Generator) -> Run:
    """SGD whose momentum makes ten steps of each: weights are lost within twenty. Nothing else is known."""
    y = falling(rng, 60, 0.75, 0.65, 30, 0.002)
    known: dict[str, ParamValue] = {"weight_decay": 0.1, "lr": 0.05, "momentum": 0.9, "optimizer": "sgd"}
    return run(known, train_loss=y, val_loss=1.0001 * y)


def _level_with(rng: np.random.Generator) -> Run:
    """Most is learnt, but no more; validation is as good as training."""
    y = falling(rng, 60, 2.3, 0.25, 14, 0.005)
    return run({"weight_decay": 3.0, "lr": 3e-3, "optimizer": "adamw"}, train_loss=y, val_loss=y * 1.03)


def _memorizes(rng: np.random.Generator) -> Run:
    """As much decay, and training data are memorized all the same."""
    known: dict[str, ParamValue] = {"weight_decay": 3.0, "lr": 3e-3, "optimizer": "adamw"}
    return run(known, train_loss=falling(rng, 60, 2.3, 0.2, 14), val_loss=falling(rng, 60, 2.3, 0.6, 14))


def _silent_codes(rng: np.random.Generator) -> Run:
    t = np.linspace(0, 1, 60)
    recon = falling(rng, 60, 45, 27.2, 20, 0.003)
    return variational(recon, 0.0005 + 0.2 * np.exp(-9 * t) * (1 + 0.1 * rng.standard_normal(60)))


def _speaking_codes(rng: np.random.Generator) -> Run:
    """The KL term rises, as it does where codes learn to tell."""
    return variational(falling(rng, 60, 40, 21, 9, 0.003), 3.0 - falling(rng, 60, 2.6, 0.2, 6, 0.02))


def _mild(rng: np.random.Generator) -> Run:
    return run(
        {"weight_decay": 1e-4, "dropout": 0.2},
        train_loss=falling(rng, floor=0.5),
        val_loss=falling(rng, floor=0.4),
    )


CONDITION = Condition(
    id=ID,
    title="regularization too strong",
    severity="warning",
    actions=ACTIONS,
    check=check,
    networks_only=True,
    evidence={
        "floor": "final training level over an untrained model's, or over its start where that is not known",
        "gap": "final validation over final training level, minus 1; null without either",
        "weight_decay": "as logged; null if not",
        "dropout": "probability, as logged; null if not",
        "kl": "the KL term of a variational autoencoder at the end, in its unit; floor is then its "
        "share of the reconstruction; null elsewhere",
    },
    sick=(_decayed, _dropped, _forgets, _level_with, _silent_codes),
    healthy=(*HEALTHY, _mild, _memorizes, _speaking_codes),
)
