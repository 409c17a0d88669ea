"""The picture: it parses, and nothing in it lies on anything else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from nb2pipe.pipeline.layout import fitted
from nb2pipe.pipeline.svg import render_svg
from nb2pipe.pipeline.words import columns, printable
from tests.pipeline.drawn import ALL, ODD, TWELVE, tangled

CASES = Path(__file__).parent / "cases"
SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {**ALL, **{f"tangled_{size}_{seed}": tangled(size, seed) for size in (5, 12, 40) for seed in range(6)}}
Box = tuple[float, float, float, float]


@pytest.mark.parametrize("name", ["empty", "one", "chain"])
def test_golden(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(CASES / f"{name}.svg", render_svg(ALL[name]))


def rectangles(picture: ET.Element) -> list[Box]:
    """The boxes: left, top, right, bottom."""
    found = []
    for rect in picture.iter(f"{SVG}rect"):
        if rect.get("class", "").startswith("box"):
            x, y, w, h = (float(rect.get(k, "")) for k in ("x", "y", "width", "height"))
            found.append((x, y, x + w, y + h))
    return found


def extent(text: ET.Element) -> Box:
    """The room that a text takes, in the widest of the faces that the style names (0.602 em)."""
    size = 13 if text.get("class") == "name" else 11
    width = columns(text.text or "") * size * 0.602
    x, y = float(text.get("x", "")), float(text.get("y", ""))
    left = x - width / 2 if text.get("text-anchor") == "middle" else x
    return (left, y - size * 0.76, left + width, y + size * 0.2)


def overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def within(inner: Box, outer: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def points(path: str) -> Iterator[tuple[float, float]]:
    """Points along a path of M, C and V, some 2 px apart or less."""
    x = y = 0.0
    for command, numbers in re.findall(r"([MCV])([-\d. ]+)", path):
        values = [float(n) for n in numbers.split()]
        if command == "M":
            x, y = values
        elif command == "V":
            steps = int(abs(values[0] - y)) + 1
            yield from ((x, y + (values[0] - y) * i / steps) for i in range(steps + 1))
            y = values[0]
        else:
            a, b, c, d, e, f = values
            for i in range(101):
                t = i / 100
                u = 1 - t
                yield (
                    u**3 * x + 3 * u * u * t * a + 3 * u * t * t * c + t**3 * e,
                    u**3 * y + 3 * u * u * t * b + 3 * u * t * t * d + t**3 * f,
                )
            x, y = e, f


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_lies_on_anything_else(name: str) -> None:
    picture = ET.fromstring(render_svg(DRAWN[name]))
    boxes = rectangles(picture)
    labels = [extent(t) for t in picture.iter(f"{SVG}text") if t.get("class") == "label"]
    assert len(boxes) == len(DRAWN[name].steps)
    solid = [*boxes, *labels]
    for i, one in enumerate(solid):
        for other in solid[i + 1 :]:
            assert not overlap(one, other), (one, other)
    inner = [(a + 0.6, b + 0.6, c - 0.6, d - 0.6) for a, b, c, d in solid]
    for path in picture.iter(f"{SVG}path"):
        if path.get("class", "").startswith("edge"):
            for x, y in points(path.get("d", "")):
                assert not any(a < x < c and b < y < d for a, b, c, d in inner), (name, x, y, path.get("d"))


@pytest.mark.parametrize("name", DRAWN)
def test_names_stand_inside_their_boxes_and_all_inside_the_picture(name: str) -> None:
    picture = ET.fromstring(render_svg(DRAWN[name]))
    width, height = float(picture.get("width", "")), float(picture.get("height", ""))
    group = picture.find(f"{SVG}g")
    shift, down = (float(n) for n in re.findall(r"[\d.]+", group.get("transform", "")))
    for one in group.findall(f"{SVG}g"):
        rect = one.find(f"{SVG}rect")
        if rect is not None:
            [(left, top, right, bottom)] = rectangles(one)
            for text in one.findall(f"{SVG}text"):
                assert within(extent(text), (left, top, right, bottom))
            moved = (left + shift, top + down, right + shift, bottom + down)
            assert within(moved, (0.0, 0.0, width, height))
    for text in picture.findall(f"{SVG}text"):
        assert within(extent(text), (0.0, 0.0, width, height))


def test_every_edge_has_one_line_and_a_tooltip() -> None:
    picture = ET.fromstring(render_svg(TWELVE))
    tips = [t.text or "" for t in picture.iter(f"{SVG}title")]
    lines = [t for t in tips if " to " in t]
    assert len(lines) == len({(e.source, e.target) for e in TWELVE.edges})
    assert "load to clean: calendar, raw" in lines
    heads = [p for p in picture.iter(f"{SVG}path") if p.get("class", "").startswith("head")]
    assert len(heads) == len(lines)


def test_odd_names_are_shown_and_harmless() -> None:
    text = render_svg(ODD)
    picture = ET.fromstring(text)
    assert "\x1b" not in text
    allowed = {f"{SVG}{t}" for t in ("svg", "style", "rect", "text", "g", "title", "path")}
    assert {e.tag for e in picture.iter()} <= allowed
    tips = "\n".join(t.text or "" for t in picture.iter(f"{SVG}title"))
    for step in ODD.steps:
        assert printable(step.name) in tips
    assert 'file da"ta/a&b<c>\\*.csv' in tips


def test_the_style_names_its_own_class_only() -> None:
    style = ET.fromstring(render_svg(TWELVE)).find(f"{SVG}style").text
    selectors = re.findall(r"^([^@}\n][^{]*)\{", style, re.MULTILINE)
    assert len(selectors) > 10
    for selector in selectors:
        for one in selector.split(","):
            assert one.strip().startswith(".nb2pipe "), one
    assert "prefers-color-scheme: dark" in style


def test_the_same_pipeline_gives_the_same_picture() -> None:
    assert render_svg(tangled(40, 5)) == render_svg(tangled(40, 5))


def test_fitted_keeps_order_and_distance_and_moves_no_more_than_it_must() -> None:
    assert fitted([0, 10, 20], [5, 5]) == [0, 10, 20]
    assert fitted([0, 0], [10]) == [-5, 5]
    assert fitted([10, 0], [4]) == [3, 7]
    assert fitted([0, 0], [10], [3, 1]) == [-2.5, 7.5]
    assert fitted([], []) == []
