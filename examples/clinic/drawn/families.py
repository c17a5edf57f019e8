"""The families: each draws the parameters of a task from its number.

A drawn task is named `family~number` and is the same wherever it is asked for.
What is drawn is an input of the compiled programs (samples, masks, sizes), so
a new task costs no compilation.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np

from clinic.draw import Draw
from clinic.drawn import sequences, tabular
from clinic.drawn.traits import Traits
from clinic.tasks import Task

FAMILIES: dict[str, Callable[[Draw], Traits]] = {
    "gaussians": tabular.gaussians, "teacher": tabular.teacher, "verdicts": tabular.verdicts,
    "line": tabular.line, "boxes": tabular.boxes,
    "checkers": tabular.checkers, "spirals": tabular.spirals, "shells": tabular.shells,
    "additive": tabular.additive, "ripples": tabular.ripples,
    "columns": tabular.columns, "counts": tabular.counts, "folded": tabular.folded,
    "chords": sequences.chords, "ahead": sequences.ahead, "digits": sequences.digits,
    "waves": sequences.flat("signal", sequences.make_waves, 64),
    "pulses": sequences.flat("signal", sequences.make_pulses, 64),
    "rhythms": sequences.flat("signal", sequences.make_rhythms, 64),
    "textures": sequences.flat("image", partial(sequences.make_textures, side=8), 64),
    "blots": sequences.flat("image", partial(sequences.make_blots, side=8), 64),
    "waves-cnn": sequences.convolved("signal", sequences.make_waves),
    "pulses-cnn": sequences.convolved("signal", sequences.make_pulses),
    "rhythms-cnn": sequences.convolved("signal", sequences.make_rhythms),
    "textures-cnn": sequences.convolved("image", partial(sequences.make_textures, side=12)),
    "blots-cnn": sequences.convolved("image", partial(sequences.make_blots, side=12)),
    "ahead-rnn": sequences.ahead_rnn, "columns-real": tabular.columns_real,
    **{f"authors-{net}": partial(sequences.authors, net) for net in ("rnn", "gru", "attn")},
    **{f"votes-{net}": partial(sequences.votes, net) for net in ("rnn", "attn")},
    **{f"chatter-{net}": partial(sequences.chatter, net) for net in ("gru", "attn")},
    # fine-tuned (see plan.py)
    "verdicts-tune": tabular.verdicts, "teacher-tune": tabular.teacher, "counts-tune": tabular.counts,
    "digits-tune": sequences.digits,
    "pulses-tune": sequences.flat("signal", sequences.make_pulses, 64),
    "blots-tune": sequences.flat("image", partial(sequences.make_blots, side=8), 64),
    "authors-tune": partial(sequences.authors, "attn"), "chatter-tune": partial(sequences.chatter, "attn"),
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
