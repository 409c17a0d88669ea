"""IPython's syntax as plain Python: what a package can do without a kernel."""

from __future__ import annotations

import ast
import io
import itertools
import re
import shlex
import string
import tokenize
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from nb2pipe.notebook.magics import OWN_EXTENSIONS
from nb2pipe.package.bindings import BUILTINS
from nb2pipe.package.model import Import

_NOISE = frozenset(
    {
        "matplotlib",
        "load_ext",
        "reload_ext",
        "autoreload",
        "config",
        "pdb",
        "xmode",
        "colors",
        "doctest_mode",
    }
)
_ASIDE = frozenset({"timeit", "watermark", "version_information", "tensorboard", "memit", "lprun", "mprun", "who", "whos",
                    "hist", "history", "lsmagic", "magic", "quickref", "unload_ext", "logstart", "notebook"})  # fmt: skip
"""Magics that only tell of the machine, the session or the time; as `name?` does."""
_PAGES = frozenset({"html", "HTML", "javascript", "js", "svg", "latex", "markdown"})
"""Magics that only a browser shows."""
_SHELL = frozenset({"ls", "ll", "cat", "mkdir", "rm", "rmdir", "cp", "mv", "less", "man"})
_ALIASES = {"ls": "ls -F", "ll": "ls -F -o"}
"""What IPython runs for these, but for the colours."""
_SUBPROCESS = Import("subprocess", "subprocess")
_OS = Import("os", "os")
_RAN = Import("ran", "._runtime", "ran")
_IMPORT = Import("import_module", "importlib", "import_module")
RUNS = "globals().update(ran("
"""How the plain form of ``%run`` begins."""
COMMAND = "subprocess.run("
"""What runs a command in its plain form."""
_PATH = Import("Path", "pathlib", "Path")
MODULES = {i.name: f"{i.module}.{i.member}" if i.member else i.module for i in (_OS, _SUBPROCESS, _IMPORT, _PATH)}
"""The names that plain forms have of the standard library, and what they are of it."""
_SCRIPT = re.compile(r"[\w./-]+\.py(?:\s+[\w./=:,+-]+)*")
"""A script and its arguments, of which IPython changes nothing and none is an option of ``%run``."""
_EXTENSION = re.compile(r"[A-Za-z_][\w.]*")
_DOLLAR = re.compile(r"(.*?)\$(\$?[\w\.]+)(?=(?:[^']*'[^']*')*[^']*$)")
"""What IPython's formatter takes for ``$name``: not in single quotes, with all dots behind it."""
_PYLAB = """import numpy
import numpy as np
import matplotlib
import matplotlib.pyplot as plt
from matplotlib import mlab, pylab, pyplot"""
_PYLAB_STARS = "from matplotlib.pylab import *\nfrom numpy import *"
"""What IPython runs for ``%pylab`` (`IPython.core.pylabtools.import_pylab`)."""
_SHELLS_OWN = frozenset({"get_ipython", "exit", "quit", "display", "In", "Out"})


class Plain(NamedTuple):
    """Python in place of a magic: its text ("" where nothing is left), and the imports that it needs.

    ``left_out`` is whether a package lacks something: what the magic shows, or what the code does that it measures.
    ``of_session`` is whether what it shows only tells of the machine, the session or the time, ``installs`` whether it
    installs something, ``inline`` whether figures are to be shown as notebooks do, which they are unless another backend was
    chosen before.
    """

    text: str
    imports: tuple[Import, ...] = ()
    left_out: bool = False
    of_session: bool = False
    installs: bool = False
    inline: bool = False


NOTHING = Plain("")
"""What is left of a magic that only sets up the shell."""
_INSTALLED = Plain("", installs=True)
_OF_SESSION = Plain("", left_out=True, of_session=True)


class NotPlainError(ValueError):
    """A magic has no plain form; the message says which."""


def is_magic(node: ast.AST) -> bool:
    """Whether something in a tree is a call of IPython's own."""
    return any(isinstance(n, ast.Name) and n.id == "get_ipython" for n in ast.walk(node))


