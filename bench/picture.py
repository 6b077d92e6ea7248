"""CPU and memory over time of a case's fresh build and rebuild, as an SVG: ours beside both Dockerfiles.

``python bench/picture.py --case opencv --out bench/results/opencv.svg`` draws the run nearest to the median of each
side, from the raw results of ``lifecycle.py``.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from cases import CASES
from results import FOLDER, read_all

SIDES = (("ours", "#1b9e77", "ours, wheels seen"), ("ours-strict", "#66c2a5", "ours, new wheels"),
         ("expert", "#7570b3", "expert (uv)"), ("pip", "#d95f02", "pip"))  # fmt: skip
WIDTH, HEIGHT, LEFT, TOP = 760, 150, 60, 60
Points = Sequence[tuple[float, float]]


def typical(samples: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The sample nearest to the median."""
    middle = statistics.median(sample["seconds"] for sample in samples)
    return min(samples, key=lambda sample: abs(sample["seconds"] - middle))


def cpu_share(sample: dict[str, Any], window: float = 0.5) -> Points:
    """Processors in use over time, each over about ``window`` seconds.

    A process that has ended counts again only once somebody has waited for it: until then the sum does not fall.
    """
    points, begun, spent, most = [(0.0, 0.0)], 0.0, 0.0, 0.0
    for moment, cpu, _ in sample["timeline"]:
        most = max(most, cpu)
        if moment - begun >= window:
            points.append((moment, (most - spent) / (moment - begun)))
            begun, spent = moment, most
    return points


def memory(sample: dict[str, Any]) -> Points:
    """Megabytes over time."""
    return [(moment, size / 1e6) for moment, _, size in sample["timeline"]]


def chart(title: str, lines: Sequence[tuple[str, Points]], top: int, longest: float, unit: str) -> list[str]:
    """One diagram."""
    highest = max((value for _, points in lines for _, value in points), default=1) or 1
    steps = nice(highest)
    parts = [f'<text x="{LEFT}" y="{top - 8}" class="t">{escape(title)}</text>']
    for tick in steps:
        y = top + HEIGHT - tick / steps[-1] * HEIGHT
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" class="g"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}{unit}</text>')
    for tick in nice(longest):
        if tick <= longest:
            x = LEFT + tick / longest * WIDTH
            parts.append(f'<text x="{x:.1f}" y="{top + HEIGHT + 14}" text-anchor="middle">{tick:g} s</text>')
    for colour, points in lines:
        places = " ".join(
            f"{LEFT + moment / longest * WIDTH:.1f},{top + HEIGHT - value / steps[-1] * HEIGHT:.1f}"
            for moment, value in points
        )
        parts.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
    return parts


def nice(most: float) -> list[float]:
    """Round steps from 0 to above ``most``."""
    size = next(step * 10**power for power in range(-3, 9) for step in (1, 2, 5) if step * 10**power * 5 >= most)
    return [round(size * number, 6) for number in range(int(-(-most // size)) + 1)]


def draw(part: dict[str, Any], title: str) -> str:
    """The whole picture."""
    found = part["samples"]["fresh"]
    runs = [(colour, label, typical(found[side])) for side, colour, label in SIDES if found.get(side)]
    again = {side: typical(samples) for side, samples in part["samples"].get("edited", {}).items()}
    longest = max(sample["seconds"] for _, _, sample in runs)
    parts = chart("fresh build: processors in use", [(c, cpu_share(s)) for c, _, s in runs], TOP + 30, longest, "")
    below = TOP + HEIGHT + 90
    parts += chart("fresh build: memory of all processes", [(c, memory(s)) for c, _, s in runs], below, longest, " MB")
    y = below + HEIGHT + 50
    parts.append(f'<text x="{LEFT}" y="{y}" class="t">rebuild after one cell changed (seconds)</text>')
    names = {"ours": "ours, warm server", "ours-cli": "ours, a process", "expert": "expert's", "pip": "pip"}
    most = max((sample["seconds"] for side, sample in again.items() if side in names), default=1)
    colours = {side: colour for side, colour, _ in SIDES} | {"ours-cli": "#66c2a5"}
    for side, name in names.items():
        if side in again:
            y += 20
            took = again[side]["seconds"]
            parts.append(f'<text x="{LEFT + 110}" y="{y}" text-anchor="end">{escape(name)}</text>')
            width, colour = took / most * 500, colours[side]
            parts.append(f'<rect x="{LEFT + 118}" y="{y - 11}" width="{width:.1f}" height="13" fill="{colour}"/>')
            parts.append(f'<text x="{LEFT + 124 + width:.1f}" y="{y}">{took:.2f}</text>')
    for number, (colour, label, sample) in enumerate(runs):
        x = LEFT + number * 195
        parts.append(f'<rect x="{x}" y="34" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 17}" y="44">{escape(label)}: {sample["seconds"]:.1f} s</text>')
    style = "text{font:12px sans-serif;fill:#222}.t{font-weight:bold}.g{stroke:#ddd}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 30} {y + 30}"><style>{style}</style>'
    back = f'<rect width="100%" height="100%" fill="#fff"/><text x="{LEFT}" y="22" class="t">{escape(title)}</text>'
    return "\n".join([head, back, *parts, "</svg>\n"])


def main() -> None:
    """Draw it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, default="opencv")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    part = read_all()[f"lifecycle-{options.case}"]
    out = options.out or FOLDER / f"{options.case}.svg"
    out.write_text(draw(part, CASES[options.case].title))
    print(out)


if __name__ == "__main__":
    main()
