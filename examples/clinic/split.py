"""The one place that says which tasks calibration may see.

The final tasks share no data set and, as far as possible, no model family
with a calibration task of the same modality. They are looked at once.
"""

from __future__ import annotations

#: held out: tabular regression and classification (MLP), signal 1-D CNN (binary), image CNN, text RNN
FINAL = ("friedman-mlp", "wine-mlp", "beats-cnn1d", "shapes-cnn", "majority-rnn")


#: of the drawn tasks: whole families (also those akin to the tasks above),
#: and every tenth number of the others
FINAL_FAMILIES = ("shells", "pulses", "pulses-cnn", "pulses-tune", "blots-cnn", "votes-rnn", "votes-attn")
EVERY, LAST = 10, 9


def is_final(task: str) -> bool:
    """Whether a task belongs to the final part."""
    family, _, number = task.partition("~")
    if number:
        return family in FINAL_FAMILIES or int(number) % EVERY == LAST
    return task in FINAL
