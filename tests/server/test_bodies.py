"""Hostile requests: each is a 4xx with a code, a message and a hint, and nothing was started."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.server.asks import LIMIT
from jupyter_mlpack.server.paths import make_root

JOB = {"image": "a:training", "path": "a.ipynb"}

BODIES = {
    "empty": ("builds", b"", 400, "body-not-json"),
    "no json": ("builds", b"{path", 400, "body-not-json"),
    "no utf-8": ("builds", b'{"path": "\xff"}', 400, "body-not-json"),
    "utf-16": ("builds", '{"path": "a.ipynb"}'.encode("utf-16"), 400, "body-not-json"),
    "array": ("builds", [], 400, "body-not-json"),
    "null": ("plans", b"null", 400, "body-not-json"),
    "not a number": ("builds", b'{"path": NaN}', 400, "body-not-json"),
    "bottomless": ("builds", b"[" * 100_000, 400, "body-not-json"),
    "deep": ("builds", b'{"path": "a.ipynb", "choices": ' + b'{"a": ' * 500 + b"1" + b"}" * 501, 400, "field-wrong"),
    "too large": ("builds", {"path": "a" * LIMIT}, 413, "body-too-large"),
    "no path": ("inspections", {"choices": {}}, 400, "field-wrong"),
    "path is a number": ("builds", {"path": 5}, 400, "field-wrong"),
    "path is empty": ("builds", {"path": ""}, 400, "field-wrong"),
    "half a character": ("builds", b'{"path": "\\ud800.ipynb"}', 400, "field-wrong"),
    "zero byte": ("builds", {"path": "a\0.ipynb"}, 400, "field-wrong"),
    "unknown key": ("builds", {"path": "a.ipynb", "shell": "rm"}, 400, "field-wrong"),
    "choices is a list": ("plans", {"path": "a.ipynb", "choices": []}, 400, "field-wrong"),
    "unknown choice": ("builds", {"path": "a.ipynb", "choices": {"colour": "blue"}}, 400, "field-wrong"),
    "packages is a text": ("builds", {"path": "a.ipynb", "choices": {"packages": "numpy"}}, 400, "field-wrong"),
    "hardware is odd": ("builds", {"path": "a.ipynb", "choices": {"hardware": {"count": "2"}}}, 400, "field-wrong"),
    "job without image": ("jobs", {"path": "a.ipynb"}, 400, "field-wrong"),
    "image is an option": ("jobs", {**JOB, "image": "--help"}, 400, "reference-wrong"),
    "image with upper case": ("jobs", {**JOB, "image": "Digits"}, 400, "reference-uppercase"),
    "parameters is a list": ("jobs", {**JOB, "parameters": ["x"]}, 400, "field-wrong"),
    "parameter is no name": ("jobs", {**JOB, "parameters": {"--output": "/"}}, 400, "field-wrong"),
    "number too large": ("jobs", b'{"image": "a", "path": "a.ipynb", "parameters": {"x": 1e999}}', 400, "field-wrong"),
    "engine is a path": ("jobs", {**JOB, "engine": "../process"}, 400, "field-wrong"),
    "secret is a number": ("jobs", {**JOB, "secrets": {"A": 1}}, 400, "field-wrong"),
    "secret is no name": ("jobs", {**JOB, "secrets": {"A=B": "x"}}, 400, "field-wrong"),
    "secret loads code": ("jobs", {**JOB, "secrets": {"LD_PRELOAD": "/tmp/x.so"}}, 400, "field-wrong"),
    "secret is our path": ("jobs", {**JOB, "secrets": {"PYTHONPATH": "/tmp"}}, 400, "field-wrong"),
    "destination is an address": (
        "deliveries",
        {"build": "x", "destination": "https://a/b"},
        400,
        "reference-is-address",
    ),
    "insecure is a text": ("deliveries", {"build": "x", "destination": "a/b", "insecure": "no"}, 400, "field-wrong"),
    "service without build": ("services", {}, 400, "field-wrong"),
    "service of no build": ("services", {"build": "x"}, 404, "run-unknown"),
    "service on an engine": ("services", {"build": "x", "engine": "a b"}, 400, "field-wrong"),
    "service with our path": ("services", {"build": "x", "secrets": {"HOME": "/"}}, 400, "field-wrong"),
    "call of nothing": (f"services/{'0' * 18}/calls", {}, 400, "field-wrong"),
    "call of a path": (f"services/{'0' * 18}/calls", {"body": 1, "function": "../docs"}, 400, "field-wrong"),
    "call of no service": (f"services/{'0' * 18}/calls", {"body": 1}, 404, "run-unknown"),
    "build is unknown": ("deliveries", {"build": "x", "destination": "a/b"}, 404, "run-unknown"),
}


async def test_hostile_bodies__are_refused_in_words(rest: Any, service: Any) -> None:
    for name, (path, body, status, code) in BODIES.items():
        found, problem = await rest("POST", path, body)
        assert (found, problem["code"]) == (status, code), (name, problem)
        assert problem["message"], name
        assert problem["hint"], name
        assert set(problem) == {"code", "message", "where", "why", "hint"}, name
    assert service.runs.live == {}
    assert await service.list_runs() == []


@pytest.fixture
def outside(tmp_path: Path, jp_root_dir: Path) -> Path:
    """A notebook beside the root, links to it from within, and other things that look like notebooks."""
    secret = tmp_path / "outside.ipynb"
    secret.write_text("{}")
    (jp_root_dir / "link.ipynb").symlink_to(secret)
    (jp_root_dir / "way").symlink_to(tmp_path)
    (jp_root_dir / "loop.ipynb").symlink_to("loop.ipynb")
    (jp_root_dir / ".hidden.ipynb").write_text("{}")
    (jp_root_dir / "folder.ipynb").mkdir()
    os.mkfifo(jp_root_dir / "pipe.ipynb")
    (tmp_path / "root_dir2").mkdir()
    (tmp_path / "root_dir2" / "x.ipynb").write_text("{}")
    return secret


PATHS = {
    "../outside.ipynb": 400,
    "a/../../outside.ipynb": 400,
    "..": 400,
    "/": 400,
    "//": 400,
    ".": 400,
    "a/./b.ipynb": 400,
    "..\\outside.ipynb": 400,
    "%2e%2e/outside.ipynb": 404,
    "link.ipynb": 400,
    "way/outside.ipynb": 400,
    "way/root_dir2/x.ipynb": 400,
    "loop.ipynb": 404,
    ".hidden.ipynb": 400,
    "a/.ipynb_checkpoints/b.ipynb": 400,
    "RTC:a.ipynb": 400,
    "s3:bucket/a.ipynb": 400,
    "a\nb.ipynb": 400,
    "a\x1b[31m.ipynb": 400,
    "\u202eipynb.a": 400,
    "folder.ipynb": 404,
    "pipe.ipynb": 404,
    "missing.ipynb": 404,
    "a" * 5000: 400,
    "/".join("ab") * 500: 404,
    "-o/--help.ipynb": 404,
}


async def test_paths__lead_nowhere_but_to_notebooks_below_the_root(rest: Any, outside: Path, service: Any) -> None:
    for path, status in PATHS.items():
        for noun in ("inspections", "plans", "builds"):
            found, problem = await rest("POST", noun, {"path": path})
            assert found == status, (path, noun, problem)
            assert problem["code"] in ("path-refused", "notebook-gone"), path
            assert "outside" not in problem["why"]
        found, problem = await rest("POST", "jobs", {**JOB, "path": path})
        assert found == status, (path, problem)
    found, problem = await rest("POST", "builds", {"path": str(outside)})
    assert found == 404, "an absolute path is one below the root, as everywhere in Jupyter"
    assert service.runs.live == {}


async def test_absolute_path_of_a_notebook_below_the_root__is_not_its_contents_path(rest: Any, write: Any) -> None:
    file = write("a.ipynb", "1")
    status, _ = await rest("POST", "inspections", {"path": str(file)})
    assert status == 404


@pytest.mark.parametrize("after", ["-1", "1.5", "x", "1" * 30, "٣"])
async def test_after__is_a_number(rest: Any, after: str) -> None:
    status, problem = await rest("GET", f"builds/{'0' * 18}/events", params={"after": after})
    assert (status, problem["code"]) == (400, "field-wrong")


async def test_nameless_argument__is_passed_over(rest: Any) -> None:
    """JupyterLab puts the time behind each address, so that nothing is taken from a cache."""
    status, answer = await rest("GET", "status", params={"": "1795337692280"})
    assert status == 200
    assert json.dumps(answer)


async def test_server_without_files__refuses_notebooks_and_shows_the_rest(rest: Any, service: Any) -> None:
    service.root = make_root(object())
    status, problem = await rest("POST", "builds", {"path": "a.ipynb"})
    assert (status, problem["code"]) == (400, "files-elsewhere")
    assert (await rest("GET", "runs"))[0] == 200


async def test_disk_that_cannot_be_written__is_told_in_words(
    rest: Any, write: Any, home: Path, jp_root_dir: Path
) -> None:
    write("a.ipynb", "1")
    home.mkdir()
    (home / "ledger").write_text("a file where a folder should be")
    status, problem = await rest("POST", "builds", {"path": "a.ipynb"})
    assert (status, problem["code"]) == (422, "store-unwritable"), problem
    (home / "ledger").unlink()
    (jp_root_dir / "a-runs").write_text("a file where a folder should be")
    status, problem = await rest("POST", "jobs", JOB)
    assert status == 422, problem
    assert str(jp_root_dir) in problem["message"]
