"""All parts one after the other, then the table and the picture: what ``make bench`` runs.

The case of several GB, ``--only torch``, is not among them: its peers take turns on the disk. Stores, contexts,
BuildKit's layers and cache mounts are removed in the end, or by ``--only clear``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import dockers
from lifecycle import WORK
from results import say

HERE = Path(__file__).parent


GROUPS = ("prepare", "timed", "bytes", "clear")
TORCH = ["lifecycle.py", "--case", "torch", "--runs", "1"]


def parts(runs: int, groups: Sequence[str]) -> list[list[str]]:
    """The commands: what is only prepared, where a quiet machine matters, and where it does not."""
    counted = ["--runs", str(runs)]
    cases = {case: ["lifecycle.py", "--case", case, *counted] for case in ("sklearn", "opencv")}
    found = {
        "prepare": [[*words, "--states", ""] for words in cases.values()],
        "timed": [
            [*cases["sklearn"], "--states", "edited,fresh,second,added"],
            [*cases["opencv"], "--states", "edited,fresh"],
            ["export.py", *counted],
            ["rebase.py", *counted],
        ],
        "bytes": [
            *([*words, "--states", "size"] for words in cases.values()),
            ["push.py", *counted],
            ["fifty.py"],
        ],
        "torch": [
            [*TORCH, "--sides", "ours", "--states", "fresh,edited,second,size"],
            [*TORCH, "--sides", "pip", "--states", "fresh", "--clear"],
            [*TORCH, "--sides", "expert", "--states", "fresh,edited,size", "--clear"],
        ],
    }
    return [words for group in groups for words in found.get(group, [])]


def main() -> None:
    """Run them; a part that fails is told, and the others go on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", help=f"some of {','.join(GROUPS)},torch, with commas between")
    options = parser.parse_args()
    failed = []
    groups = options.only.split(",") if options.only else GROUPS
    for words in parts(options.runs, groups):
        say(f"--- {' '.join(words)}")
        if subprocess.run([sys.executable, HERE / words[0], *words[1:]], check=False, env=os.environ).returncode:
            failed.append(" ".join(words))
    if "clear" in groups:
        shutil.rmtree(WORK, ignore_errors=True)
        dockers.remove_images()
        dockers.clear(cache_mounts=True)
    if "timed" in groups:
        subprocess.run([sys.executable, HERE / "picture.py"], check=False)
    subprocess.run([sys.executable, HERE / "table.py"], check=False)
    if failed:
        sys.exit(f"failed: {'; '.join(failed)}")


if __name__ == "__main__":
    main()
