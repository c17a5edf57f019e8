"""How many small faults of the judging code the tests would notice:
`python tests/mutate.py --sample 200 --seed 1`.

One mutant after the other, each a changed expression of one line, is loaded instead of its module in a forked
process: no file is written. There what is kept (`tests/golden`, boundaries, variants) is made again as far as
it reaches the mutant's function, then the tests that reach it run until one fails. What nothing notices has
survived, and is printed with its place. Tests that fail without any mutant are left out. Verdicts are kept in
a journal (JSON lines): a second call goes on where the first one stopped.
"""

from __future__ import annotations

import argparse
import importlib.machinery
import importlib.util
import json
import os
import random
import resource
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from mutants import PACKAGE, ROOT, Mutant, mutants
from reach import Reach, observe, observe_all, reaching, read

#: tests that are asked where they reach the mutant's function
TESTS = (
    "tests/features", "tests/readings", "tests/conditions", "tests/advice", "tests/engine/test_verdict.py",
    "tests/engine/test_groups.py", "tests/sources/test_sessions.py", "tests/sources/test_segments.py",
    "tests/sources/test_purge.py", "tests/sources/test_grouping.py",
    "tests/sources/test_tensorboard_contract.py", "tests/sources/test_equality.py",
)  # fmt: skip
#: those that ask what is kept, which is looked at beforehand
KEPT = ("tests/conditions/test_boundaries.py", "tests/conditions/test_confusion.py")
#: seconds of processor time after which a mutant has brought the program to a stop
PATIENCE = 300

#: runs, whether they are judged alone, and their lines without a mutant
Portion = tuple[list[Any], bool, list[list[str]]]


class Loader(importlib.machinery.SourceFileLoader):
    """Loads a mutant in its module's place, past any cache."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.module, str(PACKAGE / mutant.path))
        self.text = mutant.source()

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.path, "exec", dont_inherit=True)

    def find_spec(
        self, name: str, path: object = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return (
            importlib.util.spec_from_file_location(name, self.path, loader=self)
            if name == self.name
            else None
        )


def forget() -> None:
    """Our modules are imported anew, all but the types that the runs in memory are made of."""
    for name in list(sys.modules):
        if (
            name.split(".")[0] in {"curvedoctor", "golden", "clinic", "conditions"}
            and name != "curvedoctor.model"
        ):
            del sys.modules[name]


def portions() -> list[Portion]:
    """All runs whose diagnoses are kept."""
    from golden.write import every

    whole = every()
    parts = [[*runs] for _, runs in groupby(whole["examples"], lambda run: run.group)]
    parts += [
        whole[name][at : at + 50]
        for name in ("trained", "questions", "clinic")
        for at in range(0, len(whole[name]), 50)
    ]
    held = [*((part, True) for part in parts), (whole["clinic"], False)]
    return [(runs, alone, told(runs, alone)) for runs, alone in held]


def told(runs: list[Any], alone: bool) -> list[list[str]]:
    from curvedoctor.engine import Options
    from golden.write import lines

    return lines(runs, Options(alone=alone))


class Chosen:
    """A plugin of pytest: these tests alone, in this order; notes the first that fails."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.place, self.failed = {test: at for at, test in enumerate(tests)}, ""

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self.place), key=lambda i: self.place[i.nodeid])

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid


def ask(tests: Sequence[str]) -> str:
    """The first test that fails."""
    import pytest

    chosen = Chosen(tests)
    files = sorted({test.split("::")[0] for test in tests})
    quiet = ("-q", "-x", "-p", "no:xdist", "-p", "no:cacheprovider", "--no-header", "--tb=no")
    code = pytest.main([*quiet, *files], plugins=[chosen])
    return chosen.failed or ("" if code in (0, 5) else f"pytest ends with {code}")


def looks(runs: Sequence[Portion]) -> dict[str, Callable[[], str]]:
    """Looks at what is kept: what changed in the diagnoses of some runs, or in a condition's boundaries and
    variants; empty if nothing."""

    def diagnoses(at: int) -> str:
        each, alone, before = runs[at]
        return "golden" * (told(each, alone) != before)

    def of(condition: str) -> str:
        from conditions.boundaries import moved
        from conditions.variants import changed

        return next(moved(condition), "") or next(changed(condition), "")

    from conditions.boundaries import kept

    known = {f"kept {line[0]}": partial(of, line[0]) for line in kept()}
    return known | {f"golden {at} {it[0][0].group}": partial(diagnoses, at) for at, it in enumerate(runs)}


