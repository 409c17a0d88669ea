"""A real server, a real browser: what the tests of the front end stand on."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

SAMPLES = Path(__file__).parents[2] / "sample_notebooks"
TOKEN = "a-token-of-the-tests"
BROWSER = next((p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(p).exists()), None)
THEME, WIDTH = os.environ.get("NB2PIPE_THEME"), int(os.environ.get("NB2PIPE_WIDTH", "1280"))
"""How the page looks, for pictures of all states in another theme or a narrow window."""
QUIET = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
]


class Server(NamedTuple):
    """A Jupyter Server: where it is, and the folder that it shows."""

    url: str
    folder: Path


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of JupyterLab with settings of its own, so that nothing of an earlier run is left."""
    home = tmp_path_factory.mktemp("lab")
    folder = home / "notebooks"
    shutil.copytree(SAMPLES, folder)
    (folder / ".nb2pipe").mkdir()
    config = home / "config"
    (config / "labconfig").mkdir(parents=True)
    announcements = {"@jupyterlab/apputils-extension:announcements": True}
    (config / "labconfig" / "page_config.json").write_text(json.dumps({"disabledExtensions": announcements}))
    if THEME:
        settings = home / "settings" / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps({"theme": f"JupyterLab {THEME}"}))
    environment = {
        **os.environ, "JUPYTER_CONFIG_DIR": str(config), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"), "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }  # fmt: skip
    with serving([sys.executable, "-m", "jupyterlab"], folder, environment, home / "log") as url:
        yield Server(url, folder)


@contextmanager
def serving(command: list[str], folder: Path, environment: dict[str, str], log: Path) -> Iterator[str]:
    """A Jupyter Server that shows a folder: where it is."""
    port = _free_port()
    options = [
        "--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}",
    ]  # fmt: skip
    with log.open("w") as told:
        process = subprocess.Popen([*command, *options], env=environment, stdout=told, stderr=subprocess.STDOUT)
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(900):
                if process.poll() is not None:
                    pytest.fail(log.read_text()[-3000:])
                try:
                    urllib.request.urlopen(f"{url}/api?token={TOKEN}", timeout=2).close()
                    break
                except OSError:
                    time.sleep(0.2)
            yield url
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=BROWSER, args=QUIET)
        yield found
        found.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """Where a test fails, a picture says most."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.failed and page is not None and "NB2PIPE_PICTURES" in os.environ:
        page.screenshot(path=str(Path(os.environ["NB2PIPE_PICTURES"]) / f"failed-{item.name}.png"))
    return report


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of its own for a test; what it throws, or says as an error, fails the test."""
    context = browser.new_context(viewport={"width": WIDTH, "height": 860})
    page = context.new_page()
    page.set_default_timeout(90_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    ours = [e for e in errors if "nb2pipe" in e]
    assert not ours


@pytest.fixture
def picture(page: Any) -> Callable[[str], None]:
    """Take a picture of the page, where the environment says to which folder."""

    def take(name: str) -> None:
        folder = os.environ.get("NB2PIPE_PICTURES")
        if folder:
            page.wait_for_timeout(400)  # for what fades
            page.screenshot(path=str(Path(folder) / f"{THEME or 'Light'}-{WIDTH}-{name}.png"))

    return take


@pytest.fixture
def opened(page: Any, server: Server, request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Open a copy of a sample, or a notebook of these cells, in a folder of its own, with the panel beside it."""

    def open_(
        name: str, cells: list[dict[str, Any]] | None = None, app: str = "lab/tree", *, kernel: bool = True
    ) -> Path:
        own = server.folder / f"{request.node.name}".replace("[", "_").replace("]", "")
        if not own.exists():
            shutil.copytree(SAMPLES, own)
        if cells is not None:
            document = {
                "cells": [{"id": f"c{i}", "metadata": {}, **c} for i, c in enumerate(cells)], "nbformat": 4, "nbformat_minor": 5,
                "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            }  # fmt: skip
            (own / name).write_text(json.dumps(document))
        reset = "&reset" if app.startswith("lab") else ""
        page.goto(f"{server.url}/{app}/{own.name}/{name}?token={TOKEN}{reset}")
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
        if kernel:
            page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', state="attached")
        return own / name

    return open_


def code(source: str, *tags: str) -> dict[str, Any]:
    """A code cell."""
    return {
        "cell_type": "code",
        "source": source,
        "metadata": {"tags": list(tags)} if tags else {},
        "outputs": [],
        "execution_count": None,
    }
