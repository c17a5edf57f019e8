"""Families of tables and word counts."""

from __future__ import annotations

from functools import partial

from clinic.draw import Draw
from clinic.drawn import tables
from clinic.drawn.traits import (
    MOST_FEATURES,
    Traits,
    classes,
    code,
    dense,
    dressing,
    epochs,
    flip,
    share,
    whole,
)


def gaussians(d: Draw) -> Traits:
    """Overlapping clouds."""
    f, k = whole(d, 2, 40), classes(d)
    dress = dressing(d, f)
    make = partial(tables.gaussians, features=f, classes=k, modes=d.pick((1, 1, 1, 2, 3, 5)),
        distance=d.log(1.2, 5),
                   flip=flip(d), uneven=d.pick((0.0, 0.0, 0.1, 0.5)), **dress)  # fmt: skip
    return dense(d, "tabular", make, f + dress["useless"], k, 0.35)


def teacher(d: Draw) -> Traits:
    """Regression on a random network."""
    f = whole(d, 3, 40)
    dress = dressing(d, f)
    make = partial(tables.teacher, features=f, hidden=whole(d, 2, 16), depth=d.pick((1, 1, 2, 3)),
        sharp=d.log(0.5, 2.5),
                   noise=share(d), tails=d.chance(0.25), **dress)  # fmt: skip
    return dense(d, "tabular", make, f + dress["useless"], 0, 0.12)


def verdicts(d: Draw) -> Traits:
    """Classes by a random network."""
    f, k = whole(d, 3, 40), classes(d)
    dress = dressing(d, f)
    make = partial(tables.verdicts, features=f, hidden=whole(d, 2, 16), depth=d.pick((1, 1, 2)),
        sharp=d.log(0.5, 2.5),
                   classes=k, heat=d.log(0.05, 1.0), **dress)  # fmt: skip
    return dense(d, "tabular", make, f + dress["useless"], k, 0.15)


def line(d: Draw) -> Traits:
    """A linear score, regressed on or cut into classes."""
    f, k = whole(d, 2, 50), classes(d, 0.6)
    dress = dressing(d, f)
    make = partial(tables.line, features=f, noise=share(d), tails=d.chance(0.25), classes=k,
        uneven=d.pick((0.0, 0.2)),
                   **dress)  # fmt: skip
    return dense(d, "tabular", make, f + dress["useless"], k, 0.7)


def boxes(d: Draw) -> Traits:
    """A random decision tree."""
    f, k, useless = whole(d, 2, 16), classes(d, 0.4), d.pick((0, 2, 6))
    depth = d.pick((2, 3, 4, 5)) if k <= 4 else 5
    make = partial(
        tables.boxes, features=f, depth=depth, classes=k, noise=share(d), flip=flip(d), useless=useless
    )
    return dense(d, "tabular", make, f + useless, k, 0.1)


def checkers(d: Draw) -> Traits:
    """Checkerboards."""
    sides, k, useless = d.pick((2, 2, 3)), d.pick((2, 2, 3)), d.pick((0, 0, 1, 3, 8))
    make = partial(
        tables.checkers, sides=sides, cells=d.pick((2, 2, 3)), classes=k, flip=flip(d), useless=useless
    )
    return dense(d, "tabular", make, sides + useless, k, 0.05)


def spirals(d: Draw) -> Traits:
    """Interleaved arms."""
    k, useless = d.pick((2, 3, 4, 5)), d.pick((0, 1, 2, 4))
    make = partial(tables.spirals, classes=k, turns=d.log(0.2, 1.0), noise=d.log(0.05, 1.0), useless=useless)
    return dense(d, "tabular", make, 2 + useless, k, 0.05)


def shells(d: Draw) -> Traits:
    """Distance from the center."""
    f, k, useless = whole(d, 2, 10), d.pick((2, 2, 2, 3, 4)), d.pick((0, 0, 2, 5))
    make = partial(
        tables.shells,
        features=f,
        classes=k,
        blur=d.log(0.02, 1.0),
        uneven=d.pick((0.0, 0.0, 0.3)),
        useless=useless,
    )
    return dense(d, "tabular", make, f + useless, k, 0.05)


def additive(d: Draw) -> Traits:
    """Sums of bends, steps and products."""
    f, useless = whole(d, 3, 20), d.pick((0, 2, 5, 10))
    make = partial(
        tables.additive,
        terms=f,
        pairs=d.pick((0, 1, 2, 4)),
        noise=share(d),
        useless=useless,
        tails=d.chance(0.25),
    )
    return dense(d, "tabular", make, f + useless, 0, 0.12)


def ripples(d: Draw) -> Traits:
    """Fields of waves."""
    f, k, useless = whole(d, 2, 10), classes(d, 0.6), d.pick((0, 0, 2))
    make = partial(tables.ripples, features=f, waves=whole(d, 2, 30), pitch=d.log(0.7, 3), noise=share(d),
                   classes=k,
                   useless=useless)  # fmt: skip
    return dense(d, "tabular", make, f + useless, k, 0.05)


def columns(d: Draw) -> Traits:
    """One-hot categories."""
    levels = d.pick((2, 3, 4, 6))
    fields, k = whole(d, 3, MOST_FEATURES // levels), classes(d, 0.4)
    make = partial(
        tables.columns, fields=fields, levels=levels, classes=k, noise=share(d), pairs=d.pick((0, 1, 3, 6))
    )
    return dense(d, "tabular", make, fields * levels, k, 0.35)


def counts(d: Draw) -> Traits:
    """Word counts."""
    words, k = whole(d, 12, 64), d.pick((2, 2, 3, 4, 5, 8))
    make = partial(tables.counts, vocabulary=words, classes=k, length=whole(d, 8, 80),
        sharp=d.rng.uniform(0.15, 0.8),
                   spread=d.log(0.2, 2))  # fmt: skip
    return dense(d, "text", make, words, k, 0.4)


#: rows and columns (the target is one of them) of the real tables; wine belongs to a final task
REAL = {"breast_cancer": (569, 31), "diabetes": (442, 11), "iris": (150, 5)}


def columns_real(d: Draw) -> Traits:
    """Columns of real tables that say another one."""
    name = d.pick(("breast_cancer", "breast_cancer", "diabetes", "diabetes", "iris"))
    n, wide = REAL[name]
    f, k = whole(d, 2, wide - 1), d.pick((0, 0, 2, 2, 3, 4))
    made = dense(d, "tabular", partial(tables.column, name=name, features=f, classes=k), f, k, 0.3)
    most, test, held = int(0.52 * n), int(0.3 * n), int(0.17 * n)
    return made | {"n_std": most // 2, "n_max": most, "n_test": test, "n_val": held, "resplit": True,
                   "epochs": epochs(d, most)}  # fmt: skip


def folded(d: Draw) -> Traits:
    """Bent surfaces, to be encoded."""
    latent = d.pick((2, 3, 4, 6, 8))
    make = partial(
        tables.folded, latent=latent, features=64, noise=d.log(0.05, 1), bend=d.pick((0.0, 0.5, 1.5))
    )
    return code(d, dense(d, "tabular", make, 64, 0, 0.0), latent)
