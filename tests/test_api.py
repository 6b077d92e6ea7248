"""The Python API: typed, small, and not there before it is named."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
import yaml

import jupyter_mlpack
from jupyter_mlpack import errors
from jupyter_mlpack.api import configured, said, yaml_text
from jupyter_mlpack.cli.build import BuildCommand
from jupyter_mlpack.events import Event, PhaseEnded
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Parameter


def test_import__brings_nothing_along() -> None:
    code = (
        "import sys, typing; before = set(sys.modules); import jupyter_mlpack; print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(ast.literal_eval(done.stdout)) <= {"__future__", "jupyter_mlpack", "jupyter_mlpack._version"}
    assert set(jupyter_mlpack.__all__) >= {"build", "submit", "find_job", "Job"}
    assert all(getattr(jupyter_mlpack, name) for name in jupyter_mlpack.__all__)


@pytest.mark.parametrize(
    "value", [1e-05, 0.1, 3, "12", "a: b", "two\nlines", "", True, None, [1, "2", None], {"a": [1e9]}, "é", "=x"]
)
def test_yaml_text__value__is_read_as_it_was(value: Parameter) -> None:
    assert yaml.safe_load(yaml_text(value)) == value
    assert type(yaml.safe_load(yaml_text(value))) is type(value)


def test_said__empty_options_are_left_out() -> None:
    assert said(on="", gpus=2, output=Path("x y")) == ["--gpus=2", "--output=x y"]


def test_configured__wrong_option__raises_instead_of_ending_the_process() -> None:
    with pytest.raises(errors.OptionWrong, match="nonsense"):
        configured(BuildCommand, ["n.ipynb", "--nonsense=1"])


def test_build__notebook__image_of_the_store_and_events(
    tmp_path: Path, machine_store: Store, run_image: Callable[..., StoredImage]
) -> None:
    run_image("bookworm")
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")]), tmp_path / "api.ipynb")
    events: list[Event] = []
    image = jupyter_mlpack.build(
        tmp_path / "api.ipynb",
        name="api:test",
        home=machine_store.root,
        options=("--python", "3.11"),
        emit=events.append,
    )
    stored = machine_store.image("api:test")
    assert stored is not None
    assert (image.reference, image.digest) == ("api:test", stored.descriptor.digest)
    assert [event.phase for event in events if isinstance(event, PhaseEnded)][:2] == ["inspect", "resolve"]
    with pytest.raises(errors.NotebookMissing):
        jupyter_mlpack.build(tmp_path / "gone.ipynb", home=machine_store.root)
    with pytest.raises(errors.TargetUnknown):
        jupyter_mlpack.submit(image, on="nowhere", home=machine_store.root)
    with pytest.raises(errors.JobUnknown):
        jupyter_mlpack.find_job("123456", home=machine_store.root)
