"""What is said to a page: sentences with what they were made of, so that it says them in the language of its user."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nb2pipe.diagnostics import Sentence

_DEEP = 50  # sentences in each other; what is deeper is said as it is


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


def failed(kind: str, text: str) -> dict[str, Any]:
    """An answer that says why there is no other."""
    parts = parts_of(text)
    return {"kind": kind, "message": text} if parts is None else {"kind": kind, "message": text, "said": parts}
