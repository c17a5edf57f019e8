"""Many runs side by side: one small row each, from which all comparisons follow.

Rows are plain data, so that a row computed once (in another process, in a cache) can be combined with
others without its run being at hand.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from curvedoctor.model import Curve, Diagnosis
from curvedoctor.reports import phrases
from curvedoctor_panel.charts import chosen
from curvedoctor_panel.plain import Json, clip, plain
from curvedoctor_panel.sentences import sentences

Row = dict[str, Json]

SCHEMA = "curvedoctor.overview/1"
#: points of the small curve in a row
SPARK = 32
_SEVERITIES = ("error", "warning", "info")
_DIGITS = frozenset("0123456789")
_WEIGHT = {"error": 100, "warning": 10, "info": 1}
#: different values of one hyperparameter beyond which it is a name, not a choice
_VALUES = 60


def row(diagnosis: Diagnosis) -> Row:
    """One run in a list: verdict, conditions, first prescription, outcome, and its main curve in small."""
    run = diagnosis.run
    findings = diagnosis.findings
    main = _main_curve(diagnosis)
    return {
        "key": clip(run.name, 400),
        "run": clip(run.name, 400),
        "source": clip(run.source, 400),
        "group": clip(run.group, 400),
        "verdict": diagnosis.verdict,
        "state": diagnosis.state,
        "severity": findings[0].severity if findings else None,
        "conditions": [
            {
                "id": clip(finding.condition),
                "severity": finding.severity,
                "confidence": plain(round(float(finding.confidence), 3)),
                "onset": plain(finding.onset),
            }
            for finding in findings
        ],
        "summary": clip(phrases.headline(diagnosis), 240),
        "first": clip(diagnosis.prescriptions[0].text, 240) if diagnosis.prescriptions else "",
        "suggested": bool(diagnosis.prescriptions) and diagnosis.prescriptions[0].basis == "odds",
        "params": {clip(str(name)): plain(value) for name, value in run.params.items()},
        "outcome": _outcome(diagnosis),
        "spark": spark(main),
        "sampled": False,
    }


def _main_curve(diagnosis: Diagnosis) -> Curve | None:
    indices = chosen(diagnosis)
    return diagnosis.run.curves[indices[0]] if indices else None


def spark(curve: Curve | None) -> list[int | None]:
    """The curve in small: SPARK means as integers 0 (lowest) … 100 (highest),
    None where nothing is finite."""
    if curve is None or len(curve) < 2:
        return []
    finite = np.isfinite(curve.values)
    starts = np.unique(np.linspace(0, len(curve), SPARK, endpoint=False).astype(np.int64))
    counts = np.add.reduceat(finite.astype(np.int64), starts)
    # huge values must not overflow a sum, and are not seen at this size
    tame = np.clip(np.where(finite, curve.values, 0.0), -1e100, 1e100)
    levels = np.add.reduceat(tame, starts) / np.maximum(counts, 1)
    shown = levels[counts > 0]
    if not len(shown):
        return [None] * len(levels)
    low, high = float(shown.min()), float(np.quantile(shown, 0.98) if len(shown) > 8 else shown.max())
    scaled = np.clip((levels - low) / ((high - low) or 1.0) * 100, 0, 100)
    return [round(float(level)) if count else None for level, count in zip(scaled, counts, strict=True)]


def _outcome(diagnosis: Diagnosis) -> Json:
    """The number by which siblings are compared: the end of the validation loss, else what is nearest."""
    ending = diagnosis.ending
    if ending is None:
        return None
    last, best = plain(ending.last), plain(ending.best)
    return {"label": clip(ending.curve), "better": ending.better, "last": last, "best": best}


def combine(rows: Iterable[Row], problems: Sequence[Json] = ()) -> dict[str, Json]:
    """Rows as one overview: sorted, counted, and with what siblings differ in."""
    ordered = sorted(_distinct(rows), key=_rank)
    counts = Counter(seen["id"] for item in ordered for seen in item["conditions"])
    return {
        "schema": SCHEMA,
        "rows": ordered,
        "states": {state: sum(item["state"] == state for item in ordered) for state in phrases.STATES},
        "conditions": [{"id": name, "count": count} for name, count in counts.most_common()],
        "heaviest": heaviest(ordered),
        "siblings": siblings(ordered),
        "tally": phrases.tally([item["state"] for item in ordered]),
        "sentences": sentences(ordered),
        "problems": list(problems),
        "titles": {name: clip(phrases.title(name)) for name in counts},
    }


def _distinct(rows: Iterable[Row]) -> list[Row]:
    """Rows whose keys are unique: runs of the same name in several sources get their source."""
    out = list(rows)
    count = Counter(item["run"] for item in out)
    seen: Counter[str] = Counter()
    for index, item in enumerate(out):
        key = item["run"] if count[item["run"]] == 1 else f"{item['source']} · {item['run']}"
        seen[key] += 1
        out[index] = {**item, "key": key if seen[key] == 1 else f"{key} #{seen[key]}"}
    return out


def natural(text: str) -> tuple[tuple[int, float, str], ...]:
    """A sort key under which run_2 comes before run_10, and lr0.0003 before lr0.001."""
    return tuple(
        (0, float(part[:300]), "") if part[0] in _DIGITS else (1, 0.0, part)
        for part in re.split(r"([0-9]+(?:\.[0-9]+)?)", text)
        if part
    )


def _rank(item: Row) -> tuple[object, ...]:
    first = item["conditions"][0] if item["conditions"] else None
    severity = _SEVERITIES.index(item["severity"]) if item["severity"] else len(_SEVERITIES)
    return (
        phrases.STATES.index(item["state"]),
        severity,
        -(first["confidence"] or 0.0) if first else 0.0,
        natural(item["run"]),
    )


def heaviest(rows: Sequence[Row]) -> list[str]:
    """The conditions that were found, by how grave they are and how many runs have them."""
    weight: Counter[str] = Counter()
    for item in rows:
        for seen in item["conditions"]:
            weight[seen["id"]] += _WEIGHT[seen["severity"]]
    return sorted(weight, key=lambda name: (-weight[name], name))


def siblings(rows: Sequence[Row]) -> list[Json]:
    """Families of runs that differ in a hyperparameter and share an outcome."""
    families: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for item in rows:
        if item["outcome"] is not None and item["params"]:
            families[item["group"], item["outcome"]["label"]].append(item)
    out: list[Json] = []
    for (group, label), members in sorted(families.items(), key=lambda pair: -len(pair[1])):
        varied = _varied([item["params"] for item in members])
        if len(members) >= 2 and varied:
            better = members[0]["outcome"]["better"]
            keys = [item["key"] for item in members]
            out.append({"group": group, "outcome": label, "better": better, "params": varied, "runs": keys})
    short = without_common([family["group"] for family in out])
    return [{**family, "group": name} for family, name in zip(out, short, strict=True)]


def without_common(names: Sequence[str]) -> list[str]:
    """Paths without the directories that all of them share; their last part stays in any case."""
    split = [name.rstrip("/").split("/") for name in names]
    shared = 0
    while split and all(len(parts) > shared + 1 and parts[shared] == split[0][shared] for parts in split):
        shared += 1
    return ["/".join(parts[shared:]) for parts in split]


def _varied(params: Sequence[Mapping[str, Json]]) -> list[Json]:
    out: list[Json] = []
    for name in sorted({name for item in params for name in item}):
        values = {item[name] for item in params if item.get(name) is not None}
        numeric = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
        if len(values) < 2 or (len(values) > _VALUES and not numeric):
            continue
        positive = numeric and all(value > 0 for value in values)
        out.append(
            {
                "name": name,
                "numeric": numeric,
                "log": bool(positive and max(values) / min(values) >= 10),
                "values": [] if numeric else sorted(str(value) for value in values),
            }
        )
    # the learning rate is what most grids are about
    return sorted(
        out, key=lambda item: (item["name"] not in {"lr", "learning_rate"}, not item["numeric"], item["name"])
    )
