"""Where TensorBoard reads from: `--logdir` or `--logdir_spec`, as addresses with a prefix for run names."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from curvedoctor.address import Address

#: directories that are looked at for a first event file
LOOKED_AT = 200
_URL = re.compile(r"[a-zA-Z][0-9a-zA-Z.+-]*://")


@dataclass(frozen=True, slots=True)
class Place:
    """One directory of runs."""

    address: str
    #: stands before the names of its runs, as `--logdir_spec` gives it; "" for `--logdir`
    prefix: str = ""


def places(context: object) -> list[Place]:
    """What TensorBoard was told to read; empty where it reads from no directory at all."""
    logdir = str(getattr(context, "logdir", "") or "")
    if logdir:
        return [Place(_address(logdir))]
    return from_spec(str(getattr(getattr(context, "flags", None), "logdir_spec", "") or ""))


def from_spec(spec: str) -> list[Place]:
    """`a:/one,b:/two,/three` as TensorBoard splits it: URLs and drive letters are no names."""
    places: list[Place] = []
    for item in filter(None, spec.split(",")):
        named = ":" in item and not item.startswith("/") and not _URL.match(item)
        if named and not os.path.splitdrive(item)[0]:
            name, _, path = item.partition(":")
            places.append(Place(_address(path), name))
        else:
            places.append(Place(_address(item)))
    return places


def holds_events(address: str) -> bool:
    """Whether an event file lies in one of the first directories below;
    a remote place is taken to hold some."""
    if _URL.match(address):
        return True
    for _, _, files in islice(os.walk(address), LOOKED_AT):
        if any("tfevents" in name for name in files):
            return True
    return False


def _address(path: str) -> str:
    return Address(path) if _URL.match(path) else str(Path(path).expanduser())
