"""Generators of tables whose every trait is drawn: features, classes, modes, noise, flips, imbalance."""

from __future__ import annotations

import numpy as np

from clinic.data import Floats, Pool

Rng = np.random.Generator


def standard(x: Floats) -> Floats:
    """Columns of mean 0 and variance 1."""
    return np.asarray((x - x.mean(0)) / (x.std(0) + 1e-9))


def dressed(x: Floats, rng: Rng, useless: int, mix: bool, skew: float) -> Floats:
    """Features as they are met: some without meaning, correlated, a share of them skewed; standardized."""
    x = np.concatenate([x, rng.standard_normal((len(x), useless))], 1)
    d = x.shape[1]
    if mix:
        x = x @ (np.eye(d) + 0.6 * rng.standard_normal((d, d)) / np.sqrt(d))
    skewed = rng.random(d) < skew
    x = standard(x)
    x[:, skewed] = np.exp(0.7 * x[:, skewed])
    return standard(x)


def flipped(y: np.ndarray, rng: Rng, classes: int, flip: float) -> np.ndarray:
    """Labels of which a share is drawn anew."""
    wrong = rng.random(len(y)) < flip
    return np.where(wrong, rng.integers(0, classes, len(y)), y).astype(np.int32)


def cut(score: Floats, rng: Rng, classes: int, uneven: float) -> np.ndarray:
    """Classes as bands of a score, of drawn shares (`uneven` 0: all alike)."""
    share = rng.dirichlet(np.full(classes, 1.0 / max(uneven, 1e-3))) * 0.9 + 0.1 / classes
    edges = np.quantile(score, np.cumsum(share)[:-1] / share.sum())
    return np.searchsorted(edges, score)


def noisy(signal: Floats, rng: Rng, noise: float, tails: bool) -> Floats:
    """Standardized targets of which `noise` is the share of variance without cause; (n, 1)."""
    shape = (len(signal), 1)
    extra = rng.standard_t(4, shape) / np.sqrt(2) if tails else rng.standard_normal(shape)
    y = np.sqrt(1 - noise) * standard(signal.reshape(shape)) + np.sqrt(noise) * extra
    return standard(y)


def network(x: Floats, rng: Rng, hidden: int, depth: int, outputs: int, sharp: float) -> Floats:
    """Outputs of a random tanh network, standardized; shape (n, outputs)."""
    h = x
    for _ in range(depth):
        h = np.tanh(sharp * standard(h @ rng.standard_normal((h.shape[1], hidden))))
    return standard(h @ rng.standard_normal((h.shape[1], outputs)))


def teacher(n: int, seed: int, features: int, hidden: int, depth: int, sharp: float, noise: float,
            useless: int,
            mix: bool, skew: float, tails: bool) -> Pool:  # fmt: skip
    """Regression on what a random network says."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, features))
    y = noisy(network(x, rng, hidden, depth, 1, sharp), rng, noise, tails)
    return Pool(dressed(x, rng, useless, mix, skew).astype(np.float32), y.astype(np.float32))


def verdicts(n: int, seed: int, features: int, hidden: int, depth: int, sharp: float, classes: int,
             heat: float,
             useless: int, mix: bool, skew: float) -> Pool:  # fmt: skip
    """Classes drawn from a random network's softmax; `heat` blurs the borders."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, features))
    logits = network(x, rng, hidden, depth, classes, sharp) + 0.4 * rng.standard_normal(classes)
    y = np.argmax(logits + heat * rng.gumbel(size=logits.shape), 1)
    y = flipped(y, rng, classes, 0.02)  # so that every class occurs
    return Pool(dressed(x, rng, useless, mix, skew).astype(np.float32), y)


def line(n: int, seed: int, features: int, noise: float, useless: int, mix: bool, skew: float, tails: bool,
         classes: int, uneven: float) -> Pool:  # fmt: skip
    """A linear score: regressed on, or cut into classes."""
    rng = np.random.default_rng(seed)
    x = dressed(rng.standard_normal((n, features)), rng, useless, mix, skew)
    kept = rng.standard_normal(features + useless) * (rng.random(features + useless) < 0.7)
    score = noisy(x @ (kept + 1e-3),
                  rng, noise, tails)  # fmt: skip
    y = cut(score[:, 0], rng, classes, uneven).astype(np.int32) if classes else score.astype(np.float32)
    return Pool(x.astype(np.float32), y)


