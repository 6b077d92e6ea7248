"""``--cache-dir`` and ``--cache-image``: the official lifecycle's forms; either one reads what the other kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from phases import APP, PHASES, ROOT, USER, Official, Ours, listing, make_run_image, own, unfold  # noqa: E402

from jupyter_mlpack.lifecycle.cache_folder import METADATA, CacheFolder, CacheLayers  # noqa: E402
from jupyter_mlpack.lifecycle.cache_image import CacheImage  # noqa: E402
from jupyter_mlpack.lifecycle.context import Owner  # noqa: E402
from jupyter_mlpack.oci.reference import parse_reference  # noqa: E402
from jupyter_mlpack.oci.registry import pull_image  # noqa: E402
from jupyter_mlpack.oci.store import Store  # noqa: E402
from jupyter_mlpack.oci.transport import Access  # noqa: E402

SCENARIO: dict[str, Any] = {
    "order": [[{"id": "keeper/one", "version": "1"}]],
    "app": {"notebook.ipynb": "{}\n"},
    "buildpacks": [
        {
            "id": "keeper/one",
            "version": "1",
            "sbom-formats": ["application/vnd.cyclonedx+json"],
            "build": """
for name in only both; do
  layer=$CNB_LAYERS_DIR/$name
  [ -e "$layer/count" ] && echo "$name: $(cat "$layer/count"), $(cat "$layer.toml")" >> seen-kept
  mkdir -p "$layer/deep/er"
  echo x >> "$layer/count"
  ln -sf ../count "$layer/deep/link"
  echo '#!/bin/sh' > "$layer/deep/er/tool"; chmod 750 "$layer/deep/er/tool"
  echo '{}' > "$layer.sbom.cdx.json"
done
printf '[types]\\ncache = true\\n[metadata]\\nkey = "only"\\n' > "$CNB_LAYERS_DIR/only.toml"
printf '[types]\\ncache = true\\nlaunch = true\\n[metadata]\\nkey = "both"\\n' > "$CNB_LAYERS_DIR/both.toml"
""",
        }
    ],
}
LAYERS = CacheLayers(Owner(USER, USER), str(ROOT / "layers"))
LOCAL = Access(insecure=True)


def turn(root: Path, store: Store, cache: object) -> Ours:
    """One whole build of ours, with another cache than the store's own."""
    unfold(SCENARIO, root)
    ours = Ours(root, store, make_run_image(store, {}))
    ours.cache = cache  # type: ignore[assignment]
    for phase in PHASES:
        ours.phase(phase)
    return ours


def kept(root: Path) -> str:
    """What the buildpack found of the last build."""
    path = root / "app" / "seen-kept"
    return path.read_text() if path.exists() else ""


def committed(folder: Path) -> dict[str, Any]:
    found = {path.name: path.read_bytes() for path in (folder / "committed").iterdir()}
    return {**found, METADATA: json.loads(found[METADATA])}


def test_cache_folder__two_builds__layers_come_back(tmp_path: Path, store: Store) -> None:
    cache = CacheFolder(tmp_path / "cache", LAYERS)
    turn(tmp_path / "1", store, cache)
    turn(tmp_path / "2", store, CacheFolder(tmp_path / "cache", LAYERS))
    assert "only: x" in kept(tmp_path / "2")
    assert "both: x" in kept(tmp_path / "2")
    assert (tmp_path / "2" / "layers" / "keeper_one" / "only" / "deep" / "er" / "tool").stat().st_mode & 0o777 == 0o750
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["committed"]


