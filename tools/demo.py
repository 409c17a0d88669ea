"""The demonstration: every sample notebook is checked, drawn, and run as parallel steps, by the commands a user types."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_notebooks"
OUTPUT = ROOT / "demo-output"
MESS = "exploration_mess.ipynb"


def main() -> int:
    """Show each command, run it, and show what it wrote; gives 1 where one that should succeed has failed."""
    OUTPUT.mkdir(exist_ok=True)
    started = time.perf_counter()
    failed = []
    notebooks = sorted(
        p for p in SAMPLES.iterdir() if p.suffix == ".ipynb" or (p.suffix == ".py" and "# %%" in p.read_text("utf-8"))
    )
    for notebook in notebooks:
        name = notebook.relative_to(ROOT)
        title(notebook.name)
        if notebook.name == MESS:
            say("This one does not run top to bottom; `check` says why.")
            if nb2pipe("check", str(name)) != 1:
                failed.append(notebook.name)
            continue
        written = OUTPUT / f"{notebook.stem}.ipynb"
        nb2pipe("graph", str(name))
        picture = OUTPUT / f"{notebook.stem}.svg"
        with picture.open("wb") as file:
            nb2pipe("graph", str(name), "--format", "svg", stdout=file)
        if nb2pipe("run", str(name), "-o", str(written.relative_to(ROOT))) != 0:
            failed.append(notebook.name)
            continue
        say(f"its own outputs, in {written.relative_to(ROOT)}:")
        show(written)
    title("compared with Jupyter")
    say(
        "Each notebook in a fresh kernel, and as a pipeline with a step for each cell, the last step that is ready first;"
    )
    say("what each cell shows is compared. excl.: cells that differ between two runs of the kernel itself.")
    if compared() != 0:
        failed.append("the comparison with Jupyter")
    title("done")
    say(f"{len(notebooks)} sample notebooks in {time.perf_counter() - started:.0f} s")
    say("look at demo-output/: the executed notebooks, and the pictures of the pipelines (.svg)")
    if failed:
        say(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


def compared() -> int:
    """The samples in a kernel and as pipelines, cell by cell; gives 1 where they differ."""
    work = OUTPUT / "compared"
    command = [
        sys.executable,
        "tools/real_notebooks.py",
        "sample_notebooks",
        "--splits",
        "cells:1",
        "--again",
        "--work",
        str(work),
    ]
    print(f"\n$ python {' '.join(command[1:-1])} {work.relative_to(ROOT)}", flush=True)
    shown = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    table = shown.stdout[shown.stdout.rfind("notebook  ") :]
    print(table, flush=True)
    return shown.returncode or int("'differs': 0" not in table or "'crash': 0" not in table)


def nb2pipe(*arguments: str, stdout: IO[bytes] | None = None) -> int:
    """Run one command as a user would, from the project's folder."""
    target = " > " + str(Path(stdout.name).relative_to(ROOT)) if stdout is not None else ""
    print(f"\n$ nb2pipe {' '.join(arguments)}{target}", flush=True)
    return subprocess.run(
        [sys.executable, "-m", "nb2pipe", *arguments], cwd=ROOT, stdout=stdout, check=False
    ).returncode


def show(path: Path, most: int = 12) -> None:
    """The last lines that the notebook printed, and how many figures it drew."""
    lines: list[str] = []
    figures = 0
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            if output["output_type"] == "stream" and output["name"] == "stdout":
                lines += "".join(output["text"]).splitlines()
            elif "data" in output:
                figures += "image/png" in output["data"]
                if "image/png" not in output["data"]:
                    lines += "".join(output["data"].get("text/plain", "")).splitlines()
    for line in lines[-most:]:
        print(f"    {line[:110]}")
    if figures:
        print(f"    and {figures} figure{'' if figures == 1 else 's'}")
    sys.stdout.flush()


def title(text: str) -> None:
    """A heading."""
    print(f"\n{'=' * 8} {text} {'=' * max(70 - len(text), 4)}", flush=True)


def say(text: str) -> None:
    """A remark between commands."""
    print(f"\n{text}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
