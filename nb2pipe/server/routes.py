"""The routes: each reads a request, asks for work, and says its answer as JSON or, of a job, as server-sent events."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

import tornado
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError

from nb2pipe import __version__
from nb2pipe.diagnostics import say
from nb2pipe.server.jobs import Job, Jobs, TooMany
from nb2pipe.server.places import Answered, notebook_path, root_of
from nb2pipe.server.said import parts_of
from nb2pipe.server.workers import Analyses, Stale, Waiting, Worker, WorkFails

RUN = "[0-9]{8}-[0-9]{6}-[0-9a-f]{4}"
"""What runs are called: `nb2pipe.store.runs.new_id`."""
_LARGEST = 32 * 2**20
"""The bytes of the largest request. The page sends no outputs, and a notebook with more code than that is none."""
_CODES = {"refused": 422, "usage": 400, "failed": 422, "cancelled": 409, "fault": 500}
_BREATH = 15.0  # seconds between two signs of life, so that no proxy takes a quiet stream for a dead one


class Service:
    """What the routes of one server share."""

    def __init__(self, contents: Any) -> None:
        root = root_of(contents)
        self.root = root
        self.analyses = Analyses(root)
        self.jobs = Jobs(root)
        self.few = asyncio.Semaphore(2)

    async def ask(self, what: str, request: dict[str, Any]) -> Any:
        """The answer to a request that takes a moment, by a process of its own.

        Raises:
            WorkFails: It has ended with an error.
        """
        async with self.few:
            worker = Worker(self.root)
            try:
                return await worker.ask(what, request)
            finally:
                await worker.close()


class _Handler(APIHandler):
    """What all routes have in common."""

    auth_resource = "nb2pipe"

    @property
    def service(self) -> Service:
        """What they share; it is made with the first request, when the server's loop runs."""
        service = self.settings.get("nb2pipe_service")
        if not isinstance(service, Service):
            service = self.settings["nb2pipe_service"] = Service(self.contents_manager)
        return service

    def asked(self, **wanted: type) -> dict[str, Any]:
        """The request's body; ``wanted`` are the fields that it may have, with their types.

        Raises:
            HTTPError: It is no JSON object, too large, or a field is unknown or of another type.
        """
        if len(self.request.body) > _LARGEST:
            raise Answered(413, say("the request is too large"))
        try:
            body = json.loads(self.request.body)
        except (ValueError, RecursionError):
            raise HTTPError(400, "the request is no JSON") from None
        if not isinstance(body, dict):
            raise HTTPError(400, "the request is no JSON object")
        for name, value in body.items():
            if name not in wanted:
                raise HTTPError(400, f"{name}: no such field")
            if not isinstance(value, wanted[name]):
                raise HTTPError(400, f"{name}: expected {wanted[name].__name__}")
        return body

    def path_of(self, path: Any, *, must_exist: bool = True) -> str:
        """The path of a notebook below the server's root."""
        return notebook_path(self.contents_manager, path, must_exist=must_exist)

    async def answer(self, what: str, request: dict[str, Any]) -> None:
        """Answer with what the work gives, or with why it gives nothing."""
        try:
            self.finish(json.dumps(await self.service.ask(what, request)))
        except WorkFails as error:
            self.fail(error.failure)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with an error as Jupyter has them, or as a page can translate it."""
        error = kwargs.get("exc_info", (None, None))[1]
        if not isinstance(error, Answered):
            super().write_error(status_code, **kwargs)
            return
        self.set_header("Content-Type", "application/json")
        parts = parts_of(error.sentence)
        self.finish(json.dumps({"message": error.sentence, "reason": error.reason, "said": parts}))

    def fail(self, failure: Mapping[str, Any]) -> None:
        """Answer with why there is nothing."""
        self.set_status(_CODES[failure["kind"]])
        self.finish(json.dumps(failure))


class AboutHandler(_Handler):
    """Whether the server's part is there, and which it is."""

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the version."""
        self.finish(json.dumps({"version": __version__}))


class AnalyseHandler(_Handler):
    """A notebook as the page has it, saved or not: nothing of it is executed or written."""

    waiting: Waiting | None = None

    @tornado.web.authenticated
    @authorized(action="read")
    async def post(self) -> None:
        """Answer with the pipeline and the findings."""
        asked = self.asked(path=str, document=dict, page=str, split=str)
        if "document" not in asked or "page" not in asked:
            raise HTTPError(400, "document and page: expected both")
        request = {
            "path": self.path_of(asked.get("path"), must_exist=False),
            "document": asked["document"],
            "split": asked.get("split"),
        }
        self.waiting = Waiting(asked["page"])
        try:
            self.finish(json.dumps(await self.service.analyses.ask(self.waiting, request)))
        except Stale:
            self.set_status(409)
            self.finish(json.dumps({"kind": "stale", "message": "the page has asked again"}))
        except WorkFails as error:
            self.fail(error.failure)

    def on_connection_close(self) -> None:
        """The page does not wait any longer."""
        if self.waiting is not None:
            self.waiting.gone = True


class CompileHandler(_Handler):
    """A saved notebook to a package beside it."""

    @tornado.web.authenticated
    @authorized(action="write")
    async def post(self) -> None:
        """Write it, and answer with what was written."""
        asked = self.asked(path=str, name=str, split=str)
        await self.answer("compile", {**asked, "path": self.path_of(asked.get("path"))})


class VersionsHandler(_Handler):
    """The versions of the package of a notebook."""

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with all versions."""
        await self.answer("versions", {"path": self.path_of(self.get_query_argument("path", None))})

    @tornado.web.authenticated
    @authorized(action="write")
    async def put(self) -> None:
        """Let a version be the current one."""
        asked = self.asked(path=str, version=str)
        if "version" not in asked:
            raise HTTPError(400, "version: expected the number of one")
        await self.answer("rollback", {**asked, "path": self.path_of(asked.get("path"))})


