"""Names -> what each one's newest release provides: a bounded number at once, resumable, one failure loses one name."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.tables.archives import Unreadable, installed_modules, sdist_modules, wheel_modules
from jupyter_mlpack.tables.index import File, newest, project_files
from jupyter_mlpack.tables.remote import BUDGET, RemoteFile

if TYPE_CHECKING:
    import httpx

ATTEMPTS = 4
MOST_AT_ONCE = 16
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})

Result = TypeVar("Result")
State = Literal["read", "unknown", "silent", "failed"]
Told = Callable[[int, int, "Provided"], None]


@dataclass(frozen=True)
class Provided:
    """What is known of one distribution.

    ``state``: ``read`` (its files were seen), ``unknown`` (no index has it), ``silent`` (it has no file that tells:
    only source archives without ``top_level.txt``), ``failed`` (could not be asked; ``reason`` says why).
    """

    name: str
    state: State
    version: str = ""
    file: str = ""
    modules: tuple[str, ...] = ()
    reason: str = ""


def read_names(
    names: Sequence[str],
    indexes: Sequence[str],
    client: httpx.Client,
    cache: Path | None = None,
    told: Told | None = None,
) -> tuple[Provided, ...]:
    """Ask the ``indexes`` (the first that knows a name counts) for each name; answers in the order of ``names``.

    ``cache`` is a folder that keeps answers, so that a stopped run goes on where it was; failures are not kept.
    ``told`` is called after each answer with (done, all, answer). Raises ``OSError`` if the cache cannot be written.
    """
    wanted = list(dict.fromkeys(normalised(name) for name in names))

    def answer(name: str) -> Provided:
        kept = _kept(cache, name)
        return kept or _keep(cache, _ask(name, indexes, client))

    found = []
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        for done, one in enumerate(pool.map(answer, wanted), 1):
            found.append(one)
            if told:
                told(done, len(wanted), one)
    return tuple(found)


def read_wheels(folder: Path) -> Iterator[Provided]:
    """All wheels of a folder, of each distribution the newest."""
    files = [File(path.name, str(path)) for path in sorted(folder.glob("*.whl"))]
    by_name: dict[str, list[File]] = {}
    for file in files:
        by_name.setdefault(normalised(file.name.partition("-")[0]), []).append(file)
    for name, held in sorted(by_name.items()):
        chosen = newest(held)
        if chosen is None:
            continue
        version, file = chosen
        try:
            with open(file.url, "rb") as opened:
                yield Provided(name, "read", version, file.name, wheel_modules(opened))
        except Unreadable as error:
            yield Provided(name, "failed", version, file.name, reason=str(error))


def read_installed(folder: Path) -> Iterator[Provided]:
    """All distributions of a ``site-packages``, read from their RECORD."""
    for name, version, modules in sorted(installed_modules(folder)):
        yield Provided(normalised(name), "read" if modules else "silent", version, modules=modules)


def _ask(name: str, indexes: Sequence[str], client: httpx.Client) -> Provided:
    import httpx

    try:
        for index in indexes:
            files = _patiently(partial(project_files, client, index, name))
            if files is not None:
                return _patiently(partial(_read, name, files, client))
        return Provided(name, "unknown")
    except httpx.HTTPStatusError as error:
        return Provided(name, "failed", reason=f"the index answered {error.response.status_code}")
    except httpx.HTTPError as error:
        return Provided(name, "failed", reason=type(error).__name__)
    except (Unreadable, OSError, ValueError) as error:
        return Provided(name, "failed", reason=str(error))


def _read(name: str, files: Iterable[File], client: httpx.Client) -> Provided:
    chosen = newest(files)
    if chosen is None:
        return Provided(name, "silent")
    version, file = chosen
    if file.is_wheel:
        with io.BufferedReader(RemoteFile(client, file.url), 1 << 16) as opened:
            return Provided(name, "read", version, file.name, wheel_modules(opened))
    modules = sdist_modules(_whole(client, file.url)) if file.name.endswith(".tar.gz") else ()
    return Provided(name, "read" if modules else "silent", version, file.name, modules)


def _whole(client: httpx.Client, url: str) -> bytes:
    """A source archive has no directory: it is read whole, within the budget of a file."""
    with client.stream("GET", url) as answer:
        answer.raise_for_status()
        held = bytearray()
        for chunk in answer.iter_bytes():
            held += chunk
            if len(held) > BUDGET:
                raise Unreadable(f"a source archive of more than {BUDGET} bytes")
    return bytes(held)


def _patiently(ask: Callable[[], Result]) -> Result:
    """Try again after passing trouble, with pauses of 0.5, 1 and 2 seconds."""
    import httpx

    for attempt in range(ATTEMPTS):
        try:
            return ask()
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in PASSING or attempt == ATTEMPTS - 1:
                raise
        except httpx.TransportError:
            if attempt == ATTEMPTS - 1:
                raise
        time.sleep(0.5 * 2**attempt)
    raise AssertionError("unreachable")


def _kept(cache: Path | None, name: str) -> Provided | None:
    path = cache / f"{name}.json" if cache else None
    if path is None or not path.is_file():
        return None
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return Provided(**{**held, "modules": tuple(held["modules"])})
    except (ValueError, TypeError, KeyError):  # of an older version of this program: ask again
        return None


def _keep(cache: Path | None, found: Provided) -> Provided:
    if cache and found.state != "failed":
        write_atomically(cache / f"{found.name}.json", json.dumps(asdict(found)))
    return found
