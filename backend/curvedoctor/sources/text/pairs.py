"""The names and numbers in one line of a console log."""

# ruff: noqa: SIM905 - lists of words read best as text
from __future__ import annotations

import re
from dataclasses import dataclass

from curvedoctor.sources.text import names
from curvedoctor.sources.text.numbers import NUMBER

#: characters of a line that are looked at, and numbers that are taken from it
MAX_LENGTH, MAX_PAIRS = 8000, 256
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]{0,200}\x07)")
#: dates, times of day, durations; file names with line numbers; how grave a message is
_TIMES = re.compile(
    r"\b\d{4}[-/]\d\d?[-/]\d\d?[T_]?|\b\d\d?/\d\d? (?=\d\d:\d\d)|\b\d+ days?, |"
    r"(?<![\w.])\d{1,4}:\d\d(?::\d\d)?(?:[.,]\d+)?(?![\d.])|"
    r"[\w/.-]{1,100}\.(?:py|cc|cpp|cu):\d+|\(\w{1,40}:\d+\)|\b\w{1,40}(?:[.:]\w{1,40}){1,8}:\d+ - |"
    r"\b[IWE]\d{4} +(?=\d\d:)|"
    r"\b(?:TRACE|DEBUG|INFO|NOTICE|SUCCESS|WARN(?:ING)?|ERROR|CRITICAL)\b(?!\s*[:=]?\s*[-+]?[\d.])(?::[\w.]{0,40}:)?"
)
#: what libraries print around a number
_WRAPPED = re.compile(
    r"\b(?:tensor|Tensor|array|DeviceArray|Array|np\.\w{1,12}|numpy\.\w{1,12})\(\[?([-+\w.]{1,40})[^()]{0,60}\)"
)
_NUMBER = re.compile(
    rf"(?<![\w.@#$&/\\+-])(?<!\bof )(?P<value>[-+]?(?:{NUMBER}))"
    r"(?:\s*/\s*(?P<total>\d{1,15})(?![\w.]))?"
    r"(?P<unit>\s?%|\s?(?:[mun]?s|sec|secs|seconds|min|ms|us|[kKMG]i?B?|it/s|s/it|it|B|h)(?:/\w{1,10})?(?![\w.=:]))?(?![\w@]|\.\w)",
    re.IGNORECASE,
)
#: mmdetection's "Epoch(val) [3]"
_SPLIT = re.compile(r"\b(\w{1,20})\((train|val|valid|test)\)")
#: darknet says the number before its name
_DARKNET = re.compile(r"(\S{1,20}) avg(?: loss)?, (\S{1,20}) rate, ")
#: PyTorch's first tutorial: "[1,  2000] loss: 2.2"
_PLACE = re.compile(r"^\s*\[\s*(\d+)\s*,\s*(\d+)\s*\]")
#: its GAN: "[0/25][50/391]"
_PLACES = re.compile(r"^\s*\[\s*(\d+/\d+)\s*\]\s*\[\s*(\d+/\d+)\s*\]")
#: ESPnet: "3epoch:train:1-100batch: loss=50.1", "3epoch results: [train] loss=45.1"
_ESPNET = re.compile(r"\b(\d+)epoch(?::(train|valid):(?:\d+-(\d+)batch:)?| results:)")
#: PaddlePaddle: "cur metric, acc: 0.5" is the evaluation's, "best metric, acc: 0.6, …" repeats one of them
_CURRENT = re.compile(r"\bcur metric\b")
_BEST = re.compile(r"\bbest (?:metric|score|result)s?,.*")
_OF = re.compile(r"(?P<first>\d+) of (?=\d)")
#: where a clause ends
_CLAUSE = re.compile(r":\s|[,;|\t\[\](){}<>!]|\s[-–—*>]+\s|\.\s|\s{2,}|\s->\s")
_AFTER = frozenset(
    "after at on in the and with is was of a an for got has reached to by from until took".split()
)
#: words of a sentence, which names nothing that is measured
_SENTENCE = frozenset(
    "did not improve improved improvement saving saved save reducing reduced loading "
    "loaded increased decreased early "
    "stopping patience using with skipped than".split()
)
_ASIDE = re.compile(r"\s\(([^()]{0,40})\)$|^\(?([^()]{0,40})\)$")
_EDGES = " \t:=-–—~≈\"'`*>#•.|,;([{<"
_TIME_UNITS = ("s", "sec", "secs", "seconds", "min", "ms", "us", "ns", "h", "it/s", "s/it", "it")


