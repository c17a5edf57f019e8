"""Readers of single files: each is one run, or several, with the settings that stand beside it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from curvedoctor.errors import SourceError
from curvedoctor.model import Problem, Run
from curvedoctor.sources import files, sidecars
from curvedoctor.sources.base import Folder, Reader, ReadOptions, Traits, Unit, parts

#: names that a walk takes for histories, if their first lines look like one
WELL_KNOWN = frozenset(
    {
        "results.csv", "metrics.csv", "progress.csv", "history.csv", "training_log.csv", "log.csv",
        "trainer_state.json", "metrics.json", "scalars.json", "history.json", "metrics.jsonl",
        "history.jsonl", "evals_result.json",
    }
)  # fmt: skip


#: a name that says no more than that a training was logged: dates, numbers, and words for logs
_PLAIN_WORDS = (
    "train|training|trainer|state|model|log|logs|logger|loss|losses|history|hist|metrics?|results?|progress|summary|"
    "scalars|std|stdout|output|out|console|nohup|slurm|run|job|epochs?|fit|learn|csv|all|eval|evals|json"
)
_PLAIN = re.compile(rf"(?i)(?:{_PLAIN_WORDS}|\d+(?:T\d+)?|[\s._\-:+])*")


def is_plain(name: str) -> bool:
    """Whether a file is called as any log may be, so that its folder's name says more."""
    return _PLAIN.fullmatch(name.rpartition(".")[0] or name) is not None


class FileReader(Reader):
    """What the file holds decides how it is read, whoever found it."""

    traits = Traits(stamped=True, cached=True, copied="", several=True)

    def find(self, address: str, options: ReadOptions) -> Iterator[Unit | Problem]:
        """The run in one file, called as its folder is if the file's own name says nothing."""
        files.check_readable(address)
        if what := _no_log(address):
            way = f"to read it all the same, pipe it in: curvedoctor diagnose - < {shlex.quote(address)}"
            raise SourceError(f"{address}: {what}; {way}")
        folder, name = files.parent(address), files.basename(address)
        above = files.basename(folder) if is_plain(name) and folder != "." else name
        yield self.unit(folder, address, above, sidecars.NAMES)

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """Runs in the order of their units."""
        from curvedoctor.sources.history.reader import load_file

        for unit in units:
            yield from load_file(unit, options)

    def found(
        self, folder: Folder, taken: Sequence[str], alone: bool, twins: Sequence[str] = ()
    ) -> tuple[Unit, ...]:
        """Files that a walk found; one that is alone, and whose name says nothing, is called as its
        folder."""
        settings = sidecars.among(folder.files)
        if alone and len(taken) == 1 and is_plain(taken[0]):
            path = files.join(folder.path, taken[0])
            return (self.unit(folder.root, path, folder.run, settings, twins=twins),)
        group = folder.path if len(taken) > 1 else None
        paths = [files.join(folder.path, name) for name in taken]
        named = [(path, files.relative(path, folder.root)) for path in paths]
        return tuple(
            self.unit(folder.root, path, run, settings, twins=twins, group=group) for path, run in named
        )

    def unit(
        self,
        root: str,
        path: str,
        run: str,
        there: Sequence[str],
        *,
        twins: Sequence[str] = (),
        group: str | None = None,
    ) -> Unit:
        """The file, with the settings in `there`, beside it, and with files that may hold the same run."""
        folder = files.parent(path)
        settings = [files.join(folder, name) for name in there if name not in WELL_KNOWN]
        settings = [other for other in settings if other != path and files.stamp(other)]
        group = files.parent(folder) if group is None else group
        return Unit(self.name, root, run, group, path, parts((path, *settings, *twins)))


def _no_log(path: str) -> str:
    """What a file is instead of a log; empty if nothing says so, or it can't be read."""
    from curvedoctor.sources.text import content, kinds

    try:
        head = files.read_bytes(path, 1 << 14)
    except files.UNREADABLE:
        return ""
    encoding = content.encoding_of(head)
    return kinds.no_log(path, head.decode(encoding, "replace").split("\n")) if encoding else ""
