"""Model families as pure functions of one flat weight vector.

Widths are padded to a bucket and masked, depths are padded with identity
layers, so that one compiled program serves nets of many sizes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from clinic.config import Config

Weights = dict[str, jax.Array]
Lane = dict[str, jax.Array]


class Sig(NamedTuple):
    """What a compiled program depends on."""

    family: str  # mlp, cnn2d, cnn1d, rnn, gru, attn
    coded: bool  #: the targets are the inputs
    inputs: tuple[int, ...]  #: shape of one sample; tokens: (length, vocabulary)
    outputs: int
    width: int
    depth: int
    batch: int
    per_token: bool
    tokens: bool
    #: tanh, sigmoid, dropout, normalization, residuals, holes: costly, so compiled in only where used
    fancy: bool
    lanes: int


class Part(NamedTuple):
    """One weight array of a model: shape, and the masks of its two sides."""

    name: str
    shape: tuple[int, ...]
    rows: str
    cols: str
    role: str  # w, out, b, bout, emb


def _mlp_parts(sig: Sig) -> list[Part]:
    features = int(np.prod(sig.inputs))
    if sig.depth == 0:
        return [
            Part("out", (features, sig.outputs), "in", "k", "out"),
            Part("bout", (sig.outputs,), "", "k", "bout"),
        ]
    parts, rows = [], "in"
    for i in range(sig.depth):
        fan = features if i == 0 else sig.width
        parts += [
            Part(f"w{i}", (fan, sig.width), rows, f"h{i}", "w"),
            Part(f"b{i}", (sig.width,), "", f"h{i}", "b"),
        ]
        rows = f"h{i}"
    return [
        *parts,
        Part("out", (sig.width, sig.outputs), "last", "k", "out"),
        Part("bout", (sig.outputs,), "", "k", "bout"),
    ]


def _cnn_parts(sig: Sig) -> list[Part]:
    taps, c = (9, sig.width) if sig.family == "cnn2d" else (5, sig.width)
    flat = 9 * 2 * c if sig.family == "cnn2d" else 2 * c
    return [
        Part("w0", (taps, c), "", "h0", "w"),
        Part("b0", (c,), "", "h0", "b"),
        Part("w1", (4 * c, 2 * c), "h0", "h1", "w"),
        Part("b1", (2 * c,), "", "h1", "b"),
        Part("out", (flat, sig.outputs), "h1", "k", "out"),
        Part("bout", (sig.outputs,), "", "k", "bout"),
    ]


def _recurrent_parts(sig: Sig) -> list[Part]:
    h, gates = sig.width, 3 if sig.family == "gru" else 1
    parts = []
    for g in range(gates):
        parts += [
            Part(f"x{g}", (sig.inputs[1], h), "", "h0", "emb" if sig.tokens else "w"),
            Part(f"r{g}", (h, h), "h0", "h0", "rec"),
            Part(f"b{g}", (h,), "", "h0", "b"),
        ]
    return [
        *parts,
        Part("out", (h, sig.outputs), "h0", "k", "out"),
        Part("bout", (sig.outputs,), "", "k", "bout"),
    ]


def _attn_parts(sig: Sig) -> list[Part]:
    d, (length, vocabulary) = sig.width, sig.inputs
    parts = [Part("emb", (vocabulary, d), "", "h0", "emb"), Part("pos", (length, d), "", "h0", "emb")]
    for i in range(sig.depth):
        parts += [Part(f"{name}{i}", (d, d), "h0", "h0", "lin") for name in "qkvo"]
        parts += [
            Part(f"w{i}", (d, 2 * d), "h0", "h1", "w"),
            Part(f"b{i}", (2 * d,), "", "h1", "b"),
            Part(f"u{i}", (2 * d, d), "h1", "h0", "lin"),
        ]
    return [
        *parts,
        Part("out", (d, sig.outputs), "h0", "k", "out"),
        Part("bout", (sig.outputs,), "", "k", "bout"),
    ]


def parts_of(sig: Sig) -> list[Part]:
    """The weight arrays of a model in the order of the flat vector."""
    if sig.family == "mlp":
        return _mlp_parts(sig)
    if sig.family in ("cnn2d", "cnn1d"):
        return _cnn_parts(sig)
    return _attn_parts(sig) if sig.family == "attn" else _recurrent_parts(sig)


def unit_masks(
    sig: Sig, config: Config, bottleneck: int, features: int, outputs: int
) -> dict[str, NDArray[np.float32]]:
    """Which units of the padded layers exist, by mask name."""

    def first(n: int, size: int) -> NDArray[np.float32]:
        return (np.arange(size) < n).astype(np.float32)

    ends = {"in": first(features, int(np.prod(sig.inputs))), "k": first(outputs, sig.outputs)}
    if sig.family == "mlp":
        masks = {f"h{i}": first(config.width if i < config.depth else 0, sig.width) for i in range(sig.depth)}
        if bottleneck and config.depth >= 3:
            masks[f"h{config.depth // 2}"] = first(bottleneck, sig.width)
        masks["last"] = masks.get(f"h{config.depth - 1}", np.ones(1, np.float32))
        return masks | ends
    return {"h0": first(config.width, sig.width), "h1": first(2 * config.width, 2 * sig.width)} | ends


_GAIN = {"relu": 2.0, "leaky": 2.0, "tanh": 1.0, "sigmoid": 1.0, "linear": 1.0}


def _scale(part: Part, config: Config, fan: float) -> float:
    if part.role == "emb":
        return 0.5
    if part.role in ("out", "lin") or config.init == "torch":
        return float(np.sqrt(1.0 / (3.0 * fan))) if part.role != "lin" else float(np.sqrt(1.0 / fan))
    if part.role == "rec":
        return float(np.sqrt(1.0 / fan))
    return float(np.sqrt(_GAIN[config.activation] / fan))


def init_weights(
    sig: Sig, config: Config, masks: dict[str, NDArray[np.float32]], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Initial flat weights, and which of them are trained (1 or 0)."""
    weights, trained = [], []
    for part in parts_of(sig):
        array = rng.standard_normal(part.shape)
        mask = np.ones(part.shape)
        if part.rows:
            mask = mask * _tile(masks[part.rows], part.shape[0])[:, None]
        if part.cols:
            mask = mask * masks[part.cols]
        fan = max(float(mask.reshape(mask.shape[0], -1).max(axis=-1).sum()), 1.0)
        if part.role in ("b", "bout"):
            array = array * 0.0 - (10.0 if config.init == "dead" and part.role == "b" else 0.0)
        elif config.init == "normal1":
            array = array * (1.0 if part.role != "emb" else 0.5)
        elif config.init == "const":
            array = np.full(part.shape, 0.5 / fan)
        else:
            times = {"tiny": 0.01, "huge": 8.0, "zero": 0.0}.get(config.init, 1.0)
            array = array * _scale(part, config, fan) * times
        weights.append((array * mask).ravel())
        head = part.role in ("out", "bout")
        free = {"all": False, "body": head, "head": not head}.get(config.frozen, True)
        trained.append((mask * float(free)).ravel())
    return np.concatenate(weights).astype(np.float32), np.concatenate(trained).astype(np.float32)


