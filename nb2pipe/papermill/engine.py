"""The engine that papermill calls: its notebook compiled and run by nb2pipe, what came of it said in papermill's way."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from papermill.engines import Engine, NBClientEngine
from papermill.exceptions import PapermillException
from papermill.log import logger

if TYPE_CHECKING:
    from nb2pipe.papermill.options import EngineOptions
    from nb2pipe.runtime.result import RunResult


class NotebookRefused(PapermillException):
    """The notebook has a fault that makes nb2pipe's promise impossible; the message says which, and where.

    ``begun`` says that cells have run before that was seen.
    """

    begun = False


class Nb2pipeEngine(Engine):
    """Runs each step in a process of its own, side by side where nothing is in the way, from the cache where that is asked for."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Run the notebook that ``nb_man`` holds, whose parameters papermill has put in, in the current folder.

        Raises:
            NotebookRefused: By nb2pipe, before anything has run or by a guard.
            PapermillException: An option that there is not, a kernel of another language, or one whose Python cannot run cells.
            DeadKernelError, CellTimeoutError: nbclient's own, as papermill's own engine raises them.
        """
        from nb2pipe.papermill.options import options_of

        timeout = execution_timeout or kwargs.pop("timeout", None)
        kwargs.pop("timeout", None)
        options = options_of(kwargs)
        _check_kernel(kernel_name)
        try:
            _run(nb_man, kernel_name, options, (stdout_file, stderr_file), timeout, kwargs.get("input_path"))
        except NotebookRefused as refused:
            if not options.fallback or refused.begun:
                raise
            logger.warning(f"{refused}\npapermill's own engine runs it instead")
            NBClientEngine.execute_managed_notebook(
                nb_man, kernel_name, log_output=log_output, stdout_file=stdout_file, stderr_file=stderr_file,
                start_timeout=start_timeout, execution_timeout=timeout,
            )  # fmt: skip


def _run(
    nb_man: Any, kernel: str, options: EngineOptions, files: tuple[Any, Any], timeout: int | None, given: Any
) -> None:
    from nb2pipe import api
    from nb2pipe.diagnostics import Nb2pipeError, Refused
    from nb2pipe.interpreters import asking
    from nb2pipe.notebook.read import from_document
    from nb2pipe.papermill.following import Follower
    from nb2pipe.report.full import render_full
    from nb2pipe.runtime.result import RunOptions
    from nb2pipe.runtime.secrets.asked import may_name
    from nb2pipe.runtime.zygote import Zygote

    document, here = nb_man.nb, os.getcwd()
    follower = None
    name = Path(given).name if isinstance(given, str) and given != "-" else "notebook.ipynb"
    compiled = None
    # It imports what steps need while the notebook is compiled.
    with contextlib.ExitStack() as stack:
        zygote = None
        try:
            notebook = from_document(json.loads(json.dumps(document)), os.path.join(here, name))
            home = api.home_of(notebook, kernel)
            if home.interpreter is None and not may_name(json.dumps(document).encode()):  # it would have all secrets
                zygote = stack.enter_context(Zygote(None, here, same_hashes=options.cache or options.record))
            compiled = api.compile_notebook(notebook, options.split, None, home)
            settings: dict[str, Any] = {"jobs": options.jobs} if options.jobs else {}
            settings |= {"guards": options.guards, "fail_fast": options.fail_fast, "retries": options.retries}
            request = api.RunRequest(
                RunOptions(cwd=here, **settings), cache=options.cache, store=options.store, record=options.record
            )
            with Follower(nb_man, compiled.pipeline, files, timeout) as follower:
                result = api.run(compiled, request, follower, zygote, document=document)
        except Refused as refused:
            about = (None, None) if compiled is None else (compiled.notebook, compiled.pipeline)
            error = NotebookRefused(render_full(refused.diagnostics, *about).rstrip())
            error.begun = follower is not None and follower.has_begun
            raise error from None
        except Nb2pipeError as fault:
            raise PapermillException(str(fault)) from None
    with asking(home.interpreter):
        _say(nb_man, result, follower)


def _say(nb_man: Any, result: RunResult, follower: Any) -> None:
    """Put what the run gave into the notebook, and raise what papermill would raise."""
    import nbformat
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    from nb2pipe.runtime import executed

    document = nb_man.nb
    executed.fill(document, result)
    for cell in document.cells:
        if cell.cell_type == "code":
            cell.outputs = nbformat.from_dict(cell.outputs)
    executed.describe_pipeline(document, result)
    failed = {s: o for s, o in result.outcomes.items() if o.status in ("failed", "died")}
    for outcome in failed.values():
        if outcome.cell >= 0:
            document.cells[outcome.cell].metadata.papermill["exception"] = True
            document.cells[outcome.cell].metadata.papermill["status"] = nb_man.FAILED
        document.metadata.papermill["exception"] = True
    _tell_the_rest(nb_man)
    if result.interrupted:
        raise KeyboardInterrupt
    if follower.timed_out:
        step, cell = follower.timed_out
        raise CellTimeoutError.error_from_timeout_and_cell(
            f"step {step} was ended", follower.timeout, document.cells[cell]
        )
    for step, outcome in failed.items():
        if outcome.status == "died":
            raise DeadKernelError(f"step {step} died: {outcome.detail}")
        if not outcome.ename:  # no cell shows it
            raise PapermillException(f"step {step} failed: {outcome.detail}")


def _tell_the_rest(nb_man: Any) -> None:
    """Markdown and blank cells are told as papermill tells them: they were passed, up to the first cell that failed."""
    last = nb_man.start_time.isoformat()
    for cell in nb_man.nb.cells:
        told = cell.metadata.papermill
        if told["status"] == nb_man.FAILED:
            return
        if told["status"] == nb_man.PENDING and (cell.cell_type != "code" or not cell.source.strip()):
            told.update(status=nb_man.COMPLETED, exception=False, start_time=last, end_time=last, duration=0.0)
            if nb_man.pbar:
                nb_man.pbar.update(1)
        last = told["end_time"] or last


def _check_kernel(name: str) -> None:
    """See that a kernel is there, as papermill would say it, and is one for Python.

    Raises:
        NoSuchKernel: It is not there.
        PapermillException: It is one for another language.
    """
    from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, get_kernel_spec

    spec = get_kernel_spec(NATIVE_KERNEL_NAME if name == "python" else name)  # as jupyter_client reads it
    if spec.language.lower() != "python":
        raise PapermillException(f"the kernel `{name}` is one for {spec.language}; nb2pipe compiles Python")
