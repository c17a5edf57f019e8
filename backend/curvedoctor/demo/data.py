"""The demo's data: small rendered digits, noisy and shifted, so that learning them is real work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curvedoctor.demo.network import ACTIVATION, exact
from curvedoctor.model import Floats, Ints

#: ten digits on a 5 × 3 grid, one string per row of pixels
GLYPHS = (
    "111 010 111 111 101 111 111 111 111 111",
    "101 110 001 001 101 100 100 001 101 101",
    "101 010 111 111 111 111 111 010 111 111",
    "101 010 100 001 001 001 101 010 101 001",
    "111 111 111 111 001 111 111 010 111 111",
)
#: pixels along a side of a picture
SIDE = 10
CLASSES = 10


@dataclass(frozen=True, slots=True)
class Split:
    """Pictures and their labels."""

    #: shape (n, SIDE * SIDE), standardized
    inputs: Floats
    #: shape (n,), 0..9
    labels: Ints


def digits(rng: np.random.Generator, count: int, noise: float = 0.5, mislabelled: float = 0.0) -> Split:
    """`count` pictures of digits in random places, of random strength, under noise.

    `mislabelled` is the share of labels that are drawn at random.
    """
    glyphs = np.array(
        [[[int(pixel) for pixel in row.split()[digit]] for row in GLYPHS] for digit in range(CLASSES)]
    )
    large = glyphs.repeat(2, axis=1)[:, : SIDE - 1].repeat(2, axis=2)
    labels = rng.integers(CLASSES, size=count)
    canvas = np.zeros((count, SIDE, SIDE))
    down = rng.integers(SIDE - large.shape[1] + 1, size=count)
    right = rng.integers(SIDE - large.shape[2] + 1, size=count)
    strength = rng.uniform(0.7, 1.3, size=count)
    for index in range(count):
        rows = slice(down[index], down[index] + large.shape[1])
        columns = slice(right[index], right[index] + large.shape[2])
        canvas[index, rows, columns] = strength[index] * large[labels[index]]
    inputs = (canvas + rng.normal(0, noise, canvas.shape)).reshape(count, -1)
    wrong = rng.random(count) < mislabelled
    labels = np.where(wrong, rng.integers(CLASSES, size=count), labels)
    return Split(exact((inputs - inputs.mean()) / inputs.std(), ACTIVATION), labels)
