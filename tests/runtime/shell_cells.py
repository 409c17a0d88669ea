"""Small cells, in groups that share one kernel, whose outputs must be those of a real Jupyter kernel.

A kernel reads the file descriptors in a thread: cells that write to them wait a little, for its sake.
"""

from __future__ import annotations

import textwrap


def _cells(text: str) -> tuple[str, ...]:
    return tuple(textwrap.dedent(cell).strip("\n") for cell in textwrap.dedent(text).split("\n# %%\n"))


PLAIN = _cells(
    r"""
    import os, subprocess, sys, time, warnings
    warnings.simplefilter("default")
    print("a"); print("b", file=sys.stderr); print("c")
    # %%
    1 / 0
    # %%
    def invert(x):
        return 1 / x
    try:
        invert(0)
    except ZeroDivisionError as error:
        raise ValueError("no inverse") from error
    # %%
    x = (1,
    # %%
    if True:
    print("indent")
    # %%
    sys.exit(3)
    # %%
    raise SystemExit
    # %%
    raise KeyboardInterrupt
    # %%
    undefined_name
    # %%
    !echo hi; echo err >&2; ls /nonexistent
    # %%
    def echo(word):
        !echo {word} $word
    echo("local")
    # %%
    lines = !printf 'one\ntwo\n'
    lines, _exit_code
    # %%
    print("first"); os.system("echo system"); time.sleep(0.05); print("last")
    # %%
    os.write(1, b"raw\n"); time.sleep(0.05); os.write(2, b"raw err\n"); time.sleep(0.05)
    # %%
    process = subprocess.run(["echo", "child"]); time.sleep(0.05); process
    # %%
    import ctypes
    libc = ctypes.CDLL(None)
    libc.puts(b"from C"); libc.fflush(None); time.sleep(0.05)
    # %%
    print("abc\rdef\b", end="")
    # %%
    warnings.warn("careful")
    # %%
    import logging
    logging.warning("logged %d", 1)
    # %%
    _, __, sorted(Out), len(In), In[2], _i, _ii, _i2
    # %%
    5;
    # %%
    None
    # %%
    "text"
    # %%
    _
    # %%
    # only a comment
    # %%
    get_ipython().ast_node_interactivity = "all"
    1
    # %%
    2
    3
    # %%
    get_ipython().ast_node_interactivity = "last_expr"
    4
    # %%
    %%capture captured
    print("hidden"); print("err", file=sys.stderr); 7
    # %%
    captured.stdout, captured.stderr, captured.outputs
    # %%
    %%bash
    echo from bash
    echo to stderr >&2
    # %%
    %%bash
    exit 3
    # %%
    %alias_magic t timeit
    # %%
    %unknown_magic 1
    # %%
    %%writefile written.txt
    some text
    # %%
    %env NB2PIPE_TEST=1
    # %%
    %cd /
    # %%
    print?
    # %%
    %pinfo2 invert
    # %%
    sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.errors, hasattr(sys.stdout, "buffer"), sys.stdout.name
    # %%
    sys.stdout.write(1)
    # %%
    sorted(n for n in globals() if not n.startswith("_i") and not n.startswith("_") or n.startswith("__")), __doc__, __name__
    # %%
    {k: os.environ.get(k) for k in ("TERM", "CLICOLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "PAGER", "GIT_PAGER", "MPLBACKEND")}
    # %%
    import argparse
    argparse.ArgumentParser().parse_args()
    # %%
    type(get_ipython()).__name__, type(get_ipython()).__module__, "IPKernelApp" in get_ipython().config, type(sys.stdout).__module__
    # %%
    %xmode
    # %%
    invert(0)
    # %%
    multi = 0
    for multi in range(3):
        print(multi, end=" ", flush=True)
    multi
    # %%
    def generator():
        yield 1
        raise StopIteration
    list(generator())
    # %%
    class Custom(Exception):
        def _render_traceback_(self):
            return ["custom", "lines"]
    raise Custom("x")
    # %%
    raise ExceptionGroup("several", [ValueError(1), KeyError("k")])
    # %%
    eval("1 +")
    # %%
    exec("1/0")
    # %%
    %run written.py
    # %%
    x = 1
    # %%
    print("x"); time.sleep(0.35); print("e", file=sys.stderr); time.sleep(0.35); print("y")
    # %%
    subprocess.run(["sh", "-c", "echo out; echo err >&2"]); time.sleep(0.05); print("after")
    # %%
    import multiprocessing
    p = multiprocessing.get_context("fork").Process(target=print, args=("from a child",)); p.start(); p.join(); time.sleep(0.05)
    # %%
    p.exitcode
    # %%
    assert x == 2, "x is one"
    # %%
    breakpoint
    # %%
    input("name? ")
    """
)

