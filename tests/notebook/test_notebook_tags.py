"""Tags: every row of the table, Kale's spellings, slips of the fingers, contradictions and values that cannot be read."""

from __future__ import annotations

import keyword
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2pipe.diagnostics import Severity
from nb2pipe.notebook.model import Requirements, Tags
from nb2pipe.notebook.tags import PREFIXES, ROLES, edit_distance, normalise_step, parse_duration, parse_size, parse_tags

GIB = 2**30


def needs(**values: Any) -> Tags:
    return Tags(requirements=Requirements(**values))


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("parameters", Tags(roles=frozenset({"parameters"}))),
        ("step:train", Tags(step="train")),
        ("step:Train model (2)", Tags(step="train_model_2")),
        ("step: train", Tags(step="train")),
        ("Step:train", Tags(step="train")),
        ("after:load", Tags(after=("load",))),
        ("after:Load data", Tags(after=("load_data",))),
        ("imports", Tags(roles=frozenset({"imports"}))),
        ("functions", Tags(roles=frozenset({"functions"}))),
        ("setup", Tags(roles=frozenset({"setup"}))),
        ("metrics", Tags(roles=frozenset({"metrics"}))),
        ("skip", Tags(roles=frozenset({"skip"}))),
        ("cache:off", needs(cache=False)),
        ("cache:on", needs(cache=True)),
        ("retries:3", needs(retries=3)),
        ("retries:0", needs(retries=0)),
        ("timeout:10m", needs(timeout=600.0)),
        ("cpus:4", needs(cpus=4.0)),
        ("cpus:0.5", needs(cpus=0.5)),
        ("memory:4Gi", needs(memory=4 * GIB)),
        ("gpus:1", needs(gpus=1)),
        ("gpus:0", needs(gpus=0)),
        ("image:python:3.12", needs(image="python:3.12")),
        ("image:ghcr.io/a/b@sha256:0a", needs(image="ghcr.io/a/b@sha256:0a")),
        ("secret:API_TOKEN", needs(secrets=("API_TOKEN",))),
        # papermill's, nbclient's and our own for silence
        ("injected-parameters", Tags(roles=frozenset({"parameters"}))),
        ("raises-exception", Tags(raises=True)),
        ("nb2pipe:ignore=NB501", Tags(ignore=frozenset({"NB501"}))),
        ("nb2pipe:ignore=nb501, NB5", Tags(ignore=frozenset({"NB501", "NB5"}))),
        # Kale's
        ("block:train", Tags(step="train")),
        ("prev:load", Tags(after=("load",))),
        ("pipeline-parameters", Tags(roles=frozenset({"parameters"}))),
        ("pipeline-metrics", Tags(roles=frozenset({"metrics"}))),
        ("limit:nvidia.com/gpu:2", needs(gpus=2)),
        ("limit:amd.com/gpu:1", needs(gpus=1)),
        ("limit:cpu:500m", needs(cpus=0.5)),
        ("limit:memory:2Gi", needs(memory=2 * GIB)),
        ("limit:example.com/fpga:1", Tags(foreign=("limit:example.com/fpga:1",))),
        ("cache:enabled", needs(cache=True)),
        ("cache:disabled", needs(cache=False)),
    ],
)
def test_every_tag(tag: str, expected: Tags) -> None:
    assert parse_tags([tag], 3) == (expected, ())
    assert parse_tags([f"  {tag} "], 3)[0].foreign == tuple(expected.foreign)


def test_tags_together() -> None:
    tags = [
        "step:train",
        "after:load",
        "after:clean",
        "metrics",
        "cpus:2",
        "secret:A",
        "secret:B",
        "secret:A",
        "hide-input",
        "after:load",
    ]
    assert parse_tags(tags, 0) == (
        Tags(
            step="train",
            after=("load", "clean"),
            roles=frozenset({"metrics"}),
            requirements=Requirements(cpus=2.0, secrets=("A", "B")),
            foreign=("hide-input",),
        ),
        (),
    )


