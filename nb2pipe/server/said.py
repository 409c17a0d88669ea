"""What is said to a page: sentences with what they were made of, so that it says them in the language of its user."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe.diagnostics import Sentence

_DEEP = 50  # sentences in each other; what is deeper is said as it is
_LONGEST = 1_000  # characters of a text that is looked at
_CATALOGUES = Path(__file__).resolve().parent.parent / "locale"
_HOLE = re.compile(r"%([1-9])")
_LETTERS = 8
"""The letters of a template that tell a sentence from other texts; one of fewer has to have words or sentences for arguments."""


def parts_of(text: str, deep: int = 0) -> list[Any] | None:
    """The template of a sentence and its arguments, each as a text or, where it is a sentence, as its own parts.

    None where the text is no sentence of nb2pipe's: a page shows that as it is.
    """
    if not isinstance(text, Sentence):
        return None
    return [text.template, *((parts_of(a, deep + 1) if deep < _DEEP else None) or a for a in text.arguments)]


def all_parts(texts: Iterable[str]) -> list[list[Any] | None]:
    """The parts of several texts, in their order."""
    return [parts_of(text) for text in texts]


def parts_read(text: str, deep: int = 0) -> list[Any] | None:
    """As `parts_of`, of a text that may have been written down and read again: it is known by the catalogues' templates.

    Of texts of nb2pipe's, and never of the notebook's values, which may say the same.
    """
    if deep > _DEEP or len(text) > _LONGEST:
        return None
    if isinstance(text, Sentence):
        return [text.template, *(parts_read(a, deep + 1) or a for a in text.arguments)]
    for known in _templates():
        found = known.pattern.fullmatch(text)
        if found:
            given = [parts_read(a, deep + 1) or a for a in found.groups()]
            if known.telling or not any(isinstance(a, str) and re.search(r"\s", a) for a in given):
                return [known.template, *given]
    return None


def all_read(texts: Iterable[str]) -> list[list[Any] | None]:
    """The parts of several texts that may have been read, in their order."""
    return [parts_read(text) for text in texts]


def failed(kind: str, text: str) -> dict[str, Any]:
    """An answer that says why there is no other."""
    parts = parts_read(text)
    return {"kind": kind, "message": text} if parts is None else {"kind": kind, "message": text, "said": parts}


class _Template(NamedTuple):
    """``telling`` says that its own words tell it from other texts; the groups of its pattern are its arguments, in order."""

    template: str
    pattern: re.Pattern[str]
    telling: bool


@cache
def _templates() -> tuple[_Template, ...]:
    """The templates of all sentences, those with the most words of their own first."""
    found = {t for file in _CATALOGUES.glob("*/LC_MESSAGES/nb2pipe.json") for t in json.loads(file.read_text("utf-8"))}
    own = {t: len(re.findall(r"[^\W\d_]", _HOLE.sub("", t))) for t in found}
    ordered = sorted((t for t in found if _is_sentence(t)), key=lambda t: (-own[t], t))
    return tuple(_Template(t, _pattern(t), own[t] >= _LETTERS) for t in ordered)


def _is_sentence(template: str) -> bool:
    """Whether it can be known again: it has two words of its own, or one beside arguments, and these in their order."""
    holes = _HOLE.findall(template)
    words = re.findall(r"[^\W\d_]+", _HOLE.sub("", template))
    return [*dict.fromkeys(holes)] == [str(n + 1) for n in range(len(set(holes)))] and len(words) + bool(holes) > 1


def _pattern(template: str) -> re.Pattern[str]:
    seen: set[str] = set()
    pieces = []
    for i, piece in enumerate(_HOLE.split(template)):
        if i % 2 == 0:
            pieces.append(re.escape(piece))
        else:
            pieces.append(rf"(?P=a{piece})" if piece in seen else rf"(?P<a{piece}>.+?)")
            seen.add(piece)
    return re.compile("".join(pieces), re.DOTALL)
