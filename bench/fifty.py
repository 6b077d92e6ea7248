"""Fifty notebooks over a realistic spread of packages, built one after the other into one store.

How the time of a build and the bytes of the store grow, and what the layers take beside the least there is: each
distinct wheel (installed, with its bytecode) and the base, compressed once. What fifty images without any sharing
between notebooks would take (one ``site-packages`` layer each, on one base) is computed from the same wheels.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import ours
from cases import write_notebook
from lifecycle import WORK
from results import Part, say

if TYPE_CHECKING:
    from jupyter_mlpack.oci.tar import TarEntry

NOTEBOOKS = tuple(
    tuple(line.split())
    for line in """
numpy pandas matplotlib.pyplot
numpy pandas matplotlib.pyplot seaborn
numpy pandas sklearn.linear_model
numpy pandas sklearn.ensemble matplotlib.pyplot seaborn
pandas requests
pandas requests bs4
pandas requests bs4 lxml
pandas sqlalchemy psycopg2
pandas sqlalchemy pymysql
pandas openpyxl xlsxwriter
pandas pyarrow
pandas pyarrow s3fs
pandas boto3
pandas plotly.express
pandas plotly.express dash
pandas altair
pandas bokeh.plotting
numpy scipy.optimize matplotlib.pyplot
numpy scipy.signal matplotlib.pyplot
numpy scipy.stats statsmodels.api pandas
numpy sympy matplotlib.pyplot
numpy numba
numpy networkx matplotlib.pyplot
numpy PIL
numpy PIL skimage.filters matplotlib.pyplot
numpy cv2 matplotlib.pyplot
numpy pandas lightgbm
numpy pandas lightgbm optuna
numpy pandas sklearn.pipeline joblib yaml
numpy pandas sklearn.pipeline shap
numpy pandas sklearn.model_selection imblearn.over_sampling
numpy pandas catboost
nltk pandas
gensim.models pandas
spacy pandas
tokenizers numpy
onnxruntime numpy
polars
polars pyarrow matplotlib.pyplot
duckdb pandas
duckdb polars pyarrow
dask.dataframe pandas pyarrow
xarray netCDF4 matplotlib.pyplot
geopandas matplotlib.pyplot
shapely pyproj folium
h5py numpy
tqdm requests rich
httpx pydantic
mlflow.tracking pandas sklearn.metrics
prophet pandas
""".strip().splitlines()
)
"""What each imports, after what people's notebooks import: tables first, then plots, models, text, pictures, maps."""


def packed(home: ours.Home, wheels: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Compressed bytes of every wheel in a layer of its own, by (name, version).

    From the trees of the home's wheel store, which are what its layers hold. What is not there is installed and
    compiled by uv, without the bytecode of its tests, which our layers leave out.
    """
    from jupyter_mlpack.oci.store import Store
    from jupyter_mlpack.oci.tar import tree_entries, write_tar

    def entries(folders: list[Path]) -> Iterator[TarEntry]:
        for folder in folders:
            yield from tree_entries(folder, f"/venv/{folder.name}", 1000, 1000)

    store, sizes = Store(home.root.parent / "alone"), {}
    trees = kept_trees(home.root / ours.WHEELS)
    say(f"fifty: packing {len(wheels)} wheels alone, {sum(wheel in trees for wheel in wheels)} from the wheel store")
    for number, wheel in enumerate(sorted(wheels)):
        folders = trees.get(wheel) or [installed(home.root.parent / "tree", wheel)]
        layer = store.add_layer(lambda out, folders=folders: write_tar(out, entries(folders)))  # type: ignore[misc]
        sizes[wheel] = layer.descriptor.size
        store.path(layer.descriptor.digest).unlink()
        shutil.rmtree(home.root.parent / "tree", ignore_errors=True)
        if number % 50 == 49:
            say(f"fifty: {number + 1} of {len(wheels)}")
    return sizes


def kept_trees(folder: Path) -> dict[tuple[str, str], list[Path]]:
    """The wheel store's folders by name and version of what is in them."""
    found = {}
    for info in folder.glob("*/site/*.dist-info"):
        name, _, version = info.name.removesuffix(".dist-info").partition("-")
        found[normal(name), version] = [place for place in (info.parent, info.parent.parent / "data") if place.is_dir()]
    return found


def installed(folder: Path, wheel: tuple[str, str]) -> Path:
    """A wheel as uv installs and compiles it."""
    requirement = f"{wheel[0]}=={wheel[1]}"
    subprocess.run(
        ["uv", "pip", "install", "-q", "--no-deps", "--compile-bytecode", "--target", folder, requirement], check=True
    )
    for tests in [path for path in folder.rglob("*") if path.name in {"test", "tests"} and path.is_dir()]:
        for cache in list(tests.rglob("__pycache__")):
            shutil.rmtree(cache)
    return folder


def normal(name: str) -> str:
    """The normalised name of a project."""
    return re.sub(r"[-_.]+", "-", name).lower()


def build(part: Part, home: ours.Home, folder: Path, count: int) -> None:
    """Build the notebooks, each with the bytes that the store's blobs grow by."""
    for number, imports in enumerate(NOTEBOOKS[:count]):
        notebook = write_notebook(folder / f"n{number:02}.ipynb", imports, f"notebook {number}")
        before = home.blobs()
        sample = home.build(notebook)
        part.add("build", "ours", replace(sample, bytes=home.blobs() - before))


def main() -> None:
    """Build and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=len(NOTEBOOKS))
    parser.add_argument("--keep", action="store_true", help="leave the store")
    options = parser.parse_args()
    part = Part("fifty", vars(options))
    root = WORK / "fifty"
    shutil.rmtree(root, ignore_errors=True)
    home, folder = ours.Home(root / "home"), root / "notebooks"
    folder.mkdir(parents=True)
    ours.compile_ourselves()
    say("fifty: the run image and one notebook without packages, not measured")
    home.build(write_notebook(folder / "first.ipynb", ("json",), "first"), watched=False)
    base = home.base_bytes()
    shutil.rmtree(home.root / "locks")
    build(part, home, folder, options.count)
    locks = [{(normal(str(one["name"])), str(one["version"])) for one in lock} for lock in home.locks()]
    wheels = set().union(*locks)
    part.fact("stored", "ours", home.blobs())
    part.fact("store folder", "ours", disk_use(home.root))
    part.fact("wheels", "distinct", len(wheels))
    alone = packed(home, wheels)
    part.fact("stored", "least", sum(alone.values()) + base)
    part.fact("stored", "not shared", sum(alone[wheel] for lock in locks for wheel in lock) + base)
    part.data["alone"] = {f"{name}=={version}": size for (name, version), size in sorted(alone.items())}
    part.data["locks"] = [sorted(f"{name}=={version}" for name, version in lock) for lock in locks]
    part.save()
    if not options.keep:
        shutil.rmtree(root)


def disk_use(folder: Path) -> int:
    """Bytes on the disk, each file once."""
    done = subprocess.run(["du", "-s", "-B1", str(folder)], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0])


if __name__ == "__main__":
    main()
