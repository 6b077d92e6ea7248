"""Whatever fails becomes its sentences and an exit status: for every subcommand, and needed before any is imported."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.cli.interruption import ending, exit_status

if TYPE_CHECKING:
    from jupyter_mlpack.cli.report import Reporter


def guarded(
    run: Callable[[Reporter], int],
    reporter: Reporter,
    home: Callable[[], str],
    interruption: Callable[[], errors.MlpackError],
) -> int:
    """The exit status of ``run``, with its errors reported. ``home`` is where the store is."""
    try:
        try:
            return run(reporter)
        finally:
            ending()
    except KeyboardInterrupt as stop:
        from jupyter_mlpack.events import failed

        reporter.interrupted(failed(interruption()))
        return exit_status(stop)
    except errors.MlpackError as error:
        return report_error(error, reporter)
    except OSError as error:
        return report_error(storage_error(error, home()), reporter)


def storage_error(error: OSError, home: str) -> errors.MlpackError:
    """An operating system error that nobody closer could explain: a full disk, or a folder that refuses us."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        path = Path(error.filename or home).absolute()
        if not path.is_relative_to(Path(home).absolute()):
            return errors.DiskFull(path=path, reason=error.strerror)
        return errors.StoreFull(path=path, reason=error.strerror)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return errors.StoreUnwritable(path=error.filename or home, reason=error.strerror)
    raise error


def report_error(error: errors.MlpackError, reporter: Reporter) -> int:
    """Show the error's four sentences; its exit code."""
    from jupyter_mlpack.events import failed

    reporter(failed(error))
    return error.exit_code
