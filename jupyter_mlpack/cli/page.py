"""An inspection as a page for people: problems first, then what is needed, from where we know, and how sure it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jupyter_mlpack.cli.style import Sheet, Span
from jupyter_mlpack.inspection.assets import KIND as ASSET
from jupyter_mlpack.values import Dependency, Evidence, Hardware, Inspection, LocalFile, Location, Notice

BADGES = {
    "kernel": ("kernel", "green"),
    "install": ("install line", "cyan"),
    "declaration": ("declared", "cyan"),
    "user": ("you", "cyan"),
    "table": ("import", "yellow"),
    "runner": ("runner", "dim"),
}
"""Which source gave a package its name and version. Yellow: the name is from our table, the version is open."""

TELLING = (
    "secret-literal", "file-", "output-outside", "module-outside", "platform-module", "cell-not-python", "cell-cut",
    "notebook-language", "declaration-unreadable", "cuda-", "kernel-",
)  # fmt: skip
"""Notices that are problems, by the beginnings of their codes; all others are notes."""

SHOWN = 12
"""Rows of files, outputs and notes that are shown without ``-v``."""


def write_inspection(sheet: Sheet, inspection: Inspection, *, full: bool = False) -> None:
    """The page; ``full`` has every place and every rule instead of the first place."""
    write_headline(sheet, inspection)
    write_problems(sheet, inspection)
    write_packages(sheet, inspection, full=full)
    write_hardware(sheet, inspection.hardware, full=full)
    write_python(sheet, inspection)
    write_lists(sheet, inspection, full=full)
    write_notes(sheet, inspection, full=full)


def write_headline(sheet: Sheet, inspection: Inspection) -> None:
    """The notebook's name and the answer in one line."""
    counts = [counted(len(inspection.dependencies), "package")]
    counts += [counted(len(inspection.unresolved), "unresolved name")] if inspection.unresolved else []
    counts += [counted(len(inspection.conflicts), "conflict")] if inspection.conflicts else []
    python = f"Python {inspection.python.version or 'not said'}"
    sheet.line((inspection.notebook, "bold"), ("  ", ""), (", ".join([*counts, python, summary(inspection)]), ""))


def summary(inspection: Inspection) -> str:
    """The hardware in a few words: ``gpu T4``, or what the image would be made for."""
    declared = inspection.hardware.declared
    said = " ".join(filter(None, [declared.class_, declared.model])) if declared.class_ != "none" else ""
    return said or inspection.hardware.accelerator


def write_problems(sheet: Sheet, inspection: Inspection) -> None:
    """What stands in the way, or would surprise."""
    rows = list(problems(inspection))
    if rows:
        sheet.heading("problems", style="bold red")
        sheet.columns(rows, wrap=True)


def problems(inspection: Inspection) -> Iterator[list[Span]]:
    """Unresolved names, sources that disagree, and the notices that warn."""
    for missing in inspection.unresolved:
        hint = f" (pipreqs' map says {missing.suggestion}: check it)" if missing.suggestion else ""
        yield [("unresolved", "red"), (missing.module, "bold"), (f"{first_place(missing.evidence)}{hint}", "")]
    for conflict in inspection.conflicts:
        followed, *others = conflict.claims
        against = ", ".join(f"{claim.says} ({claim.source}, {place(claim.evidence.location)})" for claim in others)
        text = f"{followed.says} ({followed.source}, {place(followed.evidence.location)}) is followed, not {against}"
        yield [("conflict", "yellow"), (conflict.subject, "bold"), (text, "")]
    for notice in inspection.notices:
        if notice.code.startswith(TELLING):
            where = place(notice.location) if notice.location else ""
            yield [("note", "yellow"), (where, "bold"), (notice.text, "")]


def write_packages(sheet: Sheet, inspection: Inspection, *, full: bool) -> None:
    """Requirement, who says so, and the first place (or all)."""
    if not inspection.dependencies:
        enough = "none: the standard library is enough"
        sheet.heading("packages", enough if inspection.language == "python" else "none were looked for")
        return
    sheet.heading("packages", counted(len(inspection.dependencies), ""))
    rows: list[list[Span]] = []
    for item in inspection.dependencies:
        badge = ("own wheel", "magenta") if item.packaged else BADGES.get(item.resolved_by, (item.resolved_by, ""))
        rows += findings((shown(item), "bold"), badge, item.evidence, full=full)
    sheet.columns(rows)


def shown(item: Dependency) -> str:
    """The requirement, an open one marked by nothing: ``numpy``, ``numpy==2.2.3``."""
    return item.requirement


def write_hardware(sheet: Sheet, hardware: Hardware, *, full: bool) -> None:
    """Declared, needed, and the suggestion with its reason."""
    declared, needed = hardware.declared, hardware.needed
    parts = [declared.class_, declared.model, f"x{declared.count}" if declared.count else None]
    parts += [f"{declared.memory} GB" if declared.memory else None]
    said = "nothing" if declared.class_ == "none" else " ".join(filter(None, parts))
    wants = needed.kind + (" if there is one" if needed.optional else "") + (" elsewhere" if needed.remote else "")
    sheet.heading("hardware")
    rows = findings(("declared", ""), (said, "bold"), declared.evidence, full=full)
    rows += findings(("code needs", ""), (wants, "bold"), needed.evidence, full=full)
    sheet.columns([*rows, [("suggested", ""), (hardware.accelerator, "bold green"), (hardware.reason, "")]], wrap=True)


