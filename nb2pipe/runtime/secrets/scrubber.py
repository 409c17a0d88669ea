"""Taking secrets out of what is going to be written, and seeing whether they are in it."""

from __future__ import annotations

import base64
import dataclasses
import html
import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nb2pipe.runtime.secrets.places import SHORT

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_PIECE = 1 << 24  # bytes of a buffer that are looked at at once


class Scrubber:
    """Knows the forms in which secrets, ``values`` by name, may stand in a text or in bytes.

    These are: as they are; as Python, JSON, HTML and URLs write them; as hexadecimal digits; in base64, wherever in what was
    encoded; as arrays have them; and of several lines each by itself.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        forms: dict[str, str] = {}
        self._wide: dict[bytes, str] = {}
        for name, value in values.items():
            for text in _parts(value):
                for form in _forms(text):
                    forms.setdefault(form, name)
                self._wide.setdefault(text.encode("utf-32-le", "surrogatepass"), name)
        self._forms = dict(sorted(forms.items(), key=lambda item: (-len(item[0]), item[0])))
        self._raw = {_bytes(form): name for form, name in forms.items()}
        self._longest = max(map(len, (*self._raw, *self._wide)), default=0)
        self._pattern = re.compile("|".join(map(re.escape, self._forms)))

    def text(self, text: str) -> str:
        """A text without the secrets in it; each is told by its name."""
        if self._is_in(text):
            text = self._pattern.sub(self._instead, text)
        if "\x1b[" in text and self._is_in(plain := _ANSI.sub("", text)):  # colours stand in the midst of a secret
            text = self._pattern.sub(self._instead, plain)
        return text

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """An event of a cell, or its output, without secrets; the words that say what it is stay."""
        made = dict(event)
        for key, value in event.items():
            if key == "output":
                made[key] = self.event(value)
            elif key in ("data", "metadata"):
                made[key] = {k: self.tree(v) for k, v in value.items()}
            elif key in ("text", "ename", "evalue", "traceback", "display_id", "buffers"):
                made[key] = self.tree(value)
        return made

    def tree(self, value: Any) -> Any:
        """Texts in lists, tuples, dicts and records without the secrets in them; the very same value where there are none."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            made = {self.tree(k): self.tree(v) for k, v in value.items()}
            return value if all(k in value and value[k] is v for k, v in made.items()) else made
        if isinstance(value, (list, tuple)):
            parts = [self.tree(v) for v in value]
            if all(a is b for a, b in zip(parts, value, strict=True)):
                return value
            return value._make(parts) if hasattr(value, "_make") else type(value)(parts)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            now = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
            changed = {n: made for n, v in now.items() if (made := self.tree(v)) is not v}
            return dataclasses.replace(value, **changed) if changed else value
        return value

    def beginning(self, text: str) -> int:
        """How many letters at the end of a text may be the beginning of a secret."""
        first = len(text)
        for form in self._forms:
            place = text.find(form[0], max(0, len(text) - len(form) + 1))
            while 0 <= place < first:
                if form.startswith(text[place:]):
                    first = place
                place = text.find(form[0], place + 1)
        return len(text) - first

    def names_in(self, data: Iterable[bytes | memoryview]) -> tuple[str, ...]:
        """The names of the secrets that are in bytes."""
        found: dict[str, None] = {}
        for whole in data:
            for piece in _pieces(whole, self._longest):
                found |= {name: None for form, name in self._raw.items() if name not in found and form in piece}
                # where there are many zeros, a form with zeros is searched for slowly
                letters = [piece[n::4] for n in range(4)] if {*self._wide.values()} - found.keys() else []
                for form, name in self._wide.items():
                    if name not in found and any(form[::4] in part for part in letters) and form in piece:
                        found[name] = None
        return tuple(sorted(found))

    def _is_in(self, text: str) -> bool:
        return any(form in text for form in self._forms)

    def _instead(self, match: re.Match[str]) -> str:
        told = f"[secret:{self._forms[match[0]]}]"
        return "[...]" if self._is_in(told) else told


def _parts(value: str) -> list[str]:
    """A secret, and where it has several lines, as keys have, those that are not too short."""
    return [value, *(line for line in value.splitlines() if len(line) >= SHORT and line != value)]


def _forms(text: str) -> Iterator[str]:
    data = _bytes(text)
    yield text
    yield repr(text)[1:-1]
    yield repr(data)[2:-1]
    yield repr(f"{text}\"'")[1:-4]  # in a text with both kinds of quotes
    yield repr(data + b"\"'")[2:-4]
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield html.escape(text)
    yield html.escape(text, quote=False)
    yield urllib.parse.quote(data)
    yield urllib.parse.quote(data, safe="")
    yield urllib.parse.quote_plus(data)
    if len(data) < SHORT:  # what is left of it in the midst of others would be found everywhere
        return
    yield data.hex()
    yield data.hex().upper()
    for shift in range(3):
        # the letters that depend on nothing but the secret, whatever stands before and behind it
        start, end = -(-shift * 8 // 6), (shift + len(data)) * 8 // 6
        for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
            yield encode(b"\0" * shift + data).decode("ascii")[start:end]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _pieces(whole: bytes | memoryview, overlap: int) -> Iterator[bytes]:
    """Bytes, piece by piece where they are many; what is on a border is in both."""
    if isinstance(whole, bytes):
        yield whole
        return
    for start in range(0, whole.nbytes, _PIECE):
        yield bytes(whole[start : start + _PIECE + overlap])