def test_no_tags() -> None:
    assert parse_tags([], 0) == (Tags(), ())
    assert parse_tags(["", "  ", 3, None], 0) == (Tags(), ())  # type: ignore[list-item]


FOREIGN = """
    hide-input hide_input hide-output hide-cell remove-cell remove_cell remove-input remove-output remove_input slideshow
    skip-execution raises_exception solution nbval-skip full-width margin thebe-init outputPrepend export default_exp test
    tests stop scroll-output interactive keep_output nbsphinx-gallery active-ipynb gallery metadata markdown autoscroll
    exercise answer hidden step steps-to-do ship slip slide popout important imported reports matrix sidebar todo
    stop:here prep:clean lock:1 stage:train type:code label:fig-1 fig:cap lang:en title:Load priority:high mem:big
    annotation:a:b label:access-ml-pipeline:true black:off page:3 sets:1 time:10 state:open scope:all owner:me
    nbgrader:solution code_folding:0 alert:x alter:y a:b x:1 http://step.com C:\\step http://a.b:80/step:x
"""


@pytest.mark.parametrize("tag", FOREIGN.split())
def test_foreign_tags_are_left_alone(tag: str) -> None:
    assert parse_tags([tag], 0) == (Tags(foreign=(tag,)), ())


@pytest.mark.parametrize(
    ("tag", "right"),
    [
        ("stpe:train", "step:train"),
        ("steps:train", "step:train"),
        ("setp:train", "step:train"),
        ("sttep:train", "step:train"),
        ("stp:train", "step:train"),
        ("step=train", "step:train"),
        ("blocks:a", "block:a"),
        ("bock:a", "block:a"),
        ("afte:load", "after:load"),
        ("atfer: load", "after:load"),
        ("perv:load", "prev:load"),
        ("cach:off", "cache:off"),
        ("cahce:off", "cache:off"),
        ("retires:3", "retries:3"),
        ("retrys:3", None),
        ("timout:10m", "timeout:10m"),
        ("timeuot:10m", "timeout:10m"),
        ("cpu:2", "cpus:2"),
        ("gpu:1", "gpus:1"),
        ("memroy:4Gi", "memory:4Gi"),
        ("memery:4Gi", "memory:4Gi"),
        ("images:x", "image:x"),
        ("iamge:x", "image:x"),
        ("secrets:A", "secret:A"),
        ("limits:cpu:1", "limit:cpu:1"),
        ("np2pipe:ignore=NB1", "nb2pipe:ignore=NB1"),
        ("import", "imports"),
        ("improts", "imports"),
        ("Imports", "imports"),
        ("function", "functions"),
        ("fucntions", "functions"),
        ("fuctnions", "functions"),
        ("parameter", "parameters"),
        ("Parameters", "parameters"),
        ("paramters", "parameters"),
        ("paremeters", "parameters"),
        ("metric", "metrics"),
        ("metrisc", "metrics"),
        ("setpu", "setup"),
        ("skpi", "skip"),
        ("SKIP", "skip"),
        ("pipeline_parameters", "pipeline-parameters"),
        ("pipeline-metric", "pipeline-metrics"),
        ("steps:", None),
        ("steps: ", None),
    ],
)
def test_slips_of_the_fingers(tag: str, right: str | None) -> None:
    found, diagnostics = parse_tags([tag], 5)
    assert found == Tags(foreign=(tag.strip(),))
    if right is None:
        assert diagnostics == ()
        return
    (diagnostic,) = diagnostics
    assert (diagnostic.code, diagnostic.severity, diagnostic.span.cell) == ("NB301", Severity.WARNING, 5)
    assert diagnostic.message == f"tag `{tag}` is not known; did you mean `{right}`?"
    assert right in diagnostic.hint


@pytest.mark.parametrize("word", [*ROLES, *PREFIXES])
def test_any_transposition_or_doubled_letter_is_seen(word: str) -> None:
    suffix = ":1" if word in PREFIXES else ""
    known = {*ROLES, *PREFIXES}
    for place in range(len(word) - 1):
        swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        for slip in {swapped, word[:place] + word[place] + word[place:]} - known:
            assert [d.message.endswith(f"`{word}{suffix}`?") for d in parse_tags([slip + suffix], 0)[1]] == [True], slip


