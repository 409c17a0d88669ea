"""The table of magics: what each defines, uses and touches."""

from __future__ import annotations

import ast
import re
import shlex
import string
from collections.abc import Iterator
from typing import Literal, NamedTuple

from nb2pipe.diagnostics import NOTHING, Sentence, say

Body = Literal["transparent", "detached", "text", "none"]
Touch = tuple[str, str, str]


class Magic(NamedTuple):
    """A row of the table.

    ``kind`` says where the magic stands; ``body`` what its text is: Python that runs in the namespace (transparent), or
    beside it (detached), or other text. ``uses`` is "braces" where ``{x}`` and ``$x`` are filled in, "names" where its
    arguments are names of variables; ``defines`` is "capture" where its first argument is bound, "names" where all are.
    ``touches`` are (kind, key, mode) of resources; ``opaque`` says why it cannot be seen through; ``extension`` is whether
    an extension has to be loaded before the magic is there.
    """

    name: str
    kind: Literal["line", "cell", "both"]
    body: Body = "none"
    uses: Literal["", "braces", "names"] = ""
    defines: Literal["", "capture", "names"] = ""
    touches: tuple[Touch, ...] = ()
    opaque: Sentence = NOTHING
    extension: bool = False


_IPYTHON: tuple[Touch, ...] = (("setting", "ipython", "write"),)
_LOADED: tuple[Touch, ...] = (("setting", "ipython", "read"),)
_PACKAGES: tuple[Touch, ...] = (("setting", "packages", "write"), ("network", "network", "read"))
_FILES: tuple[Touch, ...] = (("file", "*", "write"), ("environment", "environment", "read"), ("cwd", "cwd", "read"))
_LOOK: tuple[Touch, ...] = (("file", "*", "read"), ("cwd", "cwd", "read"))

# What `%load_ext` finds in IPython itself, where no file beside the notebook has the name.
OWN_EXTENSIONS = frozenset({"autoreload", "storemagic"})


