"""How many small faults of the judging code the tests would notice:
`python tests/mutate.py --sample 200 --seed 1`.

One mutant after the other, each a changed expression of one line, is loaded instead of its module in a forked
process: no file is written. There the kept diagnoses (`tests/golden`) are made again, then the tests of the
mutant's rooms run until one fails. What nothing notices has survived, and is printed with its place. Tests
that fail without any mutant are left out. Verdicts are kept in a journal (JSON lines): a second call goes on
where the first one stopped.
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
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from mutants import PACKAGE, ROOT, Mutant, mutants

#: tests that are asked, in this order, by the mutant's room
CONDITIONS = tuple(
    f"tests/conditions/test_{name}.py"
    for name in ("shape", "details", "thresholds", "laws", "twins_general", "twins_measure", "traps")
)
ROOMS = {
    "features": ("tests/features", "tests/readings", "tests/engine/test_verdict.py", *CONDITIONS),
    "conditions": ("tests/engine/test_verdict.py", *CONDITIONS),
    "advice": ("tests/advice",),
    "engine": ("tests/engine/test_verdict.py", "tests/engine/test_groups.py", "tests/advice"),
    "sources": ("tests/sources/test_sessions.py", "tests/sources/test_segments.py",
                "tests/sources/test_purge.py", "tests/sources/test_grouping.py",
                "tests/sources/test_history.py", "tests/sources/test_tensorboard_contract.py",
                "tests/sources/test_beside.py", "tests/sources/test_equality.py"),
}  # fmt: skip
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
    """A plugin of pytest: leaves out what concerns other conditions or fails anyway, and notes what fails."""

    def __init__(self, mutant: Mutant | None, failing: Sequence[str]) -> None:
        self.failing, self.failed, self.mine = failing, list[str](), ""
        if mutant is not None and mutant.path.startswith("conditions/"):
            self.mine = Path(mutant.path).stem.replace("_", "-")

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        known = [f.stem.replace("_", "-") for f in (PACKAGE / "conditions").rglob("*.py")]
        others = [] if self.mine not in known else [k for k in known if k not in self.mine]
        own = [i for i in items if self.mine in i.name or not any(f"[{k}" in i.name for k in others)]
        items[:] = [i for i in own if i.nodeid not in self.failing]

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


def ask(tests: Sequence[str], chosen: Chosen, *more: str) -> list[str]:
    """The tests that fail."""
    import pytest

    quiet = ("-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--no-header", "--tb=no", *more)
    code = pytest.main([*quiet, *tests], plugins=[chosen])
    return chosen.failed or ([] if code in (0, 5) else [f"pytest ends with {code}"])


def notice(mutant: Mutant, runs: Sequence[Portion], failing: Sequence[str]) -> str:
    """What notices a mutant; empty if nothing does."""
    sys.meta_path.insert(0, Loader(mutant))
    room, own = mutant.path.split("/")[0], Path(mutant.path).stem.replace("_", "-")
    for look in (*_tables(own, runs),) if room != "sources" else ():
        if said := look():
            return said
    return next(iter(ask(ROOMS[room], Chosen(mutant, failing), "-x")), "")


def _tables(own: str, runs: Sequence[Portion]) -> Iterator[Callable[[], str]]:
    """Looks at what is kept: boundaries and diagnoses, those of the mutant's own condition first."""
    from conditions.boundaries import kept, moved
    from conditions.variants import changed

    known = sorted({line[0] for line in kept()}, key=lambda condition: condition != own)
    first = sorted(runs, key=lambda portion: portion[0][0].group != own)
    if own in known:
        yield lambda: next(moved(own), "") or next(changed(own), "")
    for each, alone, before in first:
        yield lambda each=each, alone=alone, before=before: "golden" * (told(each, alone) != before)  # type: ignore[misc]
    for condition in known:
        yield lambda condition=condition: next(moved(condition), "")  # type: ignore[misc]
        yield lambda condition=condition: next(changed(condition), "")  # type: ignore[misc]


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


def run(chosen: Sequence[Mutant], path: Path, again: bool) -> list[Mutant]:
    """The survivors."""
    runs, known, survivors = portions(), journal(path), list[Mutant]()
    for heavy in ("pytest", "scipy.stats", "playwright.sync_api"):
        importlib.import_module(heavy)  # once for all forks
    forget()
    with path.open("a", encoding="utf-8") as log:

        def look(key: str, work: Callable[[], object], seconds: int) -> Any:
            if key not in known or (again and known[key] in ("", failing)):
                known[key] = apart(work, seconds)
                print(json.dumps([key, known[key]]), file=log, flush=True)
            return known[key]

        every = sorted({test for tests in ROOMS.values() for test in tests})
        failing = known.get("without a mutant")
        failing = look("without a mutant", lambda: ask(every, Chosen(None, ())), 10 * PATIENCE)
        for at, mutant in enumerate(chosen, 1):
            noticed = look(str(mutant), lambda: notice(mutant, runs, failing), PATIENCE)  # noqa: B023
            survivors += [] if noticed else [mutant]
            print(
                f"{at}/{len(chosen)}  {len(survivors)} survive  {mutant}: {noticed or 'SURVIVES'}", flush=True
            )
    return survivors


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
    asked = parser.parse_args()
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT / part) for part in ("backend", "plugin", "tests", "examples")]
    chosen = sampled(asked)
    survivors = run(chosen, asked.journal, asked.again)
    print("\n".join(["", f"{len(survivors)} of {len(chosen)} survive", *map(str, survivors)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
