"""How an array lies in memory, kept over a pickle: whether `ravel` or `reshape` gives a view or a copy depends on it.

NumPy pickles C- and Fortran-contiguous arrays as they are, and makes any other array contiguous.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple


class Layout(NamedTuple):
    """How the axes of an array follow one another in memory.

    ``order`` has the axes from the outermost to the innermost, ``gaps`` says for each of these (and last for the
    items) whether something lies between, ``backwards`` are the axes that run against it, ``repeated`` those that stay
    in one place.
    """

    order: tuple[int, ...]
    gaps: tuple[bool, ...]
    backwards: tuple[int, ...]
    repeated: tuple[int, ...]
    writeable: bool


def layout_of(array: Any) -> Layout | None:
    """The layout of an array, None where NumPy's own pickling keeps it."""
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return None
    shape, strides = array.shape, array.strides
    order = tuple(sorted(range(array.ndim), key=lambda a: (-abs(strides[a]), a)))
    moving = [a for a in order if shape[a] > 1 and strides[a]]
    apart = set()
    for outer, inner in itertools.pairwise(moving):
        if strides[outer] != strides[inner] * shape[inner]:
            apart.add(inner)
    if moving and abs(strides[moving[-1]]) != array.itemsize:
        apart.add(-1)
    return Layout(
        order,
        (*(a in apart for a in order), -1 in apart),
        tuple(a for a in moving if strides[a] < 0),
        tuple(a for a in order if shape[a] > 1 and not strides[a]),
        bool(array.flags.writeable),
    )


def compact(array: Any, layout: Layout) -> Any:
    """The items of an array, those that are repeated once, C-contiguous."""
    import numpy as np

    once = tuple(slice(0, 1) if a in layout.repeated else slice(None) for a in range(array.ndim))
    return np.array(np.asarray(array)[once], order="C", copy=True)


def laid_out(items: Any, shape: tuple[int, ...], layout: Layout) -> Any:
    """An array with these items and this layout, in memory of its own."""
    import numpy as np

    order, gaps, backwards, repeated, writeable = layout
    sizes = [items.shape[a] for a in order]
    memory = np.empty([*(n + gap for n, gap in zip(sizes, gaps, strict=False)), 1 + gaps[-1]], items.dtype)
    made = memory[(*(slice(n) for n in sizes), 0)].transpose([order.index(a) for a in range(items.ndim)])
    made = made[tuple(slice(None, None, -1) if a in backwards else slice(None) for a in range(items.ndim))]
    made[...] = items
    if repeated:
        strides = [0 if a in repeated else s for a, s in enumerate(made.strides)]
        shape = tuple(shape[a] if a in repeated else n for a, n in enumerate(made.shape))
        made = np.lib.stride_tricks.as_strided(made, shape, strides, writeable=writeable)
    elif not writeable:
        made.flags.writeable = False
    return made
