"""Losses by kind of task: the right one, and those that people take by mistake.

Outputs are padded to the program's number of outputs; `mask` says which
exist. Programs for runs with the right loss compute nothing else (`odd` off).
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
    """Place of a loss among those of its kind."""
    if kind == "hinge":
        kind, loss = "binary", {"right": "hinge"}.get(loss, loss)
    return STACK["regression" if kind == "autoencoder" else kind].index(loss)


def program_kind(kind: str) -> str:
    """Kinds of tasks that share programs."""
    return {"hinge": "binary"}.get(kind, kind)


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


def own(kind: str, odd: bool, out: jax.Array, y: jax.Array, lane: dict[str, jax.Array]) -> jax.Array:
    """The loss that the run trains with, per sample."""
    if kind == "multiclass":
        label = y.astype(jnp.int32)
        if odd:
            return _multiclass(out, label, lane["outputs"])[lane["loss"]]
        return _cross_entropy(out, label, lane["outputs"])
    if kind == "binary":
        z = out[:, 0]
        return (
            _binary(z, y)[lane["loss"]]
            if odd
            else jnp.where(lane["kind"] == 2, _hinge(z, y), _softplus(z) - y * z)
        )
    if kind == "regression":
        out, y = out[:, :1], y[:, None]
    return _regression(out, y)[lane["loss"]] if odd else jnp.mean((out - y) ** 2, -1)


def canonical(kind: str, odd: bool, out: jax.Array, y: jax.Array, lane: dict[str, jax.Array]) -> jax.Array:
    """The right loss of the model's effective prediction, per sample."""
    if odd and kind in ("regression", "autoencoder"):  # a model trained with BCE ends in a sigmoid
        out = jnp.where(lane["loss"] == 1, jax.nn.sigmoid(out), out)
    return own(kind, False, out, y, lane)


def hits(kind: str, out: jax.Array, y: jax.Array, lane: dict[str, jax.Array]) -> jax.Array:
    """1 where the predicted class is right (without meaning for regression)."""
    if kind == "multiclass":
        most = jnp.argmax(jnp.where(lane["outputs"] > 0, out, -jnp.inf), -1)
        return (most == y.astype(jnp.int32)).astype(jnp.float32)
    if kind == "binary":
        return ((out[:, 0] > 0) == (y > 0)).astype(jnp.float32)
    return jnp.zeros(out.shape[0])
