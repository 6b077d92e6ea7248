"""Push after one cell changed: bytes sent to the registry, ours beside ``docker push`` of both Dockerfiles' images."""

from __future__ import annotations

import argparse
import shutil
import time
from dataclasses import replace

import dockers
import watch
from cases import CASES
from lifecycle import WORK, prepare
from registry import Door, registry
from results import Part


def push_peer(peer: dockers.Peer, door: Door) -> watch.Sample:
    """``docker push`` of the peer's image."""
    name = f"{door.address}/{peer.tag}"
    dockers.docker("tag", peer.tag, name)
    door.take()
    sample = watch.run([dockers.CLIENT, "push", "--quiet", name], watch.daemon, watched=False)
    return replace(sample, bytes=door.take())


def main() -> None:
    """Measure a case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, default="sklearn")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    part = Part("push", vars(options))
    at = prepare(CASES[options.case], WORK, ("ours", "pip", "expert"))
    folder = WORK / "push"
    with registry(folder) as door:
        target = ["--push", f"{door.address}/team/train:1", "--insecure"]
        for number in range(-1, options.runs):
            state = "first" if number < 0 else "edited"
            line = f"pushed {number} {time.time_ns()}"
            at.case.write(at.notebook.parent, line=line)
            door.take()
            sample = at.home.build(at.notebook, *target, watched=False)
            part.add(state, "ours", replace(sample, bytes=door.take()))
            for peer in at.peers:
                at.case.write(peer.context, line=line)
                peer.build(watched=False)  # from the layers of the build before
                part.add(state, peer.side, push_peer(peer, door))
        for peer in at.peers:
            dockers.docker("image", "rm", f"{door.address}/{peer.tag}", check=False)
    shutil.rmtree(folder)
    part.save()


if __name__ == "__main__":
    main()