class DifferenceHandler(_Handler):
    """What is different between two versions."""

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the differences."""
        old, new = self.get_query_argument("old", None), self.get_query_argument("new", None)
        if not old:
            raise HTTPError(400, "old: expected the number of a version")
        path = self.path_of(self.get_query_argument("path", None))
        await self.answer("difference", {"path": path, "old": old, "new": new})


class JobsHandler(_Handler):
    """What executes the notebook, and goes on whether the page listens or not."""

    @tornado.web.authenticated
    @authorized(action="read")
    async def get(self) -> None:
        """Answer with the jobs about a notebook."""
        path = self.path_of(self.get_query_argument("path", None), must_exist=False)
        self.finish(json.dumps({"jobs": [_said(job) for job in self.service.jobs.of(path)]}))

    @tornado.web.authenticated
    @authorized(action="execute")
    async def post(self) -> None:
        """Begin a job, ``run``, ``sweep`` or ``verify``; answer with what it is known by."""
        asked = self.asked(what=str, path=str, split=str, name=str, parameters=dict, output=str, cache=bool, resume=str)
        what = asked.pop("what", None)
        if what not in ("run", "sweep", "verify"):
            raise HTTPError(400, "what: expected run, sweep or verify")
        if "resume" in asked:
            if what != "run":
                raise HTTPError(400, "resume: goes with run")
            run_name(asked["resume"])
        asked["path"] = self.path_of(asked.get("path"))
        if "output" in asked:
            asked["output"] = self.path_of(asked["output"], must_exist=False)
            if not asked["output"].endswith(".ipynb"):
                raise HTTPError(400, "output: expected the path of a notebook")
        check_texts(asked)
        try:
            job = self.service.jobs.start(what, asked)
        except TooMany:
            raise Answered(429, say("as many runs go on as may; wait for one to end, or cancel it")) from None
        self.set_status(201)
        self.finish(json.dumps(_said(job)))


def check_texts(asked: Mapping[str, Any]) -> None:
    """See that parameters are given as texts, as on a command line.

    Raises:
        HTTPError: They are not.
    """
    if not all(isinstance(text, str) for text in asked.get("parameters", {}).values()):
        raise HTTPError(400, "parameters: expected texts")


def run_name(name: Any) -> str:
    """The name of a run, as it stands in a request.

    Raises:
        HTTPError: It is none.
    """
    if not isinstance(name, str) or not re.fullmatch(RUN, name):
        raise HTTPError(400, "expected the name of a run, such as 20261126-092459-3f2a")
    return name


def _said(job: Job) -> dict[str, Any]:
    return {"id": job.id, "what": job.what, "path": job.path, "over": job.over}


class JobHandler(_Handler):
    """One job."""

    def job(self, name: str) -> Job:
        """The job of that id."""
        job = self.service.jobs.find(name)
        if job is None:
            raise HTTPError(404, "no such job")
        return job

    @tornado.web.authenticated
    @authorized(action="read")
    async def get(self, name: str) -> None:
        """Stream all that was and will be said of it, until its end."""
        job = self.job(name)
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-cache")
        events = aiter(job.listen())
        waiting: asyncio.Task[dict[str, Any]] | None = None
        try:
            while True:
                waiting = waiting or asyncio.ensure_future(anext(events))
                done, _ = await asyncio.wait({waiting}, timeout=_BREATH)
                if not done:
                    self.write(": \n\n")
                else:
                    event, waiting = waiting.result(), None
                    self.write(f"data: {json.dumps(event)}\n\n")
                await self.flush()
        except (StopAsyncIteration, tornado.iostream.StreamClosedError):
            pass
        finally:
            if waiting is not None:
                waiting.cancel()
        self.finish()

    @tornado.web.authenticated
    @authorized(action="execute")
    async def delete(self, name: str) -> None:
        """Cancel it."""
        self.service.jobs.cancel(self.job(name))
        self.set_status(204)
        self.finish()


class PlanHandler(_Handler):
    """What a run would do: nothing is run, but results of earlier runs are looked at."""

    @tornado.web.authenticated
    @authorized(action="execute")
    async def post(self) -> None:
        """Answer with what becomes of each step, and why; of a ``sweep``, with how often it runs."""
        asked = self.asked(path=str, split=str, parameters=dict, resume=str, sweep=bool)
        check_texts(asked)
        if "resume" in asked:
            run_name(asked["resume"])
        what = "plan-sweep" if asked.pop("sweep", False) else "plan"
        await self.answer(what, {**asked, "path": self.path_of(asked.get("path"))})


class RunsHandler(_Handler):
    """The recorded runs of a notebook, or one of them, or a sweep."""

    @tornado.web.authenticated
    @authorized
    async def get(self, name: str = "") -> None:
        """Answer with all runs, with the steps of the one that is named, or with the table of the sweep that is."""
        path = self.path_of(self.get_query_argument("path", None))
        if name.startswith("sweep-"):
            await self.answer("sweep-of", {"path": path, "sweep": name})
        else:
            await self.answer(*(("run-of", {"path": path, "run": name}) if name else ("runs", {"path": path})))


class ComparisonHandler(_Handler):
    """What is different between two runs. Values that differ are loaded, which may run code that was stored with them."""

    @tornado.web.authenticated
    @authorized(action="execute")
    async def get(self) -> None:
        """Answer with the differences."""
        old, new = (run_name(self.get_query_argument(name, None)) for name in ("old", "new"))
        path = self.path_of(self.get_query_argument("path", None))
        await self.answer("comparison", {"path": path, "old": old, "new": new})


class OpenedHandler(_Handler):
    """A file made of a run: the executed notebook, the report, a comparison, or a step with what it took."""

    @tornado.web.authenticated
    @authorized(action="write")
    async def post(self) -> None:
        """Write it beside the notebook, and answer with where it is."""
        asked = self.asked(path=str, run=str, what=str, step=str, other=str)
        what = asked.get("what")
        if what not in ("notebook", "report", "step", "comparison"):
            raise HTTPError(400, "what: expected notebook, report, step or comparison")
        run_name(asked.get("run"))
        if what == "comparison":
            run_name(asked.get("other"))
        await self.answer("opened", {**asked, "path": self.path_of(asked.get("path"))})


ROUTES: dict[str, type[_Handler]] = {
    "about": AboutHandler,
    "analyse": AnalyseHandler,
    "compile": CompileHandler,
    "versions": VersionsHandler,
    "difference": DifferenceHandler,
    "plan": PlanHandler,
    "runs": RunsHandler,
    f"runs/({RUN}|sweep-{RUN})": RunsHandler,
    "comparison": ComparisonHandler,
    "opened": OpenedHandler,
    "jobs": JobsHandler,
    "jobs/([0-9a-f]{16})": JobHandler,
}


def add_routes(server_app: Any) -> None:
    """Add the routes to the server's web application."""
    base = server_app.web_app.settings["base_url"]
    server_app.web_app.add_handlers(".*$", [(url_path_join(base, "nb2pipe", p), h) for p, h in ROUTES.items()])