def write_python(sheet: Sheet, inspection: Inspection) -> None:
    """The version, and who says so."""
    python = inspection.python
    sheet.heading("python")
    who = f"says {python.source}" if python.source else "nothing says which; the image's default is taken"
    who += f"; declarations allow {python.requires}" if python.requires else ""
    rows: list[list[Span]] = [[("version", ""), (python.version or "open", "bold"), (who, "")]]
    kernel = inspection.kernel or "not named"
    sheet.columns([*rows, [("kernel", ""), (kernel, "bold"), ("", "")]])


def write_lists(sheet: Sheet, inspection: Inspection, *, full: bool) -> None:
    """Everything else that was found, each in a block of its own; empty ones are left out."""
    blocks: list[tuple[str, list[list[Span]]]] = [
        ("system packages", rows((item.name, "", item.evidence) for item in inspection.system)),
        ("declarations read", list(declarations(inspection))),
        ("indexes", rows((item.url, item.role, item.evidence) for item in inspection.indexes)),
        ("parameters", list(parameters(inspection))),
        ("files in", rows((item.path, what(item), item.evidence) for item in inspection.files)),
        ("files out", rows((item.path, "", item.evidence) for item in inspection.outputs)),
        ("secrets by name", rows((item.name, item.source, item.evidence) for item in inspection.secrets)),
    ]
    for title, lines in blocks:
        if lines:
            sheet.heading(title, str(len(lines)))
            sheet.columns(lines if full else lines[:SHOWN])
            more(sheet, 0 if full else len(lines) - SHOWN)


def declarations(inspection: Inspection) -> Iterator[list[Span]]:
    """Each file that declares packages, and how many of them the notebook uses."""
    for item in inspection.declarations:
        yield [
            (item.location.path, "bold"),
            (item.kind, "cyan"),
            (f"{len(item.used)} of {counted(len(item.names), 'package')} used", ""),
        ]


def parameters(inspection: Inspection) -> Iterator[list[Span]]:
    """Name, default and place of each parameter."""
    for item in inspection.parameters:
        yield [(item.name, "bold"), (shortened(repr(item.default), 40), "cyan"), (place(item.location), "")]


def write_notes(sheet: Sheet, inspection: Inspection, *, full: bool) -> None:
    """What else there is to know."""
    notes = [notice for notice in inspection.notices if not notice.code.startswith((*TELLING, "secret-name"))]
    if not notes:
        return
    sheet.heading("notes", str(len(notes)))
    for notice in notes if full else notes[:SHOWN]:
        sheet.line(("  ", ""), (notice.text, ""), (where(notice), "dim"))
    more(sheet, 0 if full else len(notes) - SHOWN)


def findings(name: Span, badge: Span, evidence: tuple[Evidence, ...], *, full: bool) -> list[list[Span]]:
    """A row with the first place; in full, a row for each."""
    if not full:
        return [[name, badge, (first_place(evidence), "")]]
    lines = [[name, badge, (f"{item.rule}  {told(item)}", "")] for item in evidence[:1]] or [[name, badge, ("", "")]]
    return lines + [[("", ""), ("", ""), (f"{item.rule}  {told(item)}", "")] for item in evidence[1:]]


def rows(items: Iterable[tuple[str, str, tuple[Evidence, ...]]]) -> list[list[Span]]:
    """Name, a word about it, and the first place."""
    return [[(name, "bold"), (about, "cyan"), (first_place(evidence), "")] for name, about, evidence in items]


def first_place(evidence: tuple[Evidence, ...]) -> str:
    """``cell 3 line 2: import numpy  (+2 more places)``."""
    if not evidence:
        return ""
    others = len({(item.location, item.text) for item in evidence}) - 1
    return told(evidence[0]) + (f"  (+{counted(others, 'more place')})" if others else "")


def told(evidence: Evidence) -> str:
    """A place and what stands there."""
    text = shortened(" ".join(evidence.text.split()), 100)
    return f"{place(evidence.location)}: {text}" if text else place(evidence.location)


def place(location: Location) -> str:
    """``cell 3 line 2``, or the file and the line; empty for the notebook as a whole."""
    where = f"cell {location.cell}" if location.cell is not None else location.path
    return f"{where} line {location.line}" if location.line is not None else where


def where(notice: Notice) -> str:
    """The place of a notice in brackets."""
    return f"  ({place(notice.location)})" if notice.location and notice.location.cell is not None else ""


def more(sheet: Sheet, hidden: int) -> None:
    """Say that there are more rows than shown."""
    if hidden > 0:
        sheet.line((f"  ... {hidden} more; -v shows all", "dim"))


def counted(number: int, noun: str) -> str:
    """``1 package``, ``2 packages``."""
    return f"{number} {noun}{'' if number == 1 or not noun else 's'}".strip()


def what(file: LocalFile) -> str:
    """The size of a file; of one that will be there only, what it is."""
    return file.kind if file.kind == ASSET else size(file.size)


def size(number: int) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return f"{number:.0f} {unit}" if unit == "B" or number >= 10 else f"{number:.1f} {unit}"
        number = number / 1000  # type: ignore[assignment]
    raise AssertionError


def shortened(text: str, most: int) -> str:
    """``text``, its end cut off if it is long."""
    return text if len(text) <= most else text[: most - 1] + "…"
