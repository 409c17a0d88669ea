"""The routes on a real Jupyter Server: who may ask, for what, and what comes back."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.lab
SAMPLES = Path(__file__).parents[2] / "sample_notebooks"
ROUTES = [
    ("GET", "about"), ("POST", "analyse"), ("POST", "compile"), ("GET", "versions"), ("PUT", "versions"),
    ("GET", "difference"), ("POST", "plan"), ("GET", "runs"), ("GET", "runs/20261126-092459-3f2a"), ("GET", "comparison"),
    ("POST", "opened"), ("GET", "jobs"), ("POST", "jobs"), ("GET", "jobs/0123456789abcdef"),
    ("DELETE", "jobs/0123456789abcdef"),
]  # fmt: skip


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"nb2pipe.server": True}, "allow_unauthenticated_access": False}}


@pytest.fixture
def samples(jp_root_dir: Path) -> Path:
    """The samples in the server's folder."""
    shutil.copytree(SAMPLES, jp_root_dir, dirs_exist_ok=True)
    (jp_root_dir / ".nb2pipe").mkdir()
    return jp_root_dir


@pytest.fixture
def ask(jp_fetch: Callable[..., Any]) -> Callable[..., Any]:
    """Ask a route: the status, and the body as JSON."""
    from tornado.httpclient import HTTPClientError

    async def asked(method: str, route: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        try:
            options = {"request_timeout": 120, **options}
            answer = await jp_fetch("nb2pipe", *route.split("/"), method=method, body=body, **options)
        except HTTPClientError as error:
            text = error.response.body if error.response is not None else b""
            return error.code, json.loads(text) if text.startswith(b"{") else {}
        return answer.code, json.loads(answer.body) if answer.body else None

    return asked


def document(*sources: str, tags: Any = ()) -> dict[str, Any]:
    cells = [
        {"cell_type": "code", "source": s, "metadata": {"tags": tags}, "id": f"c{i}"} for i, s in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def analysis(path: str = "a.ipynb", **more: Any) -> dict[str, Any]:
    return {"path": path, "page": "page", "document": document("x = 1"), **more}


async def events(jp_fetch: Callable[..., Any], job: str) -> list[dict[str, Any]]:
    """All that was said of a job, once it is over."""
    answer = await jp_fetch("nb2pipe", "jobs", job, request_timeout=240)
    return [json.loads(line[6:]) for line in answer.body.decode().splitlines() if line.startswith("data: ")]


def test_all_routes_are_tested() -> None:
    from nb2pipe.server.routes import ROUTES as there

    names = {route: next((r for r in there if re.fullmatch(r, route)), "") for _, route in ROUTES}
    tested = {(method, names[route]) for method, route in ROUTES}
    verbs = ("get", "post", "put", "delete", "patch")
    assert tested == {(v.upper(), r) for r, handler in there.items() for v in verbs if v in vars(handler)}


@pytest.mark.parametrize(("method", "route"), ROUTES)
async def test_nobody_without_a_token(method: str, route: str, ask: Callable[..., Any], samples: Path) -> None:
    body = analysis() if method in ("POST", "PUT") else None
    code, _ = await ask(method, route, body, headers={"Authorization": "token wrong"})
    assert code == 403


@pytest.mark.parametrize(("method", "route"), ROUTES)
async def test_nobody_whom_the_authorizer_refuses(
    method: str, route: str, ask: Callable[..., Any], samples: Path, jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def refuse(handler: Any, user: Any, action: str, resource: str) -> bool:
        asked.append((action, resource))
        return False

    monkeypatch.setattr(jp_serverapp.authorizer, "is_authorized", refuse)
    body = analysis() if method in ("POST", "PUT") else None
    code, _ = await ask(method, route, body)
    assert code == 403
    actions = {("POST", "analyse"): "read", ("GET", "jobs"): "read"} | {
        ("POST", "plan"): "execute",
        ("GET", "comparison"): "execute",
        ("POST", "jobs"): "execute",
        ("DELETE", "jobs/0123456789abcdef"): "execute",
    }
    expected = actions.get((method, route), "read" if method == "GET" else "write")
    assert asked == [(expected, "nb2pipe")]


RUN = "20261126-092459-3f2a"
OUTSIDE = ["../secret.ipynb", "a/../../secret.ipynb", "/../secret.ipynb", "..", "x/../../../etc/passwd", "a\0b.ipynb", "", "/",
           ".hidden.ipynb", ".ssh/id.ipynb", "link/secret.ipynb"]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
async def test_no_path_outside_of_the_servers_folder(
    path: str, ask: Callable[..., Any], samples: Path, tmp_path: Path
) -> None:
    outside = samples.parent / "outside"
    outside.mkdir(exist_ok=True)
    for place in (outside, samples.parent):
        shutil.copy(SAMPLES / "churn_training.ipynb", place / "secret.ipynb")
    (samples / "link").symlink_to(outside)
    for method, route, body in [
        ("POST", "compile", {"path": path}),
        ("POST", "jobs", {"what": "run", "path": path}),
        ("POST", "jobs", {"what": "run", "path": "churn_training.ipynb", "output": path}),
        ("POST", "plan", {"path": path}),
        ("POST", "opened", {"path": path, "what": "report", "run": RUN}),
    ]:
        code, _ = await ask(method, route, body)
        assert code in (400, 404), (route, body)
    for route in ("runs", f"runs/{RUN}", f"runs/sweep-{RUN}", "comparison"):
        code, _ = await ask("GET", route, params={"path": path, "old": RUN, "new": RUN})
        assert code in (400, 404), route
    # what is only analysed is not read: it may be new, and is refused where it would be outside
    code, _ = await ask("POST", "analyse", analysis(path))
    assert code in (400, 404) or not (samples / path).exists()


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", '"text"', "[" * 100_000, {"path": "a.ipynb"}, analysis(document=[]), analysis(page=1), analysis(split=3),
     analysis(more=1), analysis(path=7), analysis(path=None)],
    ids=range(13),
)  # fmt: skip
async def test_a_request_that_is_none_is_refused(body: Any, ask: Callable[..., Any], samples: Path) -> None:
    code, _ = await ask("POST", "analyse", body)
    assert code == 400


SCRIPT = "<script>alert(1)</script>"
HOSTILE = [
    document(f"x = 1  # {SCRIPT}"),
    document("x = 1", tags=[f"step:{SCRIPT}"]),
    document("x = 1", tags=["step:../../etc"]),
    document("x = 1", tags=["step:__class__"]),
    document("x = 1", tags=[f"stpe:{SCRIPT}"]),
    document("x = 1", tags="step:a"),
    document("x = 1", tags=[1, None, {"a": 1}]),
    document("x = 1", tags={"step": "a"}),
    document("import os; os._exit(1)"),
    document("raise SystemExit(1)"),
    document("!kill -9 $PPID"),
    document("%run /etc/passwd"),
    document("%%bash\nexit 1"),
    document("x = " + "(" * 500 + ")" * 500),
    document("x = " + "-" * 3000 + "1"),
    document("x = " + "[" * 90 + "]" * 90),
    document("a = b = c = " * 300 + "1"),
    document("x = '\ud800'"),
    document("x = '\0'"),
    document("\ufeffx = 1"),
    document("x = 10 ** 10 ** 10"),
    document("def f(): return f()\nf()"),
    document("while True: pass"),
    document("class A(A): pass"),
    document("from __future__ import braces"),
    document(f"# {'x' * 1_000_000}"),
    document(*["x = 1"] * 2000),
    {"cells": "none"},
    {"cells": [1, None, [], "x", {}]},
    {"cells": [{"cell_type": "code", "source": [1, None, "x = 1"]}]},
    {"cells": [{"cell_type": SCRIPT, "source": SCRIPT, "metadata": [SCRIPT]}]},
    {"metadata": {"kernelspec": [SCRIPT]}},
    {"metadata": {"kubeflow_notebook": {"pipeline_name": SCRIPT, "steps_defaults": [SCRIPT]}}},
    {"metadata": {"language_info": {"name": SCRIPT}}},
    {
        "cells": [
            {"cell_type": "markdown", "source": f"# [a](javascript:alert(1)) {SCRIPT}"},
            {"cell_type": "code", "source": "x = 1"},
        ]
    },
    {},
]


async def test_hostile_notebooks_are_analysed_or_refused_and_the_next_one_is_answered(
    ask: Callable[..., Any], samples: Path
) -> None:
    for hostile in HOSTILE:
        code, answer = await ask("POST", "analyse", analysis(document=hostile))
        assert code == 200, (answer, str(hostile)[:200])
        names = [s["name"] for s in answer["steps"]]
        assert all(name.isidentifier() for name in names), names
    code, answer = await ask("POST", "analyse", analysis())
    assert (code, len(answer["steps"])) == (200, 1)


async def test_of_what_waits_only_the_newest_is_analysed(ask: Callable[..., Any], samples: Path) -> None:
    slow = analysis(page="other", document=document(*[f"x_{i} = [{i}]" for i in range(400)]))
    answers = [ask("POST", "analyse", slow), *(ask("POST", "analyse", analysis()) for _ in range(4))]
    codes = [code for code, _ in await asyncio.gather(*answers)]
    assert codes[0] == 200
    assert codes[1:].count(409) >= 1
    assert codes[1:].count(200) >= 1


async def test_a_page_that_gives_up_one_request_has_the_answer_to_the_next(
    ask: Callable[..., Any], samples: Path
) -> None:
    slow = analysis(page="other", document=document(*[f"x_{i} = [{i}]" for i in range(12_000)]))
    first = asyncio.ensure_future(ask("POST", "analyse", slow))
    await asyncio.sleep(0.3)
    code, _ = await ask("POST", "analyse", analysis(), request_timeout=0.2)  # then the connection is closed
    assert code == 599
    code, _ = await ask("POST", "analyse", analysis())
    assert code == 200
    assert (await first)[0] == 200


async def test_an_analysis_that_takes_too_long_is_ended(
    ask: Callable[..., Any], samples: Path, jp_serverapp: Any
) -> None:
    assert (await ask("POST", "analyse", analysis()))[0] == 200
    analyses = jp_serverapp.web_app.settings["nb2pipe_service"].analyses
    analyses._limit = 0.0001
    code, answer = await ask("POST", "analyse", analysis())
    assert (code, answer["kind"]) == (422, "failed")
    analyses._limit = 60
    assert (await ask("POST", "analyse", analysis()))[0] == 200


async def test_a_worker_that_dies_is_told_and_replaced(
    ask: Callable[..., Any], samples: Path, jp_serverapp: Any
) -> None:
    assert (await ask("POST", "analyse", analysis()))[0] == 200
    process = jp_serverapp.web_app.settings["nb2pipe_service"].analyses._worker._process
    slow = analysis(document=document(*[f"x_{i} = [{i}]" for i in range(3000)]))
    waiting = asyncio.ensure_future(ask("POST", "analyse", slow))
    await asyncio.sleep(0.2)
    process.kill()
    code, answer = await waiting
    assert (code, answer["kind"]) == (500, "fault")
    assert (await ask("POST", "analyse", analysis()))[0] == 200


async def test_compile_and_versions(ask: Callable[..., Any], samples: Path) -> None:
    code, answer = await ask("POST", "compile", {"path": "churn_training.ipynb"})
    assert code == 200, answer
    assert answer["folder"] == "churn_training"
    assert (samples / "churn_training" / "pyproject.toml").is_file()
    code, listed = await ask("GET", "versions", params={"path": "churn_training.ipynb"})
    assert code == 200
    [version] = listed["versions"]
    assert version["current"]
    code, _ = await ask("PUT", "versions", {"path": "churn_training.ipynb", "version": version["version"]})
    assert code == 200
    code, answer = await ask("GET", "difference", params={"path": "churn_training.ipynb", "old": "9.9.9"})
    assert (code, answer["kind"]) == (400, "usage")


async def test_a_name_that_leads_out_of_the_folder_is_no_name_of_a_package(
    ask: Callable[..., Any], samples: Path
) -> None:
    for name in ("../out", "/tmp/out", "a/b", "a b", "", "import"):
        code, _ = await ask("POST", "compile", {"path": "churn_training.ipynb", "name": name})
        assert code == 400 or name == ""
    assert not (samples.parent / "out").exists()


async def test_a_notebook_that_is_refused_says_why(ask: Callable[..., Any], samples: Path) -> None:
    (samples / "faulty.ipynb").write_text(json.dumps(document("x = 1", tags=["step:a", "step:b"])))
    code, answer = await ask("POST", "compile", {"path": "faulty.ipynb"})
    assert (code, answer["kind"], [f["code"] for f in answer["findings"]]) == (422, "refused", ["NB302"])


async def test_a_run_is_told_step_by_step(ask: Callable[..., Any], jp_fetch: Callable[..., Any], samples: Path) -> None:
    body = {
        "what": "run",
        "path": "monthly_sales_report.ipynb",
        "output": "out.ipynb",
        "parameters": {"month": "2026-03"},
    }
    code, job = await ask("POST", "jobs", body)
    assert code == 201
    heard = await events(jp_fetch, job["id"])
    assert heard == await events(jp_fetch, job["id"])  # whoever comes later hears all of it
    assert heard[-1]["answer"]["ok"], heard[-1]
    assert {e["step"] for e in heard if e["event"] == "ended"} == set(heard[0]["steps"])
    assert (samples / "out.ipynb").is_file()
    _, listed = await ask("GET", "jobs", params={"path": "monthly_sales_report.ipynb"})
    assert [(j["id"], j["over"]) for j in listed["jobs"]] == [(job["id"], True)]


async def test_a_wrong_parameter_is_told(ask: Callable[..., Any], jp_fetch: Callable[..., Any], samples: Path) -> None:
    _, job = await ask(
        "POST", "jobs", {"what": "run", "path": "monthly_sales_report.ipynb", "parameters": {"moth": "1"}}
    )
    end = (await events(jp_fetch, job["id"]))[-1]
    assert end["failure"]["kind"] == "usage"
    assert "did you mean `month`" in end["failure"]["message"]
    template = "parameter `%1` is not one of the notebook's; did you mean `%2`?"
    assert end["failure"]["said"] == [template, "moth", "month"]


async def test_an_error_says_what_its_sentence_was_made_of(ask: Callable[..., Any], samples: Path) -> None:
    code, answer = await ask("POST", "compile", {"path": "none.ipynb"})
    assert code == 404
    assert answer["message"] == "none.ipynb is not there: save the notebook first"
    assert answer["said"] == ["%1 is not there: save the notebook first", "none.ipynb"]


async def test_a_run_is_cancelled_with_all_its_processes(
    ask: Callable[..., Any], jp_fetch: Callable[..., Any], samples: Path
) -> None:
    source = "import time, os, pathlib\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(600)"
    (samples / "slow.ipynb").write_text(json.dumps(document(source)))
    _, job = await ask("POST", "jobs", {"what": "run", "path": "slow.ipynb"})
    for _ in range(300):
        if (samples / "pid").exists() and (samples / "pid").read_text():
            break
        await asyncio.sleep(0.1)
    pid = int((samples / "pid").read_text())
    code, _ = await ask("DELETE", f"jobs/{job['id']}")
    assert code == 204
    end = (await events(jp_fetch, job["id"]))[-1]
    assert end.get("answer", {}).get("interrupted") or end["failure"]["kind"] == "cancelled"
    for _ in range(100):
        if not alive(pid):
            break
        await asyncio.sleep(0.1)
    assert not alive(pid)


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_no_more_runs_at_once_than_may(
    ask: Callable[..., Any], jp_fetch: Callable[..., Any], samples: Path
) -> None:
    (samples / "slow.ipynb").write_text(json.dumps(document("import time\ntime.sleep(600)")))
    body = {"what": "run", "path": "slow.ipynb"}
    jobs = [(await ask("POST", "jobs", body)) for _ in range(3)]
    assert [code for code, _ in jobs] == [201, 201, 429]
    for _, job in jobs[:2]:
        await ask("DELETE", f"jobs/{job['id']}")
        await events(jp_fetch, job["id"])


async def test_verify_gives_its_verdict(ask: Callable[..., Any], jp_fetch: Callable[..., Any], samples: Path) -> None:
    (samples / "small.ipynb").write_text(json.dumps(document("x = 1", "print(x + 1)")))
    _, job = await ask("POST", "jobs", {"what": "verify", "path": "small.ipynb"})
    assert (await events(jp_fetch, job["id"]))[-1]["answer"]["verdict"] == "EQUAL"


@pytest.mark.parametrize(
    "body",
    [{"what": "exec"}, {"what": "run", "output": "out.py"}, {"what": "run", "parameters": {"month": 3}}, {}],
    ids=["unknown work", "no notebook", "a parameter that is no text", "no work"],
)
async def test_a_job_that_is_none_is_refused(body: dict[str, Any], ask: Callable[..., Any], samples: Path) -> None:
    code, _ = await ask("POST", "jobs", {"path": "churn_training.ipynb", **body})
    assert code == 400


async def test_runs_are_told_and_what_is_none_is_refused(
    ask: Callable[..., Any], jp_fetch: Callable[..., Any], samples: Path
) -> None:
    (samples / "small.ipynb").write_text(json.dumps(document("print('begins', flush=True)\nx = 1 / 0")))
    path = {"path": "small.ipynb"}
    assert await ask("GET", "runs", params=path) == (200, {"runs": []})
    _, job = await ask("POST", "jobs", {"what": "run", **path})
    heard = await events(jp_fetch, job["id"])
    assert [e["text"] for e in heard if e["event"] == "text"] == ["begins\n"]
    run = heard[-1]["answer"]["run"]
    _, found = await ask("GET", f"runs/{run}", params=path)
    assert [s["status"] for s in found["steps"]] == ["failed"]
    code, planned = await ask("POST", "plan", {**path, "resume": run})
    assert (code, [s["action"] for s in planned["steps"]]) == (200, ["run"])
    code, made = await ask("POST", "opened", {**path, "run": run, "what": "step"})
    assert (code, (samples / made["path"]).is_file()) == (200, True)
    for method, route, body in [
        ("POST", "jobs", {"what": "run", "resume": "last"}),
        ("POST", "jobs", {"what": "verify", "resume": run}),
        ("POST", "jobs", {"what": "sweep", "parameters": {"x": [1]}}),
        ("POST", "plan", {"resume": "../x"}),
        ("POST", "opened", {"run": run, "what": "all"}),
        ("POST", "opened", {"run": "2026", "what": "report"}),
        ("POST", "opened", {"run": run, "what": "comparison"}),
        ("POST", "opened", {"run": RUN, "what": "report"}),
    ]:
        code, _ = await ask(method, route, {**path, **body})
        assert code == 400, (route, body)
    assert (await ask("GET", "runs/..", params=path))[0] in (403, 404)
    assert (await ask("GET", "comparison", params={**path, "old": run, "new": "x"}))[0] == 400


async def test_of_what_a_step_prints_the_last_is_kept() -> None:
    from nb2pipe.server.jobs import Job
    from nb2pipe.server.workers import Worker

    job = Job("0", "run", "a.ipynb", Worker("."))
    job.say({"event": "started", "step": "a"})
    for i in range(100):
        job.say({"event": "text", "step": "a", "text": f"{i:<1000}"})
    job.say({"event": "text", "step": "b", "text": "other"})
    job.over = True
    heard = [event async for event in job.listen()]
    texts = [e["text"].strip() for e in heard if e["event"] == "text"]
    assert texts == [*(str(i) for i in range(80, 100)), "other"]
    assert heard[0] == {"event": "started", "step": "a"}


async def test_the_analysis_keeps_up_with_typing(ask: Callable[..., Any], samples: Path) -> None:
    """A sample is answered, behind the first time, well within the pause that the page makes between two requests."""
    import time

    asked = analysis(document=json.loads((SAMPLES / "churn_training.ipynb").read_text()))
    await ask("POST", "analyse", asked)
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        await ask("POST", "analyse", asked)
        taken.append(time.perf_counter() - started)
    assert min(taken) < 0.5
