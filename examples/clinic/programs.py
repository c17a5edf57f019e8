"""Which compiled program a configuration needs."""

from __future__ import annotations

from clinic.config import Config
from clinic.models import Sig
from clinic.tasks import TASKS, padded_inputs, padded_outputs

#: batch sizes that programs are compiled for
BATCHES = (16, 64, 256)

#: widest net of each family
WIDEST = {"mlp": 128, "cnn2d": 16, "cnn1d": 16, "rnn": 32, "gru": 32, "attn": 32}
#: layers of the programs for MLPs: those that a net has not let through what they get
DEPTHS = (0, 3, 8)
#: trainings side by side
LANES = 8


def bucket(value: int, sizes: tuple[int, ...]) -> int:
    """The smallest size that holds this value."""
    return next((s for s in sizes if value <= s), sizes[-1])


def signature(config: Config) -> Sig:
    """The compiled program that a configuration needs."""
    task = TASKS[config.task]
    if task.family == "mlp":
        depth = bucket(config.depth, DEPTHS)
        width = bucket(config.width, (32, 128)) if depth else 0
    else:
        width, depth = WIDEST[task.family], config.depth
    if config.width > width:
        raise ValueError(
            f"width {config.width} is more than the largest bucket {width}; make the net smaller"
        )
    smooth = config.activation in ("tanh", "sigmoid") and depth > 0
    convolution = task.family in ("cnn2d", "cnn1d")
    dropout = config.dropout > 0 and not convolution  # there it is cheap, and always compiled in
    fancy = bool(smooth or dropout or config.norm or config.residual or config.missing > 0)
    fancy = fancy or task.family in ("rnn", "gru", "attn") or config.batch_norm != ""
    fancy = fancy or depth == DEPTHS[-1] or task.kind == "autoencoder"  # so few that they share one
    return Sig(task.family, task.kind == "autoencoder", padded_inputs(task), padded_outputs(task), width,
        depth, bucket(config.batch, BATCHES),
               task.per_token, task.tokens, fancy,
               LANES if task.family in ("mlp", "rnn", "gru") else LANES // 2)  # fmt: skip


def smallest(config: Config, sig: Sig) -> Sig:
    """The smallest program that a net would fit into: with its own layers and its own kind of outputs."""
    task = TASKS[config.task]
    depth = config.depth if config.depth < 4 or task.family != "mlp" else sig.depth
    return sig._replace(depth=depth, outputs=1 if task.outputs == 1 else sig.outputs)
