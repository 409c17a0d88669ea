"""Cell tags, typed: nb2pipe's own, papermill's, nbclient's and Kale's spellings of them."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from nb2pipe.diagnostics import Diagnostic, Sentence, Severity, Site, Span, say
from nb2pipe.notebook.model import NO_TAGS, Requirements, Role, Tags

ROLES: dict[str, Role] = {
    "parameters": "parameters",
    "injected-parameters": "parameters",
    "pipeline-parameters": "parameters",
    "imports": "imports",
    "functions": "functions",
    "setup": "setup",
    "metrics": "metrics",
    "pipeline-metrics": "metrics",
    "skip": "skip",
}
PREFIXES = ("step", "block", "after", "prev", "cache", "retries", "timeout", "cpus", "memory", "gpus", "image", "secret",
            "limit", "nb2pipe")  # fmt: skip
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "p": 10**15,
          "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40, "pi": 2**50}  # fmt: skip
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,9})?"
_SWITCH = {"off": False, "disabled": False, "false": False, "no": False,
           "on": True, "enabled": True, "true": True, "yes": True}  # fmt: skip
_LIMITS = {"cpu": "cpus", "memory": "memory", "nvidia.com/gpu": "gpus", "amd.com/gpu": "gpus"}
_EXAMPLES = {"step": "step:train", "block": "block:train", "after": "after:load", "prev": "prev:load", "cache": "cache:off",
             "memory": "memory:4Gi", "timeout": "timeout:10m", "cpus": "cpus:2", "gpus": "gpus:1", "retries": "retries:3",
             "image": "image:python:3.12", "secret": "secret:API_TOKEN", "nb2pipe": "nb2pipe:ignore=NB501"}  # fmt: skip


def normalise_step(name: str) -> str:
    """A step's name as an identifier: lower case, every other character an underscore.

    It is the name of a Python function and of a file as well, so it is no keyword and begins with no digit. It is empty
    where the name has neither letter nor digit.
    """
    letters = (c if f"_{c}".isidentifier() else "_" for c in unicodedata.normalize("NFKC", name).strip().lower())
    text = re.sub("_+", "_", "".join(letters)).strip("_")
    return text if not text or (text.isidentifier() and not keyword.iskeyword(text)) else f"step_{text}"


def parse_size(text: str) -> int | None:
    """``4Gi``, ``500M`` or ``2GB`` in bytes; None where it is no size above zero. The case of the unit is no matter."""
    match = re.fullmatch(rf"({_NUMBER})\s*([kmgtp]?i?)b?", text.strip().lower())
    return (int(float(match[1]) * _UNITS[match[2]]) or None) if match and match[2] in _UNITS else None


def parse_duration(text: str) -> float | None:
    """``10m``, ``1h30m`` or plain seconds, in seconds; None where it is no duration above zero."""
    text = text.strip().lower()
    if re.fullmatch(_NUMBER, text):
        return float(text) or None
    if not re.fullmatch(rf"(?:{_NUMBER}[smhd])+", text):
        return None
    return sum(float(n) * _SECONDS[u] for n, u in re.findall(rf"({_NUMBER})([smhd])", text)) or None


def _parse_count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def parse_cpus(text: str) -> float | None:
    """``2``, ``0.5`` or Kubernetes' ``500m`` in processors; None where it is no amount above zero."""
    match = re.fullmatch(rf"({_NUMBER})(m?)", text)
    return (float(match[1]) / (1000 if match[2] else 1) or None) if match else None


_PARSERS: dict[str, Callable[[str], object]] = {
    "cache": lambda text: _SWITCH.get(text.lower()),
    "image": lambda text: text or None,
    "memory": parse_size,
    "timeout": parse_duration,
    "cpus": parse_cpus,
    "gpus": _parse_count,
    "retries": _parse_count,
}


