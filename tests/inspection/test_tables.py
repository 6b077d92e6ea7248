"""The table of modules: the classic misfits, what must stay unresolved, and the override."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from jupyter_mlpack.errors import TableUnreadable
from jupyter_mlpack.inspection import tables
from jupyter_mlpack.inspection.distributions import candidates
from jupyter_mlpack.inspection.tables import DATA, OVERRIDE, read_table

MISFITS = """
cv2 opencv-python
PIL pillow
PIL.Image pillow
sklearn scikit-learn
sklearn.model_selection scikit-learn
sklearnex scikit-learn-intelex
skimage scikit-image
skimage.io scikit-image
skopt scikit-optimize
sksurv scikit-survival
imblearn imbalanced-learn
yaml pyyaml
bs4 beautifulsoup4
dateutil python-dateutil
dateutil.parser python-dateutil
dotenv python-dotenv
Crypto.Cipher pycryptodome
Cryptodome pycryptodomex
OpenSSL pyopenssl
serial pyserial
usb pyusb
fitz pymupdf
docx python-docx
pptx python-pptx
magic python-magic
MySQLdb mysqlclient
mysql.connector mysql-connector-python
psycopg2 psycopg2-binary
google.protobuf protobuf
google.protobuf.json_format protobuf
google.auth google-auth
google.oauth2.service_account google-auth
google.api_core.exceptions google-api-core
google.cloud.storage google-cloud-storage
google.cloud.storage.blob google-cloud-storage
google.cloud.bigquery google-cloud-bigquery
google.cloud.bigquery_storage google-cloud-bigquery-storage
google.cloud.bigquery_storage_v1 google-cloud-bigquery-storage
google.cloud.aiplatform google-cloud-aiplatform
google.cloud.aiplatform_v1beta1 google-cloud-aiplatform
google.cloud.pubsub_v1 google-cloud-pubsub
google.cloud.dialogflowcx_v3 google-cloud-dialogflow-cx
google.cloud.secretmanager google-cloud-secret-manager
google.generativeai google-generativeai
google.genai.types google-genai
googleapiclient.discovery google-api-python-client
vertexai.generative_models google-cloud-aiplatform
azure.identity azure-identity
azure.storage.blob azure-storage-blob
azure.storage.filedatalake azure-storage-file-datalake
azure.ai.ml azure-ai-ml
azure.ai.ml.entities azure-ai-ml
azure.core.credentials azure-core
azure.mgmt.resource azure-mgmt-resource
azureml.core.Workspace azureml-core
azureml.train.automl azureml-train-automl-client
opentelemetry.sdk.trace opentelemetry-sdk
opentelemetry.trace opentelemetry-api
opentelemetry.instrumentation.requests opentelemetry-instrumentation-requests
llama_index.core llama-index-core
llama_index.llms.ollama llama-index-llms-ollama
llama_index.vector_stores.chroma llama-index-vector-stores-chroma
attr attrs
jwt pyjwt
git gitpython
github pygithub
gi pygobject
wx wxpython
zmq pyzmq
umap umap-learn
hdbscan hdbscan
igraph igraph
community python-louvain
Levenshtein levenshtein
ruamel.yaml ruamel-yaml
mpl_toolkits.basemap basemap
mpl_toolkits.mplot3d matplotlib
mpl_toolkits.axes_grid1 matplotlib
pylab matplotlib
pkg_resources setuptools
pl_bolts lightning-bolts
lightning lightning
pytorch_lightning pytorch-lightning
tensorflow_probability tensorflow-probability
tensorflow_hub tensorflow-hub
tensorflow_text tensorflow-text
tf_agents tf-agents
keras_tuner keras-tuner
kerastuner keras-tuner
haiku dm-haiku
sonnet dm-sonnet
tree dm-tree
ot pot
pyro pyro-ppl
hydra hydra-core
ignite pytorch-ignite
transformers transformers
sentence_transformers sentence-transformers
faiss faiss-cpu
annoy annoy
pywt pywavelets
nacl pynacl
pyproj pyproj
osgeo gdal
shapely shapely
shapefile pyshp
rasterio rasterio
ee earthengine-api
Bio biopython
Bio.SeqIO biopython
rdkit.Chem rdkit
openbabel openbabel-wheel
ants antspyx
SimpleITK simpleitk
netCDF4 netcdf4
sacrebleu sacrebleu
spacy spacy
whisper openai-whisper
speech_recognition speechrecognition
telegram python-telegram-bot
discord discord-py
slugify python-slugify
surprise scikit-surprise
talib ta-lib
pandas_ta pandas-ta
bayes_opt bayesian-optimization
ax ax-platform
IPython ipython
Cython cython
OpenGL pyopengl
cairo pycairo
dns dnspython
ffmpeg ffmpeg-python
grpc grpcio
absl absl-py
antlr4 antlr4-python3-runtime
apache_beam apache-beam
airflow apache-airflow
delta delta-spark
kafka kafka-python
snowflake.connector snowflake-connector-python
snowflake.snowpark snowflake-snowpark-python
databricks.sdk databricks-sdk
databricks.sql databricks-sql-connector
pyannote.audio pyannote-audio
orbax.checkpoint orbax-checkpoint
websocket websocket-client
win32com pywin32
"""
ROWS = [pytest.param(*line.split(), id=line.split()[0]) for line in MISFITS.strip().splitlines()]


@pytest.mark.parametrize(("module", "distribution"), ROWS)
def test_modules__classic_misfit__its_distribution(module: str, distribution: str) -> None:
    assert (candidates(module) or ("nothing",))[0] == distribution


@pytest.mark.parametrize(
    ("module", "other"),
    [
        ("cv2", "opencv-contrib-python-headless"),
        ("tensorflow", "tensorflow-gpu"),
        ("PIL", "pillow-simd"),
        ("psycopg2", "psycopg2"),
        ("onnxruntime", "onnxruntime-gpu"),
        ("faiss", "faiss-gpu"),
        ("Levenshtein", "python-levenshtein"),
        ("cupy", "cupy-cuda11x"),
        ("pydantic_ai", "pydantic-ai-slim"),
        ("autogluon.tabular", "autogluon-tabular"),
    ],
)
def test_modules__several_builds__others_satisfy_too(module: str, other: str) -> None:
    assert other in tables.modules()[module]


@pytest.mark.parametrize(
    "module", ["utils", "config", "helper", "models", "src", "tests", "en_core_web_sm", "detectron2"]
)
def test_modules__nobody_can_tell__no_distribution(module: str) -> None:
    assert tables.modules()[module] == ()


@pytest.mark.parametrize("module", ["google", "google.colab", "azure", "my_team_module", "zope", "opencv"])
def test_candidates__shared_or_unknown_name__nothing(module: str) -> None:
    assert candidates(module) is None


def test_modules__file__sorted_normalised_and_nothing_of_python_s_own() -> None:
    lines = (DATA / "modules.txt").read_text(encoding="utf-8").splitlines()
    head = [line for line in lines if line.startswith("#")]
    rows = [line.partition(":") for line in lines if not line.startswith("#")]
    assert any(line.startswith("# source: ") for line in head)
    assert any(re.fullmatch(r"# date: \d{4}-\d\d-\d\d", line) for line in head)
    assert [module for module, _, _ in rows] == sorted({module for module, _, _ in rows})
    names = {name.removesuffix("?") for _, _, listed in rows for name in listed.split()}
    assert all(tables.normalised(name) == name for name in names)
    assert not [module for module, _, listed in rows if listed and module in sys.stdlib_module_names]


def test_modules__decisions__are_what_the_table_says() -> None:
    table = tables.modules()
    for module, names in tables.preferred().items():
        held = [name for name in table[module] if name in names]
        assert held == [name for name in names if name in held], module
        assert table[module][0] == names[0], module
    assert all(table[name] == () for name in tables.unknowable())


def test_modules__own_tables__beat_ours_the_first_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_text("# ours\nacme.billing: Acme_Billing\ncv2: acme-vision\n")
    second.write_text("cv2: other-vision\nnumpy:\nutils: acme-utils\n\n")
    monkeypatch.setenv(OVERRIDE, os.pathsep.join([str(first), str(second)]))
    assert candidates("acme.billing.invoices") == ("acme-billing",)
    assert candidates("cv2") == ("acme-vision",)
    assert candidates("numpy") == ()
    assert candidates("utils") == ("acme-utils",)
    assert candidates("pandas") == ("pandas",)
    assert "acme-billing" in tables.distributions()


@pytest.mark.parametrize(
    ("text", "line"),
    [pytest.param(b"numpy: numpy\nnumpy pandas\n", 2, id="no colon"), pytest.param(b"\xff\xfe", 0, id="not text")],
)
def test_modules__own_table_is_no_table__told_where(
    text: bytes, line: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "own.txt"
    path.write_bytes(text)
    monkeypatch.setenv(OVERRIDE, str(path))
    with pytest.raises(TableUnreadable) as caught:
        tables.modules()
    assert caught.value.data["line"] == line


def test_read_table__own_file__marks_are_kept(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("a: b? c\n")
    assert dict(read_table(tmp_path / "t.txt")) == {"a": ("b?", "c")}
