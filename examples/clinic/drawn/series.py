"""Generators of signals, small pictures and texts whose every trait is drawn."""

from __future__ import annotations

import numpy as np

from clinic import data, data_more
from clinic.data import Floats, Pool
from clinic.drawn.tables import Rng, flipped, standard


def _forms(angle: Floats) -> list[Floats]:
    sine = np.sin(angle)
    saw = ((angle / np.pi) % 2) - 1
    return [sine, np.sign(sine) * 0.8, saw, np.abs(sine) * 2 - 1, -saw, sine**3 * 1.3]


def waves(n: int, seed: int, classes: int, noise: float, turn: float, cycles: float, flip: float) -> Pool:
    """Forms of waves, of random pitch and phase, in noise; 64 samples."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    pitch = cycles * (1 + 0.7 * rng.random((n, 1)))
    angle = np.arange(64)[None] / 64 * pitch * 2 * np.pi + rng.random((n, 1)) * turn
    forms = _forms(angle)
    chosen = rng.permutation(len(forms))[:classes]
    x = np.choose(y[:, None], [forms[k] for k in chosen]) + noise * rng.standard_normal((n, 64))
    return Pool((x / x.std()).astype(np.float32), flipped(y, rng, classes, flip))


def pulses(n: int, seed: int, classes: int, bumps: int, jitter: float, noise: float, flip: float) -> Pool:
    """Traces of bumps; classes differ in where they are, how wide and how high; 64 samples."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    t = np.linspace(0, 1, 64)[None]
    at = np.sort(rng.uniform(0.1, 0.9, bumps))
    wide, high = rng.uniform(0.02, 0.08, bumps), rng.uniform(0.4, 1.5, bumps) * rng.choice([-1, 1], bumps)
    moved = 0.06 * rng.standard_normal((classes, bumps))
    scaled = np.exp(0.3 * rng.standard_normal((2, classes, bumps)))
    shift = jitter * rng.standard_normal((n, 1))
    x = noise * rng.standard_normal((n, 64))
    for k in range(bumps):
        place = at[k] + moved[y, k, None] + shift + 0.3 * jitter * rng.standard_normal((n, 1))
        x += (
            high[k]
            * scaled[0][y, k, None]
            * np.exp(-0.5 * ((t - place) / (wide[k] * scaled[1][y, k, None])) ** 2)
        )
    return Pool(standard(x).astype(np.float32), flipped(y, rng, classes, flip))


def _autoregression(rng: Rng, n: int, total: int, a: Floats, b: Floats, bend: bool) -> Floats:
    """Second-order recursions driven by noise; coefficients (n,)."""
    x = np.zeros((n, total + 20))
    drive = rng.standard_normal(x.shape)
    for k in range(2, x.shape[1]):
        step = a * x[:, k - 1] + b * x[:, k - 2]
        x[:, k] = (np.tanh(step) if bend else step) + 0.5 * drive[:, k]
    return x[:, 20:]


def _stable(rng: Rng, size: int) -> tuple[Floats, Floats]:
    radius, angle = rng.uniform(0.5, 0.97, size), rng.uniform(0.1, 3.0, size)
    return 2 * radius * np.cos(angle), -(radius**2)


