"""Forward passes of the model families."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from clinic.models import Lane, Sig, Weights, activate, drop
from clinic.normalize import Moments, layer_norm, normalized


def _mlp(sig: Sig, w: Weights, x: jax.Array, lane: Lane, seed: Any, m: Moments | None) -> jax.Array:
    h = x.reshape(x.shape[0], -1)
    for i in range(sig.depth):
        mask = lane["mask"][i]
        z = normalized(sig, h @ w[f"w{i}"] + w[f"b{i}"], mask, lane, m)
        new = drop(sig, activate(sig, z, lane) * mask, lane, seed, i)
        if i == 0:
            h = new
        else:
            new = new + lane["residual"] * h if sig.fancy else new
            h = jnp.where(lane["active"][i] > 0, new, h)
    return h @ w["out"] + w["bout"]


def _cnn(sig: Sig, w: Weights, x: jax.Array, lane: Lane, seed: Any, m: Moments | None) -> jax.Array:
    # The pool holds patches (see tasks.patches), in an order that makes pooling and the
    # second, non-overlapping convolution plain reshapes: vmapped convolutions are slow on a CPU.
    z = x @ w["w0"] + w["b0"]
    mask = lane["mask"][0][: sig.width]
    h = activate(sig, normalized(sig, z, mask, lane, m), lane) * mask
    if sig.family == "cnn2d":
        h = h.reshape(h.shape[0], -1, 4, sig.width).mean(2)
    h = h.reshape(h.shape[0], -1, 4 * sig.width) @ w["w1"] + w["b1"]
    mask = lane["mask"][1][: 2 * sig.width]
    h = activate(sig, normalized(sig, h, mask, lane, m), lane) * mask
    h = h.reshape(h.shape[0], -1) if sig.family == "cnn2d" else h.mean(1)
    return drop(sig, h, lane, seed, 0) @ w["out"] + w["bout"]


def _recurrent(sig: Sig, w: Weights, x: jax.Array, lane: Lane, seed: Any, m: Moments | None) -> jax.Array:
    mask = lane["mask"][0][: sig.width]
    x = jax.nn.one_hot(x, sig.inputs[1]) if sig.tokens else x.reshape(x.shape[0], *sig.inputs)
    gates = 3 if sig.family == "gru" else 1
    drive = jnp.stack([x @ w[f"x{g}"] + w[f"b{g}"] for g in range(gates)])  # (gates, B, T, H)

    def cell(h: jax.Array, d: jax.Array) -> tuple[jax.Array, jax.Array]:
        if gates == 1:
            new = jnp.tanh(d[0] + h @ w["r0"]) * mask
        else:
            update = jax.nn.sigmoid(d[0] + h @ w["r0"])
            reset = jax.nn.sigmoid(d[1] + h @ w["r1"])
            new = (1 - update) * h + update * jnp.tanh(d[2] + (reset * h) @ w["r2"]) * mask
        return new, new

    start = jnp.zeros((x.shape[0], sig.width))
    last, states = jax.lax.scan(cell, start, jnp.moveaxis(drive, 2, 0))
    h = jnp.moveaxis(states, 0, 1) if sig.per_token else last
    return drop(sig, h, lane, seed, 0) @ w["out"] + w["bout"]


def _attn(sig: Sig, w: Weights, x: jax.Array, lane: Lane, seed: Any, m: Moments | None) -> jax.Array:
    mask = lane["mask"][0][: sig.width]
    wide = lane["mask"][1][: 2 * sig.width]
    h = jax.nn.one_hot(x, sig.inputs[1]) @ w["emb"] + w["pos"]
    length = sig.inputs[0]
    causal = jnp.where(jnp.tril(jnp.ones((length, length))) > 0, 0.0, -1e9) if sig.per_token else 0.0
    scale = jax.lax.rsqrt(jnp.sum(mask))
    post = lane["post_norm"] > 0

    def before(h: jax.Array) -> jax.Array:
        return jnp.where(post, h, layer_norm(sig, h, mask, lane))

    def after(h: jax.Array) -> jax.Array:
        return jnp.where(post, layer_norm(sig, h, mask, lane), h)

    for i in range(sig.depth):
        n = before(h)
        q, k, v = n @ w[f"q{i}"], n @ w[f"k{i}"], n @ w[f"v{i}"]
        score = jax.nn.softmax(jnp.einsum("btd,bsd->bts", q, k) * scale + causal)
        h = after(h + drop(sig, jnp.einsum("bts,bsd->btd", score, v) @ w[f"o{i}"], lane, seed, 2 * i))
        n = before(h)
        up = activate(sig, n @ w[f"w{i}"] + w[f"b{i}"], lane) * wide
        h = after(h + drop(sig, up @ w[f"u{i}"], lane, seed, 2 * i + 1))
    h = before(h)
    return (h if sig.per_token else h.mean(1)) @ w["out"] + w["bout"]


_FAMILIES = {"mlp": _mlp, "cnn2d": _cnn, "cnn1d": _cnn, "rnn": _recurrent, "gru": _recurrent, "attn": _attn}


def apply(
    sig: Sig, weights: Weights, x: jax.Array, lane: Lane, seed: Any = None, moments: Moments | None = None
) -> jax.Array:
    """Outputs (logits or predictions); with a seed, in training mode. `moments`: for batch normalization."""
    return _FAMILIES[sig.family](sig, weights, x, lane, seed, moments)
