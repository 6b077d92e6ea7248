"""The command line: names and folders in, a table out, a report on standard error."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.inspection import tables
from jupyter_mlpack.tables.merge import UNREAD, Decisions, Rows, refresh
from jupyter_mlpack.tables.read import Provided, read_installed, read_names, read_wheels

EPILOG = """\
The table has one line a module: "google.cloud.storage: google-cloud-storage". A "?" behind a name says that no run
has read that distribution yet. Set MLPACK_MODULES to one or more such files (separated like PATH) to put them before
the table that comes with jupyter-mlpack. The index is pip's and uv's own setting, or --index.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. 0: all was read; 1: something could not be asked, the table was written without it."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except errors.MlpackError as failure:
        sentences = (failure.sentence(part) for part in ("what", "where", "why", "hint"))
        print("\n".join(sentence for sentence in sentences if sentence), file=sys.stderr)
        return failure.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m jupyter_mlpack.tables",
        description="Which modules distributions really provide, read from their files.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="*", help="a distribution to ask the index for")
    parser.add_argument("--names", type=Path, action="append", default=[], help="a file of names, the most used first")
    parser.add_argument("--table", type=Path, help="an older table to refresh; its names with a ? are asked for")
    parser.add_argument("--all", action="store_true", help="ask for all names of the older table again")
    parser.add_argument("--wheels", type=Path, action="append", default=[], help="a folder of wheels to read")
    parser.add_argument("--installed", type=Path, action="append", default=[], help="a site-packages folder to read")
    parser.add_argument("--offline", action="store_true", help="ask no index: folders only")
    parser.add_argument("--index", action="append", default=[], help="a simple index; beats the machine's settings")
    parser.add_argument("--cache", type=Path, help="a folder that keeps answers, so that a stopped run goes on")
    parser.add_argument("--source", default="", help="where the names come from, for the table's head")
    parser.add_argument("--date", default=datetime.date.today().isoformat(), help="for the table's head")
    parser.add_argument("-o", "--output", type=Path, help="the file to write; standard output otherwise")
    return parser


def _run(options: argparse.Namespace) -> int:
    older = tables.read_table(options.table) if options.table else {}
    names = [] if options.offline else _names(options, older)
    provided = [one for folder in options.wheels for one in read_wheels(folder)]
    provided += [one for folder in options.installed for one in read_installed(folder)]
    provided += _asked(names, options)
    if not provided and not older:
        raise errors.TableEmpty()
    decisions = Decisions(tables.preferred(), tables.unknowable())
    refreshed = refresh(older, _latest(provided), decisions)
    text = as_text(refreshed.rows, options.source or _source(options), options.date)
    if options.output:
        write_atomically(options.output, text)
    else:
        sys.stdout.write(text)
    return _report(provided, refreshed.wrong)


def _names(options: argparse.Namespace, older: Mapping[str, Sequence[str]]) -> list[str]:
    given = [*options.name, *(word for path in options.names for word in _words(path))]
    marked = {name.removesuffix(UNREAD) for names in older.values() for name in names if options.all or UNREAD in name}
    return [*given, *sorted(marked)]


def _words(path: Path) -> Iterator[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise errors.TableUnreadable(path=path, line=0, reason=str(error)) from error
    yield from (word for line in lines for word in line.partition("#")[0].split())


def _asked(names: Sequence[str], options: argparse.Namespace) -> tuple[Provided, ...]:
    if not names:
        return ()
    indexes = options.index or machine_indexes(os.environ)
    if not indexes:
        raise errors.IndexUnset()
    import httpx

    with httpx.Client(follow_redirects=True, timeout=60) as client:
        return read_names(names, indexes, client, options.cache, _tell)


def machine_indexes(environment: Mapping[str, str]) -> list[str]:
    """The indexes of uv's and pip's settings, further ones first as uv asks them; they may hold credentials."""
    from jupyter_mlpack.resolution import index_settings

    settings = index_settings(environment)
    further = [settings.get("UV_INDEX", ""), settings.get("UV_EXTRA_INDEX_URL", "")]
    main_one = settings.get("UV_DEFAULT_INDEX") or settings.get("UV_INDEX_URL", "")
    addresses = " ".join([*further, main_one]).split()
    return [url.partition("=")[2] if "=" in url.partition("://")[0] else url for url in addresses]  # uv's name=address


def _latest(provided: Sequence[Provided]) -> tuple[Provided, ...]:
    """One answer a distribution; a later one (the index's) beats an earlier one (a folder's) that it can replace."""
    found: dict[str, Provided] = {}
    for one in provided:
        if one.name not in found or one.state == "read":
            found[one.name] = one
    return tuple(found.values())


def as_text(rows: Rows, source: str, date: str) -> str:
    """The table's own format, sorted."""
    head = ["# module: the usual distribution, then others that provide it. ? = named, not read from its files yet."]
    head += [f"# source: {source}", f"# date: {date}"]
    return "\n".join([*head, *(" ".join([f"{module}:", *names]) for module, names in sorted(rows.items()))]) + "\n"


def _source(options: argparse.Namespace) -> str:
    counted = (("wheels", options.wheels), ("installed", options.installed), ("names", options.names))
    kinds = [kind for kind, folders in counted if folders]
    return "python -m jupyter_mlpack.tables, from " + ", ".join(kinds or ["names"])


def _tell(done: int, every: int, one: Provided) -> None:
    if done % 100 == 0 or done == every:
        print(f"{done} of {every} distributions, the last one {one.name}", file=sys.stderr)


def _report(provided: Sequence[Provided], wrong: Sequence[tuple[str, str]]) -> int:
    for state in ("unknown", "silent", "failed"):
        for one in (one for one in provided if one.state == state):
            print(f"{state}: {one.name}{f' ({one.reason})' if one.reason else ''}", file=sys.stderr)
    for module, name in wrong:
        print(f"left out: {name} does not provide {module}", file=sys.stderr)
    return int(any(one.state == "failed" for one in provided))
