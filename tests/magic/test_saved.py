"""Which notebook a kernel belongs to, and whether its file holds what ran."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from jupyter_mlpack.errors import OwnNotebookUnknown
from jupyter_mlpack.magic.saved import Ran, own_notebook


@dataclass
class Info:
    """What IPython says of a cell that runs."""

    raw_cell: str
    cell_id: str | None = None
    store_history: bool = True


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "n.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in ("x = 1", "%load_ext jupyter_mlpack\ny = 2")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    monkeypatch.chdir(tmp_path)
    return path


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({"JPY_SESSION_NAME": "{folder}/n.ipynb"}, {}),
        ({"JPY_SESSION_NAME": "elsewhere.ipynb"}, {"__vsc_ipynb_file__": "{folder}/n.ipynb"}),
        ({"JPY_SESSION_NAME": "/root/of/another/server/RTC:n.ipynb"}, {}),
    ],
    ids=["Jupyter Server", "VS Code", "shared with others"],
)
def test_own_notebook__told_by_the_surroundings(
    notebook: Path, environment: dict[str, str], names: dict[str, str]
) -> None:
    told, known = (
        {name: text.format(folder=notebook.parent) for name, text in d.items()} for d in (environment, names)
    )
    assert own_notebook(told, known, "build") == notebook


@pytest.mark.parametrize("environment", [{}, {"JPY_SESSION_NAME": "gone.ipynb"}], ids=["not told", "renamed"])
def test_own_notebook__not_there__says_how_to_name_it(notebook: Path, environment: dict[str, str]) -> None:
    with pytest.raises(OwnNotebookUnknown) as caught:
        own_notebook(environment, {}, "submit")
    assert "%mlpack submit --notebook" in caught.value.sentence("hint")


@pytest.mark.parametrize(
    ("ran", "told"),
    [
        ([Info("x = 1", "a")], ""),
        ([Info("y = 2"), Info("%mlpack submit -p lr=1")], ""),
        ([Info("x = 7", "a"), Info("x = 1", "a")], ""),
        ([Info("x = 1", "a"), Info("x = 7", "a")], "x = 7)"),
        ([Info("x = 8"), Info("x = 9\nmore", "b")], "x = 9 and 1 more)"),
        ([Info("x = 7", store_history=False)], ""),
    ],
    ids=["saved", "but for our lines", "edited back", "edited", "two", "silent"],
)
def test_unsaved__cells_that_ran__are_told_if_the_file_lacks_them(notebook: Path, ran: list[Info], told: str) -> None:
    heard = Ran()
    for info in ran:
        heard.hear(info)
    sentence = heard.unsaved(notebook)
    assert (told in sentence) if told else sentence == ""
