"""What all errors share: a code, an exit code, four sentences and one action over the data of the case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from jupyter_mlpack.values import Action, Json, Location, to_json

Words = tuple[str, str]
"""The kind of an action and the text of its button."""

RETRY: Words = ("retry", "Try again")
CELL: Words = ("open-cell", "Open the cell")
PACKAGES: Words = ("open-packages", "Choose packages")
LOG: Words = ("open-log", "Show the log")

__all__ = ["CELL", "LOG", "PACKAGES", "RETRY", "MlpackError"]


class MlpackError(Exception):
    """The parent of all errors that a user may meet.

    ``action`` is the kind and the label of the one thing that mends it, ``choices`` what it lays over the choices of
    the run; both are templates like the sentences. A choice that is nothing but ``{name}`` is the datum itself.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    what: ClassVar[str] = ""
    where: ClassVar[str] = ""
    why: ClassVar[str] = ""
    hint: ClassVar[str] = ""
    action: ClassVar[Words] = RETRY
    choices: ClassVar[Mapping[str, Json]] = {}

    def __init__(self, *, location: Location | None = None, **data: object) -> None:
        self.data = data
        self.location = location
        """The cell that is to blame, where one is."""
        super().__init__(self.sentence("what"))

    def sentence(self, part: str) -> str:
        """One of ``what``, ``where``, ``why``, ``hint``, with the data filled in."""
        template: str = getattr(self, part)
        return template.format(**self.data)

    def mend(self) -> Action:
        """The action. A cell that is not known cannot be opened: then it is the log."""
        words = LOG if self.action[0] == CELL[0] and self.location is None else self.action
        choices = {key: self._filled(value) for key, value in self.choices.items()}
        return Action(words[0], words[1].format(**self.data), choices)

    def _filled(self, template: Json) -> Json:
        if isinstance(template, list):
            return [self._filled(item) for item in template]
        text = str(template)
        name = text[1:-1]
        return to_json(self.data[name]) if text == f"{{{name}}}" and name in self.data else text.format(**self.data)

    @classmethod
    def fields(cls) -> frozenset[str]:
        """The names of the data that the templates use."""
        import string

        text = "\n".join((cls.what, cls.where, cls.why, cls.hint, cls.action[1], *_texts(list(cls.choices.values()))))
        return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def _texts(value: Json) -> Iterator[str]:
    """The texts in a list of lists."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    else:
        yield str(value)
