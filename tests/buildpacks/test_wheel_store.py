"""Wheels that are installed once for each machine, and layers that are listed: the same bytes as from folders."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from jupyter_mlpack.lifecycle.listing import listed_entries
from jupyter_mlpack.oci.tar import TarEntry, tree_entries, write_tar

AT = "/layers/mlpack_packages"
FILES = {
    "big": {"big/__init__.py": "size = 1\n", "shared/__init__.py": "", "shared/big.py": "a = 'big'\n", "own.txt": "1"},
    "small": {"small.py": "import big\n", "shared/__init__.py": "", "shared/small.py": "a = ''\n", "own.txt": "2"},
    "tool": {
        "tool/__init__.py": "def main():\n    return 0\n",
        "tool/old.py": "print 'Python 2'\n",
        "tool/tests/test_tool.py": "",
        "tool/a.b/x.txt": "",
        "tool/a/x.txt": "",
        "tool/ünicode.txt": "ü",
        "tool-1.0.dist-info/entry_points.txt": "[console_scripts]\ntool = tool:main\n",
        "tool-1.0.data/scripts/tool-script": "#!python\nprint('script')\n",
        "tool-1.0.data/data/share/tool/data.txt": "data\n",
        "tool-1.0.data/data/own.txt": "tool",
    },
}  # fmt: skip
LAYERS = {"big-1.0-abc": ["big==1.0"], "packages": ["small==1.0", "tool==1.0"]}


class Sum:
    """A stream that only takes the digest."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return len(data)


def diff_id(entries: Iterable[TarEntry]) -> str:
    out = Sum()
    write_tar(out, entries)  # type: ignore[arg-type]
    return out.digest.hexdigest()


def from_folders(ran) -> dict[str, str]:
    folders = [path for path in ran.layers.iterdir() if path.is_dir()]
    return {path.name: diff_id(tree_entries(path, f"{AT}/{path.name}", 1000, 1000)) for path in folders}


def from_listings(folder: Path) -> dict[str, str]:
    found = (folder / "mlpack_packages").glob("*.json")
    return {path.stem: diff_id(listed_entries(path, f"{AT}/{path.stem}", 1000, 1000)) for path in found}


@pytest.fixture
def stocked(bench):
    for name, files in FILES.items():
        bench.wheel(name, files)
    bench.lock(**LAYERS)
    return bench


@pytest.fixture
def listed(stocked, tmp_path: Path) -> Callable[..., tuple]:
    """Builds with wheel store and listings; the run, and the layers' diffIDs by name."""

    def build(restored=None, **env: str) -> tuple:
        folder = tmp_path / "listings"
        shutil.rmtree(folder, ignore_errors=True)
        given = {"BP_WHEELS_DIR": str(tmp_path / "store"), "BP_LISTINGS_DIR": str(folder), **env}
        ran = stocked.build(restored=restored, **given)
        return ran, from_listings(folder)

    return build


def kept_wheels(store: Path) -> list[Path]:
    return sorted(path for path in store.iterdir() if not path.name.startswith("."))


def test_build__listed__layers_have_the_digests_of_the_folders(stocked, listed) -> None:
    plain = stocked.build()
    ran, digests = listed()
    assert ran.status == 0, ran.log
    assert not [path for path in ran.layers.iterdir() if path.is_dir()]
    assert digests == from_folders(plain)
    assert set(digests) == {"big-1.0-abc", "packages", "environment"}
    for name in digests:
        assert ran.metadata(name) == plain.metadata(name)


WIDE = {
    "wide": {
        **{f"wide/{number}.py": f"x = {number}\n" for number in range(70)},
        **{f"wide/include/{number}.h": "" for number in range(70)},
        **{f"common/wide/{number}.txt": "" for number in range(70)},
        **{f"common/include/wide/{number}.h": "" for number in range(70)},
        "wide-1.0.data/scripts/wide": "#!python\n",
        "wide.py": "",
    },
    "broad": {
        **{f"broad/{number // 9}/{number}.py": f"x = {number}\n" for number in range(90)},
        **{f"common/{number}.py": "" for number in range(70)},
        **{f"common/include/{number}.h": "" for number in range(3)},
        "common/wide/0.txt": "",
    },
}  # fmt: skip


