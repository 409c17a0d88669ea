"""The generator as a Hypothesis strategy: it shrinks as any other."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.random_notebooks.generate import generate
from tests.random_notebooks.notebooks import RandomNotebook


def notebooks() -> st.SearchStrategy[RandomNotebook]:
    """Random notebooks with random splits."""
    return st.randoms(use_true_random=False).map(generate)
