"""The notebook, and the executed one, may be anywhere that papermill reads and writes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.cli.main import main
from tests.making import code, shown, write


@pytest.fixture
def kept() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A server that keeps what it is sent: its address, and what it has by path."""
    files: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = files.get(self.path)
            self.send_response(200 if found is not None else 404)
            self.end_headers()
            self.wfile.write(found or b"")

        def do_PUT(self) -> None:
            refused = self.path.startswith("/no/")
            if not refused:
                files[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(403 if refused else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", files
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_notebook_from_elsewhere_runs_here(
    kept: tuple[str, dict[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, files = kept
    cells = [code("n = 1", "parameters"), "print(n, open('here.txt').read())"]
    files["/in.ipynb"] = write(tmp_path / "n.ipynb", cells).read_bytes()
    (tmp_path / "here.txt").write_text("here", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NB2PIPE_STORE", str(tmp_path / "store"))
    assert main(["run", f"{address}/in.ipynb", "-p", "n", "3", "-o", f"{address}/out.ipynb"]) == 0
    document = json.loads(files["/out.ipynb"])
    assert shown(document["cells"][2]["outputs"]) == "3 here"
    assert document["metadata"]["papermill"]["input_path"] == f"{address}/in.ipynb"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["here.txt", "n.ipynb"]


def test_what_is_not_there_is_said(kept: tuple[str, dict[str, bytes]], capsys: Any) -> None:
    assert main(["run", f"{kept[0]}/none.ipynb"]) == 2  # papermill takes what the server says for the file
    assert f"{kept[0]}/none.ipynb is not a notebook: the file is empty" in capsys.readouterr().err
    assert main(["run", "http://127.0.0.1:1/n.ipynb"]) == 2
    assert "http://127.0.0.1:1/n.ipynb cannot be read: ConnectionError: " in capsys.readouterr().err


def test_what_cannot_be_written_there_is_kept_here(
    kept: tuple[str, dict[str, bytes]], tmp_path: Path, capsys: Any
) -> None:
    path = write(tmp_path / "n.ipynb", ["print(1)"])
    assert main(["run", str(path), "-o", f"{kept[0]}/no/out.ipynb"]) == 2
    said = capsys.readouterr().err
    assert f"{kept[0]}/no/out.ipynb cannot be written: " in said
    elsewhere = Path(said.rpartition("it is in ")[2].partition(" instead")[0])
    assert shown(json.loads(elsewhere.read_text("utf-8"))["cells"][0]["outputs"]) == "1"
    elsewhere.unlink()
    elsewhere.parent.rmdir()
