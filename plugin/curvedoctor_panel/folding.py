"""Data of many runs, which say the same in many places, made small: what repeats is said once.

Half of a report of real logs was reasons why conditions could not be judged, the same for every run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

from curvedoctor_panel.plain import Json

#: characters from which a repeated value is put into the table
LEAST = 24
#: stands for an entry of the table
REFERENCE = "$"
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def folded(data: Mapping[str, Json]) -> dict[str, Json]:
    """`data` with repeated values as {"$": place} and the values in `shared`; `embedded.js` undoes it."""
    counts: Counter[str] = Counter()
    _count(data, counts)
    places: dict[str, int] = {}
    table: list[Json] = []

    def fold(value: Json) -> Json:
        if isinstance(value, (str, list, dict)):
            written = _written(value)
            if counts[written] > 1 and len(written) >= LEAST:
                if written not in places:
                    places[written] = len(table)
                    table.append(value)
                return {REFERENCE: places[written]}
        if isinstance(value, list):
            return [fold(item) for item in value]
        if isinstance(value, dict):
            return {key: fold(item) for key, item in value.items()}
        return value

    return {**{key: fold(item) for key, item in data.items()}, "shared": table}


def _count(value: Json, counts: Counter[str]) -> None:
    if isinstance(value, (str, list, dict)):
        counts[_written(value)] += 1
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            _count(item, counts)


def _written(value: Json) -> str:
    return _ENCODER.encode(value)
