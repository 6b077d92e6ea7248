"""Draws the README's pictures from real runs: ``.venv/bin/python docs/pictures/make.py``.

Set MLPACK_HOME to an empty folder to see a first build.

``terminal.svg`` is what a terminal shows for a build and a run, ``inspect.svg`` for an inspection; ``layers.svg`` is
the size of the layers of the example's image; ``path.svg`` is drawn by hand here, because it is about the code.
"""

from __future__ import annotations

import io
import os
import pty
import re
import sys
import tempfile
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir
from rich.console import Console
from rich.text import Text

from jupyter_mlpack.oci import Store, StoredImage

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
INK, PAPER, SOFT, BLUE, GREEN, ORANGE = "#1f2937", "#ffffff", "#6b7280", "#2563eb", "#059669", "#d97706"
FONT = 'font-family="ui-sans-serif, system-ui, Segoe UI, Helvetica, Arial, sans-serif"'


def in_terminal(words: list[str]) -> str:
    """What ``jupyter mlpack`` leaves on a terminal of 110 columns."""
    chunks: list[bytes] = []

    def read(descriptor: int) -> bytes:
        chunk = os.read(descriptor, 4096)
        chunks.append(chunk)
        return chunk

    os.environ.update(COLUMNS="110", LINES="40", TERM="xterm-256color", PYTHONPATH=str(ROOT))
    stdout = os.dup(1)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            pty.spawn([sys.executable, "-m", "jupyter_mlpack", *words], read)
        except OSError:
            pass
        finally:
            os.dup2(stdout, 1)
    return settled(b"".join(chunks).decode())


def settled(text: str) -> str:
    """A terminal's bytes without the bars that were drawn over: the lines that stay."""
    lines: list[str] = []
    for piece in re.split(r"\r?\n", text):
        ups = sum(int(count or 1) for count in re.findall(r"\x1b\[(\d*)A", piece))
        if ups:
            del lines[max(0, len(lines) - ups) :]
        last = re.split(r"\r|\x1b\[2K", piece)[-1]
        lines.append(re.sub(r"\x1b\[\?25[lh]|\x1b\[\d*A", "", last))
    return "\n".join(line for line in lines)