def edit_distance(left: str, right: str) -> int:
    """Insertions, deletions, substitutions and transpositions of neighbours that turn one word into the other.

    This is the restricted Damerau-Levenshtein distance ("optimal string alignment", Boytsov 2011).
    """
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(right, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                best = min(best, last[j - 2] + 1)
            row.append(best)
    return row[-1]


def _nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word of which ``word`` is a slip of the fingers; None where it may well be a word of its own.

    One slip is allowed, two in words of nine letters and more. A letter replaced by another, or left out at the front,
    makes a new word of a short one (``stop``, ``prep``, ``lock``), so that is no slip there.
    """
    best: tuple[int, str] | None = None
    for candidate in sorted(known):
        if abs(len(candidate) - len(word)) > 2:
            continue
        distance = edit_distance(word, candidate)
        swapped = sorted(word) == sorted(candidate)
        another = not swapped and (len(word) == len(candidate) or word[:1] != candidate[0])
        slips = 0 if another and len(candidate) <= 5 else 2 if len(candidate) >= 9 else 1
        if distance <= slips and (best is None or distance < best[0]):
            best = distance, candidate
    return best[1] if best else None


def meant(tag: str) -> str | None:
    """The tag that was meant by one that is not ours; None where it may well be somebody else's."""
    match = re.fullmatch(r"\s*([^\s:=]+)\s*([:=])\s*(\S.*)", tag)
    if match is None:
        return _nearest(tag.lower(), ROLES)
    if match[2] == "=":
        return f"{match[1].lower()}:{match[3]}" if match[1].lower() in PREFIXES else None
    near = _nearest(match[1].lower(), PREFIXES)
    return near and f"{near}:{match[3]}"


class _Parser:
    """The tags of one cell, gathered one by one."""

    def __init__(self, cell: int) -> None:
        self.span = Span(cell)
        self.found: list[Diagnostic] = []
        self.step: str | None = None
        self.step_tag = ""
        self.after: dict[str, str] = {}
        self.roles: dict[Role, str] = {}
        self.values: dict[str, tuple[object, str]] = {}
        self.secrets: dict[str, None] = {}
        self.ignore: set[str] = set()
        self.raises = False
        self.foreign: list[str] = []

    def contradiction(self, message: Sentence, first: str, second: str) -> None:
        sites = tuple(Site(self.span, say("tag `%1`", tag)) for tag in (first, second))
        hint = say("keep one of the two tags")
        self.found.append(Diagnostic(self.span, "NB302", Severity.ERROR, message, hint, sites=sites))

    def unreadable(self, tag: str, value: str, prefix: str) -> None:
        message = say("tag `%1`: `%2` cannot be read", tag, value) if value else say("tag `%1`: it has no value", tag)
        hint = say("write for example %1", _EXAMPLES[prefix])
        self.found.append(Diagnostic(self.span, "NB303", Severity.ERROR, message, hint))

    def tag(self, tag: str) -> None:
        """Take in one tag."""
        text = tag.strip()
        prefix, colon, value = text.partition(":")
        prefix = prefix.strip().lower()
        if text in ROLES:
            self.roles.setdefault(ROLES[text], text)
        elif text == "raises-exception":
            self.raises = True
        elif colon and prefix in PREFIXES:
            self.prefixed(prefix, value.strip(), text)
        elif text:
            self.other(text)

    def prefixed(self, prefix: str, value: str, tag: str) -> None:
        """A tag of the form ``prefix:value``."""
        if prefix in ("step", "block"):
            name = normalise_step(value)
            if not name:
                self.unreadable(tag, value, prefix)
            elif self.step is not None and self.step != name:
                message = say("the cell is in two steps: `%1` and `%2`", self.step_tag, tag)
                self.contradiction(message, self.step_tag, tag)
            else:
                self.step, self.step_tag = name, self.step_tag or tag
        elif prefix in ("after", "prev"):
            name = normalise_step(value)
            if name:
                self.after.setdefault(name, tag)
            else:
                self.unreadable(tag, value, prefix)
        elif prefix == "nb2pipe":
            word, _, listed = value.partition("=")
            codes = {c.strip().upper() for c in listed.split(",") if c.strip()}
            if word.strip() == "ignore" and codes and all(re.fullmatch(r"NB[0-9]*", c) for c in codes):
                self.ignore |= codes
            else:
                self.unreadable(tag, value, prefix)
        elif prefix == "secret":
            if value:
                self.secrets[value] = None
            else:
                self.unreadable(tag, value, prefix)
        elif prefix == "limit":
            kind, _, amount = value.partition(":")
            if kind.strip() in _LIMITS:
                self.quantity(_LIMITS[kind.strip()], amount.strip(), tag)
            else:
                self.foreign.append(tag)
        else:
            self.quantity(prefix, value, tag)

    def quantity(self, prefix: str, value: str, tag: str) -> None:
        """A tag that carries an amount; one that cannot be read is an error, and so are two that differ."""
        parsed = _PARSERS[prefix](value)
        if parsed is None:
            self.unreadable(tag, value, prefix)
            return
        earlier, earlier_tag = self.values.setdefault(prefix, (parsed, tag))
        if earlier != parsed:
            message = say("tags `%1` and `%2` contradict each other", earlier_tag, tag)
            self.contradiction(message, earlier_tag, tag)

    def other(self, tag: str) -> None:
        """A tag that is not ours, unless it is nearly one."""
        self.foreign.append(tag)
        right = meant(tag)
        if right:
            message = say("tag `%1` is not known; did you mean `%2`?", tag, right)
            hint = say("rename the tag to `%1`", right)
            self.found.append(Diagnostic(self.span, "NB301", Severity.WARNING, message, hint))

    def contradictions(self) -> None:
        """Report what cannot hold together: a cell belongs to one step, or to all that need it, or to none."""
        homes = {self.step_tag: "step"} if self.step is not None else {}
        for role, tag in self.roles.items():
            homes[tag] = "shared" if role in ("imports", "functions", "setup") else role
        tags = list(homes)
        for place, tag in enumerate(tags):
            for other in tags[place + 1 :]:
                pair = {homes[tag], homes[other]}
                if len(pair) > 1 and (pair & {"skip"} or "metrics" not in pair):
                    message = say("tags `%1` and `%2` contradict each other", other, tag)
                    self.contradiction(message, other, tag)
        if self.step in self.after:
            tag = self.after[self.step]
            message = say("tags `%1` and `%2` contradict each other: no step comes after itself", self.step_tag, tag)
            self.contradiction(message, self.step_tag, tag)

    def result(self) -> Tags:
        """The tags together, contradictions reported."""
        self.contradictions()
        values = {name: value for name, (value, _) in self.values.items()}
        return Tags(
            self.step,
            tuple(self.after),
            frozenset(self.roles),
            Requirements(**values, secrets=tuple(self.secrets)),  # type: ignore[arg-type]  # each was read by its own parser
            frozenset(self.ignore),
            self.raises,
            tuple(self.foreign),
        )


def parse_tags(tags: Sequence[str], cell: int) -> tuple[Tags, tuple[Diagnostic, ...]]:
    """The typed tags of the cell at position ``cell``, and what is wrong with them."""
    if not tags:
        return NO_TAGS, ()
    parser = _Parser(cell)
    for tag in tags:
        if isinstance(tag, str):
            parser.tag(tag)
    result = parser.result()
    return result, tuple(parser.found)
