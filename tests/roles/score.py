"""Score the roles against tags labelled by hand:
`python tests/roles/score.py [FILE.csv …] [--wrong] [--alone]`.

Quantity and direction are scored on every high-confidence row (a direction labelled "unknown" is not scored),
the split on losses, accuracies and errors. Each tag is judged twice: alone, and with the other tags of its
framework as the curves of one run. The second table leaves out, framework by framework, the rules that were
written for that framework. Without FILE, `tests/data/tags.csv` (tags seen in public repositories) and
`tests/data/more_tags.csv` (tags of other frameworks, from their documentation and source) are scored.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curvedoctor.model import Role
from curvedoctor.roles import infer
from curvedoctor.roles.frameworks import QUANTITY, SPLIT

DATA = Path(__file__).parent.parent / "data"
SCORED_SPLITS = ("loss", "accuracy", "error")
FRAMEWORKS = tuple(sorted({rule.framework for rule in (*QUANTITY, *SPLIT) if rule.framework}))
#: rules' framework → frameworks of rows that they must not help with when they are left out
FAMILY = {
    "mmdet": ("mmengine", "detectron2"),
    "mmseg": ("mmengine", "detectron2"),
    "mmcls": ("mmengine",),
    "boosting": ("lightgbm", "xgboost", "catboost"),
    "lightgbm": ("lightgbm",),
}


@dataclass(frozen=True)
class Row:
    """One tag and the role that a person gave it."""

    tag: str
    framework: str
    split: str
    quantity: str
    better: str
    confidence: str


@dataclass
class Count:
    """Right answers over answers asked for."""

    right: int = 0
    asked: int = 0

    def add(self, right: bool) -> None:
        self.right += right
        self.asked += 1

    @property
    def share(self) -> float:
        return self.right / self.asked if self.asked else 1.0


def load(path: Path) -> list[Row]:
    """The rows of a file of labelled tags."""
    with path.open(newline="", encoding="utf-8") as file:
        fields = Row.__dataclass_fields__
        return [Row(**{key: row[key] for key in fields}) for row in csv.DictReader(file)]


def without_own(framework: str) -> tuple[str, ...]:
    """The rules to leave out for rows of this framework."""
    return FAMILY.get(framework, (framework,))


def mistakes(row: Row, role: Role) -> list[tuple[str, str, str]]:
    """The scored fields as (name, expected, got); equal ones are right."""
    fields = [("quantity", row.quantity, str(role.quantity))]
    if row.better != "unknown":
        fields.append(("better", row.better, str(role.better)))
    if row.quantity in SCORED_SPLITS and row.split != "unknown":
        fields.append(("split", row.split, str(role.split)))
    return fields


def score(
    rows: Sequence[Row], *, neighbours: bool = True, leave_out: bool = False, wrong: list[str] | None = None
) -> dict[str, Count]:
    """Counts of right answers per framework, and under "all" over all of them."""
    runs: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        runs[row.framework].append(row.tag)
    counts: dict[str, Count] = defaultdict(Count)
    for row in rows:
        if row.confidence != "high":
            continue
        others = [tag for tag in runs[row.framework] if tag != row.tag] if neighbours else []
        role = infer(row.tag, neighbours=others, without=without_own(row.framework) if leave_out else ())
        for field, expected, got in mistakes(row, role):
            for key in (row.framework, "all", f"all: {field}"):
                counts[key].add(expected == got)
            if expected != got and wrong is not None:
                wrong.append(f"{row.framework:20} {row.tag:45} {field}: {got}, should be {expected}")
    return counts


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, default=[DATA / "tags.csv", DATA / "more_tags.csv"])
    parser.add_argument("--wrong", action="store_true", help="list every wrong answer")
    options = parser.parse_args()
    for path in options.files:
        rows = load(path)
        wrong: list[str] = []
        columns = {
            "run": score(rows, wrong=wrong),
            "alone": score(rows, neighbours=False),
            "run, own rules out": score(rows, leave_out=True),
            "alone, own rules out": score(rows, neighbours=False, leave_out=True),
        }
        print(f"\n{path.name}: {sum(row.confidence == 'high' for row in rows)} high-confidence tags")
        print(f"{'framework':22}{'asked':>7}" + "".join(f"{name:>22}" for name in columns))
        for key in sorted(columns["run"], key=lambda k: (k.startswith("all:") or k == "all", k)):
            cells = "".join(f"{100 * counts[key].share:>21.1f}%" for counts in columns.values())
            print(f"{key:22}{columns['run'][key].asked:>7}{cells}")
        if options.wrong:
            print(*wrong, sep="\n")


if __name__ == "__main__":
    main()
