"""Many trainings in one compiled program.

A *lane* is one training. Lanes that share a `Sig` run side by side under
`vmap`; everything that is not a shape is traced (samples, lr of every step,
masks, optimizer coefficients, loss selector …), so one compilation serves
hundreds of configurations, whatever their tasks.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from clinic.apply import apply
from clinic.config import MAX_STEPS
from clinic.losses import canonical, hits, own
from clinic.models import Lane, Sig, Weights, parts_of, unpack
from clinic.normalize import Moments

State = dict[str, jax.Array]


def _inputs(sig: Sig, x: jax.Array, rows: jax.Array, lane: Lane) -> jax.Array:
    """What the model is fed for these rows of the pool: scaled, with holes and outliers."""
    raw = x[rows + lane["base"]]
    if sig.tokens and not sig.fancy:
        return raw
    shape = (rows.shape[0],) + (1,) * (raw.ndim - 1)
    scaled = raw
    if not sig.tokens:
        scaled = raw * lane["scale"].reshape(raw.shape[1:]) + lane["offset"].reshape(raw.shape[1:])
        scaled = scaled * lane["row_scale"][rows].reshape(shape)
    if not sig.fancy:
        return scaled
    cell = rows.reshape(shape).astype(jnp.uint32) * jnp.uint32(2654435761)
    cell = cell + (jnp.arange(raw[0].size, dtype=jnp.uint32) * jnp.uint32(40503)).reshape(raw.shape[1:])
    cell = (cell ^ (cell >> 15)) * jnp.uint32(0x846CA68B)
    hole = ((cell >> 8).astype(jnp.float32) / (1 << 24)) < lane["missing"] * lane["dirty"][rows].reshape(
        shape
    )
    return jnp.where(hole, 0 if sig.tokens else lane["hole"], scaled)


def _targets(sig: Sig, rows: jax.Array, lane: Lane, fed: jax.Array) -> jax.Array:
    if sig.coded:
        return jnp.where(jnp.isfinite(fed), fed, 0.0).reshape(rows.shape[0], -1)
    return lane["y"][rows] * lane["target_scale"]


def _flat(out: jax.Array, y: jax.Array, sig: Sig) -> tuple[jax.Array, jax.Array]:
    """Tokens of a sequence count as samples."""
    if sig.per_token:
        return out.reshape(-1, out.shape[-1]), y.reshape(-1)
    return out, y


def _moments(sig: Sig, w: jax.Array, x: jax.Array, lane: Lane, clean: bool) -> Moments:
    """What batch normalization knows in evaluation mode: the training rows' statistics,
    unless it is out of order."""

    def found() -> list[tuple[jax.Array, jax.Array]]:
        over = Moments()
        apply(sig, unpack(sig, w), _inputs(sig, x, lane["seen"], lane), lane, moments=over)
        return over.found

    # (lanes are evaluated one after the other, so only those pay for it that have such layers)
    nothing = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), jax.eval_shape(found))
    known = jax.lax.cond(lane["batch_norm"] > 0, found, lambda: nothing)
    stale = (lane["batch_norm"] == 2) & (not clean)
    return Moments(known=[(jnp.where(stale, 0.0, m), jnp.where(stale, 1.0, v)) for m, v in known])


def _measure(sig: Sig, w: jax.Array, x: jax.Array, rows: jax.Array, lane: Lane, clean: bool) -> jax.Array:
    """Own loss, canonical loss, hit, positive prediction per row in evaluation mode, shape (4, rows)."""
    fed = _inputs(sig, x, rows, lane)
    moments = _moments(sig, w, x, lane, clean) if sig.fancy else None
    out = apply(sig, unpack(sig, w), fed, lane, moments=moments)
    out, target = _flat(out, _targets(sig, rows, lane, fed), sig)
    if clean:  # measured in units of the standardized target
        out, target = out / lane["target_scale"], target / lane["target_scale"]
    loss = own(sig.coded, out, target, lane)
    right = canonical(sig.coded, out, target, lane)
    positive = (out[:, 0] > 0).astype(jnp.float32)
    columns = jnp.stack([loss, right, hits(sig.coded, out, target, lane), positive])
    return columns.reshape(4, rows.shape[0], -1).mean(-1)


def _step(
    sig: Sig, x: jax.Array, lane: Lane, s: State, t: jax.Array, alive: jax.Array
) -> tuple[State, jax.Array]:
    """One optimizer step of one lane; returns batch loss, gradient norm, accuracy, positive share."""
    epoch, i = t // lane["per_epoch"], t % lane["per_epoch"]
    at = (epoch % lane["cycle"] * lane["per_epoch"] + i) * sig.batch
    rows = jax.lax.dynamic_slice_in_dim(lane["order"], at, sig.batch)
    present = (rows >= 0).astype(jnp.float32)
    rows = jnp.maximum(rows, 0)
    fed = _inputs(sig, x, rows, lane)
    target = _targets(sig, rows, lane, fed)
    seed = (t * 31 + lane["seed"]).astype(jnp.uint32)

    def objective(w: Weights) -> tuple[jax.Array, jax.Array]:
        out = apply(sig, w, fed, lane, seed, Moments(present) if sig.fancy else None)
        out, y = _flat(out, target, sig)
        weight = jnp.repeat(present, out.shape[0] // present.shape[0])
        balanced = weight
        if not sig.coded:
            label = jnp.clip(y.astype(jnp.int32), 0, lane["class_weight"].shape[0] - 1)
            balanced = weight * lane["class_weight"][label]
        each = own(sig.coded, out, y, lane)
        total = jnp.maximum(jnp.sum(balanced), 1e-9)
        mean = jnp.sum(jnp.where(balanced > 0, each * balanced, 0.0)) / total
        n = jnp.maximum(jnp.sum(weight), 1.0)
        accuracy = jnp.sum(hits(sig.coded, out, y, lane) * weight) / n
        positive = jnp.sum((out[..., 0] > 0) * weight) / n
        return mean, jnp.stack([accuracy, positive])

    (loss, extra), parts = jax.value_and_grad(objective, has_aux=True)(unpack(sig, s["w"]))
    # (the gradient of slices of the flat vector would be a sum of padded copies)
    grad = jnp.concatenate([parts[part.name].ravel() for part in parts_of(sig)])
    grad = grad * lane["trained"]
    norm = jnp.sqrt(jnp.sum(grad * grad))
    grad = grad * jnp.where(lane["clip"] > 0, jnp.minimum(1.0, lane["clip"] / (norm + 1e-12)), 1.0)
    o = lane["optimizer"]  # b1, c1, b2, adaptive, bias correction, decoupled decay, weight decay
    grad = grad + o[6] * (1 - o[5]) * s["w"] * lane["trained"]
    m = o[0] * s["m"] + o[1] * grad
    v = o[2] * s["v"] + (1 - o[2]) * grad * grad
    n = t.astype(jnp.float32) + 1.0
    mh = m / jnp.where(o[4] > 0, 1 - jnp.power(o[0], n), 1.0)
    vh = v / jnp.where(o[4] > 0, 1 - jnp.power(o[2], n), 1.0)
    update = jnp.where(o[3] > 0, mh / (jnp.sqrt(vh) + 1e-8), m) + o[5] * o[6] * s["w"] * lane["trained"]
    lr = lane["lr"][jnp.minimum(t, MAX_STEPS - 1)] * s["factor"]
    alive = alive & (t < lane["steps"])
    new = {"w": s["w"] - lr * update, "m": m, "v": v}
    state = s | {k: jnp.where(alive, new[k], s[k]) for k in new}
    return state, jnp.stack([loss, norm, extra[0], extra[1]])


def _after_epoch(sig: Sig, x: jax.Array, lane: Lane, s: State, t: jax.Array) -> tuple[State, jax.Array]:
    """Validation at an epoch's end: record, best checkpoint, plateau schedule."""
    columns = _measure(sig, s["w"], x, lane["val"], lane, clean=False)
    weight = lane["val_weight"]
    mean = jnp.sum(columns * weight, -1) / jnp.sum(weight)
    val = mean[0]
    alive = t <= lane["steps"]
    better = alive & (val < s["best"])
    stale = jnp.where(val < s["low"] * 0.999, 0, s["stale"] + 1)
    cut = (lane["plateau"] > 0) & (stale > lane["plateau"])
    after = {
        "best": jnp.where(better, val, s["best"]),
        "best_t": jnp.where(better, t, s["best_t"]),
        "best_w": jnp.where(better, s["w"], s["best_w"]),
        "low": jnp.minimum(s["low"], jnp.where(jnp.isfinite(val), val, jnp.inf)),
        "stale": jnp.where(cut, 0, stale),
        "factor": s["factor"] * jnp.where(cut, 0.3, 1.0),
    }
    return s | after, jnp.stack([mean[0], mean[2], mean[3], s["factor"]])


