"""Diagnoses on their way to the output: known findings, problems on stderr, counts for exit codes."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from curvedoctor.cli.exits import DONE, FAIL_ON_MET, USAGE
from curvedoctor.cli.terminal import Progress, print_error
from curvedoctor.engine import Options, diagnose_sources
from curvedoctor.errors import SourceError
from curvedoctor.known import Known
from curvedoctor.model import SEVERITIES, Diagnosis, Problem
from curvedoctor.reports import asides
from curvedoctor.reports.as_json import problems_of
from curvedoctor.sources import files

#: problems that are told on stderr one by one
TOLD = 20


class Results:
    """An iterable of results that remembers what went by."""

    def __init__(
        self, sources: Sequence[str], options: Options, known: Known, progress: Progress | None = None
    ) -> None:
        self.sources = sources
        self.named = {files.normal(source) for source in sources}
        self.known = known
        self.progress = progress or Progress(shown=False)
        self.severities: Counter[str] = Counter()
        self.verdicts: Counter[str] = Counter()
        self.problems: list[Problem] = []
        #: troubles of whole servers: told once, with the number of runs that were lost
        self.servers: Counter[Problem] = Counter()
        self.lost = 0
        self.printed = 0
        #: how files were read of which nothing is missing: told once per kind, with the number of files
        self.notes: Counter[str] = Counter()
        #: sources that could not be read at all, among others that could: told last, where people look
        self.unread: list[Problem] = []
        self.stream = diagnose_sources(list(sources), options, self.progress)

    def __iter__(self) -> Iterator[Diagnosis | Problem]:
        """The results. Raises `SourceError`, before anything is yielded, if there is no run."""
        before: list[Problem] = []
        first: Diagnosis | None = None
        for result in self.stream:
            if isinstance(result, Diagnosis):
                first = result
                break
            before.append(result)
        if first is None:
            self.progress.wipe()
            raise SourceError(nothing_found(self.sources, before))
        for result in itertools.chain(before, [first], self.stream):
            if not (isinstance(result, Problem) and self.repeats(result)):
                yield self.seen(result)
        self.finish()

    def repeats(self, problem: Problem) -> bool:
        """Count what was lost; whether the same trouble of a server has been seen before."""
        self.lost += problem.lost
        if not (problem.lost and "://" in problem.where):
            return False
        self.servers[problem] += 1
        return self.servers[problem] > 1

    def seen(self, result: Diagnosis | Problem) -> Diagnosis | Problem:
        """Count a result, tell its problems, and lay what is known over it."""
        if isinstance(result, Problem):
            self.tell([result])
            return result
        result = self.known.apply(result)
        self.tell(problems_of(result))
        self.verdicts[result.verdict] += 1
        self.severities.update(finding.severity for finding in result.findings)
        return result

    def tell(self, problems: Iterable[Problem]) -> None:
        """Say on stderr what could not be read."""
        for problem in problems:
            if problem.kind == "note":
                self.notes[gist := asides.gist(problem)] += 1
                if self.notes[gist] > 1:
                    continue
            self.problems.append(problem)
            if problem.lost and problem.where in self.named and problem not in self.servers:
                self.printed += 1
                self.unread.append(problem)
            elif problem in self.servers:
                self.printed += 1  # when it is known how many runs were lost
            elif self.printed < TOLD:
                self.printed += 1
                self.progress.wipe()
                print_error(problem_text(problem))

    def finish(self) -> None:
        """Take the progress away; say how many problems were not told."""
        self.progress.wipe()
        for problem, count in self.servers.items():
            print_error(problem_text(problem) + (f" ({count} runs)" if count > 1 else ""))
        for gist, count in self.notes.items():
            if count > 1:
                print_error(f"… and {count - 1} more: {gist}")
        if len(self.problems) > self.printed:
            print_error(f"… and {len(self.problems) - self.printed} more problems: --format json lists all")

    def remind(self) -> None:
        """After the result: which of the sources could not be read."""
        count, self.unread = self.unread, []
        for problem in count:
            rest = f"{len(count)} of {len(self.named)} sources; the others were read"
            print_error(f"{problem_text(problem)} ({rest})")

    def code(self, level: str | None) -> int:
        """The exit code under `--fail-on level`:
        a gate that could not read everything has not been passed."""
        if level is None:
            return DONE
        return FAIL_ON_MET if self.fails(level) else USAGE if self.lost else DONE

    def fails(self, level: str) -> bool:
        """Whether `--fail-on level` is met: a finding of that weight or more; a run that isn't healthy."""
        if level == "undetermined":
            return any(self.verdicts[verdict] for verdict in ("sick", "undetermined"))
        heavy = SEVERITIES[: list[str](SEVERITIES).index(level) + 1]
        return any(self.severities[severity] for severity in heavy)


def problem_text(problem: Problem) -> str:
    """A problem in one line."""
    offset = f" at byte {problem.offset}" if problem.offset is not None else ""
    return f"{problem.where}{offset}: {problem.what}"


def nothing_found(sources: Sequence[str], problems: Sequence[Problem]) -> str:
    """One line that says that no run was found, where, and why."""
    where = ", ".join(sources[:3]) + (", …" if len(sources) > 3 else "")
    problems = [problem for problem in dict.fromkeys(problems) if problem.kind != "nothing"]
    if not problems:
        return (
            f"no run was found in {where}: it holds no event files, MLflow runs or training histories, "
            "or none that --run, --experiment and --filter let through"
        )
    if len(problems) == 1:
        return f"no run was found in {where}: {problem_text(problems[0])}"
    for problem in problems[:TOLD]:
        print_error(problem_text(problem))
    return f"no run was found in {where}: none of {len(problems)} files or folders could be used, see above"
