"""Family 5: what may come out differently the next time, on another machine, or for somebody else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from nb2pipe.analysis.effects import Access
from nb2pipe.diagnostics import Diagnostic, Sentence, Severity, say
from nb2pipe.pipeline.words import clipped
from nb2pipe.rules.base import Rule, number, span_of
from nb2pipe.rules.facts import Call, Command, Facts, Import, chain, facts_of
from nb2pipe.rules.subject import Subject

_UNSEEDED = frozenset({"numpy.random.default_rng", "numpy.random.RandomState", "random.Random"})
_DRAWING = frozenset({"sample", "train_test_split", "shuffle", "resample", "make_blobs", "make_classification", "make_regression",
                      "make_moons", "make_circles", "rvs", "bootstrap"})  # fmt: skip
_SEEDING = frozenset(
    {"seed", "manual_seed", "manual_seed_all", "set_state", "setstate", "set_rng_state", "seed_everything"}
)
_TORCH_DRAWS = ("rand", "normal", "bernoulli", "multinomial", "poisson", "dropout")
# Layers that are made with weights drawn at random; losses, activations and the like are not.
_TORCH_WEIGHTS = ("Linear", "LazyLinear", "Bilinear", "Conv", "LazyConv", "RNN", "LSTM", "GRU", "Embedding", "MultiheadAttention",
                  "Transformer")  # fmt: skip
_CLOCK = frozenset({"time.time", "time.time_ns", "time.ctime", "time.strftime", "datetime.now", "datetime.datetime.now",
                    "datetime.utcnow", "datetime.datetime.utcnow", "datetime.date.today", "datetime.datetime.today",
                    "pandas.Timestamp.now", "pandas.Timestamp.today"})  # fmt: skip
_SHOWING = frozenset({"print", "display", "IPython.display.display"})
_ASKING = frozenset({"exists", "lexists", "isfile", "isdir", "islink", "is_file", "is_dir", "is_symlink", "access"})
_FETCHING = frozenset({"download", "urlretrieve", "extractall", "unpack_archive", "get_file", "cached_download",
                       "hf_hub_download", "snapshot_download", "check_call", "check_output", "system", "Popen"})  # fmt: skip
_INSTALL = re.compile(r"\b(?:pip3?|conda|mamba|uv pip|apt|apt-get|brew|npm)\b[^|;&]*\binstall\b")
_INSTALLERS = frozenset({"pip", "conda", "mamba", "micromamba", "uv"})
_SECRET_NAME = re.compile(
    r"(?i)(?:^|_)(?:password|passwd|pwd|secret|api_?key|access_?key|auth_?token|access_?token|token)$"
)
_SECRET_TEXT = re.compile(
    r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|sk_live_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{32,}|xox[abprs]-[A-Za-z0-9-]{20,}"
    r"|AIza[0-9A-Za-z_-]{35}|glpat-[A-Za-z0-9_-]{20}|hf_[A-Za-z0-9]{30,})\b|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_PLACEHOLDER = re.compile(r"(?i)your|example|placeholder|change|dummy|xxx|\*\*\*|<.*>|\{.*\}|todo|test|none")


class UnseededRandomness(Rule):
    """Random numbers drawn before any seed is set."""

    code, name, severity = "NB501", "unseeded-randomness", Severity.WARNING

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        seeded: set[str] = set()
        told: set[str] = set()
        calls = {_site(c): c for c in facts_of(subject).calls}
        for effects in subject.analysis.effects:
            for access in effects.accesses:
                if access.resource.kind != "random":
                    continue
                key = access.resource.key
                if access.mode == "set":
                    seeded.add(key)
                elif access.mode == "write" and key not in seeded and key not in told:
                    call = calls.get((access.span.cell, access.span.line, access.span.column))
                    if call is not None and call.name.rpartition(".")[2] in _SEEDING:
                        seeded.add(key)  # set in a branch only: then it is as the notebook wants it
                        continue
                    drawing = call if call is not None and _draws(call) else _first_draw(calls.values(), access)
                    if drawing is None:
                        continue
                    told.add(key)
                    yield self.finding(
                        drawing.span,
                        say("random numbers of `%1` are drawn before a seed is set", key),
                        why=say(
                            "each run gives other numbers, in Jupyter as in the pipeline, and no two can be compared"
                        ),
                        hint=_seed_of(key),
                    )
        for call in facts_of(subject).calls:
            if call.name in _UNSEEDED and not call.node.args and not call.node.keywords:
                yield self.finding(
                    call.span,
                    say("a generator is made without a seed: %1()", call.name),
                    why=say("each run gives other numbers, in Jupyter as in the pipeline, and no two can be compared"),
                    hint=say("give it one: %1(0)", call.name.rpartition(".")[2]),
                )


def _seed_of(generator: str) -> Sentence:
    """How a generator is given a seed."""
    if generator == "random":
        return say("set a seed first (random.seed(0)), or give random_state=0")
    if generator == "numpy.random":
        return say(
            "set a seed first (np.random.seed(0), or a generator of your own: rng = np.random.default_rng(0)), "
            "or give random_state=0"
        )
    if generator == "torch":
        return say("set a seed first (torch.manual_seed(0)), or give random_state=0")
    return say("set a seed first (see its documentation), or give random_state=0")


def _first_draw(calls: Iterable[Call], access: Access) -> Call | None:
    """The first call of the same cell, below an access that may draw, that draws from this generator by its own name."""
    for call in calls:
        below = call.place.cell == access.span.cell and call.node.lineno >= access.span.line
        if below and not call.place.function and call.name.startswith(f"{access.resource.key}.") and _draws(call):
            return call
    return None


def _draws(call: Call) -> bool:
    """Whether the call draws for certain: a generator's own function, or one that was given no state to draw from."""
    last = call.name.rpartition(".")[2]
    if last in _SEEDING:
        return False
    if call.name.startswith("torch."):
        return last.startswith(_TORCH_DRAWS) or (call.name.startswith("torch.nn.") and last.startswith(_TORCH_WEIGHTS))
    if call.name.startswith(("random.", "numpy.random.")):
        return True
    known = last in _DRAWING
    return known and not any(k.arg in (None, "random_state", "rng", "seed", "generator") for k in call.node.keywords)


