"""Layer and batch normalization over the units that exist."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from clinic.models import Lane, Sig


def layer_norm(sig: Sig, x: jax.Array, mask: jax.Array, lane: Lane) -> jax.Array:
    """Normalization over the existing units, where the lane asks for it."""
    if not sig.fancy:
        return x
    n = jnp.maximum(jnp.sum(mask), 1.0)
    mean = jnp.sum(x * mask, -1, keepdims=True) / n
    var = jnp.sum(((x - mean) * mask) ** 2, -1, keepdims=True) / n
    return jnp.where(lane["norm"] > 0, (x - mean) * jax.lax.rsqrt(var + 1e-5) * mask, x)


class Moments:
    """Statistics of the places of batch normalization in one forward pass, in order.

    A pass over training rows finds them; evaluation takes them, in the same order, as `known`.
    `present`: weights of the batch's rows.
    """

    def __init__(
        self, present: jax.Array | None = None, known: list[tuple[jax.Array, jax.Array]] | None = None
    ) -> None:
        self.present, self.known, self.found = present, known, list[tuple[jax.Array, jax.Array]]()

    def of(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Mean and variance of each unit: those known, or this batch's own."""
        if self.known is not None:
            moments = self.known[len(self.found)]
        else:
            weight = jnp.ones(x.shape[0]) if self.present is None else self.present
            weight = weight.reshape(-1, *(1,) * (x.ndim - 1)) * jnp.ones((*x.shape[:-1], 1))
            axes, n = tuple(range(x.ndim - 1)), jnp.maximum(jnp.sum(weight), 1.0)
            mean = jnp.sum(x * weight, axes) / n
            moments = mean, jnp.sum((x - mean) ** 2 * weight, axes) / n
        self.found.append(moments)
        return moments


def normalized(sig: Sig, x: jax.Array, mask: jax.Array, lane: Lane, moments: Moments | None) -> jax.Array:
    """Layer or batch normalization, as the lane asks for it."""
    x = layer_norm(sig, x, mask, lane)
    if not sig.fancy or moments is None:
        return x
    mean, variance = moments.of(x)
    return jnp.where(lane["batch_norm"] > 0, (x - mean) * jax.lax.rsqrt(variance + 1e-5) * mask, x)
