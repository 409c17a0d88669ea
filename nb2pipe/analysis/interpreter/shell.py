"""What IPython's syntax does to names and to the world: the calls that its transformer writes, by the table of magics."""

from __future__ import annotations

import ast

from nb2pipe.analysis.effects import Mode, ResourceKind
from nb2pipe.analysis.interpreter.hidden import changed_in, may_seed
from nb2pipe.analysis.interpreter.language import Language
from nb2pipe.analysis.interpreter.machine import const_of, normal_path
from nb2pipe.analysis.objects import (
    HOLE,
    NONE,
    STR,
    Frame,
    Obj,
    Val,
    hold,
)
from nb2pipe.diagnostics import say
from nb2pipe.notebook import magics
from nb2pipe.notebook.ipython import parse_fragment
from nb2pipe.notebook.model import Cell

SHELL = "IPython.shell"


_HOOKING = (
    "events.",
    "hooks.",
    "set_hook",
    "set_custom_exc",
    "ast_transformers",
    "input_transformer",
    "register_post_execute",
)
"""What begins with one of these has the shell do more with every cell that follows."""


class Shell(Language):
    """Magics, shell escapes and help, as the calls on ``get_ipython()`` that stand for them."""

    current: Cell

    def _call_get_ipython(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        return (Obj("ref", data=SHELL),)

    def call_ref(self, dotted: str, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        if dotted.startswith(SHELL + "."):
            return self.shell_call(dotted[len(SHELL) + 1 :], args, kwargs, node, frame)
        return super().call_ref(dotted, args, kwargs, node, frame)

    def shell_call(self, name: str, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        """A method of the IPython shell."""
        texts = [const_of(a) for a in args]
        if name == "run_line_magic" and len(texts) >= 2 and isinstance(texts[0], str):
            line = texts[1]
            if not isinstance(line, str):
                self._interpolate(args[1])
                line = (self.text(args[1]) or HOLE).replace(HOLE, "*")  # what is put together may be anything there
            return self.magic(texts[0], line, None, node, frame)
        if name == "magic" and texts and isinstance(texts[0], str):
            word, rest = magics.split_magic(texts[0])
            return self.magic(word, rest, None, node, frame)
        if name == "run_cell_magic" and len(texts) >= 3 and all(isinstance(t, str) for t in texts[:3]):
            return self.magic(str(texts[0]), str(texts[1]), str(texts[2]), node, frame)
        if name in ("system", "getoutput", "getoutput_list") and texts:
            self.command(texts[0] if isinstance(texts[0], str) else None, frame)
            if name == "system":
                return NONE
            out = self.new("list")
            hold(out, STR)
            return (out,)
        if name in ("run_line_magic", "run_cell_magic", "run_cell", "ex", "ev", "run_code", "push"):
            self.unseen_code()
            self.opaque("NB201", say("`get_ipython().%1(…)` of something that is computed cannot be seen", name),
                        say("write the code in a cell"))  # fmt: skip
            return (self.new(),)
        if name.partition(".")[0] in (
            "set_next_input",
            "display_formatter",
            "enable_matplotlib",
            "register_magic_function",
        ):
            self.touch("setting", "ipython", "write")
        if name.startswith(_HOOKING):
            given = [o for value in (*args, *kwargs.values()) for o in value]
            self.change_library("*", given)
            self.call_back(given, [], node)  # the end of this cell is the first that is heard of
        return (Obj("ref", data=f"{SHELL}.{name}"),)

    def module_attribute(self, obj: Obj, name: str) -> Val:
        """The shell's namespace is the notebook's."""
        if obj.data == SHELL and name in ("user_ns", "user_global_ns"):
            return (Obj("value", "globals()"),)
        return super().module_attribute(obj, name)

    def _interpolate(self, value: Val) -> None:
        """A text that is put together at run time: nothing more is known of it."""
        self.rec.traits.add("shows")

    def _names_in(self, text: str, frame: Frame | None) -> None:
        """Read the names of the ``{expressions}`` and ``$names`` that IPython puts into a text."""
        for name in magics.interpolated_names(text):
            if frame is None and name not in self.space.names:
                continue
            self.read(name, ast.Name(name, ast.Load(), lineno=self.span.line, col_offset=0), frame)
            self.rec.traits.add("shows")

    def command(self, text: str | None, frame: Frame | None) -> None:
        """A shell command: it reads the working directory and environment, and what else it says."""
        self.touch("environment", "environment", "read")
        self.rec.traits.add("relative")
        self.touch("cwd", "cwd", "read")
        if text is None:
            self.touch("file", "*", "write")
            return
        self._names_in(text, frame)
        effect = magics.shell_effect(text)
        if effect == "none":
            return
        if effect == "read":
            self.touch("file", "*", "read")
        elif effect == "install":
            self.touch("setting", "packages", "write")
            self.touch("network", "network", "read")
        else:
            self.touch("file", "*", "write")

    def magic(self, name: str, line: str, body: str | None, node: ast.AST, frame: Frame | None) -> Val:
        """A magic, by its row in the table."""
        row = magics.lookup_magic(name, "line" if body is None else "cell")
        called = f"{'%' if body is None else '%%'}{name}"
        self.rec.traits.add("magics")
        self.call_back((o for patches in self.patches.values() for _, value in patches for o in value), [], node)
        if row is None:
            self._names_in(line, frame)
            self.unseen_code()
            self.opaque("NB202", say("`%1` is not a magic that nb2pipe knows: what it reads and changes cannot be seen", called),
                        say("write it in plain Python, or tag the cell `skip`"))  # fmt: skip
            return (self.new(),)
        if row.uses == "braces":
            self._names_in(line if body is None else f"{line}\n{body}", frame)
        elif row.uses == "names":
            for word in line.replace(",", " ").split():
                base = word.strip("?").partition(".")[0]
                if base.isidentifier() and base in self.space.names:
                    self.read(base, ast.Name(base, ast.Load(), lineno=self.span.line, col_offset=0), frame)
        result: Val = NONE
        if row.body in ("transparent", "detached"):
            result = self._python_body(name, line, body, row, frame)
        special = getattr(self, f"_magic_{name}", None)
        if special is not None:
            found: Val | None = special(line, body, node, frame)
            if found is not None:
                result = found
        elif row.defines == "capture":
            words = [w for w in line.split() if not w.startswith("-")]
            if words and words[0].isidentifier():
                self.bind(None, words[0], (self.new("IPython.CapturedIO"),))
        elif row.defines:
            self._defined_by(row.defines, line)
        if special is None:
            for touch in row.touches:
                kind, key, mode = touch
                self.touch(_kind(kind), str(key), _mode(mode))
        if name == "matplotlib" and line.split() and line.split(maxsplit=1)[0] not in ("inline", "--list", "-l"):
            self.touch("setting", "figures", "write")  # its figures stay open
        if name in ("matplotlib", "pylab"):
            self.rec.traits.add("plotting")
        if name == "precision":
            self.touch("setting", "numpy", "write")  # it sets numpy's print options too
        if row.opaque:
            self.opaque("NB201", say("`%1`: %2", called, row.opaque), say("write it in plain Python"))
        if name in ("pwd", "sx", "system", "ls", "who_ls", "env", "alias", "bookmark"):
            return STR if name == "pwd" else (self.new(),)
        return result

    def _defined_by(self, how: str, line: str) -> None:
        if how == "result":
            return
        for word in line.split():
            if word.isidentifier() and not word.startswith("-"):
                self.bind(None, word, (self.new(),))

    def _python_body(self, name: str, line: str, body: str | None, row: magics.Magic, frame: Frame | None) -> Val:
        """Interpret the Python that a magic runs: in the namespace, or beside it (what it binds is dropped)."""
        first = self.span.line
        if body is None:
            text = _without_options(name, line)
        else:
            text, first = body, first + 1
            if name in ("time", "timeit", "prun") and _without_options(name, line).strip() and name != "time":
                text = _without_options(name, line) + "\n" + body
        if not text.strip():
            return NONE
        code = parse_fragment(text, self.current, first)
        if code.tree is None:
            return NONE
        self.keep.append(code.tree)
        last: Val = NONE

        def run() -> bool:
            nonlocal last
            assert code.tree is not None  # noqa: S101  seen above
            self.last_value = NONE
            outer = self.span
            failing = name == "capture"  # what goes wrong there is shown, and the notebook goes on
            alive = self.run_failing_cell(code.tree.body) if failing else self.run_block(code.tree.body, frame)
            self.span = outer
            last = self.last_value
            return alive

        if row.body == "detached":
            bound = set(self.rec.defined)
            self.run_branch(run)
            for extra in set(self.rec.defined) - bound:
                del self.rec.defined[extra]
            return NONE
        run()
        return last

    def _magic_env(self, line: str, body: str | None, node: ast.AST, frame: Frame | None) -> Val | None:
        self._names_in(line, frame)
        sets = "=" in line or "*" in line or len(line.split()) > 1
        self.touch("environment", "environment", "write" if sets else "read")
        return None if sets else (self.new(),)

    _magic_set_env = _magic_env

    def _magic_cd(self, line: str, body: str | None, node: ast.AST, frame: Frame | None) -> Val | None:
        self._names_in(line, frame)
        words = [w.strip("'\"") for w in line.split() if not w.startswith("-")]
        self.touch("file", _path(words[0]) if words else "*", "read")
        self.touch("cwd", "cwd", "write")
        return None

    def _magic_writefile(self, line: str, body: str | None, node: ast.AST, frame: Frame | None) -> Val | None:
        self._names_in(line, frame)
        words = [w for w in line.split() if not w.startswith("-")]
        append = any(w in ("-a", "--append") for w in line.split())
        path = words[0].strip("'\"") if words else "*"
        self.touch("file", _path(path), "write")
        if body is not None and not append and not {"{", "$"} & set(path):
            self.module_written(path, body)
        if append:
            self.touch("file", _path(path), "read")
        return None

    _magic_file = _magic_writefile

    def _magic_load_ext(self, line: str, body: str | None, node: ast.AST, frame: Frame | None) -> Val | None:
        self.touch("setting", "ipython", "write")
        for extension in line.split():
            if extension in self.written_modules or extension not in magics.OWN_EXTENSIONS:
                self.read_files(extension.partition(".")[0], set())
        return None

    _magic_reload_ext = _magic_load_ext

    def _magic_run(self, line: str, body: str | None, node: ast.AST, frame: Frame | None) -> Val | None:
        words = [w for w in line.split() if not w.startswith("-")]
        self.rec.traits.add("runs")
        self.touch("file", _path(words[0]) if words else "*", "read")
        script = self.source_of(words[0].removesuffix(".py").removeprefix("./").replace("/", ".")) if words else None
        if script is None or not script.local:
            self.unseen_code()
        else:
            self.unseen_code(seeds=may_seed(script.tree, lambda name: getattr(self.source_of(name), "local", False)))
            for library in changed_in(
                script.tree, lambda path: self.table.call(self.table.canonical(path)) is not None
            ):
                self.change_library(library)
        said = say("`%1` binds what that file binds", f"%run {line}")
        self.opaque("NB201", said, say("import the file as a module instead"))
        return None

    def _magic_pylab(self, line: str, body: str | None, node: ast.AST, frame: Frame | None) -> Val | None:
        for name, module in (("np", "numpy"), ("numpy", "numpy"), ("plt", "matplotlib.pyplot"), ("matplotlib", "matplotlib"),
                             ("pyplot", "matplotlib.pyplot"), ("pylab", "pylab"), ("mlab", "matplotlib.mlab")):  # fmt: skip
            self.rec.modules[module] = None
            self.bind(None, name, (Obj("module", data=module),))
        if "--no-import-all" not in line:
            for module in ("numpy", "matplotlib.pyplot", "numpy.random", "numpy.fft", "numpy.linalg"):
                self.star(module)
        self.touch("setting", "matplotlib", "write")
        return None

    def _magic_store(self, line: str, body: str | None, node: ast.AST, frame: Frame | None) -> Val | None:
        words = line.split()
        if "-r" in words:
            for word in words[1:]:
                if word.isidentifier():
                    self.bind(None, word, (self.new(),))
            if words == ["-r"]:
                said = say("`%1` binds whatever was stored before", "%store -r")
                self.opaque("NB201", said, say("name what it should restore"))
        else:
            for word in words:
                if word in self.space.names:
                    self.read(word, ast.Name(word, ast.Load(), lineno=self.span.line, col_offset=0), frame)
        self.touch("file", "<store>", "write")
        return None

    def _magic_reset(self, line: str, body: str | None, node: ast.AST, frame: Frame | None) -> Val | None:
        for name in list(self.space.names):
            self.rec.deleted[name] = self.span
            self.put(self.space.names, name, None)
        return None

    def _magic_xdel(self, line: str, body: str | None, node: ast.AST, frame: Frame | None) -> Val | None:
        name = line.rsplit(maxsplit=1)[-1] if line.split() else ""
        if name in self.space.names:
            self.rec.deleted[name] = self.span
            self.put(self.space.names, name, None)
        return None


def _without_options(name: str, line: str) -> str:
    """The statement of ``%timeit -n 10 x`` and the like."""
    words = line.strip()
    takes_value = {"timeit": "nrtp", "prun": "lsTD", "memit": "rtim", "mprun": "fT", "lprun": "fmTDu"}.get(name, "")
    while words.startswith("-"):
        option, _, words = words.partition(" ")
        words = words.strip()
        if len(option) == 2 and option[1] in takes_value and name in ("timeit", "prun", "memit", "mprun", "lprun"):
            words = words.partition(" ")[2].strip()
    return words


def _path(text: str) -> str:
    return normal_path("*" if "{" in text or "$" in text else text)


def _kind(text: str) -> ResourceKind:
    kinds: dict[str, ResourceKind] = {
        "file": "file", "random": "random", "environment": "environment", "cwd": "cwd", "setting": "setting",
        "display": "display", "network": "network", "clock": "clock",
    }  # fmt: skip
    return kinds[text]


def _mode(text: str) -> Mode:
    modes: dict[str, Mode] = {"read": "read", "write": "write", "set": "set"}
    return modes[text]
