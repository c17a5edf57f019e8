"""What a text is that is no log: source code, a notebook, prose. A loop that trains is not its training."""

# ruff: noqa: SIM905 - lists of words read best as text
from __future__ import annotations

import re
from collections.abc import Sequence

from curvedoctor.sources import files

_CODE = frozenset(
    "py pyi pyx ipynb r rmd jl m c cc cpp cxx cu cuh h hpp java kt scala go rs swift js mjs ts tsx jsx lua"
    " pl rb php cs sh bash zsh fish bat ps1 sql css scss html htm xml svg tex bib cls rst adoc yaml yml toml "
    "ini cfg conf lock proto cmake mk ninja diff patch".split()
)
_PROSE = frozenset({"md", "markdown", "mdx", "qmd"})
#: how a line of source code begins
_LINE_OF_CODE = re.compile(
    r"\s*(?:(?:async )?def \w|class \w+[(:]|import \w|from [\w.]+ import |return\b"
    r"|(?:if|elif|for|while|with) .*:\s*$|(?:else|try|finally):\s*$|except\b.*:\s*$"
    r"|#include\b|#!/|(?:public|private|static|void|const|let|var) \w"
    r")"
)
#: share of lines from which a text is code
_SHARE = 0.2


def suffix(path: str) -> str:
    """The end of a file's name, without what says that it is compressed."""
    plain = re.sub(r"\.(gz|bz2|xz|zst)$", "", files.basename(path).lower())
    return plain.rpartition(".")[2] if "." in plain else ""


def no_log(path: str, lines: Sequence[str]) -> str:
    """What a file is instead of a log, by its name and some of its lines; empty if nothing says so."""
    end = suffix(path)
    if end == "ipynb":
        return "a notebook: save what its training printed as text, or use curvedoctor.diagnose in it"
    if end in _CODE:
        return f"source code or configuration (.{end}), and no log of a training"
    if end in _PROSE:
        # tables stand in notes, too; sentences about a training are none
        tabular = sum(line.lstrip().startswith("|") for line in lines)
        return "" if tabular > 2 else "prose (only its tables could be read), and no log of a training"
    filled = [line for line in lines if line.strip()]
    code = sum(_LINE_OF_CODE.match(line[:400]) is not None for line in filled)
    return "source code, and no log of a training" if code > 2 and code > _SHARE * len(filled) else ""
