"""Text notebooks, by jupytext: py:percent, py:light, Markdown, R Markdown, Quarto, MyST, and plain scripts."""

from __future__ import annotations

import json
from pathlib import Path

import jupytext
import nbformat
import pytest

from nb2pipe.diagnostics import Refused, UsageError
from nb2pipe.notebook.ipython import parse_cells
from nb2pipe.notebook.model import Notebook
from nb2pipe.notebook.read import read, read_document

PERCENT = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: my-kernel
# ---

# %% [markdown]
# # Title
# text

# %% tags=["parameters"]
n = 3

# %% tags=["step:load", "cache:off"]
# %matplotlib inline
x = [n]

# %% [raw]
# as it is

# %%
print(x)
"""
LIGHT = """\
# # Title
# text

# + tags=["parameters"]
n = 3
# -

# + tags=["step:load", "cache:off"]
# %matplotlib inline
x = [n]
# -

# + active=""
# as it is
# -

print(x)
"""
MARKDOWN = """\
# Title
text

```python tags=["parameters"]
n = 3
```

```python tags=["step:load", "cache:off"]
%matplotlib inline
x = [n]
```

<!-- #raw -->
as it is
<!-- #endraw -->

```python
print(x)
```
"""
RMARKDOWN = """\
# Title
text

```{python tags=c("parameters")}
n = 3
```

```{python tags=["step:load", "cache:off"]}
# %matplotlib inline
x = [n]
```

<!-- #raw -->
as it is
<!-- #endraw -->

```{python}
print(x)
```
"""
MYST = """\
---
kernelspec:
  name: my-kernel
  display_name: Python 3
---

# Title
text

```{code-cell} ipython3
:tags: [parameters]

n = 3
```

```{code-cell} ipython3
---
tags: [step:load, cache:off]
---
%matplotlib inline
x = [n]
```

```{raw-cell}
as it is
```

```{code-cell}
print(x)
```
"""
QUARTO = """\
---
title: Report
jupyter: my-kernel
---

# Title
text

```{python}
#| tags: [parameters]
n = 3
```

```{python}
#| label: load
#| tags:
#|   - step:load
#|   - cache:off
%matplotlib inline
x = [n]
```

```{mermaid}
%%| fig-width: 6
flowchart LR
```

```{=html}
<b>x</b>
```

```{python}
#| echo: false
print(x)
```

