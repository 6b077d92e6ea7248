"""Data and models that an image needs and that do not lie beside the notebook."""

from __future__ import annotations

from jupyter_mlpack.frozen import dataclass


@dataclass(frozen=True)
class Asset:
    """A file or a folder at the path where the notebook reads it (relative to its folder; a mount's may be absolute).

    ``source`` is where it comes from: an address, a path of this machine, or ``dvc``; it may hold credentials.
    ``sha256`` are 64 digits, of a folder those of the list of its files; empty where nobody said it. A ``mount`` is put
    there by whoever starts the image, which needs it if it is ``required``. ``given`` says that the caller named it,
    not the notebook.
    """

    path: str
    source: str = ""
    sha256: str = ""
    mount: bool = False
    required: bool = True
    given: bool = False
