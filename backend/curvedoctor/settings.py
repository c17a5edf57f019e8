"""The settings file: `[tool.curvedoctor]` of the nearest pyproject.toml, or curvedoctor.toml, upwards.

```toml
[tool.curvedoctor]
fail-on = "error"             # any option of the command line, without the dashes
primary-metric = "val/acc*"   # the curve that matters most: pattern on its id
param = { n_val = 1000 }
role = { "score" = "val:accuracy:higher" }

[[tool.curvedoctor.mute]]     # never shown again
condition = "wasted-training"
reason = "our budget is fixed"

[[tool.curvedoctor.accept]]   # shown, but as info: it makes no run sick and no build fail
run = "legacy/*"
condition = "overfitting"
reason = "kept for comparison"
until = 2027-01-31
```

In a curvedoctor.toml the same keys stand at the top level. `--notify` can't be set here: a settings
file that comes with somebody's logs must not run commands.
"""

from __future__ import annotations

import datetime as dt
import difflib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from curvedoctor.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: key → the TOML types that it may have
OPTIONS: Mapping[str, tuple[type, ...]] = {
    "format": (str,),
    "fail-on": (str,),
    "run": (str,),
    "experiment": (str,),
    "filter": (str,),
    "condition": (list, str),
    "param": (dict,),
    "role": (dict,),
    "alone": (bool,),
    "jobs": (int,),
    "backend": (str,),
    "baseline": (str,),
    "note": (bool,),
    "interval": (int, float),
    "primary-metric": (str,),
    "mute": (list,),
    "accept": (list,),
}
RULE_KEYS = ("run", "condition", "reason", "until")


@dataclass(frozen=True, slots=True)
class Rule:
    """A finding that the user knows and lives with."""

    kind: Literal["mute", "accept"]
    condition: str
    reason: str
    #: shell-style pattern on the run's name
    run: str = "*"
    #: last day on which the rule holds; None for ever
    until: dt.date | None = None

    def holds(self, today: dt.date) -> bool:
        """Whether the rule has not expired."""
        return self.until is None or today <= self.until


@dataclass(frozen=True, slots=True)
class Settings:
    """What a settings file says."""

    #: the file; None where there is none
    path: Path | None = None
    #: option of the command line (with underscores) → value
    options: Mapping[str, object] = field(default_factory=dict)
    #: pattern on a curve's id
    primary: str | None = None
    rules: tuple[Rule, ...] = ()


def load(start: Path | None = None) -> Settings:
    """The nearest settings upwards from `start` (the working directory).
    Raises `UsageError` if they are wrong."""
    try:
        here = (start or Path.cwd()).resolve()
    except OSError:  # the working directory was deleted
        return Settings()
    for folder in (here, *here.parents):
        for name in ("curvedoctor.toml", "pyproject.toml"):
            table = read(folder / name)
            if table is not None:
                return parse(table, folder / name)
    return Settings()


def read(path: Path) -> dict[str, object] | None:
    """The table of settings in a file; None if there is none. Raises `UsageError` if it is no TOML."""
    try:
        data: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, PermissionError, IsADirectoryError):
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        if path.name == "pyproject.toml":  # a matter for its other readers
            return None
        raise UsageError(f"{path}: not valid TOML: {error}") from None
    if path.name == "curvedoctor.toml":
        return data
    tool = data.get("tool")
    table = tool.get("curvedoctor") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def parse(table: Mapping[str, object], path: Path) -> Settings:
    """Check and convert a table. Raises `UsageError` that names the file, the key, and what it should be."""
    options: dict[str, object] = {}
    for key, value in table.items():
        check_key(key, tuple(OPTIONS), str(path))
        allowed = OPTIONS[key]
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            raise UsageError(
                f"{path}: {key} = {value!r} must be a {' or '.join(NAMES[kind] for kind in allowed)}"
            )
        options[key.replace("-", "_")] = value
    primary = options.pop("primary_metric", None)
    rules = [*rules_of("mute", options, path), *rules_of("accept", options, path)]
    if isinstance(options.get("condition"), str):
        options["condition"] = [options["condition"]]
    for key in ("param", "role"):
        pairs = options.get(key)
        if isinstance(pairs, dict):
            options[key] = [f"{name}={value}" for name, value in pairs.items()]
    if isinstance(options.get("baseline"), str):  # relative to the file that names it
        options["baseline"] = str(path.parent / str(options["baseline"]))
    return Settings(path, options, None if primary is None else str(primary), tuple(rules))


NAMES: Mapping[type, str] = {
    str: "text",
    list: "list",
    dict: "table",
    bool: "true or false",
    int: "number",
    float: "number",
}


def check_key(key: str, known: tuple[str, ...], where: str) -> None:
    """Raise `UsageError` with the nearest known key if `key` is not known."""
    if key not in known:
        near = difflib.get_close_matches(key.replace("_", "-"), known, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
        raise UsageError(f"{where}: unknown setting {key!r}: {advice}")


def rules_of(kind: Literal["mute", "accept"], options: dict[str, object], path: Path) -> list[Rule]:
    """The rules under one key, taken out of `options`. Raises `UsageError` for what is no rule."""
    entries = options.pop(kind, [])
    where = f"{path}: [[{kind}]]"
    rules = []
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict):
            raise UsageError(f"{where}: {entry!r} must be a table with condition and reason")
        for key in entry:
            check_key(key, RULE_KEYS, where)
        for key in ("condition", "reason"):
            if not isinstance(entry.get(key), str) or not entry[key]:
                raise UsageError(f"{where}: {key} is missing in {entry!r}: say which condition, and why")
        until = entry.get("until")
        if isinstance(until, dt.datetime):
            until = until.date()
        if until is not None and not isinstance(until, dt.date):
            raise UsageError(f"{where}: until = {until!r} must be a date such as 2027-01-31 (without quotes)")
        rules.append(Rule(kind, entry["condition"], entry["reason"], str(entry.get("run", "*")), until))
    return rules