@pytest.mark.parametrize("layers", [1, 2])
def test_build__long_folders__stretches_with_the_digests_of_the_folders(bench, tmp_path: Path, layers: int) -> None:
    for name, files in WIDE.items():
        bench.wheel(name, files)
    bench.lock(**({"all": ["wide==1.0", "broad==1.0"]} if layers == 1 else {"a": ["wide==1.0"], "b": ["broad==1.0"]}))
    store, folder = tmp_path / "store", tmp_path / "listings"
    plain = from_folders(bench.build())
    texts = set()
    for damage in ("", "", "outline.json", "links.json"):
        for place in kept_wheels(store) if damage else ():
            os.truncate(place / damage, (place / damage).stat().st_size // 2)
        ran = bench.build(BP_WHEELS_DIR=str(store), BP_LISTINGS_DIR=str(folder))
        assert ran.status == 0, ran.log
        assert from_listings(folder) == plain
        texts.add((folder / "mlpack_packages/environment.json").read_text())
    assert len(texts) == 1
    told = [stretch[2] for stretch in json.loads(texts.pop())["stretches"]]
    assert told == (["broad", "common", "wide"] if layers == 1 else ["broad", "common/include/wide", "wide"])
    assert from_folders(bench.build(BP_WHEELS_DIR=str(store))) == plain  # from the store, and as folders


@pytest.mark.parametrize("variant", ["again", "one layer", "kept layer", "no bytecode", "other python's store"])
def test_build__wheels_of_the_store__same_digests(stocked, listed, variant: str, tmp_path: Path) -> None:
    env = {"BP_TARGET_PYTHON": "/absent/python"} if variant == "no bytecode" else {}
    if variant == "other python's store":
        listed(BP_TARGET_PYTHON="/absent/python")
    first, _ = listed(**env)
    if variant == "one layer":
        stocked.lock(all=["big==1.0", "small==1.0", "tool==1.0"])
    if variant == "kept layer":
        (first.layers / "packages.toml").unlink()
    for wheel in stocked.wheels.iterdir():
        wheel.unlink()
    shutil.rmtree(stocked.root / "cache")
    ran, digests = listed(restored=first if variant == "kept layer" else None, **env)
    assert ran.status == 0, ran.log
    for name, files in FILES.items():
        stocked.wheel(name, files)
    plain = stocked.build(restored=first if variant == "kept layer" else None, **env)
    assert digests == from_folders(plain)
    assert ("big-1.0-abc" in digests) == (variant not in ("one layer", "kept layer"))
    assert len(kept_wheels(tmp_path / "store")) == (6 if variant == "other python's store" else 3)


def test_build__one_more_wheel__only_that_is_installed(stocked, listed) -> None:
    listed()
    for wheel in stocked.wheels.iterdir():
        wheel.unlink()
    shutil.rmtree(stocked.root / "cache")
    new = stocked.wheel("new", {"new.py": "x = 1\n"})
    stocked.lock(**LAYERS, new=[new])
    ran, _ = listed()
    assert ran.status == 0, ran.log
    assert "3 of them were installed on this machine before" in ran.log


def test_build__all_wheels_in_the_store__uv_is_not_called(listed) -> None:
    _, first = listed()
    ran, again = listed(BP_UV="/absent/uv")
    assert ran.status == 0, ran.log
    assert again == first


def test_build__bytes_of_a_wheel__do_not_depend_on_its_neighbours(stocked, listed, tmp_path: Path, read_tree) -> None:
    listed()
    together = {path.name: read_tree(path / "site") for path in kept_wheels(tmp_path / "store")}
    shutil.rmtree(tmp_path / "store")
    for name in FILES:
        stocked.lock(packages=[f"{name}==1.0"])
        ran, _ = listed()
        assert ran.status == 0, ran.log
    alone = {path.name: read_tree(path / "site") for path in kept_wheels(tmp_path / "store")}
    assert alone == together


@pytest.mark.parametrize("cut", ["shorter", "gone", "no json", "half a json"])
def test_build__damaged_wheel__is_made_anew(listed, tmp_path: Path, cut: str) -> None:
    _, first = listed()
    for place in kept_wheels(tmp_path / "store"):
        file = next((place / "site").rglob("*.py")) if cut in ("shorter", "gone") else place / "wheel.json"
        if cut in ("gone", "no json"):
            file.unlink()
        else:
            data = file.read_bytes()
            file.unlink()
            file.write_bytes(data[: len(data) // 2])
    ran, again = listed()
    assert ran.status == 0, ran.log
    assert again == first
    assert len(kept_wheels(tmp_path / "store")) == 3


def test_build__killed__leaves_nothing_that_is_believed(stocked, listed, tmp_path: Path) -> None:
    _, whole = listed()
    for after in (0.05, 0.15, 0.3, 0.5):
        shutil.rmtree(tmp_path / "store")
        layers = tmp_path / f"killed{after}" / "mlpack_packages"
        layers.mkdir(parents=True)
        env = stocked.environment(layers) | {
            "BP_WHEELS_DIR": str(tmp_path / "store"),
            "BP_LISTINGS_DIR": str(tmp_path / "l"),
        }
        build = Path(__file__).parents[2] / "buildpacks/packages/bin/build"
        with subprocess.Popen(
            [sys.executable, build], cwd=stocked.app, env=env, stdout=subprocess.DEVNULL, start_new_session=True
        ) as child:
            time.sleep(after)
            os.killpg(child.pid, 9)
        ran, digests = listed()
        assert ran.status == 0, ran.log
        assert digests == whole


def test_build__two_at_once__both_are_right(stocked, tmp_path: Path) -> None:
    build = Path(__file__).parents[2] / "buildpacks/packages/bin/build"
    children = []
    for number in range(3):
        layers = tmp_path / f"at-once{number}" / "mlpack_packages"
        layers.mkdir(parents=True)
        env = stocked.environment(layers) | {
            "BP_WHEELS_DIR": str(tmp_path / "store"),
            "BP_LISTINGS_DIR": str(tmp_path / f"listed{number}"),
        }
        command = [sys.executable, build]
        children.append(subprocess.Popen(command, cwd=stocked.app, env=env, stdout=subprocess.PIPE, text=True))
    said = [child.communicate()[0] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], said
    digests = [from_listings(tmp_path / f"listed{number}") for number in range(3)]
    assert digests[0] == digests[1] == digests[2] == from_folders(stocked.build())
    assert len(kept_wheels(tmp_path / "store")) == 3


def test_build__what_a_killed_build_left__is_removed_after_a_day(listed, tmp_path: Path) -> None:
    old, young = tmp_path / "store/.making-old", tmp_path / "store/.making-young"
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (1, 1))
    listed()
    assert young.is_dir()
    assert not old.exists()


def test_build__bytecode_cannot_be_written__fails_and_keeps_nothing(stocked, listed, tmp_path: Path) -> None:
    full = tmp_path / "python"
    full.write_text(f'#!/bin/sh\nulimit -f 0\nexec {sys.executable} "$@"\n')
    full.chmod(0o755)
    ran, _ = listed(BP_TARGET_PYTHON=str(full))
    assert ran.status == 1
    assert "could not compile the packages" in ran.log
    assert "Traceback" not in ran.log
    assert not list((tmp_path / "store").iterdir())


def test_build__use__is_seen_by_the_date(listed, tmp_path: Path) -> None:
    listed()
    for place in kept_wheels(tmp_path / "store"):
        os.utime(place, (1, 1))
    listed()
    assert all(place.stat().st_mtime > 1 for place in kept_wheels(tmp_path / "store"))


def test_build__listings_without_a_store__folders_all_the_same(stocked, tmp_path: Path) -> None:
    ran = stocked.build(BP_LISTINGS_DIR=str(tmp_path / "listings"))
    assert from_folders(ran) == from_folders(stocked.build())
    assert not (tmp_path / "listings").exists()


def test_build__wheel_with_files_that_no_record_names__they_are_its_own(bench, tmp_path: Path) -> None:
    bench.wheel("loose", {"loose.py": "", "stray.txt": "stray", "loose/in/here.txt": "x"})
    bench.wheel("other", {"other.py": ""})
    path = bench.wheels / "loose-1.0-py3-none-any.whl"
    unpacked = tmp_path / "unpacked"
    shutil.unpack_archive(path, unpacked, "zip")
    record = unpacked / "loose-1.0.dist-info/RECORD"
    record.write_text("".join(line for line in record.read_text().splitlines(keepends=True) if ".txt" not in line))
    path.unlink()
    subprocess.run([sys.executable, "-m", "zipfile", "-c", path, *unpacked.iterdir()], check=True)
    bench.pins["loose==1.0"] = f"loose==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    bench.lock(a=["other==1.0"], b=["loose==1.0"])
    ran = bench.build()
    assert ran.status == 0, ran.log
    assert (ran.layer("b") / "site/stray.txt").read_text() == "stray"
    assert (ran.layer("b") / "site/loose/in/here.txt").is_file()
    assert not (ran.layer("a") / "site/stray.txt").exists()


def test_listing__is_json_that_says_its_format(listed, tmp_path: Path) -> None:
    listed()
    for path in (tmp_path / "listings/mlpack_packages").iterdir():
        assert json.loads(path.read_text())["format"] == 1
