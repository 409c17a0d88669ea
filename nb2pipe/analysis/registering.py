"""Modules whose import puts something into another library: an accessor, a style, a color map, an environment to train in.

Who uses that library then relies on the import, without naming the module. Of an installed module only the text is looked at.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from nb2pipe.analysis.modules import MAX_SOURCE, installed_paths, locate
from nb2pipe.interpreters import Interpreter, elsewhere, own_modules

_REGISTERS = re.compile(
    r"register_(?:dataframe|series|index|dataset|dataarray)_(?:accessor|method)|\bpandas_flavor\b|register_extension_dtype"
    r"|\b(?:DataFrame|Series|Index|Dataset|DataArray|Axes|Figure)\.\w+ *=[^=]"
    r"|setattr\( *(?:\w+\.)*(?:DataFrame|Series|Index|Dataset|DataArray|Axes|Figure) *,"
    r"|style\.(?:core|library)\b|colormaps\.register\b|\bregister_(?:cmap|projection|scale)\b|\bregister\(\s*id *="
)
_IMPORTS = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+\(?([\w, \t]*)|import[ \t]+([\w.]+))", re.MULTILINE
)
_FILES = 40  # of one package: a text is looked at, nothing is interpreted

COLORS = re.compile(r"""["'](?:rocket|mako|icefire|vlag|flare|crest)(?:_r)?["']""")
"""The color maps that seaborn registers, where a cell names them."""


def surely_registers(module: str) -> bool:
    """Whether a module that the tables cover does so: seaborn its color maps, scikit-learn what is experimental."""
    return module.partition(".")[0] == "seaborn" or module == "sklearn.experimental"


def registers(module: str) -> bool:
    """Whether importing the installed ``module`` may put something into another library."""
    if module.partition(".")[0] in own_modules():
        return False
    return surely_registers(module) or _registers(module, elsewhere())


@lru_cache(maxsize=256)
def _registers(module: str, _: Interpreter | None) -> bool:
    folders = installed_paths()
    parts = module.split(".")
    waiting = [".".join(parts[: n + 1]) for n in range(len(parts))]
    seen: set[str] = set()
    while waiting and len(seen) < _FILES:
        name = waiting.pop(0)
        path = locate(name, folders) if name not in seen else None
        seen.add(name)
        if path is None:
            continue
        try:
            text = path.read_bytes()[:MAX_SOURCE].decode("utf-8", "replace")
        except OSError:
            continue
        if _REGISTERS.search(text):
            return True
        waiting += _own_imports(text, name, path)
    return False


def _own_imports(text: str, name: str, path: Path) -> Iterator[str]:
    """The modules of the same package that a text imports."""
    top = name.partition(".")[0]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for whence, what, plain in _IMPORTS.findall(text):
        try:
            found = plain or importlib.util.resolve_name(whence, package)
        except ImportError:
            continue
        if found.partition(".")[0] == top:
            yield found
            yield from (f"{found}.{word}" for word in re.findall(r"\w+", what))
