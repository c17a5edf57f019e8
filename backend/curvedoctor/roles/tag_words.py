"""Cut a tag into words that a vocabulary can know: `trainLoss/mAP_0.5` → [["train", "loss"], ["map", "0",
"5"]].

Every step is linear in the length of the text, and long texts are shortened first: tags are hostile input.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from curvedoctor.roles.vocabulary import CJK, COMPOUNDS, KNOWN, LONGEST_COMPOUND, SEGMENTS

#: characters kept of either end of a longer text: no honest name is longer
_KEEP = 300
#: words kept of one tag
_MAX_WORDS = 120
_PART = re.compile(r"[/\\|]| - ")
_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
#: a score per class, as detectron2 ("sem_seg/IoU-train"), TF's detectors ("…ByCategory/AP@0.5IOU/train") and
#: mmseg ("Acc.wall") name it: the class is no word of ours, and "train" is a vehicle there
_CLASS = (
    re.compile(r"((?:^|/)(?:sem_seg|bbox|segm|keypoints|panoptic_seg|instances?)/\w+(?:\([^/]*\))?)-[^/]+$"),
    re.compile(r"(ByCategory/[^/]+)/[^/]+$"),
    re.compile(r"((?:^|/)(?:IoU|Dice|Fscore|Precision|Recall))\.[^/]+$"),
    re.compile(r"((?:^|/)Acc)\.(?!(?:train|val|valid|test|eval)\w*$)[^/]+$"),
)
#: retrieval's "R@5"
_RECALL_AT = re.compile(r"(?<![A-Za-z])[rR]@(?=[0-9])")
#: longest word that is looked through for words run together, and most of them
_LONGEST_GLUED, _MOST_GLUED = 24, 4
_TRAILING_DIGITS = re.compile(r"^([a-z]+)([0-9]+)$")
#: "50 it/s" and "global_step/sec": here the slash divides, it does not separate
_PER = re.compile(
    r"/(?=(?:s|sec|secs|second|seconds|min|minute|hr|hour|it|iter|iters|step|batch|dim|char|byte|token)(?:[^a-z]|$))",
    re.I,
)
_RATE = re.compile(
    r"(?:^|[^a-z])(?:it|its|iter|iters|iteration|iterations|step|steps|sample|samples|token|tokens|frame|frames|"
    r"bits|nats|tok|toks|batch|batches|example|examples|img|imgs|image|images|epoch|sec|s|second|seconds|ms|time|word|words|sentences)$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Name:
    """A curve's name in words, from the outermost part to the innermost."""

    #: the tag's own parts, compounds joined ("learning rate" → "lr")
    parts: tuple[tuple[str, ...], ...]
    #: the parts of the sub-directory that the tag was logged in
    folder: tuple[tuple[str, ...], ...]
    #: the tag as logged, shortened
    text: str

    @property
    def leaf(self) -> tuple[str, ...]:
        """The innermost part that says anything."""
        return self.parts[-1] if self.parts else ()

    @property
    def words(self) -> frozenset[str]:
        """All words of the tag."""
        return frozenset(word for part in self.parts for word in part)

    @property
    def flat(self) -> tuple[str, ...]:
        """All words of the tag in order."""
        return tuple(word for part in self.parts for word in part)


def parse(identifier: str, tag: str | None = None) -> Name:
    """The words of a curve's name; `identifier` is sub-directory + tag,
    `tag` alone where no directory is known."""
    tag = identifier if tag is None else tag
    folder = identifier[: -len(tag)] if tag and identifier.endswith(tag) else ""
    return _parse(_shorten(folder), _shorten(tag))


def _shorten(text: str) -> str:
    return text if len(text) <= 2 * _KEEP else f"{text[:_KEEP]} {text[-_KEEP:]}"


@lru_cache(maxsize=4096)
def _parse(folder: str, tag: str) -> Name:
    parts, outer = _parts(_without_class(tag)), _parts(folder)
    flat = tuple(word for part in parts for word in part)
    if outer and len(outer[-1]) > len(flat) and outer[-1][: len(flat)] == flat:
        # `add_scalars(tag, {key: …})` makes a directory "tag_key" with the tag in it: the key is what it adds
        outer = (*outer[:-1], outer[-1][len(flat) :])
    return Name(parts=parts, folder=outer, text=tag)


def _without_class(tag: str) -> str:
    """The tag of a score per class, without the class."""
    for pattern in _CLASS:
        tag = pattern.sub(r"\1", tag)
    return tag


def _parts(text: str) -> tuple[tuple[str, ...], ...]:
    text = unicodedata.normalize("NFKC", text)
    parts = []
    room = _MAX_WORDS
    for piece in _pieces(text):
        words = join_compounds(tuple(_words(piece))[:room])
        room -= len(words)
        if words:
            parts.append(words)
    return tuple(parts)


def _pieces(text: str) -> Iterator[str]:
    start = 0
    for match in _PART.finditer(text):
        before = text[start : match.start()]
        if match.group() == "/" and _PER.match(text, match.start()) and _RATE.search(before[-24:]):
            continue  # a rate: keep "step/sec" together
        yield before
        start = match.end()
    yield text[start:]


def _words(piece: str) -> Iterator[str]:
    for match in _WORD.finditer(_RECALL_AT.sub("recall ", piece.replace("/", " per "))):
        word = match.group()
        if word.isascii():
            yield from _ascii(word)
        else:
            yield from _foreign(word.casefold())


def _ascii(word: str) -> Iterator[str]:
    low = word.lower()
    if low in KNOWN:
        yield low
        return
    if (numbered := _TRAILING_DIGITS.match(low)) and numbered[1] in KNOWN:
        yield from numbered.groups()
        return
    for hump in _HUMP.findall(word):
        hump = hump.lower()
        yield from _unglue(hump)


def _unglue(word: str) -> Iterator[str]:
    """ "trainloss" → "train", "loss"; a word that is not wholly made of known ones stays as it is."""
    if word in KNOWN or not 4 < len(word) <= _LONGEST_GLUED:
        yield word
        return
    ways: list[tuple[str, ...] | None] = [()] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(end - 1, -1, -1):
            before = ways[start]
            if before is not None and len(before) < _MOST_GLUED and word[start:end] in SEGMENTS:
                longer = (*before, word[start:end])
                best = ways[end]
                if best is None or len(longer) < len(best):
                    ways[end] = longer
    if ways[-1] is None and word.endswith("loss"):
        yield word[:-4]
        yield "loss"
        return
    yield from ways[-1] or (word,)


def _foreign(word: str) -> Iterator[str]:
    """Words beyond ASCII; Chinese and Japanese are not divided by spaces,
    so known words are looked for inside."""
    if word in KNOWN:
        yield word
        return
    known = False
    i = 0
    while i < len(word):
        length = next((n for n in (5, 4, 3, 2) if word[i : i + n] in CJK), 0)
        if length:
            yield CJK[word[i : i + length]]
            known = True
        i += length or 1
    if not known:
        yield word


def join_compounds(words: tuple[str, ...]) -> tuple[str, ...]:
    """Join words that mean something only together: ("learning", "rate") → ("lr",)."""
    out = []
    i = 0
    while i < len(words):
        for n in range(min(LONGEST_COMPOUND, len(words) - i), 1, -1):
            if (joined := COMPOUNDS.get(words[i : i + n])) is not None:
                out.append(joined)
                i += n
                break
        else:
            out.append(words[i])
            i += 1
    return tuple(out)