class ClockOrSetOrder(Rule):
    """The wall clock, or the order of a set, is shown."""

    code, name, severity = "NB502", "clock-or-set-order", Severity.WARNING

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        facts = facts_of(subject)
        for cell, tree in facts.trees:
            for statement in tree.body:
                for node in _shown(statement, last=statement is tree.body[-1]):
                    yield from self._inside(facts, cell.index, node)
                if isinstance(statement, ast.For) and _is_set(facts, statement.iter) and _prints(facts, statement):
                    yield self._order(cell.index, statement.iter)

    def _inside(self, facts: Facts, cell: int, shown: ast.AST) -> Iterator[Diagnostic]:
        for node in ast.walk(shown):
            if isinstance(node, ast.Call) and facts.resolve(node.func) in _CLOCK:
                yield self.finding(
                    span_of(cell, node),
                    say("the wall clock is shown: %1", ast.unparse(node)),
                    why=say("the output is another one in each run, so runs cannot be compared by their outputs"),
                    hint=say("make the time a parameter, or leave it out"),
                    severity=Severity.INFO,
                )
            elif (
                isinstance(node, ast.Call)
                and chain(node.func)[0] in ("list", "tuple", "enumerate", "iter", "next")
                and node.args
                and _is_set(facts, node.args[0])
            ):
                yield self._order(cell, node)

    def _order(self, cell: int, node: ast.AST) -> Diagnostic:
        return self.finding(
            span_of(cell, node),
            say("the order of a set is shown: %1", ast.unparse(node)),
            why=say("the order of texts in a set is another one in each process (PYTHONHASHSEED)"),
            hint=say("sort it: sorted(...)"),
        )


