"""Whether a run starts from weights that were trained before: what configurations say of it, in many ways."""

from __future__ import annotations

import re

from curvedoctor.params import names, read

#: words by which a key of pretrained weights says that there are none
_SCRATCH = frozenset({"", "none", "null", "random", "scratch", "from scratch", "default init"})
#: what says neither: a run that goes on, or the way of tuning
_NEITHER = frozenset({"resume", "auto", "last"})
#: published weights: a data set, an enumeration of torchvision, a file
_WEIGHTS = re.compile(
    r"imagenet|noisy-student|\bcoco\b|(^|[._])v[12]$|^default$|\.(pt|pth|ckpt|h5|safetensors|bin|onnx)$",
    re.IGNORECASE,
)
#: names of published transformers, as people load them: "bert-base-uncased", "google/vit-base-patch16-224"
_PUBLISHED = re.compile(
    r"^[\w.\-]+/[\w.\-]*[\-\d][\w.\-]*$|-(un)?cased$|-(base|large|small|medium|tiny|mini|xl|xxl|instruct|chat|\d+(\.\d+)?[bm])(-|$)",
    re.IGNORECASE,
)


def says(name: str, key: str, value: object) -> bool | None:
    """Whether a key (`name` in our words) tells of weights trained before; None where it says nothing."""
    if name == "weights":
        return True if isinstance(value, str) and _WEIGHTS.search(value.strip()) else None
    if name == "model":
        asked = "pretrained" in names.words(key)
        return _by_name(value) if asked else None
    return _by_name(value) if name == "pretrained" else None


def published(model: object) -> bool:
    """Whether a model's name is that of published weights."""
    return isinstance(model, str) and len(model) < 100 and _PUBLISHED.search(model.strip()) is not None


def _by_name(value: object) -> bool | None:
    """A switch, or the name of what is loaded."""
    told = read.truth(value)
    if told is not None or not isinstance(value, str):
        return told
    word = value.strip().lower()
    return None if word in _NEITHER else word not in _SCRATCH