def _rows() -> dict[str, Magic]:
    rows = [
        Magic("time", "both", "transparent"),
        Magic("timeit", "both", "detached"),
        Magic("prun", "both", "transparent"),
        Magic("memit", "both", "detached", "braces", extension=True),
        Magic("mprun", "both", "detached", "braces", extension=True),
        Magic("lprun", "both", "detached", "braces", extension=True),
        Magic("capture", "cell", "transparent", "", "capture"),
        Magic("matplotlib", "line", touches=(("setting", "matplotlib", "write"),)),
        Magic("pylab", "line"),
        Magic("run", "line", uses="braces"),
        Magic("env", "line"),
        Magic("set_env", "line"),
        Magic("cd", "line"),
        Magic("pushd", "line", uses="braces", touches=(("cwd", "cwd", "write"),)),
        Magic("popd", "line", touches=(("cwd", "cwd", "write"),)),
        Magic("pwd", "line", touches=(("cwd", "cwd", "read"),)),
        Magic("writefile", "cell"),
        Magic("file", "cell"),
        Magic("store", "line"),
        Magic("reset", "line"),
        Magic("xdel", "line"),
        Magic("sx", "both", "text", "braces", touches=_FILES),
        Magic("system", "both", "text", "braces", touches=_FILES),
        Magic("sc", "line", uses="braces", opaque=say("it binds the output of a command to a name")),
        Magic("reset_selective", "line", opaque=say("it deletes the names that match a pattern")),
        Magic("macro", "line", opaque=say("it makes a macro of earlier input")),
        Magic("load", "line", opaque=say("it puts code from elsewhere into the cell")),
        Magic("loadpy", "line", opaque=say("it puts code from elsewhere into the cell")),
        Magic("rerun", "line", opaque=say("it runs earlier input again")),
        Magic("recall", "line", opaque=say("it recalls earlier input")),
        Magic("rep", "line", opaque=say("it recalls earlier input")),
        Magic("edit", "line", opaque=say("it opens an editor and runs what was written")),
        Magic("ed", "line", opaque=say("it opens an editor and runs what was written")),
        Magic(
            "sql",
            "both",
            "text",
            "braces",
            opaque=say("what it reads and binds depends on the extension"),
            extension=True,
        ),
        Magic("bigquery", "cell", "text", "braces", "capture", (("network", "network", "read"),), extension=True),
        Magic("R", "both", "text", "braces", opaque=say("it runs R on the names it is told"), extension=True),
        Magic("cython", "cell", "text", opaque=say("it binds what the Cython code defines"), extension=True),
        Magic("cython_pyximport", "cell", "text", opaque=say("it binds what the Cython code defines"), extension=True),
        Magic("python", "cell", "text", "braces", touches=_FILES),
        Magic("debug", "both", "transparent"),
        Magic("code_wrap", "both", opaque=say("it puts code around every cell that follows")),
        Magic("pdb", "line", touches=_IPYTHON),
        Magic("pinfo", "line", uses="names"),
        Magic("pinfo2", "line", uses="names"),
        Magic("pdoc", "line", uses="names"),
        Magic("pdef", "line", uses="names"),
        Magic("psource", "line", uses="names"),
        Magic("pfile", "line", uses="names"),
        Magic("save", "line", touches=(("file", "*", "write"),)),
        Magic("notebook", "line", touches=(("file", "*", "write"),)),
        Magic("logstart", "line", touches=(("file", "*", "write"),)),
        Magic("pastebin", "line", touches=(("network", "network", "write"),)),
        Magic("tensorboard", "line", uses="braces", touches=_LOOK, extension=True),
        Magic("watermark", "both", uses="braces", extension=True),
        Magic("version_information", "line", extension=True),
        Magic("tensorflow_version", "line", extension=True),  # in Colab
        Magic("shell", "both", "text", "braces", touches=_FILES, extension=True),  # in Colab
        Magic("mermaid", "cell", "text", extension=True),
        Magic("cmd", "cell", "text", "braces", touches=_FILES),  # on Windows
    ]
    for name in ("load_ext", "reload_ext", "unload_ext", "config", "precision", "xmode", "colors", "autocall", "autoawait",
                 "automagic", "alias", "unalias", "alias_magic", "gui", "doctest_mode", "rehashx", "pprint", "subshell",
                 "autosave"):  # fmt: skip
        rows.append(Magic(name, "line", touches=_IPYTHON))
    for name in ("autoreload", "aimport", "autotime", "nb_black"):
        rows.append(Magic(name, "line", touches=_IPYTHON, extension=True))
    for name in ("pip", "conda", "mamba", "micromamba", "uv"):
        rows.append(Magic(name, "line", uses="braces", touches=_PACKAGES))
    for name in ("bash", "sh", "script", "perl", "ruby", "python2", "python3", "pypy", "!"):
        rows.append(Magic(name, "cell", "text", "braces", touches=_FILES))
    for name in ("html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG"):
        rows.append(Magic(name, "cell", "text"))
    for name in ("ls", "ll", "lf", "lk", "ldir", "lx", "cat", "less", "more", "man", "pycat", "history", "hist",
                 "dhist", "dirs"):  # fmt: skip
        rows.append(Magic(name, "line", uses="braces", touches=_LOOK))
    for name in ("mkdir", "rmdir", "rm", "mv", "cp"):
        rows.append(Magic(name, "line", uses="braces", touches=_FILES))
    for name in ("who", "who_ls", "whos", "lsmagic", "magic", "psearch", "quickref", "bookmark", "page", "tb",
                 "killbgscripts", "connect_info", "qtconsole", "logoff", "logon", "logstate", "logstop", "clear"):  # fmt: skip
        rows.append(Magic(name, "line"))
    return {row.name: row._replace(touches=(*row.touches, *_LOADED)) if row.extension else row for row in rows}


MAGICS = _rows()


def lookup_magic(name: str, kind: Literal["line", "cell"]) -> Magic | None:
    """The row of a magic where it may stand as a line or a cell magic."""
    row = MAGICS.get(name)
    if row is None or row.kind not in (kind, "both"):
        return None
    return row


def is_loaded(name: str) -> bool:
    """Whether a name is that of a line magic which every kernel has from the start."""
    row = lookup_magic(name, "line")
    return row is not None and not row.extension


