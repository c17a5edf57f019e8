"""`python -m golden.write` (from tests/) writes the kept diagnoses anew: read the difference before you commit it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curvedoctor.engine import Options, diagnose_runs
from curvedoctor.model import Run
from golden.runs import clinic, examples, line, questions, shaken

PATH = Path(__file__).with_name("diagnoses.txt")
HEAD = "run | verdict | findings (severity: nothing error, ! warning, . info) @ onset | first prescription"
#: how often a run is shaken before its line is kept
SHAKES = 5
ALONE = Options(alone=True)


def lines(runs: Sequence[Run], options: Options = ALONE) -> list[str]:
    """One line per run."""
    return [line(diagnosis) for diagnosis in diagnose_runs(runs, options)]


def steady(runs: Sequence[Run], options: Options) -> list[tuple[Run, str]]:
    """The runs whose lines hold when their values move by next to nothing, and these lines."""
    told = lines(runs, options)
    holds = [True] * len(runs)
    for seed in range(SHAKES):
        moved = lines([shaken(run, seed) for run in runs], options)
        holds = [kept and a == b for kept, a, b in zip(holds, told, moved, strict=True)]
    return [(run, said) for run, said, kept in zip(runs, told, holds, strict=True) if kept]


def every() -> dict[str, list[Run]]:
    """All runs, by the heading that they stand under."""
    return {"clinic": list(clinic()), "examples": list(examples()), "questions": list(questions())}


def written() -> str:
    """The file's text."""
    out = [HEAD]
    for heading, runs in every().items():
        out += ["", f"## {heading}", *(said for _, said in steady(runs, ALONE))]
    out += ["", "## clinic, with siblings", *(said for _, said in steady(list(clinic()), Options()))]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    PATH.write_text(written(), encoding="utf-8")
