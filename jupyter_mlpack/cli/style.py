"""Text with columns and colours, as wide as the terminal; plain where nobody looks at colours."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jupyter_mlpack.cli.output import visible
from jupyter_mlpack.frozen import dataclass

PIPE_WIDTH = 120
"""Columns of a pipe or a file, where there is no terminal to ask."""

Span = tuple[str, str]
"""A text and its style in rich's words (``bold``, ``dim cyan``)."""


@dataclass
class Sheet:
    """Lines of text that are written down one after the other, then drawn at once."""

    console: Console

    def heading(self, title: str, about: str = "", style: str = "bold") -> None:
        """The title of a block, with an empty line above."""
        self.console.print()
        self.line((title, style), (f"  {about}" if about else "", "dim"))

    def line(self, *spans: Span) -> None:
        """One line, or a paragraph if it is long."""
        self.console.print(joined(spans))

    def columns(self, rows: Iterable[Sequence[Span]], indent: int = 2, *, wrap: bool = False) -> None:
        """Aligned columns. The last has what the others leave: what is longer goes on below (``wrap``) or is cut."""
        rows = list(rows)
        if not rows:
            return
        table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
        table.add_column(width=max(0, indent - 2))
        last = max(map(len, rows)) - 1
        left = self.console.width - max(2, indent)
        for index in range(last):
            longest = max(cell_len(visible(row[index][0])) for row in rows if index < len(row))
            width = max(1, min(longest, self.console.width * 2 // 5, left - 12))
            left -= width + 2
            table.add_column(width=width, overflow="fold")
        table.add_column(width=max(1, left), overflow="fold" if wrap else "ellipsis", no_wrap=not wrap)
        for row in rows:
            table.add_row("", *(joined([span]) for span in row))
        self.console.print(table)

    def text(self) -> str:
        """All of it."""
        file = self.console.file
        assert isinstance(file, io.StringIO)
        return "\n".join(line.rstrip() for line in file.getvalue().strip("\n").split("\n"))


def joined(spans: Iterable[Span]) -> Text:
    """Spans as one text, with control characters written out."""
    text = Text()
    for content, style in spans:
        text.append(visible(content), style=style or None)
    return text


def make_sheet(stream: TextIO) -> Sheet:
    """An empty sheet as ``stream`` can show it: colours on a terminal only, and not if NO_COLOR is set."""
    terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
    width = shutil.get_terminal_size().columns if terminal else int(os.environ.get("COLUMNS") or PIPE_WIDTH)
    console = Console(
        file=io.StringIO(), force_terminal=terminal, width=max(40, width), highlight=False, markup=False, emoji=False,
        legacy_windows=False,
    )  # fmt: skip
    return Sheet(console)
