"""Looking at growing runs again and again, and telling what changed."""

from __future__ import annotations

import itertools
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from curvedoctor.cli.terminal import emit_line, output_style, print_error
from curvedoctor.engine import Options
from curvedoctor.engine.growing import Growing
from curvedoctor.errors import SourceError
from curvedoctor.known import Known
from curvedoctor.model import SEVERITIES, Diagnosis, Finding, Problem
from curvedoctor.notify import notify
from curvedoctor.reports.as_table import first_try
from curvedoctor.reports.phrases import STATES
from curvedoctor.reports.text import MARKS, Paint, cells, fit, onset, pad, safe

if TYPE_CHECKING:
    from rich.live import Live

    from curvedoctor.reports.base import OutputStyle

Key: TypeAlias = tuple[str, str, str]
#: state, conditions, first action: what a change is judged by
State: TypeAlias = tuple[str, tuple[str, ...], str]
#: problems that are told
TOLD = 50


@dataclass(slots=True)
class Seen:
    """A run as it was last seen."""

    diagnosis: Diagnosis
    state: State
    #: what the last change was, and when; empty at first sight
    change: str = ""
    when: str = ""


def state_of(diagnosis: Diagnosis) -> State:
    """What must change for a run to be worth telling. Numbers of a prescription may move freely."""
    first = diagnosis.prescriptions[0].action if diagnosis.prescriptions and diagnosis.state != "fine" else ""
    return diagnosis.state, tuple(sorted({finding.condition for finding in diagnosis.findings})), first


def key_of(diagnosis: Diagnosis) -> Key:
    """What tells runs apart."""
    return diagnosis.run.source, diagnosis.run.group, diagnosis.run.name


def described(state: State) -> str:
    """A state in a few words."""
    return f"{state[0]} ({', '.join(state[1])})" if state[1] else state[0]


def difference(before: State, after: State) -> str:
    """What is new in a state, and nothing that was known."""
    if before[0] != after[0]:
        return f"{described(before)} → {described(after)}"
    gone, come = [c for c in before[1] if c not in after[1]], [c for c in after[1] if c not in before[1]]
    changes = [f"{', '.join(come)} now seen"] * bool(come) + [f"{', '.join(gone)} no longer seen"] * bool(
        gone
    )
    return f"{after[0]}, {'; '.join(changes)}" if changes else f"{after[0]}, try first"


