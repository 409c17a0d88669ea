"""Pipelines made by hand, for drawings: they satisfy the invariants, and no analysis stands behind them."""

from __future__ import annotations

import random
from collections.abc import Sequence

from nb2pipe.analysis.effects import Resource
from nb2pipe.diagnostics import Span
from nb2pipe.notebook.model import Cell, Notebook
from nb2pipe.pipeline.model import Edge, Evidence, Parameter, Pipeline, Step, Value

Flow = tuple[str, str, Sequence[str]]


def resource(name: str) -> Resource:
    """``<cwd>`` or ``file:key`` as a resource."""
    if name.startswith("<"):
        return Resource("cwd" if name == "<cwd>" else "random" if "random" in name else "setting", name[1:-1])
    kind, _, key = name.partition(":")
    return Resource(kind, key)  # type: ignore[arg-type]  # the kinds that the tests name


def made(name: str, steps: Sequence[str], flows: Sequence[Flow], **more: object) -> Pipeline:
    """Steps of one cell each, in this order, with what flows between them: names, ``<states>``, ``file:keys``, ``after:tags``."""
    place = {step: i for i, step in enumerate(steps)}
    inputs: dict[str, list[Value]] = {step: [] for step in steps}
    outputs: dict[str, set[str]] = {step: set() for step in steps}
    edges = []
    for source, target, names in flows:
        for kind in ("data", "resource", "control"):
            own = sorted(n for n in names if _kind(n) == kind)
            for n in own:
                if kind == "data" or n.startswith("<"):
                    inputs[target].append(Value(n, source))
                    outputs[source].add(n)
            if own:
                edges.append(Edge(
                    source, target, kind,  # type: ignore[arg-type]  # the three kinds
                    values=tuple(own) if kind == "data" else (),
                    resources=tuple(sorted(map(resource, own))) if kind == "resource" else (),
                    evidence=tuple(Evidence(n, Span(place[source], 2), Span(place[target], 1)) for n in own),
                ))  # fmt: skip
    found = tuple(Step(s, (place[s],), tuple(inputs[s]), tuple(sorted(outputs[s]))) for s in steps)
    return Pipeline(name, found, tuple(edges), **more)  # type: ignore[arg-type]  # fields of the record


def _kind(name: str) -> str:
    return "control" if name.startswith("after:") else "resource" if name.startswith("<") or ":" in name else "data"


def notebook_of(pipeline: Pipeline) -> Notebook:
    """A notebook with a cell for each step: what it writes on its second line, what it reads on its first."""
    count = 1 + max((c for s in pipeline.steps for c in s.cells), default=-1)
    return Notebook(
        f"{pipeline.name}.ipynb", "python3",
        tuple(Cell(f"c{i}", i, "code", f"use(cell_{i})\n\tmake(cell_{i})  # so that there is something to see") for i in range(count)),
    )  # fmt: skip


EMPTY = made("empty", [], [])
ONE = made("one", ["only"], [])
CHAIN = made(
    "monthly_sales", ["load", "clean", "report"],
    [("load", "clean", ["df"]), ("clean", "report", ["df_clean", "summary", "<numpy.random>", "after:clean"])],
    parameters=(Parameter("year", "int", 2023, "the year"), Parameter("region", "str", "north")),
)  # fmt: skip
FAN = made(
    "fan", ["load", *(f"model_{i}" for i in range(6)), "compare"],
    [
        *(("load", f"model_{i}", ["X", "y"]) for i in range(6)),
        *((f"model_{i}", "compare", [f"score_{i}"]) for i in range(6)),
        ("load", "compare", ["X_test"]),
    ],
)  # fmt: skip
TWELVE = made(
    "sales_report",
    ["load", "clean", "by_region", "by_month", "by_product", "seasonality", "forecast", "plot_regions", "plot_months",
     "outliers", "report", "export"],
    [
        ("load", "clean", ["raw", "calendar"]),
        *(("clean", s, ["df"]) for s in ("by_region", "by_month", "by_product", "outliers", "report")),
        ("by_month", "seasonality", ["monthly"]),
        ("by_month", "forecast", ["monthly"]),
        ("seasonality", "forecast", ["season", "period", "phase", "trend", "<numpy.random>"]),
        ("by_region", "plot_regions", ["regional"]),
        ("by_month", "plot_months", ["monthly"]),
        ("forecast", "plot_months", ["fc", "<matplotlib>", "<module:matplotlib.cbook>", "<module:matplotlib.text>"]),
        ("plot_regions", "report", ["fig_regions"]),
        ("plot_months", "report", ["fig_months"]),
        ("outliers", "report", ["bad_rows"]),
        ("by_product", "report", [f"top_products_of_{c}" for c in ("asia", "africa", "europe", "america", "australia")]),
        ("load", "export", ["calendar"]),
        ("report", "export", ["file:out/report.html", "file:*", "display:progress"]),
    ],
)  # fmt: skip
ODD = made(
    'a "very" <odd> & long\nname; of #1 \\ 100%',
    ["three_dimensional_plotting_with_a_very_long_heading_that_does_not_end", "a" * 60, "größenverteilung_der_strips",
     "日本語のとても長い見出しの名前がここにあります", "end", "_x__y_"],
    [
        ("three_dimensional_plotting_with_a_very_long_heading_that_does_not_end", "a" * 60, ["名前", "b" * 50]),
        ("three_dimensional_plotting_with_a_very_long_heading_that_does_not_end", "end", ["__b__"]),
        ("größenverteilung_der_strips", "日本語のとても長い見出しの名前がここにあります", ["con"]),
        ("größenverteilung_der_strips", "end", ['file:da"ta/a&b<c>\\*.csv']),
        ("a" * 60, "_x__y_", ["<cwd>"]),
        ("end", "_x__y_", ["file:\x1b[31mred`", "after:end"]),
    ],
    joined=((("größenverteilung_der_strips", "日本語のとても長い見出しの名前がここにあります"), "con", "connection"),),
    parameters=(Parameter("nan", "float", float("nan")), Parameter("names", "set", {"x"}), Parameter("text", "str", '<"&')),
)  # fmt: skip
ALL = {"empty": EMPTY, "one": ONE, "chain": CHAIN, "fan": FAN, "twelve": TWELVE, "odd": ODD}


def tangled(size: int, seed: int) -> Pipeline:
    """A pipeline of so many steps, each fed by one to three of those shortly before it and some by the first."""
    dice = random.Random(seed)
    steps = [f"step_{i}_{dice.choice(['load', 'clean', 'fit_the_model', 'plot'])}" for i in range(size)]
    flows: list[Flow] = []
    for i in range(1, size):
        sources = {
            *dice.choices(range(max(0, i - 7), i), k=dice.choice([1, 1, 2, 3])),
            *([0] if dice.random() < 0.2 else []),
        }
        flows += [
            (steps[j], steps[i], [f"value_{j}"] * dice.choice([1, 1, 1, 0]) or [f"<state_{j}>"])
            for j in sorted(sources)
        ]
    return made(f"tangled_{size}_{seed}", steps, flows)
