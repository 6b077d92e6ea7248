"""A notebook that runs commands, on a stack without a shell: told before the build. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jupyter_mlpack.inspection.commands import Command, notebook_commands
from jupyter_mlpack.values import Catalog, Notebook, Notice, Serving, Stack

LONGEST = 60
"""Characters of a command that are shown."""


def check_shell(notebook: Notebook, serving: Serving | None, stack: Stack, catalog: Catalog) -> Iterator[Notice]:
    """What of the notebook cannot run; ``serving`` says which code an inference image keeps."""
    if stack.shell:
        return
    commands = [one for one in notebook_commands(notebook.path.name, notebook.cells) if not one.conditional]
    if serving is not None:
        kept = set(kept_lines(serving))
        commands = [one for one in commands if (one.location.cell, one.location.line) in kept]
    if commands:
        yield Notice("no-shell", sentence(commands, stack, catalog), commands[0].location)


def kept_lines(serving: Serving) -> Iterator[tuple[int, int]]:
    """Cell and line of all code that the image keeps."""
    for cell in serving.kept:
        for number, text in enumerate(cell.source.split("\n"), cell.line):
            if text.strip():
                yield cell.cell, number


def sentence(commands: Iterable[Command], stack: Stack, catalog: Catalog) -> str:
    """What fails, and the stack that has what it needs."""
    lines = list(dict.fromkeys((one.location, " ".join(one.words)) for one in commands))
    first = lines[0][1] if len(lines[0][1]) <= LONGEST else f"{lines[0][1][:LONGEST]} ..."
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    same = (one.name for one in catalog.stacks if one.shell and (one.suite, one.python) == (stack.suite, stack.python))
    other = next(same, "")
    hint = f" --stack {other} has them." if other else ""
    return f"Stack {stack.name} has no shell and no programs, so `{first}`{more} will fail in the image.{hint}"
