"""Export of a new layer of 700 MB: ours beside the official lifecycle's exporter, on the same folders.

The layer is made of real files: wheels that machine learning uses (``WHEELS``), installed by uv and cut off at 700 MB.
Both read the folders, compress, and leave an OCI layout with the whole image.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from pathlib import Path

import bare
import ours
import watch
from lifecycle import WORK
from results import Part, say

SIZE = 700_000_000
WHEELS = ("pyarrow", "scipy", "llvmlite", "opencv-python-headless", "polars-runtime-32", "pandas", "scikit-learn",
          "numpy", "matplotlib", "numba", "polars", "statsmodels", "sympy", "bokeh")  # fmt: skip


def fill(folder: Path) -> int:
    """Real files of ``SIZE`` bytes together; how many files."""
    scratch = folder.with_name("wheels.tmp")
    subprocess.run(
        ["uv", "pip", "install", "-q", "--no-deps", "--link-mode", "copy", "--target", scratch, *WHEELS], check=True
    )
    total = count = 0
    for path in sorted(scratch.rglob("*")):
        if path.is_dir() or path.is_symlink() or path.suffix == ".pyc":
            continue
        size = path.stat().st_size
        if total + size > SIZE:
            continue
        place = folder / path.relative_to(scratch)
        place.parent.mkdir(parents=True, exist_ok=True)
        path.rename(place)
        total, count = total + size, count + 1
    shutil.rmtree(scratch)
    if total < SIZE * 0.99:
        say(f"only {total / 1e6:.0f} MB came together")
    return count


def sizes(part: Part, root: Path) -> None:
    """Compressed bytes on both sides."""
    part.fact("image bytes", "ours", sum(bare.layer_sizes(root / "out")))
    layout = root / "layout" / "registry.example" / "app" / "1"
    if layout.exists():
        part.fact("image bytes", "official", sum(bare.layer_sizes(layout)))


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    part = Part("export", vars(options))
    root = WORK / "export"
    shutil.rmtree(root, ignore_errors=True)
    bare.prepare(root, ["site"])
    say(f"export: a layer of {fill(root / 'layers' / 'bench_big' / 'site')} files")
    bare.make_run_image(root, bare.RUN, b"first\n")
    bare.analyze(root)
    ours.compile_ourselves()
    for _ in range(options.runs):
        bare.forget(root)
        part.add("export", "ours", watch.run(bare.command(root), env=ours.environment()))
        if bare.official():
            words = [f"-app={root / 'app'}", f"-launcher={root / 'launcher'}", bare.APP]
            environment = bare.official_environment(root)
            part.add("export", "official", watch.run(bare.official_words(root, "export", *words), env=environment))
        else:
            say("export: NOT COMPARED with the official lifecycle: tests/official/install builds it")
    sizes(part, root)
    shutil.rmtree(root)
    part.save()


if __name__ == "__main__":
    os.umask(0o022)
    main()
