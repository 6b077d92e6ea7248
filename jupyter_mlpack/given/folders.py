"""Folders of buildpacks -> buildpacks of the catalog."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jupyter_mlpack.catalog import read_buildpack
from jupyter_mlpack.errors import BuildpackUnreadable
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.toml import TOMLDecodeError
from jupyter_mlpack.values import Buildpack, Catalog


def read_folder(folder: Path, where: str) -> Buildpack:
    """The buildpack in ``folder``. Raises ``BuildpackUnreadable``; ``where`` says who named it."""
    try:
        found = read_buildpack(folder)
    except FileNotFoundError as error:
        reason = "It has no buildpack.toml." if folder.is_dir() else "There is no such folder."
        raise BuildpackUnreadable(path=folder, where=where, reason=reason) from error
    except OSError as error:
        raise BuildpackUnreadable(path=folder, where=where, reason=f"{error.strerror}.") from error
    except (TOMLDecodeError, UnicodeDecodeError) as error:
        raise BuildpackUnreadable(path=folder, where=where, reason=f"buildpack.toml is not TOML: {error}.") from error
    except (KeyError, TypeError) as error:
        reason = "buildpack.toml does not say its id and version."
        raise BuildpackUnreadable(path=folder, where=where, reason=reason) from error
    if not (isinstance(found.id, str) and isinstance(found.version, str) and found.id and found.version):
        reason = "buildpack.toml does not say its id and version."
        raise BuildpackUnreadable(path=folder, where=where, reason=reason)
    return found


def with_buildpacks(catalog: Catalog, added: Iterable[Buildpack]) -> Catalog:
    """The catalog with further buildpacks; one with a known id and version takes the place of the one there was."""
    by_reference = {pack.reference: pack for pack in (*catalog.buildpacks, *added)}
    return replace(catalog, buildpacks=tuple(by_reference.values()))
