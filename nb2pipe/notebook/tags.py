"""Cell tags, typed: nb2pipe's own, papermill's, nbclient's and Kale's spellings of them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from nb2pipe.diagnostics import Diagnostic, Severity, Span
from nb2pipe.notebook.model import Requirements, Role, Tags

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
PREFIXES = (
    "step",
    "block",
    "after",
    "prev",
    "cache",
    "retries",
    "timeout",
    "cpus",
    "memory",
    "gpus",
    "image",
    "secret",
    "limit",
    "nb2pipe",
)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def normalise_step(name: str) -> str:
    """A step's name as an identifier: lower case, every other character an underscore.

    It is the name of a Python function and of a file as well.
    """
    text = re.sub(r"\W+", "_", name.strip().lower()).strip("_")
    return f"step_{text}" if text[:1].isdigit() else text


def parse_size(text: str) -> int | None:
    """``4Gi`` or ``500M`` in bytes; None where it is no size."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?", text.strip().lower())
    return int(float(match[1]) * _UNITS[match[2]]) if match and match[2] in _UNITS else None


def parse_duration(text: str) -> float | None:
    """``10m``, ``1h30m`` or plain seconds, in seconds; None where it is no duration."""
    text = text.strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(r"(\d+(\.\d+)?[smhd])+", text):
        return None
    return sum(float(n) * _SECONDS[u] for n, u in re.findall(r"(\d+(?:\.\d+)?)([smhd])", text))


class _Parser:
    """The tags of one cell, gathered one by one."""

    def __init__(self, cell: int) -> None:
        self.span = Span(cell)
        self.found: list[Diagnostic] = []
        self.step: str | None = None
        self.step_tag = ""
        self.after: list[str] = []
        self.roles: dict[Role, str] = {}
        self.values: dict[str, object] = {}
        self.secrets: list[str] = []
        self.ignore: set[str] = set()
        self.raises = False
        self.foreign: list[str] = []

    def error(self, code: str, message: str, hint: str = "", severity: Severity = Severity.ERROR) -> None:
        self.found.append(Diagnostic(self.span, code, severity, message, hint))

    def tag(self, tag: str) -> None:
        """Take in one tag."""
        text = tag.strip()
        if text in ROLES:
            self.roles[ROLES[text]] = text
        elif text == "raises-exception":
            self.raises = True
        elif ":" in text and text.partition(":")[0].strip().lower() in PREFIXES:
            prefix, _, value = text.partition(":")
            self.prefixed(prefix.strip().lower(), value.strip(), text)
        else:
            self.other(text)

    def prefixed(self, prefix: str, value: str, tag: str) -> None:
        """A tag of the form ``prefix:value``."""
        if prefix in ("step", "block"):
            name = normalise_step(value)
            if not name:
                self.error("NB303", f"tag `{tag}` names no step", "write step:NAME")
            elif self.step is not None and self.step != name:
                self.error("NB302", f"the cell is in two steps: `{self.step_tag}` and `{tag}`", "keep one of the tags")
            else:
                self.step, self.step_tag = name, tag
        elif prefix in ("after", "prev"):
            if normalise_step(value):
                self.after.append(normalise_step(value))
        elif prefix == "nb2pipe":
            if value.startswith("ignore="):
                self.ignore |= {c.strip().upper() for c in value[7:].split(",")}
        elif prefix == "secret":
            self.secrets.append(value)
        elif prefix == "limit":
            kind, _, amount = value.partition(":")
            target = {"cpu": "cpus", "memory": "memory", "nvidia.com/gpu": "gpus", "amd.com/gpu": "gpus"}.get(
                kind.strip()
            )
            if target is None:
                self.foreign.append(tag)
            else:
                self.quantity(target, amount, tag)
        else:
            self.quantity(prefix, value, tag)

    def quantity(self, prefix: str, value: str, tag: str) -> None:
        """A tag that carries an amount; one that cannot be read is an error."""
        parsed: object = None
        if prefix == "cache":
            known = {
                "off": False,
                "disabled": False,
                "false": False,
                "no": False,
                "on": True,
                "enabled": True,
                "true": True,
            }
            parsed = known.get(value.lower())
        elif prefix == "image":
            parsed = value or None
        elif prefix == "memory":
            parsed = parse_size(value)
        elif prefix == "timeout":
            parsed = parse_duration(value)
        elif prefix == "cpus":
            match = re.fullmatch(r"(\d+(?:\.\d+)?)(m?)", value)
            parsed = None if match is None else float(match[1]) / (1000 if match[2] else 1)
        elif value.isdigit():
            parsed = int(value)
        if parsed is None:
            examples = {"cache": "cache:off", "memory": "memory:4Gi", "timeout": "timeout:10m", "cpus": "cpus:2",
                        "gpus": "gpus:1", "retries": "retries:3", "image": "image:python:3.12"}  # fmt: skip
            self.error("NB303", f"tag `{tag}`: `{value}` cannot be read", f"write for example {examples[prefix]}")
        else:
            self.values[prefix] = parsed

    def other(self, tag: str) -> None:
        """A tag that is not ours, unless it is nearly one."""
        self.foreign.append(tag)
        right = None
        if ":" in tag:
            prefix, _, value = tag.partition(":")
            near = difflib.get_close_matches(prefix.strip().lower(), PREFIXES, 1, 0.74)
            if near and value and len(prefix) > 2:
                right = f"{near[0]}:{value}"
        elif len(tag) >= 7:
            near = difflib.get_close_matches(tag.lower(), [r for r in ROLES if len(r) >= 7], 1, 0.85)
            right = near[0] if near else None
        if right is not None:
            self.error(
                "NB301",
                f"tag `{tag}` is not known; did you mean `{right}`?",
                f"rename the tag to `{right}`",
                Severity.WARNING,
            )

    def result(self) -> Tags:
        """The tags together, contradictions reported."""
        shared = [t for r, t in self.roles.items() if r != "metrics"]
        if self.step is not None and shared:
            self.error(
                "NB302", f"tags `{shared[0]}` and `{self.step_tag}` contradict each other", "keep one of the tags"
            )
        elif len(shared) > 1:
            self.error("NB302", f"tags `{shared[0]}` and `{shared[1]}` contradict each other", "keep one of the tags")
        requirements = Requirements(**self.values, secrets=tuple(self.secrets))  # type: ignore[arg-type]  # each was read by its own parser
        return Tags(
            self.step,
            tuple(self.after),
            frozenset(self.roles),
            requirements,
            frozenset(self.ignore),
            self.raises,
            tuple(self.foreign),
        )


def parse_tags(tags: Sequence[str], cell: int) -> tuple[Tags, tuple[Diagnostic, ...]]:
    """The typed tags of the cell at position ``cell``, and what is wrong with them."""
    parser = _Parser(cell)
    for tag in tags:
        if isinstance(tag, str):
            parser.tag(tag)
    result = parser.result()
    return result, tuple(parser.found)
