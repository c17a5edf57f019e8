"""One short text that changes whenever what is said of a run, or what it is said from, changes."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from curvedoctor.model import Diagnosis
from curvedoctor.reports.as_json import Json, to_dict
from curvedoctor.version import __version__

#: significant digits that count: the last bits of a sum may differ between machines
DIGITS = 6
#: bytes of the hash that are kept: 64 bits would collide by chance among 4e9 runs
BYTES = 16
#: where a run is kept, and what was read of it on the way, says nothing about the run
_ELSEWHERE = ("source", "group", "run_id", "problems")


def of(diagnosis: Diagnosis) -> str:
    """32 hexadecimal digits: of the run's points, roles and parameters, of the diagnosis, and of our version.

    Siblings count by what their summaries change in the diagnosis: findings, confidences, ranking.
    """
    digest = hashlib.blake2b(digest_size=BYTES)
    content = {key: value for key, value in to_dict(diagnosis).items() if key not in _ELSEWHERE}
    digest.update(json.dumps([__version__, _rounded(content)], sort_keys=True).encode())
    for curve in diagnosis.run.curves:
        digest.update(np.ascontiguousarray(curve.steps, dtype="<i8").tobytes())
        # all NaNs are one: their payload differs between stores
        values = np.where(np.isnan(curve.values), np.nan, curve.values)
        digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
    return digest.hexdigest()


def _rounded(value: Json) -> Json:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value
