"""A notebook's Markdown as the words of its code: titles, docstrings, comments."""

from __future__ import annotations

import re
import textwrap

from nb2pipe.notebook.model import Notebook

_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")


def title_of(notebook: Notebook) -> str:
    """The first heading of the notebook, else its name."""
    for cell in notebook.cells:
        if cell.kind == "markdown":
            for line in cell.source.splitlines():
                match = _HEADING.match(line)
                if match:
                    return plain_text(match[2])
    return notebook.name.replace("_", " ")


def prose_before(notebook: Notebook, index: int) -> str:
    """The Markdown that stands right before a cell (at 0: at the notebook's beginning), without its headings."""
    pieces: list[str] = []
    if index == 0:
        for cell in notebook.cells:
            if cell.kind != "markdown":
                break
            pieces.append(cell.source)
    else:
        for cell in reversed(notebook.cells[:index]):
            if cell.kind == "code":
                break
            if cell.kind == "markdown":
                pieces.insert(0, cell.source)
    kept = [line for piece in pieces for line in [*piece.splitlines(), ""] if not _HEADING.match(line)]
    return plain_text("\n".join(kept)).strip()


def plain_text(markdown: str) -> str:
    """Markdown without what only a renderer needs: images, links' addresses, HTML tags, emphasis."""
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", markdown)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"</?[A-Za-z][^>]*>", "", text)
    text = re.sub(r"(\*\*|__)(\S(?:.*?\S)?)\1", r"\2", text)
    return re.sub(r"\n{3,}", "\n\n", text)


def docstring(first: str, more: str = "", indent: str = "    ") -> str:
    """A docstring, quoted and indented: a first line that ends as a sentence, and what is said further."""
    sentence = first.strip().replace("\n", " ")
    if sentence and sentence[-1] not in ".!?":
        sentence += "."
    paragraphs = [p for p in re.split(r"\n\s*\n", more) if p.strip()]
    wrapped = [
        p if re.match(r"\s*([-*+]|\d+[.)]|\||```|    )", p) else textwrap.fill(" ".join(p.split()), 88 - len(indent))
        for p in paragraphs
    ]
    body = "\n\n".join([sentence, *wrapped]) if wrapped else sentence
    body = body.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    lines = [f'"""{body}'.split("\n")[0], *body.split("\n")[1:]]
    text = "\n".join(f"{indent}{line}".rstrip() for line in lines)
    if "\n" in body:
        return f'{text}\n{indent}"""'
    return f'{text}"""' if not body.endswith('"') else f'{text} """'


def comment(text: str) -> str:
    """A comment of one or more lines."""
    lines = [w for p in text.splitlines() for w in (textwrap.wrap(p, 84) or [""])]
    return "\n".join(f"# {line}".rstrip() for line in lines)
