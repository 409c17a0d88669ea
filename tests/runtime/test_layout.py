"""Arrays keep their layout in memory: what is a view of them, and what a copy, stays the same."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2pipe.runtime import instances, layout, sets
from nb2pipe.runtime.layout import compact, laid_out, layout_of


@st.composite
def arrays(draw: Any) -> Any:
    """Arrays that stand in others in every way in which slices and transposes can have them."""
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    kind = draw(st.sampled_from(["int64", "f4", "O", "S3", [("a", "i4"), ("b", "f8")]]))
    array = np.arange(int(np.prod(shape))).astype("O").reshape(shape)
    array = (
        np.array([(i, i) for i in array.ravel()], kind).reshape(shape) if isinstance(kind, list) else array.astype(kind)
    )
    array = np.transpose(array, draw(st.permutations(range(array.ndim))))
    array = array[
        tuple(
            slice(*draw(st.sampled_from([(None,), (1, None), (None, None, 2), (None, None, -1)]))) for _ in array.shape
        )
    ]
    if draw(st.booleans()):
        array = np.broadcast_to(array, (2, *array.shape))
    if draw(st.booleans()):
        array = array.view()
        array.flags.writeable = False
    if isinstance(kind, list) and draw(st.booleans()):
        array = array["b"]
    return array


@settings(max_examples=400, deadline=None)
@given(arrays())
def test_what_is_a_view_stays_a_view(array: Any) -> None:
    found = layout_of(array)
    if found is None:
        assert array.flags.c_contiguous or array.flags.f_contiguous
        return
    made = laid_out(compact(array, found), array.shape, found)
    assert made.dtype == array.dtype
    assert made.tolist() == array.tolist()
    for flag in ("c_contiguous", "f_contiguous", "writeable"):
        assert getattr(made.flags, flag) == getattr(array.flags, flag)
    for size in {array.size, *array.shape}:
        if size and array.size % size == 0:
            for order in "CFA":
                shape = (size, array.size // size)
                assert np.shares_memory(made.reshape(shape, order=order), made) == np.shares_memory(
                    array.reshape(shape, order=order), array
                )


def test_windows_that_overlap_stay_apart_and_cannot_be_written() -> None:
    windows = np.lib.stride_tricks.sliding_window_view(np.arange(5), 3)
    found = layout_of(windows)
    assert found is not None
    made = laid_out(compact(windows, found), windows.shape, found)
    assert made.tolist() == windows.tolist()
    with pytest.raises(ValueError, match="read-only"):
        made[0, 0] = 1


@pytest.mark.parametrize("module", [instances, layout, sets])
def test_packages_have_a_copy(module: ModuleType) -> None:
    """What runs in packages cannot import nb2pipe."""
    own = Path(str(module.__file__))
    assert (own.parents[1] / "package" / "support" / f"_{own.name}").read_bytes() == own.read_bytes()
