"""What people install: one wheel with the command line, the server half and the built panel; no Node.js needed."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import uv

import jupyter_mlpack

ROOT = Path(__file__).parents[1]
PANEL = "share/jupyter/labextensions/jupyter-mlpack/"
BUILD = (uv.find_uv_bin(), "build", "--python", sys.executable)
LIMIT = 300_000  # bytes of JavaScript and CSS that a browser loads


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program with this environment alone, and with its output kept."""
    return subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True, check=False)


def without_node(folder: Path, *first: Path) -> dict[str, str]:
    """An environment that knows neither Node.js nor any of this machine's Jupyter settings."""
    home = folder / "home"
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    for name in ("sh", "git", "env"):
        if (found := shutil.which(name)) and not (programs / name).exists():
            (programs / name).symlink_to(found)
    kept = {name: value for name, value in os.environ.items() if name.startswith(("UV_", "PIP_", "SSL_", "XDG_CACHE"))}
    cache = run(uv.find_uv_bin(), "cache", "dir", **os.environ).stdout.strip()
    path = os.pathsep.join(map(str, [*first, programs]))
    return {**kept, "HOME": str(home), "PATH": path, "JUPYTER_PLATFORM_DIRS": "0", "UV_CACHE_DIR": cache}


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel that is built from it, as a release makes them."""
    folder = tmp_path_factory.mktemp("dist")
    built = subprocess.run([*BUILD, "--out-dir", folder, ROOT], capture_output=True, text=True, check=False)
    if "Node.js is not here" in built.stderr:
        pytest.skip("NO NODE.JS HERE, and the panel is not built: nothing can be packaged")
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(archives: Path) -> Path:
    (wheel,) = archives.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def panel(wheel: Path) -> dict[str, bytes]:
    """The panel's files in the wheel, by their names below its folder."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if PANEL in name]
        return {name.partition(PANEL)[2]: archive.read(name) for name in names}


@pytest.fixture
def sources(archives: Path, tmp_path: Path) -> Path:
    """The sdist, unpacked."""
    (sdist,) = archives.glob("*.tar.gz")
    shutil.unpack_archive(sdist, tmp_path)
    return tmp_path / sdist.name.removesuffix(".tar.gz")


def test_the_version_stands_in_one_place() -> None:
    stated = json.loads((ROOT / "labextension/package.json").read_text())["version"]
    assert jupyter_mlpack.__version__ == importlib.metadata.version("jupyter-mlpack") == stated
    assert f'"{stated}"' not in (ROOT / "pyproject.toml").read_text()


def test_the_lock_file_names_no_host() -> None:
    lock = (ROOT / "labextension/yarn.lock").read_text()
    assert not re.search(r"https?:|archiveUrl", lock)


def test_every_package_of_jupyterlab_is_shared_from_4_2_on() -> None:
    package = json.loads((ROOT / "labextension/package.json").read_text())
    used = {name: version for name, version in package["dependencies"].items() if name.startswith("@jupyterlab/")}
    shared = package["jupyterlab"]["sharedPackages"]
    assert {name: said["requiredVersion"] for name, said in shared.items()} == used
    assert not any(said["bundled"] for said in shared.values())


