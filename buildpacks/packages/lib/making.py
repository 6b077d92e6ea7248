"""Makes the layers that are not kept: wheels, their bytecode, the environment."""

from __future__ import annotations

import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bytecode import compile_site
from environment import Installed, write_environment
from install import InstallError, install
from layer import environment_metadata, fresh, layer_metadata, write_metadata
from needs import find_needs, join_needs
from plan import ENVIRONMENT, Content, Plan, needs_rules

__all__ = ["InstallError", "make"]


class Progress:
    """Counts packages over all layers; uv's downloads are shown as they come.

    Those of one layer are installed at once: half of each is done then, the other half as they are compiled.
    """

    def __init__(self, total: int) -> None:
        self.total, self.done, self.lock = total, 0, threading.Lock()
        self.reached: dict[str, float] = {}

    def line(self, text: str) -> None:
        """One line of uv, unless it only repeats the lock."""
        if text and not text.startswith((" + ", "Using ", "Resolved ", "Prepared ", "Installed ")):
            print(f"     {text}")

    def reach(self, content: Content, share: float) -> None:
        """This share of a layer's packages is in place."""
        with self.lock:
            self.reached[content.name] = share * len(content.requirements)
            done = int(sum(self.reached.values()) + 1e-6)
            if done > self.done:
                self.done = done
                print(f"[mlpack] packages {self.done} of {self.total}")


def install_layer(plan: Plan, content: Content, scratch: Path, progress: Progress) -> Installed:
    """Installs one layer. A kept one goes to ``scratch``: only its file names are needed, to link to them."""
    folder = fresh(scratch if content.kept is not None else plan.layers, content.name)
    install(plan, content, folder, progress.line)
    progress.reach(content, 0.5)
    without = list(content.kept or ())
    if content.kept is None and plan.interpreter:
        seen_as = f"{plan.venv}/{plan.site}"
        without = compile_site(
            folder / "site", seen_as, plan.interpreter, lambda share: progress.reach(content, 0.5 + share / 2)
        )
    progress.reach(content, 1.0)
    return Installed(content.name, folder, frozenset(without), plan.interpreter is not None)


def make_in(plan: Plan, scratch: Path) -> None:
    """Makes what is not kept, the layers' metadata last."""
    new = [content for content in plan.contents if content.kept is None]
    count = sum(len(content.requirements) for content in plan.contents)
    print(f"---> Installing {sum(len(content.requirements) for content in new)} packages for {plan.platform}")
    if len(new) < len(plan.contents):
        print(f"     Keeping {len(plan.contents) - len(new)} layers of the previous image")
    if plan.interpreter is None:
        print("     The target's Python does not run on this machine: the packages are not compiled to bytecode")
    progress = Progress(count)
    with ThreadPoolExecutor(2) as pool:
        installed = list(pool.map(lambda content: install_layer(plan, content, scratch, progress), plan.contents))
    fresh(plan.layers, ENVIRONMENT)
    links = write_environment(plan, installed, lambda text: print(f"     {text}"))
    print(f"---> Joined {count} packages: {len(links)} files")
    needs = find_needs(links, plan.arch, f"{plan.site}/")
    print(f"---> Needs of the system: {', '.join(need.library for need in needs) or 'nothing'}")
    for content, made in zip(plan.contents, installed):  # noqa: B905 (Python 3.9 has no strict)
        write_metadata(plan.layers, content.name, layer_metadata(content.key, made.without_bytecode))
    write_metadata(plan.layers, ENVIRONMENT, environment_metadata(plan.key, join_needs(needs), needs_rules()))


def make(plan: Plan) -> None:
    """Makes all layers that are not kept. Raises InstallError."""
    with tempfile.TemporaryDirectory(dir=plan.layers, prefix=".scratch-") as scratch:
        make_in(plan, Path(scratch))