@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "no metadata", "metadata of another form"])
def test_cache_folder__damaged__as_if_it_were_not_there(damage: str, tmp_path: Path, store: Store) -> None:
    turn(tmp_path / "1", store, CacheFolder(tmp_path / "cache", LAYERS))
    for path in (tmp_path / "cache" / "committed").iterdir():
        if damage.endswith("metadata") or damage.startswith("metadata"):
            if path.name == METADATA:
                path.unlink() if damage == "no metadata" else path.write_text('{"buildpacks": 7}')
        elif damage == "gone" and path.suffix == ".tar":
            path.unlink()
        elif path.suffix == ".tar":
            data = path.read_bytes()
            path.write_bytes(data[: len(data) // 3] if damage == "cut" else data.replace(b"x\n", b"y\n"))
    turn(tmp_path / "2", store, CacheFolder(tmp_path / "cache", LAYERS))
    assert kept(tmp_path / "2") == ""


@pytest.mark.parametrize("name", ["../up", "/absolute", "..", ""])
def test_cache_folder__metadata_of_a_stranger__nothing_lands_outside(name: str, tmp_path: Path, store: Store) -> None:
    turn(tmp_path / "1", store, CacheFolder(tmp_path / "cache", LAYERS))
    path = tmp_path / "cache" / "committed" / METADATA
    table = json.loads(path.read_text())
    table["buildpacks"][0]["layers"] = {name: table["buildpacks"][0]["layers"]["only"]}
    path.write_text(json.dumps(table))
    assert CacheFolder(tmp_path / "cache", LAYERS).records()["keeper/one"].layers == {}


@pytest.mark.official
def test_official__our_cache_folder__same_files_as_theirs(official: Official, tmp_path: Path) -> None:
    official.prepare(SCENARIO, make_run_image(official.store, {}))
    for phase in PHASES:
        official.phase(phase)
    turn(tmp_path / "1", official.store, CacheFolder(tmp_path / "cache", LAYERS))
    assert committed(tmp_path / "cache") == committed(ROOT / "cache")


@pytest.mark.official
def test_official__reads_our_cache_folder(official: Official, tmp_path: Path) -> None:
    official.prepare(SCENARIO, make_run_image(official.store, {}))
    ours = Ours(ROOT, official.store, official.run_image)
    ours.cache = CacheFolder(ROOT / "cache", LAYERS)  # type: ignore[assignment]
    for phase in PHASES:
        ours.phase(phase)
    image = official.store.image(APP)
    assert image is not None
    official.prepare(SCENARIO)
    official.provide(APP, image)
    own(ROOT)
    for phase in PHASES[:-1]:
        official.phase(phase)
    assert "only: x" in kept(ROOT)
    assert "both: x" in kept(ROOT)


@pytest.mark.official
def test_official__we_read_their_cache_folder(official: Official) -> None:
    official.prepare(SCENARIO, make_run_image(official.store, {}))
    for phase in PHASES:
        official.phase(phase)
    official.prepare(SCENARIO)
    for phase in PHASES[:2]:
        official.phase(phase)
    ours = Ours(ROOT, official.store, official.run_image)
    ours.cache = CacheFolder(ROOT / "cache", LAYERS)  # type: ignore[assignment]
    ours.phase("restore")
    mine = listing(ROOT / "layers" / "keeper_one")
    for path in (ROOT / "layers" / "keeper_one").iterdir():
        subprocess.run(["rm", "-rf", str(path)], check=True)
    official.phase("restore")
    assert {name: text[5:] for name, text in mine.items()} == {
        name: text[5:] for name, text in listing(ROOT / "layers" / "keeper_one").items()
    }


def test_cache_image__two_machines__layers_come_back(tmp_path: Path, store: Store, shared_registry: Any) -> None:
    reference = parse_reference(f"{shared_registry.host}/caches/keeper:1")
    for number in (1, 2):
        there = Store(tmp_path / f"machine {number}")
        cache = CacheImage(reference, there, LOCAL, LAYERS)
        turn(tmp_path / str(number), there, cache)
        assert there.image(str(reference)) is None
    assert "only: x" in kept(tmp_path / "2")
    label = dict(pull_image(reference, store, "", layers=False, access=LOCAL).config.labels)[METADATA]
    assert json.loads(label)["buildpacks"][0]["key"] == "keeper/one"
