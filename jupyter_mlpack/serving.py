"""The inference side of a build: found, checked, and given its model files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.choices import read_decided
from jupyter_mlpack.inspection.kernel import read_kernel
from jupyter_mlpack.inspection.serving import Side, find_function, inspect_serving, is_pickled, missing_name
from jupyter_mlpack.values import Inspection, Notebook, Notice, Purpose, Serving
from jupyter_mlpack.wishes import Machine, Wishes


def find_side(notebook: Notebook, inspection: Inspection, wishes: Wishes, machine: Machine) -> Side | None:
    """The inference side, if an image can be made of it; always one where an inference image is asked for.

    Raises ``PredictMissing``, ``PredictUnknown``, ``ModelTrainedAtStart``, ``ModelGivenMissing``, ``ModelNotLoaded``
    and ``ChoiceOutside`` then.
    """
    wanted = wishes.aim is Purpose.INFERENCE
    if find_function(notebook) is None:
        if wanted:
            raise missing(notebook)
        return None
    environment, _ = read_kernel(wishes.kernel or notebook.kernel, cache=machine.store.root / "kernels")
    side = inspect_serving(notebook, inspection, environment)
    assert side is not None
    if side.serving.trains:
        if wanted:
            raise trained(side.serving)
        return None
    if not wanted:
        return side
    models = place_model(wishes.model, side.serving)
    kept = read_decided(notebook.metadata).model
    if kept and wishes.model == notebook.path.parent / kept:
        check_inside(models, notebook.path.parent.resolve(), kept)
    return replace(side, models=models)


def check_inside(models: Mapping[str, Path], folder: Path, model: str) -> None:
    """A notebook's own choice takes nothing from outside of its folder. Raises ``ChoiceOutside``."""
    if not all(source.resolve().is_relative_to(folder) for source in models.values()):
        raise errors.ChoiceOutside(key="model", path=model)


def missing(notebook: Notebook) -> errors.MlpackError:
    """There is no function, or none of the name that the choices say."""
    wanted = missing_name(notebook)
    if wanted:
        return errors.PredictUnknown(path=notebook.path.name, function=wanted)
    return errors.PredictMissing(path=notebook.path.name)


def trained(serving: Serving) -> errors.MlpackError:
    """The first statement that would train at each start."""
    first = serving.trains[0]
    return errors.ModelTrainedAtStart(
        function=serving.function, name=first.name, where=str(first.location), text=first.text, location=first.location
    )


def tell_side(side: Side) -> Iterator[Notice]:
    """What is served, and which files have to be mounted."""
    serving = side.serving
    kept = sum(cell.kept != "none" for cell in serving.cells)
    answering = f"{', '.join((serving.function, *serving.others))} answer{'' if serving.others else 's'}"
    text = f"{answering} requests; {kept} of {len(serving.cells)} code cells are kept for it."
    yield Notice("served", text, serving.location)
    if serving.unpickles == "unknown":
        names = ", ".join(sorted(item.name for item in side.inspection.dependencies if is_pickled(item.name)))
        text = (
            f"{serving.function} reads an object that was pickled, and the notebook does not show what wrote it. "
            + (f"{names} are in the image for its classes" if names else "No package is in the image for its classes")
            + "; import in the cell that reads it what else it is made of."
        )
        yield Notice("pickled-unknown", text, serving.location)
    there = {file.path for file in side.inspection.files} | set(side.models) | {path for path, _ in serving.written}
    for path in serving.files:
        if path not in there and not any(one.startswith(f"{path}/") for one in there):
            text = (
                f"{path} is loaded when the server starts, and is not there: run the training first, name it with "
                "--model, or mount it (/opt/ml/model, or MLPACK_MODEL_DIR) when the image runs."
            )
            yield Notice("model-missing", text, serving.location)


def place_model(given: Path | None, serving: Serving) -> dict[str, Path]:
    """Files to put into the image, by the path under which the code loads them (from the notebook's folder).

    A file goes where one of its name is loaded, else where the only one is. A folder goes where a folder of its name is
    loaded, else each of its files where one of that name is: a training run's outputs.
    Raises ``ModelGivenMissing`` and ``ModelNotLoaded``.
    """
    if given is None:
        return {}
    loaded = [path for path in serving.files if not path.startswith(("/", ".."))]
    if given.is_file():
        named = [path for path in loaded if posixpath.basename(path) == given.name]
        places = named or loaded
        if len(places) != 1:
            raise unplaced(given, serving, "several files are loaded" if places else "no file is loaded")
        return {places[0]: given}
    if not given.is_dir():
        raise errors.ModelGivenMissing(path=given)
    found: dict[str, Path] = {}
    for path in loaded:
        inside, same = given / path, given / posixpath.basename(path)
        for source in (inside, same, *([given] if given.name == posixpath.basename(path) else [])):
            if source.exists():
                found |= files_at(path, source)
                break
    if not found and len(loaded) == 1 and "." not in posixpath.basename(loaded[0]):
        found = files_at(loaded[0], given)
    if not found:
        raise unplaced(given, serving, "none of its files has the name of one that is loaded")
    return found


def files_at(path: str, source: Path) -> dict[str, Path]:
    """A file at ``path``, or the files of a folder below it; links that lead out of the folder are left out."""
    if source.is_file():
        return {path: source}
    inside = source.resolve()
    files = (file for file in sorted(source.rglob("*")) if file.is_file() and file.resolve().is_relative_to(inside))
    return {posixpath.join(path, file.relative_to(source).as_posix()): file for file in files}


def unplaced(given: Path, serving: Serving, reason: str) -> errors.MlpackError:
    """``--model`` cannot be followed."""
    loaded = ", ".join(serving.files) or "nothing"
    return errors.ModelNotLoaded(path=given, function=serving.function, reason=reason, loaded=loaded)
