"""The inference side of a notebook, inspected: what the kept code needs, by what is known of the whole notebook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.inspection.paths import word_set
from jupyter_mlpack.inspection.run import inspect_notebook
from jupyter_mlpack.inspection.serving.run import find_serving, serving_notebook
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.values import Inspection, KernelEnvironment, Notebook, Serving

PICKLED = word_set(
    """
    scikit-learn xgboost xgboost-cpu lightgbm catboost statsmodels imbalanced-learn category-encoders torch sktime
    skorch prophet pandas polars spacy gensim hdbscan umap-learn sklearn-pandas feature-engine lifelines pmdarima
    """
)
"""Where nobody knows which program wrote the objects that are read: packages whose objects are written so."""


def is_pickled(name: str) -> bool:
    """Whether objects of the distribution are written as pickles."""
    return normalised(name) in PICKLED


@dataclass(frozen=True)
class Side:
    """What is served, and what it needs. ``models`` are files to put where the code loads them, by that path."""

    serving: Serving
    inspection: Inspection
    models: Mapping[str, Path] = field(hash=False, default_factory=dict)


def inspect_serving(notebook: Notebook, whole: Inspection, environment: KernelEnvironment | None) -> Side | None:
    """The inference side; ``None`` for a notebook without a predict function.

    Its packages have the versions that the whole notebook asks for: install lines are cut, what they say is not.
    """
    serving = find_serving(notebook)
    if serving is None:
        return None
    found = inspect_notebook(serving_notebook(notebook, serving), environment)
    known = {normalised(item.name): item for item in whole.dependencies}
    own = {normalised(item.name): known.get(normalised(item.name), item) for item in found.dependencies}
    if serving.unpickles == "unknown":
        own |= {name: item for name, item in known.items() if name in PICKLED}
    inspection = replace(
        found,
        dependencies=tuple(own[name] for name in sorted(own)),
        constraints=whole.constraints,
        python=whole.python,
        hardware=whole.hardware,
        system=whole.system,
        indexes=whole.indexes,
        parameters=(),
    )
    return Side(serving, inspection)