def gaussians(n: int, seed: int, features: int, classes: int, modes: int, distance: float, flip: float,
              uneven: float, useless: int, mix: bool, skew: float) -> Pool:  # fmt: skip
    """Overlapping clouds, several per class, of unlike shares."""
    rng = np.random.default_rng(seed)
    centers = rng.standard_normal((classes * modes, features)) * distance / np.sqrt(2 * features)
    share = rng.dirichlet(np.full(classes * modes, 1.0 / max(uneven, 1e-3))) * 0.9 + 0.1 / (classes * modes)
    which = rng.choice(classes * modes, n, p=share / share.sum())
    x = (
        centers[which]
        + rng.standard_normal((n, features)) * rng.uniform(0.6, 1.4, (classes * modes, 1))[which]
    )
    y = flipped(which % classes, rng, classes, flip)
    return Pool(dressed(x, rng, useless, mix, skew).astype(np.float32), y)


def boxes(n: int, seed: int, features: int, depth: int, classes: int, noise: float, flip: float,
          useless: int) -> Pool:  # fmt: skip
    """What a random decision tree says: classes, or (0 classes) a level per leaf."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.7, 1.7, (n, features + useless))
    leaf = np.zeros(n, np.int64)
    for level in range(depth):  # one split for each node of a level
        which, at = rng.integers(0, features, 2**level), rng.uniform(-0.9, 0.9, 2**level)
        leaf = 2 * leaf + (x[np.arange(n), which[leaf]] > at[leaf])
    if classes:
        return Pool(
            x.astype(np.float32), flipped(rng.permutation(2**depth)[leaf] % classes, rng, classes, flip)
        )
    y = noisy(rng.standard_normal(2**depth)[leaf], rng, noise, False)
    return Pool(x.astype(np.float32), y.astype(np.float32))


def checkers(n: int, seed: int, sides: int, cells: int, classes: int, flip: float, useless: int) -> Pool:
    """A checkerboard in 2 or 3 dimensions (XOR where it has two cells a side)."""
    rng = np.random.default_rng(seed)
    u = rng.random((n, sides))
    y = flipped(np.floor(u * cells).sum(1).astype(int) % classes, rng, classes, flip)
    x = np.concatenate([(u - 0.5) * 3.46, rng.standard_normal((n, useless))], 1)
    return Pool(x.astype(np.float32), y)


def spirals(n: int, seed: int, classes: int, turns: float, noise: float, useless: int) -> Pool:
    """Interleaved arms with a noisy angle."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    r = np.sqrt(rng.random(n)) * 0.9 + 0.1
    angle = 2 * np.pi * (y / classes + turns * r) + noise * rng.standard_normal(n)
    x = np.concatenate(
        [np.stack([r * np.cos(angle), r * np.sin(angle)], 1), rng.standard_normal((n, useless))], 1
    )
    return Pool(standard(x).astype(np.float32), y.astype(np.int32))