def _shown(statement: ast.stmt, *, last: bool) -> Iterator[ast.AST]:
    """What a statement shows: arguments of print and display, and the cell's last expression."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and chain(node.func)[0] in _SHOWING and not chain(node.func)[1]:
            yield from node.args
    if (
        last
        and isinstance(statement, ast.Expr)
        and not (isinstance(statement.value, ast.Call) and chain(statement.value.func)[0] in _SHOWING)
    ):
        yield statement.value


def _is_set(facts: Facts, node: ast.AST) -> bool:
    return isinstance(node, (ast.Set, ast.SetComp)) or (
        isinstance(node, ast.Call)
        and chain(node.func) in (("set", ()), ("frozenset", ()))
        and "set" not in facts.stored
    )


def _prints(facts: Facts, node: ast.AST) -> bool:
    return (
        any(isinstance(n, ast.Call) and chain(n.func)[0] in _SHOWING for n in ast.walk(node))
        and "print" not in facts.stored
    )


def _files(subject: Subject) -> Iterator[tuple[int, Access]]:
    asked = _asked(subject)
    for effects in subject.analysis.effects:
        for access in effects.accesses:
            key = access.resource.key
            named = access.resource.kind == "file" and "*" not in key and "://" not in key
            if named and (access.span.cell, access.span.line, access.span.column) not in asked:
                yield effects.cell, access


def _site(fact: Call | Import) -> tuple[int, int, int]:
    """Where a call or an import begins: cell, line, column, as the span of what it touches does."""
    return fact.place.cell, fact.node.lineno, fact.node.col_offset


def _asked(subject: Subject) -> set[tuple[int, int, int]]:
    """The places where the notebook only asks whether something is there."""
    return {_site(call) for call in facts_of(subject).calls if call.name.rpartition(".")[2] in _ASKING}


def _imported(subject: Subject) -> dict[tuple[int, int, int], set[str]]:
    """What each import names itself; it reads the files of what those modules import, too."""
    found: dict[tuple[int, int, int], set[str]] = {}
    for one in facts_of(subject).imports:
        found.setdefault(_site(one), set()).add(one.module.partition(".")[0])
    return found


def _fetched(subject: Subject) -> int:
    """The first cell in which files may come from where no text shows: a download, an archive; beyond all where none does."""
    cells = [call.place.cell for call in facts_of(subject).calls if call.name.rpartition(".")[2] in _FETCHING]
    return min(cells, default=len(subject.notebook.cells))


class AbsolutePath(Rule):
    """A path that begins at the root of one machine's disk."""

    code, name, severity = "NB503", "absolute-path", Severity.WARNING

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        told: set[tuple[int, str]] = set()
        for cell, access in _files(subject):
            key = access.resource.key
            absolute = PurePosixPath(key).is_absolute() or PureWindowsPath(key).is_absolute() or key.startswith("~")
            if absolute and not key.startswith(("/dev/", "/proc/", "/tmp")) and (cell, key) not in told:  # noqa: S108  they are everywhere
                told.add((cell, key))
                yield self.finding(
                    access.span,
                    say("an absolute path: %1", key),
                    why=say("the file is not there on another machine"),
                    hint=say("give the path from the notebook's folder, or make it a parameter"),
                )


class MissingFile(Rule):
    """A file that is read, and is neither there nor written before."""

    code, name, severity = "NB504", "missing-file", Severity.WARNING

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        if any(a.resource.kind == "cwd" and a.mode != "read" for e in subject.analysis.effects for a in e.accesses):
            return  # where relative paths begin is not known then
        asked, fetched = _asked(subject), _fetched(subject)
        imported = _imported(subject)
        written: set[str] = set()
        told: set[str] = set()
        for effects in subject.analysis.effects:
            own = {a.resource.key for a in effects.accesses if a.resource.kind == "file" and a.mode == "write"}
            for access in effects.accesses:
                key = access.resource.key
                if access.resource.kind != "file":
                    continue
                if access.mode == "write":
                    written.add(key)
                place = (access.span.cell, access.span.line, access.span.column)
                if access.mode == "write" or "*" in key or "://" in key or key in told or place in asked:
                    continue
                if place in imported and (key.endswith("/") or key.removesuffix(".py") in imported[place]):
                    continue  # a module that is not there is no file that is missing: NB702 tells of it
                # A function that reads what it writes where it is not there yet: which comes first is not known.
                made = written | own
                if effects.cell >= fetched or _made(key, made) or _is_there(subject, key):
                    continue
                told.add(key)
                yield self.finding(
                    access.span,
                    say("%1 is read, but it is neither there nor written by a cell before", key),
                    why=say("top to bottom this is a FileNotFoundError"),
                    hint=say("put the file beside the notebook, or write it in a cell above"),
                )


