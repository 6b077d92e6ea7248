"""``jupyter mlpack inspect`` as a user or a script types it: formats, folders, and what it says of bad input."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CODE = "import numpy as np\nimport nobody_knows_this_name\n"


def write(path: Path, *cells: str, **metadata: object) -> Path:
    """A notebook with code cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    path.write_text(json.dumps({"cells": rows, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}))
    return path


def inspect(
    *words: str | Path, folder: Path, expected: int = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run it; no traceback, whatever happens."""
    answer = subprocess.run(
        [sys.executable, "-m", "jupyter_mlpack", "inspect", *map(str, words)],
        capture_output=True, text=True, cwd=folder, stdin=subprocess.DEVNULL, check=False, timeout=120,
        env={**os.environ, "MLPACK_HOME": str(folder / "home"), **environment},
    )  # fmt: skip
    assert "Traceback" not in answer.stderr, answer.stderr
    assert answer.returncode == expected, answer.stderr
    return answer


def lines(answer: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.stdout.splitlines()]


def test_inspect__json__is_one_object_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "n.ipynb", CODE, "print 'old'")
    answer = inspect("n.ipynb", "--no-kernel", "--format", "json", folder=tmp_path)
    (data,) = lines(answer)
    assert [item["name"] for item in data["dependencies"]] == ["numpy"]
    assert [item["module"] for item in data["unresolved"]] == ["nobody_knows_this_name"]
    assert data["hardware"]["declared"]["class"] == "none"
    assert {"cell-not-python"} <= {notice["code"] for notice in data["notices"]}
    assert answer.stderr == ""


def test_inspect__twice_in_other_folders__same_bytes(tmp_path: Path) -> None:
    answers = set()
    for name in ("a", "b/c"):
        write(tmp_path / name / "n.ipynb", CODE, "open('data.csv')")
        words = ("n.ipynb", "--no-kernel", "--format", "json")
        answers.add(inspect(*words, folder=tmp_path / name, PYTHONHASHSEED=str(len(name))).stdout)
    assert len(answers) == 1


def test_inspect__requirements__each_line_has_its_reason(tmp_path: Path) -> None:
    write(tmp_path / "n.ipynb", CODE)
    text = inspect("n.ipynb", "--no-kernel", "--format", "requirements", folder=tmp_path).stdout
    assert re.search(r"^numpy +# cell 1: import numpy", text, re.M)
    assert "# known to nobody: nobody_knows_this_name" in text


def test_inspect__text__problems_come_first(tmp_path: Path) -> None:
    write(tmp_path / "n.ipynb", CODE, "import numpy")
    text = inspect("n.ipynb", "--no-kernel", folder=tmp_path).stdout
    assert "\x1b" not in text
    assert text.index("nobody_knows_this_name") < text.index("numpy ")
    assert re.search(r"numpy +import +cell 1 line 1: import numpy.*  \(\+1 more place\)", text)
    assert not re.search(r" $", text, re.M)


def test_inspect__verbose__shows_every_place_and_its_rule(tmp_path: Path) -> None:
    write(tmp_path / "n.ipynb", "import numpy", "import numpy.linalg")
    text = inspect("n.ipynb", "--no-kernel", "-v", folder=tmp_path).stdout
    assert re.search(r"IMP1 +cell 1 line 1: import numpy", text)
    assert re.search(r"IMP1 +cell 2 line 1: import numpy.linalg", text)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_inspect__narrow__no_line_is_longer(tmp_path: Path, width: int) -> None:
    write(
        tmp_path / "n.ipynb", "import numpy  # " + "long " * 60, "open('" + "d/" * 70 + "x.csv')", "import " + "m" * 90
    )
    text = inspect("n.ipynb", "--no-kernel", folder=tmp_path, COLUMNS=str(width)).stdout
    assert max(map(len, text.splitlines())) <= width


def test_inspect__terminal__has_colours_and_no_hidden_commands(tmp_path: Path) -> None:
    write(tmp_path / "n\x1b]0;title\x07.ipynb", "import numpy\nopen('\x1b[2Jx\\n\u202e.csv')")
    text = on_terminal(tmp_path, "n\x1b]0;title\x07.ipynb", "--no-kernel")
    assert "\x1b[1m" in text
    assert "\\x1b]0;title\\x07" in text
    assert not re.search("\x1b(?!\\[[0-9;]*m)|\u202e|\x07", text)


def on_terminal(folder: Path, *words: str) -> str:
    """What the command writes to a terminal."""
    main, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "MLPACK_HOME": str(folder / "home"), "NO_COLOR": ""}
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_mlpack", "inspect", *words],
        cwd=folder, env=environment, stdin=terminal, stdout=terminal, stderr=terminal, close_fds=True,
    )  # fmt: skip
    os.close(terminal)
    chunks = []
    with contextlib.suppress(OSError):  # the other end is closed
        while select.select([main], [], [], 60)[0]:
            chunks.append(os.read(main, 65536))
    assert process.wait() == 0
    os.close(main)
    return b"".join(chunks).decode()


def a_folder(root: Path) -> Path:
    """Three sound notebooks, one damaged, one in R, and some that are not looked at."""
    folder = root / "work"
    write(folder / "a.ipynb", "import numpy\n%pip install pandas==2.1")
    write(folder / "b" / "c.ipynb", "import numpy\n%pip install pandas==2.2")
    write(folder / "b" / "d.ipynb", "import nobody_knows_this_name")
    write(folder / "r.ipynb", "x <- 1", kernelspec={"name": "ir", "language": "R"})
    (folder / "broken.ipynb").write_text('{"cells": [')
    write(folder / ".ipynb_checkpoints" / "a-checkpoint.ipynb", "import torch")
    write(folder / "node_modules" / "x.ipynb", "import torch")
    write(folder / "my-env" / "x.ipynb", "import torch")
    (folder / "my-env" / "pyvenv.cfg").touch()
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.ipynb")
    return folder


def test_inspect_folder__json__one_object_a_line(tmp_path: Path) -> None:
    rows = lines(inspect(a_folder(tmp_path), "--no-kernel", "--format", "json", folder=tmp_path, expected=2))
    assert [row["notebook"] for row in rows] == [
        "a.ipynb", "b/c.ipynb", "b/d.ipynb", "broken.ipynb", "pipe.ipynb", "r.ipynb",
    ]  # fmt: skip
    assert [row.get("error", {}).get("code") for row in rows] == [
        None, None, None, "notebook-broken-json", "notebook-unreadable", None,
    ]  # fmt: skip


def test_inspect_folder__text__a_row_each_and_totals(tmp_path: Path) -> None:
    text = inspect(a_folder(tmp_path), "--no-kernel", folder=tmp_path, expected=2, COLUMNS="300").stdout
    assert re.search(r"^ *b/c.ipynb +2 ", text, re.M)
    assert re.search(r"^ *broken.ipynb .*failed: .* damaged", text, re.M)
    assert "4 notebooks read, 2 failed" in text
    assert "numpy (2), pandas (2)" in text


def test_inspect_folder__nothing_failed__exit_status_is_0(tmp_path: Path) -> None:
    write(tmp_path / "work" / "a.ipynb", "import numpy")
    write(tmp_path / "work" / "empty.ipynb")
    assert "2 notebooks read\n" in inspect("work", "--no-kernel", folder=tmp_path).stdout


def test_inspect_folder__requirements__is_the_union_with_conflicts_marked(tmp_path: Path) -> None:
    answer = inspect(a_folder(tmp_path), "--no-kernel", "--format", "requirements", folder=tmp_path, expected=2)
    text = answer.stdout
    assert re.search(r"^numpy +# a.ipynb and 1 more$", text, re.M)
    assert "# pandas: the notebooks disagree" in text
    assert re.search(r"^# +pandas==2.1 +# a.ipynb$", text, re.M)
    assert re.search(r"^pandas$", text, re.M)
    assert "left out: broken.ipynb" in answer.stderr


def test_inspect_folder__interrupted__what_is_done_is_shown(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    body = "\n".join(f"x{number} = [{number}]" for number in range(1500))
    for number in range(400):
        write(folder / f"{number:03}.ipynb", body)
    words = [sys.executable, "-m", "jupyter_mlpack", "inspect", "work", "--no-kernel", "--format", "json"]
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    rest, said = process.communicate(timeout=60)
    rows = [json.loads(line) for line in (first + rest).splitlines()]
    assert process.returncode == 130
    assert 0 < len(rows) < 400
    assert re.search(r"Stopped after \d+ of 400 notebooks", said)


def fifo(folder: Path) -> str:
    os.mkfifo(folder / "n.ipynb")
    return "n.ipynb"


def empty_folder(folder: Path) -> str:
    (folder / "empty" / ".hidden").mkdir(parents=True)
    write(folder / "empty" / ".hidden" / "n.ipynb", "a")
    return "empty"


def content(text: str) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        (folder / "n.ipynb").write_text(text)
        return "n.ipynb"

    return make


@pytest.mark.parametrize(
    ("make", "options", "expected", "says"),
    [
        pytest.param(lambda folder: "none.ipynb", (), 2, "no notebook at none.ipynb", id="no file"),
        pytest.param(lambda folder: "none\udcff.ipynb", (), 2, "no notebook at none\\udcff.ipynb", id="no UTF-8"),
        pytest.param(fifo, (), 2, "device or a pipe", id="pipe"),
        pytest.param(lambda folder: "/dev/zero", (), 2, "device or a pipe", id="device"),
        pytest.param(empty_folder, (), 2, "no notebook in empty", id="folder without notebooks"),
        pytest.param(content("{"), (), 2, "not valid JSON", id="broken JSON"),
        pytest.param(content("[1]"), (), 2, "not a notebook", id="no notebook"),
        pytest.param(content("\x00\x01"), (), 2, "error:", id="binary"),
        pytest.param(content(""), (), 2, "empty file", id="empty"),
        pytest.param(lambda folder: "a.ipynb", ("b.ipynb",), 2, "2 were named", id="two"),
        pytest.param(lambda folder: "a.ipynb", ("--format", "xml"), 2, "--format is one of text, json", id="format"),
        pytest.param(lambda folder: "a.ipynb", ("--nope", "1"), 2, "there is no option --nope", id="option"),
        pytest.param(lambda folder: "a.ipynb", ("--config", "x"), 2, "no configuration file x", id="configuration"),
        pytest.param(lambda folder: ".", ("--format", "pylock"), 2, "is for one notebook", id="lock of a folder"),
        pytest.param(lambda folder: "a.ipynb", ("--kernel", "zzz"), 3, "no kernel called zzz", id="kernel"),
    ],
)
def test_inspect__bad_input__one_sentence_and_the_next_step(
    tmp_path: Path, make: Callable[[Path], str], options: tuple[str, ...], expected: int, says: str
) -> None:
    write(tmp_path / "a.ipynb", "import numpy")
    answer = inspect(make(tmp_path), *options, folder=tmp_path, expected=expected)
    assert answer.stderr.count("error:") == 1
    assert says in answer.stderr
    assert "next:" in answer.stderr
    assert answer.stdout == ""


def test_inspect__unreadable__says_why(tmp_path: Path) -> None:
    write(tmp_path / "n.ipynb", "import numpy").chmod(0)
    if os.access(tmp_path / "n.ipynb", os.R_OK):
        pytest.skip("SKIPPED LOUDLY: this user may read every file (root), so no file is unreadable")
    assert "cannot be read" in inspect("n.ipynb", folder=tmp_path, expected=2).stderr


def test_inspect__json_of_a_broken_notebook__is_an_object_with_the_error(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_text("{")
    (data,) = lines(inspect("n.ipynb", "--format", "json", folder=tmp_path, expected=2))
    assert data["error"]["code"] == "notebook-broken-json"
    assert data["error"]["hint"]


def test_inspect__settings_file__is_read_and_the_command_line_wins(tmp_path: Path) -> None:
    write(tmp_path / "n.ipynb", "import numpy")
    (tmp_path / "jupyter_mlpack_config.py").write_text(
        "c.Command.format = 'json'\nc.InspectCommand.ask_kernel = False\n"
    )
    there = {"JUPYTER_CONFIG_DIR": str(tmp_path)}
    assert lines(inspect("n.ipynb", folder=tmp_path, **there))[0]["notebook"] == "n.ipynb"
    assert inspect("n.ipynb", "--format", "text", folder=tmp_path, **there).stdout.startswith("n.ipynb")
    assert lines(inspect("n.ipynb", "--config", "jupyter_mlpack_config.py", folder=tmp_path))


@pytest.mark.parametrize("name", ["own.txt", "~/own.txt"], ids=["beside", "at home"])
def test_inspect__tables_in_the_settings__beat_ours(tmp_path: Path, name: str) -> None:
    write(tmp_path / "n.ipynb", "import acme.billing\nimport cv2\nimport numpy")
    (tmp_path / "own.txt").write_text("acme.billing: acme-billing\ncv2: own-cv2\n")
    (tmp_path / "older.txt").write_text("cv2: older-cv2\nnumpy: older-numpy\n")
    (tmp_path / "jupyter_mlpack_config.py").write_text(f"c.Command.modules = [{name!r}]\n")
    there = {"JUPYTER_CONFIG_DIR": str(tmp_path), "HOME": str(tmp_path), "MLPACK_MODULES": "older.txt"}
    (data,) = lines(inspect("n.ipynb", "--no-kernel", "--format", "json", folder=tmp_path, **there))
    assert [item["name"] for item in data["dependencies"]] == ["acme-billing", "older-numpy", "own-cv2"]


@pytest.mark.parametrize("variable", ["MLPACK_MODULES", "MLPACK_HARDWARE"])
@pytest.mark.parametrize("style", ["json", "text", "requirements"])
def test_inspect_folder__own_table_is_broken__said_once(tmp_path: Path, variable: str, style: str) -> None:
    for number in range(3):
        write(tmp_path / f"{number}.ipynb", "import numpy")
    (tmp_path / "own").write_text("no table")
    answer = inspect(".", "--no-kernel", "--format", style, folder=tmp_path, expected=2, **{variable: "own"})
    assert answer.stderr.count("error:") == 1
    assert answer.stdout.count("table-unreadable") == (style == "json")
    assert "ipynb" not in answer.stdout + answer.stderr


@pytest.mark.parametrize("command", [["inspect", "--no-kernel"], ["build", "--dry-run"]], ids=["inspect", "build"])
def test_command__table_in_the_settings_is_missing__said_with_its_name(tmp_path: Path, command: list[str]) -> None:
    write(tmp_path / "n.ipynb", "import numpy")
    (tmp_path / "jupyter_mlpack_config.py").write_text("c.Command.modules = ['none.txt']\n")
    answer = subprocess.run(
        [sys.executable, "-m", "jupyter_mlpack", *command, "n.ipynb"],
        capture_output=True, text=True, cwd=tmp_path, stdin=subprocess.DEVNULL, check=False, timeout=120,
        env={**os.environ, "MLPACK_HOME": str(tmp_path / "home"), "JUPYTER_CONFIG_DIR": str(tmp_path)},
    )  # fmt: skip
    assert answer.returncode == 2
    assert "The table none.txt cannot be used" in answer.stderr
