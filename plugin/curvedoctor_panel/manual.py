"""Manual pages as plain data: the docstring of a condition's module, cut into headings and paragraphs."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from functools import cache

from curvedoctor_panel.plain import Json

_ID = re.compile(r"[a-z][a-z0-9-]{1,60}")
HEADINGS = ("Why it matters", "How it decides", "What to try", "When it is wrong", "Evidence", "References")


def title(condition: str) -> str:
    """`lr-too-high` → Learning rate too high."""
    words = condition.replace("-", " ")
    words = re.sub(r"\blr\b", "learning rate", words)
    return words[:1].upper() + words[1:]


@cache
def conditions() -> tuple[str, ...]:
    """Ids of all conditions that this version knows."""
    import curvedoctor.conditions as package

    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(sorted(name.replace("_", "-") for name in names if not name.startswith("_")))


@cache
def page(condition: str) -> Json | None:
    """{condition, title, sections: [{heading, blocks: [{kind, text}]}]}, or None if there is no such condition."""
    if not _ID.fullmatch(condition) or condition not in conditions():
        return None
    module = importlib.import_module(f"curvedoctor.conditions.{condition.replace('-', '_')}")
    return {
        "condition": condition,
        "title": title(condition),
        "sections": sections(inspect.cleandoc(module.__doc__ or "")),
    }


def sections(text: str) -> list[Json]:
    """Headings (`## Heading`, an underlined line, or one of HEADINGS alone) with their blocks."""
    out: list[dict[str, Json]] = [{"heading": "", "blocks": []}]
    lines = text.splitlines()
    for index, line in enumerate(lines):
        heading = _heading(line, lines[index + 1] if index + 1 < len(lines) else "")
        if heading is not None:
            out.append({"heading": heading, "blocks": []})
        elif not re.fullmatch(r"[-=~]{3,}", line.strip()):
            _add(out[-1]["blocks"], line)
    for section in out:
        section["blocks"] = [block for block in section["blocks"] if block["text"]]
    return [section for section in out if section["heading"] or section["blocks"]]


def _heading(line: str, following: str) -> str | None:
    bare = line.strip().lstrip("#").strip().rstrip(":")
    if not bare:
        return None
    underlined = bool(re.fullmatch(r"[-=~]{3,}", following.strip()))
    return bare if line.startswith("#") or underlined or bare in HEADINGS else None


def _add(blocks: list[dict[str, Json]], line: str) -> None:
    """Add one line: to the paragraph or list item that is open, or as a new one."""
    text = line.strip()
    bullet = re.match(r"(?:[-*]|\d+\.)\s+(.*)", text)
    if not text:
        blocks.append({"kind": "p", "text": ""})
    elif bullet:
        blocks.append({"kind": "li", "text": bullet.group(1)})
    elif blocks and blocks[-1]["text"]:
        blocks[-1]["text"] += " " + text
    else:
        blocks.append({"kind": "p", "text": text})