def plain(
    node: ast.stmt, names: AbstractSet[str], *, fails: bool = False, unsure: AbstractSet[str] = frozenset()
) -> Plain:
    """The plain form of a statement that is one of IPython's own.

    ``names`` are those that the notebook binds: IPython fills in ``{name}`` and ``$name`` where there is such a name.
    ``fails`` is whether its cell is expected to fail, as it does where it loads an extension that is not there; ``unsure`` are the
    names that only such cells bind.

    Raises:
        NotPlainError: There is none.
    """
    value = node.value if isinstance(node, (ast.Expr, ast.Assign)) else None
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute) or not _is_shell(value.func.value):
        raise NotPlainError("IPython's syntax inside of other code")
    try:
        arguments = [str(ast.literal_eval(a)) for a in value.args]
    except ValueError:
        raise NotPlainError("a magic whose text is computed") from None
    target = ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""
    method = value.func.attr
    if method == "system" or (method == "getoutput" and target):
        return _command(arguments[0], target, names, unsure)
    if method == "run_line_magic" and fails and arguments[0] == "load_ext":
        extension = arguments[1].strip()
        if _EXTENSION.fullmatch(extension) and extension not in OWN_EXTENSIONS:
            return Plain(f"import_module({extension!r})", (_IMPORT,))
    if method == "run_line_magic":
        return _line(arguments[0], arguments[1] if len(arguments) > 1 else "", target, names)
    if method == "run_cell_magic":
        return _cell(arguments[0], arguments[1], arguments[2], target, names)
    raise NotPlainError(f"get_ipython().{method}")


def aside(made: Plain, taken: AbstractSet[str]) -> Plain:
    """A plain form in which the names of the standard library that are taken are others (``_os``)."""
    text = made.text
    if not any(i.name in taken for i in made.imports):
        return made
    behind = ""
    lines = text.split("\n")
    found = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME and token.string in taken and behind != ".":
            found.append(token.start)
        behind = token.string
    for row, column in reversed(found):
        lines[row - 1] = f"{lines[row - 1][:column]}_{lines[row - 1][column:]}"
    imports = (i._replace(name=f"_{i.name}", alias=f"_{i.name}") if i.name in taken else i for i in made.imports)
    return made._replace(text="\n".join(lines), imports=tuple(imports))


