"""Hyperparameters that a run's event files hold: the hparams plugin, and the text summaries of trainers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from curvedoctor.sources.sidecars import flatten
from curvedoctor.sources.tensorboard.decode import FileLog

#: tags of texts that trainers write their settings to: HF `args` and `model_config`, CleanRL
#: `hyperparameters`, Lightning-like `hparams`, many `config`
_SETTINGS_TAG = re.compile(
    r"(^|[/_.\s-])(args|arguments|model_config|config|configuration|cfg|hparams?|hyper_?-?param(eter)?s?|params|opts?|options"
    r"|settings|flags)([/_.\s-]|$)",
    re.IGNORECASE,
)
_FRACTION = re.compile(r"[.eEnN]")
_ROW = re.compile(r"^\s*\|(.+)\|\s*$")
#: `lr: 0.1`, `lr=0.1` and `- lr = 0.1`, one per line
_LINE = re.compile(r"^[\s*\->`]*([A-Za-z_][\w.\-/ ]{0,80}?)`?\s*[:=]\s*(.+?)\s*$")


def from_events(logs: Iterable[FileLog]) -> dict[str, object]:
    """Raw settings by name; the hparams plugin wins over texts."""
    settings: dict[str, object] = {}
    later: dict[str, object] = {}
    for log in logs:
        for tag, text in log.texts.items():
            if _SETTINGS_TAG.search(tag):
                for name, value in parse_text(text).items():
                    settings.setdefault(name, value)
        for content in log.hparams:
            later.update(parse_hparams(content))
    return settings | later


def parse_text(text: str) -> dict[str, object]:
    """Settings in a text: JSON, a Markdown table of two columns, or `name: value` lines."""
    body = text.strip()
    fenced = re.match(r"^(?:```\w*|<pre>)\s*(.*?)\s*(?:```|</pre>)$", body, re.DOTALL)
    if fenced:
        body = fenced.group(1)
    if body.startswith("{"):
        try:
            return flatten(json.loads(body))
        except (ValueError, RecursionError):
            pass
    rows = [
        [cell.strip() for cell in row.group(1).split("|")]
        for line in body.splitlines()
        if (row := _ROW.match(line))
    ]
    table = {
        row[0].strip("`* "): plain(row[1])
        for row in rows[1:]  # the first row is the table's head
        if len(row) == 2 and row[0] and not set(row[0]) <= set("-: ")
    }
    if table:
        return dict(table)
    lines = (_LINE.match(line) for line in body.splitlines()[:2000])
    return {match.group(1).strip(): plain(match.group(2)) for match in lines if match}


def plain(text: str) -> object:
    """A written value as number, truth value or text."""
    word = text.strip("`\"', ")
    if word.lower() in {"true", "false"}:
        return word.lower() == "true"
    try:
        return float(word) if _FRACTION.search(word) else int(word)
    except ValueError:
        return word


def parse_hparams(content: bytes) -> dict[str, object]:
    """The session's values out of a serialized `HParamsPluginData`; empty for any other."""
    from google.protobuf.message import DecodeError
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    try:
        data = HParamsPluginData.FromString(content)
    except DecodeError:
        return {}
    hparams: dict[str, object] = {}
    for name, value in data.session_start_info.hparams.items():
        kind = value.WhichOneof("kind")
        if kind in {"number_value", "string_value", "bool_value"}:
            hparams[name] = getattr(value, kind)
    return hparams
