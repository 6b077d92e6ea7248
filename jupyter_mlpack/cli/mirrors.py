"""Where a site has its copies of what images are made of: Debian's archives, packages, conda channels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack.frozen import dataclass, field, replace

if TYPE_CHECKING:
    from jupyter_mlpack.wishes import Machine

ALIAS = "CONDA_CHANNEL_ALIAS"
"""conda's own variable for the address below which channels are."""


@dataclass(frozen=True)
class Mirrors:
    """Empty texts stand for what this machine is set up for. Addresses may hold credentials."""

    archive: str = ""
    security: str = ""
    keyring: str = ""
    index: str = field(default="", repr=False)
    channels: str = field(default="", repr=False)

    def over(self, machine: Machine) -> Machine:
        """The machine with these mirrors; that of conda is told in the environment of this process, a command."""
        settings = replace(
            machine.stack_settings,
            mirror=self.archive or None,
            security_mirror=self.security or None,
            keyring=Path(self.keyring).expanduser() if self.keyring else None,
        )
        if self.channels:
            os.environ[ALIAS] = self.channels
        indexes = dict(machine.index_settings)
        if self.index:
            indexes.pop("UV_INDEX_URL", None)
            indexes["UV_DEFAULT_INDEX"] = self.index
        return replace(machine, stack_settings=settings, index_settings=indexes)