def embedded(flat: NDArray[np.float32], small: Sig, sig: Sig) -> NDArray[np.float32]:
    """The weights of a smaller net as those of a larger program: what is not there is zero."""
    held, at = {}, 0
    for part in parts_of(small):
        held[part.name] = flat[at : at + int(np.prod(part.shape))].reshape(part.shape)
        at += held[part.name].size
    arrays = []
    for part in parts_of(sig):
        own = held.get(part.name, np.zeros((0,) * len(part.shape), np.float32))
        more = [(0, n - m) for n, m in zip(part.shape, own.shape, strict=True)]
        arrays.append(np.pad(own, more).ravel())
    return np.concatenate(arrays)


def _tile(mask: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
    return np.tile(mask, rows // mask.shape[0])


def unpack(sig: Sig, flat: jax.Array) -> Weights:
    """Flat vector → named arrays."""
    arrays, at = {}, 0
    for part in parts_of(sig):
        size = int(np.prod(part.shape))
        arrays[part.name] = flat[at : at + size].reshape(part.shape)
        at += size
    return arrays


def activate(sig: Sig, x: jax.Array, lane: Lane) -> jax.Array:
    """ReLU family max(x, a·x), or tanh family A·tanh(B·x) + C, by the lane's numbers."""
    a = lane["act"]
    straight = jnp.maximum(x, a[1] * x)
    return jnp.where(a[0] > 0, straight, a[2] * jnp.tanh(a[3] * x) + a[4]) if sig.fancy else straight


ACTIVATIONS: dict[str, tuple[float, ...]] = {
    "relu": (1, 0, 0, 0, 0),
    "leaky": (1, 0.1, 0, 0, 0),
    "linear": (1, 1, 0, 0, 0),
    "tanh": (0, 0, 1, 1, 0),
    "sigmoid": (0, 0, 0.5, 0.5, 0.5),
}


def drop(sig: Sig, x: jax.Array, lane: Lane, seed: Any, salt: int) -> jax.Array:
    """Dropout with a counter hash for a generator (many times faster than threefry)."""
    if seed is None or not (sig.fancy or sig.family in ("cnn2d", "cnn1d")):
        return x
    n = jax.lax.iota(jnp.uint32, int(np.prod(x.shape)))
    h = n * np.uint32(2654435761) + seed * np.uint32(40503) + np.uint32(salt * 7919 + 17)
    h = (h ^ (h >> 16)) * np.uint32(0x7FEB352D)
    h = (h ^ (h >> 15)) * np.uint32(0x846CA68B)
    u = ((h ^ (h >> 16)) >> 8).astype(jnp.float32) * np.float32(1.0 / (1 << 24))
    p = lane["dropout"]
    return jnp.where(u.reshape(x.shape) >= p, x / (1.0 - p), 0.0)
