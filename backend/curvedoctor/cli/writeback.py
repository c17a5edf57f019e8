"""What `annotate`, `clean` and `watch --annotate` say of the runs that they wrote to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from curvedoctor.cli.exits import DONE, PARTLY
from curvedoctor.cli.terminal import print_error

if TYPE_CHECKING:
    from curvedoctor.sinks.base import Outcome

FAILURES = ("refused", "failed")


def report(outcomes: Iterable[Outcome], dry_run: bool, say: Callable[[str], None]) -> int:
    """Say what happened to each run, failures on stderr; returns the exit code: 3 if any failed."""
    from curvedoctor.reports.text import safe

    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts[outcome.status] += 1
        if outcome.status in FAILURES:
            print_error(f"{outcome.run}: {outcome.status}: {'; '.join(outcome.what)}")
            continue
        verb = (
            f"would be {outcome.status}"
            if dry_run and outcome.status in {"written", "removed"}
            else outcome.status
        )
        say(f"{safe(outcome.run)}: {verb}")
        for line in outcome.what:
            say(f"  {safe(line)}")
    total = ", ".join(f"{count} {status}" for status, count in counts.items())
    say(
        f"{sum(counts.values())} runs: {total or 'no training to write to'}."
        + (" Nothing was changed (--dry-run)." if dry_run else "")
    )
    return PARTLY if any(counts[status] for status in FAILURES) else DONE
