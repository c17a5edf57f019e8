"""TensorBoard event files: framing, decoding, and the rules that make runs of directories."""

from __future__ import annotations

from curvedoctor.sources.tensorboard.reader import TensorBoardReader

READER = TensorBoardReader()