def picture(example: str, runs: list[list[str]], name: str, title: str) -> None:
    """Runs of ``jupyter mlpack`` in the folder of an example, as an SVG of a terminal."""
    console = Console(record=True, width=110, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(ROOT / "examples" / example)
        for words in runs:
            console.print(Text.from_markup(f"[bold green]$[/] [bold]jupyter mlpack {' '.join(words)}[/]"))
            text = in_terminal([word.replace("results", f"{folder}/out") for word in words])
            console.print(Text.from_ansi(text.replace(f"{folder}/out", "results").strip("\n")))
            console.print()
    console.save_svg(str(HERE / name), title=title)


def terminal() -> None:
    """A build and a run."""
    run = ["run", "digits:training", "-p", "epochs=10", "--output", "results"]
    picture("digits", [["build", "digits.ipynb"], run], "terminal.svg", "From a notebook to a running container")


def inspection() -> None:
    """An inspection."""
    picture("messy", [["inspect", "messy.ipynb"]], "inspect.svg", "What a notebook needs, and why")


def bar(y: int, label: str, size: int, largest: int, colour: str) -> str:
    """One bar with its label and its size."""
    width = max(2, round(420 * size / largest))
    amount = f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"
    return (
        f'<text x="300" y="{y + 15}" text-anchor="end" font-size="13" fill="{INK}">{label}</text>'
        f'<rect x="310" y="{y}" width="{width}" height="20" rx="3" fill="{colour}"/>'
        f'<text x="{318 + width}" y="{y + 15}" font-size="12" fill="{SOFT}">{amount}</text>'
    )


def layer_label(created_by: str) -> tuple[str, str]:
    """A layer's name for people, and its colour, from the image's history."""
    found = re.match(r"Layer: '(.+)', Created by buildpack: (.+)@", created_by)
    if found:
        name = re.sub(r"-[0-9a-f]{8}$", "", found[1])
        return {"packages": "all other packages", "environment": "environment (links)"}.get(name, name), BLUE
    if "pplication" in created_by and "auncher" not in created_by:
        return "the notebook and its files", GREEN
    if "auncher" in created_by or "Process" in created_by or "Bill" in created_by:
        return created_by.replace("Buildpacks ", "").lower(), SOFT
    return "run image (Debian, Python)", ORANGE


def layers() -> None:
    """The layers of the example's image by size."""
    store = Store(Path(os.environ.get("MLPACK_HOME") or Path(jupyter_data_dir()) / "mlpack"))
    image: StoredImage | None = store.image("digits:training")
    if image is None:
        sys.exit("build the example first: bash .ci/demo")
    history = [entry for entry in image.config.history if not entry.empty_layer]
    rows = [
        (*layer_label(entry.created_by), layer.descriptor.size)
        for entry, layer in zip(history, image.layers, strict=True)
    ]
    largest = max(size for _, _, size in rows)
    height = 70 + 28 * len(rows)
    bars = "".join(
        bar(56 + 28 * number, label, size, largest, colour) for number, (label, colour, size) in enumerate(rows)
    )
    total = sum(size for _, _, size in rows) / 1e6
    title = f"digits:training, {total:.0f} MB compressed in {len(rows)} layers"
    (HERE / "layers.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 {height}" {FONT} role="img" aria-label="{title}">'
        f'<rect width="860" height="{height}" rx="8" fill="{PAPER}"/>'
        f'<text x="24" y="32" font-size="16" font-weight="600" fill="{INK}">{title}</text>{bars}</svg>\n'
    )


STEPS = (
    ("Notebook", "notebook.py", "cells and magics"),
    ("Inspection", "inspection/", "packages and files"),
    ("Lock", "resolution/", "wheels and hashes"),
    ("BuildPlan", "plan.py", "all is decided"),
    ("Image", "lifecycle/", "analyze ... export"),
    ("Job", "jobs.py", "process or docker"),
)


def path() -> None:
    """The main path: each noun, the room that makes it, and what it holds."""
    boxes = []
    for number, (noun, room, about) in enumerate(STEPS):
        x = 24 + 160 * number
        if number:
            boxes.append(
                f'<path d="M{x - 20} 86 h14 m-5 -5 l5 5 l-5 5" stroke="{SOFT}" stroke-width="1.6" fill="none"/>'
            )
        lines = ((76, 16, INK, noun), (96, 12, BLUE, room), (114, 10.5, SOFT, about))
        boxes.append(f'<rect x="{x}" y="48" width="136" height="76" rx="8" fill="#eff6ff" stroke="{BLUE}"/>')
        boxes += [
            f'<text x="{x + 68}" y="{y}" text-anchor="middle" font-size="{size}" fill="{colour}">{words}</text>'
            for y, size, colour, words in lines
        ]
    below = (
        f'<text x="24" y="30" font-size="13" fill="{SOFT}">pipeline.py: read the notebook, inspect it, '
        "lock its packages, plan the build, run the lifecycle, submit the job</text>"
        f'<text x="24" y="156" font-size="12" fill="{SOFT}">nothing is executed up to here</text>'
        f'<path d="M24 136 h616" stroke="{GREEN}" stroke-width="2"/>'
        f'<path d="M664 136 h136" stroke="{ORANGE}" stroke-width="2"/>'
        f'<text x="664" y="156" font-size="12" fill="{SOFT}">no root, no Docker</text>'
    )
    (HERE / "path.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 984 172" {FONT} role="img" aria-label="The main path">'
        f'<rect width="984" height="172" rx="8" fill="{PAPER}"/>{below}{"".join(boxes)}</svg>\n'
    )


if __name__ == "__main__":
    path()
    terminal()
    inspection()
    layers()
