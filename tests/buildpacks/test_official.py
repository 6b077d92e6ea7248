"""All three buildpacks under the official lifecycle, as an ordinary user, from analyze to an exported layout."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.official

BUILDPACKS = Path(__file__).parents[2] / "buildpacks"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
NOBODY = 65534
ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
RUN, APP = "example.test/run:1", "example.test/app:1"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that other users may enter, unlike ``tmp_path``."""
    with tempfile.TemporaryDirectory(prefix="mlpack-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


class Official:
    """The official lifecycle's phases on one folder, run as ``nobody`` when the tests run as root."""

    def __init__(self, place: Path, tools: dict[str, Path], bench) -> None:
        self.place = place
        self.uid = os.getuid() or NOBODY
        for name, tool in tools.items():
            shutil.copy(tool, place / name)
        shutil.copy(bench.environment(place)["BP_UV"], place / "uv")
        shutil.copytree(bench.wheels, place / "wheels")
        shutil.copytree(bench.app, place / "app")
        for buildpack in ("python", "packages", "notebook"):
            shutil.copytree(BUILDPACKS / buildpack, place / f"buildpacks/mlpack_{buildpack}/0.1.0")
        names = ("python", "packages", "notebook")
        group = "".join(f'[[order.group]]\nid = "mlpack/{name}"\nversion = "0.1.0"\n' for name in names)
        (place / "order.toml").write_text(f"[[order]]\n{group}")
        self.platform(BP_UV=str(place / "uv"), UV_FIND_LINKS=str(place / "wheels"), UV_OFFLINE="1")
        self.platform(BP_TARGET_PYTHON=f"/usr/bin/python{PYTHON}", UV_CACHE_DIR=str(place / "cache"))
        write_run_image(place / "layout/example.test/run/1")
        self.own()

    def platform(self, **env: str) -> None:
        for name, value in env.items():
            (self.place / "platform/env").mkdir(parents=True, exist_ok=True)
            (self.place / "platform/env" / name).write_text(value)

    def own(self) -> None:
        (self.place / "layers").mkdir(exist_ok=True)
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", f"{self.uid}:{self.uid}", self.place], check=True)

    def phase(self, name: str, *arguments: str) -> str:
        folders = {"app": "app", "layers": "layers", "platform": "platform", "buildpacks": "buildpacks"}
        flags = {"analyze": ("layers",), "restore": ("layers",), "export": ("layers", "app")}.get(name, tuple(folders))
        prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.getuid() == 0 else []
        run = subprocess.run(
            [*prefix, self.place / "lifecycle", name, *(f"-{flag}={self.place}/{flag}" for flag in flags), *arguments],
            cwd=self.place, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.place), "CNB_PLATFORM_API": "0.12",
                "CNB_USE_LAYOUT": "true", "CNB_LAYOUT_DIR": str(self.place / "layout"), "CNB_EXPERIMENTAL_MODE": "warn",
                "CNB_TARGET_OS": "linux", "CNB_TARGET_ARCH": ARCH, "CNB_NO_COLOR": "true",
            },
        )  # fmt: skip
        assert run.returncode == 0, run.stdout
        return run.stdout

    def build(self) -> tuple[str, dict[str, object]]:
        """All phases from fresh layers; what they said, and the image's config."""
        shutil.rmtree(self.place / "layers")
        self.own()
        ids = (f"-uid={self.uid}", f"-gid={self.uid if os.getuid() == 0 else os.getgid()}")
        log = self.phase("analyze", *ids, f"-run-image={RUN}", APP)
        log += self.phase("detect", f"-order={self.place}/order.toml")
        log += self.phase("restore", *ids)
        log += self.phase("build")
        log += self.phase("export", *ids, f"-launcher={self.place}/launcher", APP)
        return log, read_config(self.place / "layout/example.test/app/1")


