"""Rebase of a 5 GB image in a registry: ours beside the official rebaser; seconds, and bytes sent to the registry.

The image is exported by our own export phase over five files of 1 GB that do not compress, and pushed before anything
is measured. Before each run the name of its run image is given to another one, as an update of the distribution does;
all bytes go through a door that counts them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import bare
import ours
import watch
from lifecycle import WORK
from registry import registry
from results import Part, say

GIGABYTE = 1_000_000_000


def fill(root: Path, gigabytes: int) -> None:
    """Files that do not compress, one in each layer."""
    for number in range(gigabytes):
        with (root / "layers" / "bench_big" / f"part{number}" / "data.bin").open("wb") as file:
            for _ in range(GIGABYTE // 10_000_000):
                file.write(os.urandom(10_000_000))


def push(root: Path, name: str, reference: str) -> None:
    """An image of the store into the registry, by our own upload; not measured."""
    from jupyter_mlpack.oci.store import Store
    from jupyter_mlpack.publish import Outputs, publish

    publish(name, Outputs(push=(reference,), insecure=True), Store(root / "store"), lambda _: None)


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--gigabytes", type=int, default=5)
    options = parser.parse_args()
    part = Part("rebase", vars(options))
    root = WORK / "rebase"
    shutil.rmtree(root, ignore_errors=True)
    try:
        with registry(root / "registry") as door:
            image, base = place(root, options.gigabytes, door.address)
            part.fact("image bytes", "ours", sum(bare.layer_sizes(root / "out")))
            shutil.rmtree(root / "store")
            shutil.rmtree(root / "out")
            ours.compile_ourselves()
            turn = 0
            for _ in range(options.runs):
                for side in ("ours", "official"):
                    turn += 1
                    push(root / "bases", f"registry.example/run{turn % 2}:1", base)
                    words = rebase_words(side, image, base, root / "home")
                    if not words:
                        continue
                    door.take()
                    environment = ours.environment() if side == "ours" else bare.official_environment(root)
                    took = watch.run(words, env=environment, watched=False)
                    part.add("rebase", side, replace(took, bytes=door.take()))
            push(root / "bases", f"registry.example/run{(turn + 1) % 2}:1", base)  # looking at memory takes time
            words = rebase_words("ours", image, base, root / "home")
            part.add("rebase-memory", "ours", watch.run(words, env=ours.environment()))
            if not bare.official():
                say("rebase: NOT COMPARED with the official rebaser: tests/official/install builds it")
    finally:
        shutil.rmtree(root)
    part.save()


def place(root: Path, gigabytes: int, address: str) -> tuple[str, str]:
    """The image in the registry, and two run images in a store; the references of the image and of its run image."""
    image, base = f"{address}/team/app:1", f"{address}/team/run:1"
    names = [f"part{number}" for number in range(gigabytes)]
    bare.prepare(root, names)
    say(f"rebase: making an image of {gigabytes} GB")
    fill(root, gigabytes)
    bare.make_run_image(root, bare.RUN, b"run 0\n")
    bare.analyze(root)
    analyzed = root / "layers" / "analyzed.toml"
    lines = analyzed.read_text().splitlines()
    found = str(root / "layout" / "registry.example" / "run" / "1")
    texts = [line.replace(f"{found}@", f"{address}/team/run@").replace(found, base) for line in lines]
    analyzed.write_text("\n".join([*texts, ""]))
    subprocess.run(bare.command(root), check=True, env=ours.environment())
    shutil.rmtree(root / "layers")
    say("rebase: pushing it to a registry of this machine")
    push(root, bare.RUN, base)
    push(root, bare.APP, image)
    for number in range(2):
        bare.make_run_image(root / "bases", f"registry.example/run{number}:1", f"run {number}\n".encode())
    return image, base


def rebase_words(side: str, image: str, base: str, home: Path) -> list[str]:
    """The command of a side; none if it is not at hand."""
    if side == "ours":
        return [*ours.COMMAND, "rebase", image, "--run-image", base, "--insecure", "--home", str(home)]
    program = bare.official()
    return [str(program), "rebase", f"-run-image={base}", "-uid=0", "-gid=0", image] if program else []


if __name__ == "__main__":
    os.umask(0o022)
    main()