@pytest.mark.network
class TestWheel:
    def test_holds_the_panel_once_and_whole(self, wheel: Path, panel: dict[str, bytes]) -> None:
        entry = json.loads(panel["package.json"])["jupyterlab"]["_build"]
        assert entry["load"] in panel
        assert {"static/style.js", "schemas/jupyter-mlpack/commands.json", "install.json"} <= set(panel)
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
        assert len(names) == len(set(names))
        assert not [name for name in names if name.startswith("jupyter_mlpack/labextension/")]
        assert not [name for name in names if "node_modules" in name or name.endswith((".ts", ".tsx", ".map"))]

    def test_holds_the_other_halves(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
        assert [name for name in names if name.endswith("etc/jupyter/jupyter_server_config.d/jupyter_mlpack.json")]
        for part in ("_buildpacks/python/buildpack.toml", "_stacks/bookworm/stack.toml", "_version.py"):
            assert f"jupyter_mlpack/{part}" in names

    def test_the_panel_is_of_these_sources_and_made_for_production(self, panel: dict[str, bytes]) -> None:
        folder = ROOT / "jupyter_mlpack/labextension"
        assert panel["sources.sha256"] == (folder / "sources.sha256").read_bytes()
        assert "build_log.json" not in panel

    def test_the_panel_tells_nothing_of_the_machine_that_built_it(self, panel: dict[str, bytes]) -> None:
        for secret in {str(ROOT), str(Path.home()), sys.prefix, "/tmp/", "file://"}:
            assert not [name for name, data in panel.items() if secret.encode() in data], secret

    def test_the_panel_is_small(self, panel: dict[str, bytes]) -> None:
        assert sum(len(data) for name, data in panel.items() if name.endswith((".js", ".css"))) < LIMIT

    def test_installs_without_node(self, wheel: Path, tmp_path: Path) -> None:
        venv = tmp_path / "venv"
        environment = without_node(tmp_path, venv / "bin")
        assert shutil.which("node", path=environment["PATH"]) is None
        assert run(uv.find_uv_bin(), "venv", "--python", sys.executable, venv, **environment).returncode == 0
        install = [uv.find_uv_bin(), "pip", "install", "--python", venv / "bin/python", wheel, "jupyterlab"]
        installed = run(*install, **environment)
        assert installed.returncode == 0, installed.stderr

        listed = run(venv / "bin/jupyter", "labextension", "list", **environment)
        assert re.search(
            r"jupyter-mlpack v\S+ .*enabled.*OK.*\(python, jupyter-mlpack\)", listed.stderr + listed.stdout
        )
        listed = run(venv / "bin/jupyter", "server", "extension", "list", **environment)
        told = listed.stderr + listed.stdout
        assert re.search(r"jupyter_mlpack \S+ .*OK", told), told
        helped = run(venv / "bin/jupyter", "mlpack", "--help", **environment)
        assert helped.returncode == 0
        assert "build" in helped.stdout


@pytest.mark.network
class TestSources:
    def test_make_the_same_wheel_without_node(self, sources: Path, panel: dict[str, bytes], tmp_path: Path) -> None:
        out = tmp_path / "out"
        built = run(*BUILD, "--wheel", "--out-dir", out, sources, **without_node(tmp_path))
        assert built.returncode == 0, built.stderr
        (wheel,) = out.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            again = {name.partition(PANEL)[2] for name in archive.namelist() if PANEL in name}
        assert again == set(panel)

    @pytest.mark.parametrize(
        "reason", ["a source changed", "a file came", "made for development", "made by nobody knows"]
    )
    def test_a_stale_panel_is_not_packaged(self, sources: Path, tmp_path: Path, reason: str) -> None:
        panel = sources / "jupyter_mlpack/labextension"
        match reason:
            case "a source changed":
                with (sources / "labextension/src/index.ts").open("a") as file:
                    file.write("// later than the panel\n")
            case "a file came":
                (sources / "labextension/style/new.css").touch()
            case "made for development":
                (panel / "build_log.json").write_text("{}")
            case "made by nobody knows":
                (panel / "sources.sha256").unlink()
        built = run(*BUILD, "--wheel", "--out-dir", tmp_path, sources, **without_node(tmp_path))
        assert built.returncode != 0
        assert "Node.js is not here" in built.stderr
        assert not list(tmp_path.glob("*.whl"))

    def test_an_editable_installation_needs_no_node_and_no_panel(self, sources: Path, tmp_path: Path) -> None:
        shutil.rmtree(sources / "jupyter_mlpack/labextension")
        venv = tmp_path / "venv"
        environment = without_node(tmp_path)
        assert run(uv.find_uv_bin(), "venv", "--python", sys.executable, venv, **environment).returncode == 0
        install = [uv.find_uv_bin(), "pip", "install", "--no-deps", "--python", venv / "bin/python", "-e", sources]
        installed = run(*install, **environment)
        assert installed.returncode == 0, installed.stderr
        assert (venv / "etc/jupyter/jupyter_server_config.d/jupyter_mlpack.json").is_file()
        assert not (venv / "share/jupyter/labextensions/jupyter-mlpack").exists()
        version = run(venv / "bin/python", "-c", "import jupyter_mlpack as m; print(m.__version__)", **environment)
        assert version.stdout.strip() == jupyter_mlpack.__version__
