"""Running cells in an IPython shell whose outputs are those that Jupyter would store.

What ipykernel does around IPython is done here without its sockets and threads, and without importing it.
"""

from __future__ import annotations

import asyncio
import builtins
import contextvars
import copy
import getpass
import os
import signal
import sys
import sysconfig
import tempfile
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from IPython.core.autocall import ZMQExitAutocall
from IPython.core.compilerop import CachingCompiler
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell, InteractiveShellABC
from traitlets import Any as AnyTrait
from traitlets import Instance, Type, default
from traitlets.config import Config

from nb2pipe.runtime import sources, streams
from nb2pipe.runtime.displays import Publisher, ResultHook, connect_widgets, tell_widget
from nb2pipe.runtime.kernel_magics import KernelMagics
from nb2pipe.runtime.outputs import Outputs
from nb2pipe.runtime.streams import Streams

Emit = Callable[[dict[str, Any]], None]

_OURS = frozenset({__file__, streams.__file__, str(Path(__file__).with_name("observe.py"))})
_SETTLE = 0.01  # seconds between two cells: about what a front end takes to send the next one
_cell: contextvars.ContextVar[object] = contextvars.ContextVar("nb2pipe_cell")


@dataclass(frozen=True, slots=True)
class CellResult:
    """How a cell ended: ``status`` is "ok" or "error"; the rest is empty where it is "ok"."""

    status: str
    ename: str = ""
    evalue: str = ""
    traceback: tuple[str, ...] = ()


class _Compiler(CachingCompiler):
    """Names cells as ipykernel does, so that warnings and tracebacks read the same."""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        name = os.environ.get("IPYKERNEL_CELL_NAME")
        return name or os.path.join(
            tempfile.gettempdir(), f"ipykernel_{os.getpid()}", f"{sources.murmur2(raw_code)}.py"
        )

    def format_code_name(self, name: str) -> Any:
        sources.asked_for(name)
        compiler: Any = super()
        return compiler.format_code_name(name)


class ZMQInteractiveShell(InteractiveShell):
    """The shell of a step, named as ipykernel's: by that, libraries know that they are in a notebook."""

    __module__ = "ipykernel.zmqshell"
    displayhook_class = Type(ResultHook)
    display_pub_class = Type(Publisher)
    compiler_class = Type(_Compiler)
    exiter = Instance(ZMQExitAutocall)
    kernel = AnyTrait()
    keepkernel_on_exit = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.streams = Streams()
        self.emit: Emit | None = None
        self.pid = os.getpid()
        self.mirror = Outputs()  # what output widgets hold
        self.current: object = None  # what the running cell's context holds; None between cells
        self.position = -1
        self.last_traceback: list[str] = []
        self.failed_display = False
        self.before_traceback: Callable[[], None] = lambda: None
        base: Any = super()
        base.__init__(*args, **kwargs)
        self.kernel = types.SimpleNamespace(shell=self, get_parent=self.get_parent)

    @default("exiter")
    def _default_exiter(self) -> ZMQExitAutocall:
        exiter: Any = ZMQExitAutocall
        return cast("ZMQExitAutocall", exiter(self))

    def wanted(self) -> bool:
        """Whether output belongs anywhere: that of a task left over by an ended cell is dropped, as by nbclient."""
        return _cell.get(self.current) is self.current

    def send(self, event: dict[str, Any]) -> None:
        """Emit an event of the running cell."""
        if self.emit is not None and os.getpid() == self.pid and self.wanted():
            event["cell"] = self.position
            if event["type"] == "comm" or self.mirror.captures(self.position):
                self.mirror.add(copy.deepcopy(event))
            self.emit(event)

    def send_output(self, output: dict[str, Any], display_id: str | None = None) -> None:
        """Emit an output of the running cell, after what was printed before."""
        sys.stdout.flush()
        sys.stderr.flush()
        event: dict[str, Any] = {"type": "output", "output": output}
        if display_id is not None:
            event["display_id"] = display_id
        self.send(event)

    def get_parent(self) -> dict[str, Any]:
        """The message that the running cell would have come in: output widgets ask for its id."""
        return {"header": {"msg_id": f"cell-{self.position}"}}

    def set_parent(self, parent: Any) -> None:
        """Outputs always belong to the running cell."""

    def _get_exc_info(self, exc_tuple: Any = None) -> Any:
        base: Any = super()
        info = base._get_exc_info(exc_tuple)
        frames = info[2]
        while frames is not None:
            inner = frames.tb_next
            if inner is not None and inner.tb_frame.f_code.co_filename in _OURS:
                # ``input`` and the streams are ours: the traceback ends where the cell called them
                frames.tb_next = inner = None
            frames = inner
        return info

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Show what a cell failed of, once all that would be in the way is gone."""
        self.before_traceback()
        base: Any = super()
        base.showtraceback(*args, **kwargs)

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        text, name = _text(evalue), str(etype.__name__)
        hook: Any = self.displayhook
        if hook.message is not None:
            self.failed_display = True
        self.send_output({"output_type": "error", "ename": name, "evalue": text, "traceback": list(stb)})
        self.last_traceback = list(stb)

    def init_environment(self) -> None:
        """The environment that ipykernel gives to what a cell starts."""
        os.environ.update(
            TERM="xterm-color", CLICOLOR="1", FORCE_COLOR="1", CLICOLOR_FORCE="1", PAGER="cat", GIT_PAGER="cat"
        )
        os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        os.environ.setdefault("JPY_PARENT_PID", str(os.getppid()))
        os.environ.setdefault("PYDEVD_USE_FRAME_EVAL", "NO")

    def init_hooks(self) -> None:
        """Jupyter shows what is paged beside the notebook, not in it."""
        shell: Any = super()
        shell.init_hooks()
        shell.set_hook("show_in_pager", _leave_out, 99)

    def init_magics(self) -> None:
        """IPython's magics and ipykernel's."""
        shell: Any = super()
        shell.init_magics()
        self.register_magics(KernelMagics)

    def init_virtualenv(self) -> None:
        """The environment is the interpreter's own."""

    def enable_gui(self, gui: Any = None) -> None:
        """There is no event loop of a window system."""

    def ask_exit(self) -> None:
        """``exit`` lets the cell finish, and nothing comes after it."""
        self.exit_now = True

    system = InteractiveShell.system_piped


