"""What all errors share: a code, an exit code, and four sentences over the data of the case."""

from __future__ import annotations

from typing import ClassVar


class MlpackError(Exception):
    """The parent of all errors that a user may meet."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    what: ClassVar[str] = ""
    where: ClassVar[str] = ""
    why: ClassVar[str] = ""
    hint: ClassVar[str] = ""

    def __init__(self, **data: object) -> None:
        self.data = data
        super().__init__(self.sentence("what"))

    def sentence(self, part: str) -> str:
        """One of ``what``, ``where``, ``why``, ``hint``, with the data filled in."""
        template: str = getattr(self, part)
        return template.format(**self.data)

    @classmethod
    def fields(cls) -> frozenset[str]:
        """The names of the data that the templates use."""
        import string

        text = "\n".join((cls.what, cls.where, cls.why, cls.hint))
        return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)
