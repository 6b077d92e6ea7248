"""The export phase alone: folders that all earlier phases have filled, a run image of one layer, ours and the official
lifecycle's exporter on them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

BUILDPACK = "bench/big"
APP, RUN = "registry.example/app:1", "registry.example/run:1"
RUN_LABELS = (("io.buildpacks.base.distro.name", "debian"), ("io.buildpacks.base.distro.version", "12"))
GROUP = f'[[group]]\nid = "{BUILDPACK}"\nversion = "1"\napi = "0.10"\n'
METADATA = f"""[[processes]]
type = "train"
command = ["true"]
default = true
buildpack-id = "{BUILDPACK}"

[[buildpacks]]
id = "{BUILDPACK}"
version = "1"
api = "0.10"
"""


def official() -> Path | None:
    """The official lifecycle, built by ``tests/official/install``; ``None`` if it is not at hand."""
    places = [os.environ.get("MLPACK_OFFICIAL", ""), str(Path(__file__).parents[1] / ".venv" / "official")]
    places.append(str(Path.home() / "go" / "bin"))
    found = [Path(place, "lifecycle") for place in places if place and Path(place, "lifecycle").exists()]
    return found[0] if found else None


def official_environment(folder: Path) -> dict[str, str]:
    """Its settings."""
    (folder / "tmp").mkdir(exist_ok=True)
    return {
        **os.environ,
        "TMPDIR": str(folder / "tmp"),
        "CNB_PLATFORM_API": "0.12",
        "CNB_EXPERIMENTAL_MODE": "warn",
    }


def prepare(root: Path, layers: Iterable[str]) -> None:
    """All that an exporter reads; the caller fills ``layers``, in ``root/layers/bench_big/NAME``."""
    for folder in ("app", "layers/config", "layers/bench_big", "layout", "store", "platform"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "app" / "train.ipynb").write_text("{}\n")
    (root / "launcher").write_text("#!/bin/sh\n")
    (root / "layers" / "group.toml").write_text(GROUP)
    (root / "layers" / "config" / "metadata.toml").write_text(METADATA)
    for name in layers:
        (root / "layers" / "bench_big" / name).mkdir(exist_ok=True)
        (root / "layers" / "bench_big" / f"{name}.toml").write_text("[types]\nlaunch = true\n")


def make_run_image(root: Path, name: str, content: bytes) -> None:
    """A run image of one layer with one file, in ``root/store`` and as a layout for the official phases."""
    from jupyter_mlpack.oci.layout import write_layout
    from jupyter_mlpack.oci.manifest import History, ImageConfig
    from jupyter_mlpack.oci.store import Store
    from jupyter_mlpack.oci.tar import TarEntry, write_tar

    store = Store(root / "store")
    entries = [TarEntry("/etc", "directory", 0o755, 0, 0),
               TarEntry("/etc/base", "file", 0o644, 0, 0, size=len(content), data=content)]  # fmt: skip
    layer = store.add_layer(lambda out: write_tar(out, entries))
    config = ImageConfig(
        architecture="amd64",
        os="linux",
        diff_ids=(layer.diff_id,),
        history=(History("1980-01-01T00:00:01Z", "bench"),),
        env=(("PATH", "/usr/bin:/bin"),),
        user="1000:1000",
        labels=RUN_LABELS,
    )
    store.tag(name, store.add_image(config, [layer]).descriptor)
    image = store.image(name)
    assert image is not None
    layout = root / "layout" / name.replace(":", "/")
    layout.mkdir(parents=True, exist_ok=True)
    write_layout(store, image, layout, name.rpartition(":")[2])


def official_words(root: Path, phase: str, *more: str) -> list[str]:
    """A phase of the official lifecycle on ``root``, in layout mode."""
    program = official()
    assert program is not None
    layout = ["-layout", f"-layout-dir={root / 'layout'}", "-uid=0", "-gid=0", f"-layers={root / 'layers'}"]
    return [str(program), phase, *layout, *more]


def analyze(root: Path) -> None:
    """``analyzed.toml`` for both exporters: written by the official analyzer, or by ours where that is missing."""
    from jupyter_mlpack.lifecycle.analyze import analyze as ours
    from jupyter_mlpack.lifecycle.context import Folders
    from jupyter_mlpack.oci.store import Store

    if official():
        words = official_words(root, "analyze", f"-run-image={RUN}", APP)
        subprocess.run(words, check=True, capture_output=True, env=official_environment(root))
        return
    store = Store(root / "store")
    image = store.image(RUN)
    assert image is not None
    ours(image, None, store, Folders(app=root / "app", layers=root / "layers", platform=root / "platform"))


def forget(root: Path) -> None:
    """No layer of the application, neither in the store nor in the layout; the run image stays."""
    from jupyter_mlpack.oci.store import Store

    store = Store(root / "store")
    kept = {name for image in store.images() if image.name != APP for name in names_of(image)}
    store.untag(APP)
    for blob in (root / "store" / "blobs" / "sha256").iterdir():
        if blob.name not in kept:
            blob.unlink()
    for folder in (root / "layout" / "registry.example" / "app", root / "out", root / "tmp"):
        shutil.rmtree(folder, ignore_errors=True)
    (root / "tmp").mkdir()


def names_of(image: object) -> set[str]:
    """File names of an image's blobs."""
    digests = [image.descriptor.digest, image.manifest.config.digest]  # type: ignore[attr-defined]
    digests += [layer.digest for layer in image.manifest.layers]  # type: ignore[attr-defined]
    return {digest.removeprefix("sha256:") for digest in digests}


def export_ours(root: Path) -> None:
    """Our export phase, and a layout as the official one leaves it. Runs in a process of its own."""
    from jupyter_mlpack.lifecycle.context import Folders, Owner
    from jupyter_mlpack.lifecycle.export import Exporter
    from jupyter_mlpack.lifecycle.files import read_group
    from jupyter_mlpack.lifecycle.labels import read_analyzed
    from jupyter_mlpack.oci.layout import write_layout
    from jupyter_mlpack.oci.store import Store

    store = Store(root / "store")
    run_image = store.image(RUN)
    assert run_image is not None
    places = {name: root / name for name in ("app", "layers", "platform")}
    folders = Folders(**places, image_app=str(root / "app"), image_layers=str(root / "layers"))
    exporter = Exporter(store, folders, Owner(0, 0), root / "launcher")
    group = read_group(root / "layers" / "group.toml")
    exported = exporter.export(APP, group, read_analyzed(root / "layers" / "analyzed.toml"), run_image)
    store.tag(APP, exported.stored.descriptor)
    write_layout(store, exported.stored, root / "out", APP)


def layer_sizes(layout: Path) -> list[int]:
    """Compressed bytes of the layers in a layout of one image."""
    (line,) = json.loads((layout / "index.json").read_text())["manifests"]
    manifest = json.loads((layout / "blobs" / "sha256" / line["digest"].partition(":")[2]).read_text())
    return [layer["size"] for layer in manifest["layers"]]


def command(root: Path) -> list[str]:
    """The words that run ``export_ours``."""
    return [sys.executable, __file__, str(root)]


if __name__ == "__main__":
    export_ours(Path(sys.argv[1]))
