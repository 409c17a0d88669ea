"""A function of the notebook to which a step passes values that stood around it in the notebook."""

from __future__ import annotations

import functools
from typing import Any


class with_values(functools.partial):  # type: ignore[type-arg]
    """The function with these values as keyword arguments; it has the function's name and looks like it."""

    def __new__(cls, function: Any, /, *arguments: Any, **values: Any) -> Any:
        """Pass ``values`` each time that it is called."""
        made = super().__new__(cls, function, *arguments, **values)
        functools.update_wrapper(made, function)
        del vars(made)["__wrapped__"]  # whoever asks for its arguments is not to see those that it has been given
        return made

    def __repr__(self) -> str:
        """As the function is shown by itself."""
        return repr(self.func)
