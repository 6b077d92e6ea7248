"""A traitlets application that takes its settings from the command line and from Jupyter's configuration files.

``JupyterApp`` does that, too, and imports an event loop for it: 50 ms, a sixth of what an inspection may take
(``docs/decisions/0013-inspect.md``). The files and their order are Jupyter's own.
"""

from __future__ import annotations

import os
import re
from typing import Any

from traitlets import TraitError, Unicode
from traitlets.config.application import Application
from traitlets.config.loader import ArgumentError, KVArgParseConfigLoader

from jupyter_mlpack.cli.places import configuration


class StrictLoader(KVArgParseConfigLoader):
    """A command line on which a misspelled option is an error, not a warning."""

    def _handle_unrecognized_alias(self, arg: str) -> None:
        raise ArgumentError(f"there is no option {'-' if len(arg) == 1 else '--'}{arg}")


class SettingsApp(Application):
    """An application with Jupyter's configuration files; what is wrong with a setting is said by ``refuse``."""

    config_file = Unicode(help="A configuration file instead of Jupyter's.").tag(config=True)

    def initialize(self, argv: list[str] | None = None) -> None:
        """Read the command line, then the configuration files; the command line wins."""
        try:
            Application.parse_command_line.__wrapped__(self, argv)  # type: ignore[attr-defined]
            if self.subapp is None:
                self.read_files()
        except (TraitError, ArgumentError) as error:
            self.refuse(in_words(str(error)))

    def read_files(self) -> None:
        """Read ``--config``, else the files in Jupyter's configuration folders."""
        if self.config_file:
            if not os.path.isfile(self.config_file):
                raise ArgumentError(f"there is no configuration file {self.config_file}")
            folder, name = os.path.split(os.path.abspath(self.config_file))
            self.load_config_file(name, path=folder)
            return
        folders, names = configuration()
        for name in names:
            self.load_config_file(name, path=list(folders))

    def start(self) -> None:
        """Run the subcommand that was asked for, if any."""
        if self.subapp is not None:
            self.subapp.start()

    def refuse(self, problem: str) -> None:
        """End, because an option or a setting cannot be used."""
        raise NotImplementedError

    def _create_loader(self, argv: Any, aliases: Any, flags: Any, classes: Any) -> StrictLoader:
        return StrictLoader(argv, aliases, flags, classes=classes, log=self.log, subcommands=self.subcommands)


def in_words(message: str) -> str:
    """What traitlets says of a wrong value, without the names of our classes.

    >>> in_words("The 'format' trait of an X instance expected any of ['a', 'b'], not the str 'c'.")
    "--format is one of a, b; not 'c'"
    """
    expected = r"expected any of \[(.*)\](?: or None)?, not the \w+ (.*?)\.?$"
    found = re.match(rf"The '(\w+)' trait of an? \w+ instance {expected}", message)
    if found:
        name, choices, given = found.groups()
        return f"--{name.replace('_', '-')} is one of {choices.replace(chr(39), '')}; not {given}"
    return message.rstrip(".")
