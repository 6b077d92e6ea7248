"""Needs without an import: each kind of sign, what silences it, and the table of rules itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpack.inspection import inspect_notebook
from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.folder import NoFolder
from jupyter_mlpack.inspection.needs import Rule, needs_rules
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.inspection.uses import notebook_uses
from jupyter_mlpack.notebook import read_notebook


def needed(tmp_path: Path, *sources: str) -> set[str]:
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for source in sources
    ]
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    found = inspect_notebook(read_notebook(path), folder=NoFolder()).dependencies
    return {f"{entry.name}[{','.join(entry.extras)}]" if entry.extras else entry.name for entry in found}


PANDAS = "import pandas as pd\n"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param(PANDAS + "pd.read_excel('a.xlsx')", "openpyxl", id="engine by default"),
        pytest.param(PANDAS + "pd.read_excel('a.xls')", "xlrd", id="engine by the file's ending"),
        pytest.param(PANDAS + "name = 'a.xlsb'\npd.read_excel(name)", "pyxlsb", id="ending behind a name"),
        pytest.param(PANDAS + "pd.read_excel(folder / 'a.ods')", "odfpy", id="ending of a joined path"),
        pytest.param(PANDAS + "pd.read_parquet('a', engine='fastparquet')", "fastparquet", id="engine by keyword"),
        pytest.param(PANDAS + "pd.read_csv(f's3://{bucket}/a.csv')", "s3fs", id="address in a formatted text"),
        pytest.param(PANDAS + "pd.read_csv('gs://' + bucket)", "gcsfs", id="address put together"),
        pytest.param(PANDAS + "df.style.background_gradient()", "matplotlib", id="attribute"),
        pytest.param(PANDAS + "df.plot(x='a')", "matplotlib", id="method that draws"),
        pytest.param(PANDAS + "pd.options.plotting.backend = 'plotly'", "plotly", id="option that is assigned"),
        pytest.param("import os, keras\nos.environ['KERAS_BACKEND'] = 'jax'", "jax", id="variable of the environment"),
        pytest.param("import sqlalchemy\nsqlalchemy.create_engine('mysql+pymysql://a@b/c')", "pymysql", id="driver"),
        pytest.param("%load_ext sql\n%sql postgresql://a@b/c", "psycopg2-binary", id="address given to a magic"),
        pytest.param("%matplotlib widget", "ipympl", id="back end of a magic"),
        pytest.param("%memit 1", "memory-profiler", id="magic"),
        pytest.param("!wandb login", "wandb", id="command"),
        pytest.param("!python -m spacy download de_core_news_sm", "spacy", id="module that is run"),
        pytest.param("from dask.distributed import Client", "distributed", id="import of a part"),
        pytest.param("from torch.utils.tensorboard import SummaryWriter", "tensorboard", id="import of a wrapper"),
        pytest.param("import transformers\nload(device_map='auto')", "accelerate", id="keyword"),
        pytest.param("from tqdm.notebook import tqdm", "tqdm[notebook]", id="an extra"),
        pytest.param("from transformers import AutoModelX\nAutoModelX.a('x')", "transformers[torch]", id="class"),
    ],
)  # fmt: skip
def test_add_needs__sign__adds_what_is_needed(tmp_path: Path, code: str, expected: str) -> None:
    assert expected in needed(tmp_path, code)


@pytest.mark.parametrize(
    ("code", "silent"),
    [
        pytest.param("df.read_excel('a.xlsx')", "openpyxl", id="the module is not imported"),
        pytest.param(
            "import pandas\npandas.read_parquet('a')\n!pip install fastparquet", "pyarrow", id="installed alternative"
        ),
        pytest.param("import pandas, seaborn\ndf.plot()", "matplotlib", id="brought along"),
        pytest.param(
            "import pandas\nimport polars as pl\npl.read_parquet('a')", "pyarrow", id="another library's call"
        ),
        pytest.param("import pandas\npandas.read_excel('a.xls')", "openpyxl", id="another engine's file"),
        pytest.param("from tqdm.notebook import tqdm\nimport ipywidgets", "tqdm[notebook]", id="extra that is there"),
        pytest.param("import keras\nimport torch", "tensorflow", id="another back end"),
        pytest.param(
            "try:\n    import dask.distributed\nexcept ImportError:\n    pass", "distributed", id="optional import"
        ),
        pytest.param("if IN_COLAB:\n    !wandb login", "wandb", id="command of one platform"),
        pytest.param(
            "from dask.distributed import Client\n!pip install 'dask[complete]'",
            "distributed",
            id="extra that brings it",
        ),
    ],
)
def test_add_needs__satisfied_or_not_meant__is_silent(tmp_path: Path, code: str, silent: str) -> None:
    assert silent not in needed(tmp_path, code)


def test_add_needs__first_use__is_the_evidence(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    sources = ["import pandas", "x = 1\npandas.read_hdf('a')", "pandas.read_hdf('b')"]
    content = {
        "cells": [{**cell, "source": source} for source in sources],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    path.write_text(json.dumps(content))
    (found,) = (entry for entry in inspect_notebook(read_notebook(path)).dependencies if entry.name == "tables")
    assert [(proof.rule, proof.location.cell, proof.location.line) for proof in found.evidence] == [("NEED1", 2, 2)]
    assert found.evidence[0].text == "read_hdf: pandas reads and writes HDF5 files through PyTables"


RULES = needs_rules().rules


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.calls[0]}-{rule.needs}")
def test_needs_rules__each__is_well_formed(rule: Rule) -> None:
    names = [name.partition("[")[0] for name in (rule.needs, *rule.satisfied)]
    assert names == [normalised(name) for name in names]
    assert rule.calls
    assert rule.reason
    assert all(pattern == pattern.lower() for pattern in (*rule.arguments, *rule.unless))
    assert rule.needs not in rule.satisfied


@given(st.text(max_size=200))
@settings(deadline=None)
def test_notebook_uses__any_text__never_raises(source: str) -> None:
    cells = (read_cell(1, source), read_cell(2, f"a.b('{source[:50]}', c=d / 'e')\nx.y = f'{{z}}w'"))
    for use in notebook_uses("n.ipynb", cells, lambda name: True):
        assert all(isinstance(text, str) for text in use.texts)


def test_add_needs__key_that_is_a_rule_s_word__is_no_import(tmp_path: Path) -> None:
    assert needed(tmp_path, "import pandas\nconfig['import'] = other\nconfig['x'] = 1") == {"pandas"}
