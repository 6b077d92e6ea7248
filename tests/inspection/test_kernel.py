"""Kernels are found through Jupyter's own search path and asked through their own interpreter."""

from __future__ import annotations

import json
import sys
import venv
from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.inspection.kernel import find_interpreter, read_holdings, read_kernel


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return tmp_path / "kernels"


def register(kernels: Path, name: str, argv: list[str], language: str = "python") -> None:
    (kernels / name).mkdir(parents=True)
    spec = {"argv": argv, "display_name": name, "language": language}
    (kernels / name / "kernel.json").write_text(json.dumps(spec))


def script(folder: Path, body: str) -> str:
    path = folder / "interpreter"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_read_kernel__this_python__holds_what_it_holds(kernels: Path) -> None:
    register(kernels, "mine", [sys.executable, "-m", "ipykernel_launcher"])
    environment, notices = read_kernel("mine")
    assert environment is not None
    held = {entry.name.lower(): entry for entry in environment.distributions}
    assert environment.python_version.startswith(f"{sys.version_info[0]}.{sys.version_info[1]}.")
    assert held["pytest"].version == pytest.__version__
    assert "pytest" in held["pytest"].modules
    assert "yaml" not in held["nbformat"].modules
    assert notices == ()


def test_read_kernel__not_installed__is_a_notice(kernels: Path) -> None:
    environment, (notice,) = read_kernel("no-such-kernel")
    assert environment is None
    assert notice.code == "kernel-missing"
    assert read_kernel("../../odd name")[0] is None
    assert read_kernel(None) == (None, ())


def test_read_kernel__interpreter_gone__says_where(kernels: Path) -> None:
    register(kernels, "moved", [str(kernels / "gone" / "python")])
    with pytest.raises(errors.KernelInterpreterGone) as caught:
        read_kernel("moved")
    assert "gone" in caught.value.sentence("where")


def test_read_kernel__other_language__is_refused(kernels: Path) -> None:
    register(kernels, "ir2", ["R"], "R")
    with pytest.raises(errors.KernelNotPython):
        read_kernel("ir2")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("exec sleep 5", "did not answer"),
        ("echo broken >&2; exit 3", "broken"),
        ("echo []", "unreadable"),
        ("exit 1", "silently"),
    ],
    ids=["hangs", "fails", "talks nonsense", "silent"],
)
def test_read_kernel__interpreter_without_answer__says_why(
    kernels: Path, tmp_path: Path, body: str, reason: str
) -> None:
    register(kernels, "odd", [script(tmp_path, body)])
    with pytest.raises(errors.KernelSilent) as caught:
        read_kernel("odd", timeout=1.0)
    assert reason in caught.value.sentence("why")


@pytest.mark.parametrize(
    "argv", [("python",), ("python3", "-m", "x"), ("/usr/bin/env", "A=b", "python3"), (sys.executable,)]
)
def test_find_interpreter__python__is_one(argv: tuple[str, ...]) -> None:
    assert find_interpreter(argv) == sys.executable


def test_find_interpreter__nothing__is_none() -> None:
    assert find_interpreter(()) is None


ORIGINS = {
    "index": ({"INSTALLER": "pip"}, "index", ""),
    "url": ({"direct_url.json": '{"url": "https://me:pw@x.example/acme-1.0.zip?token=pw#a", "archive_info": {}}'},
            "url", "https://x.example/acme-1.0.zip"),
    "vcs": ({"direct_url.json": '{"url": "https://me:pw@x.example/acme", "subdirectory": "py",'
             ' "vcs_info": {"vcs": "git", "commit_id": "abc"}}'}, "vcs", "git+https://x.example/acme@abc#subdirectory=py"),
    "folder": ({"direct_url.json": '{"url": "file:///srv/my%20acme", "dir_info": {}}'}, "local", "/srv/my acme"),
    "wheel": ({"direct_url.json": '{"url": "file:///srv/acme-1.0-py3-none-any.whl", "archive_info": {}}'},
              "local", "/srv/acme-1.0-py3-none-any.whl"),
    "editable": ({"direct_url.json": '{"url": "file:///srv/acme", "dir_info": {"editable": true}}'},
                 "editable", "/srv/acme"),
    "conda": ({"INSTALLER": "conda"}, "conda", ""),
    "conda, built in a folder": ({"INSTALLER": "conda", "direct_url.json": '{"url": "file:///home/conda/work"}'},
                                 "conda", ""),
    "unreadable": ({"direct_url.json": "{"}, "url", ""),
    "no object": ({"direct_url.json": "[1]"}, "url", ""),
}  # fmt: skip


