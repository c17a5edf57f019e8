"""Losses by kind of task: the right one, and those that people take by mistake.

Outputs are padded to the program's number of outputs; `mask` says which
exist. One program computes all of them and takes what the lane asks for, so
that a loss costs no compilation.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

#: kind → names in the order of the stack; "right" is the task's own loss
STACK = {
    "multiclass": ("right", "mse", "bce", "hinge", "double-softmax"),
    "binary": ("right", "mse", "hinge01", "hinge", "double-sigmoid"),
    "regression": ("right", "bce", "broadcast"),
}
_ALL = [(kind, loss) for kind, names in STACK.items() for loss in names]
KINDS = ("multiclass", "binary", "hinge", "regression", "autoencoder")
#: what a practitioner would call it in the log
NAMES = {
    ("multiclass", "right"): "cross_entropy",
    ("multiclass", "double-softmax"): "cross_entropy",
    ("binary", "right"): "bce",
    ("binary", "double-sigmoid"): "bce",
    ("hinge", "right"): "hinge",
    ("regression", "right"): "mse",
    ("regression", "broadcast"): "mse",
    ("autoencoder", "right"): "mse",
    ("autoencoder", "broadcast"): "mse",
}


def loss_index(kind: str, loss: str) -> int:
    """Place of a loss among all."""
    if kind == "hinge":
        kind, loss = "binary", {"right": "hinge"}.get(loss, loss)
    return _ALL.index(("regression" if kind == "autoencoder" else kind, loss))


def loss_name(kind: str, loss: str) -> str:
    """The loss function's name as a log would hold it."""
    return NAMES.get((kind, loss), {"hinge01": "hinge"}.get(loss, loss))


def _softplus(x: jax.Array) -> jax.Array:
    return jnp.maximum(x, 0.0) + jnp.log1p(jnp.exp(-jnp.abs(x)))


def _cross_entropy(out: jax.Array, y: jax.Array, mask: jax.Array) -> jax.Array:
    logp = jax.nn.log_softmax(jnp.where(mask > 0, out, -1e9))
    return -jnp.sum(jnp.where(jax.nn.one_hot(y, out.shape[-1]) > 0, logp, 0.0), -1)


def _multiclass(out: jax.Array, y: jax.Array, mask: jax.Array) -> jax.Array:
    n = jnp.sum(mask)
    hot = jax.nn.one_hot(y, out.shape[-1])
    prob = jax.nn.softmax(jnp.where(mask > 0, out, -1e9))
    square = jnp.sum((prob - hot) ** 2, -1) / n
    binary = jnp.sum((_softplus(out) - hot * out) * mask, -1) / n
    right = jnp.sum(hot * out, -1, keepdims=True)
    margin = jnp.sum(jnp.maximum(0.0, 1.0 + out - right) * (1.0 - hot) * mask, -1)
    return jnp.stack([_cross_entropy(out, y, mask), square, binary, margin, _cross_entropy(prob, y, mask)])


def _hinge(z: jax.Array, t: jax.Array) -> jax.Array:
    return jnp.maximum(0.0, 1.0 - (2.0 * t - 1.0) * z)


def _binary(z: jax.Array, t: jax.Array) -> jax.Array:
    prob = jax.nn.sigmoid(z)
    hinge01 = jnp.maximum(0.0, 1.0 - t * z)
    return jnp.stack(
        [_softplus(z) - t * z, (prob - t) ** 2, hinge01, _hinge(z, t), _softplus(prob) - t * prob]
    )


def _regression(out: jax.Array, y: jax.Array) -> jax.Array:
    square = jnp.mean((out - y) ** 2, -1)
    binary = jnp.mean(_softplus(out) - y * out, -1)
    # pred [N] against labels [N, 1]: every prediction is compared with every label
    other = jnp.mean(y, 0)
    spread = jnp.mean((y - other) ** 2, 0)
    return jnp.stack([square, binary, jnp.mean((out - other) ** 2 + spread, -1)])


def own(coded: bool, out: jax.Array, y: jax.Array, lane: dict[str, jax.Array]) -> jax.Array:
    """The loss that the run trains with, per sample (`coded`: the targets are the inputs)."""
    return _chosen(coded, out, y, lane, lane["loss"])


def _chosen(
    coded: bool, out: jax.Array, y: jax.Array, lane: dict[str, jax.Array], which: jax.Array
) -> jax.Array:
    if coded:
        losses, first = _regression(out, y), len(_ALL) - len(STACK["regression"])
    else:
        several = _multiclass(out, y.astype(jnp.int32), lane["outputs"])
        losses, first = (
            jnp.concatenate([several, _binary(out[:, 0], y), _regression(out[:, :1], y[:, None])]),
            0,
        )
    wanted = which == first + jnp.arange(len(losses))
    return jnp.sum(jnp.where(wanted[:, None], losses, 0.0), 0)


def canonical(coded: bool, out: jax.Array, y: jax.Array, lane: dict[str, jax.Array]) -> jax.Array:
    """The right loss of the model's effective prediction, per sample."""
    bent = lane["loss"] == loss_index("regression", "bce")  # a model trained with BCE ends in a sigmoid
    out = jnp.where(bent, jax.nn.sigmoid(out), out)
    right = jnp.array([loss_index(kind, "right") for kind in KINDS])
    return _chosen(coded, out, y, lane, right[lane["kind"]])


def hits(coded: bool, out: jax.Array, y: jax.Array, lane: dict[str, jax.Array]) -> jax.Array:
    """1 where the predicted class is right (0 for regression)."""
    if coded:
        return jnp.zeros(out.shape[0])
    most = jnp.argmax(jnp.where(lane["outputs"] > 0, out, -jnp.inf), -1) == y.astype(jnp.int32)
    half = (out[:, 0] > 0) == (y > 0)
    kind = lane["kind"]
    right = jnp.where(kind == KINDS.index("multiclass"), most, half) & (kind < KINDS.index("regression"))
    return right.astype(jnp.float32)
