"""From configurations to finished trainings: lanes are prepared, packed, run and unpacked."""

from __future__ import annotations

import math
import os

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from clinic import engine
from clinic.config import MAX_STEPS, Config, lr_curve
from clinic.lanes import prepare
from clinic.models import Sig
from clinic.pretrain import hold, wanted
from clinic.programs import signature
from clinic.tasks import TASKS, padded, pool_rows


@dataclass(frozen=True)
class Result:
    """What one training gave.

    `truth`, `best`: canonical loss and error on the clean test rows, with the
    run's class shares, then with balanced ones; after the last step and at the
    checkpoint with the lowest validation loss. `seen`: own loss, canonical
    loss, accuracy, share of positive predictions on training rows in
    evaluation mode. `steps` (steps, 4): batch loss, gradient norm, accuracy,
    positive share. `epochs` (epochs, 4): validation loss, accuracy, positive
    share, plateau factor. `weights`: the last ones, flat.
    """

    truth: tuple[float, ...]
    best: tuple[float, ...]
    seen: tuple[float, ...]
    best_epoch: int
    steps: NDArray[np.float32]
    epochs: NDArray[np.float32]
    lr: NDArray[np.float32]
    weights: NDArray[np.float32]


def _pack(configs: list[Config], watch: bool) -> Iterator[tuple[Sig, list[Config]]]:
    """Groups of configurations that run in one program, those of like length together."""
    groups: dict[tuple[Sig, bool], list[Config]] = defaultdict(list)
    for config in configs:
        groups[signature(config), watch or config.schedule == "plateau"].append(config)
    for (sig, stops), members in sorted(groups.items(), key=lambda g: repr(g[0])):
        members.sort(key=_alike if stops else lambda c: (c.steps, c.task))
        group: list[Config] = []
        for config in members:
            joined = [*group, config]
            dear = _rounds(joined, stops) - _rounds(group, stops) > config.steps
            if len(joined) > sig.lanes or (group and dear):
                yield sig, group
                joined = [config]
            group = joined
        yield sig, group


def _rounds(members: list[Config], stops: bool) -> int:
    """Steps that a group takes: lanes that have finished wait for the others,
    after every epoch if it `stops`."""
    if not members or not stops:
        return max((c.steps for c in members), default=0)
    return max(c.steps_per_epoch for c in members) * max(c.epochs for c in members)


def _alike(config: Config) -> tuple[int, int, int]:
    """Sort key of trainings that stop after every epoch: as many steps an epoch, then as many epochs."""
    return round(3 * math.log2(config.steps_per_epoch)), config.epochs, config.steps_per_epoch


@lru_cache(maxsize=2)
def _pools(names: tuple[str, ...]) -> Any:
    """The samples of all lanes, one pool after another."""
    return jnp.asarray(np.concatenate([padded(name) for name in names]))


def train_many(
    configs: Iterable[Config], watch: bool = True, done: Callable[[Config, Result], None] | None = None
) -> dict[Config, Result]:
    """Train every configuration; `done` is called after each group, so that work is kept."""
    results: dict[Config, Result] = {}
    configs = list(dict.fromkeys(configs))
    if donors := wanted(configs):
        train_many(donors, False, lambda config, result: hold(config, result.weights))
    for sig, members in _pack(configs, watch):
        for config, result in zip(members, _run_group(sig, members, watch), strict=True):
            results[config] = result
            if done is not None:
                done(config, result)
    return results


def _run_group(sig: Sig, members: list[Config], watch: bool) -> list[Result]:
    task = TASKS[members[0].task]
    filled = [*members, *([members[0]] * (sig.lanes - len(members)))]
    made = {c: prepare(TASKS[c.task], c, sig) for c in members}
    prepared = [made[c] for c in filled]
    lanes = {k: np.stack([p[k] for p in prepared]) for k in prepared[0]}
    lanes["base"] = np.arange(sig.lanes, dtype=np.int32) * pool_rows(task)
    per_epoch = jnp.asarray([c.steps_per_epoch for c in filled], jnp.int32)
    epochs = max(c.epochs for c in members)
    x = _pools(tuple(c.task for c in filled))
    # one program evaluates all that differ in these only (but units of CNNs are many)
    still = sig._replace(batch=0, fancy=sig.fancy or task.family == "mlp")
    state, log = engine.start(lanes), jnp.full((sig.lanes, MAX_STEPS + 1, 4), jnp.nan, jnp.float32)
    record = np.full((epochs, 4, sig.lanes), np.nan, np.float32)
    fixed = {k: jnp.asarray(v) for k, v in lanes.items()}
    if watch or any(c.schedule == "plateau" for c in members):
        most = max(c.steps_per_epoch for c in members)
        for e in range(epochs):
            state, log = engine.train(sig, x, fixed, state, log, e * per_epoch, per_epoch, most)
            state, seen = engine.validate(still, x, fixed, state, (e + 1) * per_epoch)
            record[e] = np.asarray(seen).T
    else:
        steps = lanes["steps"]
        state, log = engine.train(sig, x, fixed, state, log, 0 * steps, steps, int(steps.max()))
    truth, seen = engine.final(still, x, fixed, state["w"])
    best = engine.final(still, x, fixed, state["best_w"])[0] if watch else truth
    out = {
        "truth": truth,
        "weights": state["w"],
        "best": best,
        "seen": seen,
        "best_t": state["best_t"],
        "steps": log,
        "epochs": record,
    }
    out = {k: np.asarray(v) for k, v in out.items()}
    return [_result(c, out, i) for i, c in enumerate(members)]


def _result(config: Config, out: dict[str, Any], i: int) -> Result:
    epochs = out["epochs"][: config.epochs, :, i]
    lr = lr_curve(config)
    if config.schedule == "plateau":  # the factor after an epoch rules the next one
        before = np.concatenate([[1.0], epochs[:-1, 3]])
        lr = lr * np.repeat(before, config.steps_per_epoch).astype(np.float32)
    return Result(
        truth=tuple(float(v) for v in out["truth"][i]),
        best=tuple(float(v) for v in out["best"][i]),
        seen=tuple(float(v) for v in out["seen"][i]),
        best_epoch=int(out["best_t"][i]) // config.steps_per_epoch,
        steps=out["steps"][i, : config.steps],
        epochs=epochs,
        lr=lr,
        weights=out["weights"][i],
    )
