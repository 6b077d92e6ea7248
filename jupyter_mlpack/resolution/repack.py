"""The installed files of a distribution that no index has -> a wheel, without running anything of it.

The same files make the same bytes on every machine: sorted, dated 1980, not compressed (the image's layer is), metadata
without addresses of this machine. The format is PyPA's "Binary distribution format".
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.errors import DistributionFilesUnknown, LocalWheelUnfit
from jupyter_mlpack.inspection.sources import Holding, checked_files
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.resolution.wheels import target_tags, wheel_rank
from jupyter_mlpack.values import LocalWheel, Target

WHEEL = "Wheel-Version: 1.0\nGenerator: jupyter-mlpack\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
KEPT = pattern(r"^(entry_points\.txt|top_level\.txt|(LICEN[CS]E|COPYING|NOTICE|AUTHORS)[\w.-]*)$", re.I)
"""Files beside METADATA that a wheel keeps."""
EARLIEST = (1980, 1, 1, 0, 0, 0)
LOCAL_NEED = pattern(r"^(Requires-Dist:\s*[\w.-]+\s*(?:\[[^\]]*\])?)\s*@\s*file:[^\s;]*", re.M | re.I)
"""A requirement at an address of this machine: only the name is true elsewhere."""
SHEBANG = pattern(rb"^#!.*python[^\n]*")


def make_wheel(holding: Holding, target: Target, folder: Path) -> LocalWheel:
    """The wheel of ``holding``, kept below ``folder``: the one it was installed from, or a new one.

    Raises leaves of ``PackagingError``.
    """
    if holding.wheel:
        return taken_wheel(holding, Path(holding.wheel), target, folder)
    name, version = wheel_names(holding)
    metadata = read_metadata(holding)
    members = dict(wheel_members(holding, f"{name}-{version}", metadata))
    return keep(holding, zip_members(members, f"{name}-{version}"), f"{name}-{version}-py3-none-any.whl", folder)


def taken_wheel(holding: Holding, wheel: Path, target: Target, folder: Path) -> LocalWheel:
    """A wheel file that still lies where it was installed from. Raises ``LocalWheelUnfit``."""
    from packaging.utils import InvalidWheelFilename

    try:
        fits = wheel_rank(wheel.name, target_tags(target)) is not None
    except InvalidWheelFilename:
        fits = False
    if not fits:
        raise LocalWheelUnfit(name=holding.name, file=wheel.name, python=target.python, arch=target.arch)
    return keep(holding, wheel.read_bytes(), wheel.name, folder)


def keep(holding: Holding, data: bytes, filename: str, folder: Path) -> LocalWheel:
    """Writes a wheel below ``folder``, named by its content, unless it is there."""
    from packaging.utils import canonicalize_name, parse_wheel_filename

    sha256 = hashlib.sha256(data).hexdigest()
    path = folder / sha256 / filename
    if not path.is_file():
        write_atomically(path, data)
    version = str(parse_wheel_filename(filename)[1])
    needs = hashlib.sha256(wheel_metadata(data)).hexdigest()
    return LocalWheel(canonicalize_name(holding.name), version, filename, sha256, len(data), needs, path)


def wheel_metadata(data: bytes) -> bytes:
    """METADATA of a wheel; the whole wheel if it has none, which an installer will refuse."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found = (name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        name = next(found, None)
        return archive.read(name) if name else data


def wheel_names(holding: Holding) -> tuple[str, str]:
    """Name and version as they stand in the name of a wheel."""
    from packaging.utils import canonicalize_name
    from packaging.version import InvalidVersion, Version

    try:
        return canonicalize_name(holding.name).replace("-", "_"), str(Version(holding.version))
    except InvalidVersion as error:
        raise DistributionFilesUnknown(name=holding.name) from error


def read_metadata(holding: Holding) -> bytes:
    """METADATA, or PKG-INFO with its requirements, without addresses of this machine."""
    path = next((path for name in ("METADATA", "PKG-INFO") if (path := holding.place / name).is_file()), None)
    if path is None:
        raise DistributionFilesUnknown(name=holding.name)
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    if path.name == "PKG-INFO" and "\nRequires-Dist:" not in text:
        text = with_requirements(text, holding.place)
    head, blank, body = text.partition("\n\n")
    return (LOCAL_NEED.sub(r"\1", head) + blank + body).encode("utf-8", "surrogateescape")


def with_requirements(text: str, place: Path) -> str:
    """PKG-INFO with the lines of ``requires.txt`` (setuptools' old kind) as METADATA has them."""
    from importlib.metadata import PathDistribution

    lines = "".join(f"Requires-Dist: {line}\n" for line in PathDistribution(place).requires or ())
    head, blank, body = text.partition("\n\n")
    return head.rstrip("\n") + "\n" + lines.rstrip("\n") + (blank or "\n") + body


def wheel_members(holding: Holding, stem: str, metadata: bytes) -> Iterator[tuple[str, tuple[bytes, int]]]:
    """Path in the wheel -> content and mode, in any order."""
    for path, file in checked_files(holding).items():
        content = file.read_bytes()
        if path.startswith(".data/scripts/"):
            content = SHEBANG.sub(b"#!python", content, count=1)
        where = f"{stem}{path}" if path.startswith(".data/") else path
        yield where, (content, 0o755 if file.stat().st_mode & 0o100 else 0o644)
    info = f"{stem}.dist-info"
    yield f"{info}/METADATA", (metadata, 0o644)
    yield f"{info}/WHEEL", (WHEEL.encode(), 0o644)
    for file in sorted(holding.place.iterdir()):
        if KEPT.match(file.name) and file.is_file() and not file.is_symlink():
            yield f"{info}/{file.name}", (file.read_bytes(), 0o644)
    for file in sorted(holding.place.glob("licenses/**/*")):
        if file.is_file() and not file.is_symlink():
            yield f"{info}/{file.relative_to(holding.place).as_posix()}", (file.read_bytes(), 0o644)


def zip_members(members: dict[str, tuple[bytes, int]], stem: str) -> bytes:
    """The wheel's bytes; metadata stand last, as the format recommends."""
    import zipfile

    info = f"{stem}.dist-info"
    paths = sorted(members, key=lambda path: (path.startswith(f"{info}/"), path))
    rows = [f"{quoted(path)},sha256={record_hash(members[path][0])},{len(members[path][0])}\n" for path in paths]
    record = "".join([*rows, f"{info}/RECORD,,\n"]).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path, (content, mode) in [*((path, members[path]) for path in paths), (f"{info}/RECORD", (record, 0o644))]:
            entry = zipfile.ZipInfo(path, EARLIEST)
            entry.create_system = 3  # Unix: the mode counts, also where this runs on Windows
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, content)
    return target.getvalue()


def record_hash(content: bytes) -> str:
    """The digest as RECORD writes it (PEP 376)."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def quoted(path: str) -> str:
    """A path in a line of comma separated values."""
    return '"' + path.replace('"', '""') + '"' if re.search('[",\n]', path) else path
