"""``--binding NAME=DIR`` -> service bindings: folders with a file for each fact of a service, for buildpacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from jupyter_mlpack.errors import BindingUnreadable, BindingWrong
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.lifecycle.inputs import Binding

NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
"""What the Service Binding specification lets a binding be called."""


def read_bindings(words: Iterable[str]) -> Iterator[Binding]:
    """The bindings, each name once. Raises ``BindingWrong``, ``BindingUnreadable``."""
    taken: set[str] = set()
    for word in words:
        name, equals, folder = word.partition("=")
        if not equals or not folder:
            raise BindingWrong(text=word, reason="It is not of the form NAME=DIR.")
        if not NAME.fullmatch(name):
            raise BindingWrong(text=word, reason="A name has small letters, digits, '-' and '.', and ends with none.")
        if name in taken:
            raise BindingWrong(text=word, reason="There is another binding of this name.")
        taken.add(name)
        yield checked(Binding(name, Path(folder).expanduser().absolute()))


def checked(binding: Binding) -> Binding:
    """The binding, if all of its files can be read and one of them says of which type it is."""
    try:
        for path in sorted(binding.folder.iterdir()):
            if path.is_file():
                with path.open("rb"):
                    pass
    except OSError as error:
        raise BindingUnreadable(path=error.filename, reason=f"{error.strerror}.") from error
    if not (binding.folder / "type").is_file():
        raise BindingWrong(text=f"{binding.name}={binding.folder}", reason="The folder has no file called type.")
    return replace(binding, kind=(binding.folder / "type").read_text(encoding="utf-8", errors="replace").strip())
