"""What a source of runs must offer.

Finding runs and loading them are apart: a `Unit` is a run that was found but not yet read. It is
small and picklable, so that units can be batched, cached and shipped to other processes.
Each module of this package that defines `READER` is a source; there is no registry to edit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from curvedoctor.model import ParamValue, Problem, Run
from curvedoctor.sources import files


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user said about reading."""

    #: shell-style pattern on the run's name
    run: str | None = None
    #: MLflow experiment name
    experiment: str | None = None
    #: MLflow filter expression
    filter: str | None = None
    #: facts that the log lacks; they win over logged ones
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    #: names of the columns of tables that have no header
    columns: tuple[str, ...] = ()
    #: take runs that were read before from the cache, and keep them there
    cached: bool = True
    #: read the siblings of the runs that `run` lets through as well: who asks for them passes them over
    siblings: bool = False

    @property
    def only(self) -> str | None:
        """The pattern that the name of a run must match to be read at all."""
        return None if self.siblings else self.run

    @property
    def only_mlflow(self) -> bool:
        """Whether the user asked for what only MLflow has: an experiment or a filter."""
        return self.experiment is not None or self.filter is not None


class Part(NamedTuple):
    """A file as it was when it was found."""

    path: str
    size: int = 0
    #: nanoseconds, or what a remote store tells of its last change; "" where it tells nothing
    changed: int | str = ""


def parts(paths: Iterable[str]) -> tuple[Part, ...]:
    """These files as they are now."""
    return tuple([Part(path, *files.stamp(path)) for path in paths])


@dataclass(frozen=True, slots=True)
class Unit:
    """What will be loaded together: usually one run (a directory may turn out to hold several)."""

    #: name of the reader that found it
    reader: str
    #: logdir, database URI or server URL it was found under
    address: str
    #: the run's name
    run: str
    group: str
    #: its directory or file, or the store's own id of the run
    key: str
    #: the files that it is read from
    parts: tuple[Part, ...] = ()
    #: what else `load` needs
    facts: tuple[str, ...] = ()
    #: changes whenever the data change, where the files don't tell
    state: tuple[int | str, ...] = ()

    @property
    def run_id(self) -> str:
        """The store's own id of the run, where `Traits.run_ids` says that its reader's units have one."""
        return self.key.rstrip("/").rpartition("/")[2]

    @property
    def places(self) -> tuple[str, ...]:
        """Where a problem may say that it was met."""
        return (self.key, *(part.path for part in self.parts))

    @property
    def stamped(self) -> bool:
        """Whether it can be told from what it was before, if it has changed."""
        return bool(self.parts or self.state)

    @property
    def dated(self) -> bool:
        """Whether every change of its data changes it: some remote stores give no times."""
        return self.stamped and all(part.changed != "" for part in self.parts) and "" not in self.state

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(part.size for part in self.parts)


@dataclass(frozen=True, slots=True)
class Traits:
    """What may be done with a reader's units, apart from loading them."""

    #: a unit changes with all that its diagnosis rests on: what was said of it may be remembered
    stamped: bool = False
    #: loaded runs are worth keeping: the files are slow to parse
    cached: bool = False
    #: parts whose names hold this are files of data, of which byte-identical copies are read once; None:
    #: no files
    copied: str | None = None
    #: one unit may hold several runs, named below it: `export.csv/run-a`
    several: bool = False
    #: what was added to a growing unit can be read without the rest
    followed: bool = False
    #: its key ends with the store's own id of the run
    run_ids: bool = False
    #: knows experiments and filters, so that it is asked where the user names one
    experiments: bool = False


@dataclass(frozen=True, slots=True)
class Folder:
    """One directory of a walk, sorted names, as a local path or an fsspec URL."""

    #: what the user asked to read
    root: str
    path: str
    dirs: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def run(self) -> str:
        """What a run is called whose directory this is: its path below the root."""
        name = files.relative(self.path, self.root)
        return files.basename(self.root) if name == "." else name


@dataclass(frozen=True, slots=True)
class Claim:
    """What a reader takes of a folder: the walk offers the rest to the other readers."""

    units: tuple[Unit, ...] = ()
    problems: tuple[Problem, ...] = ()
    #: sub-directories that the walk shall not enter
    dirs: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()


class Reader(Protocol):
    """One kind of source."""

    name: str
    traits: Traits

    def opens(self, address: str) -> bool:
        """Whether `address` (no directory: a file or a URL) is for this reader as a whole."""
        return False

    def find(self, address: str, options: ReadOptions) -> Iterator[Unit | Problem]:
        """The runs at an address that `opens` accepted. Raises `SourceError` if it can't be read at all."""
        return iter(())

    def claim(self, folder: Folder, options: ReadOptions) -> Claim | None:
        """What of this folder is this reader's; None if nothing."""
        return None

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """Read units of this reader, in order. Never raises for bad data: yields `Problem`.

        Curves carry their raw points; roles and parameters are set by the reader through
        `curvedoctor.roles.assign` and `curvedoctor.params.recognize`.
        """
        ...
