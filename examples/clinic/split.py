"""The one place that says which tasks calibration may see.

The final tasks share no data set and, as far as possible, no model family
with a calibration task of the same modality. They are looked at once.
"""

from __future__ import annotations

#: held out: tabular regression MLP, signal 1-D CNN (binary), image CNN, text GRU, image autoencoder
FINAL = ("friedman-mlp", "beats-cnn1d", "shapes-cnn", "chars-gru", "wine-mlp")


def is_final(task: str) -> bool:
    """Whether a task belongs to the final part."""
    return task in FINAL
