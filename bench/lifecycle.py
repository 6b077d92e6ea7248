"""A case, built fresh, rebuilt after an edit, and with a package added: ours beside both Dockerfiles, paired.

``fresh``: no layers and no build cache on any side; downloads are warm on all (uv's cache for ours, cache mounts for
the peers); base images are there, versions come from a file. ``ours`` keeps the wheel store, as on a machine that has
seen these wheels before in another notebook; ``ours-strict`` starts without it.
``edited``: one cell changed. ``ours`` is a request to a running Jupyter server, ``ours-cli`` a process of its own.
``added``: one small package more, which no side has installed before, its download warm. ``second``: another notebook
with the same heavy packages and one small package that is new.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import dockers
import ours
from cases import CASES, SMALL, Case
from registry import registry
from results import Part, Sample, say
from server import ENDED, Server

WORK = Path(os.environ.get("MLPACK_BENCH_WORK", "/tmp/mlpack-bench"))
"""Stores and contexts of a session; ``everything.py`` removes it."""
STATES = ("fresh", "edited", "added", "second", "size")
SIDES = ("ours", "pip", "expert", "expert-lean")
IMAGE = "train:training"


@dataclass(frozen=True)
class Setting:
    """One case on all sides, ready to be measured."""

    case: Case
    home: ours.Home
    notebook: Path
    peers: tuple[dockers.Peer, ...]
    lock: list[dict[str, object]]
    small: dict[str, str]
    """Small packages and their versions."""
    ours: bool
    """Whether our side is measured, too."""

    def peer(self, side: str) -> dockers.Peer | None:
        """The peer of this side, if it takes part."""
        return next((peer for peer in self.peers if peer.side == side), None)

    def reset(self) -> None:
        """The notebook as it was first, and an image of it."""
        self.case.write(self.notebook.parent)
        self.home.build(self.notebook, watched=False)


def prepare(case: Case, work: Path, sides: Sequence[str]) -> Setting:
    """Run images, downloads and a first build of ours; nothing of it is measured, and what is there is kept."""
    folder = work / case.name
    folder.mkdir(parents=True, exist_ok=True)
    ours.compile_ourselves()
    home, notebook = ours.Home(folder / "home"), case.write(folder / "project")
    if "ours" in sides or not (folder / "lock.json").exists():
        say(f"{case.name}: first build of ours, not measured")
        home.build(notebook, watched=False)
    lock = first_lock(folder / "lock.json", home)
    small = download_small(folder / "small", {str(package["name"]) for package in lock})
    peers = tuple(
        dockers.Peer(side, folder / side, f"mlpack-bench-{case.name}-{side}:latest") for side in sides if side != "ours"
    )
    for peer in peers:
        peer.write(case, lock)
    if peers:
        dockers.make_bases(work)
        download_once(folder / "downloaded.txt", case, lock, small)
    return Setting(case, home, notebook, peers, lock, small, "ours" in sides)


def first_lock(path: Path, home: ours.Home) -> list[dict[str, object]]:
    """The case's own packages, although later parts lock others in the same store."""
    if not path.exists():
        path.write_text(json.dumps(home.lock()))
    return list(json.loads(path.read_text()))


def download_once(done: Path, case: Case, lock: list[dict[str, object]], small: dict[str, str]) -> None:
    """The peers' downloads, unless ``done`` says that these are there."""
    extra = [f"{name}=={version}" for name, version in small.items()]
    wanted = "\n".join([*map(dockers.pin, lock), *extra])
    if done.exists() and done.read_text() == wanted:
        return
    say(f"{case.name}: downloads of the peers, not measured")
    dockers.Peer("downloads", done.with_suffix(""), "mlpack-bench-downloads:latest").download(case, lock, extra)
    done.write_text(wanted)


def download_small(folder: Path, taken: set[str]) -> dict[str, str]:
    """The small packages that the case does not have, in uv's cache; their versions."""
    names = [name for name in SMALL if name not in taken]
    subprocess.run(["uv", "pip", "install", "-q", "--no-deps", "--target", str(folder), *names], check=True)
    found = {dist.metadata["Name"].lower(): dist.version for dist in metadata.distributions(path=[str(folder)])}
    shutil.rmtree(folder)
    return {name: found[name] for name in names}


def fresh(part: Part, at: Setting, runs: int) -> None:
    """Builds without layers of an earlier one."""
    for number in range(runs):
        for side, wheels in (("ours", False), ("ours-strict", True)):
            if at.ours and number < few(runs, side):
                at.home.forget(wheels)
                part.add("fresh", side, at.home.build(at.notebook))
        for peer in at.peers:
            if number < few(runs, peer.side):
                part.add("fresh", peer.side, peer.fresh())


