"""Wrong inputs: one clear message, with cell and line where there is one, the right exit code, no traceback of nb2pipe."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.making import code, text, write

PLAIN = [text("# one"), "a = 1", text("# two"), "print(a)"]
PARAMETERS = [
    code("rate = 0.5  # the rate\ndays: int = 3\nname = 'x'\nflags = [1]\non = True", "parameters"),
    text("# show"),
    "print(rate, days, name, flags, on)",
]


@dataclass(frozen=True)
class Wrong:
    """A name, what makes the files (it gives the notebook), the arguments (NB stands for it), what is to be seen."""

    name: str
    make: Callable[[Path], object]
    arguments: tuple[str, ...]
    exit_code: int
    says: str


def notebook(*cells: object) -> Callable[[Path], Path]:
    return lambda folder: write(folder / "nb.ipynb", cells or PLAIN)  # type: ignore[arg-type]  # cells as they are made


def file(name: str, data: bytes | str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return make


def with_file(make: Callable[[Path], Path], name: str, data: str | bytes) -> Callable[[Path], Path]:
    def both(folder: Path) -> Path:
        file(name, data)(folder)
        return make(folder)

    return both


def other_language(name: str, display: str) -> Callable[[Path], Path]:
    spec = {"kernelspec": {"name": name, "display_name": display, "language": display}}
    return lambda folder: write(folder / "nb.ipynb", ["x <- 1"], **spec)


GRAPH = ("graph", "NB")
RUN = ("run", "NB", "-o", "out.ipynb")
GOOD = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [code("a = 1")]})

WRONG = [
    # files
    Wrong("a missing file", lambda f: f / "none.ipynb", GRAPH, 2, r"none\.ipynb"),
    Wrong("a missing file with a near name", lambda f: (notebook()(f), f / "nb.ipnb")[1], GRAPH, 2, r"nb\.ipnb.*nb\.ipynb"),
    Wrong("a folder", lambda f: f, GRAPH, 2, "folder|directory"),
    Wrong("a broken link", lambda f: ((f / "nb.ipynb").symlink_to(f / "gone"), f / "nb.ipynb")[1], GRAPH, 2, r"nb\.ipynb"),
    Wrong("an empty file", file("nb.ipynb", ""), GRAPH, 2, "empty"),
    Wrong("broken JSON", file("nb.ipynb", '{"cells": [,]}'), GRAPH, 2, "line 1, column 12"),
    Wrong("a cut-off file", file("nb.ipynb", GOOD[:60]), GRAPH, 2, "line 1"),
    Wrong("a merge conflict", file("nb.ipynb", "{\n<<<<<<< HEAD\n" + GOOD[1:]), GRAPH, 2, "conflict"),
    Wrong("JSON without cells", file("nb.ipynb", '{"a": 1}'), GRAPH, 2, "cells"),
    Wrong("JSON that is a list", file("nb.ipynb", "[1]"), GRAPH, 2, "cells"),
    Wrong("a picture", file("nb.ipynb", b"\x89PNG\r\n\x1a\n\x00\xff\xfe"), GRAPH, 2, "not a notebook"),
    Wrong("text that is not UTF-8", file("nb.ipynb", GOOD.replace("a = 1", "é").encode("latin-1") + b"\xe9"), GRAPH, 2, "UTF-8|JSON"),
    Wrong("a newer format", file("nb.ipynb", '{"nbformat": 9, "nbformat_minor": 0, "metadata": {}, "cells": []}'), GRAPH, 2, "format 9"),
    Wrong("a notebook in R", other_language("ir", "R"), GRAPH, 3, r"NB\d{3}.*R"),
    Wrong("a notebook in Julia", other_language("julia-1.9", "julia"), GRAPH, 3, r"NB\d{3}.*[Jj]ulia"),
    Wrong("a notebook in Scala", other_language("spylon-kernel", "scala"), GRAPH, 3, r"NB701.*Scala"),
    Wrong("a script in R", file("nb.R", "x <- 1"), GRAPH, 3, r"NB701.*R"),
    Wrong("an R Markdown document in R", file("nb.Rmd", "---\ntitle: a\n---\n```{r}\nx <- 1\n```\n"), GRAPH, 3, r"NB701.*R"),
    Wrong("a circle of links", lambda f: ((f / "a.ipynb").symlink_to(f / "b.ipynb"), (f / "b.ipynb").symlink_to(f / "a.ipynb"),
                                          f / "a.ipynb")[2], GRAPH, 2, "symbolic links"),
    Wrong("a named pipe", lambda f: (os.mkfifo(f / "nb.ipynb"), f / "nb.ipynb")[1], GRAPH, 2, "pipe or a device"),
    Wrong("a device", lambda f: Path("/dev/null"), GRAPH, 2, "pipe or a device"),
    Wrong("no name", notebook(), ("graph", ""), 2, "path is empty"),
    Wrong("a missing folder", lambda f: f / "none" / "nb.ipynb", GRAPH, 2, "no folder"),
    Wrong("JSON that is too deep", file("nb.ipynb", "[" * 100_000), GRAPH, 2, "nested too deeply"),
    Wrong("a number with too many digits", file("nb.ipynb", '{"cells": [], "n": ' + "9" * 5000 + "}"), GRAPH, 2, "digits"),
    Wrong("two documents", file("nb.ipynb", GOOD + GOOD), GRAPH, 2, "line 1, column"),
    Wrong("cells that are no list", file("nb.ipynb", '{"nbformat": 4, "cells": {}}'), GRAPH, 2, "no list"),
    Wrong("a format in words", file("nb.ipynb", '{"nbformat": "four", "cells": []}'), GRAPH, 2, "four.*no number"),
    Wrong("a web page", file("nb.ipynb", "<!DOCTYPE html><html></html>"), GRAPH, 2, "web page"),
    Wrong("a pointer of Git LFS", file("nb.ipynb", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), GRAPH, 2, "git lfs pull"),
    Wrong("a text notebook with broken front matter", file("nb.md", "---\njupyter: [\n---\n```python\nx = 1\n```\n"), GRAPH, 2, "text notebook"),
    Wrong("a merge conflict in a text notebook", file("nb.py", "# %%\n<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> b\n"), GRAPH, 2, "conflict"),
    Wrong("one of several that is missing", notebook(), ("check", "NB", "none.ipynb"), 2, "none.ipynb"),
    Wrong("an unknown kind of file", file("nb.xyz", "a"), GRAPH, 2, r"nb\.xyz"),
    # the command line
    Wrong("no command", notebook(), (), 2, "COMMAND"),
    Wrong("an unknown command", notebook(), ("grap", "NB"), 2, "grap"),
    Wrong("a misspelt command", notebook(), ("chekc", "NB"), 2, "a similar subcommand exists: `check`"),
    Wrong("a misspelt option", notebook(), ("graph", "NB", "--formt", "svg"), 2, "a similar option exists: `--format`"),
    Wrong("two notebooks for one", notebook(), ("graph", "NB", "other.ipynb"), 2, "unexpected argument `other.ipynb`"),
    Wrong("an option without its value", notebook(), ("run", "NB", "-o"), 2, "-o takes"),
    Wrong("words in another format", notebook(), ("graph", "NB", "--why", "one", "two", "--format", "svg"), 2, "--why"),
    Wrong("an unknown option", notebook(), ("graph", "NB", "--colour"), 2, "--colour"),
    Wrong("an unknown split", notebook(), ("graph", "NB", "--split", "headers"), 2, "headers.*headings"),
    Wrong("a split by no cells", notebook(), ("graph", "NB", "--split", "cells:0"), 2, "cells:0"),
    Wrong("an unknown format", notebook(), ("graph", "NB", "--format", "png"), 2, "png"),
    Wrong("no jobs", notebook(), ("run", "NB", "--jobs", "0"), 2, "whole number"),
    Wrong("jobs in words", notebook(), ("run", "NB", "--jobs", "many"), 2, "whole number"),
    Wrong("fewer retries than none", notebook(), ("run", "NB", "--retries", "-1"), 2, "whole number from 0"),
    Wrong("a time limit in words", notebook(), ("run", "NB", "--timeout", "soon"), 2, "--timeout.*10m.*soon"),
    Wrong("no time at all", notebook(), ("run", "NB", "--timeout", "0"), 2, "--timeout"),
    Wrong("no CPUs", notebook(), ("run", "NB", "--cpus", "0"), 2, "number above zero"),
    Wrong("half a GPU", notebook(), ("run", "NB", "--gpus", "0.5"), 2, "whole number from 0"),
    Wrong("a GPU that is not there", notebook(code("a = 1", "step:a", "gpus:1")), (*RUN, "--gpus", "0"), 2, "step `a` asks for 1 GPU.*no GPU.*--gpus 1"),
    Wrong("an unknown order", notebook(), ("run", "NB", "--order", "random"), 2, "random"),
    Wrong("an unknown engine", notebook(), ("run", "NB", "--engine", "spark"), 2, "spark"),
    Wrong("an unknown guard", notebook(), ("run", "NB", "--guards", "some"), 2, "some"),
    Wrong("a run to resume where there is none", notebook(), ("run", "NB", "--resume", "last"), 2, "no runs are recorded"),
    Wrong("a plan to resume where there is none", notebook(), ("plan", "NB", "--resume", "2026"), 2, "no runs are recorded"),
    Wrong("an unknown step to begin with", notebook(), ("run", "NB", "--from", "tow"), 2, "no step `tow`: did you mean `two`"),
    Wrong("an unknown step to end with", notebook(), ("run", "NB", "--until", "twoo"), 2, "no step `twoo`: did you mean `two`"),
    Wrong("an unknown step of a plan", notebook(), ("plan", "NB", "--only", "three"), 2, "no step `three`: the steps are one, two"),
    Wrong("only a step whose past is not cached", notebook(), ("run", "NB", "--only", "two"), 2, "--only two: step `one` is not cached.*--until two"),
    Wrong("a choice that excludes itself", notebook(), ("run", "NB", "--only", "two", "--from", "one"), 2, "--only.*no --from"),
    Wrong("the cache and no cache", notebook(), ("run", "NB", "--from", "two", "--no-cache"), 2, "--from.*--no-cache"),
    Wrong("the cache and no guards", notebook(), ("run", "NB", "--only", "two", "--guards", "off"), 2, "--only.*--guards off"),
    Wrong("an unknown code", notebook(), ("check", "NB", "--select", "NB999X"), 2, "NB999X"),
    Wrong("an unknown code to explain", notebook(), ("explain", "NB1O3"), 2, "NB1O3"),
    Wrong("an unknown step", notebook(), ("graph", "NB", "--why", "on", "two"), 2, "`on`.*`one`"),
    # parameters
    Wrong("a parameter of a notebook without any", notebook(), (*RUN, "-p", "rate", "1"), 2, "rate.*no parameters"),
    Wrong("an unknown parameter", notebook(*PARAMETERS), (*RUN, "-p", "zzz", "1"), 2, "zzz.*`rate`"),
    Wrong("a misspelt parameter", notebook(*PARAMETERS), (*RUN, "-p", "rat", "1"), 2, "did you mean `rate`"),
    Wrong("half a parameter", notebook(*PARAMETERS), (*RUN, "-p", "rate"), 2, "-p"),
    Wrong("a word for a number", notebook(*PARAMETERS), (*RUN, "-p", "rate", "high"), 2, "rate.*float.*high"),
    Wrong("a fraction for a whole number", notebook(*PARAMETERS), (*RUN, "-p", "days", "1.5"), 2, "days.*int"),
    Wrong("a truth value for a number", notebook(*PARAMETERS), (*RUN, "-p", "days", "true"), 2, "days.*int"),
    Wrong("a number for a list", notebook(*PARAMETERS), (*RUN, "-p", "flags", "3"), 2, "flags.*list"),
    Wrong("a number for a truth value", notebook(*PARAMETERS), (*RUN, "-p", "on", "1"), 2, "`on`.*bool"),
    Wrong("a missing file of parameters", notebook(*PARAMETERS), (*RUN, "-f", "none.yaml"), 2, "none.yaml"),
    Wrong("broken YAML", with_file(notebook(*PARAMETERS), "p.yaml", "a: [1"), (*RUN, "-f", "p.yaml"), 2, "p.yaml.*parsed"),
    Wrong("broken TOML", with_file(notebook(*PARAMETERS), "p.toml", "a = "), (*RUN, "-f", "p.toml"), 2, "p.toml.*parsed"),
    Wrong("parameters that are a list", with_file(notebook(*PARAMETERS), "p.json", "[1]"), (*RUN, "-f", "p.json"), 2, "p.json.*mapping"),
    Wrong("parameters in an unknown form", with_file(notebook(*PARAMETERS), "p.ini", "a=1"), (*RUN, "-f", "p.ini"), 2, "p.ini.*yaml"),
    Wrong("parameters that are no text", with_file(notebook(*PARAMETERS), "p.json", b"\xff\xfe"), (*RUN, "-f", "p.json"), 2, "UTF-8"),
    Wrong("a parameter without a value", notebook(*PARAMETERS), (*RUN, "-p", "rate"), 2, "-p takes NAME VALUE"),
    Wrong("a wrong value in one word with its parameter", notebook(*PARAMETERS), (*RUN, "-p", "rate=x"), 2, "`rate`: expected float"),
    Wrong("a name in one word that is no name", notebook(*PARAMETERS), (*RUN, "-p", "a.b=1"), 2, "-p takes NAME VALUE"),
    Wrong("nothing for a number", notebook(*PARAMETERS), (*RUN, "-p", "rate", ""), 2, "rate.*float"),
    Wrong("half a list", notebook(*PARAMETERS), (*RUN, "-p", "flags", "[1"), 2, "flags.*list"),
    Wrong("an unknown parameter in a file", with_file(notebook(*PARAMETERS), "p.yaml", "rat: 1"), (*RUN, "-f", "p.yaml"), 2, "did you mean `rate`"),
    Wrong("a wrong type in a file", with_file(notebook(*PARAMETERS), "p.toml", "days = 1.5"), (*RUN, "-f", "p.toml"), 2, "days.*int"),
    Wrong("broken JSON for parameters", with_file(notebook(*PARAMETERS), "p.json", "{,}"), (*RUN, "-f", "p.json"), 2, "p.json.*line 1 column 2"),
    Wrong("no parameters in the file", with_file(notebook(*PARAMETERS), "p.yaml", ""), (*RUN, "-f", "p.yaml"), 2, "holds nothing"),
    Wrong("parameters with numbers for names", with_file(notebook(*PARAMETERS), "p.yaml", "1: 2"), (*RUN, "-f", "p.yaml"), 2, "`1` is no name"),
    Wrong("YAML that makes objects", with_file(notebook(*PARAMETERS), "p.yaml", "rate: !!python/name:os.system"), (*RUN, "-f", "p.yaml"), 2, "p.yaml.*line 1"),
    Wrong("a folder of parameters", lambda f: ((f / "p.yaml").mkdir(), notebook(*PARAMETERS)(f))[1], (*RUN, "-f", "p.yaml"), 2, "p.yaml.*directory"),
    Wrong("a pipe of parameters", lambda f: (os.mkfifo(f / "p.yaml"), notebook(*PARAMETERS)(f))[1], (*RUN, "-f", "p.yaml"), 2, "p.yaml.*pipe"),
    # the executed notebook
    Wrong("an output that is no notebook", notebook(), ("run", "NB", "-o", "out.txt"), 2, "out.txt.*ipynb"),
    Wrong("an output over the notebook", notebook(), ("run", "NB", "-o", "nb.ipynb"), 2, "overwrite"),
    Wrong("an output that is a folder", with_file(notebook(), "x", "") , ("run", "NB", "-o", "x/out.ipynb"), 2, "x"),
    Wrong("an output over a link to the notebook", lambda f: ((f / "l.ipynb").symlink_to("nb.ipynb"), notebook()(f))[1],
          ("run", "NB", "-o", "l.ipynb"), 2, "overwrite"),
    Wrong("an output that is there as a folder", lambda f: ((f / "out.ipynb").mkdir(), notebook()(f))[1], RUN, 2, "is a folder"),
    Wrong("an output with too long a name", notebook(), ("run", "NB", "-o", "a" * 300 + ".ipynb"), 2, "too long"),
    Wrong("an output in a folder of the system's own", notebook(), ("run", "NB", "-o", "/proc/1/out.ipynb"), 2, "/proc/1"),
    # tags
    Wrong("two steps in one cell", notebook(code("a = 1", "step:a", "step:b")), RUN, 3, r"NB302.*cell 1"),
    Wrong("skip with a step", notebook(code("a = 1", "skip", "step:b")), RUN, 3, r"NB302.*cell 1"),
    Wrong("a size without a unit that is known", notebook(code("a = 1", "step:a", "memory:4Gx")), RUN, 3, r"NB303.*4Gx"),
    Wrong("fewer than no retries", notebook(code("a = 1", "step:a", "retries:-1")), RUN, 3, r"NB303.*retries"),
    Wrong("after a step that is not there", notebook(code("a = 1", "step:a"), code("b = 1", "step:b", "after:c")), RUN, 3, r"NB\d{3}.*`c`"),
    Wrong("after itself in a circle", notebook(code("a = 1", "step:a", "after:b"), code("b = a", "step:b")), RUN, 3, r"NB\d{3}.*circle|NB\d{3}.*after"),
    Wrong("a step without a name", notebook(code("a = 1", "step:")), RUN, 3, r"NB303.*cell 1"),
    Wrong("a name without letters", notebook(code("a = 1", "step:!!")), RUN, 3, r"NB303.*`!!`"),
    Wrong("a time in words", notebook(code("a = 1", "step:a", "timeout:soon")), RUN, 3, r"NB303.*soon.*timeout:10m"),
    Wrong("two sizes", notebook(code("a = 1", "step:a", "memory:1Gi", "memory:2Gi")), RUN, 3, r"NB302.*memory:1Gi.*memory:2Gi"),
    Wrong("shared and in a step", notebook(code("import os", "imports", "step:a")), RUN, 3, r"NB302.*imports"),
    # the user's code
    Wrong("a cell that fails", notebook("a = 1", "\n1 / 0"), RUN, 1, r"cell 2: ZeroDivisionError(?s:.*)1 / 0"),
    Wrong("a cell that does not parse", notebook("a = 1", "b = = 2"), RUN, 1, r"cell 2: SyntaxError"),
    Wrong("a name that nobody defines", notebook("print(nobody)"), RUN, 1, r"cell 1: NameError.*nobody"),
    Wrong("a step that kills itself", notebook("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"), RUN, 1, "SIGKILL.*memory"),
    Wrong("a step that crashes", notebook("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"), RUN, 1, "SIGSEGV"),
    Wrong("a step that ends its process", notebook("import os\nos._exit(3)"), RUN, 1, "exit code 3"),
    Wrong("a step that aborts", notebook("import os\nos.abort()"), RUN, 1, "SIGABRT"),
    Wrong("an endless recursion", notebook("def f():\n    return f()", "f()"), RUN, 1, "cell 2: RecursionError"),
    Wrong("too much memory", notebook("a = 1", "b = bytearray(1 << 60)"), RUN, 1, "cell 2: MemoryError"),
    Wrong("an interrupt from within", notebook("raise KeyboardInterrupt"), RUN, 1, "cell 1: KeyboardInterrupt"),
    Wrong("a debugger", notebook("breakpoint()"), RUN, 1, "StdinNotImplementedError"),
    Wrong("a password from the keyboard", notebook("import getpass\ngetpass.getpass()"), RUN, 1, "StdinNotImplementedError"),
    Wrong("a file that is not there", notebook("open('none.csv')"), RUN, 1, r"FileNotFoundError(?s:.*)NB504"),
    Wrong("a cell with a null byte", notebook("a = 1\0"), RUN, 1, "cell 1: (SyntaxError|ValueError)"),
    Wrong("a name that is defined below", notebook("print(a)", "a = 1"), RUN, 1, r"NameError(?s:.*)NB103(?s:.*)move cell 2 above cell 1"),
    Wrong("sys.exit", notebook("import sys\nsys.exit(4)"), RUN, 1, "SystemExit"),
    Wrong("a step that takes too long", notebook(code("import time\ntime.sleep(60)", "step:a", "timeout:0.5")), RUN, 1, "step a failed in cell 1: it was ended after 0.5 s"),
    Wrong("more memory than its tag says", notebook(code("b = bytearray(10**9)", "step:a", "memory:100MB")), RUN, 1, "step a failed in cell 1: MemoryError; its memory is limited to 100 MB"),
    Wrong("input", notebook("input('name? ')"), RUN, 1, "StdinNotImplementedError"),
    Wrong("an import that is not installed", notebook("import not_a_module_of_anyone"), RUN, 1, "ModuleNotFoundError"),
]  # fmt: skip


def nb2pipe(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "NB2PIPE_STORE": str(folder / "store")}
    environment.pop("NB2PIPE_DEBUG", None)
    command = [sys.executable, "-m", "nb2pipe", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("wrong", WRONG, ids=lambda w: w.name)
def test_is_told_clearly(wrong: Wrong, tmp_path: Path) -> None:
    path = wrong.make(tmp_path)
    before = path.read_bytes() if isinstance(path, Path) and path.is_file() else None
    done = nb2pipe(tmp_path, *(str(path) if a == "NB" else a for a in wrong.arguments))
    assert done.returncode == wrong.exit_code, done.stderr
    assert re.search(wrong.says, done.stderr, re.DOTALL), done.stderr
    assert not re.search(r"nb2pipe \S+ has a fault", done.stderr)
    assert not re.search(r'File ".*nb2pipe', done.stderr)
    assert done.stdout == ""
    if before is not None:
        assert path.read_bytes() == before  # type: ignore[attr-defined]  # a Path, as above


def test_there_are_enough() -> None:
    assert len(WRONG) >= 100
    assert len({w.name for w in WRONG}) == len(WRONG)


def test_a_failed_run_writes_what_there_was(tmp_path: Path) -> None:
    path = write(tmp_path / "nb.ipynb", [text("# a"), "print('first')\na = 1", text("# b"), "print('second')\n1 / 0", "print(3)",
                                         text("# c"), "print('third')"])  # fmt: skip
    done = nb2pipe(tmp_path, "run", str(path), "-o", "out.ipynb")
    assert done.returncode == 1
    cells = [c for c in json.loads((tmp_path / "out.ipynb").read_text())["cells"] if c["cell_type"] == "code"]
    kinds = [[o["output_type"] for o in c["outputs"]] for c in cells]
    assert kinds == [["stream"], ["stream", "error"], [], ["stream"]]
    assert [c["execution_count"] for c in cells] == [1, 2, None, 4]


def test_a_full_disk_ends_the_step_with_a_message(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: writing fails in the same way, with another number."""
    write(tmp_path / "nb.ipynb", ["import numpy as np\na = np.ones(2_000_000)", "print(a.sum())", "print('alone')"])
    root = str(Path(__file__).parents[2])

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    done = subprocess.run(
        [sys.executable, "-m", "nb2pipe", "run", "nb.ipynb", "-o", "out.ipynb", "--split", "cells:1"], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True, timeout=120, preexec_fn=limit, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert re.search("values cannot be written.*File too large", done.stderr)
    assert "Traceback" not in done.stderr
    assert "alone" in (tmp_path / "out.ipynb").read_text()


def test_an_output_on_a_full_disk_is_told(tmp_path: Path) -> None:
    write(tmp_path / "nb.ipynb", ["print('x' * 3_000_000)"])
    root = str(Path(__file__).parents[2])

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    done = subprocess.run(
        [sys.executable, "-m", "nb2pipe", "run", "nb.ipynb", "-o", "out.ipynb"], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True, timeout=120, preexec_fn=limit, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert re.search("out.ipynb cannot be written: File too large", done.stderr)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["nb.ipynb"]


def test_interrupted_by_the_keyboard(tmp_path: Path) -> None:
    write(tmp_path / "nb.ipynb", ["print('quick')", "import time\nprint('slow', flush=True)\ntime.sleep(60)"])
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-m", "nb2pipe", "run", "nb.ipynb", "-o", "out.ipynb", "--split", "cells:1"], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("ok"):
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "interrupted" in errors
    assert "Traceback" not in errors
    written = (tmp_path / "out.ipynb").read_text()
    assert "quick" in written
    assert not subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True, check=False).stdout