class Watch:
    """Runs under watch."""

    def __init__(
        self, sources: Sequence[str], options: Options, known: Known, *, write: bool = False
    ) -> None:
        self.sources = list(sources)
        self.growing = Growing(sources, replace(options, curves="all" if write else "none"))
        self.known = known
        self.write = write
        self.notify: str | None = None
        self.notify_on = "warning"
        self.seen: dict[Key, Seen] = {}
        self.trouble = ""
        self.reported: set[str] = set()
        self.screen: Live | None = None
        #: the time that stands before the lines of this look
        self.stamped = ""

    def keep(self, interval: float, times: int | None) -> None:
        """Look every `interval` seconds, `times` times or for ever."""
        with self.shown() as screen:
            self.screen = screen
            for turn in itertools.count(1):
                self.look()
                if turn == times:
                    return
                time.sleep(interval)

    def shown(self) -> AbstractContextManager[Live | None]:
        """A region of the terminal that is redrawn in place; nothing where stdout is no terminal."""
        import os
        import sys

        if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
            return nullcontext()
        from rich.live import Live

        return Live(auto_refresh=False, vertical_overflow="ellipsis", redirect_stdout=False)

    def look(self) -> None:
        """Diagnose what has changed since the last look; tell, write and notify what is new."""
        changed: list[Diagnosis] = []
        try:
            for result in self.growing.look():
                if isinstance(result, Problem):
                    self.tell(result)
                    continue
                diagnosis = self.known.apply(result)
                if self.update(diagnosis):
                    changed.append(diagnosis)
            self.trouble = ""
        except SourceError as error:  # not there yet, or a server that is away: it may come back
            if str(error) != self.trouble:
                self.trouble = str(error)
                print_error(f"{error} (still watching)")
        if self.write and changed:
            self.write_back(changed)
        self.draw()

    def tell(self, problem: Problem) -> None:
        """Say once what can't be read."""
        line = f"{problem.where}: {problem.what}"
        if line not in self.reported and len(self.reported) < TOLD:
            self.reported.add(line)
            print_error(line)

    def update(self, diagnosis: Diagnosis) -> bool:
        """Take a diagnosis in; whether it changed what is said of its run."""
        key, state = key_of(diagnosis), state_of(diagnosis)
        before = self.seen.get(key)
        # what is kept of a run is a line, not its points
        line = replace(diagnosis, run=replace(diagnosis.run, curves=()))
        if before is not None and before.state == state:
            before.diagnosis = line
            return False
        now = datetime.now().astimezone()
        change = difference(before.state, state) if before else described(state)
        seen = Seen(line, state)
        if before:
            seen.change, seen.when = change, now.strftime("%H:%M:%S")
        self.seen[key] = seen
        if self.screen is None:
            again = before is not None and before.state[2] == state[2]
            first = f": {diagnosis.prescriptions[0].text}" if state[2] and not again else ""
            self.say(now.isoformat(timespec="seconds"), f"{safe(diagnosis.run.name)}: {change}{safe(first)}")
        for finding in self.new(diagnosis, before):
            if self.notify:
                notify(self.notify, diagnosis, finding, lambda what: print_error(f"--notify {what}"))
        return True

    def say(self, when: str, line: str) -> None:
        """One line; the time stands only where it is another one than before."""
        emit_line(f"{' ' * len(when) if when == self.stamped else when} {line}")
        self.stamped = when

    def new(self, diagnosis: Diagnosis, before: Seen | None) -> Iterator[Finding]:
        """Findings that are new and weigh enough for a notification."""
        old = before.state[1] if before else ()
        limit = list[str](SEVERITIES).index(self.notify_on)
        for finding in diagnosis.findings:
            if finding.condition not in old and SEVERITIES.index(finding.severity) <= limit:
                yield finding

    def write_back(self, diagnoses: Sequence[Diagnosis]) -> None:
        """Write changed diagnoses to their runs; failures on stderr."""
        from curvedoctor.cli.writeback import FAILURES
        from curvedoctor.sinks.base import WriteOptions
        from curvedoctor.sinks.writeback import annotate

        for outcome in annotate(diagnoses, WriteOptions()):
            if outcome.status in FAILURES:
                print_error(f"{outcome.run}: {outcome.status}: {'; '.join(outcome.what)}")

    def draw(self) -> None:
        """Redraw the region in place."""
        if self.screen is not None:
            from rich.text import Text

            self.screen.update(Text.from_ansi("\n".join(self.lines())), refresh=True)

    def lines(self) -> Iterator[str]:
        """One line per run, those that need somebody first, with its last change."""
        here = output_style()
        paint = Paint(here.color)
        now = datetime.now().strftime("%H:%M:%S")
        yield paint(
            f"{len(self.seen)} runs in {fit(', '.join(self.sources), here.width - 30)} at {now}", "dim"
        )
        name_width = min(
            max((len(seen.diagnosis.run.name) for seen in self.seen.values()), default=8), here.width // 3
        )
        for seen in sorted(self.seen.values(), key=lambda seen: STATES.index(seen.diagnosis.state)):
            diagnosis = seen.diagnosis
            sign, plain_sign, color = MARKS[diagnosis.state]
            mark = paint(sign if here.unicode else plain_sign, color)
            name = pad(fit(diagnosis.run.name, name_width, here.unicode), name_width)
            finding = diagnosis.findings[0] if diagnosis.findings else None
            since = f" from {onset(finding)}" if finding and finding.onset is not None else ""
            what = diagnosis.state if finding is None else f"{diagnosis.state}: {finding.condition}{since}"
            moved = f"[{seen.when} {seen.change}]" if seen.change else ""
            yield from beside(f"{mark} {name}", name_width + 2, (what, first_try(diagnosis), moved), here)


def beside(start: str, width: int, parts: Sequence[str], style: OutputStyle) -> Iterator[str]:
    """A line of several parts; those that don't fit stand below. Nothing of them is cut out."""
    line, taken = start, width
    for part in filter(None, parts):
        if taken + 2 + cells(part) > style.width and taken > width:
            yield line
            line, taken = "    ", 4
        first, *more = textwrap.wrap(part, max(style.width - taken - 2, 20), break_on_hyphens=False)
        line, taken = f"{line}  {first}", taken + 2 + cells(first)
        for rest in more:
            yield line
            line, taken = f"      {rest}", 6 + cells(rest)
    yield line
