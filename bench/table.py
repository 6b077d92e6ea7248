"""One table from all parts that have been run in this session: figure, aim, ours, the peers, ratio, and the command.

``python bench/table.py`` reads ``bench/results``; a part that has not been run is left out, and said so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from results import each, medians, read_all

Parts = Mapping[str, Mapping[str, Any]]
LIMIT = 256_000_000
CASES = {"sklearn": "(a)", "opencv": "(b)", "torch": "(c)"}


@dataclass(frozen=True)
class Row:
    """A line of the table; ``met`` is ``None`` where the issue sets no aim."""

    figure: str
    aim: str
    ours: str
    peers: str
    ratio: str
    met: bool | None
    command: str


def command(part: Mapping[str, Any], state: str) -> str:
    """What makes this figure alone."""
    words = str(part["command"]).split()
    for word in ("--states", "--sides"):
        if word in words:
            at = words.index(word)
            del words[at : at + 2]
    words = [word for word in words if word != "--clear"]
    return " ".join([*words, "--states", state] if part["part"].startswith("lifecycle") else words)


def seconds(value: float) -> str:
    """Short."""
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def megabytes(value: float) -> str:
    """Short."""
    return f"{value / 1e6:.1f} MB" if value >= 1e6 else f"{value / 1e3:.1f} kB"


def against(
    figure: str, part: Mapping[str, Any] | None, state: str, aims: Mapping[str, float], side: str = "ours"
) -> Iterator[Row]:
    """A duration beside the peers'; ``aims`` is the largest ratio of ours to each peer's."""
    found = medians(part, state)
    if part is None or side not in found:
        return
    cpu = medians(part, state, "cpu")
    for peer, most in aims.items():
        if peer in found:
            ratio = found[side] / found[peer]
            work = f"; CPU {cpu[side]:.1f} : {cpu[peer]:.1f} s" if cpu.get(side) and cpu.get(peer) else ""
            yield Row(f"{figure}, against {peer}", times(most), seconds(found[side]), seconds(found[peer]) + work,
                      times(ratio), ratio <= most, command(part, state))  # fmt: skip


def times(ratio: float) -> str:
    """A ratio as people say it: 1/12.3 or 1.7."""
    return f"1/{1 / ratio:.1f}" if ratio < 1 else f"{ratio:.2f}"


def rebuild(parts: Parts) -> Iterator[Row]:
    """After an edit."""
    for case, mark in CASES.items():
        part = parts.get(f"lifecycle-{case}")
        yield from against(f"{mark} rebuild after an edit, warm server", part, "edited", {"pip": 1, "expert": 1})
        yield from against(
            f"{mark} rebuild after an edit, process", part, "edited", {"pip": 2, "expert": 2}, "ours-cli"
        )


def fresh(parts: Parts) -> Iterator[Row]:
    """Without layers."""
    aims = {"pip": 1 / 10, "expert": 1 / 3}
    for case, mark in CASES.items():
        part = parts.get(f"lifecycle-{case}")
        yield from against(f"{mark} fresh, wheels seen before", part, "fresh", aims)
        lean = against(f"{mark} fresh, wheels seen before", part, "fresh", {"expert-lean": 1 / 3})
        yield from without_aim(lean)
        yield from without_aim(against(f"{mark} fresh, wheels never seen", part, "fresh", aims, "ours-strict"))


def without_aim(rows: Iterator[Row]) -> Iterator[Row]:
    """Told beside the figures, not asked for."""
    for row in rows:
        yield Row(row.figure, "-", row.ours, row.peers, row.ratio, None, row.command)


def grown(parts: Parts) -> Iterator[Row]:
    """A package more, a notebook more."""
    for case, mark in CASES.items():
        part = parts.get(f"lifecycle-{case}")
        yield from against(f"{mark} one small package added", part, "added", {"pip": 1 / 20})
        yield from without_aim(against(f"{mark} one small package added", part, "added", {"expert": 1}))
        took, moved = medians(part, "second"), medians(part, "second", "bytes")
        if part and took:
            shown = f"{seconds(took['ours'])}, {megabytes(moved['ours'])} new"
            met = took["ours"] <= 1.5 and moved["ours"] < 1e6
            yield Row(f"{mark} second notebook with the same heavy packages", "1.5 s, < 1 MB new", shown, "", "", met,
                      command(part, "second"))  # fmt: skip


def exported(parts: Parts) -> Iterator[Row]:
    """A new layer of 700 MB."""
    part = parts.get("export")
    yield from against("export of a new 700 MB layer", part, "export", {"official": 1 / 6})
    sizes = (part or {}).get("facts", {}).get("image bytes", {})
    if part and "official" in sizes:
        ratio = sizes["ours"] / sizes["official"]
        yield Row("bytes of that layer, compressed", "-", megabytes(sizes["ours"]), megabytes(sizes["official"]),
                  times(ratio), None, part["command"])  # fmt: skip


def memory(parts: Parts) -> Iterator[Row]:
    """The largest peak of ours in all parts, and the peers'."""
    peaks: dict[str, tuple[float, str, str]] = {}
    for part, state, side, peak in each(parts, "memory"):
        kind = "ours" if side.startswith("ours") else side
        peaks[kind] = max(peaks.get(kind, (0, "", "")), (peak, part, state))
    if "ours" in peaks and peaks["ours"][0]:
        most, part, state = peaks.pop("ours")
        others = ", ".join(f"{side} {megabytes(peak)} ({where})" for side, (peak, where, _) in peaks.items() if peak)
        figure = f"peak memory, all processes (largest: {part}, {state})"
        yield Row(figure, megabytes(LIMIT), megabytes(most), others, "", most <= LIMIT, "all of these")