InteractiveShellABC.register(ZMQInteractiveShell)


def make_shell() -> ZMQInteractiveShell:
    """A shell without history file and without the user's own configuration: that of a fresh kernel on a new machine.

    It takes over ``__main__``, ``sys.argv``, ``sys.stdout`` and ``sys.stderr``; it may be forked afterwards.
    """
    if InteractiveShell.initialized() and isinstance(InteractiveShell._instance, ZMQInteractiveShell):
        return InteractiveShell._instance
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    connection = os.path.join(tempfile.gettempdir(), "kernel.json")
    config.IPKernelApp.connection_file = connection
    shell: ZMQInteractiveShell = ZMQInteractiveShell.instance(config=config)
    shell.streams.install()
    launcher = os.path.join(sysconfig.get_path("purelib"), "ipykernel_launcher.py")
    sys.argv = [launcher, "-f", connection, "--HistoryManager.hist_file=:memory:"]
    if "ipykernel.zmqshell" not in sys.modules:
        # tqdm asks for this very entry before it draws its bars as widgets
        module = types.ModuleType("ipykernel.zmqshell")
        module.__dict__["ZMQInteractiveShell"] = ZMQInteractiveShell
        sys.modules["ipykernel.zmqshell"] = module
    connect_widgets(shell)
    return shell