@pytest.mark.parametrize(
    ("tags", "sites"),
    [
        (["step:a", "step:b"], ["step:a", "step:b"]),
        (["block:a", "step:b"], ["block:a", "step:b"]),
        (["step:a", "skip"], ["skip", "step:a"]),
        (["skip", "step:a"], ["skip", "step:a"]),
        (["step:a", "imports"], ["imports", "step:a"]),
        (["step:a", "parameters"], ["parameters", "step:a"]),
        (["skip", "parameters"], ["parameters", "skip"]),
        (["skip", "functions"], ["functions", "skip"]),
        (["skip", "metrics"], ["metrics", "skip"]),
        (["parameters", "setup"], ["setup", "parameters"]),
        (["step:a", "after:A"], ["step:a", "after:A"]),
        (["cache:off", "cache:on"], ["cache:off", "cache:on"]),
        (["retries:1", "cpus:2", "retries:2"], ["retries:1", "retries:2"]),
        (["memory:1Gi", "limit:memory:2Gi"], ["memory:1Gi", "limit:memory:2Gi"]),
    ],
)
def test_contradictions_name_both_sites(tags: list[str], sites: list[str]) -> None:
    _, (diagnostic,) = parse_tags(tags, 7)
    assert (diagnostic.code, diagnostic.severity, diagnostic.span.cell) == ("NB302", Severity.ERROR, 7)
    assert [(s.label, s.span.cell) for s in diagnostic.sites] == [(f"tag `{tag}`", 7) for tag in sites]
    assert all(f"`{tag}`" in diagnostic.message for tag in sites)
    assert diagnostic.hint


@pytest.mark.parametrize(
    "tags",
    [
        ["cache:off", "cache:off"],
        ["cache:off", "cache:disabled"],
        ["step:a", "step:a"],
        ["step:a", "step:A", "block:a"],
        ["imports", "imports"],
        ["imports", "functions", "setup"],
        ["parameters", "injected-parameters"],
        ["step:a", "metrics"],
        ["parameters", "pipeline-metrics"],
        ["step:a", "after:b", "prev:c"],
        ["skip", "cache:off"],
        ["memory:1Gi", "limit:memory:1024Mi"],
        ["skip", "hide-input"],
    ],
)
def test_what_is_said_twice_or_goes_together(tags: list[str]) -> None:
    assert parse_tags(tags, 0)[1] == ()


@pytest.mark.parametrize(
    "tag",
    [
        "memory:4Gx",
        "memory:lots",
        "memory:",
        "memory:-1",
        "memory:0",
        "memory:1e9",
        "memory:Gi",
        "memory:4ii",
        "retries:-1",
        "retries:two",
        "retries:1.5",
        "retries:²",
        "retries:99999999999",
        "timeout:soon",
        "timeout:-1",
        "timeout:0",
        "timeout:10x",
        "timeout:500ms",
        "timeout:1h30",
        "timeout:m",
        "cpus:many",
        "cpus:0",
        "cpus:-2",
        "cpus:1,5",
        "gpus:one",
        "gpus:0.5",
        "gpus:-1",
        "cache:maybe",
        "cache:",
        "image:",
        "secret:",
        "step:",
        "step:---",
        "block:",
        "after:",
        "after:!",
        "prev:",
        "nb2pipe:ignore",
        "nb2pipe:ignore=",
        "nb2pipe:off",
        "nb2pipe:ignore=all",
        "limit:cpu:x",
        "limit:memory:",
        "limit:nvidia.com/gpu:a",
    ],
)
def test_values_that_cannot_be_read(tag: str) -> None:
    found, (diagnostic,) = parse_tags([tag], 2)
    assert found == Tags()
    assert (diagnostic.code, diagnostic.severity, diagnostic.span.cell) == ("NB303", Severity.ERROR, 2)
    assert f"`{tag}`" in diagnostic.message
    example = diagnostic.hint.removeprefix("write for example ")
    assert parse_tags([example], 2)[1] == ()
    assert example.partition(":")[0] == {"limit:cpu": "cpus", "limit:mem": "memory", "limit:nvi": "gpus"}.get(
        tag[:9], tag.partition(":")[0]
    )


