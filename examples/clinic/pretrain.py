"""Where a fine-tuned run starts: at the last weights of a longer training on more, but other data.

The donor has the same net and the same split of the same task, all the rows
that there are, a share of wrong labels and differently scaled inputs, so that
there is something left to learn and much to forget.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clinic.config import Config
from clinic.tasks import TASKS
from clinic.tune import plain

PRETRAINED = "pretrained"
#: steps of a donor, its rate, share of wrong labels, spread of log10(scale) over its features
STEPS, RATE, NOISE, SPREAD = 1200, 0.004, 0.25, 0.15
#: donors kept in memory
MOST = 3000

_HELD: dict[str, NDArray[np.float32]] = {}


def donor(config: Config) -> Config:
    """The training from whose end a fine-tuned one starts."""
    task = TASKS[config.task]
    batch = 32 if task.family == "mlp" else 16
    epochs = max(2, min(2 * task.epochs, STEPS // -(-task.n_max // batch)))
    made = plain(task, width=config.width, depth=config.depth, activation=config.activation, norm=config.norm,
                 seed=config.seed, optimizer="adam", lr=RATE, schedule="cosine", batch=batch, epochs=epochs,
                 n_train=task.n_max, label_noise=NOISE)  # fmt: skip
    spread = 0.0 if task.tokens else SPREAD
    return replace(made, residual=config.residual, batch_norm=config.batch_norm, post_norm=config.post_norm,
                   input_scale=spread)  # fmt: skip


def wanted(configs: Iterable[Config]) -> list[Config]:
    """Donors of these that are not held yet."""
    donors = {donor(c) for c in configs if c.init == PRETRAINED}
    return sorted((c for c in donors if c.key() not in _HELD), key=Config.key)


def hold(config: Config, weights: NDArray[np.float32]) -> None:
    """Keep a donor's last weights."""
    while len(_HELD) >= MOST:
        del _HELD[next(iter(_HELD))]
    _HELD[config.key()] = np.array(weights)


def start(config: Config) -> NDArray[np.float32]:
    """The weights a fine-tuned run starts from; raises KeyError if its donor was not trained."""
    return _HELD[donor(config).key()]