DISPLAYS = _cells(
    r"""
    from IPython.display import *
    import sys
    print("before"); display(1, {"a": 2}); print("after")
    # %%
    handle = display("one", display_id="h")
    # %%
    display("two", display_id="h")
    # %%
    update_display("three", display_id="h")
    # %%
    handle
    # %%
    display("lonely", display_id=True);
    # %%
    print("gone"); clear_output(wait=True); print("kept")
    # %%
    print("gone"); clear_output(); 7
    # %%
    print("kept"); clear_output(wait=True)
    # %%
    display("x", display_id="w"); clear_output(wait=True); display("y", display_id="w"); update_display("z", display_id="w")
    # %%
    class Broken:
        def __repr__(self): raise ValueError("no repr")
    Broken()
    # %%
    class Half:
        def _repr_html_(self): raise ValueError("no html")
        def __repr__(self): return "Half"
    Half()
    # %%
    display(Broken()); print("goes on")
    # %%
    class Bundle:
        def _repr_mimebundle_(self, include=None, exclude=None):
            return {"text/plain": "bundle", "application/json": {"a": (1, 2), "n": None}}, {"application/json": {"expanded": True}}
    Bundle()
    # %%
    HTML("<b>bold</b>")
    # %%
    Markdown("*it*")
    # %%
    SVG('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>')
    # %%
    Image(data=b"\x89PNG\r\n\x1a\n" + b"0" * 40, format="png", width=10)
    # %%
    JSON({"a": [1, 2]}, expanded=True)
    # %%
    Latex("$x$"), Math("y")
    # %%
    Javascript("1"), Code("x = 1", language="python")
    # %%
    display({"text/plain": "raw", "text/html": "<i>raw</i>"}, raw=True, metadata={"m": 1})
    # %%
    publish_display_data({"application/vnd.custom": b"bytes", "text/plain": "p"})
    # %%
    IFrame("https://example.org", 10, 20)
    # %%
    ProgressBar(3)
    # %%
    %config InlineBackend
    # %%
    %autosave 0
    # %%
    sys.displayhook(5)
    # %%
    get_ipython().display_formatter.formatters["text/plain"].for_type(complex, lambda c, p, cycle: p.text("C"))
    1j
    # %%
    %precision 3
    # %%
    3.14159265
    # %%
    print("out"); print("err", file=sys.stderr); display("d"); print("out2"); raise ValueError("end")
    """
)

