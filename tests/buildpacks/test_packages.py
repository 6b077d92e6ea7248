"""mlpack/packages: layers of wheels, their keys, and the environment that joins them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SITE = f"venv/lib/python{PYTHON}/site-packages"
VENV = "/layers/mlpack_packages/environment/venv"
TOOL = {
    "tool/__init__.py": "def main():\n    return 0\n",
    "tool/old.py": "print 'Python 2'\n",
    "tool-1.0.dist-info/entry_points.txt": "[console_scripts]\ntool = tool:main\n",
    "tool-1.0.data/scripts/tool-script": "#!python\nprint('script')\n",
    "tool-1.0.data/data/share/tool/data.txt": "data\n",
}


@pytest.fixture
def stocked(bench):
    """Three wheels in two layers."""
    big = bench.wheel("big", {"big/__init__.py": "size = 1\n", "shared/big.py": "from_ = 'big'\n"})
    tool = bench.wheel("tool", TOOL)
    small = bench.wheel("small", {"small.py": "import big\n", "shared/small.py": "from_ = 'small'\n"})
    bench.lock(**{"big-1.0-abc": [big], "packages": [small, tool]})
    return bench


def test_detect__with_a_lock__provides_packages(stocked) -> None:
    status, plan = stocked.detect("packages")
    assert status == 0
    assert plan.startswith('[[provides]]\nname = "python-packages"\n')
    assert '[[requires]]\nname = "python"\n' in plan


def test_detect__without_a_lock__fails(bench) -> None:
    assert bench.detect("packages") == (100, "")


def test_build__two_layers__content_apart_and_joined(stocked) -> None:
    ran = stocked.build()
    assert ran.status == 0, ran.log
    folders = {path.name for path in ran.layers.iterdir() if path.is_dir()}
    assert folders == {"big-1.0-abc", "packages", "environment"}
    assert {path.name for path in ran.layer("big-1.0-abc").iterdir()} == {"site"}
    assert {path.name for path in ran.layer("packages").iterdir()} == {"site", "data"}
    for name in folders:
        assert ran.metadata(name).startswith("[types]\nlaunch = true\n\n[metadata]\nkey = ")
    assert os.readlink(ran.site / "big/__init__.py") == "/layers/mlpack_packages/big-1.0-abc/site/big/__init__.py"
    assert (ran.site / "shared").is_dir()
    assert not (ran.site / "shared").is_symlink()
    assert {path.name for path in (ran.site / "shared").iterdir()} == {"big.py", "small.py", "__pycache__"}
    assert "[mlpack] packages 3 of 3" in ran.log


def test_build__launch_environment__activates(stocked) -> None:
    launch = stocked.build().layer("environment") / "env.launch"
    values = {path.name: path.read_text() for path in launch.iterdir()}
    assert values == {"PATH.prepend": f"{VENV}/bin", "PATH.delim": ":", "VIRTUAL_ENV": VENV}


def test_build__scripts_and_data__stand_in_the_environment(stocked) -> None:
    ran = stocked.build()
    venv = ran.layer("environment") / "venv"
    assert (venv / "bin/tool").read_text().startswith(f"#!{VENV}/bin/python\n")
    assert os.access(venv / "bin/tool", os.X_OK)
    script = ran.layer("packages") / "data/bin/tool-script"
    assert script.read_text() == f"#!{VENV}/bin/python\nprint('script')\n"
    assert os.readlink(venv / "bin/tool-script") == "/layers/mlpack_packages/packages/data/bin/tool-script"
    assert os.readlink(venv / "share/tool/data.txt") == "/layers/mlpack_packages/packages/data/share/tool/data.txt"
    assert os.readlink(venv / "bin/python") == f"/usr/bin/python{PYTHON}"
    assert "include-system-site-packages = false" in (venv / "pyvenv.cfg").read_text()


def test_build__record__tells_the_truth(stocked) -> None:
    record = stocked.build().layer("packages") / "site/tool-1.0.dist-info/RECORD"
    paths = [line.split(",")[0] for line in record.read_text().splitlines()]
    assert paths == sorted(paths)
    assert "tool/__init__.py" in paths
    assert "../../../share/tool/data.txt" in paths
    assert not [path for path in paths if "bin/" in path or "uv_cache" in path]


def test_build__bytecode__is_never_checked_and_names_the_image(stocked) -> None:
    site = stocked.build().layer("packages") / "site"
    (compiled,) = (site / "tool/__pycache__").iterdir()  # old.py does not compile
    text = compiled.read_bytes()
    assert int.from_bytes(text[4:8], "little") == 0b01
    assert f"{VENV.removesuffix('/venv')}/{SITE}/tool/__init__.py".encode() in text


def test_build__tests_of_a_package__are_not_compiled(bench) -> None:
    files = {"pkg/__init__.py": "", "pkg/tests/__init__.py": "", "pkg/tests/deep/test_pkg.py": "", "pkg/test.py": ""}
    bench.lock(packages=[bench.wheel("pkg", files)])
    ran = bench.build()
    compiled = [path for folder in (ran.layer("packages"), ran.layer("environment")) for path in folder.rglob("*.pyc")]
    assert {path.name.split(".")[0] for path in compiled} == {"__init__", "test"}
    assert {path.parent.parent.name for path in compiled} == {"pkg"}
    assert "without-bytecode" in ran.metadata("packages")


def test_build__bytecode__is_joined_folder_by_folder_unless_layers_share_it(stocked) -> None:
    links = {path.as_posix() for path in stocked.build().layer("environment").rglob("*") if path.is_symlink()}
    ends = {path.partition("site-packages/")[2] for path in links if "__pycache__" in path}
    cached = f"cpython-{PYTHON.replace('.', '')}.pyc"
    assert {"big/__pycache__", "tool/__pycache__"} <= ends
    assert {f"shared/__pycache__/big.{cached}", f"shared/__pycache__/small.{cached}"} <= ends
    assert "shared/__pycache__" not in ends


def test_build__headers__are_joined_folder_by_folder_unless_layers_share_it(bench) -> None:
    own = {
        "own/include/own.h": "",
        "own/include/deep/own.h": "",
        "own/code/include/__init__.py": "",
        "shared/include/a.h": "",
    }
    bench.lock(one=[bench.wheel("own", own)], two=[bench.wheel("other", {"shared/include/b.h": ""})])
    ran = bench.build()
    assert os.readlink(ran.site / "own/include") == "/layers/mlpack_packages/one/site/own/include"
    for folder in ("own/code/include", "shared/include"):
        assert not (ran.site / folder).is_symlink()
    assert os.readlink(ran.site / "shared/include/b.h") == "/layers/mlpack_packages/two/site/shared/include/b.h"


def test_build__real_paths__the_environment_works(stocked) -> None:
    if not Path(f"/usr/bin/python{PYTHON}").exists():
        pytest.skip(f"NOT TESTED: the environment needs /usr/bin/python{PYTHON}, as in the image")
    ran = stocked.build(BP_IMAGE_LAYERS_DIR="", BP_TARGET_PYTHON=f"/usr/bin/python{PYTHON}")
    venv = ran.layer("environment") / "venv"
    program = "import small, sys, shared.big, shared.small; print(small.big.size, sys.prefix, small.__cached__)"
    run = subprocess.run([venv / "bin/python", "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split()[:2] == ["1", str(venv)]
    assert Path(run.stdout.split()[2]).is_file()
    for name in ("tool", "tool-script"):
        subprocess.run([venv / "bin" / name], check=True)


def test_build__nothing_changed__leaves_metadata_only(stocked) -> None:
    first = stocked.build()
    second = stocked.build(restored=first)
    assert second.status == 0
    assert "Nothing changed: keeping all 3 layers" in second.log
    assert not [path for path in second.layers.iterdir() if path.is_dir()]
    for name in ("big-1.0-abc", "packages", "environment"):
        assert second.metadata(name) == first.metadata(name)


def test_build__one_layer_changed__keeps_the_other(stocked, read_tree) -> None:
    first = stocked.build()
    stocked.wheel("small", {"small.py": "version = 2\n"}, version="2.0")
    stocked.lock(**{"big-1.0-abc": ["big==1.0"], "packages": ["small==2.0", "tool==1.0"]})
    second = stocked.build(restored=first)
    assert {path.name for path in second.layers.iterdir() if path.is_dir()} == {"packages", "environment"}
    assert second.metadata("big-1.0-abc") == first.metadata("big-1.0-abc")
    fresh = stocked.build()
    assert read_tree(second.layer("environment")) == read_tree(fresh.layer("environment"))
    assert second.metadata("environment") == fresh.metadata("environment") != first.metadata("environment")


def test_build__kept_layer_with_uncompilable_source__same_environment(stocked, read_tree) -> None:
    first = stocked.build()
    (first.layers / "environment.toml").unlink()
    second = stocked.build(restored=first)
    assert {path.name for path in second.layers.iterdir() if path.is_dir()} == {"environment"}
    assert read_tree(second.layer("environment")) == read_tree(first.layer("environment"))
    assert 'without-bytecode = "tool/old.py"' in second.metadata("packages")


@pytest.mark.parametrize(
    "changes",
    [{"BP_IMAGE_LAYERS_DIR": "/elsewhere"}, {"BP_TARGET_PYTHON": "/absent/python"}],
    ids=["image folder", "no bytecode"],
)
def test_build__other_circumstances__nothing_is_kept(stocked, changes: dict[str, str]) -> None:
    second = stocked.build(restored=stocked.build(), **changes)
    assert {path.name for path in second.layers.iterdir() if path.is_dir()} >= {"big-1.0-abc", "packages"}


def test_build__other_machine__same_bytes(stocked, read_tree) -> None:
    first = stocked.build()
    (stocked.root / "home").mkdir()
    other = {"HOME": str(stocked.root / "home"), "UV_CACHE_DIR": str(stocked.root / "other"), "LANG": "C", "USER": "x"}
    second = stocked.build(umask=0o077, PYTHONHASHSEED="7", **other)
    assert read_tree(second.layers) == read_tree(first.layers)


def test_build__cache_of_uv__stays_as_it_is(stocked, read_tree) -> None:
    environment = {"UV_CACHE_DIR": str(stocked.root / "shared")}
    stocked.build(umask=0o007, **environment)
    archives = stocked.root / "shared"
    before = {path: value for path, value in read_tree(archives).items() if "/archive" in f"/{path}"}
    assert before
    stocked.build(**environment)
    after = read_tree(archives)
    assert {path: after[path] for path in before} == before


def test_build__cache_of_uv_was_edited_in_place__the_wheel_counts(stocked, read_tree) -> None:
    first = read_tree(stocked.build().layers)
    edited = [path for path in (stocked.root / "cache").rglob("big/__init__.py") if path.read_text() == "size = 1\n"]
    assert edited
    for path in edited:
        path.write_text("size = 7\n")
    second = stocked.build()
    assert read_tree(second.layers) == first
    assert second.log.count("installing it without the cache") == 1


def test_build__foreign_machine__no_bytecode_and_says_so(stocked) -> None:
    ran = stocked.build(BP_TARGET_PYTHON="/absent/python")
    assert ran.status == 0
    assert "not compiled to bytecode" in ran.log
    assert not list(ran.layers.rglob("__pycache__"))


@pytest.mark.parametrize("layers", [{"one": ["aaa", "bbb"]}, {"x": ["bbb"], "y": ["aaa"]}], ids=["one layer", "two"])
def test_build__wheels_disagree__first_name_wins_and_is_logged(bench, layers: dict[str, list[str]]) -> None:
    for name in ("aaa", "bbb"):
        bench.wheel(name, {"both/__init__.py": "", "both/who.py": f"who = '{name}'\n"})
    bench.lock(**{layer: [f"{name}==1.0" for name in names] for layer, names in layers.items()})
    ran = bench.build()
    assert ran.log.count("both/who.py differs between aaa and bbb") == 1, ran.log
    assert "__init__.py differs" not in ran.log
    target = Path(os.readlink(ran.site / "both/who.py")).relative_to("/layers/mlpack_packages")
    assert (ran.layers / target).read_text() == "who = 'aaa'\n"
    compiled = Path(os.readlink(ran.site / "both/__pycache__")).relative_to("/layers/mlpack_packages")
    assert compiled == target.parent / "__pycache__"
    assert list((ran.layers / compiled).glob("who.*"))


@pytest.mark.parametrize(
    ("layers", "lock", "said"),
    [
        ([{"layer": "../x", "packages": ["big==1.0"]}], None, "Not a usable layer name"),
        ([{"layer": "environment", "packages": ["big==1.0"]}], None, "Not a usable layer name"),
        ([{"layer": "x", "packages": ["nowhere==1"]}], None, "names nowhere==1"),
        ([{"layer": "x", "packages": ["big==1.0"]}], None, "in no layer"),
        (None, "big==1.0\n", "Not a hashed pin"),
        (None, "".join(f"{name}==1.0 --hash=sha256:{'0' * 64}\n" for name in ("big", "small", "tool")), "uv could not"),
    ],
    ids=["path as a name", "reserved", "not locked", "left over", "no hash", "wrong hash"],
)  # fmt: skip
def test_build__bad_input__fails_and_says_why(stocked, layers, lock: str | None, said: str) -> None:
    if layers:
        (stocked.app / ".mlpack/layers.json").write_text(json.dumps(layers))
    if lock:
        (stocked.app / ".mlpack/lock.txt").write_text(lock)
    ran = stocked.build()
    assert ran.status == 1
    assert said in ran.log
    assert "Traceback" not in ran.log
    assert not list(ran.layers.glob("*.toml"))


def test_build__settings_in_the_application_folder__are_not_obeyed(stocked) -> None:
    (stocked.app / "uv.toml").write_text("this is not TOML")
    assert stocked.build().status == 0


@pytest.mark.parametrize(("cached", "runs"), [(True, 1), (False, 2)], ids=["wheels in uv's cache", "not there"])
def test_build__index__is_asked_only_for_what_the_cache_has_not(stocked, cached: bool, runs: int) -> None:
    uv, log, stub = stocked.environment(stocked.root)["BP_UV"], stocked.root / "runs.txt", stocked.root / "uv"
    refuses = 'case " $* " in *" --offline "*) echo "error: not cached"; exit 1;; esac\n' if not cached else ""
    stub.write_text(f'#!/bin/sh\necho run >> {log}\n{refuses}exec {uv} "$@"\n')
    stub.chmod(0o755)
    ran = stocked.build(BP_UV=str(stub))
    assert ran.status == 0, ran.log
    assert "not cached" not in ran.log
    assert len(log.read_text().split()) == runs


@pytest.mark.network
def test_build__real_wheels__are_built_and_kept(bench) -> None:
    bench.describe(target={"os": "linux", "arch": "amd64", "libc": "glibc2.28"})
    uv = bench.environment(bench.root)["BP_UV"]
    command = [
        uv, "pip", "compile", "-", "--generate-hashes", "--python-version", PYTHON, "--no-build", "--no-header",
        "--python-platform", "x86_64-manylinux_2_28", "--no-annotate", "--quiet",
    ]  # fmt: skip
    for offline in ([], ["--offline"]):
        run = subprocess.run(
            [*command, *offline], input="six\nclick\nnumpy\n", capture_output=True, text=True, check=False
        )
        if run.returncode == 0:
            break
    else:
        pytest.skip(f"NOT TESTED: no package index in reach: {run.stderr[-300:]}")
    for line in run.stdout.replace("\\\n", " ").splitlines():
        bench.pins[line.split()[0]] = line
    numpy = next(pin for pin in bench.pins if pin.startswith("numpy=="))
    bench.lock(**{"numpy": [numpy], "packages": sorted(set(bench.pins) - {numpy})})
    shutil.rmtree(bench.wheels)
    online = {name: value for name, value in os.environ.items() if name.startswith(("UV_", "SSL_"))}
    online |= {
        "UV_OFFLINE": "0",
        "UV_FIND_LINKS": "",
        "UV_CACHE_DIR": online.get("UV_CACHE_DIR", str(bench.root / "c")),
    }
    first = bench.build(**online)
    assert first.status == 0, first.log
    assert (first.layer("numpy") / "site/numpy/__init__.py").is_file()
    assert (first.layer("environment") / "venv/bin/f2py").is_file()
    assert not [path for path in bench.build(restored=first, **online).layers.iterdir() if path.is_dir()]


def test_build__wheel_in_the_application_folder__wins_over_the_index(bench) -> None:
    foreign = bench.wheel("own", {"own.py": "who = 'index'\n"})
    (bench.wheels / "own-1.0-py3-none-any.whl").rename(bench.root / "foreign.whl")
    bench.wheel("own", {"own.py": "who = 'application'\n"})
    folder = bench.app / ".mlpack/wheels"
    folder.mkdir()
    (bench.wheels / "own-1.0-py3-none-any.whl").rename(folder / "own-1.0-py3-none-any.whl")
    (bench.root / "foreign.whl").rename(bench.wheels / "own-1.0-py3-none-any.whl")
    bench.lock(packages=[foreign])
    ran = bench.build()
    assert ran.status == 0, ran.log
    assert (ran.layer("packages") / "site/own.py").read_text() == "who = 'application'\n"
    assert str(folder) not in (ran.layer("packages") / "site/own-1.0.dist-info/RECORD").read_text()
    assert not (ran.layer("packages") / "site/own-1.0.dist-info/direct_url.json").exists()


def test_build__wheel_in_the_application_folder_with_other_bytes__is_refused(bench) -> None:
    pin = bench.wheel("own", {"own.py": "who = 'locked'\n"})
    folder = bench.app / ".mlpack/wheels"
    folder.mkdir()
    bench.lock(packages=[pin])
    bench.wheel("own", {"own.py": "who = 'changed'\n"})
    (bench.wheels / "own-1.0-py3-none-any.whl").rename(folder / "own-1.0-py3-none-any.whl")
    ran = bench.build()
    assert ran.status == 1
    assert "hash" in ran.log.lower()


@pytest.mark.parametrize("line", ["own @ file:///own-1.0-py3-none-any.whl --hash=sha256:00", "own --hash=sha256:00"])
def test_build__line_that_is_no_pin__is_refused(bench, line: str) -> None:
    bench.pins["own==1.0"] = line
    bench.lock(packages=["own==1.0"])
    ran = bench.build()
    assert ran.status == 1
    assert "Not a hashed pin" in ran.log
