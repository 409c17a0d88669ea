"""A file of values is the same thing where it is handed over and where it is stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from nb2pipe.runtime import values
from nb2pipe.store.digests import digest_of_file


def stored(folder: Path, prefix: str, namespace: dict[str, object]) -> list[values.ValueFile]:
    scans = {n: values.scan(v, namespace, 0) for n, v in namespace.items()}
    return values.store(namespace, scans, folder, prefix, namespace, 0, digests=True)[0]


def test_the_digest_is_that_of_the_file_and_equal_for_equal_values(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    files = []
    for prefix in ("a", "b"):
        array = numpy.arange(50_000)
        files += stored(tmp_path, prefix, {"x": array, "y": array[10:], "z": {"k": [1, 2.5, "text"]}})
    assert [f.names for f in files] == [("x", "y"), ("z",)] * 2
    assert all(f.digest == digest_of_file(tmp_path / f.name) for f in files)
    assert all(f.size == (tmp_path / f.name).stat().st_size for f in files)
    assert [f.digest for f in files[:2]] == [f.digest for f in files[2:]]
    loaded = values.load_file(tmp_path / files[0].name, {})
    loaded["x"][10] = 7
    assert loaded["y"][0] == 7


def test_another_value_has_another_digest(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    array = numpy.zeros(1000)
    other = array.copy()
    other[999] = 1e-300
    made = [
        stored(tmp_path, str(n), {"x": v})[0].digest
        for n, v in enumerate((array, other, array.astype("f4"), array.reshape(10, 100)))
    ]
    assert len(set(made)) == 4


def test_what_holds_functions_says_so(tmp_path: Path) -> None:
    def function() -> int:
        return 1

    function.__module__ = "__main__"
    assert [f.code for f in stored(tmp_path, "f", {"f": function})] == [True]
    assert [f.code for f in stored(tmp_path, "n", {"n": [1]})] == [False]


def test_a_file_that_was_cut_is_no_file_of_values(tmp_path: Path) -> None:
    (file,) = stored(tmp_path, "n", {"n": list(range(1000))})
    path = tmp_path / file.name
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(OSError, match="is not a file of values"):
        values.load_file(path, {})


def test_what_the_notebook_has_bound_to_an_underscore_is_marked_for_steps_only() -> None:
    found = {"_": values.Own([1]), "pair": (1, 2)}
    assert values.as_bound(found) == {"_": [1], "pair": (1, 2)}