def _truth(sig: Sig, x: jax.Array, lane: Lane, w: jax.Array) -> jax.Array:
    """On the clean test rows: canonical loss and error, with the run's and with balanced classes."""
    clean = lane | {"dirty": jnp.zeros_like(lane["dirty"]), "row_scale": jnp.ones_like(lane["row_scale"])}
    columns = _measure(sig, w, x, lane["test"], clean, clean=True)

    def mean(values: jax.Array, weight: jax.Array) -> jax.Array:
        return jnp.sum(values * weight) / jnp.sum(weight)

    p, b = lane["test_weight"], lane["test_balanced"]
    return jnp.stack(
        [mean(columns[1], p), 1 - mean(columns[2], p), mean(columns[1], b), 1 - mean(columns[2], b)]
    )


def start(lanes: dict[str, Any]) -> State:
    """State of all lanes before the first step."""
    w0 = lanes["w0"]
    zero = jnp.zeros(w0.shape[0])
    return {
        "w": jnp.asarray(w0), "m": jnp.zeros_like(w0), "v": jnp.zeros_like(w0), "factor": zero + 1,
        "best": zero + jnp.inf, "best_w": jnp.asarray(w0), "best_t": zero.astype(jnp.int32),
        "low": zero + jnp.inf, "stale": zero.astype(jnp.int32),
    }  # fmt: skip


