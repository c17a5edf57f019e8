"""Where the thresholds of agents lie: families of runs with one number, bisected until what is said of them
flips (as in `test_thresholds`).

Rewards and signals are lines with noise that alternates, so that every number is known.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conditions.test_thresholds import SIGMA, Threshold, alternating
from curvedoctor.conditions.examples import agent
from curvedoctor.model import Curve, Floats, ParamValue, Role, Run

#: four points in each place of the grid
N = 256
X = np.linspace(0.0, 1.0, N)


def line(*corners: tuple[float, float]) -> Floats:
    """Through these corners (progress, value)."""
    return np.interp(X, *zip(*corners, strict=True))


def made(reward: Floats, params: dict[str, ParamValue] | None = None, **signals: Floats) -> Run:
    return replace(agent(reward, **signals), params=params or {})


def evaluated(run: Run, y: Floats) -> Run:
    """The same run with an evaluation beside it, which is what is judged."""
    role = Role("val", "reward", "higher", "step")
    steps = np.linspace(1000, 1000 * N, len(y)).astype(np.int64)
    curve = Curve("eval/mean_reward", "eval/mean_reward", steps, y, np.full(len(y), np.nan), role)
    return replace(run, curves=(*run.curves, curve))


# --- a reward that collapses


def lost(share: float = 0.9, noise: float = 1.0, at: float = 0.6) -> Floats:
    """It rises from 0 to 200 over the first third, holds that, and loses a share of it within a twentieth."""
    return line((0, 0), (0.3, 200), (at, 200), (at + 0.05, 200 * (1 - share)), (1, 200 * (1 - share))) + (
        noise * alternating(N)
    )


def _noisy_parts(noise: float) -> Run:
    return made(lost() + noise * np.repeat(alternating(64), 4))


def _below(held: float) -> Run:
    """It came with what it could, held that, and ends far below."""
    return made(line((0, 100), (held, 100), (held + 0.01, 20), (1, 20)) + 0.5 * alternating(N))


def _as_low_before(share: float) -> Run:
    """It was as low before, for a share of the run: then what it falls back to lasts a third of the run."""
    y = np.where((X > 0.3) & (0.3 + share > X), 10.0, lost(at=0.7))
    return made(y)


def _comes_back(share: float) -> Run:
    return made(np.where(X > 0.93, 200 * (0.1 + 0.9 * share), lost(at=0.5)))


def _frozen(share: float) -> Run:
    return made(np.where(1 - share < X, 21.0, lost()))


def _training_loses(share: float) -> Run:
    return evaluated(made(lost(share)), lost()[::5])


def _below_by(depth: float) -> Run:
    """It never rose, and ends below its start by so many times what its parts differ by."""
    return made(
        line((0, 100), (0.5, 100), (0.51, 100 - depth), (1, 100 - depth)) + np.repeat(alternating(64), 4)
    )


def _evaluation_falls(sigmas: float) -> Run:
    """What training got collapses; its evaluation falls by so many times its noise."""
    y = line((0, 0), (0.3, 200), (0.7, 200), (0.71, 200 - 10 * sigmas), (1, 200 - 10 * sigmas))
    return evaluated(made(lost(at=0.7)), (y + 10 * 4 / SIGMA / 1.5 * alternating(N))[::-7][::-1])


def jump(level: float, to: float, at: float = 0.58, lasts: float = 0.03) -> Floats:
    return np.where((at <= X) & (at + lasts > X), to, level)


def _kl(to: float, level: float = 0.005, at: float = 0.58) -> Run:
    return made(lost(), train__approx_kl=jump(level, to, at))


def _often(kl: float) -> Run:
    return made(lost(), train__approx_kl=np.full(N, kl))


def _clipped(share: float) -> Run:
    return made(lost(), train__clip_fraction=np.where(X > 0.4, share, 0.1))


def _critic(times: float) -> Run:
    return made(lost(), train__value_loss=jump(2.0, 2 * times, 0.55))


def _gradient(times: float) -> Run:
    run = made(lost(), grad_norm=jump(0.4, 0.4 * times))
    norm = replace(run.curves[1], role=Role("train", "grad_norm", "none", "step"))
    return replace(run, curves=(run.curves[0], norm))


def _raised(times: float) -> Run:
    return made(lost(), train__learning_rate=np.where(X > 0.5, 1e-4 * times, 1e-4))


def _high(decades: float) -> Run:
    return made(lost(), {"lr": 10**-decades})


def _entropy(share: float) -> Run:
    return made(lost(), train__entropy=np.where(X > 0.5, 1.4 * share, 1.4))


COLLAPSE = (
    Threshold("reward-collapse", "share of its rise that is lost", lambda p: made(lost(p)), 0.1, 0.9, 0.347),
    Threshold("reward-collapse", "noise of its parts", _noisy_parts, 1.0, 90.0, 18.1),
    Threshold("reward-collapse", "how long a level was held that was there from the start", _below, 0.05,
        0.5, 0.191),
    Threshold("reward-collapse", "how far below its start, over its noise", _below_by, 5.0, 60.0, 19.7),
    Threshold("reward-collapse", "how long it was as low before", _as_low_before, 0.02, 0.39, 0.19),
    Threshold("reward-collapse", "what the last points make good", _comes_back, 0.05, 0.9, 0.309),
    Threshold("reward-collapse", "stays the same to the last digit", _frozen, 0.05, 0.35, 0.196,
        word="digit"),
    Threshold("reward-collapse", "what training's reward loses beside it", _training_loses, 0.01, 0.5,
        0.0974),
    Threshold("reward-collapse", "by how much an evaluation falls beside it", _evaluation_falls, 0.0, 9.0,
        5.33),
    Threshold("reward-collapse", "KL of a step", _kl, 0.01, 0.1, 0.03, word="a step of KL"),
    Threshold("reward-collapse", "KL of a step over its usual level", lambda p: _kl(0.02 * p, 0.02), 1.1, 9.0,
        4.0, word="a step of KL"),
    Threshold("reward-collapse", "how long before the fall a step is its cause",
        lambda p: _kl(0.1, at=0.6 - p), 0.02, 0.4, 0.153, word="a step of KL"),
    Threshold("reward-collapse", "how long after its begin a step is its cause",
        lambda p: _kl(0.1, at=0.6 + p), 0.0, 0.1, 0.0196, word="a step of KL"),
    Threshold("reward-collapse", "KL as a habit", _often, 0.01, 0.5, 0.1, word="each update"),
    Threshold("reward-collapse", "share of ratios clipped", _clipped, 0.2, 0.9, 0.5, word="clipped"),
    Threshold("reward-collapse", "value loss over its usual level", _critic, 2.0, 30.0, 10.0,
        word="value loss"),
    Threshold("reward-collapse", "gradient norm over its usual level", _gradient, 2.0, 30.0, 10.0,
        word="gradient norm"),
    Threshold("reward-collapse", "raised learning rate", _raised, 1.1, 9.0, 3.0, word="raised"),
    Threshold("reward-collapse", "learning rate far above custom, decades below one", _high, 1.0, 4.0, 2.0,
        word="far above"),
    Threshold("reward-collapse", "entropy that is gone", _entropy, 0.01, 0.5, 0.1, word="was gone"),
    Threshold("reward-collapse", "entropy that grew", _entropy, 1.1, 4.0, 1.5, word="more random"),
)  # fmt: skip


# --- a reward that never rises


def flat(gain: float = 0.0, noise: float = 1.0, level: float = 100.0) -> Floats:
    return level * (1 + gain * X) + noise * (1 + 0.2 * X) * alternating(N)


def _still(share: float) -> Run:
    """Its level rises by a share, beside a policy whose entropy stays."""
    return made(flat(share), train__entropy=np.full(N, 1.4))


def _level(gain: float) -> Run:
    return made(flat(gain, 0.01))


def _ceiling(share: float) -> Run:
    there = np.arange(N) * 0.6180339887 % 1 < share
    return made(np.where(there, 102.0, flat()))


def _moved(share: float) -> Run:
    return made(flat(), train__entropy=1.4 * (1 - share * X))


def _gone(share: float, by: float = 0.1) -> Run:
    return made(flat(), train__entropy=np.where(by > X, 1.4, 1.4 * share))


FLAT = (
    Threshold("reward-flat", "rise beside a policy that stays", _still, 0.01, 0.6, 0.303),
    Threshold("reward-flat", "rise", _level, 0.01, 0.6, 0.111),
    Threshold("reward-flat", "points that share the highest value", _ceiling, 0.05, 0.45, 0.2, 0.1),
    Threshold("reward-flat", "entropy that has moved", _moved, 0.01, 0.3, 0.05, word="does not move"),
    Threshold("reward-flat", "entropy that is gone early", _gone, 0.01, 0.5, 0.1, word="gone early"),
    Threshold("reward-flat", "by when it is gone", lambda p: _gone(0.01, p), 0.05, 0.6, 0.29,
        word="gone early"),
    Threshold("reward-flat", "KL of an update", lambda p: made(flat(), train__approx_kl=np.full(N, p)), 0.01,
        0.5, 0.1, word="moves the policy far"),
    Threshold("reward-flat", "decades below one of a KL that moves nothing",
        lambda p: made(flat(), train__approx_kl=np.full(N, 10**-p)), 2.0, 6.0, 4.0, word="does not move"),
    Threshold("reward-flat", "ratios clipped", lambda p: made(flat(), train__clip_fraction=np.full(N, p)),
        0.1, 0.9, 0.5, word="moves the policy far"),
    Threshold("reward-flat", "decades below one of a high rate", lambda p: made(flat(), {"lr": 10**-p}), 1.0,
        4.0, 2.0, word="far above"),
    Threshold("reward-flat", "decades below one of a low rate", lambda p: made(flat(), {"lr": 10**-p}), 4.0,
        8.0, 6.0, word="far below"),
    Threshold("reward-flat", "root of a critic's error over the return",
        lambda p: made(flat(), train__value_loss=(100 * p) ** 2 * (1 - 0.9 * X)), 2.0, 90.0, 30.0,
        word="another scale"),
    Threshold("reward-flat", "root of a critic's error that stays, over the return",
        lambda p: made(flat(), train__value_loss=np.full(N, (100 * p) ** 2)), 2.0, 90.0, 10.0,
        word="another scale"),
    Threshold("reward-flat", "what a critic's error must keep of its root to stay",
        lambda p: made(flat(), train__value_loss=np.where(X < 0.2, 4e6, 4e6 * p**2)), 0.2, 1.0, 0.7,
        word="another scale"),
    Threshold("reward-flat", "what is left of a critic's error where its targets rest",
        lambda p: made(flat(), train__value_loss=9 * np.where(X < 0.2, 1.0, p)), 1e-3, 0.1, 0.01,
        word="targets"),
)  # fmt: skip


# --- a critic that diverges


def _errs(decades: float, reward: Floats | None = None, level: float = 2.0, **others: Floats) -> Run:
    """A value loss that falls a little, stays, and is some decades higher over the second half."""
    loss = level * 10 ** line((0, 0.5), (0.3, 0), (0.5, 0), (0.51, decades), (1, decades))
    return made(line((0, 0), (0.2, 100), (1, 100)) if reward is None else reward, train__critic_loss=loss,
        **others)  # fmt: skip


def _ends_lower(decades: float) -> Run:
    """It grew three decades, and comes down again by some."""
    loss = 2 * 10 ** line(
        (0, 0.5), (0.3, 0), (0.4, 0), (0.5, 4), (0.7, 4), (0.71, 4 - decades), (1, 4 - decades)
    )
    return made(line((0, 0), (0.2, 100), (1, 100)), train__critic_loss=loss)


def _values(times: float, before: float) -> Run:
    """Predicted values end at so many times the return."""
    y = np.where(X < 0.5, 100 * times / before, 100 * times)
    return made(line((0, 0), (0.2, 100), (1, 100)), losses__qf1_values=y)


def _late(place: float) -> Run:
    """The reward falls at the middle; the loss grows from a place on."""
    loss = 2 * 10 ** (np.clip(40 * (X - place), 0, 3) + line((0, 0.5), (0.1, 0.5), (0.2, 0), (1, 0)))
    return made(line((0, 0), (0.2, 100), (0.5, 100), (0.51, 10), (1, 10)), train__critic_loss=loss)


CRITIC = (
    Threshold("critic-divergence", "decades that the value loss grows", lambda p: _errs(p, level=200.0), 0.5,
        6.0, 1.83),
    Threshold("critic-divergence", "the same where its root stays small", lambda p: _errs(p, level=1e-4), 0.5,
        6.0, 3.03),
    Threshold("critic-divergence", "root of the loss over the return that is small",
        lambda p: _errs(2.4, level=(100 * p) ** 2 / 10**2.4), 0.01, 1.0, 0.1),
    Threshold("critic-divergence", "decades that it comes down again", _ends_lower, 0.1, 1.7, 0.7),
    Threshold("critic-divergence", "explained variance", lambda p: _errs(3.0, level=200.0,
        train__explained_variance=np.full(N, p)), 0.0, 1.0, 0.5),
    Threshold("critic-divergence", "values that grew a lot over the return", lambda p: _values(p, 30.0), 1.0,
        20.0, 3.47),
    Threshold("critic-divergence", "values that grew a little over the return", lambda p: _values(p, 4.0),
        1.0,
        40.0, 13.9),
    Threshold("critic-divergence", "by how much they grew", lambda p: _values(8.0, p), 2.0, 20.0, 7.55),
    Threshold("critic-divergence", "when it grows, beside a fall of the reward at a half", _late, 0.3, 0.8,
        0.504),
)  # fmt: skip


# --- what holds an agent back


def _swings(share: float, lr: float = 1.0) -> Run:
    """The reward goes up and down by a share of all that it moved, over the second half."""
    y = np.where(X < 0.5, 200 * np.clip(4 * X, 0, 1), 200 - 200 * share * (np.floor(8 * X) % 2))
    return made(y + alternating(N), {"optimizer": "adam", "lr": lr})


def _swings_by_kl(kl: float) -> Run:
    return replace(_swings(0.8, 1e-4), curves=(*_swings(0.8).curves,
        *made(flat(), train__approx_kl=np.full(N, kl)).curves[1:]))  # fmt: skip


def _decided(
    entropy: float, kl: float = 1.0, noise: float = 10.0, by: float = 0.03, lost: float = 0.0
) -> Run:
    """A choice that is made at once, under updates by a KL; the reward then moves by nothing but chance."""
    y = line((0, 0), (0.3, 100), (0.6, 100), (0.65, 100 - 100 * lost), (1, 100 - 100 * lost))
    return made(y + noise * alternating(N), train__entropy=np.where(by > X, 1.1, entropy),
        train__approx_kl=np.full(N, kl))  # fmt: skip


def _saturated(decades: float, by: float = 0.02) -> Run:
    y = np.where(by > X, 1.1, 1.1 * 10**-decades)
    return made(line((0, 0), (0.3, 100), (1, 100)) + alternating(N), train__entropy=y)


def _random(late: float, weight: float = 1.0) -> Run:
    y = np.log(4) * (1 - (1 - late) * X)
    return made(flat(), {"entropy_coef": weight}, train__entropy=np.where(X > 0.7, np.log(4) * late, y))


def _short(discount: float, length: float, noise: float = 10.0) -> Run:
    return made(line((0, 0), (0.5, 100), (1, 100)) + noise * alternating(N), {"discount": discount},
        rollout__ep_len_mean=np.full(N, length))  # fmt: skip


HELD_BACK = (
    Threshold("lr-too-high", "swing of a reward under a high rate", _swings, 0.1, 0.9, 0.292,
        word="not held"),
    Threshold("lr-too-high", "rate under which it swings", lambda p: _swings(0.8, p), 0.01, 0.3, 0.0719,
        word="not held"),
    Threshold("lr-too-high", "KL under which it swings", _swings_by_kl, 0.05, 1.0, 0.287, word="not held"),
    Threshold("lr-too-high", "entropy of a choice made at once", _decided, 0.01, 0.4, 0.115,
        word="stopped exploring"),
    Threshold("lr-too-high", "KL under which it is made", lambda p: _decided(0.02, p), 0.05, 1.0, 0.287,
        word="stopped exploring"),
    Threshold("lr-too-high", "by when it is made", lambda p: _decided(0.02, by=p), 0.01, 0.5, 0.122,
        word="stopped exploring"),
    Threshold("lr-too-high", "chance in the reward beside it", lambda p: _decided(0.02, noise=p), 0.05,
        9.0, 0.534,
        word="stopped exploring"),
    Threshold("lr-too-high", "share of the rise whose loss is another matter",
        lambda p: _decided(0.02, lost=p, noise=2.0), 0.05, 0.9, 0.292, word="stopped exploring"),
    Threshold("lr-too-high", "decades that an entropy loses at once", _saturated, 4.0, 12.0, 8.0,
        word="saturated"),
    Threshold("lr-too-high", "by when it has lost them", lambda p: _saturated(12.0, p), 0.01, 0.3, 0.0471,
        word="saturated"),
    Threshold("over-regularized", "entropy late over the highest", _random, 0.9, 1.0, 0.968),
    Threshold("over-regularized", "weight of the entropy", lambda p: _random(1.0, p), 0.02, 0.9, 0.182),
    Threshold("wrong-loss", "steps ahead over an episode", lambda p: _short(0.8, 5 / p), 0.01, 0.3, 0.0676),
    Threshold("wrong-loss", "the same where the next step counts little", lambda p: _short(0.4, 1 / 0.6 / p),
        0.05, 0.6, 0.259),
    Threshold("wrong-loss", "discounts short of custom", lambda p: _short(p, 1e4), 0.5, 0.99, 0.9),
)  # fmt: skip


# --- where a reward is going


def _rises(power: float, noise: float = 0.5, level: float = 0.0) -> Run:
    """By a power of the step: all the way, or less and less."""
    return made(200 * X**power + noise * alternating(N) + level)


def _noisy_rise(noise: float) -> Run:
    return made(200 * X + noise * np.repeat(alternating(64), 4))


def _flat_since(place: float) -> Run:
    return made(line((0, 0), (place, 200), (1, 200)) + alternating(N))


def _gives_way(share: float) -> Run:
    """It has been flat for long, and ends a share of its rise below its best."""
    return made(line((0, 0), (0.2, 200), (0.97, 200), (0.98, 200 - 200 * share), (1, 200 - 200 * share)))


COURSE = (
    Threshold("undertrained", "power by which a reward goes on", _rises, 0.1, 1.0, 0.594),
    Threshold("undertrained", "the same where it slows", _rises, 0.02, 0.5, 0.206, info=True),
    Threshold("undertrained", "noise in which it rises", _noisy_rise, 0.5, 60.0, 20.3),
    Threshold("undertrained", "a cost that ends near nothing", lambda p: _rises(1.0, level=-200 - p),
        1.0, 300.0, 77),
    Threshold("wasted-training", "since when a reward is flat", _flat_since, 0.1, 0.9, 0.533, info=True),
    Threshold("wasted-training", "how far below its best it ends", _gives_way, 0.0, 0.6, 0.0549, info=True),
)  # fmt: skip


@pytest.mark.parametrize(
    "it", (*COLLAPSE, *FLAT, *CRITIC, *HELD_BACK, *COURSE), ids=lambda it: f"{it.condition}-{it.what}"
)
def test_what_is_said_of_an_agent_flips_where_its_threshold_lies(it: Threshold) -> None:
    it.check()
