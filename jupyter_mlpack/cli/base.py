"""What all subcommands share: configuration, help that teaches, errors turned into words and exit codes."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import Bool, Enum, Unicode

from jupyter_mlpack import __version__
from jupyter_mlpack.cli.interruption import exit_status
from jupyter_mlpack.cli.settings import SettingsApp
from jupyter_mlpack.errors import DiskFull, Interrupted, MlpackError, OptionWrong, StoreFull, StoreUnwritable

if TYPE_CHECKING:
    from jupyter_mlpack.cli.report import Reporter
    from jupyter_mlpack.events import Failed


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

    common_aliases: ClassVar[Mapping[str, str]] = {
        "home": "Command.home",
        "format": "Command.format",
        "config": "SettingsApp.config_file",
        "log-level": "Application.log_level",
    }
    common_flags: ClassVar[Mapping[str, Any]] = {
        "v": ({"Command": {"verbose": True}}, "Show the log of every phase."),
        "verbose": ({"Command": {"verbose": True}}, "Show the log of every phase."),
    }

    def _home_default(self) -> str:
        from jupyter_core.paths import jupyter_data_dir

        return os.environ.get("MLPACK_HOME") or str(Path(jupyter_data_dir()) / "mlpack")

    def emit_help(self, classes: bool = False) -> Any:
        """Lines of ``--help``: what it does, how to call it, options, examples; ``--help-all`` adds all settings."""
        yield from (f"usage: {self.usage}", "", self.words.strip(), "")
        if self.subcommands:
            yield "commands:"
            yield from (f"  {name:<10}{about}" for name, (_, about) in self.subcommands.items())
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
        with self.reporter() as reporter:
            status = self.guarded(reporter)
        self.exit(status)

    def reporter(self) -> AbstractContextManager[Reporter]:
        """Where the command's events and its answer go."""
        from jupyter_mlpack.cli.report import make_reporter

        return make_reporter(self.format, verbose=self.verbose, stream=sys.stdout)

    def refuse(self, problem: str) -> None:
        """End, because an option or a setting cannot be used."""
        from jupyter_mlpack.cli.output import failure_lines

        command = self.name.replace("-", " ")
        print("\n".join(failure_lines(failed(OptionWrong(problem=problem, command=command)))), file=sys.stderr)
        self.exit(OptionWrong.exit_code)

    def guarded(self, reporter: Reporter) -> int:
        """``run`` with its errors reported."""
        try:
            return self.run(reporter)
        except KeyboardInterrupt as stop:
            reporter.interrupted(failed(self.interruption()))
            return exit_status(stop)
        except MlpackError as error:
            return report_error(error, reporter)
        except OSError as error:
            return report_error(storage_error(error, self.home), reporter)

    def interruption(self) -> MlpackError:
        """What there is to say when the user stops the command."""
        return Interrupted()


COMMON_OPTIONS = (
    ("--home DIR", "where images and layers are kept (default: MLPACK_HOME, else Jupyter's data folder)"),
    ("--format json", "one event a line, for machines"),
    ("-v, --verbose", "show the log of every phase"),
    ("--help-all", "all settings, with what each does"),
)


def storage_error(error: OSError, home: str) -> MlpackError:
    """An operating system error that nobody closer could explain: a full disk, or a folder that refuses us."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        path = Path(error.filename or home).absolute()
        if not path.is_relative_to(Path(home).absolute()):
            return DiskFull(path=path, reason=error.strerror)
        return StoreFull(path=path, reason=error.strerror)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreUnwritable(path=error.filename or home, reason=error.strerror)
    raise error


def report_error(error: MlpackError, reporter: Reporter) -> int:
    """Show the error's four sentences; its exit code."""
    reporter(failed(error))
    return error.exit_code


def failed(error: MlpackError) -> Failed:
    """The error as an event."""
    from jupyter_mlpack.events import Failed

    return Failed(error.code, *(error.sentence(part) for part in ("what", "where", "why", "hint")))
