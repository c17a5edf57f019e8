"""Remembered diagnoses: what did not change since the last scan is not read again.

A group of siblings is kept under a key made of all that decides what is said of it: its units with the sizes
and times of their files, the options, and the version of everything that judges. So nothing is ever out of
date, only unused.
"""

from __future__ import annotations

from curvedoctor import store
from curvedoctor.engine.options import Options


def memory(options: Options) -> store.Store | None:
    """The store that the user wants, or None."""
    folder = store.directory() if options.memory else None
    return (
        store.Store(folder / f"diagnoses-{store.LAYOUT}.sqlite", store.MAX_DIAGNOSIS_BYTES)
        if folder is not None
        else None
    )