def write_run_image(folder: Path) -> None:
    """An image of one empty layer, as an OCI layout."""
    tar = bytes(1024)
    layer = gzip.compress(tar, mtime=0)
    config = {
        "architecture": ARCH, "os": "linux", "config": {"Env": ["PATH=/usr/bin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}"]},
        "history": [{"created_by": "test"}],
    }  # fmt: skip
    blobs = folder / "blobs/sha256"
    blobs.mkdir(parents=True)

    def blob(data: bytes, kind: str) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    manifest = {
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob(json.dumps(config).encode(), "config.v1+json"), "layers": [blob(layer, "layer.v1.tar+gzip")],
    }  # fmt: skip
    index = {"schemaVersion": 2, "manifests": [blob(json.dumps(manifest).encode(), "manifest.v1+json")]}
    (folder / "index.json").write_text(json.dumps(index))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def read_config(folder: Path) -> dict[str, object]:
    def blob(digest: str) -> dict:
        return json.loads((folder / "blobs" / digest.replace(":", "/")).read_text())

    (entry,) = json.loads((folder / "index.json").read_text())["manifests"]
    return blob(blob(entry["digest"])["config"]["digest"])


@pytest.fixture
def official(bench, place: Path, official_folder: Path) -> Official:
    tools = {name: official_folder / name for name in ("lifecycle", "launcher")}
    if not Path(f"/usr/bin/python{PYTHON}").exists():
        pytest.skip(f"NOT COMPARED with the official lifecycle: another user needs /usr/bin/python{PYTHON}")
    bench.wheel("big", {"big.py": "size = 1\n"})
    bench.wheel(
        "tool",
        {"tool.py": "main = print\n", "tool-1.0.dist-info/entry_points.txt": "[console_scripts]\ntool=tool:main\n"},
    )
    bench.lock(**{"big-1.0": ["big==1.0"], "packages": ["tool==1.0"]})
    (bench.app / "train.ipynb").write_text("{}")
    return Official(place, tools, bench)


def layers_of(config: dict) -> dict[str, str]:
    """diffID by the history's words."""
    return dict(zip((entry["created_by"] for entry in config["history"]), config["rootfs"]["diff_ids"], strict=True))


def test_official_lifecycle__three_buildpacks__make_an_image(official: Official) -> None:
    log, config = official.build()
    assert "---> Installing 2 packages" in log
    named = layers_of(config)
    for layer, buildpack in [
        ("python", "python"),
        ("big-1.0", "packages"),
        ("environment", "packages"),
        ("runner", "notebook"),
    ]:
        assert f"Layer: '{layer}', Created by buildpack: mlpack/{buildpack}@0.1.0" in named
    assert config["config"]["Entrypoint"] == ["/cnb/process/train"]
    labels = config["config"]["Labels"]
    assert labels["org.jupyter-mlpack.purpose"] == "training"
    assert labels["org.jupyter-mlpack.notebook"] == "train.ipynb"
    (process,) = json.loads(labels["io.buildpacks.build.metadata"])["processes"]
    assert process["command"] == ["python", f"{official.place}/layers/mlpack_notebook/runner/train.py"]
    assert process["direct"] is True


def test_official_lifecycle__second_build__takes_the_layers_of_the_first(official: Official) -> None:
    _, first = official.build()
    log, second = official.build()
    assert "Nothing changed: keeping all 3 layers" in log
    for layer in ("big-1.0", "packages", "environment"):
        assert f"Reusing layer 'mlpack/packages:{layer}'" in log
    assert layers_of(second) == layers_of(first)


def test_official_launcher__environment__is_active(official: Official) -> None:
    official.build()
    program = "import os, sys, big; print(sys.prefix, os.environ['LANG'])"
    settings = {"CNB_LAYERS_DIR": f"{official.place}/layers", "CNB_APP_DIR": f"{official.place}/app"}
    run = subprocess.run(
        [official.place / "launcher", "--", "python", "-c", program],
        env={"PATH": "/usr/bin:/bin", "CNB_PLATFORM_API": "0.12", "CNB_NO_COLOR": "true", **settings},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.split() == [f"{official.place}/layers/mlpack_packages/environment/venv", "C.UTF-8"]