@partial(jax.jit, static_argnums=0, donate_argnums=4)
def train(
    sig: Sig,
    x: jax.Array,
    lanes: Lane,
    state: State,
    log: jax.Array,
    first: jax.Array,
    count: jax.Array,
    most: Any,
) -> tuple[State, jax.Array]:
    """`count` steps of each lane from its step `first` on (shape (lanes,), at most `most`).

    `log` (lanes, MAX_STEPS + 1, 4) is filled in; its last row is for lanes that have nothing left to do.
    `x` holds the pools of all lanes, one after another; a lane's own starts at `lanes["base"]`.
    `lanes["order"]` holds the pool rows of every step, flat: `cycle` epochs of
    `per_epoch` × batch rows, −1 for absent ones; further epochs repeat them.
    """
    moving = {k: state[k] for k in ("w", "m", "v")}
    fixed = {"factor": state["factor"]}

    def one_step(i: jax.Array, carry: Any) -> Any:
        s, log = carry
        t, alive = first + i, i < count
        new, out = jax.vmap(partial(_step, sig, x))(lanes, s | fixed, t, alive)
        at = jnp.where(alive, t, MAX_STEPS)
        return {k: new[k] for k in s}, log.at[jnp.arange(len(at)), at].set(out)

    end: tuple[State, jax.Array] = jax.lax.fori_loop(0, most, one_step, (moving, log))
    return state | end[0], end[1]


@partial(jax.jit, static_argnums=0)
def validate(sig: Sig, x: jax.Array, lanes: Lane, state: State, t: Any) -> tuple[State, jax.Array]:
    """Validation of each lane after its `t` steps, shape (lanes,); the record has shape (lanes, 4)."""
    after: tuple[State, jax.Array] = jax.lax.map(lambda a: _after_epoch(sig, x, *a), (lanes, state, t))
    return after


@partial(jax.jit, static_argnums=0)
def final(sig: Sig, x: jax.Array, lanes: Lane, weights: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Truth of these weights, and measures of the training rows."""

    def one(pair: Any) -> Any:
        lane, w = pair
        return _truth(sig, x, lane, w), _measure(sig, w, x, lane["seen"], lane, clean=False).mean(-1)

    found: tuple[jax.Array, jax.Array] = jax.lax.map(one, (lanes, weights))
    return found
