"""The application folder that others build, and what is told beside it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.cli.building import make_machine
from jupyter_mlpack.events import Event, Noticed, ignore
from jupyter_mlpack.given.options import Given
from jupyter_mlpack.lifecycle.inputs import Variable
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.wishes import Machine, Wishes
from jupyter_mlpack.workspaces import portable, write_application


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "probe.ipynb"
    v4 = nbformat.v4
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell("print(open('a.csv').read())")]), path)
    (tmp_path / "a.csv").write_text("1\n")
    return path


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return make_machine(Store(tmp_path / "store"))


@pytest.mark.network
def test_write_application__a_notebook__what_a_build_has_and_no_image(notebook: Path, machine: Machine) -> None:
    folder = notebook.parent / "app"
    written = write_application(notebook, Wishes(python="3.11"), machine, folder, ignore)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {".mlpack/build.json", ".mlpack/layers.json", ".mlpack/lock.txt", "a.csv", "probe.ipynb"}
    assert "UV_NO_CONFIG=1\n" in written.settings.read_text()
    assert machine.store.images() == ()
    with pytest.raises(errors.WorkspaceTaken):
        write_application(notebook, Wishes(python="3.11"), machine, folder, ignore)


@pytest.mark.network
def test_write_application__variables_of_the_command_line__not_written_and_told(
    notebook: Path, machine: Machine
) -> None:
    told: list[Event] = []
    given = Given(variables=(Variable("HF_TOKEN", "very-secret"),))
    written = write_application(
        notebook, Wishes(python="3.11", given=given), machine, notebook.parent / "x", told.append
    )
    assert "very-secret" not in written.settings.read_text()
    assert [event for event in told if isinstance(event, Noticed) and "HF_TOKEN" in event.notice.text]


@pytest.mark.parametrize(
    ("settings", "kept", "told"),
    [
        pytest.param({"UV_DEFAULT_INDEX": "https://pypi.example.com/simple"}, True, "", id="index"),
        pytest.param({"UV_INDEX": "own=https://a.example.com https://b.example.com"}, True, "", id="named-indexes"),
        pytest.param({"UV_DEFAULT_INDEX": "https://me:word@pypi.example.com"}, False, "holds a login", id="login"),
        pytest.param({"UV_FIND_LINKS": "/srv/wheels"}, False, "folder of this machine", id="folder"),
        pytest.param({"UV_FIND_LINKS": "https://a.example.com,/srv/wheels"}, False, "folder of", id="one-folder"),
        pytest.param({"UV_CACHE_DIR": "/home/me/.cache"}, False, "", id="cache"),
        pytest.param({"SSL_CERT_FILE": "/etc/mine.pem"}, False, "", id="certificates"),
        pytest.param({"UV_TORCH_BACKEND": "cu128"}, True, "", id="backend"),
    ],
)
def test_portable__a_setting__written_where_it_means_the_same(settings: dict[str, str], kept: bool, told: str) -> None:
    heard: list[Event] = []
    found = portable(settings, heard.append)
    assert found == {"UV_NO_CONFIG": "1", **(settings if kept else {})}
    texts = [event.notice.text for event in heard if isinstance(event, Noticed)]
    assert [told in text for text in texts] == ([True] if told else [])
    assert not [text for text in texts if "word" in text]