def shells(n: int, seed: int, features: int, classes: int, blur: float, uneven: float, useless: int) -> Pool:
    """Bands of a noisy distance from the center along stretched axes."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, features))
    score = ((x * rng.uniform(0.5, 1.5, features)) ** 2).sum(1) + x[:, 0]
    score = standard(score) + blur * rng.standard_normal(n)
    x = np.concatenate([x, rng.standard_normal((n, useless))], 1)
    return Pool(x.astype(np.float32), cut(score, rng, classes, uneven).astype(np.int32))


def additive(n: int, seed: int, terms: int, pairs: int, noise: float, useless: int, tails: bool) -> Pool:
    """Regression on a sum of sines, steps, bends and products of single features."""
    rng = np.random.default_rng(seed)
    u = rng.uniform(-1.7, 1.7, (n, terms + useless))
    forms = (np.sin, np.abs, np.sign, np.square, np.tanh, np.asarray)
    y = np.zeros(n)
    for k in range(terms):
        y += rng.uniform(0.5, 1.5) * standard(
            forms[rng.integers(6)](rng.uniform(1, 3) * u[:, k] + rng.normal())
        )
    for _ in range(pairs):
        i, j = rng.integers(0, terms, 2)
        y += rng.uniform(0.5, 1.5) * standard(u[:, i] * u[:, j])
    return Pool(u.astype(np.float32), noisy(y, rng, noise, tails).astype(np.float32))


def ripples(
    n: int, seed: int, features: int, waves: int, pitch: float, noise: float, classes: int, useless: int
) -> Pool:
    """A random field made of waves: regressed on, or cut into classes."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, features))
    phase = rng.uniform(0, 2 * np.pi, waves)
    f = np.cos(x @ (pitch * rng.standard_normal((features, waves)) / np.sqrt(features)) + phase)
    score = noisy(f @ rng.standard_normal(waves), rng, noise, False)
    x = np.concatenate([x, rng.standard_normal((n, useless))], 1).astype(np.float32)
    return Pool(
        x, cut(score[:, 0], rng, classes, 0.0).astype(np.int32) if classes else score.astype(np.float32)
    )


def columns(n: int, seed: int, fields: int, levels: int, classes: int, noise: float, pairs: int) -> Pool:
    """Categories, one-hot: effects of single fields and of pairs of them."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(levels, 1.5), fields)
    codes = np.stack([rng.choice(levels, n, p=w) for w in weights], 1)
    score = sum(rng.standard_normal(levels)[codes[:, k]] for k in range(fields)) + np.zeros(n)
    for _ in range(pairs):
        i, j = rng.integers(0, fields, 2)
        score = score + 1.5 * rng.standard_normal((levels, levels))[codes[:, i], codes[:, j]]
    score = noisy(score, rng, noise, False)
    x = np.eye(levels)[codes].reshape(n, -1)
    y = cut(score[:, 0], rng, classes, 0.5).astype(np.int32) if classes else score.astype(np.float32)
    return Pool(standard(x).astype(np.float32), y)


def counts(
    n: int, seed: int, vocabulary: int, classes: int, length: int, sharp: float, spread: float
) -> Pool:
    """Documents as scaled word counts; every class has word frequencies of its own."""
    rng = np.random.default_rng(seed)
    own = rng.dirichlet(np.full(vocabulary, spread), classes)
    frequency = sharp * own + (1 - sharp) * own.mean(0)
    y = rng.integers(0, classes, n)
    lengths = rng.integers(max(2, length // 2), length * 2, n)
    made = np.zeros((n, vocabulary))
    for c in range(classes):
        made[y == c] = rng.multinomial(lengths[y == c], frequency[c])
    return Pool(standard(np.log1p(made)).astype(np.float32), y.astype(np.int32))


def column(seed: int, name: str, features: int, classes: int) -> Pool:
    """A real table of scikit-learn's: some columns say another one, regressed on or cut into classes."""
    from sklearn import datasets

    rng = np.random.default_rng(seed)
    found = getattr(datasets, f"load_{name}")()
    whole = standard(np.column_stack([np.asarray(found.data, float), np.asarray(found.target, float)]))
    whole = whole[rng.permutation(len(whole))]
    chosen = rng.permutation(whole.shape[1])[: features + 1]
    x, score = whole[:, chosen[1:]], whole[:, chosen[0]] + 1e-6 * rng.standard_normal(len(whole))
    y = cut(score, rng, classes, 0.2).astype(np.int32) if classes else score[:, None].astype(np.float32)
    return Pool(x.astype(np.float32), y)


def folded(n: int, seed: int, latent: int, features: int, noise: float, bend: float) -> Pool:
    """A bent surface of few dimensions in many, for an autoencoder."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, latent))
    x = z @ rng.standard_normal((latent, features)) + bend * np.sin(
        2 * z @ rng.standard_normal((latent, features))
    )
    x = standard(x) + noise * rng.standard_normal((n, features))
    return Pool((x / x.std()).astype(np.float32), np.zeros((n, 1), np.float32))
