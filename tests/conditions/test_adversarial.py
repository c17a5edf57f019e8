"""Adversarial pairs and autoencoders' codes: over seeds, conventions of loss and names;
and what healthy ones look like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curvedoctor import diagnose_curves
from curvedoctor.conditions.adversarial import adversary_dominates
from curvedoctor.conditions.examples import adversarial, falling, variational
from curvedoctor.conditions.generalization import over_regularized
from curvedoctor.features.case import build
from curvedoctor.model import Diagnosis, Finding, Floats, Run

SEEDS = range(8)
#: conditions that speak of a direction, which losses of a pair don't have
DIRECTED = {
    "divergence",
    "undertrained",
    "lr-too-high",
    "stalled",
    "underfitting",
    "overfitting",
    "not-learning",
    "wasted-training",
}


def shaken(rng: np.random.Generator, y: Floats, noise: float) -> Floats:
    return np.asarray(y * np.exp(noise * rng.standard_normal(len(y))))


def found(made: Run) -> Finding | None:
    result = adversary_dominates.check(build([made])[0])
    return result if isinstance(result, Finding) else None


def told(judge: Floats, maker: Floats, *names: str, **others: Floats) -> Diagnosis:
    names = names or ("loss_d", "loss_g")
    return diagnose_curves({names[0]: judge, names[1]: maker, **others})


NAMES = [
    ("mse_disc", "mse_gen"), ("Loss_D", "Loss_G"), ("d_loss", "g_loss"), ("errD", "errG"),
    ("disc_loss", "gen_loss"),
    ("Discriminator/loss", "Generator/loss"), ("loss/d/total", "loss/g/total"), ("netD", "netG"),
    ("train/loss_discriminator", "train/loss_generator"),
    ("Train/Discriminator loss", "Train/Generator loss"),
]  # fmt: skip


@pytest.mark.parametrize("names", NAMES)
def test_a_discriminator_that_wins_under_every_name(names: tuple[str, str]) -> None:
    rng = np.random.default_rng(len(names[0]))
    e = np.arange(60)
    judge = shaken(rng, 0.02 + 0.5 * np.exp(-e / 3), 0.1)
    diagnosis = told(judge, shaken(rng, 4 + 4 * (1 - np.exp(-e / 5)), 0.1), *names)
    assert [f.condition for f in diagnosis.findings] == ["adversary-dominates"]
    assert diagnosis.findings[0].evidence["winner"] == "discriminator"
    assert diagnosis.prescriptions[0].action == "regularize"
    assert "discriminator" in diagnosis.prescriptions[0].text
    assert {p.action for p in diagnosis.prescriptions} == {"lower-lr", "regularize"}


@pytest.mark.parametrize("seed", SEEDS)
def test_least_squares_whose_generator_climbs(seed: int) -> None:
    """The discriminator wins within a few epochs, and the generator's error leaves every label behind."""
    rng = np.random.default_rng(seed)
    e = np.arange(int(rng.integers(20, 80)))
    judge = 0.05 + 0.5 * np.exp(-e / 2) + 0.01 * rng.random(len(e))
    maker = 3.5 + 5 * (1 - np.exp(-e / 4)) + 0.5 * rng.standard_normal(len(e))
    result = found(adversarial(judge, maker, ("mse_disc", "mse_gen")))
    assert result is not None and result.severity == "error"
    assert result.onset is not None and result.onset <= 100 * 8


