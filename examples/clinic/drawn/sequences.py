"""Families of signals, pictures and texts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from clinic.data import Pool
from clinic.draw import Draw
from clinic.drawn import series
from clinic.drawn.traits import Traits, code, dense, epochs, flip, whole


def chords(d: Draw) -> Traits:
    """Sums of tones, to be encoded."""
    tones = d.pick((1, 2, 3))
    return code(
        d,
        dense(d, "signal", partial(series.chords, tones=tones, noise=d.log(0.1, 1)), 64, 0, 0.0),
        2 * tones,
    )


def make_waves(d: Draw) -> tuple[int, Callable[..., Pool]]:
    """Forms of waves: classes, generator."""
    k = d.pick((2, 2, 3, 4, 5))
    return k, partial(
        series.waves,
        classes=k,
        noise=d.log(0.15, 1.5),
        turn=d.log(0.3, 6.28),
        cycles=d.log(1, 4),
        flip=flip(d),
    )


def make_pulses(d: Draw) -> tuple[int, Callable[..., Pool]]:
    """Traces of bumps: classes, generator."""
    k = d.pick((2, 2, 2, 3, 4, 6))
    return k, partial(series.pulses, classes=k, bumps=d.pick((2, 3, 5)), jitter=d.log(0.005, 0.1),
        noise=d.log(0.05, 0.8),
                      flip=flip(d))  # fmt: skip


def make_rhythms(d: Draw) -> tuple[int, Callable[..., Pool]]:
    """Random recursions: classes, generator."""
    k = d.pick((2, 2, 3, 4))
    return k, partial(series.rhythms, classes=k, alike=d.rng.uniform(0, 0.7), noise=d.log(0.05, 1))


def make_textures(d: Draw, side: int) -> tuple[int, Callable[..., Pool]]:
    """Gratings: classes, generator."""
    k = d.pick((2, 2, 3, 4, 6))
    return k, partial(series.textures, side=side, classes=k, angles=d.log(0.05, 0.4), noise=d.log(0.3, 2.5))


def make_blots(d: Draw, side: int) -> tuple[int, Callable[..., Pool]]:
    """Constellations of spots: classes, generator."""
    k = d.pick((2, 2, 3, 5, 8, 10))
    return k, partial(
        series.blots,
        side=side,
        classes=k,
        spots=d.pick((2, 3, 5)),
        jitter=d.pick((0, 1, 2)),
        noise=d.log(0.2, 1.2),
    )


def ahead(d: Draw) -> Traits:
    """Forecast from a window."""
    window = whole(d, 6, 40)
    make = partial(series.ahead, window=window, bend=d.chance(0.5), noise=d.log(0.02, 0.5), channels=1)
    return dense(d, "signal", make, window, 0, 0.3)


def digits(d: Draw) -> Traits:
    """Some of scikit-learn's digits."""
    k = d.pick((4, 5, 6, 8, 10, 10))
    n = 177 * k
    sizes = {"n_std": n // 4, "n_max": n // 2, "n_test": n // 4, "n_val": n // 4 - 8, "resplit": True}
    make = partial(series.digits, classes=k, noise=d.pick((0.0, 0.3, 0.7, 1.2)))
    net = dense(d, "image", make, 64, k, 0.3)
    return net | sizes | {"epochs": epochs(d, n // 2)}


def flat(
    modality: str, draw: Callable[[Draw], tuple[int, Callable[..., Pool]]], features: int
) -> Callable[[Draw], Traits]:
    """Signals and pictures for an MLP."""

    def family(d: Draw) -> Traits:
        k, make = draw(d)
        return dense(d, modality, make, features, k, 0.15)

    return family


def convolved(
    modality: str, draw: Callable[[Draw], tuple[int, Callable[..., Pool]]]
) -> Callable[[Draw], Traits]:
    """The same for a CNN: fewer rows, since a sample is large."""
    family, inputs = ("cnn2d", (12, 12)) if modality == "image" else ("cnn1d", (64,))

    def make(d: Draw) -> Traits:
        k, generate = draw(d)
        n = whole(d, 128, 1024)
        return dense(d, modality, generate, 64, k, 0.0) | {
            "family": family, "inputs": inputs, "depth": 2, "width": d.pick((4, 6, 8)), "n_std": n,
            "n_max": 4 * n,
            "n_val": 400, "n_test": 768, "epochs": int(np.clip(epochs(d, n) // 2, 3, 30)),
            "activation": "relu",
        }  # fmt: skip

    return make


def sequence(d: Draw, net: str, kind: str, classes: int, make: Callable[..., Pool]) -> Traits:
    """Texts of 16 tokens of at most 16 kinds, for a recurrent net or attention."""
    n = whole(d, 128, 1024)
    return {
        "modality": "text", "kind": kind, "family": net, "make": make, "inputs": (16, 16), "n_val": 400,
        "n_test": 768,
        "outputs": 1 if kind == "binary" else classes, "depth": d.pick((1, 1, 2)) if net == "attn" else 1,
        "width": d.pick((8, 12, 16)), "n_std": n, "n_max": 4 * n,
        "epochs": int(np.clip(epochs(d, n) // 2, 3, 24)),
        "activation": "relu" if net == "attn" else "tanh",
    }  # fmt: skip


def authors(net: str, d: Draw) -> Traits:
    """Which source wrote this text."""
    k = d.pick((2, 3, 4, 6))
    make = partial(series.authors, vocabulary=whole(d, 5, 16), length=whole(d, 8, 16), classes=k,
        sharp=d.log(0.4, 1.5),
                   shortest=d.pick((0.4, 0.7, 1.0)))  # fmt: skip
    return sequence(d, net, "multiclass", k, make)


def votes(net: str, d: Draw) -> Traits:
    """Which half of the tokens is more frequent."""
    make = partial(series.votes, vocabulary=2 * whole(d, 2, 8), length=whole(d, 6, 16), sharp=d.log(0.8, 4))
    return sequence(d, net, "binary", 2, make)


def chatter(net: str, d: Draw) -> Traits:
    """The next character."""
    words = whole(d, 4, 16)
    made = sequence(
        d, net, "multiclass", words, partial(series.chatter, vocabulary=words, sharp=d.log(0.7, 2.5))
    )
    n = whole(d, 64, 512)  # every token is a sample
    return made | {"per_token": True, "n_std": n, "n_max": 4 * n, "n_val": 200, "n_test": 600}


def ahead_rnn(d: Draw) -> Traits:
    """Forecast by a recurrent net."""
    make = partial(series.ahead, window=20, bend=d.chance(0.5), noise=d.log(0.02, 0.5), channels=2)
    return sequence(d, "rnn", "regression", 1, make) | {"modality": "signal", "inputs": (20, 2)}