def rhythms(n: int, seed: int, classes: int, alike: float, noise: float) -> Pool:
    """Which of several random recursions made this trace; 64 samples."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    a, b = _stable(rng, classes)
    a, b = (alike * v.mean() + (1 - alike) * v for v in (a, b))
    x = _autoregression(rng, n, 64, a[y], b[y], False)
    x = x / x.std(1, keepdims=True) + noise * rng.standard_normal((n, 64))
    return Pool(x.astype(np.float32), y.astype(np.int32))


def ahead(n: int, seed: int, window: int, bend: bool, noise: float, channels: int) -> Pool:
    """The next value after a window of a recursion; the second channel, if any, has no meaning."""
    rng = np.random.default_rng(seed)
    a, b = _stable(rng, 1)
    x = _autoregression(rng, n, window + 1, np.repeat(1.8 * a if bend else a, n), np.repeat(b, n), bend)
    x = x / x.std() + noise * rng.standard_normal(x.shape)
    inputs = np.stack([x[:, :window], *rng.standard_normal((channels - 1, n, window))], -1)
    return Pool(inputs.reshape(n, -1).astype(np.float32), standard(x[:, window:]).astype(np.float32))


def chords(n: int, seed: int, tones: int, noise: float) -> Pool:
    """Sums of tones of random loudness and phase, for an autoencoder; 64 samples."""
    rng = np.random.default_rng(seed)
    t = np.arange(64)[None] / 64 * 2 * np.pi
    x = noise * rng.standard_normal((n, 64))
    for pitch in rng.choice(np.arange(1, 12), tones, replace=False):
        x += (1 + 0.4 * rng.standard_normal((n, 1))) * np.sin(pitch * t + 2 * rng.random((n, 1)))
    return Pool((x / x.std()).astype(np.float32), np.zeros((n, 1), np.float32))


def _texture(
    rng: Rng, n: int, side: int, classes: int, angles: float, noise: float
) -> tuple[Floats, np.ndarray]:
    yy, xx = np.mgrid[0:side, 0:side].astype(float)
    y = rng.integers(0, classes, n)
    angle = np.pi * y / classes + angles * rng.standard_normal(n)
    k, phase = 2 * np.pi / rng.uniform(3.0, 6.0, n), rng.random(n) * 2 * np.pi
    along = xx[None] * np.cos(angle)[:, None, None] + yy[None] * np.sin(angle)[:, None, None]
    images = np.sin(along * k[:, None, None] + phase[:, None, None])
    return images + noise * rng.standard_normal(images.shape), y


def textures(n: int, seed: int, side: int, classes: int, angles: float, noise: float) -> Pool:
    """Gratings; the class is their direction."""
    images, y = _texture(np.random.default_rng(seed), n, side, classes, angles, noise)
    return Pool((images / images.std()).astype(np.float32).reshape(n, -1), y.astype(np.int32))


def outlines(n: int, seed: int, classes: int, noise: float) -> Pool:
    """12×12 pictures of outlines (squares, rings, crosses, X) in noise."""
    rng = np.random.default_rng(seed)
    return data_more.shapes(n, seed, tuple(int(k) for k in rng.permutation(4)[:classes]), noise)


def blots(n: int, seed: int, side: int, classes: int, spots: int, jitter: int, noise: float) -> Pool:
    """Pictures of spots; every class has its own constellation, shifted at random."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    yy, xx = np.mgrid[0:side, 0:side].astype(float)
    at = rng.uniform(1, side - 2, (classes, spots, 2))
    shift = rng.integers(-jitter, jitter + 1, (n, 2)) if jitter else np.zeros((n, 2))
    x = noise * rng.standard_normal((n, side, side))
    for k in range(spots):
        place = at[y, k] + shift
        x += np.exp(
            -0.7 * ((yy[None] - place[:, 0, None, None]) ** 2 + (xx[None] - place[:, 1, None, None]) ** 2)
        )
    x = (x - x.mean()) / x.std()
    return Pool(x.reshape(n, -1).astype(np.float32), y.astype(np.int32))


def digits(seed: int, classes: int, noise: float) -> Pool:
    """scikit-learn's digits: some of the ten classes, with noise on the pixels."""
    rng = np.random.default_rng(seed)
    whole = data.real("digits")
    chosen = rng.permutation(10)[:classes]
    rows = np.isin(whole.y, chosen)
    x = whole.x[rows] + noise * rng.standard_normal((rows.sum(), 64))
    y = np.argsort(chosen)[np.searchsorted(np.sort(chosen), whole.y[rows])]
    return Pool(x.astype(np.float32), y.astype(np.int32))


def authors(
    n: int, seed: int, vocabulary: int, length: int, classes: int, sharp: float, shortest: float
) -> Pool:
    """Which Markov source wrote this text: tokens, the end of short ones padded with zeros; 16 places."""
    rng = np.random.default_rng(seed)
    tables = np.stack([data_more.chain(rng, vocabulary - 1, sharp) for _ in range(classes)])
    y = rng.integers(0, classes, n)
    tokens = np.zeros((n, 16), np.int64)
    tokens[:, :length] = data_more.walk(tables, y, length, rng) + 1
    ends = rng.integers(max(2, int(shortest * length)), length + 1, (n, 1))
    tokens[np.arange(16)[None] >= ends] = 0
    return Pool(tokens.astype(np.int32), y.astype(np.int32))


def votes(n: int, seed: int, vocabulary: int, length: int, sharp: float) -> Pool:
    """Are there more tokens of the upper half than of the lower (labels from a soft vote)?"""
    rng = np.random.default_rng(seed)
    half = vocabulary // 2
    upper = rng.random((n, length)) < rng.uniform(0.3, 0.7, (n, 1))
    tokens = np.zeros((n, 16), np.int64)
    tokens[:, :length] = np.where(upper, half, 0) + rng.integers(0, half, (n, length))
    vote = 2.0 * (upper.mean(1) - 0.5) * np.sqrt(length) * sharp
    return Pool(tokens.astype(np.int32), (rng.random(n) < 1 / (1 + np.exp(-vote))).astype(np.int32))


def chatter(n: int, seed: int, vocabulary: int, sharp: float) -> Pool:
    """Predict the next character of Markov text; 16 places."""
    rng = np.random.default_rng(seed)
    tokens = data_more.walk(data_more.chain(rng, vocabulary, sharp)[None], np.zeros(n, np.int64), 17, rng)
    return Pool(tokens[:, :16].astype(np.int32), tokens[:, 1:].astype(np.int32))
