"""mlpack/apt: packages of the distribution in a layer, by the machine's own apt."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import tomllib

LIBRARY = Path(__file__).parents[2] / "buildpacks/apt/lib"
MODULES = ("apt", "launching", "registering", "unpacking", "wishes")


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """``library("wishes")`` is that module of the buildpack."""
    monkeypatch.syspath_prepend(str(LIBRARY))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = {name: sys.modules.pop(name, None) for name in MODULES}
    yield importlib.import_module
    for name, module in before.items():
        sys.modules.pop(name, None)
        if module is not None:
            sys.modules[name] = module


@pytest.mark.parametrize(
    ("files", "status"),
    [
        pytest.param([".mlpack/build.json"], 100, id="planned, the run image has all"),
        pytest.param([".mlpack/build.json", "apt.txt"], 100, id="planned, the notebook's file is data"),
        pytest.param([".mlpack/build.json", ".mlpack/apt.txt"], 0, id="planned for a lifecycle that cannot extend"),
        pytest.param([], 100, id="nothing"),
        pytest.param(["apt.txt"], 0, id="a plain folder"),
        pytest.param(["binder/apt.txt"], 0, id="a binder folder"),
    ],
)
def test_detect__where_somebody_has_to_install(bench, files: list[str], status: int) -> None:
    (bench.app / ".mlpack/build.json").unlink()
    for name in files:
        (bench.app / name).parent.mkdir(exist_ok=True)
        (bench.app / name).write_text("jq\n")
    assert bench.detect("apt")[0] == status


def test_read_wishes__words_lines_and_remarks__sorted_once(tmp_path: Path, library) -> None:
    (tmp_path / "apt.txt").write_text("# tools\nlibgl1 jq=1.6-2.1+b1 # json\n\njq=1.6-2.1+b1\nlibgl1\n")
    assert library("wishes").read_wishes(tmp_path) == ("apt.txt", ["jq=1.6-2.1+b1", "libgl1"])


@pytest.mark.parametrize("word", ["-o", "--force-yes", "../x.deb", "a/b", "X", "x;y", "jq=", "jq=-1", "*"])
def test_read_wishes__no_name_of_a_package__refused_with_its_line(tmp_path: Path, library, word: str) -> None:
    (tmp_path / "apt.txt").write_text(f"jq\n{word}\n")
    with pytest.raises(library("apt").Failed, match="line 2"):
        library("wishes").read_wishes(tmp_path)


def test_settle__links_rights_and_documents__as_a_layer_needs_them(tmp_path: Path, library) -> None:
    layer = tmp_path / "layer"
    for name in ("etc/java/c", "usr/bin/x", "usr/share/doc/x/README", "usr/share/doc/x/copyright"):
        (layer / name).parent.mkdir(parents=True, exist_ok=True)
        (layer / name).write_text(name)
    (layer / "usr/bin/x").chmod(0o4711)
    (layer / "usr/lib").mkdir()
    (layer / "usr/lib/conf").symlink_to("/etc/java/c")
    (layer / "usr/lib/away").symlink_to("/etc/passwd")
    for path in list(library("unpacking").walk(layer)):
        library("unpacking").settle(path, layer)
    assert (layer / "usr/lib/conf").read_text() == "etc/java/c"
    assert os.readlink(layer / "usr/lib/conf") == "../../etc/java/c"
    assert os.readlink(layer / "usr/lib/away") == "/etc/passwd"
    assert (layer / "usr/bin/x").stat().st_mode & 0o7777 == 0o711
    assert sorted(path.name for path in (layer / "usr/share/doc/x").iterdir()) == ["copyright"]


def test_launch_environment__what_is_there__found_behind_the_run_image(tmp_path: Path, library) -> None:
    for name in ("usr/bin", "usr/lib/x86_64-linux-gnu/blas", "usr/share/tesseract-ocr/5/tessdata", "etc/fonts"):
        (tmp_path / name).mkdir(parents=True)
    found = library("launching").launch_environment(tmp_path, "/layers/l", "x86_64-linux-gnu")
    assert found == {
        "PATH.append": "/layers/l/usr/bin",
        "PATH.delim": ":",
        "LD_LIBRARY_PATH.append": "/layers/l/usr/lib/x86_64-linux-gnu:/layers/l/usr/lib"
        ":/layers/l/usr/lib/x86_64-linux-gnu/blas",
        "LD_LIBRARY_PATH.delim": ":",
        "XDG_DATA_DIRS.default": "/usr/local/share:/usr/share:/layers/l/usr/share",
        "FONTCONFIG_PATH.default": "/layers/l/etc/fonts",
        "TESSDATA_PREFIX.default": "/layers/l/usr/share/tesseract-ocr/5/tessdata",
    }


def test_there__build_image_of_others__what_is_essential_and_below_it(
    tmp_path: Path, library, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {
        "dpkg": "Essential: yes\nPre-Depends: libc6 (>= 2), tar | bsdtar",
        "libc6": "Depends: libgcc-s1",
        "libgcc-s1": "Priority: optional",
        "tar": "Priority: required",
        "git": "Depends: libc6, perl",
        "perl": "Priority: standard",
    }
    text = "\n".join(f"Package: {name}\nStatus: install ok installed\n{rest}\n" for name, rest in rows.items())
    (tmp_path / "status").write_text(f"{text}\nPackage: gone\nStatus: deinstall ok config-files\nEssential: yes\n")
    apt = library("apt")
    monkeypatch.setattr(apt, "RUN_IMAGE", tmp_path / "absent")
    monkeypatch.setattr(apt, "INSTALLED", tmp_path / "status")
    names = {paragraph.split()[1] for paragraph in apt.there()}
    assert names == {"dpkg", "libc6", "libgcc-s1", "tar"}


def test_run_distribution__another_one__refused(library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNB_TARGET_DISTRO_NAME", "plan9")
    monkeypatch.setenv("CNB_TARGET_DISTRO_VERSION", "4")
    with pytest.raises(library("apt").Failed, match="run image plan9 4"):
        library("apt").run_distribution()


def test_without_login__address__without_what_nobody_must_see(library) -> None:
    said = library("apt").without_login("404 https://me:hunter2@h.example/debian x")
    assert said == "404 https://***@h.example/debian x"


@pytest.mark.network
def test_build__package_of_the_distribution__runs_from_its_layer(bench) -> None:
    for program in ("apt-get", "dpkg-deb"):
        if not shutil.which(program):
            pytest.skip(f"NO {program} HERE: nothing could be installed")
    (bench.app / "apt.txt").write_text("jq\n")
    ran = bench.build("apt")
    assert ran.status == 0, ran.log
    assert "Installing" in ran.log
    launch = ran.layer("packages") / "env.launch"
    shown, here = "/layers/mlpack_apt/packages", str(ran.layer("packages"))
    names = ("PATH", "LD_LIBRARY_PATH")
    environment = {name: (launch / f"{name}.append").read_text().replace(shown, here) for name in names}
    answer = subprocess.run(
        ["jq", ".a"], input='{"a": 41}', env=environment, capture_output=True, text=True, check=False
    )
    assert answer.stdout == "41\n", answer.stderr
    assert tomllib.loads(ran.metadata("index"))["types"] == {"cache": True}
    assert not (ran.layer("packages") / "usr/share/man").exists()
    kept = bench.build("apt", restored=ran)
    assert "Nothing changed: keeping" in kept.log
    assert not kept.layer("packages").exists()
    assert kept.metadata("packages") == ran.metadata("packages")


def test_resolve__package_that_nobody_has__apts_own_reason(tmp_path: Path, library) -> None:
    if not shutil.which("apt-get"):
        pytest.skip("NO apt-get HERE: nothing could be asked")
    apt = library("apt").Apt(tmp_path / "index")
    with pytest.raises(library("apt").Failed, match="Unable to locate package no-such-package-anywhere"):
        apt.resolve(["no-such-package-anywhere"])
