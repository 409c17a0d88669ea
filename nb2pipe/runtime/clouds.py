"""cloudpickle. Another interpreter that runs steps is brought a copy, by a name that is in nobody's way there."""

from __future__ import annotations

import importlib
import sys
from typing import Any

try:
    cloudpickle: Any = importlib.import_module("nb2pipe.runtime.cloudpickle")
except ModuleNotFoundError:  # it is the interpreter that runs nb2pipe
    cloudpickle = importlib.import_module("cloudpickle.cloudpickle")
    sys.modules["nb2pipe.runtime.cloudpickle"] = cloudpickle  # by which the values of those name it