def test_huge_values_are_no_crash() -> None:
    for tag in (
        "memory:" + "9" * 5000,
        "timeout:" + "9" * 5000,
        "cpus:" + "9" * 5000,
        "retries:" + "9" * 5000,
        "step:" + "é" * 5000,
    ):
        parse_tags([tag], 0)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4Gi", 4 * GIB),
        ("4GiB", 4 * GIB),
        ("4 Gi", 4 * GIB),
        ("4gi", 4 * GIB),
        ("0.5Gi", GIB // 2),
        ("500M", 500_000_000),
        ("500MB", 500_000_000),
        ("500Mi", 500 * 2**20),
        ("1k", 1000),
        ("1Ki", 1024),
        ("2T", 2 * 10**12),
        ("2Ti", 2 * 2**40),
        ("1P", 10**15),
        ("1Pi", 2**50),
        ("1024", 1024),
        ("1024b", 1024),
        (" 1g ", 10**9),
        ("4Gx", None),
        ("", None),
        ("G", None),
        ("0", None),
        ("0Gi", None),
        ("-1G", None),
        ("1.G", None),
        ("1,5G", None),
    ],
)
def test_sizes(text: str, size: int | None) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10m", 600.0),
        ("1h30m", 5400.0),
        ("90s", 90.0),
        ("90", 90.0),
        ("1.5h", 5400.0),
        ("0.5", 0.5),
        ("1d", 86400.0),
        ("1d2h3m4s", 93784.0),
        (" 10M ", 600.0),
        ("soon", None),
        ("", None),
        ("0", None),
        ("0s", None),
        ("500ms", None),
        ("1h30", None),
        ("-5m", None),
        ("m10", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("train", "train"),
        ("Train Model", "train_model"),
        ("  train--model!! ", "train_model"),
        ("2nd pass", "step_2nd_pass"),
        ("Größe & Gewicht", "größe_gewicht"),
        ("データ", "データ"),
        ("x²", "x2"),
        ("ﬁt", "fit"),
        ("a_b__c", "a_b_c"),
        ("import", "step_import"),
        ("class", "step_class"),
        ("None", "none"),
        ("---", ""),
        ("", ""),
        ("😀", ""),
    ],
)
def test_normal_step_names(name: str, normal: str) -> None:
    assert normalise_step(name) == normal


@given(st.text())
def test_step_names_are_identifiers_and_normal_once(name: str) -> None:
    normal = normalise_step(name)
    assert normal == "" or (normal.isidentifier() and not keyword.iskeyword(normal))
    assert normalise_step(normal) == normal


@given(
    st.lists(st.text() | st.sampled_from([f"{p}:" for p in PREFIXES]).flatmap(lambda p: st.text().map(lambda t: p + t)))
)
def test_no_tag_is_a_crash_and_none_is_lost(tags: list[str]) -> None:
    found, diagnostics = parse_tags(tags, 0)
    assert {d.code for d in diagnostics} <= {"NB301", "NB302", "NB303"}
    assert set(found.foreign) <= {t.strip() for t in tags}
    assert parse_tags(tags, 0) == (found, diagnostics)


def slow_distance(left: str, right: str) -> int:
    """The definition itself."""
    if not left or not right:
        return len(left) + len(right)
    best = min(
        slow_distance(left[:-1], right) + 1,
        slow_distance(left, right[:-1]) + 1,
        slow_distance(left[:-1], right[:-1]) + (left[-1] != right[-1]),
    )
    if len(left) > 1 and len(right) > 1 and left[-1] == right[-2] and left[-2] == right[-1]:
        best = min(best, slow_distance(left[:-2], right[:-2]) + 1)
    return best


@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_edit_distance(left: str, right: str) -> None:
    assert edit_distance(left, right) == slow_distance(left, right)