def _is_shell(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "get_ipython"


def _line(name: str, text: str, target: str, names: AbstractSet[str]) -> Plain:
    if name == "matplotlib" and text.strip() == "inline" and not target:
        return Plain("", inline=True)
    if name in _NOISE and not target:
        return NOTHING
    if name in _ASIDE and not target:
        return _OF_SESSION
    if name in _SHELL:
        return _command(f"{_ALIASES.get(name, name)} {text}".rstrip(), target, names)
    if name.startswith("pinfo") or name == "psearch":
        return _OF_SESSION
    if name in ("pip", "conda", "mamba", "uv"):
        return _INSTALLED  # the package's own environment has it
    if name == "cd" and text and not text.startswith("-") and not target:
        return Plain(f"os.chdir(os.path.expanduser({_text(text, names)}))\nprint(os.getcwd())", (_OS,))
    if name == "pwd":
        return Plain(_bound(target, "os.getcwd()"), (_OS,))
    if name in ("env", "set_env") and not target and text:
        key, found, value = text.partition("=")
        if not found:
            key, _, value = text.partition(" ")
        if value:
            text = _text(value.strip(), names)
            shown = _text(f"env: {key.strip()}={value.strip()}", names)
            return Plain(f"os.environ[{key.strip()!r}] = {text}\nprint({shown})", (_OS,))
    if name == "run" and _SCRIPT.fullmatch(text.strip()) and not text.strip().startswith("-") and not target:
        return Plain(f"{RUNS}{', '.join(map(repr, text.split()))}))", (_RAN,))
    if name == "pylab" and not target:
        return Plain(_PYLAB if "--no-import-all" in text else f"{_PYLAB}\n{_PYLAB_STARS}")
    if name in ("sx", "system") and target:
        return _command(text, target, names)
    raise NotPlainError(f"%{name}")


def _cell(name: str, line: str, body: str, target: str, names: AbstractSet[str]) -> Plain:
    if name in ("bash", "sh") and not line.strip():
        call = f"subprocess.run([{name!r}, '-c', {_long(body)}], check=True)"
        return Plain(call, (_SUBPROCESS,))
    if name in ("writefile", "file") and not target:
        words = shlex.split(line)
        if len(words) == 1:
            return _written(words[0], body, names)
    if name in _ASIDE:
        return _OF_SESSION
    if name in _PAGES:
        return Plain("", left_out=True)
    raise NotPlainError(f"%%{name}")


def _written(name: str, body: str, names: AbstractSet[str]) -> Plain:
    """``%%writefile``: it tells whether there was such a file."""
    home = name.startswith(("~", "{", "$"))
    path = f"os.path.expanduser({_text(name, names)})" if home else _text(name, names)
    told = f"print('Overwriting' if Path({path}).exists() else 'Writing', {path})"
    text = f"{told}\nPath({path}).write_text({_long(body)}, encoding='utf-8')"
    return Plain(text, (_PATH, _OS) if home else (_PATH,))


def _command(command: str, target: str, names: AbstractSet[str], unsure: AbstractSet[str] = frozenset()) -> Plain:
    """``!command``: what it prints is printed, or bound as lines."""
    if re.match(r"\s*(?:pip|conda|mamba|uv)\d?\s+(?:pip\s+)?(?:install|uninstall)\b", command) and not target:
        return _INSTALLED  # the package's own environment has it
    # as IPython runs it: by the user's own shell, and what goes to stderr is among the rest
    text = _text(command, names)
    mentioned = {n.id for n in ast.walk(ast.parse(text, mode="eval")) if isinstance(n, ast.Name)}
    if lacking := sorted(mentioned & unsure):  # IPython leaves a text alone where a name has no value
        text = f"({text} if {{{', '.join(map(repr, lacking))}}} <= {{*globals()}} else {command!r})"
    run = f"{COMMAND}{text}, shell=True, executable=os.environ.get('SHELL')"
    if target:
        text = f"{target} = {run}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout.splitlines()"
        return Plain(text, (_OS, _SUBPROCESS))
    return Plain(f"{run}, stderr=subprocess.STDOUT, check=False)", (_OS, _SUBPROCESS))


def _bound(target: str, text: str) -> str:
    return f"{target} = {text}" if target else text


def _text(text: str, names: AbstractSet[str]) -> str:
    """A string literal, or an f-string where IPython would fill in names and expressions."""
    pieces = _pieces(text) or ()
    fields = [p for p in pieces if isinstance(p, ast.FormattedValue)]
    if not pieces or not all(_is_known(f.value, names) for f in fields):
        return repr(text)  # IPython leaves a text alone in which it cannot fill in everything
    if not fields:
        return repr("".join(p for p in pieces if isinstance(p, str)))
    if re.search(r"\$\w+\.", text):
        raise NotPlainError(
            "a command with a dot behind `$name`"
        )  # where there is no such attribute, nothing is filled in
    joined = ast.JoinedStr(list(_joined(pieces)))
    try:
        made = ast.unparse(joined)
        if ast.dump(ast.parse(made, mode="eval").body) != ast.dump(joined):
            raise ValueError(made)
    except (ValueError, SyntaxError):
        raise NotPlainError("a command that computes with {…}") from None
    return made


def _pieces(text: str) -> list[str | ast.FormattedValue] | None:
    """What is literal in a text and what IPython computes in it, as its formatter tells; None where it is no such text."""
    found: list[str | ast.FormattedValue] = []
    if "$" in text and "\n" in text:
        raise NotPlainError("a command of several lines with `$`")
    try:
        for literal, field, specification, conversion in string.Formatter().parse(text):
            end = 0
            for match in _DOLLAR.finditer(literal):
                found += [match[1] + match[2]] if match[2].startswith("$") else [match[1], _field(match[2])]
                end = match.end()
            found.append(literal[end:])
            if field is not None:
                found.append(_field(f"{field}:{specification}" if specification else field, conversion))
    except (ValueError, SyntaxError):
        return None
    return found


def _joined(pieces: Iterable[str | ast.FormattedValue]) -> Iterator[ast.expr]:
    for literal, group in itertools.groupby(pieces, lambda p: isinstance(p, str)):
        if literal:
            text = "".join(p for p in group if isinstance(p, str))
            yield from [ast.Constant(text)] if text else []
        else:
            yield from (p for p in group if isinstance(p, ast.FormattedValue))


def _field(expression: str, conversion: str | None = None) -> ast.FormattedValue:
    if conversion not in (None, "a", "r", "s"):
        raise ValueError(conversion)
    return ast.FormattedValue(ast.parse(expression, mode="eval").body, ord(conversion) if conversion else -1, None)


def _is_known(node: ast.expr, names: AbstractSet[str]) -> bool:
    """Whether a value can be computed from the names that there are.

    Raises:
        NotPlainError: It is computed from what IPython has beside these, or binds a name itself.
    """
    used = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    bound = {n.id for n in used if isinstance(n.ctx, ast.Store)}
    unknown = {n.id for n in used} - names - bound
    own = sorted(n for n in unknown if n.startswith("_") or n in _SHELLS_OWN)
    if own or any(isinstance(n, (ast.NamedExpr, ast.Await)) for n in ast.walk(node)):
        raise NotPlainError(f"a command that computes `{ast.unparse(node)}`")
    return unknown <= BUILTINS


def _long(text: str) -> str:
    if '"""' in text or "\\" in text or not text.endswith("\n"):
        return repr(text)
    return f'"""\\\n{text}"""'
