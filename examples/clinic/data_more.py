"""Generators of small images and of token sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinic.data import Floats, Pool


def _shape_image(kind: int, rng: np.random.Generator, yy: Floats, xx: Floats) -> Any:
    cy, cx = rng.uniform(4, 7, 2)
    size = rng.uniform(2.2, 4.0)
    dy, dx = np.abs(yy - cy), np.abs(xx - cx)
    if kind == 0:  # square outline
        return (np.abs(np.maximum(dy, dx) - size) < 0.7).astype(float)
    if kind == 1:  # ring
        return (np.abs(np.hypot(dy, dx) - size) < 0.7).astype(float)
    if kind == 2:  # cross
        return ((np.minimum(dy, dx) < 0.7) & (np.maximum(dy, dx) < size)).astype(float)
    return ((np.abs(dy - dx) < 0.8) & (np.maximum(dy, dx) < size)).astype(float)  # X


def shapes(n: int, seed: int, kinds: tuple[int, ...], noise: float) -> Pool:
    """12×12 pictures of outlines at random places, in noise."""
    rng = np.random.default_rng(seed)
    yy, xx = np.mgrid[0:12, 0:12].astype(float)
    label = rng.integers(0, len(kinds), n)
    images = np.stack([_shape_image(kinds[k], rng, yy, xx) for k in label])
    images += noise * rng.standard_normal(images.shape)
    images = (images - images.mean()) / images.std()
    return Pool(images.astype(np.float32).reshape(n, -1), label.astype(np.int32))


def textures(n: int, seed: int, noise: float) -> Pool:
    """12×12 gratings, rising against falling diagonal, random wavelength and phase, in noise."""
    rng = np.random.default_rng(seed)
    yy, xx = np.mgrid[0:12, 0:12].astype(float)
    label = rng.integers(0, 2, n)
    angle = np.where(label == 1, 1.0, -1.0) * np.pi / 4 + 0.35 * rng.standard_normal(n)
    k = 2 * np.pi / rng.uniform(3.5, 6.0, n)
    phase = rng.random(n) * 2 * np.pi
    wave = xx[None] * np.cos(angle)[:, None, None] + yy[None] * np.sin(angle)[:, None, None]
    images = np.sin(wave * k[:, None, None] + phase[:, None, None])
    images += noise * rng.standard_normal(images.shape)
    return Pool((images / images.std()).astype(np.float32).reshape(n, -1), label.astype(np.int32))


def chain(rng: np.random.Generator, vocabulary: int, sharpness: float) -> Floats:
    """Transition probabilities of a random Markov chain, shape (vocabulary, vocabulary)."""
    table = np.exp(sharpness * rng.standard_normal((vocabulary, vocabulary)))
    return np.asarray(table / table.sum(1, keepdims=True))


def walk(
    tables: Floats, which: NDArray[np.int64], length: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Texts of the Markov chains `tables[which]`, shape (n, length)."""
    n, vocabulary = len(which), tables.shape[-1]
    tokens = np.zeros((n, length), np.int64)
    tokens[:, 0] = rng.integers(0, vocabulary, n)
    for t in range(1, length):
        cumulative = tables[which, tokens[:, t - 1]].cumsum(1)
        tokens[:, t] = np.minimum((rng.random((n, 1)) > cumulative).sum(1), vocabulary - 1)
    return tokens


def language(n: int, seed: int, vocabulary: int, length: int) -> Pool:
    """Predict the next character of Markov text: the floor is the chain's entropy."""
    rng = np.random.default_rng(seed)
    tokens = walk(chain(rng, vocabulary, 1.6)[None], np.zeros(n, np.int64), length + 1, rng)
    return Pool(tokens[:, :length].astype(np.int32), tokens[:, 1:].astype(np.int32))


def topics(n: int, seed: int, vocabulary: int, length: int, classes: int) -> Pool:
    """Which of several Markov sources wrote this text (tokens)."""
    rng = np.random.default_rng(seed)
    tables = np.stack([chain(rng, vocabulary, 0.8) for _ in range(classes)])
    label = rng.integers(0, classes, n)
    return Pool(walk(tables, label, length, rng).astype(np.int32), label.astype(np.int32))


def word_counts(n: int, seed: int, vocabulary: int, classes: int, length: int) -> Pool:
    """Documents as scaled word counts; every class has its own word frequencies."""
    rng = np.random.default_rng(seed)
    frequency = rng.dirichlet(np.full(vocabulary, 0.8), classes)
    frequency = 0.45 * frequency + 0.55 * frequency.mean(0)
    label = rng.integers(0, classes, n)
    lengths = rng.integers(length // 2, length * 2, n)
    counts = np.stack([rng.multinomial(m, frequency[c]) for m, c in zip(lengths, label, strict=True)])
    x = np.log1p(counts)
    x = (x - x.mean(0)) / (x.std(0) + 1e-9)
    return Pool(x.astype(np.float32), label.astype(np.int32))


def majority(n: int, seed: int, vocabulary: int, length: int) -> Pool:
    """Are there more tokens of the upper half than of the lower (labels drawn from a soft vote)?"""
    rng = np.random.default_rng(seed)
    lean = rng.uniform(0.3, 0.7, (n, 1))
    upper = rng.random((n, length)) < lean
    tokens = np.where(upper, vocabulary // 2, 0) + rng.integers(0, vocabulary // 2, (n, length))
    vote = 2.0 * (upper.mean(1) - 0.5) * np.sqrt(length) * 1.2
    y = rng.random(n) < 1 / (1 + np.exp(-vote))
    return Pool(tokens.astype(np.int32), y.astype(np.int32))
