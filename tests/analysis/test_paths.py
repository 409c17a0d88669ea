"""Files that calls reach which nothing is known of: native code opens them, so that no guard could see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.making import compiled, write

SETUP = "from pathlib import Path\nimport math as lib\nx = lib.Thing()\nwhere = Path('out')\ntext = str(input)"


def ordered(folder: Path, first: str, second: str) -> bool:
    """Whether ``second`` comes after ``first``, by names and objects or by files, in a module that exists."""
    pipeline = compiled(write(folder / "n.ipynb", [SETUP, first, second]), "cells:1").pipeline
    return any((e.source, e.target) == ("cell_2", "cell_3") for e in pipeline.edges)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("x.write_csv('a.csv')", "lib.read_csv('a.csv')"),
        ("x.save('model')", "lib.load_model('model')"),
        ("x.to_file('a.shp')", "lib.read_file('a.shp')"),
        ("lib.save(x, where / 'm.bin')", "open('out/m.bin').read()"),
        ("open('a.csv', 'w').write('1')", "lib.scan_csv('a.csv')"),
        ("lib.read_csv('a.csv')", "open('a.csv', 'w').write('1')"),
        ("lib.Recording('a.wav')", "lib.load('a.wav')"),
        ("lib.Store('a.h5', 'w')", "lib.Store('a.h5', 'r')"),
        ("[lib.imwrite(f'{i}.png', 0) for i in range(3)]", "lib.imread('2.png')"),
        ("lib.save(x, text)", "lib.load('b.bin')"),
        ("x.save('a.csv')", "lib.read_all(['b.csv', 'a.csv'])"),
        ("x.save('a.csv')", "lib.load_dataset('csv', data_files={'train': 'a.csv'})"),
        ("lib.save_table(x, path='t/a.parquet')", "lib.read_table('t')"),
    ],
)
def test_what_may_open_one_file_is_ordered(first: str, second: str, tmp_path: Path) -> None:
    assert ordered(tmp_path, first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a = lib.read_csv('a.csv')", "b = lib.read_csv('a.csv')"),
        ("a = lib.col('city')", "b = lib.col('city')"),
        ("a = lib.Store('a.h5', 'r')", "b = lib.Store('a.h5', 'rb')"),
        ("a = lib.run('One sentence.')", "b = lib.run('One sentence.')"),
        ("a = lib.kinds('.csv')", "b = lib.kinds('.csv')"),
        ("lib.save(1, 'a.bin')", "b = lib.load('b.bin')"),
        ("a = lib.to('cpu')", "b = lib.to('cpu')"),
        ("a = lib.parse('%d/%m/%Y, %H:%M')", "b = lib.parse('%d/%m/%Y, %H:%M')"),
    ],
)
def test_what_is_read_or_is_no_path_is_not(first: str, second: str, tmp_path: Path) -> None:
    assert not ordered(tmp_path, first, second)


def test_what_is_left_open_is_written_to_until_it_is_closed(tmp_path: Path) -> None:
    cells = [SETUP, "f = lib.Store('a.h5', 'w')", "f.put(1)", "f.close()", "g = lib.load('a.h5')"]
    edges = {(e.source, e.target) for e in compiled(write(tmp_path / "n.ipynb", cells), "cells:1").pipeline.edges}
    assert ("cell_4", "cell_5") in edges