ASYNC = _cells(
    r"""
    import asyncio, contextvars, decimal
    await asyncio.sleep(0.01)
    # %%
    nothing = asyncio.sleep(0)
    asyncio.run(nothing)
    # %%
    asyncio.get_event_loop().run_until_complete(nothing)
    # %%
    nothing.close()
    # %%
    asyncio.get_running_loop() is asyncio.get_event_loop(), asyncio.get_running_loop().is_running()
    # %%
    async def late():
        await asyncio.sleep(0)
        print("late")
        return 5
    task = asyncio.create_task(late())
    # %%
    task.done()
    # %%
    await task
    # %%
    decimal.getcontext().prec = 5
    # %%
    decimal.Decimal(1) / 3
    # %%
    await asyncio.sleep(0); decimal.getcontext().prec = 7
    # %%
    decimal.Decimal(1) / 3
    # %%
    variable = contextvars.ContextVar("variable")
    variable.set("sync"); None
    # %%
    variable.get("unset")
    # %%
    await asyncio.sleep(0); variable.set("async"); None
    # %%
    variable.get("unset")
    # %%
    async with asyncio.timeout(0.01):
        await asyncio.sleep(1)
    # %%
    async def fails():
        raise KeyError("in a task")
    await asyncio.gather(fails(), asyncio.sleep(0))
    # %%
    async for i in (j async for j in late()): pass
    # %%
    [await late() for _ in range(2)]
    # %%
    import threading, time
    thread = threading.Thread(target=lambda: (time.sleep(0.2), print("from a thread")))
    thread.start()
    # %%
    thread.join()
    # %%
    %autoawait
    # %%
    await asyncio.to_thread(print, "in a thread")
    # %%
    late()
    """
)

LIBRARIES = _cells(
    r"""
    import matplotlib, numpy as np, pandas as pd
    import matplotlib.pyplot as plt
    plt.plot([1, 2])
    # %%
    plt.get_fignums(), matplotlib.get_backend(), plt.isinteractive()
    # %%
    fig, ax = plt.subplots(2); ax[0].set_title("t"); print("text"); fig
    # %%
    plt.plot([1]); plt.show(); print("after")
    # %%
    plt.figure(figsize=(2, 1)); plt.plot([3, 2, 1]); plt.close()
    # %%
    %config InlineBackend.figure_format = "retina"
    plt.plot([3]);
    # %%
    %config InlineBackend.figure_formats = {"svg", "png"}
    %matplotlib inline
    plt.rcParams["svg.hashsalt"] = "x"; plt.bar([1], [2]);
    # %%
    %config InlineBackend.close_figures = False
    %config InlineBackend.figure_format = "png"
    plt.plot([1]);
    # %%
    plt.gcf().get_size_inches(), len(plt.get_fignums())
    # %%
    plt.close("all"); from matplotlib_inline.backend_inline import set_matplotlib_formats
    1 / 0
    # %%
    plt.plot([1]); raise ValueError("with a figure")
    # %%
    pd.DataFrame({"a": [1.5, 2], "b": ["x", "y"]})
    # %%
    pd.Series([1, 2], name="s").describe()
    # %%
    pd.DataFrame({"a": [1]}).style
    # %%
    np.set_printoptions(precision=2)
    # %%
    np.array([1.23456, 2])
    # %%
    np.random.seed(0); np.random.rand(2)
    # %%
    np.array([1.0]) / 0
    # %%
    pd.DataFrame({"a": [1]})["b"]
    # %%
    from tqdm.auto import tqdm
    for _ in tqdm(range(3)): pass
    # %%
    from tqdm import tqdm as plain
    for _ in plain(range(3), bar_format="{n_fmt}/{total_fmt}"): pass
    # %%
    import ipywidgets
    ipywidgets.IntSlider(3)
    # %%
    out = ipywidgets.Output()
    with out:
        print("into the widget")
    print("beside it")
    # %%
    out
    # %%
    out.outputs
    # %%
    ipywidgets.interact(lambda x: print("x", x), x=(0, 10));
    # %%
    import plotly.io as pio
    pio.renderers.default
    # %%
    from sklearn.linear_model import LinearRegression
    LinearRegression().fit([[1], [2]], [1, 2]).coef_
    # %%
    from rich import print as rprint
    rprint("[bold]rich[/bold]", {"a": 1})
    # %%
    from joblib import Parallel, delayed
    Parallel(n_jobs=2)(delayed(abs)(-i) for i in range(3))
    # %%
    %load_ext autoreload
    %autoreload 2
    # %%
    %matplotlib agg
    plt.plot([1])
    """
)

GROUPS = {"plain": PLAIN, "displays": DISPLAYS, "async": ASYNC, "libraries": LIBRARIES}
