"""Random environment files and random slices: ours and the official phases make the same of them.

``random/builds.json`` holds what the official ones made of each; ``MLPACK_RECORD=1`` records anew.
"""

from __future__ import annotations

import json
import os
import random
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from jupyter_mlpack import errors
from jupyter_mlpack.oci.store import Store

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from phases import PHASES, Official, OfficialFailed, Ours, Seen, make_run_image, placed, unfold  # noqa: E402

RECORD = os.environ.get("MLPACK_RECORD") == "1"
GOLDEN = HERE / "random" / "builds.json"
VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LIBRARY_PATH", "CPATH", "PKG_CONFIG_PATH", "HOME", "no_proxy", "A", "B", "C_d")
SUFFIXES = ("", "", ".append", ".prepend", ".override", ".default", ".delim", ".delim", ".", ".other", ".append.more")
VALUES = ("x", "/usr/bin", "one two", "", "\n", "line\n", ":", "ä", "$HOME", "'", '"', "a=b", "\\n")
DUMP = (
    "#!/bin/sh\n/usr/bin/env -0 | /bin/grep -zv -e ^_= -e ^CNB_.*_PATH= | /usr/bin/sort -z"
    " | /usr/bin/tr '\\0' '\\n' > seen-{}\n"
)


def random_files(rng: random.Random, most: int) -> dict[str, str]:
    names = [rng.choice(VARIABLES) + rng.choice(SUFFIXES) for _ in range(rng.randrange(most))]
    return {name: rng.choice(VALUES) for name in names}


def random_environment(seed: int) -> dict[str, Any]:
    """Buildpacks that give layers with random files, and behind each one that tells what arrives."""
    rng = random.Random(seed)
    buildpacks = []
    for number in range(5):
        lines = ["#!/bin/bash", "set -e", "PATH=/usr/bin:/bin"]
        for layer in rng.sample(("a", "b", "A", "b.c", "_"), rng.randrange(1, 4)):
            for folder in ("env", "env.build", "env.launch"):
                lines.append(f"mkdir -p $1/{layer}/{folder}")
                for name, value in random_files(rng, 5).items():
                    lines.append(f"printf %s {shlex.quote(value)} > $1/{layer}/{folder}/{name}")
            lines += [
                f"mkdir $1/{layer}/{root}" for root in rng.sample(("bin", "lib", "include", "pkgconfig", "share"), 2)
            ]
            kinds = "\\n".join(f"{kind} = {rng.choice(('true', 'true', 'false'))}" for kind in ("build", "launch"))
            lines.append(f"printf '[types]\\n{kinds}\\n' > $1/{layer}.toml")
        buildpacks.append({"id": f"giver-{number}", "version": "1", "build": "\n".join(lines) + "\n"})
        told = {"clear-env": rng.random() < 0.3, "build": DUMP.format(number)}
        buildpacks.append({"id": f"told-{number}", "version": "1", **told})
    order = [{"id": buildpack["id"], "version": "1"} for buildpack in buildpacks]
    given = {"platform": random_files(rng, 8), "config": random_files(rng, 8)}
    for buildpack in buildpacks:
        buildpack["detect"] = "#!/bin/sh\n"
    return {"order": [order], "app": {"x": ""}, "buildpacks": buildpacks, **given}


def random_slices(seed: int) -> dict[str, Any]:
    """A random application, and random patterns that more or less fit it."""
    rng = random.Random(seed)
    parts = ("a", "b", "ab", "a.b", "a-b", "ä", "[x]", "*", "a b", ".a")
    paths: set[str] = set()
    for _ in range(rng.randrange(3, 14)):
        path = "/".join(rng.choice(parts) for _ in range(rng.randrange(1, 5)))
        if not any(path == other or path.startswith(f"{other}/") or other.startswith(f"{path}/") for other in paths):
            paths.add(path)
    patterns = [[random_pattern(rng, sorted(paths)) for _ in range(rng.randrange(4))] for _ in range(rng.randrange(5))]
    launch = tomli_w.dumps({"slices": [{"paths": texts} for texts in patterns]})
    build = f"#!/bin/sh\nprintf %s {shlex.quote(launch)} > $1/launch.toml\nmkdir -p empty\n"
    buildpack = {"id": "cuts", "version": "1", "detect": "#!/bin/sh\n", "build": build}
    return {"order": [[{"id": "cuts", "version": "1"}]], "app": dict.fromkeys(paths, "x"), "buildpacks": [buildpack]}


def random_pattern(rng: random.Random, paths: list[str]) -> str:
    """A path of the application, or a folder above it, with some of its characters made wild."""
    whole = rng.choice(paths).split("/")
    text = "/".join(whole[: rng.randrange(1, len(whole) + 1)])
    wild = ("?", "*", "[a-c]", "[^x]", "[]a]", "[a-]", "\\", "[ä-ö]", "**")
    changed = "".join(
        rng.choice(wild) if rng.random() < 0.15 else f"\\{char}" if char in "[]*" and rng.random() < 0.7 else char
        for char in text
    )
    return rng.choice(("", "", "", "./", "/", "x/../", "//")) + changed + rng.choice(("", "", "", "/", "/.", "/*"))


def environment_told(seen: dict[str, Seen]) -> Any:
    return seen["build"]["app"]


def layers_cut(seen: dict[str, Seen]) -> Any:
    config = seen["export"]["config"]
    pairs = zip(config["rootfs"]["diff_ids"], config["history"], strict=True)
    return [diff_id for diff_id, line in pairs if line["created_by"].startswith("Application")]


Row = tuple[Callable[[int], dict[str, Any]], Callable[[dict[str, Seen]], Any], int]
KINDS: dict[str, Row] = {
    "environment": (random_environment, environment_told, 4),
    "slices": (random_slices, layers_cut, 5),
}
CASES = [f"{kind}-{seed}" for kind, seeds in (("environment", 12), ("slices", 30)) for seed in range(seeds)]


def case_of(name: str) -> tuple[dict[str, Any], Callable[[dict[str, Seen]], Any], tuple[str, ...]]:
    kind, _, seed = name.partition("-")
    make, told, count = KINDS[kind]
    return make(int(seed)), told, PHASES[:count]


@pytest.mark.parametrize("name", CASES)
def test_phases__random_build__what_the_official_ones_made(name: str, tmp_path: Path, store: Store) -> None:
    scenario, told, phases = case_of(name)
    unfold(scenario, tmp_path / "x")
    ours = Ours(tmp_path / "x", store, make_run_image(store, {}))
    try:
        made: Any = told({phase: placed(ours.phase(phase), tmp_path / "x") for phase in phases})
    except errors.LifecycleError as error:
        made = error.exit_code
    assert made == json.loads(GOLDEN.read_text(encoding="utf-8"))[name]


@pytest.mark.official
def test_official__random_builds__make_what_is_recorded(official: Official) -> None:
    made: dict[str, Any] = {}
    for name in CASES:
        scenario, told, phases = case_of(name)
        official.prepare(scenario)
        try:
            made[name] = told({phase: official.phase(phase) for phase in phases})
        except OfficialFailed as failure:
            made[name] = failure.exit_code
    if RECORD:
        GOLDEN.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert made == json.loads(GOLDEN.read_text(encoding="utf-8"))