@dataclass(frozen=True, slots=True)
class Pair:
    """One number with what stands before it."""

    name: str
    value: float
    #: "3/50": 50
    total: float | None
    #: what stood between the number before and the name
    before: str
    #: characters from the start of the line
    start: int
    #: in parentheses right behind another number: a mean, a share
    aside: bool
    #: how it follows the name: ":", "=", " ", or "[" where it opens a bracket
    sign: str


def clean(line: str) -> str:
    """A line without colors, dates, and what libraries print around numbers."""
    if len(line) > MAX_LENGTH:
        line = line[:MAX_LENGTH]
    if "\x1b" in line:
        line = _ANSI.sub("", line)
    if "(" in line:
        line = _SPLIT.sub(r"\2 \1", _WRAPPED.sub(r"\1", line))
    if " avg" in line:
        line = _DARKNET.sub(r"avg loss: \1, rate: \2, ", line)
    line = _PLACE.sub(r"epoch \1, batch \2 ", _TIMES.sub(" ", line))
    line = _PLACES.sub(r"epoch \1, batch \2 ", line)
    if " metric" in line or "best " in line:
        line = _BEST.sub("", _CURRENT.sub("eval", line))
    if "epoch" in line:
        line = _ESPNET.sub(_espnet, line)
    return _OF.sub(r"\g<first>/", line) if " of " in line else line


def _espnet(match: re.Match[str]) -> str:
    return f"epoch {match[1]} {match[2] or ''} " + (f"batch {match[3]}, " if match[3] else "")


def pairs(line: str) -> list[Pair]:
    """All named numbers of a cleaned line, in order; a number without a name has an empty one."""
    out: list[Pair] = []
    end = 0
    for match in _NUMBER.finditer(line):
        gap = line[end : match.start()]
        end = match.end()
        unit = (match["unit"] or "").strip().lower()
        name, before = _name(gap)
        aside = gap.strip() == "(" or (gap.strip() in ("[", "/") and bool(out) and unit in _TIME_UNITS)
        if unit in _TIME_UNITS and (not name or names.split_word(name)):
            continue
        total = float(match["total"]) if match["total"] else None
        out.append(Pair(name, float(match["value"]), total, before, match.start(), aside, _sign(gap)))
        if len(out) >= MAX_PAIRS:
            break
    return out


def _sign(gap: str) -> str:
    stripped = gap.rstrip().rstrip("\"'").rstrip()
    return stripped[-1] if stripped and stripped[-1] in ":=[(" else " "


def _name(gap: str) -> tuple[str, str]:
    """The name that a gap ends with, and what stands before it."""
    text = gap.rstrip(_EDGES) if not gap.endswith("#") else gap
    if not text:
        return "", ""
    if text.endswith(")"):
        text, aside = _without_aside(text)
        if aside is None:  # "D(x)"
            token = text.rpartition(" ")[2].rpartition("\t")[2]
            return token[:80], text[: -len(token)]
        name, before = _name(text)
        return name, f"{before} {aside}"
    clauses = _CLAUSE.split(text)
    words, start = _words(clauses[-1])
    if not words and len(clauses) > 1:
        return "", text
    before = text[: len(text) - len(clauses[-1])] + " ".join(words[:start])
    return _joined(words[start:]), before


def _without_aside(text: str) -> tuple[str, str | None]:
    """A name without what explains it: "time (sec)" → "time", "sec";
    None where the parentheses belong to it."""
    match = _ASIDE.search(text)
    return (text, None) if match is None else (text[: match.start()], match[1] or "")


def title(text: str) -> str:
    """The name that a text ends with: "Cost after" → "Cost"."""
    words, start = _words(_CLAUSE.split(text)[-1])
    return _joined(words[start:])


def _words(clause: str) -> tuple[list[str], int]:
    """The words of a clause, without what only joins it to the number, and where its name begins."""
    words = clause.strip(_EDGES).replace("'s ", "/").replace("’s ", "/").split()
    while words and words[-1].lower() in _AFTER:
        words.pop()
    return words, max((i + 1 for i, word in enumerate(words) if word.lower() in _AFTER), default=0)


def _joined(words: list[str]) -> str:
    if len(words) > 1 and any(word.lower() in _SENTENCE for word in words):
        return ""
    return " ".join(words[-4:]).strip(_EDGES).replace('"', "").replace("'", "")[:80]
