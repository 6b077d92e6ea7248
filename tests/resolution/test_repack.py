"""Installed files become the same wheel everywhere, without running any of them; what is private or foreign stays."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.inspection.sources import Holding
from jupyter_mlpack.resolution.lock import find_uv
from jupyter_mlpack.resolution.repack import make_wheel
from jupyter_mlpack.values import LocalWheel, Target

from .conftest import Site, write_wheel

TARGET = Target("linux", "amd64", "glibc2.36", "3.11")
ARM = Target("linux", "arm64", "glibc2.41", "3.13")
BOOM = "raise SystemExit('this module must not run')\n"
LIBRARY = {
    "acme/__init__.py": BOOM,
    "acme/data/words.txt": "a\n",
    "acme/__pycache__/__init__.cpython-311.pyc": b"\0",
    "../../../bin/acme": "#!/home/me/bin/python\nmade by an entry point\n",
    "../../../bin/acme-old": "#!/home/me/environment/bin/python3\nprint()\n",
    "../../../share/acme/icon.txt": "icon\n",
}
ENTRY = {"entry_points.txt": "[console_scripts]\nacme = acme:main\n", "direct_url.json": '{"url": "file:///home/me"}'}


def names(wheel: LocalWheel) -> list[str]:
    with zipfile.ZipFile(wheel.source) as archive:
        return archive.namelist()


def read(wheel: LocalWheel, name: str) -> str:
    with zipfile.ZipFile(wheel.source) as archive:
        return archive.read(name).decode()


def test_make_wheel__installed_files__holds_them_and_what_an_installer_needs(site: Site, tmp_path: Path) -> None:
    wheel = make_wheel(site.install("acme", LIBRARY, info=ENTRY), TARGET, tmp_path / "wheels")
    assert names(wheel) == [
        "acme-1.0.data/data/share/acme/icon.txt", "acme-1.0.data/scripts/acme-old", "acme/__init__.py",
        "acme/data/words.txt", "acme-1.0.dist-info/METADATA", "acme-1.0.dist-info/WHEEL",
        "acme-1.0.dist-info/entry_points.txt", "acme-1.0.dist-info/RECORD",
    ]  # fmt: skip
    assert read(wheel, "acme-1.0.data/scripts/acme-old").startswith("#!python\n")
    assert (wheel.name, wheel.version, wheel.filename) == ("acme", "1.0", "acme-1.0-py3-none-any.whl")
    with zipfile.ZipFile(wheel.source) as archive:
        assert not any(b"/home/me" in archive.read(name) for name in archive.namelist())
        rows = {row[0]: row for row in csv.reader(io.StringIO(archive.read(names(wheel)[-1]).decode()))}
        assert rows.keys() == set(archive.namelist())
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_make_wheel__made_by_us__uv_installs_and_checks_it(site: Site, tmp_path: Path) -> None:
    files = {name: text for name, text in LIBRARY.items() if "pycache" not in name}
    wheel = make_wheel(site.install("Acme.Tools", files, version="2.0+g1", info=ENTRY), TARGET, tmp_path / "wheels")
    listed = tmp_path / "requirements.txt"
    listed.write_text(f"acme-tools @ {wheel.source.as_uri()} --hash=sha256:{wheel.sha256}\n")
    command = [find_uv(), "pip", "install", "--no-index", "--require-hashes", "--target", str(tmp_path / "to")]
    said = subprocess.run([*command, "-r", str(listed)], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert (tmp_path / "to" / "acme" / "data" / "words.txt").read_text() == "a\n"
    assert os.access(tmp_path / "to" / "bin" / "acme", os.X_OK)


def test_make_wheel__other_folder_dates_umask_and_target__same_bytes(site: Site, tmp_path: Path) -> None:
    first = make_wheel(site.install("acme", LIBRARY, info=ENTRY), TARGET, tmp_path / "wheels")
    moved = tmp_path / "moved" / "environment"
    shutil.copytree(tmp_path / "environment", moved)
    for path in moved.rglob("*"):
        os.utime(path, (0, 0))
        if path.is_file():
            path.chmod(0o600)
    place = moved / "lib" / "python3.11" / "site-packages" / "acme-1.0.dist-info"
    again = make_wheel(Holding("acme", "1.0", "local", "", place), ARM, tmp_path / "other")
    assert again.source.read_bytes() == first.source.read_bytes()
    assert (again.sha256, again.needs, again.size) == (first.sha256, first.needs, first.size)


def test_make_wheel__code_changed__needs_stay_and_hash_changes(site: Site, tmp_path: Path) -> None:
    holding = site.install("acme", LIBRARY)
    first = make_wheel(holding, TARGET, tmp_path / "wheels")
    (site.folder / "acme" / "__init__.py").write_text("changed = True\n")
    second = make_wheel(holding, TARGET, tmp_path / "wheels")
    assert first.sha256 != second.sha256
    assert first.needs == second.needs


def test_make_wheel__need_at_an_address_of_this_machine__keeps_the_name_only(site: Site, tmp_path: Path) -> None:
    lines = "Requires-Dist: base[fast] @ file:///home/me/base ; python_version > '3'\nRequires-Dist: six>=1\n"
    text = f"Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n{lines}\nBody: Requires-Dist: x @ file:///y\n"
    wheel = make_wheel(site.install("acme", LIBRARY, info={"METADATA": text}), TARGET, tmp_path / "wheels")
    told = read(wheel, "acme-1.0.dist-info/METADATA")
    assert "Requires-Dist: base[fast] ; python_version > '3'\nRequires-Dist: six>=1\n" in told
    assert told.endswith("x @ file:///y\n")


def test_make_wheel__old_metadata__become_new_ones(tmp_path: Path) -> None:
    place = tmp_path / "project" / "acme.egg-info"
    place.mkdir(parents=True)
    (place / "PKG-INFO").write_text("Metadata-Version: 1.2\nName: acme\nVersion: 1.0\n\nText.\n")
    (place / "requires.txt").write_text("six\n\n[fast]\nnumpy\n")
    (place.parent / "acme.py").write_text(BOOM)
    wheel = make_wheel(Holding("acme", "1.0", "editable", str(place.parent), place), TARGET, tmp_path / "wheels")
    told = read(wheel, "acme-1.0.dist-info/METADATA").splitlines()
    assert "Requires-Dist: six" in told
    assert any(line.startswith("Requires-Dist: numpy") and "fast" in line for line in told)
    assert told[-1] == "Text."
    assert "acme.py" in names(wheel)


REFUSED = {
    "compiled": ({"acme/__init__.py": "", "acme/fast.cpython-311-x86_64-linux-gnu.so": b"\x7fELF"},
                 errors.DistributionCompiled),
    "versioned library": ({"acme/lib/libx.so.1.2": b"\x7fELF"}, errors.DistributionCompiled),
    "leads out": ({"acme/__init__.py": "", "../../../../secret.txt": "x"}, errors.DistributionEscapes),
    "elsewhere in the environment": ({"acme/__init__.py": "", "../../../pyvenv.cfg": "x"}, errors.DistributionEscapes),
    "nothing": ({}, errors.DistributionFilesUnknown),
}  # fmt: skip


@pytest.mark.parametrize(("files", "error"), REFUSED.values(), ids=REFUSED)
def test_make_wheel__cannot_be_a_wheel__says_why(
    site: Site, tmp_path: Path, files: dict[str, str | bytes], error: type[errors.PackagingError]
) -> None:
    with pytest.raises(error) as refusal:
        make_wheel(site.install("acme", files), TARGET, tmp_path / "wheels")
    assert refusal.value.sentence("why")


def test_make_wheel__tag_of_a_platform__is_refused(site: Site, tmp_path: Path) -> None:
    wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-linux_x86_64\n"
    with pytest.raises(errors.DistributionCompiled, match="acme"):
        make_wheel(site.install("acme", {"acme.py": ""}, info={"WHEEL": wheel}), TARGET, tmp_path / "wheels")


def test_make_wheel__link_out_of_the_site_folder__is_refused(site: Site, tmp_path: Path) -> None:
    holding = site.install("acme", {"acme/__init__.py": "", "acme/key.txt": ""})
    (tmp_path / "id_rsa").write_text("secret")
    (site.folder / "acme/key.txt").unlink()
    (site.folder / "acme/key.txt").symlink_to(tmp_path / "id_rsa")
    with pytest.raises(errors.DistributionEscapes):
        make_wheel(holding, TARGET, tmp_path / "wheels")


def test_make_wheel__too_large__is_refused(site: Site, tmp_path: Path) -> None:
    holding = site.install("acme", {"acme/__init__.py": "", "acme/model.bin": ""})
    with (site.folder / "acme/model.bin").open("wb") as file:
        file.truncate(300_000_000)  # a hole: takes no room
    with pytest.raises(errors.DistributionTooLarge):
        make_wheel(holding, TARGET, tmp_path / "wheels")


def test_make_wheel__version_that_is_none__is_refused(site: Site, tmp_path: Path) -> None:
    with pytest.raises(errors.DistributionFilesUnknown):
        make_wheel(site.install("acme", {"acme.py": ""}, version="latest"), TARGET, tmp_path / "wheels")


TAGS = {"all": ("py3-none-any", True), "target": ("cp311-cp311-manylinux_2_28_x86_64", True),
        "other Python": ("cp312-cp312-manylinux_2_28_x86_64", False),
        "other machine": ("cp311-cp311-macosx_11_0_arm64", False)}  # fmt: skip


@pytest.mark.parametrize(("tag", "fits"), TAGS.values(), ids=TAGS)
def test_make_wheel__wheel_file_still_there__is_used_if_it_fits(
    site: Site, tmp_path: Path, tag: str, fits: bool
) -> None:
    original = write_wheel(tmp_path / "mine", "acme", "1.0", tag=tag)
    holding = site.install("acme", {"acme.py": ""}, address=str(original))
    if fits:
        wheel = make_wheel(holding, TARGET, tmp_path / "wheels")
        assert wheel.source.read_bytes() == original.read_bytes()
        assert wheel.filename == original.name
    else:
        with pytest.raises(errors.LocalWheelUnfit):
            make_wheel(holding, TARGET, tmp_path / "wheels")


def test_make_wheel__wheel_file_gone__is_made_of_what_is_installed(site: Site, tmp_path: Path) -> None:
    holding = site.install("acme", {"acme.py": "x = 1\n"}, address=str(tmp_path / "gone-1.0-py3-none-any.whl"))
    assert "acme.py" in names(make_wheel(holding, TARGET, tmp_path / "wheels"))


FLAT = "[build-system]\nrequires = ['{0}']\nbuild-backend = '{1}'\n[project]\nname = 'acme-kit'\nversion = '1.0'\n"
HATCH = FLAT.format("hatchling", "hatchling.build")
SETUPTOOLS = FLAT.format("setuptools>=64", "setuptools.build_meta")
PROJECTS = {
    "setuptools, src": (SETUPTOOLS, ["src/acme/__init__.py", "src/acme/sub/__init__.py", "tests/test_a.py"], "acme"),
    "setuptools, flat": (SETUPTOOLS, ["acme/__init__.py", "acme/sub/__init__.py"], "acme"),
    "setuptools, one module": (SETUPTOOLS + "[tool.setuptools]\npy-modules = ['single']\n", ["single.py"], "single"),
    "setuptools, namespace": (SETUPTOOLS, ["src/corp/acme/__init__.py"], "corp.acme"),
    "hatchling, src": (HATCH + "[tool.hatch.build.targets.wheel]\npackages = ['src/acme']\n",
                       ["src/acme/__init__.py", "src/other.txt"], "acme"),
    "hatchling, flat, by name": (HATCH, ["acme_kit/__init__.py", "tests/test_a.py"], "acme_kit"),
    "flit": (FLAT.format("flit_core", "flit_core.buildapi") + "description = 'x'\n[tool.flit.module]\nname = 'acme'\n",
             ["acme/__init__.py"], "acme"),
    "poetry": (FLAT.format("poetry-core>=2", "poetry.core.masonry.api") +
               "[tool.poetry]\npackages = [{include = 'acme', from = 'lib'}]\n", ["lib/acme/__init__.py"], "acme"),
    "pdm": (FLAT.format("pdm-backend", "pdm.backend"), ["src/acme/__init__.py"], "acme"),
    "uv": (FLAT.format("uv_build", "uv_build"), ["src/acme_kit/__init__.py"], "acme_kit"),
}  # fmt: skip


@pytest.mark.network
@pytest.mark.parametrize(("project", "files", "module"), PROJECTS.values(), ids=PROJECTS)
def test_make_wheel__editable__has_the_files_of_its_own_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: str, files: list[str], module: str
) -> None:
    """The project's own build tool is the referee."""
    from jupyter_mlpack.inspection.kernel import read_holdings, read_kernel

    folder = tmp_path / "acme"
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("'''A module.'''\n")
    (folder / "pyproject.toml").write_text(project)
    python = tmp_path / "environment" / "bin" / "python"
    for words in (
        ["venv", "--python", sys.executable, str(tmp_path / "environment")],
        ["pip", "install", "--python", str(python), "--no-deps", "--editable", str(folder)],
        ["build", "--wheel", "--out-dir", str(tmp_path / "built"), str(folder)],
    ):
        done = subprocess.run([find_uv(), *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    kernel = tmp_path / "kernels" / "mine"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(f'{{"argv": ["{python}"], "language": "python"}}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    environment, _ = read_kernel("mine")
    assert environment is not None
    (held,) = (entry for entry in environment.distributions if entry.name == "acme-kit")
    assert (held.origin, held.obstacle, held.modules) == ("editable", "", (module,))
    assert held.address == str(folder)
    (holding,) = read_holdings("mine").found
    wheel = make_wheel(holding, TARGET, tmp_path / "wheels")
    with zipfile.ZipFile(next((tmp_path / "built").glob("*.whl"))) as built:
        expected = {name for name in built.namelist() if ".dist-info/" not in name and not name.endswith("/")}
    assert {name for name in names(wheel) if ".dist-info/" not in name} == expected
