"""``%mlpack`` in a real kernel, as a notebook runs it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from jupyter_mlpack import errors
from jupyter_mlpack.magic.line import EndedError, Line, last_words, take_option
from jupyter_mlpack.magic.saved import Ran
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store


class Shell:
    """A shell without a kernel."""

    def __init__(self) -> None:
        self.user_ns: dict[str, object] = {}


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    (tmp_path / "n.ipynb").write_text('{"cells": []}')
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "n.ipynb"))
    return Line(Shell(), Ran())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("build --name a:b", ["build", "NOTEBOOK", "--name", "a:b"]),
        ("submit", ["submit", "NOTEBOOK"]),
        ("deploy --on x", ["deploy", "NOTEBOOK", "--on", "x"]),
        ("submit a:training --on x", ["submit", "a:training", "--on", "x"]),
        ("build --notebook other.ipynb --load", ["build", "other.ipynb", "--load"]),
        ("submit -p name='a b'", ["submit", "NOTEBOOK", "-p", "name=a b"]),
        ("build --help", ["build", "--help"]),
        ("logs -f", ["logs", "job1", "-f"]),
        ("cancel other", ["cancel", "other"]),
        ("jobs --targets", ["jobs", "--targets"]),
    ],
)
def test_complete__notebook_and_job__are_those_that_are_meant(
    line: Line, tmp_path: Path, typed: str, words: list[str]
) -> None:
    line.newest = "job1"
    assert line.complete(typed)[0] == [str(tmp_path / "n.ipynb") if word == "NOTEBOOK" else word for word in words]


@pytest.mark.parametrize(
    ("typed", "error"),
    [("", errors.MagicWithoutCommand), ("build 'a", errors.MagicUnreadable), ("logs", errors.NoJobYet)],
)
def test_complete__cannot_be_understood__is_said_without_a_traceback(line: Line, typed: str, error: type) -> None:
    with pytest.raises(error):
        line.complete(typed)
    with pytest.raises(EndedError) as caught:
        line.run(typed)
    assert caught.value._render_traceback_()[0].startswith("error: ")


def test_take_option__both_forms() -> None:
    assert take_option(["a", "--home", "x", "b"], "--home") == ("x", ["a", "b"])
    assert take_option(["a", "--home=y"], "--home") == ("y", ["a"])


def test_last_words__page_on_options__only_the_problem() -> None:
    assert last_words(["usage: x [-h]", "-c: error: argument --nonsense"]) == "argument --nonsense"
    assert last_words(["error: No.", "  next:  Try."]) == "error: No.\n  next:  Try."


def test_magic__in_a_kernel__builds_its_own_notebook_in_one_output(
    tmp_path: Path, machine_store: Store, run_image: Callable[..., StoredImage], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_image("bookworm")
    name = f"magic-{tmp_path.name}".lower().replace("_", "-")
    sources = [
        "x = 1",
        "%load_ext jupyter_mlpack",
        f"%mlpack build --name {name}",
        "%mlpack images",
        "%mlpack build --nonsense=1",
    ]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python"}
    nbformat.write(made, tmp_path / "own.ipynb")
    made.cells.insert(2, nbformat.v4.new_code_cell("x = 5  # not saved"))
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "own.ipynb"))
    monkeypatch.setenv("MLPACK_HOME", str(machine_store.root))
    monkeypatch.setenv("JUPYTER_NO_CONFIG", "1")
    client = NotebookClient(made, allow_errors=True, timeout=600, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    built, listed, wrong = (cell.outputs for cell in made.cells[3:])
    assert [output.output_type for output in built] == ["display_data"], built
    text = built[0].data["text/plain"]
    image = machine_store.image(f"{name}:latest") or machine_store.image(name)
    assert image is not None, text
    assert image.descriptor.digest in text
    assert "0 packages needed" in text, "neither the extension nor the magic is a dependency"
    assert "x = 5  # not saved" in text
    assert re.search(r"✓ Writing layers +[0-9.]+ s", text)
    assert "<pre" in built[0].data["text/html"]
    assert name in listed[0].text
    assert wrong[-1].output_type == "error"
    assert "nonsense" in wrong[-1].evalue
    assert not any("line.py" in entry for entry in wrong[-1].traceback), "no traceback of ours"
