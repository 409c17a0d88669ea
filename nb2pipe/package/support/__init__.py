"""What runs the pipeline: steps in order, parameters, the command line, and what a notebook would show."""

from ._bound import with_values
from ._captured import captured
from ._cli import main
from ._display import display
from ._fields import ParameterError, checked
from ._figures import end_of_cell as show_figures
from ._figures import figures_inline
from ._pipeline import Pipeline, Step
from ._runs import ran
from ._script import script
from ._timer import timed

__all__ = [
    "ParameterError",
    "Pipeline",
    "Step",
    "captured",
    "checked",
    "display",
    "figures_inline",
    "main",
    "ran",
    "script",
    "show_figures",
    "timed",
    "with_values",
]