def notice(mutant: Mutant, runs: Sequence[Portion], reached: Sequence[str]) -> str:
    """What notices a mutant, of what reaches it; empty if nothing does."""
    sys.meta_path.insert(0, Loader(mutant))
    own, known = Path(mutant.path).stem.replace("_", "-"), looks(runs)
    for name in sorted((name for name in reached if name in known), key=lambda name: own not in name):
        if said := known[name]():
            return said
    tests = [name for name in reached if name not in known]
    return ask(tests) if tests else ""


def apart(work: Callable[[], object], seconds: int) -> Any:
    """What a forked process returns; an error in words where it stops."""
    with tempfile.TemporaryFile("w+") as answer, Path(os.devnull).open("w") as nothing:
        child = os.fork()
        if not child:
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            os.dup2(nothing.fileno(), 1)
            os.dup2(nothing.fileno(), 2)
            try:
                said = work()
            except BaseException as error:
                said = f"{type(error).__name__}: {error}"
            json.dump(said, answer)
            answer.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        answer.seek(0)
        return json.loads(answer.read() or json.dumps(f"ends with {status}"))


def journal(path: Path) -> dict[str, Any]:
    """What is known already."""
    known = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {key: value for line in known for key, value in [json.loads(line)]}


def sampled(asked: argparse.Namespace) -> list[Mutant]:
    """The mutants that are asked for."""
    chosen = [m for m in mutants() if asked.only in m.path and (m.constant or not asked.constants)]
    return random.Random(asked.seed).sample(chosen, min(asked.sample, len(chosen)))


def run(chosen: Sequence[Mutant], path: Path, again: bool, quick: bool) -> list[Mutant]:
    """The survivors."""
    runs, known, survivors = portions(), journal(path), list[Mutant]()
    for heavy in ("pytest", "scipy.stats", "playwright.sync_api"):
        importlib.import_module(heavy)  # once for all forks
    forget()
    reached = reach(path, runs)
    if quick:
        reached = {name: it for name, it in reached.items() if "::" not in name}
    with path.open("a", encoding="utf-8") as log:
        for at, mutant in enumerate(chosen, 1):
            if (key := str(mutant)) not in known or (again and not known[key]):
                known[key] = apart(lambda: notice(mutant, runs, reaching(mutant, reached)), PATIENCE)  # noqa: B023
                print(json.dumps([key, known[key]]), file=log, flush=True)
            survivors += [] if known[key] else [mutant]
            said = known[key] or "SURVIVES"
            print(f"{at}/{len(chosen)}  {len(survivors)} survive  {mutant}: {said}", flush=True)
    return survivors


def reach(path: Path, runs: Sequence[Portion]) -> dict[str, Reach]:
    """What all tests and looks reach without a mutant, kept beside the journal: remove it after new tests."""
    kept = path.with_suffix(".reach.json")
    if not kept.exists():
        found = apart(lambda: observe_all(looks(runs)), 20 * PATIENCE)
        found |= apart(lambda: observe([*TESTS, *(f"--ignore={test}" for test in KEPT)]), 20 * PATIENCE)
        kept.write_text(json.dumps(found), encoding="utf-8")
    return read(kept)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--journal", type=Path, default=Path(tempfile.gettempdir()) / "curvedoctor-mutants.jsonl"
    )
    parser.add_argument("--only", default="", help="a part of the path, e.g. advice/")
    parser.add_argument("--again", action="store_true", help="ask the tests again about what survived")
    parser.add_argument("--constants", action="store_true", help="thresholds only: values of modules")
    parser.add_argument("--quick", action="store_true", help="ask what is kept, and no tests")
    asked = parser.parse_args()
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT / part) for part in ("backend", "plugin", "tests", "examples")]
    chosen = sampled(asked)
    survivors = run(chosen, asked.journal, asked.again, asked.quick)
    print("\n".join(["", f"{len(survivors)} of {len(chosen)} survive", *map(str, survivors)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
