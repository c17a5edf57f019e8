"""Diagnoses of some hundreds of runs, as a reader is told them: each change of a verdict, a finding, an onset
or a first prescription shows in the difference of one text file."""

from __future__ import annotations

import json
from functools import cache

import pytest

from curvedoctor.engine import Options
from golden.runs import QUESTIONS, clinic
from golden.write import ALONE, PATH, every, lines

#: runs that are never to be left out: a golden file that shrinks holds nothing
FEWEST = 300


@cache
def kept() -> dict[str, dict[str, list[str]]]:
    """Heading → name of the run → its lines."""
    out: dict[str, dict[str, list[str]]] = {}
    for text in PATH.read_text(encoding="utf-8").splitlines()[1:]:
        if text.startswith("## "):
            out[text[3:]] = {}
        elif text.startswith("  "):
            runs = out[list(out)[-1]]
            runs[list(runs)[-1]].append(text)
        elif text:
            out[list(out)[-1]][text.split(" | ")[0]] = [text]
    return out


def test_enough_is_kept() -> None:
    assert sum(map(len, kept().values())) >= FEWEST


@pytest.mark.parametrize("heading", ["clinic", "examples", "questions", "trained", "clinic, with siblings"])
def test_diagnoses_are_those_that_were_kept(heading: str) -> None:
    runs = list(clinic()) if heading.startswith("clinic") else every()[heading]
    told = lines(runs, Options() if heading.endswith("siblings") else ALONE)
    now = {said[0].split(" | ")[0]: said for said in told}
    changed = [
        "\n".join([before[0], *(f"- {line}" for line in gone), *(f"+ {line}" for line in now.get(name, []))])
        for name, before in kept()[heading].items()
        if (gone := [line for line in before if line not in now.get(name, [])])
    ]
    assert not changed, "if it is meant: python -m golden.write (from tests/)\n" + "\n".join(changed)


@pytest.mark.parametrize("folder", sorted(QUESTIONS.iterdir()), ids=lambda folder: folder.name)
def test_a_question_is_not_called_healthy_and_a_sound_run_is_left_alone(folder: object) -> None:
    truth = json.loads((QUESTIONS / str(getattr(folder, "name")) / "truth.json").read_text())  # noqa: B009
    verdict = kept()["questions"][f"question {getattr(folder, 'name')}"][0].split(" | ")[1]  # noqa: B009
    assert verdict != ("sick" if truth.get("verdict") == "healthy" else "healthy")


def test_first_prescriptions_are_those_that_the_threads_confirmed() -> None:
    right = asked = 0
    for folder in sorted(QUESTIONS.iterdir()):
        truth = json.loads((folder / "truth.json").read_text())
        if truth.get("verdict") == "healthy":
            continue
        asked += 1
        first = kept()["questions"][f"question {folder.name}"][0].split(" | ")[3]
        right += first in truth["accepted_actions"]
    assert (right >= 16, asked) == (True, 18), f"{right} of {asked}"
