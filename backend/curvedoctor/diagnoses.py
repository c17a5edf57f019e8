"""What `curvedoctor.diagnose` gives: diagnoses that are made as they are asked for, and kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, overload

from curvedoctor.model import Diagnosis

if TYPE_CHECKING:
    import pandas as pd

    from curvedoctor.compare.types import Comparison


def _html(diagnosis: Diagnosis) -> str:
    from curvedoctor.reports.notebook import html

    return html(diagnosis)


Diagnosis._repr_html_ = _html


class Diagnoses(Sequence[Diagnosis]):
    """Diagnoses in the order of their runs. Reading them twice makes none of them twice.

    >>> Diagnoses(iter([]))
    <0 runs: none.>
    """

    def __init__(self, stream: Iterator[Diagnosis]) -> None:
        self._stream = stream
        self._kept: list[Diagnosis] = []
        # what can't be read at all is said now, not when somebody looks
        self._upto(1)

    def _upto(self, wanted: int | None) -> None:
        """Make as many as are wanted; None: all."""
        while wanted is None or len(self._kept) < wanted:
            made = next(self._stream, None)
            if made is None:
                return
            self._kept.append(made)

    def __iter__(self) -> Iterator[Diagnosis]:
        """Each as soon as it is made."""
        for index in count():
            self._upto(index + 1)
            if index >= len(self._kept):
                return
            yield self._kept[index]

    def __len__(self) -> int:
        self._upto(None)
        return len(self._kept)

    @overload
    def __getitem__(self, index: int) -> Diagnosis: ...
    @overload
    def __getitem__(self, index: slice) -> list[Diagnosis]: ...
    def __getitem__(self, index: int | slice) -> Diagnosis | list[Diagnosis]:
        """One or several by their place."""
        if isinstance(index, int) and index >= 0:
            self._upto(index + 1)
        else:
            self._upto(None)
        return self._kept[index]

    def __repr__(self) -> str:
        """How many runs are how."""
        from curvedoctor.reports.phrases import tally

        return f"<{tally([diagnosis.state for diagnosis in self])}>"

    def _repr_html_(self) -> str:
        """For notebooks: a table of runs, each with its details folded."""
        from curvedoctor.reports.notebook import table

        return table(self)

    def to_frame(self) -> pd.DataFrame:
        """One row per finding, and one for a run without any. Needs pandas."""
        return to_pandas(self)

    def compare(self, **options: Any) -> Comparison:
        """What the runs say together; options as `curvedoctor.compare.analyze.compare` takes them."""
        from curvedoctor.compare.analyze import compare

        return compare(list(self), **options)


def to_pandas(diagnoses: Diagnosis | Iterable[Diagnosis]) -> pd.DataFrame:
    """A frame with one row per finding, and one for a run without any. Needs pandas."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError("a frame needs pandas: pip install pandas") from error

    from curvedoctor.reports.rows import COLUMNS, rows

    every = [diagnoses] if isinstance(diagnoses, Diagnosis) else diagnoses
    frame = pd.DataFrame([row for diagnosis in every for row in rows(diagnosis)], columns=list(COLUMNS))
    numeric = [name for name, numeric in COLUMNS.items() if numeric]
    return frame.astype(dict.fromkeys(numeric, "float64"))
