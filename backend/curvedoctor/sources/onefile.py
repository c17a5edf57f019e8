"""Readers of single files: each is one run, or several, with the settings that stand beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from curvedoctor.model import Problem, Run
from curvedoctor.sources import files, sidecars
from curvedoctor.sources.base import Reader, ReadOptions, Traits, Unit, parts

#: names that a walk takes for histories, if their first lines look like one
WELL_KNOWN = frozenset(
    {
        "results.csv", "metrics.csv", "progress.csv", "history.csv", "training_log.csv", "log.csv",
        "trainer_state.json", "metrics.json", "scalars.json", "history.json", "metrics.jsonl",
        "history.jsonl", "evals_result.json",
    }
)  # fmt: skip


class FileReader(Reader):
    """What the file holds decides how it is read, whoever found it."""

    traits = Traits(stamped=True, cached=True, copied="", several=True)

    def find(self, address: str, options: ReadOptions) -> Iterator[Unit | Problem]:
        """The run in one file."""
        files.check_readable(address)
        name = files.basename(address)
        if name in WELL_KNOWN:
            name = files.basename(files.parent(address))
        yield self.unit(files.parent(address), address, name, sidecars.NAMES)

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """Runs in the order of their units."""
        from curvedoctor.sources.history.reader import load_file

        for unit in units:
            yield from load_file(unit, options)

    def unit(self, root: str, path: str, run: str, there: Sequence[str], events: Sequence[str] = ()) -> Unit:
        """The file, with the settings among the names `there`, and with event files of the same run."""
        folder = files.parent(path)
        settings = [files.join(folder, name) for name in sidecars.NAMES if name in there]
        settings = [other for other in settings if other != path and files.stamp(other)]
        return Unit(self.name, root, run, files.parent(folder), path, parts((path, *settings, *events)))