class CellShell:
    """A shell that runs cells one after another, in the process that made it.

    ``emit`` takes events as `nb2pipe.runtime.outputs` lists them; it is called in the order in which things were shown,
    and all that a cell showed has been emitted when `run` returns. Output of threads goes to the cell that is running.
    """

    def __init__(self, emit: Emit, shell: ZMQInteractiveShell | None = None) -> None:
        self.shell = shell or make_shell()
        self.shell.emit, self.shell.pid = emit, os.getpid()
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.shell.streams.attach(
            lambda name, text: self.shell.send({"type": "stream", "name": name, "text": text}), self.shell.wanted
        )

    @property
    def namespace(self) -> dict[str, Any]:
        """The names of the notebook, which is ``__main__`` to what runs in it."""
        namespace: dict[str, Any] = self.shell.user_ns
        return namespace

    @property
    def exiting(self) -> bool:
        """Whether a cell has called ``exit()`` or ``quit()``: Jupyter's kernel would be gone by now."""
        return bool(self.shell.exit_now)

    def run(self, source: str, *, cell: int, execution_count: int) -> CellResult:
        """Run one cell and emit its outputs.

        ``cell`` is the cell's position, which its events bear; ``execution_count`` the n of ``In[n]`` and ``Out[n]``.
        Front ends do not run cells that are blank, and neither should the caller. The cell's exceptions never get out.
        """
        shell = self.shell
        shell.position, shell.current = cell, object()
        shell.execution_count = execution_count
        shell.last_traceback, shell.failed_display = [], False
        number_input(shell, execution_count)
        token = _cell.set(shell.current)
        try:
            with _no_stdin(), _interruptible():
                try:
                    result = self._execute(source)
                except KeyboardInterrupt:
                    shell.showtraceback()
                    return CellResult("error", "KeyboardInterrupt", "", tuple(shell.last_traceback))
                finally:
                    shell.streams.flush_all()
        finally:
            _cell.reset(token)
            shell.current = None
            self._settle()
        error = result.error_before_exec if result.error_before_exec is not None else result.error_in_exec
        if result.success and not shell.failed_display:
            return CellResult("ok")
        return CellResult("error", type(error).__name__, _text(error), tuple(shell.last_traceback))

    def _execute(self, source: str) -> Any:
        """As ipykernel's ``do_execute``: a cell that awaits is a task of the loop, any other is not."""
        shell: Any = self.shell
        preprocessing = None
        try:
            transformed = shell.transform_cell(source)
        except Exception:
            transformed, preprocessing = source, sys.exc_info()
        if not shell.should_run_async(source, transformed_cell=transformed, preprocessing_exc_tuple=preprocessing):
            with _running(self.loop):
                return shell.run_cell(source, store_history=True, silent=False)
        task = self.loop.create_task(
            shell.run_cell_async(
                source,
                store_history=True,
                silent=False,
                transformed_cell=transformed,
                preprocessing_exc_tuple=preprocessing,
            )
        )
        result = None
        try:
            with _cancelled_by_interrupt(self.loop, task):
                result = self.loop.run_until_complete(task)
        finally:
            with _running(self.loop):
                shell.events.trigger("post_execute")
                shell.events.trigger("post_run_cell", result)
        return result

    def _settle(self) -> None:
        """What happens between two cells: output widgets learn what they hold, tasks left by cells go on a while."""
        for comm_id, outputs in self.shell.mirror.captured():
            with _running(self.loop):
                tell_widget(comm_id, {"outputs": outputs})
        tasks = asyncio.all_tasks(self.loop)
        if tasks:
            self.loop.run_until_complete(asyncio.wait(tasks, timeout=_SETTLE))


def _leave_out(*_: Any, **__: Any) -> None:
    """A pager that shows nothing."""


def number_input(shell: Any, execution_count: int) -> None:
    """Make ``In[execution_count]`` the cell that comes: cells that ran in other processes leave gaps."""
    history = shell.history_manager
    for inputs in (history.input_hist_parsed, history.input_hist_raw):
        inputs.extend([""] * (execution_count - len(inputs)))


def _text(error: BaseException | None) -> str:
    try:
        return str(error)
    except Exception:
        return ""


@contextmanager
def _running(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Make ``loop`` the running loop for plain code.

    Running it inside a task would do the same, but in a copy of the context: what a cell does to context variables
    (numpy's print options and error states, decimal's context) has to be seen by the next cell.
    """
    inner: Any = loop
    inner._thread_id = threading.get_ident()
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(None)
        inner._thread_id = None


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGINT stops the cell, whatever an earlier cell has made of it, as ipykernel's handlers have it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.SIG_DFL)


@contextmanager
def _cancelled_by_interrupt(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> Iterator[None]:
    """SIGINT cancels the cell's task: raised inside the loop it would end the loop and leave the task."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(task.cancel) and None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _no_stdin() -> Iterator[None]:
    """While a cell runs there is nobody to ask, and ``input`` says so in ipykernel's words."""
    before = builtins.input, getpass.getpass
    builtins.input, getpass.getpass = _raw_input, _getpass
    try:
        yield
    finally:
        builtins.input, getpass.getpass = before


def _raw_input(prompt: Any = "") -> str:
    msg = "raw_input was called, but this frontend does not support input requests."
    raise StdinNotImplementedError(msg)


def _getpass(prompt: str = "", stream: Any = None, *, echo_char: str | None = None) -> str:
    msg = "getpass was called, but this frontend does not support input requests."
    raise StdinNotImplementedError(msg)
