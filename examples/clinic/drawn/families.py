"""The families: each draws the parameters of a task from its number.

A drawn task is named `family~number` and is the same wherever it is asked for.
What is drawn is an input of the compiled programs (samples, masks, sizes), so
a new task costs no compilation.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np

from clinic.data import Pool
from clinic.draw import Draw
from clinic.drawn import series, tables
from clinic.tasks import Task

#: what a family draws: traits of its `Task` and the generator with all but `n` and `seed` filled in
Traits = dict[str, Any]
#: programs are compiled for at most this many features and classes
MOST_FEATURES, MOST_CLASSES = 64, 10
#: rows that a generated MLP task has at most: training, validation, test
MOST_ROWS, VALIDATION, TEST = 8192, 512, 1536


def _whole(d: Draw, low: int, high: int) -> int:
    """Log-uniform whole number."""
    return int(round(float(np.exp(d.rng.uniform(np.log(low - 0.49), np.log(high + 0.49))))))


def _kind(d: Draw, classes: int) -> tuple[str, int]:
    """Kind of task and number of outputs for so many classes."""
    if classes == 2:
        return (d.pick(("binary", "binary", "binary", "multiclass", "hinge")), 1)
    return ("multiclass", classes) if classes else ("regression", 1)


def _dense(d: Draw, modality: str, make: Callable[..., Pool], features: int, classes: int, linear: float) -> Traits:
    """A task for a linear model (with this probability) or an MLP."""
    kind, outputs = _kind(d, classes)
    outputs = 2 if kind == "multiclass" and classes == 2 else outputs
    depth = 0 if d.chance(linear) else d.pick((1, 1, 2, 2, 3))
    n = _whole(d, 128, 4096)
    most = min(MOST_ROWS, n * d.pick((1, 2, 4, 4, 8)))
    return {
        "modality": modality, "kind": kind, "family": "mlp", "make": make, "inputs": (features,), "outputs": outputs,
        "depth": depth, "width": _whole(d, 6, 64) if depth else 0, "n_std": n, "n_max": most, "n_val": VALIDATION,
        "n_test": TEST, "epochs": _epochs(d, n), "activation": d.pick(("relu",) * 6 + ("leaky", "tanh")),
    }  # fmt: skip


def _epochs(d: Draw, n: int) -> int:
    """Fewer for larger sets: 200 to 1,000 steps of 32."""
    return int(np.clip(d.log(200, 1000) * 32 / n, 4, 80))


def _dress(d: Draw, features: int) -> dict[str, Any]:
    """Features without meaning, correlation, skew."""
    return {
        "useless": min(d.pick((0, 0, 1, 2, 5, 12)), MOST_FEATURES - features),
        "mix": d.chance(0.5),
        "skew": d.pick((0.0, 0.0, 0.0, 0.3, 0.8)),
    }


def _classes(d: Draw, none: float = 0.0) -> int:
    """Number of classes; 0 (regression) with a given probability."""
    return 0 if d.chance(none) else int(d.pick((2, 2, 2, 3, 3, 4, 5, 7, 10)))


def _flip(d: Draw) -> float:
    return float(d.pick((0.0, 0.0, 0.02, 0.05, 0.1, 0.2, 0.3)))


def _share(d: Draw) -> float:
    """Share of the variance without cause."""
    return float(d.pick((0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7)))


def _gaussians(d: Draw) -> Traits:
    f, k = _whole(d, 2, 40), _classes(d)
    dress = _dress(d, f)
    make = partial(tables.gaussians, features=f, classes=k, modes=d.pick((1, 1, 1, 2, 3, 5)), distance=d.log(1.2, 5),
                   flip=_flip(d), uneven=d.pick((0.0, 0.0, 0.1, 0.5)), **dress)  # fmt: skip
    return _dense(d, "tabular", make, f + dress["useless"], k, 0.35)


def _teacher(d: Draw) -> Traits:
    f = _whole(d, 3, 40)
    dress = _dress(d, f)
    make = partial(tables.teacher, features=f, hidden=_whole(d, 2, 16), depth=d.pick((1, 1, 2, 3)), sharp=d.log(0.5, 2.5),
                   noise=_share(d), tails=d.chance(0.25), **dress)  # fmt: skip
    return _dense(d, "tabular", make, f + dress["useless"], 0, 0.12)


def _verdicts(d: Draw) -> Traits:
    f, k = _whole(d, 3, 40), _classes(d)
    dress = _dress(d, f)
    make = partial(tables.verdicts, features=f, hidden=_whole(d, 2, 16), depth=d.pick((1, 1, 2)), sharp=d.log(0.5, 2.5),
                   classes=k, heat=d.log(0.05, 1.0), **dress)  # fmt: skip
    return _dense(d, "tabular", make, f + dress["useless"], k, 0.15)


def _line(d: Draw) -> Traits:
    f, k = _whole(d, 2, 50), _classes(d, 0.6)
    dress = _dress(d, f)
    make = partial(tables.line, features=f, noise=_share(d), tails=d.chance(0.25), classes=k, uneven=d.pick((0.0, 0.2)),
                   **dress)  # fmt: skip
    return _dense(d, "tabular", make, f + dress["useless"], k, 0.7)


def _boxes(d: Draw) -> Traits:
    f, k, useless = _whole(d, 2, 16), _classes(d, 0.4), d.pick((0, 2, 6))
    depth = d.pick((2, 3, 4, 5)) if k <= 4 else 5
    make = partial(tables.boxes, features=f, depth=depth, classes=k, noise=_share(d), flip=_flip(d), useless=useless)
    return _dense(d, "tabular", make, f + useless, k, 0.1)


def _checkers(d: Draw) -> Traits:
    sides, k, useless = d.pick((2, 2, 3)), d.pick((2, 2, 3)), d.pick((0, 0, 1, 3, 8))
    make = partial(tables.checkers, sides=sides, cells=d.pick((2, 2, 3)), classes=k, flip=_flip(d), useless=useless)
    return _dense(d, "tabular", make, sides + useless, k, 0.05)


def _spirals(d: Draw) -> Traits:
    k, useless = d.pick((2, 3, 4, 5)), d.pick((0, 1, 2, 4))
    make = partial(tables.spirals, classes=k, turns=d.log(0.2, 1.0), noise=d.log(0.05, 1.0), useless=useless)
    return _dense(d, "tabular", make, 2 + useless, k, 0.05)


def _shells(d: Draw) -> Traits:
    f, k, useless = _whole(d, 2, 10), d.pick((2, 2, 2, 3, 4)), d.pick((0, 0, 2, 5))
    make = partial(tables.shells, features=f, classes=k, blur=d.log(0.02, 1.0), uneven=d.pick((0.0, 0.0, 0.3)), useless=useless)
    return _dense(d, "tabular", make, f + useless, k, 0.05)


def _additive(d: Draw) -> Traits:
    f, useless = _whole(d, 3, 20), d.pick((0, 2, 5, 10))
    make = partial(tables.additive, terms=f, pairs=d.pick((0, 1, 2, 4)), noise=_share(d), useless=useless, tails=d.chance(0.25))
    return _dense(d, "tabular", make, f + useless, 0, 0.12)


def _ripples(d: Draw) -> Traits:
    f, k, useless = _whole(d, 2, 10), _classes(d, 0.6), d.pick((0, 0, 2))
    make = partial(tables.ripples, features=f, waves=_whole(d, 2, 30), pitch=d.log(0.7, 3), noise=_share(d), classes=k,
                   useless=useless)  # fmt: skip
    return _dense(d, "tabular", make, f + useless, k, 0.05)


def _columns(d: Draw) -> Traits:
    levels = d.pick((2, 3, 4, 6))
    fields, k = _whole(d, 3, MOST_FEATURES // levels), _classes(d, 0.4)
    make = partial(tables.columns, fields=fields, levels=levels, classes=k, noise=_share(d), pairs=d.pick((0, 1, 3, 6)))
    return _dense(d, "tabular", make, fields * levels, k, 0.35)


def _counts(d: Draw) -> Traits:
    words, k = _whole(d, 12, 64), d.pick((2, 2, 3, 4, 5, 8))
    make = partial(tables.counts, vocabulary=words, classes=k, length=_whole(d, 8, 80), sharp=d.rng.uniform(0.15, 0.8),
                   spread=d.log(0.2, 2))  # fmt: skip
    return _dense(d, "text", make, words, k, 0.4)


def _code(d: Draw, traits: Traits, latent: int) -> Traits:
    """The same, as an autoencoder."""
    n = _whole(d, 256, 4096)
    return traits | {"kind": "autoencoder", "depth": 3, "bottleneck": max(2, round(latent * d.pick((0.6, 1, 1, 1.5)))),
                     "width": _whole(d, 16, 48), "outputs": 64, "n_std": n, "n_max": min(MOST_ROWS, 4 * n),
                     "epochs": _epochs(d, n // 2)}  # fmt: skip


def _folded(d: Draw) -> Traits:
    latent = d.pick((2, 3, 4, 6, 8))
    make = partial(tables.folded, latent=latent, features=64, noise=d.log(0.05, 1), bend=d.pick((0.0, 0.5, 1.5)))
    return _code(d, _dense(d, "tabular", make, 64, 0, 0.0), latent)


def _chords(d: Draw) -> Traits:
    tones = d.pick((1, 2, 3))
    return _code(d, _dense(d, "signal", partial(series.chords, tones=tones, noise=d.log(0.1, 1)), 64, 0, 0.0), 2 * tones)


def _make_waves(d: Draw) -> tuple[int, Callable[..., Pool]]:
    k = d.pick((2, 2, 3, 4, 5))
    return k, partial(series.waves, classes=k, noise=d.log(0.15, 1.5), turn=d.log(0.3, 6.28), cycles=d.log(1, 4), flip=_flip(d))


def _make_pulses(d: Draw) -> tuple[int, Callable[..., Pool]]:
    k = d.pick((2, 2, 2, 3, 4, 6))
    return k, partial(series.pulses, classes=k, bumps=d.pick((2, 3, 5)), jitter=d.log(0.005, 0.1), noise=d.log(0.05, 0.8),
                      flip=_flip(d))  # fmt: skip


def _make_rhythms(d: Draw) -> tuple[int, Callable[..., Pool]]:
    k = d.pick((2, 2, 3, 4))
    return k, partial(series.rhythms, classes=k, alike=d.rng.uniform(0, 0.7), noise=d.log(0.05, 1))


def _make_textures(d: Draw, side: int) -> tuple[int, Callable[..., Pool]]:
    k = d.pick((2, 2, 3, 4, 6))
    return k, partial(series.textures, side=side, classes=k, angles=d.log(0.05, 0.4), noise=d.log(0.3, 2.5))


def _make_blots(d: Draw, side: int) -> tuple[int, Callable[..., Pool]]:
    k = d.pick((2, 2, 3, 5, 8, 10))
    return k, partial(series.blots, side=side, classes=k, spots=d.pick((2, 3, 5)), jitter=d.pick((0, 1, 2)), noise=d.log(0.2, 1.2))


def _ahead(d: Draw) -> Traits:
    window = _whole(d, 6, 40)
    make = partial(series.ahead, window=window, bend=d.chance(0.5), noise=d.log(0.02, 0.5), channels=1)
    return _dense(d, "signal", make, window, 0, 0.3)


def _digits(d: Draw) -> Traits:
    k = d.pick((4, 5, 6, 8, 10, 10))
    n = 177 * k
    sizes = {"n_std": n // 4, "n_max": n // 2, "n_test": n // 4, "n_val": n // 4 - 8, "resplit": True}
    make = partial(series.digits, classes=k, noise=d.pick((0.0, 0.3, 0.7, 1.2)))
    dense = _dense(d, "image", make, 64, k, 0.3)
    return dense | sizes | {"epochs": _epochs(d, n // 2)}


def _flat(modality: str, draw: Callable[[Draw], tuple[int, Callable[..., Pool]]], features: int) -> Callable[[Draw], Traits]:
    """Signals and pictures for an MLP."""

    def family(d: Draw) -> Traits:
        k, make = draw(d)
        return _dense(d, modality, make, features, k, 0.15)

    return family


def _convolved(modality: str, draw: Callable[[Draw], tuple[int, Callable[..., Pool]]]) -> Callable[[Draw], Traits]:
    """The same for a CNN: fewer rows, since a sample is large."""
    family, inputs = ("cnn2d", (12, 12)) if modality == "image" else ("cnn1d", (64,))

    def make(d: Draw) -> Traits:
        k, generate = draw(d)
        n = _whole(d, 128, 1024)
        return _dense(d, modality, generate, 64, k, 0.0) | {
            "family": family, "inputs": inputs, "depth": 2, "width": d.pick((4, 6, 8)), "n_std": n, "n_max": 4 * n,
            "n_val": 400, "n_test": 768, "epochs": int(np.clip(_epochs(d, n) // 2, 3, 30)), "activation": "relu",
        }  # fmt: skip

    return make


def _sequence(d: Draw, net: str, kind: str, classes: int, make: Callable[..., Pool]) -> Traits:
    """Texts of 16 tokens of at most 16 kinds, for a recurrent net or attention."""
    n = _whole(d, 128, 1024)
    return {
        "modality": "text", "kind": kind, "family": net, "make": make, "inputs": (16, 16), "n_val": 400, "n_test": 768,
        "outputs": 1 if kind == "binary" else classes, "depth": d.pick((1, 1, 2)) if net == "attn" else 1,
        "width": d.pick((8, 12, 16)), "n_std": n, "n_max": 4 * n, "epochs": int(np.clip(_epochs(d, n) // 2, 3, 24)),
        "activation": "relu" if net == "attn" else "tanh",
    }  # fmt: skip


def _authors(net: str, d: Draw) -> Traits:
    k = d.pick((2, 3, 4, 6))
    make = partial(series.authors, vocabulary=_whole(d, 5, 16), length=_whole(d, 8, 16), classes=k, sharp=d.log(0.4, 1.5),
                   shortest=d.pick((0.4, 0.7, 1.0)))  # fmt: skip
    return _sequence(d, net, "multiclass", k, make)


def _votes(net: str, d: Draw) -> Traits:
    make = partial(series.votes, vocabulary=2 * _whole(d, 2, 8), length=_whole(d, 6, 16), sharp=d.log(0.8, 4))
    return _sequence(d, net, "binary", 2, make)


def _chatter(net: str, d: Draw) -> Traits:
    words = _whole(d, 4, 16)
    made = _sequence(d, net, "multiclass", words, partial(series.chatter, vocabulary=words, sharp=d.log(0.7, 2.5)))
    n = _whole(d, 64, 512)  # every token is a sample
    return made | {"per_token": True, "n_std": n, "n_max": 4 * n, "n_val": 200, "n_test": 600}


def _ahead_rnn(d: Draw) -> Traits:
    make = partial(series.ahead, window=20, bend=d.chance(0.5), noise=d.log(0.02, 0.5), channels=2)
    return _sequence(d, "rnn", "regression", 1, make) | {"modality": "signal", "inputs": (20, 2)}


FAMILIES: dict[str, Callable[[Draw], Traits]] = {
    "gaussians": _gaussians, "teacher": _teacher, "verdicts": _verdicts, "line": _line, "boxes": _boxes,
    "checkers": _checkers, "spirals": _spirals, "shells": _shells, "additive": _additive, "ripples": _ripples,
    "columns": _columns, "counts": _counts, "folded": _folded, "chords": _chords, "ahead": _ahead, "digits": _digits,
    "waves": _flat("signal", _make_waves, 64), "pulses": _flat("signal", _make_pulses, 64),
    "rhythms": _flat("signal", _make_rhythms, 64), "textures": _flat("image", partial(_make_textures, side=8), 64),
    "blots": _flat("image", partial(_make_blots, side=8), 64),
    "waves-cnn": _convolved("signal", _make_waves), "pulses-cnn": _convolved("signal", _make_pulses),
    "rhythms-cnn": _convolved("signal", _make_rhythms),
    "textures-cnn": _convolved("image", partial(_make_textures, side=12)),
    "blots-cnn": _convolved("image", partial(_make_blots, side=12)), "ahead-rnn": _ahead_rnn,
    **{f"authors-{net}": partial(_authors, net) for net in ("rnn", "gru", "attn")},
    **{f"votes-{net}": partial(_votes, net) for net in ("rnn", "attn")},
    **{f"chatter-{net}": partial(_chatter, net) for net in ("gru", "attn")},
}  # fmt: skip


@lru_cache(maxsize=4096)
def task(name: str) -> Task:
    """The drawn task of this name (`family~number`); raises KeyError for anything else."""
    family, mark, number = name.partition("~")
    if not mark or not number.isdecimal():
        raise KeyError(name)
    seed = [zlib.crc32(family.encode()), int(number)]
    traits = FAMILIES[family](Draw(np.random.default_rng(seed)))
    make = traits.pop("make")
    rest = {} if traits.get("resplit") else {"n": traits["n_max"] + traits["n_val"] + traits["n_test"]}
    return Task(name, load=partial(make, seed=seed[0] % 10**6 + int(number), **rest), **traits)


def family_of(name: str) -> str:
    """The family of a task; a fixed task is a family of its own."""
    return name.partition("~")[0]
