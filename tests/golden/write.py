"""`python -m golden.write` (from tests/) writes the kept diagnoses anew:
read the difference before you commit it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curvedoctor.engine import Options, diagnose_runs
from curvedoctor.model import Run
from golden.runs import clinic, examples, questions, shaken, told, trained

PATH = Path(__file__).with_name("diagnoses.txt")
#: of a run
Lines = list[str]
HEAD = (
    "run | verdict | findings (severity: nothing error, ! warning, . info) @ onset | first "
    "prescription; below what is said of it"
)
#: how often a run is shaken before its line is kept
SHAKES = 5
ALONE = Options(alone=True)


def lines(runs: Sequence[Run], options: Options = ALONE) -> list[Lines]:
    """What is said of each run."""
    return [told(diagnosis) for diagnosis in diagnose_runs(runs, options)]


def steady(runs: Sequence[Run], options: Options) -> Lines:
    """What holds when values move by next to nothing: of each run its first line,
    and the sentences below it."""
    said = lines(runs, options)
    for seed in range(SHAKES):
        moved = lines([shaken(run, seed) for run in runs], options)
        said = [[line for line in a if line in b and a[0] == b[0]] for a, b in zip(said, moved, strict=True)]
    return [line for kept in said for line in kept]


def every() -> dict[str, list[Run]]:
    """All runs, by the heading that they stand under."""
    return {
        "clinic": list(clinic()),
        "examples": list(examples()),
        "questions": list(questions()),
        "trained": list(trained()),
    }


def written() -> str:
    """The file's text."""
    out = [HEAD]
    for heading, runs in every().items():
        out += ["", f"## {heading}", *steady(runs, ALONE)]
    out += ["", "## clinic, with siblings", *steady(list(clinic()), Options())]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    PATH.write_text(written(), encoding="utf-8")
