"""``jupyter mlpack builder create``, as a user types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.builder.golang import build_official
from jupyter_mlpack.oci.store import Store


def builder(store: Store, *words: str, expected: int = 0) -> str:
    command = [sys.executable, "-m", "jupyter_mlpack", "builder", *words]
    done = subprocess.run(
        [*command, "--home", str(store.root), "--format", "json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout


def test_builder_create__a_site__in_the_store_and_a_layout(store: Store, site: Path, tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    words = ("create", "team/builder:1", "--config", str(site / "builder.toml"), "--arch", "amd64")
    said = json.loads(builder(store, *words, "--layout", str(layout)).splitlines()[-1])
    image = store.image("team/builder:1")
    assert image is not None
    assert said["builder"]["digest"] == image.descriptor.digest
    assert said["builder"]["run_images"] == ["registry.example.com/run:1"]
    (listed,) = json.loads((layout / "index.json").read_text())["manifests"]
    assert listed["digest"] == image.descriptor.digest


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param((), "builder-not-named", id="no-name"),
        pytest.param(("a", "b"), "builder-not-named", id="two-names"),
        pytest.param(("Not A Name",), "reference-wrong", id="wrong-name"),
        pytest.param(("a:1", "--stack", "plan9"), "builder-unusable", id="stack"),
        pytest.param(("a:1", "--config", "nowhere.toml"), "order-unreadable", id="config"),
        pytest.param(("a:1", "--lifecycle", "nowhere"), "lifecycle-unreadable", id="lifecycle"),
        pytest.param(("a:1", "--with-run-image", "--push", "localhost:1/b:1"), "option-wrong", id="nowhere-to-push"),
    ],
)
def test_builder_create__wrong_words__said_before_anything_is_made(
    store: Store, words: tuple[str, ...], code: str
) -> None:
    said = builder(store, "create", *words, expected=5 if code == "lifecycle-unreadable" else 2)
    assert json.loads(said.splitlines()[-1])["code"] == code
    assert store.images() == ()


def test_build_official__no_go__says_what_to_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(errors.LifecycleMissing) as caught:
        build_official("0.21.17", "arm64", tmp_path / "kept")
    assert "--lifecycle" in caught.value.sentence("hint")
    assert not (tmp_path / "kept").exists()