def rebased(parts: Parts) -> Iterator[Row]:
    """An image of 5 GB."""
    part = parts.get("rebase")
    took, moved = medians(part, "rebase"), medians(part, "rebase", "bytes")
    if part and "ours" in took:
        size = part["facts"]["image bytes"]["ours"] / 1e9
        other = f"{seconds(took['official'])}, {megabytes(moved['official'])}" if "official" in took else ""
        ratio = times(took["ours"] / took["official"]) if "official" in took else ""
        yield Row(f"rebase of a {size:.0f} GB image in a registry", "1 s, < 100 kB pushed",
                  f"{seconds(took['ours'])}, {megabytes(moved['ours'])}", other, ratio,
                  took["ours"] <= 1 and moved["ours"] < 100_000, part["command"])  # fmt: skip


def sizes(parts: Parts) -> Iterator[Row]:
    """Compressed layers."""
    for case, mark in CASES.items():
        part = parts.get(f"lifecycle-{case}")
        found = (part or {}).get("facts", {}).get("size", {})
        for side in ("expert", "expert-lean", "pip"):
            if part and side in found and "ours" in found:
                ratio = found["ours"] / found[side]
                aim, met = ("1.0", ratio <= 1) if side == "expert" and case != "torch" else ("-", None)
                shown = megabytes(found["ours"]), megabytes(found[side]), times(ratio)
                yield Row(f"{mark} image size, against {side}", aim, *shown, met, command(part, "size"))


def stored(parts: Parts) -> Iterator[Row]:
    """Fifty notebooks."""
    part = parts.get("fifty")
    found = (part or {}).get("facts", {}).get("stored", {})
    if part and "least" in found:
        ratio = found["ours"] / found["least"]
        count = len(part["samples"]["build"]["ours"])
        shown = megabytes(found["ours"]), megabytes(found["least"]), f"{ratio:.3f}"
        figure = f"(d) stored bytes of {count} notebooks, against distinct wheels and base"
        yield Row(figure, "1.1", *shown, ratio <= 1.1, part["command"])
        whole = found["not shared"]
        yield Row("(d) the same, against a layer for each notebook (computed)", "-", megabytes(found["ours"]),
                  megabytes(whole), times(found["ours"] / whole), None, part["command"])  # fmt: skip
        took = [sample["seconds"] for sample in part["samples"]["build"]["ours"]]
        thirds = [took[at : at + 10] for at in range(0, len(took), 10)]
        shown = ", ".join(seconds(sorted(some)[len(some) // 2]) for some in thirds)
        yield Row("(d) median build, by tens of notebooks", "-", shown, "", "", None, part["command"])


def pushed(parts: Parts) -> Iterator[Row]:
    """After an edit."""
    part = parts.get("push")
    found = medians(part, "edited", "bytes")
    if part and "ours" in found:
        others = ", ".join(f"{side} {megabytes(value)}" for side, value in found.items() if side != "ours")
        yield Row("push after one cell changed, bytes sent", "new layer, config, manifest", megabytes(found["ours"]),
                  others, times(found["ours"] / found["expert"]) if "expert" in found else "", found["ours"] < 100_000,
                  part["command"])  # fmt: skip


FIGURES: tuple[Callable[[Parts], Iterator[Row]], ...] = (
    rebuild, fresh, grown, exported, memory, rebased, sizes, stored, pushed,
)  # fmt: skip


def rows(parts: Parts) -> list[Row]:
    """All lines of the table."""
    return [row for figure in FIGURES for row in figure(parts)]


def markdown(lines: list[Row]) -> str:
    """The table, padded so that it reads well as text, too."""
    head = ("figure", "aim (at most)", "ours", "peer", "ratio", "met", "command")
    cells = [
        head,
        *((row.figure, row.aim, row.ours, row.peers, row.ratio, said(row.met), f"`{row.command}`") for row in lines),
    ]
    widths = [max(len(line[at]) for line in cells) for at in range(len(head))]
    shown = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    return "\n".join([shown[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *shown[1:]])


def texts(row: Row) -> tuple[str, ...]:
    """The cells of a line."""
    return row.figure, row.aim, row.ours, row.peers, row.ratio, said(row.met), f"`{row.command}`"


def said(met: bool | None) -> str:
    """In a word."""
    return "" if met is None else "yes" if met else "NO"


def main() -> None:
    """Print it, and what is missing."""
    parts = read_all()
    print(markdown(rows(parts)))
    print()
    for name, part in parts.items():
        if not part["samples"]:
            continue
        counts = sorted({len(samples) for sides in part["samples"].values() for samples in sides.values()})
        runs = f"{counts[0]} to {counts[-1]}" if counts[0] != counts[-1] else str(counts[0])
        loads = [load for _, _, _, load in each({name: part}, "load")]
        load = f"load {min(loads):.1f} to {max(loads):.1f}"
        print(f"{name}: {part['started']}, {part['seconds']:.0f} s, {runs} runs, {part['machine']}, {load}")
    wanted = ("lifecycle-sklearn", "lifecycle-opencv", "lifecycle-torch", "export", "rebase", "push", "fifty")
    missing = [name for name in wanted if name not in parts]
    if missing:
        print(f"NOT MEASURED: {', '.join(missing)}", file=sys.stderr)


if __name__ == "__main__":
    main()
