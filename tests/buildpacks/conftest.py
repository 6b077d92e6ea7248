"""Small wheels made by hand, and the buildpacks run as a lifecycle runs them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

BUILDPACKS = Path(__file__).parents[2] / "buildpacks"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Ran:
    """How a ``bin/build`` ended, and its layers folder."""

    status: int
    log: str
    layers: Path

    def layer(self, name: str) -> Path:
        return self.layers / name

    def metadata(self, name: str) -> str:
        return (self.layers / f"{name}.toml").read_text()

    @property
    def site(self) -> Path:
        return self.layers / "environment" / "venv" / "lib" / f"python{PYTHON}" / "site-packages"


@dataclass
class Bench:
    """An application folder, a folder of wheels in place of an index, and fresh layers folders."""

    root: Path
    wheels: Path = field(init=False)
    app: Path = field(init=False)
    pins: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.wheels, self.app = self.root / "wheels", self.root / "app"
        self.wheels.mkdir(parents=True)
        (self.app / ".mlpack").mkdir(parents=True)
        self.describe()

    def describe(self, **changes: object) -> None:
        target = {"os": "linux", "arch": "amd64", "libc": "glibc2.36", "python": PYTHON, "accelerator": "cpu"}
        build = {"notebook": "train.ipynb", "purpose": "training", "python": PYTHON, "target": target, "parameters": {}}
        (self.app / ".mlpack/build.json").write_text(json.dumps({**build, **changes}))

    def wheel(self, name: str, files: Mapping[str, str | bytes], version: str = "1.0") -> str:
        """A wheel of texts and bytes; returns ``name==version``."""
        info = f"{name}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        tag = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        every = {**files, f"{info}/METADATA": metadata, f"{info}/WHEEL": tag}
        contents = {path: text if isinstance(text, bytes) else text.encode() for path, text in every.items()}
        rows = [f"{path},{recorded(data)},{len(data)}" for path, data in contents.items()]
        path = self.wheels / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for member, data in {**contents, f"{info}/RECORD": "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"}.items():
                archive.writestr(zipfile.ZipInfo(member), data)
        pin = f"{name}=={version}"
        self.pins[pin] = f"{pin} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
        return pin

    def lock(self, **layers: Sequence[str]) -> None:
        """Writes the lock and its layers, given as ``layer=["name==version", ...]``."""
        listed = [{"layer": name, "packages": list(packages)} for name, packages in layers.items()]
        wanted = [package for packages in layers.values() for package in packages]
        (self.app / ".mlpack/lock.txt").write_text("".join(self.pins[package] + "\n" for package in wanted))
        (self.app / ".mlpack/layers.json").write_text(json.dumps(listed))

    def build(self, buildpack: str = "packages", restored: Ran | None = None, umask: int = 0o022, **env: str) -> Ran:
        """Runs ``bin/build`` in a fresh layers folder with the metadata of ``restored``, as a restorer leaves it."""
        number = len(list(self.root.glob("layers*")))
        layers = self.root / f"layers{number}" / f"mlpack_{buildpack}"
        layers.mkdir(parents=True)
        for path in restored.layers.glob("*.toml") if restored else ():
            text = path.read_text().split("[metadata]\n")[-1]
            (layers / path.name).write_text("[metadata]\n" + "".join(f"  {line}\n" for line in text.splitlines()))
        run = subprocess.run(
            [sys.executable, BUILDPACKS / buildpack / "bin/build"],
            cwd=self.app, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, umask=umask,
            env={**self.environment(layers), **env},
        )  # fmt: skip
        return Ran(run.returncode, run.stdout, layers)

    def detect(self, buildpack: str) -> tuple[int, str]:
        """The exit status of ``bin/detect``, and the build plan it wrote."""
        plan = self.root / "plan.toml"
        plan.write_text("")
        environment = {**os.environ, "CNB_BUILD_PLAN_PATH": str(plan)}
        run = subprocess.run([BUILDPACKS / buildpack / "bin/detect"], cwd=self.app, env=environment, check=False)
        return run.returncode, plan.read_text()

    def environment(self, layers: Path) -> dict[str, str]:
        uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
        assert uv, "uv is a dependency of the project"
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "UV_CACHE_DIR": str(self.root / "cache"),
            "UV_FIND_LINKS": str(self.wheels),
            "UV_OFFLINE": "1",
            "BP_UV": uv,
            "BP_TARGET_PYTHON": sys.executable,
            "BP_IMAGE_LAYERS_DIR": "/layers",
            "CNB_LAYERS_DIR": str(layers),
        }


def recorded(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "bench")


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every path below ``root`` with its mode and its bytes (a link's target)."""
    found = {}
    for path in sorted(root.rglob("*")):
        bytes_of = os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found[path.relative_to(root).as_posix()] = (path.lstat().st_mode, bytes_of)
    return found


@pytest.fixture
def read_tree() -> Callable[[Path], dict[str, tuple[int, bytes]]]:
    return tree