def few(runs: int, side: str) -> int:
    """How often a side runs: what stands in the table without an aim, thrice at most."""
    return min(3, runs) if side in {"ours-strict", "expert-lean"} else runs


def edited(part: Part, at: Setting, runs: int) -> None:
    """One cell changed since the last build; ours inside a warm server, too."""
    for peer in at.peers:
        peer.build(watched=False)
    if not at.ours:
        for number in range(runs):
            rebuild_peers(part, at, number)
        return
    at.reset()
    server = Server(at.notebook.parent.parent / "server", at.home.root, at.notebook.parent)
    try:
        in_server(server, at.notebook)
        for number in range(runs):
            for side in ("ours", "ours-cli"):
                time.sleep(3)  # until a worker is warm again
                at.case.write(at.notebook.parent, line=f"{side} {number} {time.time_ns()}")
                warm = side == "ours"
                part.add("edited", side, in_server(server, at.notebook) if warm else rebuild(at))
            rebuild_peers(part, at, number)
    finally:
        server.stop()
    for number in range(runs):  # again, watched: looking at the memory takes time of its own
        at.case.write(at.notebook.parent, line=f"watched {number} {time.time_ns()}")
        part.add("edited-memory", "ours-cli", at.home.build(at.notebook))


def rebuild(at: Setting) -> Sample:
    """A process of its own."""
    return at.home.build(at.notebook, watched=False)


def rebuild_peers(part: Part, at: Setting, number: int) -> None:
    """The same edit on the peers' side."""
    for peer in at.peers:
        at.case.write(peer.context, line=f"{number} {time.time_ns()}")
        part.add("edited", peer.side, peer.build(watched=False))


def in_server(server: Server, notebook: Path) -> Sample:
    """From the click until the server says that the run has ended."""
    os.sync()
    began = time.perf_counter()
    run = server.ask("POST", "builds", {"path": f"project/{notebook.name}"})
    while run["state"] not in ENDED:
        time.sleep(0.002)
        run = server.ask("GET", f"builds/{run['id']}")
    seconds = time.perf_counter() - began
    assert run["state"] == "succeeded", run
    return Sample(seconds)


def added(part: Part, at: Setting, runs: int) -> None:
    """One small package more."""
    for peer in at.peers:
        peer.build(watched=False)
    for name in list(at.small)[:runs]:
        if at.ours:
            at.reset()
            at.case.write(at.notebook.parent, extra=(name,))
            part.add("added", "ours", at.home.build(at.notebook))
        for peer in at.peers:
            if peer.side != "expert-lean":
                peer.pins(at.case, at.lock, [f"{name}=={at.small[name]}"])
                part.add("added", peer.side, peer.build())
    for peer in at.peers:
        peer.pins(at.case, at.lock)


def second(part: Part, at: Setting, runs: int) -> None:
    """Other notebooks with the heavy packages of this one; the bytes are those that the store grew by."""
    at.reset()
    for number, name in enumerate(reversed(list(at.small)[-runs:])):
        notebook = at.case.write(at.notebook.parent, f"second{number}", extra=(name,), line=name)
        before = at.home.blobs()
        took = at.home.build(notebook, watched=False)
        grown = at.home.blobs() - before
        part.add("second", "ours", Sample(took.seconds, took.cpu, took.memory, grown))


def size(part: Part, at: Setting, runs: int) -> None:
    """Compressed layers of the images, as a registry keeps them."""
    del runs
    if at.ours:
        at.reset()
        part.fact("size", "ours", at.home.image_size(IMAGE))
    with registry(at.home.root.parent / "registry") as door:
        for peer in at.peers:
            peer.build(watched=False)
            part.fact("size", peer.side, dockers.pushed_size(peer.tag, door.address))
    shutil.rmtree(at.home.root.parent / "registry")


def main() -> None:
    """Measure one case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--states", help=f"some of {','.join(STATES)}, with commas between; default: all")
    parser.add_argument("--sides", help=f"some of {','.join(SIDES)}, with commas between; default: all")
    parser.add_argument("--clear", action="store_true", help="remove the peers' images and layers in the end")
    options = parser.parse_args()
    part = Part(f"lifecycle-{options.case}", vars(options), more=True)
    sides = SIDES if options.sides is None else options.sides.split(",")
    at = prepare(CASES[options.case], WORK, sides)
    table = {"fresh": fresh, "edited": edited, "added": added, "second": second, "size": size}
    for state in STATES if options.states is None else options.states.split(","):
        if state:
            table[state](part, at, options.runs)
    if options.clear:
        for peer in at.peers:
            peer.remove()
        dockers.clear(cache_mounts=at.case.folder)
        for note in WORK.glob("*/downloaded.txt") if at.case.folder else ():
            if note.parent.name != at.case.name:  # the folder of wheels is an image, and stays
                note.unlink()
    part.save()


if __name__ == "__main__":
    main()