def _made(key: str, written: set[str]) -> bool:
    """Whether a file may be one of those written: by its name, by a name without the suffix that numpy adds, or in a folder."""
    if key in written or any("*" in w for w in written):
        return True
    path = PurePosixPath(key)
    if path.suffix in (".npy", ".npz") and str(path.with_suffix("")) in written:
        return True
    return any(str(parent) in written for parent in path.parents if str(parent) != ".")


def _is_there(subject: Subject, key: str) -> bool:
    try:
        return (subject.folder / Path(key).expanduser()).exists()
    except (OSError, ValueError, RuntimeError):
        return True  # nothing can be said of it


class NetworkAccess(Rule):
    """Something is fetched from the network, or sent there."""

    code, name, severity = "NB505", "network-access", Severity.INFO

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        facts = facts_of(subject)
        calls = {_site(c): c for c in facts.calls}
        installs = {(c.span.cell, c.span.line) for c in facts.commands if _installs(c)}
        for effects in subject.analysis.effects:
            for access in effects.accesses:
                if access.resource.kind == "network" and (access.span.cell, access.span.line) not in installs:
                    call = calls.get((access.span.cell, access.span.line, access.span.column))
                    name = ast.unparse(call.node.func) if call is not None else ""
                    shell = name.startswith("get_ipython")
                    yield self.finding(
                        access.span,
                        say("the network is used, by %1", name)
                        if name and not shell and len(name) < 60
                        else say("the network is used"),
                        why=say(
                            "what is there may change or go away, and a step that uses it is not taken from a cache"
                        ),
                        hint=say("keep a copy of what is fetched beside the notebook"),
                    )
                    break


class InstallsInNotebook(Rule):
    """Packages are installed from within the notebook."""

    code, name, severity = "NB506", "installs-in-notebook", Severity.WARNING

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        for command in facts_of(subject).commands:
            if _installs(command):
                shown = command.line if command.magic == "!" else f"%{command.magic} {command.line}"
                yield self.finding(
                    command.span,
                    say("packages are installed while the notebook runs: %1", clipped(" ".join(shown.split()), 90)),
                    why=say("every run changes the environment, and which versions it gets depends on the day"),
                    hint=say("name the packages, with versions, in a requirements file"),
                )


def _installs(command: Command) -> bool:
    """Whether a command to a shell or a magic installs packages."""
    text = f"{command.line}\n{command.body or ''}"
    if command.magic in ("!", "system", "sx", "bash", "sh"):
        return _INSTALL.search(text) is not None
    return command.magic in _INSTALLERS and "install" in text


class SecretInSource(Rule):
    """A password, token or key that stands in the notebook's text."""

    code, name, severity = "NB507", "secret-in-source", Severity.WARNING

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        facts = facts_of(subject)
        told: set[tuple[int, int]] = set()
        for place, text in facts.texts:
            if isinstance(text.value, str) and _SECRET_TEXT.search(text.value):
                told.add((place.cell, text.lineno))
                yield self._said(place.cell, text, say("a key or token stands in the source"))
        for cell, tree in facts.trees:
            for node in ast.walk(tree):
                for name, value in _assigned(node):
                    if (cell.index, value.lineno) not in told and _is_secret(name, value):
                        told.add((cell.index, value.lineno))
                        said = say("`%1` looks like a secret, and stands in the source", name)
                        yield self._said(cell.index, value, said)

    def _said(self, cell: int, node: ast.AST, message: Sentence) -> Diagnostic:
        return self.finding(
            span_of(cell, node),
            message,
            why=say("who can read cell %1 can use it, and it goes into every executed notebook", number(cell)),
            hint=say("read it from the environment: os.environ['NAME'], and change the secret"),
        )


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            base, attributes = chain(target)
            if base:
                yield (attributes or (base,))[-1], node.value
    elif isinstance(node, ast.keyword) and node.arg is not None:
        yield node.arg, node.value


def _is_secret(name: str, value: ast.expr) -> bool:
    if not _SECRET_NAME.search(name) or not isinstance(value, ast.Constant) or not isinstance(value.value, str):
        return False
    text = value.value
    return len(text) >= 8 and " " not in text and not _PLACEHOLDER.search(text)


RULES: tuple[type[Rule], ...] = (
    UnseededRandomness, ClockOrSetOrder, AbsolutePath, MissingFile, NetworkAccess, InstallsInNotebook, SecretInSource,
)  # fmt: skip
