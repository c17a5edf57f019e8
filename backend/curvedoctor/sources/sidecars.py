"""Configuration files beside a run, as one flat mapping: hostile files are bounded, never executed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from curvedoctor.sources import files

if TYPE_CHECKING:
    import yaml

#: file names that hold a run's settings, weakest first: a later one wins where both name a setting
NAMES: tuple[str, ...] = (
    "config.json", "config.yaml", "config.yml", "cfg.yaml", "cfg.yml", "params.json", "params.yaml",
    "training_args.json", "trainer_state.json", "hyp.yaml", "opt.yaml", "args.json", "args.yaml", "args.yml",
    "hparams.json", "hparams.yaml", "hparams.yml",
)  # fmt: skip
#: bytes
MAX_YAML, MAX_JSON = 1 << 17, 4 << 20
#: settings of one file, levels of nesting, characters of one value and of one key, entries of a list
MAX_LEAVES, MAX_DEPTH, MAX_VALUE, MAX_KEY, MAX_LIST = 5000, 8, 2000, 200, 32
#: nesting that only an attack has, and that would overflow the stack of the C parser
_DEEP_LINE = re.compile(r"^[ \t?:-]{200}", re.MULTILINE)
_MAX_FLOW, _MAX_MERGED = 64, 10_000


def among(names: Sequence[str]) -> tuple[str, ...]:
    """The files of a folder that hold settings."""
    there = set(names)
    return tuple(name for name in NAMES if name in there)


def read(paths: Sequence[str]) -> dict[str, object]:
    """Settings of all these files, nested names joined with dots. What can't be read is left out."""
    order = {name: i for i, name in enumerate(NAMES)}
    settings: dict[str, object] = {}
    for path in sorted(paths, key=lambda path: order.get(files.basename(path), -1)):
        settings.update(flatten(_load(path)))
    return settings


def _load(path: str) -> object:
    is_json = path.endswith(".json")
    limit = MAX_JSON if is_json else MAX_YAML
    try:
        data = files.read_bytes(path, limit + 1)
        if len(data) > limit:
            return None
        text = data.decode("utf-8", "replace")
        return json.loads(text) if is_json else parse_yaml(text)
    except (OSError, EOFError, ValueError, ImportError, RuntimeError):  # RecursionError is one
        return None


def flatten(value: object) -> dict[str, object]:
    """A nested mapping as `{"a.b": value}`; long lists, long texts and what is too deep are left out."""
    leaves: dict[str, object] = {}
    pending: list[tuple[str, object, int]] = [("", value, 0)]
    for _ in range(4 * MAX_LEAVES):  # aliases can make a small file a tree without end
        if not pending or len(leaves) >= MAX_LEAVES:
            break
        name, node, depth = pending.pop()
        if isinstance(node, Mapping):
            if depth < MAX_DEPTH:
                children = [
                    (f"{name}.{joined([str(key)])}" if name else joined([str(key)]), child, depth + 1)
                    for key, child in islice(node.items(), MAX_LEAVES)
                ]
                pending.extend(reversed(children))
        elif name and _is_leaf(node):
            leaves.setdefault(name, node)
    return leaves


def joined(path: Sequence[str]) -> str:
    """The name that a nested setting has in a flat mapping."""
    return ".".join(key[:MAX_KEY] for key in path)


def _is_leaf(node: object) -> bool:
    if isinstance(node, str):
        return len(node) <= MAX_VALUE
    if isinstance(node, list | tuple):
        return len(node) <= MAX_LIST and all(isinstance(item, str | int | float | bool) for item in node)
    return isinstance(node, int | float | bool)


def parse_yaml(text: str) -> object:
    """One YAML document as plain data. Python tags are read as the data under them, never executed.

    Raises `ValueError` for what is no YAML and for what only an attack would hold.
    """
    import yaml

    if _DEEP_LINE.search(text) or text.count("[") > _MAX_FLOW * 16 or text.count("{") > _MAX_FLOW * 16:
        raise ValueError("too deeply nested")
    try:
        return yaml.load(text, Loader=_loader())  # noqa: S506 — derived from the safe loader
    except (yaml.YAMLError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(str(error)) from error


@cache
def _loader() -> type[yaml.SafeLoader]:
    import yaml

    class PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Unknown tags as plain data; merge keys bounded."""

        merged = 0

        def flatten_mapping(self, node: yaml.Node) -> None:
            super().flatten_mapping(node)
            self.merged += len(node.value)
            if self.merged > _MAX_MERGED:
                raise ValueError("too many merged keys")

        def construct_plain(self, _suffix: str, node: yaml.Node) -> object:
            if isinstance(node, yaml.MappingNode):
                return self.construct_mapping(node, deep=True)
            if isinstance(node, yaml.SequenceNode):
                return self.construct_sequence(node, deep=True)
            return self.construct_scalar(node)

    PlainLoader.add_multi_constructor("!", PlainLoader.construct_plain)
    PlainLoader.add_multi_constructor("tag:yaml.org,2002:python/", PlainLoader.construct_plain)
    return PlainLoader
