"""A binder folder's scripts in whole builds: what ``postBuild`` leaves is a layer that is replayed, ``start`` is before
the notebook's process.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.engines.process import ProcessEngine
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store

from .conftest import NAME, UserMachine

pytestmark = pytest.mark.network

CANARY = "canary-of-the-builder"
POST_BUILD = """#!/bin/bash
set -e
python -c 'import papermill, sys; print("with", sys.prefix)'
python tools/make.py > made.txt
mkdir ~/corpus && echo words > ~/corpus/list
rm tools/gone.txt
echo $(ls)
touch /etc/other 2>/dev/null || echo closed
env
"""
START = '#!/bin/sh\nexport STARTED="$# words"\nexec "$@"\n'
CELL = """import os
print("made", open("made.txt").read().strip(), os.path.exists("tools/gone.txt"), os.environ["STARTED"])
print("corpus", open(os.path.expanduser("~/corpus/list")).read())"""
RUN = ("--post-build", "run", "--start-script", "run", "-v")


def layers(machine: UserMachine) -> list[str]:
    image = Store(machine.home).image(NAME)
    assert image is not None
    return [entry.created_by for entry in image.config.history]


def post_build_layer(machine: UserMachine) -> str:
    """The digest of what the script left."""
    image = Store(machine.home).image(NAME)
    assert image is not None
    (at,) = [at for at, entry in enumerate(image.config.history) if "post-build" in entry.created_by]
    return image.layers[at].diff_id


def log(events: list[dict[str, Any]]) -> str:
    return "\n".join(line for event in events for line in event.get("lines", ()))


@pytest.fixture(scope="module")
def scripted(
    machine_store: Store, run_image: Callable[..., StoredImage], tmp_path_factory: pytest.TempPathFactory
) -> tuple[UserMachine, str]:
    """A machine that has built a notebook with both scripts, in the session's store, and the build's log."""
    available = ProcessEngine(machine_store).probe()
    if not available.available:
        pytest.skip(f"NO NAMESPACES HERE: no script was run in an image. {available.reason}")
    run_image("bookworm")
    machine = UserMachine(tmp_path_factory.mktemp("scripted"))
    machine.scratch.mkdir()
    machine.home.symlink_to(machine_store.root)
    files = {
        "binder/postBuild": POST_BUILD,
        "binder/start": START,
        "tools/make.py": "print(6 * 7)\n",
        "tools/gone.txt": "",
    }
    files["binder/postBuild"] += f"# {os.urandom(8).hex()}: a store that was kept has not seen it yet\n"
    for name, content in files.items():
        path = machine.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    machine.write(CELL)
    return machine, log(machine.build(*RUN, "--env", f"BP_LEVEL={CANARY}", ONLY_OURS=CANARY))


def run(machine: UserMachine, folder: Path) -> str:
    """What the cells of the image's notebook print."""
    words = ("run", NAME, "--engine", "process", "--output", str(folder))
    machine.end(machine.start(words=words), 0)
    cells = json.loads((folder / "n.ipynb").read_text())["cells"]
    return "".join("".join(output.get("text", "")) for cell in cells for output in cell["outputs"])


def test_build__both_scripts_run__the_image_has_what_they_made_and_starts_by_start(
    scripted: tuple[UserMachine, str], tmp_path: Path
) -> None:
    machine, told = scripted
    assert "with /layers/" in told
    assert "binder corpus made.txt tools" in told.splitlines()
    assert "closed" in told
    printed = run(machine, tmp_path / "out")
    assert "made 42 False 2 words" in printed
    assert "corpus words" in printed


def test_build__builders_own_environment__nowhere_in_log_or_layer(scripted: tuple[UserMachine, str]) -> None:
    machine, told = scripted
    assert "HOME=/workspace" in told
    assert CANARY not in told
    image = Store(machine.home).image(NAME)
    assert image is not None
    assert CANARY not in str(image.config)


def test_build__cell_edited__what_the_script_made_is_replayed(scripted: tuple[UserMachine, str]) -> None:
    machine, _ = scripted
    before, digest = post_build_layer(machine), machine.digest()
    machine.write(f"{CELL}\nprint('edited')")
    told = log(machine.build(*RUN))
    assert "binder/postBuild: nothing that it stands on has changed" in told
    assert post_build_layer(machine) == before
    assert machine.digest() != digest


def test_build__skipped_again__an_image_without_it(scripted: tuple[UserMachine, str]) -> None:
    machine, _ = scripted
    machine.build("--post-build", "skip", "--start-script", "skip")
    assert not any("post-build" in line for line in layers(machine))


def test_build__script_fails__its_last_lines_and_no_name_moves(scripted: tuple[UserMachine, str]) -> None:
    machine, _ = scripted
    (machine.folder / "binder/postBuild").write_text("#!/bin/bash\necho no such corpus >&2\nexit 3\n")
    failure = machine.failure(*RUN, expected=51)
    assert failure["code"] == "post-build-failed"
    assert "no such corpus" in failure["why"]


def test_build__workspace_for_the_official_lifecycle__refused(scripted: tuple[UserMachine, str]) -> None:
    machine, _ = scripted
    failure = machine.failure(*RUN, "--workspace", "elsewhere", expected=2)
    assert failure["code"] == "post-build-impossible"
    assert "official lifecycle" in failure["why"]
