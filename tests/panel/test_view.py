"""The view model: strict JSON, small, and true to the diagnosis."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from curvedoctor.conditions.base import all_conditions
from curvedoctor.engine import diagnose_runs
from curvedoctor.model import Diagnosis, Run
from curvedoctor_panel.charts import epochs, points
from curvedoctor_panel.decimate import POINTS, ascending, keep
from curvedoctor_panel.marks import extrapolation, lr_decays, noise_band, nonfinite
from curvedoctor_panel.overview import row
from curvedoctor_panel.plain import LABEL_LIMIT, clip, number
from curvedoctor_panel.sentences import sentences
from curvedoctor_panel.view import change, overview, run_view
from panel import samples

EVERY = [*samples.clinic(), samples.hostile()]


@pytest.mark.parametrize("diagnosis", EVERY, ids=lambda d: ascii(d.run.name)[:20])
def test_is_strict_json_of_bounded_size(diagnosis: Diagnosis) -> None:
    text = json.dumps(run_view(diagnosis), allow_nan=False)
    assert text.encode("ascii")
    assert len(text) < 120_000
    assert run_view(diagnosis) == run_view(diagnosis)


def test_an_overview_of_hostile_runs_is_strict_json() -> None:
    assert json.dumps(overview(EVERY), allow_nan=False).encode("ascii")


def test_says_what_the_diagnosis_says() -> None:
    view = run_view(samples.overfitting())
    assert view["verdict"] == "sick" and view["headline"].startswith("The validation loss has risen")
    assert [finding["condition"] for finding in view["findings"]] == ["overfitting", "lr-decayed-too-early"]
    assert view["prescriptions"][0]["change"] == "at epoch 18"
    assert view["prescriptions"][1]["change"] == "weight_decay 0 → 0.0001"
    assert change(samples.lr_too_high().prescriptions[0]) == "lr 0.5 → 0.05 (×0.1)"
    assert set(view["pages"]) == {"overfitting", "lr-decayed-too-early"}
    headings = [section["heading"] for section in view["pages"]["overfitting"]["sections"]]
    assert headings[:3] == ["", "Why it matters", "How it decides"]


def test_what_is_seen_stands_apart_from_what_is_suggested() -> None:
    view = run_view(samples.improvable())
    assert (view["state"], view["heads"]["suggested"]) == ("could improve", "What may improve it")
    assert "wrong is seen" in view["headline"] and "learning rate" not in view["headline"]
    first = view["prescriptions"][0]
    assert first["chance"] == "helped 71 % of similar runs"
    assert first["gain"] == "typically −35 % loss"
    assert run_view(samples.overfitting())["heads"]["suggested"] == "To try first"
    unknown = run_view(samples.undetermined())
    assert unknown["headline"] == "Its longest curve has 2 points, too few to tell a plateau from a fall."
    assert unknown["unjudged"][0] == {
        "reason": "no validation curve is logged",
        "conditions": ["Overfitting", "Gap between training and validation"],
    }


def numbers(text: str) -> set[float]:
    """The steps and epochs that a text names."""
    return {float(found.replace(",", "")) for found in re.findall(r"(?:step|epoch) ([\d,]+)", text)}


def examples() -> list[Diagnosis]:
    """Real diagnoses of what every condition gives as its examples."""
    rng = np.random.default_rng(3)
    runs = [example(rng) for condition in all_conditions().values() for example in condition.sick]
    return list(diagnose_runs(runs))


@pytest.mark.parametrize("diagnosis", [*samples.clinic(), *examples()], ids=lambda d: d.run.name)
def test_every_step_that_a_text_names_is_marked(diagnosis: Diagnosis) -> None:
    view = run_view(diagnosis)
    assert json.dumps(view, allow_nan=False)
    marks = [mark for chart in view["charts"] for mark in chart["marks"]]
    at = {mark["x"] for mark in marks if mark["kind"] in {"onset", "decay", "best"}}
    at |= {end for mark in marks if mark["kind"] == "span" for end in (mark["from"], mark["to"])}
    for finding in view["findings"]:
        assert numbers(finding["summary"]) <= at
        assert finding["onset"] is None or finding["onset"] in at
    for mark in (mark for chart in view["charts"] for mark in chart["marks"] if mark["kind"] == "onset"):
        assert numbers(mark["label"]) == {mark["x"]}
    assert numbers(view["headline"]) | {n for c in view["prescriptions"] for n in numbers(c["text"])} <= at


def test_times_travel_with_the_points_where_they_are_wanted() -> None:
    view = run_view(samples.overfitting())
    loss = view["curves"][0]
    assert view["started"] == 1.7e9 and loss["t"][:3] == [0, 1, 2] and len(loss["t"]) == len(loss["x"])
    assert run_view(samples.overfitting(), times=False)["curves"][0]["t"] is None


def test_epochs_are_read_where_they_are_logged() -> None:
    step = np.arange(0, 100, 10)
    counted = samples.curve("epoch", step // 40, "other", "none", steps=step, granularity="step")
    found = epochs([counted])
    assert found is not None
    assert np.interp([0, 20, 40, 80], found["x"], found["y"]).tolist() == pytest.approx([0, 0.5, 1, 2])


def test_log_only_where_it_shows_more() -> None:
    t = np.arange(200)
    decades = samples.curve("loss", 10 * np.exp(-t / 20))
    # mostly at its top, but for a fall at the very end: linear shows it as well
    plateau = samples.curve("loss", np.where(t < 190, 1 + 0.5 * np.sin(t), 0.001))
    shown = [
        run_view(Diagnosis(Run("r", "r", "g", (c,)), "healthy"))["charts"][0]["log"]
        for c in (decades, plateau)
    ]
    assert shown == [True, False]


def test_the_evidence_is_drawn_where_the_finding_says() -> None:
    view = run_view(samples.overfitting())
    loss = view["charts"][0]
    assert [view["curves"][index]["label"] for index in loss["curves"]] == ["val/loss", "train/loss"]
    kinds = {mark["kind"]: mark for mark in reversed(loss["marks"])}
    assert kinds["onset"]["x"] == 18 and kinds["onset"]["condition"] == "overfitting"
    assert (kinds["span"]["from"], kinds["span"]["to"]) == (18, 59)
    assert abs(kinds["best"]["x"] - 18) <= 6
    decays = [mark["x"] for mark in loss["marks"] if mark["kind"] == "decay"]
    assert decays == [20, 40]


def test_splits_share_a_chart_and_units_do_not() -> None:
    rng = np.random.default_rng(0)
    curves = (
        samples.curve("train/box_loss", rng.random(30)),
        samples.curve("val/box_loss", rng.random(30), split="val"),
        samples.curve("train/cls_loss", rng.random(30)),
        samples.curve("train/loss", rng.random(3_000), granularity="step"),
        samples.curve("val/loss", rng.random(30), split="val"),
    )
    view = run_view(Diagnosis(Run("r", "r", "g", curves), "healthy"))
    together = [{view["curves"][index]["label"] for index in chart["curves"]} for chart in view["charts"]]
    assert {"train/box_loss", "val/box_loss"} in together
    assert {"train/loss"} in together and {"val/loss"} in together
    titles = [chart["title"] for chart in view["charts"]]
    assert len(set(titles)) == len(titles)


@given(arrays(np.float64, st.integers(0, 400)), st.integers(5, 60))
def test_decimation_keeps_ends_and_extremes(values: np.ndarray, limit: int) -> None:
    kept = keep(values, limit)
    assert len(kept) <= max(limit, 5) and bool(np.all(np.diff(kept) > 0))
    if not len(values):
        return
    assert kept[0] == 0 and kept[-1] == len(values) - 1
    finite = values[np.isfinite(values)]
    if len(finite):
        shown = values[kept][np.isfinite(values[kept])]
        assert shown.min() == finite.min() and shown.max() == finite.max()
    assert np.isfinite(values).all() == np.isfinite(values[kept]).all()


def test_a_spike_of_one_step_survives() -> None:
    values = np.ones(200_000)
    values[123_456] = 50.0
    shown = points(samples.curve("loss", values, granularity="step"))
    assert len(shown["x"]) <= POINTS and shown["points"] == 200_000
    assert shown["y"][shown["x"].index(123_456)] == 50.0


@given(arrays(np.int64, st.integers(0, 60), elements=st.integers(-5, 20)))
def test_x_ascends_and_nothing_is_lost(steps: np.ndarray) -> None:
    order, x = ascending(steps.astype(np.float64))
    assert sorted(order.tolist()) == list(range(len(steps)))
    assert bool(np.all(np.diff(x) > 0))
    assert bool(np.all(np.floor(x) == steps[order]))


def test_decays_are_steps_of_a_schedule_only() -> None:
    t = np.arange(100)
    stepped = samples.curve("lr", 0.1 * 0.5 ** (t // 30), "lr", "none")
    assert [mark["x"] for mark in lr_decays(stepped)] == [30, 60, 90]
    cosine = samples.curve("lr", 0.05 * (1 + np.cos(np.pi * t / 100)), "lr", "none")
    adaptive = samples.curve("lr", 0.1 * np.random.default_rng(0).random(100), "lr", "none")
    assert lr_decays(cosine) == [] and lr_decays(adaptive) == []
    assert lr_decays(samples.curve("lr", np.array([]), "lr", "none")) == []


def test_noise_band_holds_the_noise() -> None:
    rng = np.random.default_rng(5)
    t = np.arange(600)
    truth, sigma = 2 * np.exp(-t / 150), 0.1
    curve = samples.curve("loss", truth + sigma * rng.standard_normal(600), granularity="step")
    band = noise_band(curve)
    assert band is not None
    low, high = np.array(band["low"]), np.array(band["high"])
    assert 0.7 < np.median(high - low) / (4 * sigma) < 1.3
    inside = np.mean(
        (curve.values >= np.interp(t, band["x"], low)) & (curve.values <= np.interp(t, band["x"], high))
    )
    assert inside > 0.85
    assert noise_band(samples.curve("loss", truth)) is None, "a smooth curve has no band"


def test_extrapolation_follows_a_power_law() -> None:
    t = np.arange(1, 201)
    line = extrapolation(samples.curve("loss", 0.3 + 2 * (t / 200) ** -0.5))
    assert line is not None
    end = line["y"][-1]
    assert abs(end - (0.3 + 2 * 1.5**-0.5)) < 0.03
    assert extrapolation(samples.curve("loss", np.linspace(0, 1, 50))) is None, (
        "a rising curve is not of this family"
    )


def test_nan_stretches_are_marked() -> None:
    values = np.ones(50)
    values[[5, 6, 20]] = np.nan
    assert nonfinite(samples.curve("loss", values)) == [[5.0, 6.0], [20.0, 20.0]]


def test_overview_puts_sick_runs_first_and_counts() -> None:
    seen = overview(samples.clinic())
    assert [row["state"] for row in seen["rows"]] == [
        *["failed"] * 2, *["needs attention"] * 6, "can't tell", "could improve", *["fine"] * 3,
    ]  # fmt: skip
    assert [row["run"] for row in seen["rows"]][2:4] == ["mlp_lr0.0001", "mlp_lr0.0003"], (
        "numbers sort as numbers"
    )
    states = {"failed": 2, "needs attention": 6, "can't tell": 1, "could improve": 1, "fine": 3}
    assert seen["states"] == states
    counts = {item["id"]: item["count"] for item in seen["conditions"]}
    assert counts["overfitting"] == 6
    assert set(seen["heaviest"]) == set(counts) and seen["heaviest"][:2] == ["lr-too-high", "non-finite"]


def test_overview_finds_what_siblings_differ_in() -> None:
    families = {family["group"]: family for family in overview(samples.clinic())["siblings"]}
    lr = families["grid"]["params"][0]
    assert lr == {"name": "lr", "numeric": True, "log": True, "values": []}
    assert len(families["grid"]["runs"]) == 7


def test_keys_are_unique() -> None:
    twins = [samples.healthy(), samples.healthy(), replace_source(samples.healthy(), "other")]
    keys = [row["key"] for row in overview(twins)["rows"]]
    assert len(set(keys)) == 3


def replace_source(diagnosis: Diagnosis, source: str) -> Diagnosis:
    return replace(diagnosis, run=replace(diagnosis.run, source=source))


@given(st.text(max_size=400))
def test_labels_are_short_and_show_no_tricks(text: str) -> None:
    shown = clip(text)
    assert len(shown) <= LABEL_LIMIT
    assert not any(character in shown for character in "\u202e\u2066\u0000\u001b\ud800")
    shown.encode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.05, "0.05"),
        (3.2e-5, "3.2e-5"),
        (12_000, "12,000"),
        (1e300, "1e+300"),
        (float("nan"), "NaN"),
        (-0.0, "0"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_sentences_say_where_a_problem_lies() -> None:
    rows = [
        {**row(samples.non_finite(f"hot{i}") if i < 12 else samples.healthy(f"cool{i}")),
            "params": {"lr": 0.1 if i < 13 else 0.01, "seed": i % 3}}
        for i in range(40)
    ]  # fmt: skip
    assert sentences(rows)[0] == (
        "Loss NaN or infinite: 12 of 40 runs, all of them with lr > 0.01 (13 runs are there)."
    )
    scattered = [{**item, "params": {"seed": place % 3}} for place, item in enumerate(rows)]
    assert sentences(scattered)[0] == "Loss NaN or infinite: 12 of 40 runs.", "nothing tells them apart"
