"""IPython's syntax as plain Python: what a package can do without a kernel."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Set as AbstractSet
from typing import NamedTuple

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
_ASIDE = frozenset({"timeit", "watermark", "version_information", "tensorboard", "memit", "prun", "lprun", "mprun", "who", "whos",
                    "hist", "history", "lsmagic", "magic", "quickref", "unload_ext", "logstart", "notebook"})  # fmt: skip
"""Magics that only tell of the machine, the session or the time."""
_SHELL = frozenset({"ls", "ll", "cat", "mkdir", "rm", "rmdir", "cp", "mv", "less", "man"})
_SUBPROCESS = Import("subprocess", "subprocess")
_OS = Import("os", "os")
_RUN = Import("run_path", "runpy", "run_path")
RUNS = "globals().update(run_path("
"""How the plain form of ``%run`` begins."""
_PATH = Import("Path", "pathlib", "Path")
_SIMPLE = re.compile(r"\{([^\W\d]\w*)\}|(?<!\\)\$([^\W\d]\w*)")


class Plain(NamedTuple):
    """Python in place of a magic: its text ("" where nothing is left), and the imports that it needs."""

    text: str
    imports: tuple[Import, ...] = ()


class NotPlainError(ValueError):
    """A magic has no plain form; the message says which."""


def is_magic(node: ast.AST) -> bool:
    """Whether something in a tree is a call of IPython's own."""
    return any(isinstance(n, ast.Name) and n.id == "get_ipython" for n in ast.walk(node))


def plain(node: ast.stmt, names: AbstractSet[str]) -> Plain:
    """The plain form of a statement that is one of IPython's own.

    ``names`` are those that the notebook binds: IPython fills in ``{name}`` and ``$name`` where there is such a name.

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
    if method in ("system", "getoutput"):
        return _command(arguments[0], target, names)
    if method == "run_line_magic":
        return _line(arguments[0], arguments[1] if len(arguments) > 1 else "", target, names)
    if method == "run_cell_magic":
        return _cell(arguments[0], arguments[1], arguments[2], target)
    raise NotPlainError(f"get_ipython().{method}")


def _is_shell(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "get_ipython"


def _line(name: str, text: str, target: str, names: AbstractSet[str]) -> Plain:
    if name in _NOISE and not target:
        return Plain("")
    if name in _ASIDE and not target:
        return Plain("")
    if name in _SHELL:
        return _command(f"{name} {text}", target, names)
    if name.startswith("pinfo") or name == "psearch":
        return Plain("")
    if name in ("pip", "conda", "mamba", "uv"):
        return Plain("")  # the package's own environment has it
    if name == "cd" and text and not text.startswith("-") and not target:
        return Plain(f"os.chdir(os.path.expanduser({_text(text, names)}))", (_OS,))
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
    if name == "run" and re.fullmatch(r"[\w./-]+\.py", text) and not target:
        return Plain(f"{RUNS}{text!r}, run_name='__main__'))", (_RUN,))
    if name in ("sx", "system"):
        return _command(text, target, names)
    raise NotPlainError(f"%{name}")


def _cell(name: str, line: str, body: str, target: str) -> Plain:
    if name in ("bash", "sh") and not line.strip():
        call = f"subprocess.run([{name!r}, '-c', {_long(body)}], check=True)"
        return Plain(call, (_SUBPROCESS,))
    if name in ("writefile", "file") and not target:
        words = shlex.split(line)
        if len(words) == 1:
            return Plain(
                f"Path({words[0]!r}).write_text({_long(body)}, encoding='utf-8')\nprint({'Writing ' + words[0]!r})",
                (_PATH,),
            )
    if name in _ASIDE:
        return Plain("")
    if name in ("html", "HTML", "javascript", "js", "svg", "latex", "markdown"):
        return Plain("")
    raise NotPlainError(f"%%{name}")


def _command(command: str, target: str, names: AbstractSet[str]) -> Plain:
    """``!command``: what it prints is printed, or bound as lines."""
    if re.match(r"\s*(?:pip|conda|mamba|uv)\d?\s+(?:pip\s+)?(?:install|uninstall)\b", command) and not target:
        return Plain("")  # the package's own environment has it
    if target:
        output = "stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True"
        call = f"subprocess.run({_text(command, names)}, shell=True, {output}, check=False)"
        return Plain(f"{target} = {call}.stdout.splitlines()", (_SUBPROCESS,))
    return Plain(f"subprocess.run({_text(command, names)}, shell=True, check=False)", (_SUBPROCESS,))


def _bound(target: str, text: str) -> str:
    return f"{target} = {text}" if target else text


def _text(text: str, names: AbstractSet[str]) -> str:
    """A string literal, or an f-string where IPython would fill in names."""
    if "{" not in text and "$" not in text:
        return repr(text)
    found = [m for m in _SIMPLE.finditer(text) if (m[1] or m[2]) in names]
    rest = _SIMPLE.sub("", text)
    if "{" in rest or "}" in rest:
        raise NotPlainError("a command that computes with {…}")
    if not found:
        return repr(text)
    filled = _SIMPLE.sub(lambda m: f"\0{m[1] or m[2]}\1" if (m[1] or m[2]) in names else m[0], text)
    return "f" + repr(filled.replace("{", "{{").replace("}", "}}")).replace("\\x00", "{").replace("\\x01", "}")


def _long(text: str) -> str:
    if '"""' in text or "\\" in text or not text.endswith("\n"):
        return repr(text)
    return f'"""\\\n{text}"""'
