"""The table in the terminal: widths, colours, ASCII; and the little picture."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

import cases
from curvedoctor.model import Basis, Curve, Diagnosis, Problem
from curvedoctor.reports.as_table import render
from curvedoctor.reports.base import OutputStyle
from curvedoctor.reports.phrases import order, suggestions
from curvedoctor.reports.plot import Frame, draw
from curvedoctor.reports.text import cells, safe, shorten

EVERYTHING: list[Diagnosis | Problem] = [*cases.ALL, *cases.hostile()]


def lines(results: list[Diagnosis | Problem], **style: object) -> list[str]:
    text = "".join(render(results, OutputStyle(**style)))  # type: ignore[arg-type]
    return re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()


@pytest.mark.parametrize(("per", "first"), [(10, 0), (10, 1), (7, 3)])
def test_where_the_log_counts_epochs_too_both_are_told(per: int, first: int) -> None:
    """Lightning's, Hugging Face's and many own logs count steps and epochs; people know the epochs."""
    diagnosis = cases.ALL[0]
    (finding, *_) = diagnosis.findings
    assert finding.axis == "step" and finding.onset is not None
    steps = np.arange(0, 400, 5, dtype=np.int64)
    epochs = Curve("epoch", "epoch", steps, first + steps // per + 0.0, np.full(len(steps), np.nan))
    run = replace(diagnosis.run, curves=(*diagnosis.run.curves, epochs))
    text = "\n".join(lines([replace(diagnosis, run=run)], width=100))
    assert f"from step {finding.onset:g}, epoch {first + int(finding.onset // 5 * 5) // per})" in text
    assert ", epoch" not in "\n".join(lines([diagnosis], width=100))


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    for line in lines(EVERYTHING, width=width, color=True):
        if not line.startswith(("Can't tell", "What ")):
            assert cell_len(line) <= width, line


def test_one_line_per_run_says_what_matters() -> None:
    table = lines(list(cases.ALL), width=80)
    assert table[1].split() == [
        "✗",
        "sgd_lr0.5",
        "failed",
        "lr-too-high",
        "+1",
        "40",
        "lower-lr",
        "0.5",
        "→",
        "0.05",
    ]
    assert table[2].startswith("✓ sgd_lr0.05")
    assert table[3].startswith("? short")
    assert "No validation loss is logged." in table[3]


def test_nothing_is_cut_where_there_is_no_terminal() -> None:
    long = cases.sick("n" * 90)
    text = "\n".join(lines([long, cases.healthy()], width=80, cut=False))
    assert "n" * 90 in text and "…" not in text
    assert "…" in "\n".join(lines([long], width=80))


@pytest.mark.parametrize("width", [50, 60, 80, 100, 140, 300])
def test_values_of_parameters_and_states_are_never_cut(width: int) -> None:
    cure = cases.prescription(parameter="weight_decay", current=0.000123, proposed=0.0123456, factor=100.0)
    given = replace(
        cases.sick("a run whose name is rather long, as names of sweeps are"), prescriptions=(cure,)
    )
    text = "\n".join(lines([given, cases.improvable()], width=width))
    assert "0.000123 → 0.01235" in text
    assert "failed" in text.split("──")[0] and "could improve" in text.split("──")[0]


def test_what_is_seen_stands_apart_from_what_is_suggested() -> None:
    text = "\n".join(lines([cases.sick(), cases.improvable()], width=100))
    sick, better = re.split(r"── better: could improve", text)
    assert sick.index("Seen in the curves") < sick.index("lr-too-high (error") < sick.index("To try first")
    assert "What may improve it" in better and "To try first" not in better
    said = " ".join(better.split())
    assert "helped 71 % of similar runs" in said
    assert "typically −35 % loss" in said
    assert "takes more effort; 74 % likely to help" in said
    assert "lower-lr 0.5 → 0.05 (odds 71 %)" in text


def test_the_printed_numbers_explain_the_order() -> None:
    given = cases.improvable()
    numbers = [re.findall(r"(\d+) %", beside)[0] for _, beside in suggestions(given)]
    assert numbers == ["71", "74"]
    assert order(given) == ["", "takes more effort"]
    assert order(cases.sick()) == ["repairs an error", ""]
    alike = replace(given.prescriptions[1], confidence=given.prescriptions[0].confidence + 0.004)
    assert order(replace(given, prescriptions=(given.prescriptions[0], alike))) == ["", ""], (
        "printed the same"
    )
    cheap = replace(given.prescriptions[1], action="clip-gradients")
    assert order(replace(given, prescriptions=(cheap, given.prescriptions[1]))) == ["", ""]


@pytest.mark.parametrize(
    ("basis", "confidence", "told"),
    [
        ("odds", 0.49, False),
        ("odds", 0.5, True),
        ("seen", 0.2, True),
        ("siblings", 0.2, True),
        ("seen", 0.09, False),
    ],
)  # fmt: skip
def test_people_are_told_what_may_well_help(basis: Basis, confidence: float, told: bool) -> None:
    given = cases.improvable()
    second = replace(given.prescriptions[1], basis=basis, confidence=confidence)
    both = replace(given, prescriptions=(given.prescriptions[0], second))
    assert (second.text in "\n".join(lines([both], width=200))) is told
    hopeless = replace(given.prescriptions[0], confidence=0.01)
    unknown = replace(given, verdict="undetermined", prescriptions=(hopeless,))
    assert suggestions(unknown), "the first is said in any case"
    unneeded = replace(given, prescriptions=(replace(hopeless, confidence=0.55),))
    assert not suggestions(unneeded), "but a run that is fine needs no odds"


def test_the_sick_ones_have_details_with_a_picture() -> None:
    text = "\n".join(lines(list(cases.ALL), width=80))
    assert "✗ lr-too-high (error, 93 %, from step 40)" in text
    assert re.search(r"[\u2801-\u28ff]{5}", text)
    assert "▲40" in text
    assert "  1. Lower the learning rate from 0.5 to 0.05.\n     repairs an error; 90 %" in text
    assert "  2. Stop at step 120.\n     90 % likely to help\n" in text
    assert "truncated record: 27 bytes missing" in text
    assert "4 runs: 2 failed, 1 can't tell, 1 fine." in text


def test_what_is_seen_in_a_fine_run_stands_in_the_details_too() -> None:
    assert any(line.startswith("i wasted-training (info") for line in lines([cases.healthy()], width=80))


def test_ascii_where_the_terminal_has_nothing_else() -> None:
    text = "".join(render(EVERYTHING, OutputStyle(unicode=False)))
    assert text.isascii()
    assert "x sgd_lr0.5" in text
    assert "lower-lr 0.5 -> 0.05" in text
    assert "^40" in text


def test_colours_only_when_asked_for() -> None:
    assert "\x1b" not in "".join(render(EVERYTHING, OutputStyle()))
    assert "\x1b[31m" in "".join(render(EVERYTHING, OutputStyle(color=True)))


def test_many_sick_runs_are_not_all_told_in_detail() -> None:
    text = "".join(render([cases.sick(f"run{i}") for i in range(50)], OutputStyle()))
    assert "… and 30 more sick runs" in text
    assert text.count("lr-too-high (error") == 20


def test_names_are_shortened_in_the_middle() -> None:
    assert shorten("lr_0.1_batch_64_seed_3", 12) == "lr_0.1…eed_3"
    assert cells(shorten("名前" * 50, 20)) <= 20


@given(st.text(max_size=200), st.integers(1, 60))
def test_shortened_text_fits(text: str, width: int) -> None:
    assert cell_len(shorten(safe(text), width)) <= width


@given(st.text(alphabet=st.characters(), max_size=100))
def test_safe_text_is_one_printable_line(text: str) -> None:
    assert safe(text).isprintable()


def make(values: list[float], steps: list[int]) -> Curve:
    return Curve("c", "c", np.array(steps, dtype=np.int64), np.array(values), np.full(len(values), np.nan))


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.floats(), st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=40,
    ),
    st.floats(),
    st.booleans(),
)  # fmt: skip
def test_any_curve_is_drawn_within_its_frame(
    points: list[tuple[float, int]], mark: float, unicode: bool
) -> None:
    curve = make([value for value, _ in points], [step for _, step in points])
    frame = Frame(40, 4, unicode)
    picture = draw(curve, frame, mark)
    if np.isfinite(curve.values).any():
        assert len(picture) == 5
        margin = picture[0].index("│" if unicode else "|")
        assert all(cell_len(line) <= margin + 1 + 40 + 12 for line in picture)
    else:
        assert picture == []


def test_the_picture_shows_the_shape() -> None:
    falling = draw(make(list(np.linspace(1, 0, 100)), list(range(100))), Frame(20, 4, unicode=False))
    body = [line.split("|")[1] for line in falling[:-1]]
    assert body[0].startswith("*")
    assert body[-1].rstrip().endswith("*")
    assert body[0].rfind("*") < body[-1].find("*") + 2


def test_gaps_are_joined_unless_the_value_was_not_a_number() -> None:
    joined = draw(make([1.0, 2.0], [0, 100]), Frame(20, 2, unicode=False))
    broken = draw(make([1.0, float("nan"), 2.0], [0, 50, 100]), Frame(20, 2, unicode=False))
    assert sum(line.count("*") for line in joined) >= 20
    assert sum(line.count("*") for line in broken) == 2


def test_one_wild_peak_does_not_flatten_the_rest() -> None:
    values = [1 + 0.5 * np.sin(i / 10) for i in range(200)]
    values[150] = 1e12
    rows = draw(make(values, list(range(200))), Frame(40, 5))
    assert sum(bool(row.split("│")[1].strip()) for row in rows[:-1]) >= 4


def test_runs_of_one_name_are_told_apart_by_their_ids() -> None:
    named = [
        replace(d, run=replace(d.run, name="same", run_id=f"{i}123456789abcdef"))
        for i, d in enumerate((cases.sick(), cases.healthy(), cases.undetermined()))
    ]
    other = replace(cases.improvable(), run=replace(cases.improvable().run, run_id="f" * 12))
    table = lines([*named, other], width=100)[1:5]
    assert [row.split()[1:3] for row in table[:3]] == [["same", f"{i}1234567"] for i in range(3)]
    assert "better  " in table[3]
    assert "01234567" not in "\n".join(lines([named[0], cases.improvable()], width=100))


def test_beside_runs_named_by_their_place_a_store_s_runs_are_too() -> None:
    kept = cases.sick("s_fold0")
    kept = replace(kept, run=replace(kept.run, run_id="0123456789abcdef", group="./mlruns/kfold"))
    alone, mixed = lines([kept], width=100), lines([kept, cases.healthy("csv/a.csv")], width=100)
    assert alone[1].startswith("✗ s_fold0 ")
    assert mixed[1].startswith("✗ mlruns/kfold/s_fold0 ") and mixed[2].startswith("✓ csv/a.csv ")


@pytest.mark.parametrize("width", range(60, 140, 5))
def test_what_to_try_stands_beside_all_runs_or_below_all(width: int) -> None:
    names = ["short", "csv/f_yscale_sgd_lowlr.csv", "keras/f_keras_softmax_twice.csv"]
    runs = [*map(cases.sick, names), cases.improvable("tb/s_autoenc")]
    table = "\n".join(lines(runs, width=width)).split("──")[0].splitlines()
    below = [row for row in table if row.startswith("    → ")]
    assert len(below) in (0, 1 + len(runs))
    if width >= 80:
        assert all(name in "\n".join(table) for name in names) or not below
    assert all(cell_len(row) <= width for row in table)


def test_a_pipe_s_lines_are_as_long_as_what_stands_in_them() -> None:
    """What was seen is told in the details, or below them: not in a column that makes all lines 250 long."""
    runs = [cases.sick(f"run{i}") for i in range(50)]
    table = lines(runs, width=100, cut=False)
    assert max(map(cell_len, table)) <= 100
    text = "\n".join(table)
    for diagnosis in runs:
        summary = diagnosis.findings[0].summary
        told = text[text.rindex(f"{diagnosis.run.name}: ") :]
        assert " ".join(summary.split()[:3]) in " ".join(told.split())
    aligned = [row.index("failed") for row in table[1:51]]
    long = lines([cases.sick("n" * 90), *runs], width=100, cut=False)
    assert [row.index("failed") for row in long[2:52]] == [max(aligned[0], 44)] * 50


@pytest.mark.parametrize("cut", [True, False])
def test_a_run_of_which_nothing_can_be_told_says_why_and_what_to_try(cut: bool) -> None:
    cure = cases.prescription()
    unknown = replace(cases.undetermined("killed"), prescriptions=(cure,), reason="12 points are too few")
    text = "\n".join(lines([unknown, cases.healthy()], width=90, cut=cut))
    section = " ".join(text.partition("── killed: can't tell")[2].split())
    assert section.startswith("─") and "12 points are too few." in section
    assert cure.text in section and "likely to help" in section
    # without anything to try its line holds the reason
    assert "── killed" not in "\n".join(lines([replace(unknown, prescriptions=())], width=90, cut=cut))
