"""No inference image can be made of the notebook as it is."""

from __future__ import annotations

from jupyter_mlpack.errors.base import CELL
from jupyter_mlpack.errors.input import InputError


class PredictMissing(InputError):
    """No function that answers requests."""

    code = "predict-missing"
    what = "{path} has no function that could answer requests."
    why = "An inference image serves one function: in a cell tagged predict, or called predict."
    hint = (
        "Add one: def predict(x: list[float]) -> float, which uses a model that a cell loads from a file; or name a "
        'method of an object that a cell makes: --choices \'{{"predict": "model.predict"}}\'.'
    )


class PredictUnknown(InputError):
    """The choices name a function that is not there."""

    code = "predict-unknown"
    what = "{path} has nothing called {function}."
    why = "The notebook's choices name it as the one that answers requests (mlpack.predict in its metadata)."
    hint = "Name a function or an object's method (model.predict) of a cell's top level, or leave the choice out."
    choices = {"predict": ""}


class ModelTrainedAtStart(InputError):
    """What is left for serving would still train."""

    code = "model-trained-at-start"
    what = "{function} needs {name}, which is trained in {where} and loaded from no file."
    where = "{where}: {text}"
    why = "An inference image does not train: every start would take as long, and answer differently."
    hint = (
        "Save {name} in training (joblib.dump, torch.save ...) and load it from that file in a cell above {function}; "
        "a file from elsewhere comes along with --model PATH."
    )
    action = CELL


class ModelGivenMissing(InputError):
    """``--model`` names nothing."""

    code = "model-missing"
    what = "There is nothing at {path}."
    why = "--model names a file or a folder: a model, or what a training run left."
    hint = "Check the path; a run's outputs are where jupyter mlpack run said."


class ModelNotLoaded(InputError):
    """``--model`` is given, and nobody can tell where it belongs."""

    code = "model-not-loaded"
    what = "{path} cannot be put where {function} loads a model: {reason}."
    why = "Loaded by the code that {function} needs: {loaded}."
    hint = "Name a file (or a folder with files) called like what is loaded, or load it by that name in a cell."


class ModelNeedsInference(InputError):
    """``--model`` without ``--purpose inference``."""

    code = "model-needs-inference"
    what = "--model is for inference images only."
    why = "A training image makes its model itself."
    hint = "Add --purpose inference, or leave --model out."