@pytest.fixture
def environment(kernels: Path, tmp_path: Path) -> Path:
    """The site folder of a new environment with a kernel called ``own``."""
    venv.create(tmp_path / "own", symlinks=True)
    register(kernels, "own", [str(tmp_path / "own" / "bin" / "python")])
    return next((tmp_path / "own").glob("lib/python*/site-packages"))


def install(site: Path, name: str, files: dict[str, str], info: dict[str, str]) -> None:
    place = site / f"{name}-1.0.dist-info"
    place.mkdir()
    texts = {"METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", **info}
    for member, text in texts.items():
        (place / member).write_text(text)
    for path, text in files.items():
        (site / path).write_text(text)
    (place / "RECORD").write_text("".join(f"{path},,\n" for path in files))


@pytest.mark.parametrize(("info", "origin", "address"), ORIGINS.values(), ids=ORIGINS)
def test_read_kernel__origin__is_told_with_its_address(
    environment: Path, info: dict[str, str], origin: str, address: str
) -> None:
    install(environment, "acme", {"acme.py": ""}, info)
    held, _ = read_kernel("own")
    assert held is not None
    (acme,) = held.distributions
    assert (acme.name, acme.origin, acme.address) == ("acme", origin, address)
    assert "pw" not in str(held)


def test_read_kernel__compiled_or_pure__the_obstacle_is_told(environment: Path) -> None:
    local = {"direct_url.json": '{"url": "file:///srv/acme", "dir_info": {}}'}
    install(environment, "pure", {"pure.py": ""}, local)
    install(environment, "built", {"built.py": "", "fast.abi3.so": ""}, local)
    install(environment, "wheels", {"fast2.abi3.so": ""}, {"INSTALLER": "pip"})
    held, _ = read_kernel("own")
    assert held is not None
    obstacles = {entry.name: entry.obstacle for entry in held.distributions}
    assert obstacles == {"pure": "", "built": "It was built for this machine: fast.abi3.so.", "wheels": ""}


def test_read_holdings__what_no_index_has__its_place_and_who_needs_it(environment: Path, tmp_path: Path) -> None:
    metadata = "Metadata-Version: 2.1\nName: User.Kit\nVersion: 1.0\nRequires-Dist: Acme_Tools[x]>=1 ; extra == 'y'\n"
    install(environment, "acme-tools", {"acme.py": ""}, {"direct_url.json": '{"url": "file:///srv/acme"}'})
    install(environment, "user", {"user.py": ""}, {"METADATA": metadata})
    for _ in range(2):  # asked, and from the answer that was kept
        holdings = read_holdings("own", cache=tmp_path / "answers")
        (acme,) = holdings.found
        assert acme.place == environment / "acme-tools-1.0.dist-info"
        assert holdings.needs["user-kit"] == ("acme-tools",)


def test_read_holdings__no_kernel__is_nothing(kernels: Path) -> None:
    assert read_holdings(None) == read_holdings("no-such-kernel")
    assert read_holdings(None).found == ()


def test_read_kernel__egg_of_the_operating_system_and_of_a_project__are_told_apart(environment: Path) -> None:
    project = environment.parents[2] / "project"
    for place in (environment / "old-1.0.egg-info", project / "mine.egg-info"):
        place.mkdir(parents=True)
        name = place.name.split("-")[0].split(".")[0]
        (place / "PKG-INFO").write_text(f"Metadata-Version: 1.0\nName: {name}\nVersion: 1.0\n")
        (place / "top_level.txt").write_text(name)
        (place.parent / f"{name}.py").write_text("")
    (environment / "easy-install.pth").write_text(f"{project}\n")
    held, _ = read_kernel("own")
    assert held is not None
    told = {entry.name: (entry.origin, entry.address, entry.modules) for entry in held.distributions}
    assert told == {"old": ("index", "", ("old",)), "mine": ("editable", str(project), ("mine",))}


def test_read_kernel__editable_with_compiled_files__names_its_modules_nevertheless(
    environment: Path, tmp_path: Path
) -> None:
    (tmp_path / "src" / "strange").mkdir(parents=True)
    for name in ("__init__.py", "fast.cpython-311-x86_64-linux-gnu.so"):
        (tmp_path / "src" / "strange" / name).write_text("")
    source = json.dumps({"url": tmp_path.as_uri(), "dir_info": {"editable": True}})
    install(environment, "acme", {"acme.pth": f"{tmp_path / 'src'}\n"}, {"direct_url.json": source})
    held, _ = read_kernel("own")
    assert held is not None
    (acme,) = held.distributions
    assert acme.modules == ("strange",)
    assert "fast.cpython-311" in acme.obstacle
