"""Records what the official exporter makes of our fixture trees: ``python tests/oci/record_golden.py``.

The trees are the same on every machine; the digests depend on names, modes, contents and the ids given, so those are
written down beside them. The official binaries are found on PATH, or in the folder that MLPACK_OFFICIAL names.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_mlpack.oci.layout import write_layout
from jupyter_mlpack.oci.manifest import ImageConfig
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import write_tar

sys.path.insert(0, str(Path(__file__).parent))
from golden_trees import IDS, SLICES, TREES, Builder

GOLDEN = Path(__file__).parent / "golden" / "layers.json"
PLACE = Path(tempfile.gettempdir()) / "mlpack-golden"
BUILDPACK = "example/trees"
APP = "workspace"


def official() -> Path | None:
    """The official lifecycle's executable, if it is here."""
    folder = os.environ.get("MLPACK_OFFICIAL")
    found = shutil.which("lifecycle", path=folder) if folder else shutil.which("lifecycle")
    return Path(found) if found else None


def cases() -> list[dict[str, object]]:
    """What is exported: each tree as application and as layer; the application also by slices, and for several ids."""
    usual = IDS["usual"]
    rows: list[dict[str, object]] = []
    rows += [{"id": f"tree-{tree}", "tree": tree, "slices": [], "ids": usual} for tree in TREES]
    for name, slices in SLICES.items():
        rows.append({"id": f"slices-{name}", "tree": "application", "slices": slices, "ids": usual})
    rows += [{"id": f"ids-{name}", "tree": "long-names", "slices": [], "ids": ids} for name, ids in IDS.items()]
    return rows


def record(case: Mapping[str, object], lifecycle: Path) -> dict[str, object]:
    """Export one case with the official exporter; the case with names, parents and digests."""
    PLACE.mkdir(mode=0o755)
    try:
        return {**case, **_export(case, lifecycle)}
    finally:
        shutil.rmtree(PLACE)


def _export(case: Mapping[str, object], lifecycle: Path) -> dict[str, object]:
    uid, gid = ids = tuple(case["ids"])  # type: ignore[call-overload]
    layers, app = PLACE / "layers", PLACE / APP
    layer = layers / BUILDPACK.replace("/", "_") / "tree"
    for folder in (PLACE, layers, layer.parent):
        Builder(folder, uid, gid)
    for root in (app, layer):
        TREES[str(case["tree"])](Builder(root, uid, gid))
    _write_inputs(layers, layer, case["slices"])  # type: ignore[arg-type]
    label = _run(lifecycle, layers, app, ids)
    shas = label["buildpacks"][0]["layers"]["tree"]["sha"]
    return {
        "ids": [uid, gid],
        "app": {"at": str(app), "parents": parents(app), "diff_ids": [entry["sha"] for entry in label["app"]]},
        "layer": {"at": str(layer), "parents": parents(layer), "diff_ids": [shas]},
    }


def parents(path: Path) -> list[list[object]]:
    """Name, mode and owners of each folder above ``path``, root-most first."""
    above = [(parent, parent.stat()) for parent in reversed(path.parents) if parent != Path("/")]
    return [[str(parent), f"{found.st_mode & 0o7777:o}", found.st_uid, found.st_gid] for parent, found in above]


def _write_inputs(layers: Path, layer: Path, slices: Sequence[Sequence[str]]) -> None:
    lines = ["[[buildpacks]]", f'id = "{BUILDPACK}"', 'version = "1"', 'api = "0.10"', ""]
    layers.joinpath("group.toml").write_text("\n".join(["[[group]]", *lines[1:]]))
    layer.with_suffix(".toml").write_text("[types]\nlaunch = true\n")
    for paths in slices:
        lines += ["[[slices]]", f"paths = {json.dumps(paths)}"]
    layers.joinpath("config").mkdir()
    layers.joinpath("config", "metadata.toml").write_text("\n".join(lines))
    store = Store(PLACE / "store")
    base = store.add_layer(lambda out: write_tar(out, ()))
    image = store.add_image(ImageConfig("amd64", "linux", (base.diff_id,)), [base])
    write_layout(store, image, PLACE / "layout" / "registry.test" / "run" / "1", "run")


def _run(lifecycle: Path, layers: Path, app: Path, ids: Sequence[int]) -> dict[str, object]:
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{ids[0]}:{ids[1]}", PLACE / "layout"], check=True)
    environment = {
        "CNB_PLATFORM_API": "0.12",
        "CNB_EXPERIMENTAL_MODE": "warn",
        "CNB_NO_COLOR": "true",
        "PATH": os.environ["PATH"],
    }
    launcher = PLACE / "launcher"
    launcher.write_bytes(b"#!/bin/false\n")
    launcher.chmod(0o755)
    shared = ["-layout", "-layout-dir", PLACE / "layout", "-layers", layers, "-uid", str(ids[0]), "-gid", str(ids[1])]
    image = "registry.test/app:1"
    for command in (
        ["analyze", *shared, "-run-image", "registry.test/run:1", image],
        ["export", *shared, "-app", app, "-launcher", launcher, image],
    ):
        done = subprocess.run([lifecycle, *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return _label(PLACE / "layout" / "registry.test" / "app" / "1")


def _label(layout: Path) -> dict[str, object]:
    def blob(digest: str) -> dict[str, object]:
        return json.loads((layout / "blobs" / digest.replace(":", "/")).read_bytes())  # type: ignore[no-any-return]

    index = json.loads((layout / "index.json").read_bytes())
    config = blob(blob(index["manifests"][0]["digest"])["config"]["digest"])  # type: ignore[index,call-overload]
    return json.loads(config["config"]["Labels"]["io.buildpacks.lifecycle.metadata"])  # type: ignore[index,call-overload,no-any-return]


def main() -> None:
    """Record all cases."""
    lifecycle = official()
    if lifecycle is None:
        raise SystemExit("no official lifecycle: build it with tests/official/install and set MLPACK_OFFICIAL")
    os.umask(0o022)
    lines = ",\n".join(json.dumps(record(case, lifecycle), ensure_ascii=True) for case in cases())
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
