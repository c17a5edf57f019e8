"""The front end as one inline script: its ES modules joined, for pages that can fetch nothing.

The modules are our own and keep to a narrow form (one-line named imports, `export` before a
declaration), so joining them takes two patterns, not a bundler; a test loads the result in a browser.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from curvedoctor.errors import UsageError

STATIC = Path(__file__).parent / "static"
_IMPORT = re.compile(r'^import \{ ([^}]+) \} from "\./([a-z]+)\.js";$', re.MULTILINE)
_LIBRARY = re.compile(r'^import uPlot from "\./vendor/uPlot\.esm\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (const|let|class|function|async function) (\w+)", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n|^[ \t]*// [^\n]*\n", re.DOTALL | re.MULTILINE)
_CAST = re.compile(r"/\*\* @(?:type|param|returns)(?:(?!\*/).)*\*/ ?")


class MissingBundle(UsageError):
    """The chart library was not fetched at build time: not a fault of ours, but of how we were started."""


@cache
def script(entry: str = "report") -> str:
    """All modules that `entry` needs, in order, as one classic script. Raises `MissingBundle`."""
    order: list[str] = []
    _visit(entry, order)
    parts = [_wrapped(name) for name in order]
    return '"use strict";const modules={};\n' + "\n".join(parts)


@cache
def vendor(name: str) -> str:
    """A file of the chart library. Raises `MissingBundle` where the package was not built."""
    path = STATIC / "vendor" / name
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MissingBundle(
            f"the page can't be drawn: {path} is missing, because curvedoctor runs from a checkout that was "
            "not built. Run `pip install -e .` in the checkout, which fetches it; or choose another format, "
            "such as -o report.md"
        ) from None


@cache
def style() -> str:
    """The panel's CSS with the chart library's, without comments and what only people need between signs."""
    whole = vendor("uPlot.min.css") + (STATIC / "panel.css").read_text(encoding="utf-8")
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"/\*.*?\*/", "", whole, flags=re.DOTALL)).strip()


def _source(name: str) -> str:
    return (STATIC / f"{name}.js").read_text(encoding="utf-8")


def _visit(name: str, order: list[str]) -> None:
    if name in order:
        return
    for match in _IMPORT.finditer(_source(name)):
        _visit(match.group(2), order)
    order.append(name)


def _wrapped(name: str) -> str:
    """One module in a function of its own, so that private names can't meet."""
    text = _LIBRARY.sub("", _source(name))
    text = _IMPORT.sub(lambda match: f"const {{ {match.group(1)} }} = modules.{match.group(2)};", text)
    exported = [match.group(2) for match in _EXPORT.finditer(text)]
    text = _CAST.sub("", _COMMENT.sub("", _EXPORT.sub(r"\1 \2", text)))
    text = re.sub(r"([{;,])\n", r"\1", re.sub(r"\n\s+", "\n", text))
    return f"modules.{name} = (() => {{\n{text.strip()}\nreturn {{ {', '.join(exported)} }};\n}})();"