def split_magic(line: str) -> tuple[str, str]:
    """``%name rest`` without its per cents: the name and the rest."""
    name, _, rest = line.strip().lstrip("%").partition(" ")
    return name, rest.strip()


# IPython's DollarFormatter: `$name` or `$a.b` outside of single quotes; `$$name` is an escape.
_DOLLAR = re.compile(r"\$(\$?[\w.]+)(?=(?:[^']*'[^']*')*[^']*$)")


def interpolated_names(text: str) -> tuple[str, ...]:
    """The names that IPython reads to fill in ``{expression}`` and ``$name`` (its DollarFormatter).

    IPython leaves a text alone whose fields it cannot fill in, so what is no expression reads nothing.
    """
    found: dict[str, None] = {}
    for expression in _fields(text):
        try:
            tree = ast.parse(expression.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        bound = {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
        found.update(dict.fromkeys(node.id for node in nodes if node.id not in bound))
    return tuple(found)


def _fields(text: str) -> Iterator[str]:
    """The expressions in a text, up to where it is no format string.

    IPython's formatter takes what looks like a format specification for a part of the expression.
    """
    try:
        for literal, field, specification, _ in string.Formatter().parse(text):
            yield from (name.strip(".") for name in _DOLLAR.findall(literal))
            if field is not None:
                yield f"{field}:{specification}" if specification else field
    except ValueError:
        # An unmatched brace: IPython leaves the whole text as it is, yet may have read what stood before.
        return


Effect = Literal["none", "read", "write", "install"]
_NONE = frozenset({"echo", "true", "false", "sleep", "nvidia-smi", "date", "whoami", "hostname", "uname", "printf", "test",
                   "which", "nproc", "free", "lscpu", "uptime", "id", "env", "printenv", "type", "clear"})  # fmt: skip
_READ = frozenset({"ls", "cat", "head", "tail", "wc", "grep", "find", "du", "df", "pwd", "tree", "file", "stat", "less", "more",
                   "md5sum", "sha256sum", "diff", "sort", "uniq", "cut", "awk", "tr", "nl", "od", "xxd", "strings", "jq"})  # fmt: skip
_GIT_READS = frozenset(
    {"status", "log", "diff", "show", "rev-parse", "describe", "ls-files", "blame", "shortlog", "grep"}
)
_INSTALLERS = frozenset(
    {"pip", "pip3", "conda", "mamba", "apt", "apt-get", "brew", "npm", "uv", "poetry", "easy_install"}
)


def shell_effect(command: str) -> Effect:
    """What a shell command does to files: the strongest effect of its parts; an unknown program may write anything."""
    worst: Effect = "none"
    rank: dict[Effect, int] = {"none": 0, "read": 1, "install": 2, "write": 3}
    for part in re.split(r"\|\|?|&&|;|\n", command):
        effect = _part_effect(part)
        if rank[effect] > rank[worst]:
            worst = effect
    return worst


def _part_effect(part: str) -> Effect:
    if re.search(r"(?<![0-9&])>{1,2}(?!&)", part.replace(">/dev/null", "").replace("> /dev/null", "")):
        return "write"
    try:
        words = shlex.split(part)
    except ValueError:
        return "write"
    while words and (re.fullmatch(r"[A-Za-z_]\w*=.*", words[0]) or words[0] in ("sudo", "time", "nohup")):
        words = words[1:]
    if not words:
        return "none"
    program = words[0].rpartition("/")[2]
    if program in ("python", "python3") and words[1:2] == ["-m"] and words[2:3] in (["pip"], ["conda"]):
        program = "pip"
    if "--version" in words or "-V" in words or "--help" in words:
        return "none"
    if program in _INSTALLERS:
        quiet = {"list", "show", "freeze", "check", "info", "search", "--version"}
        return "none" if len(words) > 1 and words[1] in quiet else "install"
    if program in _NONE:
        return "none"
    if program == "git" and (words[1:2] or ["status"])[0] in _GIT_READS:
        return "read"
    if program == "find" and {"-delete", "-exec", "-execdir", "-ok", "-fprint"} & {*words}:
        return "write"
    return "read" if program in _READ else "write"
