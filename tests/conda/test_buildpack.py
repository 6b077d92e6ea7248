"""The buildpack ``mlpack/conda``, run as a lifecycle runs it."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mlpack.resolution.conda import lock_conda
from jupyter_mlpack.values import Target

from .conftest import Channel

pytest.importorskip("rattler", reason="NO CONDA HERE: py-rattler is not installed")
BUILDPACK = Path(__file__).parents[2] / "buildpacks" / "conda"
FINAL = "/layers/mlpack_conda/environment"


def plan(channel: Channel, folder: Path, arch: str = "amd64", *specs: str) -> Path:
    """An application folder with the packages of an environment."""
    asked = folder / "environment.yml"
    listed = ", ".join(specs or ("pure", "python"))
    asked.write_text(f"channels: ['{channel.url}']\ndependencies: [{listed}]")
    lock = lock_conda(asked, Target("linux", arch, "glibc2.36", "3.11"), folder / "store")
    rows = {"file": lock.file, "platform": lock.platform, "packages": [one.row for one in lock.packages]}
    (folder / "app" / ".mlpack").mkdir(parents=True, exist_ok=True)
    (folder / "app" / ".mlpack" / "conda.json").write_text(json.dumps(rows))
    return folder / "app"


def build(app: Path, layers: Path, umask: int = 0o022, **settings: str) -> tuple[int, str]:
    (layers / "mlpack_conda").mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(layers), "CNB_LAYERS_DIR": str(layers / "mlpack_conda"),
        "BP_IMAGE_LAYERS_DIR": "/layers", "BP_CONDA_PYTHON": sys.executable, "NO_PROXY": "127.0.0.1",
        "BP_CONDA_CACHE": str(layers.with_name(f"{layers.name}.cache")), **settings,
    }  # fmt: skip
    done = subprocess.run(
        [BUILDPACK / "bin/build"], cwd=app, env=environment, text=True, umask=umask, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.returncode, done.stdout


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    return {
        path.relative_to(root).as_posix(): (stat.S_IMODE(path.lstat().st_mode), path.read_bytes())
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(("arch", "subdir"), [("amd64", "linux-64"), ("arm64", "linux-aarch64")])
def test_build__environment__stands_as_at_its_final_path_and_ran_nothing(
    channel: Channel, tmp_path: Path, arch: str, subdir: str
) -> None:
    status, log = build(plan(channel, tmp_path, arch), tmp_path / "layers")
    assert status == 0, log
    layer = tmp_path / "layers" / "mlpack_conda" / "environment"
    assert (layer / "bin/python3.11").read_text() == f"#!/bin/sh\necho {FINAL}/lib\n"
    library = (layer / "lib/libthing.so").read_bytes()
    assert library.startswith(f"\0\0{FINAL}/share\0".encode())
    assert (layer / "lib/python3.11/site-packages/pure/__init__.py").read_text() == "x = 1\n"
    assert (layer / "bin/purec").read_text().startswith(f"#!{FINAL}/bin/python3.11\n")
    assert json.loads((layer / "conda-meta/python-3.11.4-h_0.json").read_text())["subdir"] == subdir
    assert (layer / "env.launch/PATH.prepend").read_text() == f"{FINAL}/bin"
    assert "Not run at launch: activation scripts thing.sh" in log
    assert not Path("/tmp/was-run").exists()
    everything = b"".join(data for _, data in tree(layer).values())
    assert str(tmp_path).encode() not in everything


def test_build__twice_with_fresh_caches_and_another_umask__same_bytes(channel: Channel, tmp_path: Path) -> None:
    app = plan(channel, tmp_path)
    assert build(app, tmp_path / "one")[0] == 0
    assert build(app, tmp_path / "two", umask=0o077)[0] == 0
    first, second = (tree(tmp_path / name / "mlpack_conda") for name in ("one", "two"))
    assert first == second
    assert all(not mode & 0o022 for mode, _ in first.values())


def test_build__packages_stay__layer_of_the_previous_image_is_kept(channel: Channel, tmp_path: Path) -> None:
    app = plan(channel, tmp_path)
    assert build(app, tmp_path / "layers")[0] == 0
    shutil.rmtree(tmp_path / "layers" / "mlpack_conda" / "environment")
    channel.asked.clear()
    status, log = build(app, tmp_path / "layers")
    assert (status, channel.asked) == (0, [])
    assert "keeping the conda environment" in log
    assert not (tmp_path / "layers" / "mlpack_conda" / "environment").exists()


def test_build__package_was_replaced_on_the_channel__is_refused(channel: Channel, tmp_path: Path) -> None:
    app = plan(channel, tmp_path)
    channel.add("pure", "1.0", {"site-packages/pure/__init__.py": "stolen = 1\n"}, subdir="noarch")
    status, log = build(app, tmp_path / "layers")
    assert status != 0
    assert "could not be installed" in log
    assert not (tmp_path / "layers" / "mlpack_conda" / "environment" / "lib/python3.11/site-packages/pure").exists()


def test_build__private_channel__credentials_open_it_and_are_kept_nowhere(channel: Channel, tmp_path: Path) -> None:
    app = plan(channel, tmp_path)
    channel.password = "canary-secret"
    assert build(app, tmp_path / "refused")[0] != 0
    auth = tmp_path / "auth.json"
    auth.write_text(json.dumps({"127.0.0.1": {"BasicHTTP": {"username": "me", "password": "canary-secret"}}}))
    status, log = build(app, tmp_path / "layers", BP_CONDA_AUTH=str(auth))
    assert status == 0, log
    assert "canary-secret" not in log
    for root in (tmp_path / "layers", tmp_path / "layers.cache"):
        assert all(b"canary-secret" not in data for _, data in tree(root).values())


def test_build__no_rattler__says_how_to_get_it(channel: Channel, tmp_path: Path) -> None:
    app = plan(channel, tmp_path)
    status, log = build(app, tmp_path / "layers", BP_CONDA_PYTHON="/usr/bin/python3 -S")
    assert status == 1
    assert "pip install 'jupyter-mlpack[conda]'" in log
