"""Inspection on labelled notebooks: our figures, those of others in the same run, and the speed of a folder.

``python bench/inspection.py --corpus DIR`` with a folder of labelled notebooks: ``DIR/score.py`` holds the rules of
scoring, ``DIR/dependencies`` and ``DIR/hardware`` the notebooks with their ``labels.jsonl``. Without ``--corpus`` only
the folder of ``--notebooks`` is measured (default: the project's own test notebooks).

Every tool is measured as a user's installation is: its modules are there as bytecode. ``PYTHONDONTWRITEBYTECODE`` is
taken away, and a first start, which compiles what has changed, is not counted.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TIMEOUT = 120
"""Seconds for one notebook; what takes longer is no answer."""


@dataclass(frozen=True)
class Answer:
    """What a tool says of one notebook. ``names`` is ``None`` if it gave no answer; ``data`` is our JSON."""

    names: frozenset[str] | None
    seconds: float
    data: Any = None


class Peer(Protocol):
    """A tool that tells which distributions a notebook needs."""

    name: str

    def missing(self) -> str:
        """Why it cannot run here; empty if it can."""

    def ask(self, notebook: Path) -> Answer:
        """What it says of the notebook at this path, in the folder that it stands in."""


@dataclass(frozen=True)
class Ours:
    """``jupyter mlpack inspect``, as a user would type it."""

    name: str = "jupyter-mlpack"
    options: tuple[str, ...] = ("--no-kernel", "--format", "json")

    def missing(self) -> str:
        """The command of this environment."""
        return "" if (BIN / "jupyter-mlpack").exists() else f"no jupyter-mlpack in {BIN}"

    def ask(self, notebook: Path) -> Answer:
        """Run it."""
        done, seconds = timed(
            [str(BIN / "jupyter"), "mlpack", "inspect", *self.options, str(notebook)], notebook.parent
        )
        if done is None or done.returncode != 0:
            return Answer(None, seconds)
        data = json.loads(done.stdout)
        return Answer(frozenset(item["name"] for item in data["dependencies"]), seconds, data)


@dataclass(frozen=True)
class Other:
    """One of ``peers.py``."""

    peer: Any

    @property
    def name(self) -> str:
        """As in the table."""
        return str(self.peer.name)

    def missing(self) -> str:
        """Whether it can run."""
        return str(self.peer.missing())

    def ask(self, notebook: Path) -> Answer:
        """Its names, as it spells them."""
        return Answer(*self.peer.ask(notebook))


@dataclass
class Score:
    """Sums over the labelled notebooks."""

    totals: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def surroundings() -> dict[str, str]:
    """The environment of a measured process: the tools of this environment first, and bytecode as a user has it."""
    settings = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    settings.pop("PYTHONDONTWRITEBYTECODE", None)
    return settings


def timed(words: list[str], folder: Path, **environment: str) -> tuple[subprocess.CompletedProcess[str] | None, float]:
    """Run a command; ``None`` if it took too long. The tools of this environment are found first."""
    started = time.monotonic()
    settings = {**surroundings(), **environment}
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env=settings,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, time.monotonic() - started
    return done, time.monotonic() - started


def load_rules(corpus: Path) -> ModuleType:
    """``score.py`` of the corpus: its functions say what is right."""
    spec = importlib.util.spec_from_file_location("score", corpus / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def labels(corpus: Path, kind: str) -> list[dict[str, Any]]:
    """The labelled notebooks of a kind."""
    return [json.loads(line) for line in (corpus / kind / "labels.jsonl").read_text().splitlines()]


def laid_out(corpus: Path, kind: str, label: dict[str, Any], root: Path) -> Path:
    """The notebook at its own path below ``root``, with empty stand-ins for its local modules, as score.py does."""
    path = root / label["source"].split(":", 1)[1]
    for name in label.get("local_files", []):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((corpus / kind / label["file"]).read_bytes())
    return path


def dependencies(corpus: Path, rules: ModuleType, peer: Peer) -> Score:
    """Names of distributions, against the labels."""
    score = Score()
    paths = SimpleNamespace(names="names[]")
    for label in labels(corpus, "dependencies"):
        with tempfile.TemporaryDirectory() as folder:
            answer = peer.ask(laid_out(corpus, "dependencies", label, Path(folder, "repo")))
        score.seconds.append(answer.seconds)
        if label.get("readable") is False:
            score.totals.update(unreadable=1, refused=answer.names is None)
            continue
        said = None if answer.names is None else {"names": sorted(answer.names)}
        add(score, label, rules.dependencies(label, said, paths), silent=said is None)
    return score


def hardware(corpus: Path, rules: ModuleType, ours: Ours) -> Score:
    """Declared hardware and the Python version; no other tool tells them."""
    score = Score()
    paths = SimpleNamespace(
        cls="hardware.declared.class", model="hardware.declared.model", count="hardware.declared.count",
        python="python.version",
    )  # fmt: skip
    for label in labels(corpus, "hardware"):
        with tempfile.TemporaryDirectory() as folder:
            answer = ours.ask(laid_out(corpus, "hardware", label, Path(folder, "repo")))
        score.seconds.append(answer.seconds)
        add(score, label, rules.hardware(label, answer.data, paths), silent=answer.data is None)
    return score


def add(score: Score, label: dict[str, Any], row: dict[str, Any], *, silent: bool) -> None:
    """Count one notebook."""
    score.totals.update({"notebooks": 1, "silent": silent})
    score.totals.update({key: int(value) for key, value in row.items() if key != "why"})
    if not row["exact"]:
        score.wrong.append(f"{label['file']}: {row['why']}")


def dependency_line(name: str, score: Score) -> str:
    """One row of the table."""
    sums = score.totals
    right, wrong, missed, count = sums["tp"], sums["fp"], sums["fn"], max(1, sums["notebooks"])
    return (
        f"{name:<18}{right / max(1, right + wrong):>10.3f}{right / max(1, right + missed):>8.3f}"
        f"{2 * right / max(1, 2 * right + wrong + missed):>8.3f}{sums['exact'] / count:>8.3f}{sums['silent']:>11}"
        f"{sums['trap']:>7}{sums['hidden']:>5} of {sums['hidden_all']}{statistics.median(score.seconds):>9.2f} s"
    )


COLUMNS = (("precision", 28), ("recall", 8), ("F1", 8), ("exact", 8), ("no answer", 11), ("traps", 7), ("hidden", 10))
HEAD = "".join(f"{title:>{width}}" for title, width in (*COLUMNS, ("median", 11)))


def compare(corpus: Path, others: Path | None, *, worst: bool) -> None:
    """Our figures and those of the peers, which are set up in the folder ``others``."""
    rules = load_rules(corpus)
    tools: list[Peer] = [Ours()]
    if others:
        import peers

        tools += [Other(peer) for peer in peers.all_peers(others)]
    print(HEAD)
    for tool in tools:
        if why := tool.missing():
            print(f"{tool.name:<18}left out: {why}")
            continue
        score = dependencies(corpus, rules, tool)
        print(dependency_line(tool.name, score), flush=True)
        for line in score.wrong if worst and isinstance(tool, Ours) else ():
            print(f"    {line}")
    score = hardware(corpus, rules, Ours())
    count = max(1, score.totals["notebooks"])
    shares = ", ".join(f"{name} {score.totals[key] / count:.3f}" for name, key in (
        ("class, model and count", "exact"), ("class alone", "class"), ("Python", "python"),
    ))  # fmt: skip
    print(f"hardware: {shares}; median {statistics.median(score.seconds):.2f} s")
    for line in score.wrong if worst else ():
        print(f"    {line}")


def varied(source: Path, target: Path, number: int, chance: random.Random) -> None:
    """A copy of a notebook with a changed cell order and a line of its own, so that no two are equal."""
    try:
        document = json.loads(source.read_text(encoding="utf-8"))
        found = document["cells"]
    except (ValueError, KeyError, TypeError):
        shutil.copy(source, target)
        return
    place = chance.randrange(len(found) + 1)
    line = f"variation_{number} = {chance.random()}"
    found.insert(place, {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": line})
    target.write_text(json.dumps(document), encoding="utf-8")


def many(sources: list[Path], count: int, folder: Path) -> None:
    """``count`` notebooks below ``folder``, made from ``sources``, ten to a folder."""
    chance = random.Random(0)
    for number in range(count):
        below = folder / f"{number // 10:03}"
        below.mkdir(exist_ok=True)
        varied(sources[number % len(sources)], below / f"{number}.ipynb", number, chance)


def folder_speed(sources: list[Path], count: int) -> None:
    """``inspect FOLDER`` over many notebooks in one process."""
    with tempfile.TemporaryDirectory() as name:
        many(sources, count, Path(name))
        words = [str(BIN / "jupyter-mlpack"), "inspect", "--no-kernel", "--format", "json", name]
        with tempfile.TemporaryFile("w+") as out:
            started = time.monotonic()
            process = subprocess.Popen(words, stdout=out, env=surroundings())
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - started
            out.seek(0)
            rows = [json.loads(line) for line in out]
    process.returncode = os.waitstatus_to_exitcode(status)
    failed = sum("error" in row for row in rows)
    memory = usage.ru_maxrss / (1024 if platform.system() == "Linux" else 1024**2)
    print(
        f"folder: {len(rows)} notebooks in {seconds:.1f} s, {len(rows) / seconds:.0f} a second,"
        f" {memory:.0f} MB at the peak, {failed} of them unreadable or skipped"
    )


def each(run: Callable[[], None], times: int) -> Iterator[float]:
    """Seconds of each call."""
    for _ in range(times):
        started = time.monotonic()
        run()
        yield time.monotonic() - started


def start_up() -> None:
    """What one process costs with an almost empty notebook, and the floor below it: Python, Jupyter's dispatcher."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        notebook = {"cells": [{"cell_type": "code", "metadata": {}, "source": "import numpy"}], "metadata": {}}
        (folder / "n.ipynb").write_text(json.dumps(notebook | {"nbformat": 4, "nbformat_minor": 5}))
        typed = [str(BIN / "jupyter"), "mlpack", "inspect", *Ours().options, "n.ipynb"]
        rows = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "jupyter's dispatcher alone": [sys.executable, "-c", "import jupyter_core.command"],
            "traitlets alone": [sys.executable, "-c", "import traitlets.config.application"],
            "jupyter mlpack inspect n.ipynb": typed,
            "the same with one option more (-v)": [*typed, "-v"],
        }
        for about, words in rows.items():
            timed(words, folder)
            seconds = list(each(lambda words=words: timed(words, folder) and None, 7))
            print(f"{about:<34}{statistics.median(seconds):6.2f} s (best {min(seconds):.2f})")


def main() -> None:
    """Print all that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, help="folder with score.py, dependencies/ and hardware/")
    parser.add_argument(
        "--peers", type=Path, metavar="DIR", help="set pipreqs, deptry and FawltyDeps up in DIR, measure them"
    )
    parser.add_argument("--notebooks", type=Path, help="folder of notebooks to measure the folder mode with")
    parser.add_argument("--count", type=int, default=1000, help="how many notebooks the folder has")
    parser.add_argument("--worst", action="store_true", help="name each notebook that we do not tell exactly")
    parser.add_argument("--only", choices=("figures", "folder", "start"), help="one part alone")
    args = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, bytecode as after an installation")
    timed([str(BIN / "jupyter-mlpack"), "inspect", "."], ROOT / "tests" / "notebooks")
    if args.only in (None, "start"):
        start_up()
    if args.corpus and args.only in (None, "figures"):
        compare(args.corpus.resolve(), args.peers and args.peers.resolve(), worst=args.worst)
    if args.only in (None, "folder"):
        home = args.notebooks or args.corpus or ROOT / "tests" / "notebooks"
        folder_speed(sorted(home.rglob("*.ipynb")), args.count)


if __name__ == "__main__":
    main()
