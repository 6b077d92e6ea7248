"""What all subcommands share: configuration, help that teaches, errors turned into words and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import Bool, Enum, List, Unicode

from jupyter_mlpack import __version__
from jupyter_mlpack.cli.failing import guarded
from jupyter_mlpack.cli.places import home_folder
from jupyter_mlpack.cli.settings import SettingsApp
from jupyter_mlpack.errors import Interrupted, MlpackError, OptionWrong

if TYPE_CHECKING:
    from jupyter_mlpack.cli.report import Reporter
    from jupyter_mlpack.events import Emit


class Command(SettingsApp):
    """One subcommand of ``jupyter mlpack``."""

    name = "jupyter-mlpack"
    version = __version__
    usage: ClassVar[str] = ""
    words: ClassVar[str] = ""
    options: ClassVar[tuple[tuple[str, str], ...]] = ()

    home = Unicode(help="Where images, layers and locks are kept (the content store).").tag(config=True)
    format = Enum(
        ["text", "json"], default_value="text", help="text for people, json for machines: one event a line."
    ).tag(config=True)
    verbose = Bool(False, help="Show the log of every phase.").tag(config=True)
    modules = List(
        Unicode(),
        help="Files: own tables of modules and the distributions that provide them, the first beats the next."
        " All beat those of MLPACK_MODULES, which beat ours.",
    ).tag(config=True)

    ca_certificates = Unicode(
        help="A file or folder of certificates (PEM) of authorities to trust, beside the public ones; in images, too."
    ).tag(config=True)

    listener: Emit = staticmethod(lambda event: None)
    """Who is told what happens before the command's own work."""

    common_aliases: ClassVar[Mapping[str, str]] = {
        "home": "Command.home",
        "ca-certificates": "Command.ca_certificates",
        "format": "Command.format",
        "config": "SettingsApp.config_file",
        "log-level": "Application.log_level",
    }
    common_flags: ClassVar[Mapping[str, Any]] = {
        "v": ({"Command": {"verbose": True}}, "Show the log of every phase."),
        "verbose": ({"Command": {"verbose": True}}, "Show the log of every phase."),
    }

    def _home_default(self) -> str:
        return home_folder()

    def emit_help(self, classes: bool = False) -> Any:
        """Lines of ``--help``: what it does, how to call it, options, examples; ``--help-all`` adds all settings."""
        yield from (f"usage: {self.usage}", "", self.words.strip(), "")
        if self.subcommands:
            yield "commands:"
            yield from (f"  {name:<15}{about}" for name, (_, about) in self.subcommands.items() if about)
            yield ""
        yield "options:"
        width = max(len(option) for option, _ in (*self.options, *COMMON_OPTIONS)) + 2
        yield from (f"  {option:<{width}}{about}" for option, about in (*self.options, *COMMON_OPTIONS))
        yield from ("", "examples:")
        yield from (f"  {line}" for line in self.examples.strip().splitlines())
        if classes:
            yield from ("", "settings (jupyter_mlpack_config.py or --Class.trait=value):", "")
            yield from self.emit_options_help()
            for cls in self._classes_with_config_traits():
                yield from (cls.class_get_help(), "")

    def run(self, reporter: Reporter) -> int:
        """The work of the subcommand; returns the exit status."""
        raise NotImplementedError

    def start(self) -> None:
        """Run, and turn whatever fails into its sentences and its exit code."""
        super().start()
        if self.subapp is not None:
            return
        self.name_tables()
        with self.reporter() as reporter:
            status = guarded(self.trusting_run, reporter, lambda: self.home, self.interruption)
        self.exit(status)

    def run_subcommand(self) -> None:
        """``start`` of a command that only has subcommands; alone, it shows its help."""
        if self.subapp is not None:
            self.subapp.start()
            return
        self.print_help()
        self.exit(0 if not self.extra_args else 2)

    def trusting_run(self, reporter: Reporter) -> int:
        """``run``, once this process trusts whom it shall."""
        self.listener = reporter
        if self.ca_certificates:
            from pathlib import Path

            from jupyter_mlpack.given.trust import trust

            trust(Path(self.ca_certificates).expanduser(), Path(self.home).expanduser())
        return self.run(reporter)

    def name_tables(self) -> None:
        """Put the tables of ``modules`` where inspection looks for them."""
        if self.modules:
            from jupyter_mlpack.inspection.tables import OVERRIDE

            named = [os.path.expanduser(name) for name in self.modules]
            os.environ[OVERRIDE] = os.pathsep.join([*named, *filter(None, [os.environ.get(OVERRIDE)])])

    def reporter(self) -> AbstractContextManager[Reporter]:
        """Where the command's events and its answer go."""
        from jupyter_mlpack.cli.report import make_reporter

        return make_reporter(self.format, verbose=self.verbose, stream=sys.stdout)

    def refuse(self, problem: str) -> None:
        """End, because an option or a setting cannot be used."""
        from jupyter_mlpack.cli.output import failure_lines
        from jupyter_mlpack.events import failed

        command = self.name.replace("-", " ")
        print("\n".join(failure_lines(failed(OptionWrong(problem=problem, command=command)))), file=sys.stderr)
        self.exit(OptionWrong.exit_code)

    def interruption(self) -> MlpackError:
        """What there is to say when the user stops the command."""
        return Interrupted()


COMMON_OPTIONS = (
    ("--home DIR", "where images and layers are kept (default: MLPACK_HOME, else Jupyter's data folder)"),
    ("--ca-certificates FILE", "certificates (PEM) of authorities to trust, beside the public ones; in images, too"),
    ("--format json", "one event a line, for machines"),
    ("-v, --verbose", "show the log of every phase"),
    ("--help-all", "all settings, with what each does"),
)
