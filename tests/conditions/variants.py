"""What conditions say of their examples when a curve or a hyperparameter is missing or another one, or the
curves half reshaped.

`python -m conditions.variants` (from tests/) writes it anew: read the difference before you commit it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from conditions.boundaries import SHAKEN, example, examples, said
from conditions.ways import ways
from curvedoctor.conditions.base import Condition, all_conditions
from curvedoctor.features.case import build
from curvedoctor.model import Curve, Finding, Floats, ParamValue, Run

PATH = Path(__file__).with_name("variants.txt")
HEAD = (
    "condition | example | what is said of it | its numbers | what else is said of a variant "
    "(?: next to nothing decides)"
)
#: relative distance up to which numbers are the same,
#: and that up to which they hold when values move by next to nothing
SAME, HOLDS = 0.02, 0.002
#: other words for the hyperparameters that are words
WORDS = {
    "optimizer": ("sgd", "adam"), "loss": ("cross-entropy", "mse", "hinge", "bce"),
    "activation": ("relu", "sigmoid"),
    "schedule": ("constant", "cosine"), "model": ("mlp", "transformer", "tree"),
    "last_activation": ("linear", "softmax"),
}  # fmt: skip


def variants(made: Run) -> dict[str, Run]:
    """Name → the run with one thing changed."""
    out = {f"without {c.id}": _with(made, c, None) for c in made.curves}
    for c in made.curves:
        out[f"{c.id} NaN at the end"] = _with(made, c, replace(c, values=_ending(c)))
        out[f"{c.id} of {c.role.quantity} without direction"] = _with(
            made, c, replace(c, role=replace(c.role, better="none"))
        )
        out[f"{c.id} unsplit"] = _with(made, c, replace(c, role=replace(c.role, split="none")))
        out[f"{c.id} NaN in the middle"] = _with(made, c, replace(c, values=_broken(c)))
        out[f"{c.id} over half the run"] = _with(made, c, _first_half(c))
        if c.role.quantity == "accuracy":
            out[f"{c.id} in percent"] = _with(made, c, replace(c, values=100 * c.values))
    for name, moved in (("from step 1000 on", 1000), ("from step 7 on", 7)):
        out[name] = replace(made, curves=tuple(replace(c, steps=c.steps + moved) for c in made.curves))
    for key in made.params:
        out[f"without {key}"] = replace(made, params={k: v for k, v in made.params.items() if k != key})
    for key, words in WORDS.items():
        out |= {f"{key} {word}": _set(made, key, word) for word in words if made.params.get(key) != word}
    for key, number in (
        ("n_val", 100),
        ("n_train", 50),
        ("n_classes", 7),
        ("momentum", 0.9),
        ("dropout", 0.5),
    ):
        out[f"{key} {number}"] = _set(made, key, number)
    return out | {f"{way.name}, half": way.run(0.5) for way in ways(made)}


def _with(made: Run, old: Curve, new: Curve | None) -> Run:
    changed = [new if c is old else c for c in made.curves]
    return replace(made, curves=tuple(c for c in changed if c is not None))


def _set(made: Run, key: str, value: ParamValue) -> Run:
    return replace(made, params={**made.params, key: value})


def _ending(c: Curve) -> Floats:
    values = c.values.copy()
    values[-1:] = np.nan
    return values


def _broken(c: Curve) -> Floats:
    values = c.values.copy()
    values[len(c) // 2 : len(c) // 2 + 1] = np.nan
    return values


def _first_half(c: Curve) -> Curve:
    n = len(c) // 2
    return replace(c, steps=c.steps[:n], values=c.values[:n], wall_times=c.wall_times[:n])


def _shaken(made: Run, seed: int) -> Run:
    rng = np.random.default_rng(seed)
    return replace(
        made,
        curves=tuple(
            replace(c, values=c.values * (1 + SHAKEN * rng.standard_normal(len(c)))) for c in made.curves
        ),
    )


def told(condition: Condition, name: str) -> tuple[str, dict[str, str]]:
    """What is said of an example, and of its variants."""
    plain = example(condition.id, name)
    changed = variants(plain)
    first, *rest = said(condition, [plain, *changed.values()])
    return first, dict(zip(changed, rest, strict=True))


def numbers(condition: Condition, made: Run) -> dict[str, float]:
    """Confidence, onset and evidence of a finding; nothing where there is none."""
    found = condition.check(build([made])[0])
    if not isinstance(found, Finding):
        return {}
    known = {"sure": found.confidence, "onset": found.onset, **found.evidence}
    return {k: float(v) for k, v in known.items() if isinstance(v, (int, float)) and not isinstance(v, bool)}


def alike(a: float | None, b: float | None, within: float) -> bool:
    return a is not None and b is not None and bool(np.isclose(a, b, rtol=within, atol=1e-9))


def steady(condition: Condition, made: Run) -> dict[str, float]:
    """The numbers that hold when values move by next to nothing."""
    moved = [numbers(condition, _shaken(made, seed)) for seed in range(3)]
    return {
        k: v for k, v in numbers(condition, made).items() if all(alike(v, m.get(k), HOLDS) for m in moved)
    }


def line(condition: Condition, name: str) -> str:
    plain, changed = told(condition, name)
    runs = variants(example(condition.id, name))
    for seed in range(3):
        moved = said(condition, [_shaken(made, seed) for made in runs.values()])
        changed = {k: v if v == now else "?" for (k, v), now in zip(changed.items(), moved, strict=True)}
    others = "; ".join(f"{k}: {v}" for k, v in changed.items() if v != plain)
    held = ", ".join(f"{k} {v:.4g}" for k, v in steady(condition, example(condition.id, name)).items())
    return f"{condition.id} | {name} | {plain} | {held} | {others}"


def kept() -> dict[tuple[str, str], tuple[str, dict[str, float], dict[str, str]]]:
    """(condition, example) → what is said of it, its numbers, and what is said of other variants."""
    out = {}
    for text in PATH.read_text(encoding="utf-8").splitlines()[1:]:
        condition, name, plain, held, others = text.split(" | ")
        values = {k: float(v) for k, v in (pair.split(" ") for pair in held.split(", ") if pair)}
        out[condition, name] = plain, values, dict(o.rsplit(": ", 1) for o in others.split("; ") if o)
    return out


def changed(condition: str) -> Iterator[str]:
    """Variants of a condition's examples of which it no longer says what is kept."""
    of = all_conditions()[condition]
    for name, (plain, held, others) in ((name, it) for (own, name), it in kept().items() if own == condition):
        now, variants_now = told(of, name)
        for variant, it in {"itself": now, **variants_now}.items():
            if others.get(variant, plain) not in (it, "?"):
                yield f"{name}, {variant}: {others.get(variant, plain)}, now {it}"
        values = numbers(of, example(condition, name))
        yield from (
            f"{name}: {k} {v}, now {values.get(k)}"
            for k, v in held.items()
            if not alike(v, values.get(k), SAME)
        )


if __name__ == "__main__":
    text = [line(condition, name) for condition in all_conditions().values() for name in examples(condition)]
    PATH.write_text("\n".join([HEAD, *text]) + "\n", encoding="utf-8")
