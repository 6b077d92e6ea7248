"""One package of a conda channel."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from jupyter_mlpack.errors import CondaFileUnreadable
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.resolution.conda.channels import without_token
from jupyter_mlpack.values import Json

OTHER_NAMES = {
    "brotli-python": "brotli", "dask-core": "dask", "matplotlib-base": "matplotlib", "msgpack-python": "msgpack",
    "opencv": "opencv-python", "py-opencv": "opencv-python", "pytables": "tables", "pytorch": "torch",
    "pytorch-cpu": "torch", "pytorch-gpu": "torch", "seaborn-base": "seaborn", "py-xgboost": "xgboost",
    "python-graphviz": "graphviz", "python-duckdb": "duckdb", "pillow-simd": "pillow", "nltk_data": "",
}  # fmt: skip
"""Names of conda's whose distribution is called otherwise."""


@dataclass(frozen=True)
class CondaPackage:
    """``url`` is without credentials; ``sha256`` or ``md5`` are in hexadecimal, empty if unknown; ``size`` in bytes."""

    name: str
    version: str
    build: str
    subdir: str
    url: str
    sha256: str = ""
    md5: str = ""
    size: int = 0
    noarch: str = ""
    depends: tuple[str, ...] = field(default=())

    @property
    def distribution(self) -> str:
        """The Python distribution that it is (normalised); empty for a program or a library."""
        needs = {re.split(r"[\s=<>!~]", text, maxsplit=1)[0] for text in self.depends}
        python = self.noarch == "python" or needs & {"python", "python_abi"} or re.match(r"py(?:\d|h|_)", self.build)
        name = normalised(self.name)
        return OTHER_NAMES.get(name, name) if python and name not in ("python", "python-abi") else ""

    @property
    def row(self) -> dict[str, Json]:
        """What the buildpack installs it by."""
        return {
            "name": self.name, "version": self.version, "build": self.build, "subdir": self.subdir, "url": self.url,
            "sha256": self.sha256, "md5": self.md5, "size": self.size, "noarch": self.noarch,
            "depends": list(self.depends),
        }  # fmt: skip


def package_of_url(address: str, sha256: str = "", md5: str = "", depends: tuple[str, ...] = ()) -> CondaPackage:
    """``https://.../linux-64/numpy-1.26.4-py311_0.conda#<md5 or sha256>``. Raises ``CondaFileUnreadable``."""
    parts = urlsplit(address)
    words = unquote(parts.path).split("/")
    stem = re.sub(r"\.(?:conda|tar\.bz2)$", "", words[-1])
    pieces = stem.rsplit("-", 2)
    if len(words) < 3 or len(pieces) != 3 or stem == words[-1]:
        raise CondaFileUnreadable(file=words[-1] or "the lock", reason="it is no address of a conda package")
    given = parts.fragment.removeprefix("sha256:").lower()
    sha256 = given if re.fullmatch(r"[0-9a-f]{64}", given) else sha256
    md5 = given if re.fullmatch(r"[0-9a-f]{32}", given) else md5
    plain, _ = without_token(parts._replace(fragment="", query="").geturl())
    name, version, build = pieces
    return CondaPackage(name, version, build, words[-2], plain, sha256, md5, depends=depends)