@pytest.mark.parametrize("seed", SEEDS)
def test_least_squares_that_end_at_their_labels(seed: int) -> None:
    """Told apart for good: the discriminator's error is 0, the generator's 1."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 100)
    assert found(
        adversarial(
            shaken(rng, 0.002 + 0.2 * np.exp(-20 * t), 0.2), shaken(rng, 1 - 0.6 * np.exp(-20 * t), 0.01)
        )
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "level", [(0.69, 0.75), (1.386, 0.69), (0.45, 1.9), (0.25, 2.6), (0.25, 0.3), (0.6, 2.5), (0.9, 4.0)]
)
def test_equilibria_and_leads_are_healthy(seed: int, level: tuple[float, float]) -> None:
    """Both at a guess's loss; sums of two; DCGAN's usual lead; least squares;
    with reconstruction in the sum."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 300))
    swing = 0.15 * np.sin(np.linspace(0, rng.uniform(3, 20), n))
    diagnosis = told(
        shaken(rng, level[0] * np.exp(swing), 0.15), shaken(rng, level[1] * np.exp(-swing), 0.15)
    )
    assert diagnosis.verdict == "healthy", (diagnosis.findings, diagnosis.reason)
    assert not diagnosis.findings


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lead_that_is_lost_again_is_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 120)
    lead = np.exp(-(((t - rng.uniform(0.2, 0.5)) / 0.12) ** 2))
    assert (
        found(adversarial(shaken(rng, 0.5 * (1 - 0.98 * lead), 0.2), shaken(rng, 1.2 + 8 * lead, 0.2)))
        is None
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_neither_loss_has_a_direction(seed: int) -> None:
    """A generator's loss that climbs while its opponent keeps up is no divergence,
    and nobody is to train longer."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 150)
    diagnosis = told(shaken(rng, 0.65 - 0.3 * t, 0.1), shaken(rng, 0.8 + 2 * t, 0.1))
    assert not DIRECTED & {f.condition for f in diagnosis.findings}


@pytest.mark.parametrize("percent", [1.0, 100.0])
def test_accuracy_says_it_where_losses_hardly_do(percent: float) -> None:
    rng = np.random.default_rng(0)
    t = np.linspace(0, 1, 80)
    right = percent * (0.995 - 0.4 * np.exp(-20 * t))
    judge = shaken(rng, 0.08 + 0.6 * np.exp(-20 * t), 0.05)
    result = found(adversarial(judge, shaken(rng, 2.0 + t, 0.05), right=right))
    assert result is not None and result.evidence["right"] == pytest.approx(0.995, abs=0.01)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_generator_that_always_passes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 100)
    judge, maker = shaken(rng, 2 + 2 * t, 0.05), shaken(rng, 0.003 + 0.7 * np.exp(-12 * t), 0.2)
    diagnosis = told(judge, maker)
    assert diagnosis.findings[0].evidence["winner"] == "generator"
    assert "generator" in diagnosis.prescriptions[0].text


def test_a_cycle_has_two_pairs_and_one_may_be_lost() -> None:
    rng = np.random.default_rng(3)
    t = np.linspace(0, 1, 100)
    even, low, high = np.full(100, 0.25), 0.003 + 0.25 * np.exp(-15 * t), 1 - 0.7 * np.exp(-15 * t)
    curves = {
        "D_A": even,
        "G_A": even + 0.1,
        "D_B": low,
        "G_B": high,
        "cycle_A": 1.2 - 0.6 * t,
        "idt_A": 0.5 - 0.2 * t,
    }
    diagnosis = diagnose_curves({name: shaken(rng, y, 0.05) for name, y in curves.items()})
    lost = [f for f in diagnosis.findings if f.condition == "adversary-dominates"]
    assert lost and set(lost[0].curves) == {"D_B", "G_B"}


@pytest.mark.parametrize("kept", [True, False])
def test_what_is_made_decides(kept: bool) -> None:
    """An FID at its best at the end: worth knowing. One that turned: a failure."""
    rng = np.random.default_rng(1)
    t, u = np.linspace(0, 1, 120), np.linspace(0, 1, 24)
    quality = 20 + 200 * np.exp(-4 * u) + (0 if kept else 150 * np.maximum(u - 0.4, 0))
    made = adversarial(
        shaken(rng, 0.004 + 0.5 * np.exp(-14 * t), 0.2),
        shaken(rng, 9 - 8 * np.exp(-9 * t), 0.1),
        quality=shaken(rng, quality, 0.01),
    )
    result = found(made)
    assert result is not None and result.severity == ("info" if kept else "error")


def test_a_critic_without_a_floor() -> None:
    rng = np.random.default_rng(2)
    t = np.linspace(0, 1, 100)
    assert found(
        adversarial(
            -shaken(rng, 0.5 * np.exp(14 * np.maximum(t - 0.3, 0)), 0.1),
            shaken(rng, 1 + 3 * t, 0.1),
            ("critic_loss", "generator_loss"),
        )
    )
    settled = adversarial(
        -shaken(rng, 0.2 + 4 * np.exp(-5 * t), 0.1),
        shaken(rng, 1 + 3 * t, 0.1),
        ("critic_loss", "generator_loss"),
    )
    assert found(settled) is None


def test_an_actor_and_its_critic_are_no_pair() -> None:
    made = adversarial(np.geomspace(1, 1e-4, 60), np.linspace(1, 9, 60), ("critic_loss", "gen_loss"))
    reward = replace(
        made.curves[0],
        id="reward",
        tag="reward",
        role=replace(made.curves[0].role, quantity="reward", better="higher"),
    )
    assert not build([replace(made, curves=(*made.curves, reward))])[0].pairs


def test_the_winners_own_rate_is_lowered() -> None:
    rng = np.random.default_rng(0)
    e = np.arange(60)
    rates = {"lr_d": np.full(60, 4e-4), "lr_g": np.full(60, 1e-4)}
    judge, maker = shaken(rng, 0.01 + 0.5 * np.exp(-e / 3), 0.1), shaken(rng, 8 - 7 * np.exp(-e / 5), 0.1)
    lower = next(p for p in told(judge, maker, **rates).prescriptions if p.action == "lower-lr")
    assert (lower.current, lower.proposed) == (pytest.approx(4e-4), pytest.approx(1e-4))


def test_a_loss_that_is_lost_is_named() -> None:
    rng = np.random.default_rng(0)
    judge, maker = shaken(rng, np.full(80, 0.6), 0.1), shaken(rng, np.full(80, 1.5), 0.1)
    judge[50:] = maker[50:] = np.nan
    assert told(judge, maker).findings[0].condition == "non-finite"


@pytest.mark.parametrize("seed", SEEDS)
def test_what_sways_beside_a_pair_is_no_fault(seed: int) -> None:
    """KID of a few hundred pictures, of a generator that never rests."""
    rng = np.random.default_rng(seed)
    u = np.linspace(0, 1, 24)
    quality = shaken(rng, 0.2 + 9 * np.exp(-12 * u), 0.35)
    diagnosis = diagnose_curves(
        {
            "loss_d": shaken(rng, np.full(24, 0.45), 0.1),
            "loss_g": shaken(rng, np.full(24, 1.9), 0.1),
            "kid": quality,
        }
    )
    assert not [f for f in diagnosis.findings if f.severity != "info"]


def test_short_pairs_are_undetermined() -> None:
    diagnosis = told(np.full(6, 0.7), np.full(6, 0.7))
    assert diagnosis.verdict == "undetermined" and "too few" in (diagnosis.reason or "")


# --- codes


def silent(made: Run) -> bool:
    result = over_regularized.check(build([made])[0])
    return isinstance(result, Finding) and result.evidence["kl"] is not None


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("unit", [1.0, 1 / 64, 784.0])
def test_codes_that_tell_nothing(seed: int, unit: float) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(15, 120))
    t = np.linspace(0, 1, n)
    recon = falling(rng, n, 45, 27, 25, 0.003)
    assert silent(
        variational(unit * recon, unit * shaken(rng, 10 ** rng.uniform(-5, -2) + 0.4 * np.exp(-20 * t), 0.1))
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("end", [0.5, 3.0, 12.0])
def test_codes_that_tell_something(seed: int, end: float) -> None:
    """They say more and more; or are forced to say less by a weight that is raised."""
    rng = np.random.default_rng(seed)
    recon = falling(rng, 60, 45, 21, 10, 0.003)
    t = np.linspace(0, 1, 60)
    assert not silent(variational(recon, shaken(rng, end * (1 - np.exp(-6 * t)) + 1e-3, 0.03)))
    assert not silent(variational(recon, shaken(rng, end * (1 + 4 * np.exp(-6 * t)), 0.03)))


def test_still_learning_to_speak() -> None:
    """At a low rate the codes are silent for long: the reconstruction falls on, and the term rises."""
    rng = np.random.default_rng(0)
    t = np.linspace(0, 1, 60)
    assert not silent(variational(45 - 10 * t, shaken(rng, 0.01 + 0.05 * t**2, 0.02)))


def test_remedy_speaks_of_the_weight() -> None:
    rng = np.random.default_rng(0)
    t = np.linspace(0, 1, 60)
    curves = {
        "loss": falling(rng, 60, 45, 27, 25, 0.003),
        "recon_loss": falling(rng, 60, 45, 27, 25, 0.003),
        "kl_loss": 1e-4 + 0.2 * np.exp(-20 * t),
    }
    first = diagnose_curves(curves).prescriptions[0]
    assert first.action == "reduce-regularization" and "KL annealing" in first.text


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("beta", [0.5, 4.0, 30.0])
def test_the_weight_is_read_off_the_loss(seed: int, beta: float) -> None:
    """What the loss is above its reconstruction, against the KL term; a weight above one goes to one."""
    rng = np.random.default_rng(seed)
    recon, kl = falling(rng, 60, 45, 27, 25, 0.003), shaken(rng, 1e-4 + 0.2 * np.exp(-np.arange(60) / 3), 0.1)
    first = diagnose_curves({"loss": recon + beta * kl, "recon_loss": recon, "kl_loss": kl}).prescriptions[0]
    assert first.action == "reduce-regularization" and first.parameter == "beta"
    assert first.current == pytest.approx(beta)
    assert (first.proposed, first.factor) == (
        (1.0, pytest.approx(1 / beta, rel=0.01)) if beta > 1 else (None, 0.1)
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("first", "says"), [(3000.0, True), (60.0, False), (2.0, False)])
def test_codes_that_the_first_steps_threw_out(seed: int, first: float, says: bool) -> None:
    """The KL term begins a hundred times above the reconstruction; not a few times, as where its weight is
    raised from zero, nor as an untrained encoder's."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 60)
    recon = falling(rng, 60, 45, 24, 10, 0.01) + first / 40 * np.exp(-20 * t)
    kl = shaken(rng, 3 + first * np.exp(-30 * t), 0.05)
    said = diagnose_curves({"train/loss": recon + kl, "train/recon_loss": recon, "train/kl_loss": kl})
    assert ("lr-too-high" in {f.condition for f in said.findings}) == says


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("smooth", [0.9, 0.8])
@pytest.mark.parametrize("half", [1.0, 0.5])
def test_smoothed_labels_hide_who_wins(seed: int, smooth: float, half: float) -> None:
    """Nobody gets below the labels' own entropy: there the loss rests, and the generator is told apart for
    certain."""
    rng = np.random.default_rng(seed)
    e, floor = np.arange(100), -smooth * np.log(smooth) - (1 - smooth) * np.log(1 - smooth)
    rests, moves = (
        shaken(rng, half * (floor + np.exp(-e / 4)), 0.002),
        shaken(rng, half * floor * np.ones(100), 0.15),
    )
    if half * floor < 0.4:
        result = found(adversarial(rests, shaken(rng, 9 + 4 * e / 100, 0.02)))
        assert result is not None and result.evidence["winner"] == "discriminator"
    assert found(adversarial(moves, shaken(rng, 3 + e / 100, 0.2))) is None
    assert found(adversarial(rests, shaken(rng, 1.5 + e / 100, 0.02))) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_discriminator_that_is_asleep(seed: int) -> None:
    """It is wrong more often than a guess, and neither loss moves; one that moves is alive."""
    rng = np.random.default_rng(seed)
    still = adversarial(shaken(rng, np.full(80, 1.93), 0.003), shaken(rng, np.full(80, 0.35), 0.005))
    alive = adversarial(shaken(rng, np.full(80, 1.93), 0.08), shaken(rng, np.full(80, 0.35), 0.2))
    result = found(still)
    assert result is not None and result.evidence["winner"] == "generator" and found(alive) is None
