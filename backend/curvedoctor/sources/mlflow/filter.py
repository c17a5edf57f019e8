"""MLflow's search filter, evaluated here: for stores where no server does the search.

The grammar is `comparison (AND comparison)*`, as in MLflow's documentation of `search_runs`:
`metrics.loss < 1`, `` tags.`my tag` LIKE 'a%' ``, `attributes.status = 'FINISHED'`,
`datasets.name IN ('mnist', 'digits')`. What MLflow refuses is refused here. One thing is added:
`attributes.lifecycle_stage = 'deleted'` asks for deleted runs, which are skipped otherwise.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from curvedoctor.errors import UsageError
from curvedoctor.sources.mlflow.facts import Dataset, Facts

Literal = str | float | tuple[str, ...]
Number = int | float

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:[^'\\]|\\.|'')*')
    |(?P<quoted>`[^`]*`|"(?:[^"\\]|\\.)*")
    |(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
    |(?P<operator><=|>=|!=|<>|=|<|>)
    |(?P<sign>[(),.])
    |(?P<word>[\w\-/:+]+))""",
    re.VERBOSE,
)
_LIFECYCLE = re.compile(
    r"""\s*(?:attr(?:ibutes?)?\.)?lifecycle_stage\s*(!=|=)\s*('[^']*'|"[^"]*")\s*""", re.IGNORECASE
)
_ENTITIES = {
    **dict.fromkeys(("metrics", "metric"), "metrics"),
    **dict.fromkeys(("params", "param", "parameters", "parameter"), "params"),
    **dict.fromkeys(("tags", "tag"), "tags"),
    **dict.fromkeys(("attributes", "attribute", "attr", "run"), "attributes"),
    **dict.fromkeys(("datasets", "dataset"), "datasets"),
}
_ALIASES = dict.fromkeys(("run name", "Run name", "Run Name"), "run_name") | dict.fromkeys(
    ("Created", "created"), "start_time"
)
_NUMERIC = frozenset({"start_time", "end_time"})
_ATTRIBUTES = frozenset({
    "run_id", "run_name", "status", "user_id", "artifact_uri", "start_time", "end_time", "lifecycle_stage",
})  # fmt: skip
_DATASETS = frozenset({"name", "digest", "context"})
_COMPARE: dict[str, Callable[[Number, Number], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comparison:
    """One `entity.key operator value`."""

    entity: str
    key: str
    operator: str
    value: Literal | None

    def holds(self, facts: Facts) -> bool:
        """Whether it is true of a run. As in MLflow, a key that is missing makes every comparison false."""
        if self.entity == "datasets":
            return any(self._is_true(value) for data in facts.datasets for value in self._values(data))
        value = getattr(facts, self.entity).get(self.key)
        if self.operator.startswith("IS"):
            return (value is None) == (self.operator == "IS NULL")
        return value is not None and self._is_true(value)

    def _values(self, data: Dataset) -> tuple[str, ...]:
        return data.context if self.key == "context" else (getattr(data, self.key),)

    def _is_true(self, value: str | Number) -> bool:
        if self.operator in {"IN", "NOT IN"}:
            return (str(value) in _as_tuple(self.value)) == (self.operator == "IN")
        if isinstance(self.value, float):
            return _COMPARE[self.operator](float(value), self.value)
        if self.operator in {"LIKE", "ILIKE"}:
            return _like(str(self.value), self.operator == "ILIKE").fullmatch(str(value)) is not None
        return (str(value) == self.value) == (self.operator == "=")


@dataclass(frozen=True, slots=True)
class Filter:
    """All comparisons must hold."""

    comparisons: tuple[Comparison, ...] = ()

    @property
    def deleted(self) -> bool:
        """Whether deleted runs are asked for."""
        return any(c.key == "lifecycle_stage" and _wants_deleted(c) for c in self.comparisons)

    def matches(self, facts: Facts) -> bool:
        """Whether a run is selected."""
        return all(comparison.holds(facts) for comparison in self.comparisons)


def parse(text: str | None) -> Filter:
    """Read a filter; `UsageError` says what is wrong with it and where."""
    if not text or not text.strip():
        return Filter()
    tokens = _tokens(text)
    comparisons = []
    while True:
        comparisons.append(_comparison(tokens, text))
        if not tokens:
            return Filter(tuple(comparisons))
        joint = tokens.pop(0)[1].upper()
        if joint != "AND":
            raise UsageError(
                f"filter {text!r}: found {joint} where MLflow's syntax has AND only. Write: a = 1 AND b = 2"
            )


def asks_deleted(text: str | None) -> bool:
    """Whether a filter that may hold more than `parse` knows asks for deleted runs."""
    match = _LIFECYCLE.search(text or "")
    return match is not None and (match.group(2)[1:-1] == "deleted") == (match.group(1) == "=")


def without_lifecycle(text: str | None) -> str:
    """The same filter in words that a server understands: its lifecycle part is asked for otherwise."""
    parts = _LIFECYCLE.sub(" ", text or "")
    parts = re.sub(r"(?i)\bAND\s+AND\b", "AND", parts)
    return re.sub(r"(?i)^\s*AND\b|\bAND\s*$", "", parts).strip()


def _wants_deleted(comparison: Comparison) -> bool:
    return (comparison.value == "deleted") == (comparison.operator == "=")


def _as_tuple(value: Literal | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _like(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    body = "".join({"%": ".*", "_": "."}.get(char, re.escape(char)) for char in pattern)
    return re.compile(body, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise UsageError(
                f"filter {text!r}: can't read {text[at:].strip()[:20]!r} (see MLflow's search syntax)"
            )
        tokens.append((str(match.lastgroup), match.group(str(match.lastgroup))))
        at = match.end()
    return tokens


def _comparison(tokens: list[tuple[str, str]], text: str) -> Comparison:
    entity, key = _identifier(tokens, text)
    name = _operator(tokens, text)
    if name.startswith("IS"):
        if entity not in {"tags", "params"}:
            raise UsageError(f"filter {text!r}: {name} can be asked of tags and params, not of {entity}")
        return Comparison(entity, key, name, None)
    value = _value(tokens, text)
    number = entity == "metrics" or (entity == "attributes" and key in _NUMERIC)
    if number != isinstance(value, float) or (isinstance(value, tuple) != (name in {"IN", "NOT IN"})):
        wanted = (
            "a number" if number else "a list: ('a', 'b')" if name in {"IN", "NOT IN"} else "a quoted string"
        )
        raise UsageError(f"filter {text!r}: {entity}.{key} {name} must be compared with {wanted}")
    if isinstance(value, tuple) and entity != "datasets" and (entity, key) != ("attributes", "run_id"):
        raise UsageError(
            f"filter {text!r}: a list is for run_id and datasets only, as in MLflow; write "
            f"{entity}.{key} = '…' or LIKE"
        )
    if (number and name not in _COMPARE) or (not number and name in {"<", "<=", ">", ">="}):
        raise UsageError(f"filter {text!r}: {entity}.{key} can't be compared by {name}")
    return Comparison(entity, key, name, value)


def _identifier(tokens: list[tuple[str, str]], text: str) -> tuple[str, str]:
    words = [_take(tokens, text)]
    while tokens and tokens[0] == ("sign", "."):
        tokens.pop(0)
        words.append(_take(tokens, text))
    entity = _ENTITIES.get(words[0]) if len(words) > 1 else "attributes"
    if entity is None:
        raise UsageError(
            f"filter {text!r}: {words[0]!r} is none of metrics, params, tags, attributes, datasets"
        )
    # params.a.b is the key "a.b": MLflow splits at the first dot only
    key = ".".join(words[1:] if len(words) > 1 else words)
    if entity == "attributes":
        key = _ALIASES.get(key, key)
        if key not in _ATTRIBUTES:
            raise UsageError(
                f"filter {text!r}: no attribute {key!r}; there are {', '.join(sorted(_ATTRIBUTES))}"
            )
    if entity == "datasets" and key not in _DATASETS:
        raise UsageError(f"filter {text!r}: datasets have {', '.join(sorted(_DATASETS))}, no {key!r}")
    return entity, key


def _operator(tokens: list[tuple[str, str]], text: str) -> str:
    word = _take(tokens, text).upper()
    if word in {"NOT", "IS"}:
        word = f"{word} {_take(tokens, text).upper()}"
    if word == "IS NOT":
        word = f"{word} {_take(tokens, text).upper()}"
    if word not in {*_COMPARE, "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL"}:
        raise UsageError(
            f"filter {text!r}: {word!r} is no comparison; there are = != < <= > >= LIKE ILIKE IN"
        )
    return word


def _value(tokens: list[tuple[str, str]], text: str) -> Literal:
    kind = tokens[0][0] if tokens else ""
    word = _take(tokens, text)
    if kind == "number":
        return float(word)
    if kind in {"string", "quoted"}:
        return word
    if word != "(":
        raise UsageError(f"filter {text!r}: {word!r} must be a number or stand in quotes: '{word}'")
    items = []
    while tokens and tokens[0][0] in {"string", "quoted"}:
        items.append(_take(tokens, text))
        if tokens and tokens[0] == ("sign", ","):
            tokens.pop(0)
    if _take(tokens, text) != ")" or not items:
        raise UsageError(f"filter {text!r}: a list holds texts in quotes: ('a', 'b')")
    return tuple(items)


def _take(tokens: list[tuple[str, str]], text: str) -> str:
    if not tokens:
        raise UsageError(
            f"filter {text!r}: it ends too early. Write, e.g.: metrics.loss < 1 AND params.lr = '0.1'"
        )
    kind, word = tokens.pop(0)
    return word[1:-1] if kind in {"string", "quoted"} else word
