"""Small wheels made by hand, and the buildpacks run as a lifecycle runs them."""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import httpx
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
def runner(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """``runner("parameters")`` is that module of the train process, imported as it is in an image."""
    monkeypatch.syspath_prepend(str(BUILDPACKS / "notebook/runner"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield lambda name: importlib.import_module(f"mlpack_runner.{name}")
    for name in [name for name in sys.modules if name.startswith("mlpack_runner")]:
        del sys.modules[name]


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


CLIENT = httpx.Client(timeout=60, trust_env=False)


@dataclass(frozen=True)
class Served:
    """A serve process over an application folder."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str, body: Any = None, method: str = "", **headers: str) -> httpx.Response:
        """A body that is neither text nor bytes is sent as JSON; without one it is a GET."""
        content = body if isinstance(body, (str, bytes)) else None if body is None else json.dumps(body)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given = given if body is None else {"content-type": "application/json", **given}
        verb = method or ("GET" if body is None else "POST")
        return CLIENT.request(verb, self.address + path, content=content, headers=given)

    def wait(self, path: str = "/ready", status: int = 200) -> None:
        for _ in range(600):
            if self.process.poll() is not None:
                break
            try:
                if self.ask(path).status_code == status:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        pytest.fail(f"no {status} from {path}: {self.log.read_text()[-3000:]}")

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)


StartService = Callable[..., Served]


@pytest.fixture(scope="session")
def start_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartService]:
    """Starts the serve process of a service whose one cell is ``source``. Keywords are its environment.

    ``cells``, ``files`` and ``described`` (more of service.json) make other ones; ``python`` runs it.
    """
    started: list[Served] = []

    def start(
        source: str = "", *, cells: Sequence[Mapping[str, object]] = (), files: Mapping[str, str] = {},
        described: Mapping[str, object] = {}, python: str = sys.executable, arguments: Sequence[str] = ("serve",),
        **env: str,
    ) -> Served:  # fmt: skip
        home = tmp_path_factory.mktemp("service")
        bench = Bench(home / "bench")
        bench.describe(purpose="inference", notebook="digits.ipynb")
        for name, text in files.items():
            (bench.app / name).parent.mkdir(parents=True, exist_ok=True)
            (bench.app / name).write_text(text)
        written = {"function": "predict", "name": "digits", "models": [], "parameters": [], "returns": None}
        written["cells"] = list(cells) or [{"cell": 3, "line": 1, "source": dedent(source).strip("\n")}]
        (bench.app / ".mlpack/service.json").write_text(json.dumps({**written, **described}))
        ran = bench.build("serving", BP_IMAGE_APP_DIR=str(bench.app))
        assert ran.status == 0, ran.log
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", "PORT": str(port)}
        environment |= {"MLPACK_HOST": "127.0.0.1", **env}
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [python, str(ran.layer("server") / "serve.py"), *arguments], env=environment, stdout=log, stderr=log
            )
        started.append(Served(process, port, home / "log"))
        return started[-1]

    yield start
    for served in started:
        served.end(signal.SIGKILL)


@pytest.fixture(scope="session")
def served(start_service: StartService) -> Callable[[str], Served]:
    """``start_service`` once for each source, and ready."""
    known: dict[str, Served] = {}

    def serve(source: str) -> Served:
        if source not in known:
            known[source] = start_service(source)
            known[source].wait()
        return known[source]

    return serve