```{python}
#| eval: false
1 / 0
```
"""


def write(folder: Path, name: str, text: str, newline: str = "\n") -> str:
    path = folder / name
    path.write_bytes(text.replace("\n", newline).encode())
    return str(path)


def code(notebook: Notebook) -> list[str]:
    return [c.source for c in notebook.cells if c.kind == "code"]


FORMATS = {
    "a.py": PERCENT,
    "b.py": LIGHT,
    "a.md": MARKDOWN,
    "a.markdown": MARKDOWN,
    "a.Rmd": RMARKDOWN,
    "b.md": MYST,
    "b.myst": MYST,
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", FORMATS)
def test_formats(tmp_path: Path, name: str, newline: str) -> None:
    path = write(tmp_path, name, FORMATS[name], newline)
    found = read(path)
    assert [(c.kind, c.source) for c in found.cells] == [
        ("markdown", "# Title\ntext"),
        ("code", "n = 3"),
        ("code", "%matplotlib inline\nx = [n]"),
        ("raw", "as it is"),
        ("code", "print(x)"),
    ]
    assert found.cells[1].tags.roles == {"parameters"}
    assert (found.cells[2].tags.step, found.cells[2].tags.requirements.cache) == ("load", False)
    assert (found.name, found.language, found.diagnostics) == (name[0], "python", ())
    document = read_document(path)
    nbformat.validate(document)
    assert [c.id for c in document.cells] == [c.id for c in found.cells]
    assert [c.source for c in document.cells] == [c.source for c in found.cells]


@pytest.mark.parametrize("name", ["a.py", "b.md", "b.myst"])
def test_the_kernel_of_the_header(tmp_path: Path, name: str) -> None:
    assert read(write(tmp_path, name, FORMATS[name])).kernel == "my-kernel"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_quarto_without_quarto(tmp_path: Path, newline: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = read(write(tmp_path, "a.qmd", QUARTO, newline))
    assert code(found) == [
        "#| tags: [parameters]\nn = 3",
        "#| label: load\n#| tags:\n#|   - step:load\n#|   - cache:off\n%matplotlib inline\nx = [n]",
        "#| echo: false\nprint(x)",
        "#| eval: false\n1 / 0",
    ]
    first, second, third, fourth = (c for c in found.cells if c.kind == "code")
    assert first.tags.roles == {"parameters"}
    assert (second.tags.step, second.tags.requirements.cache) == ("load", False)
    assert third.tags.roles == frozenset()
    assert fourth.tags.roles == {"skip"}
    assert found.kernel == "my-kernel"
    assert any("flowchart" in c.source and c.kind == "markdown" for c in found.cells)


@pytest.mark.parametrize(
    ("option", "tags"),
    [
        ("tags: a", ("a",)),
        ("tags: [a, 1]", ("a", "1")),
        ("tags: {", ()),
        ("tags: {b: 1}", ()),
        ("- tags", ()),
        ("tags:", ()),
        ("eval: true", ()),
    ],
)
def test_quarto_options(tmp_path: Path, option: str, tags: tuple[str, ...]) -> None:
    found = read(write(tmp_path, "a.qmd", f"```{{python}}\n#| {option}\nx = 1\n```\n"))
    assert found.cells[0].tags.foreign == tags
    assert found.cells[0].tags.roles == frozenset()


def test_quarto_with_a_kernelspec(tmp_path: Path) -> None:
    header = "---\njupyter:\n  kernelspec:\n    name: other\n    display_name: Other\n---\n\n```{python}\nx = 1\n```\n"
    assert read(write(tmp_path, "a.qmd", header)).kernel == "other"


def test_rmarkdown_that_is_not_evaluated(tmp_path: Path) -> None:
    found = read(write(tmp_path, "a.rmd", "```{python eval=FALSE}\n1 / 0\n```\n\n```{python, eval=TRUE}\nx = 1\n```\n"))
    assert [c.tags.roles for c in found.cells] == [{"skip"}, frozenset()]


def test_a_script_without_markers_is_a_light_notebook(tmp_path: Path) -> None:
    text = "import os\n\n\ndef f(x):\n    y = x\n\n    return y\n\n\n# a comment of its own\n\nprint(f(1))\n"
    found = read(write(tmp_path, "script.py", text))
    assert code(found) == ["import os", "def f(x):\n    y = x\n\n    return y", "print(f(1))"]
    assert [c.kind for c in found.cells] == ["code", "code", "markdown", "code"]


@pytest.mark.parametrize("marker", ["# %%", "#%%", "# %% a title", "# %% [code]"])
def test_percent_markers(tmp_path: Path, marker: str) -> None:
    assert code(read(write(tmp_path, "a.py", f"{marker}\nx = 1\n\ny = 2\n\n{marker}\nz = 3\n"))) == [
        "x = 1\n\ny = 2",
        "z = 3",
    ]


def test_hydrogen_leaves_magics_bare(tmp_path: Path) -> None:
    assert code(read(write(tmp_path, "a.py", "# %%\n%matplotlib inline\nx = 1\n"))) == ["%matplotlib inline\nx = 1"]


def test_a_byte_order_mark_and_the_first_marker(tmp_path: Path) -> None:
    assert code(read(write(tmp_path, "a.py", "\ufeff# %%\nx = 1\n"))) == ["x = 1"]


@pytest.mark.parametrize("name", ["a.py", "a.md", "a.Rmd", "a.qmd", "a.myst"])
def test_empty_text(tmp_path: Path, name: str) -> None:
    found = read(write(tmp_path, name, ""))
    assert [c for c in found.cells if c.source.strip()] == []


def test_other_code_in_markdown_is_a_cell_magic(tmp_path: Path) -> None:
    found = read(write(tmp_path, "a.md", "```python\nx = 1\n```\n\n```bash\nls\n```\n\n```\nplain\n```\n"))
    assert code(found) == ["x = 1", "%%bash\nls"]


@pytest.mark.parametrize(
    ("name", "text", "language"),
    [
        ("a.Rmd", "# T\n\n```{r}\nx <- 1\n```\n", "R"),
        ("a.qmd", "# T\n\n```{r}\nx <- 1\n```\n", "R"),
        ("a.qmd", "# T\n\n```{julia}\nx = 1\n```\n", "Julia"),
        ("a.md", "# T\n\n```julia\nx = 1\n```\n", "Julia"),
        (
            "a.py",
            "# ---\n# jupyter:\n#   kernelspec:\n#     language: R\n#     name: ir\n#     display_name: R\n# ---\n\n# %%\nx <- 1\n",
            "R",
        ),
        ("a.md", "---\nkernelspec:\n  name: ir\n  display_name: R\n---\n\n```{code-cell}\nx <- 1\n```\n", "R"),
    ],
)
def test_other_languages(tmp_path: Path, name: str, text: str, language: str) -> None:
    with pytest.raises(Refused, match=f"is a notebook in {language}; nb2pipe compiles Python") as caught:
        read(write(tmp_path, name, text))
    assert [d.code for d in caught.value.diagnostics] == ["NB701"]


@pytest.mark.parametrize("header", ["tags: [a", "kernelspec"])
def test_what_jupytext_cannot_read(tmp_path: Path, header: str) -> None:
    text = (
        "```{code-cell}\n---\ntags: [a\n---\nx = 1\n```\n"
        if header == "tags: [a"
        else "---\nkernelspec:\n  name: x\n---\n\n```{code-cell}\nx\n```\n"
    )
    path = write(tmp_path, "a.md", text)
    with pytest.raises(UsageError, match="cannot be read as a text notebook: ") as caught:
        read(path)
    assert str(caught.value).startswith(path)
    assert "\n" not in str(caught.value)


def test_ids_are_the_same_every_time_and_survive_edits_elsewhere(tmp_path: Path) -> None:
    before = [c.id for c in read(write(tmp_path, "a.py", PERCENT)).cells]
    assert before == [c.id for c in read(write(tmp_path, "a.py", PERCENT)).cells]
    after = [c.id for c in read(write(tmp_path, "a.py", PERCENT.replace("n = 3", "n = 4"))).cells]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True, True, True]


def test_a_notebook_written_by_jupytext_reads_as_the_notebook_itself(tmp_path: Path) -> None:
    tagged = nbformat.v4.new_code_cell("%time y = 2\n!echo {y}", metadata={"tags": ["step:a", "retries:3"]})
    document = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# T"), nbformat.v4.new_code_cell("x = 1"), tagged]
    )
    (tmp_path / "a.ipynb").write_text(json.dumps(document))
    own = read(str(tmp_path / "a.ipynb"))
    for fmt in ("py:percent", "py:light", "py:hydrogen", "md", "Rmd", "md:myst"):
        path = write(tmp_path, f"b.{fmt.split(':')[0]}", jupytext.writes(document, fmt=fmt))
        found = read(path)
        assert [(c.kind, c.source, c.tags) for c in found.cells] == [(c.kind, c.source, c.tags) for c in own.cells], fmt
        assert all(c.tree is not None for c in parse_cells(found.cells))
