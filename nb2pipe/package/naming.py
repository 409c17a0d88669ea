"""The name of a package: an identifier that hides no module."""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata
from collections.abc import Iterable

from nb2pipe.diagnostics import UsageError
from nb2pipe.notebook.model import Notebook


def package_name(notebook: Notebook, wanted: str | None, imported: Iterable[str]) -> str:
    """The name that was asked for, or the notebook's own as an identifier.

    Raises:
        UsageError: The name that was asked for is no identifier, or a module has it that Python or the notebook needs.
    """
    taken = {m.partition(".")[0] for m in imported} | sys.stdlib_module_names
    if wanted is not None:
        made = _identifier(wanted)
        if wanted != made:
            raise UsageError(
                f"--name {wanted}: a package needs a name of lower-case letters, digits and _; did you mean {made}?"
            )
        if wanted in taken:
            whose = "Python's own" if wanted in sys.stdlib_module_names else "one that the notebook imports"
            raise UsageError(f"--name {wanted}: a module of that name is {whose}; did you mean {wanted}_pipeline?")
        return wanted
    made = _identifier(notebook.name)
    return f"{made}_pipeline" if made in taken else made


def _identifier(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    made = re.sub(r"\W+", "_", plain).strip("_").lower() or "notebook"
    if made[0].isdigit():
        made = f"notebook_{made}"
    return f"{made}_" if keyword.iskeyword(made) else made
