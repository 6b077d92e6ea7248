"""The service and other people's clients: tritonclient, schemathesis; and arguments that are pandas' or numpy's."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.resolution import find_uv

pytestmark = pytest.mark.network

OPEN_INFERENCE = Path(__file__).with_name("open_inference.yaml")
NEEDED = (
    "tritonclient[http]",
    "schemathesis>=4",
    "pandas",
    "fastapi",
    "uvicorn",
    "httptools",
    "uvloop",
    "prometheus-client",
)
TOTAL = '''
def predict(x: list[float], scale: float = 1.0, name: str = "") -> dict[str, float]:
    """Takes whatever the schema allows."""
    return {"count": len(x), "scale": scale}
'''
TENSORS = """
import numpy as np

def predict(x: np.ndarray, names: list[str]):
    return {"sum": x.sum(axis=-1), "first": names[0]}
"""
BATCH = """
import numpy as np

def predict(X):
    return X * 2
"""
FRAME = """
import pandas as pd

def predict(table: pd.DataFrame, times: int = 1) -> pd.Series:
    return (table["a"] + table["b"].str.len()) * times
"""
TRITON = """
import json, sys
import numpy as np
import tritonclient.http as triton

client = triton.InferenceServerClient(sys.argv[1].removeprefix("http://"))
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("digits")
assert client.is_model_ready("digits", "1")
assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
metadata = client.get_model_metadata("digits")
assert [item["name"] for item in metadata["inputs"]] == json.loads(sys.argv[2])

def given(name, array, kind, binary):
    tensor = triton.InferInput(name, list(array.shape), kind)
    tensor.set_data_from_numpy(array, binary_data=binary)
    return tensor

KINDS = {"FP16": "float16", "FP32": "float32", "FP64": "float64", "INT8": "int8", "UINT8": "uint8", "INT64": "int64"}
seen = 0
for binary in (True, False):
    for back in (True, False):
        for kind, dtype in KINDS.items():
            if kind in ("FP16",) and not (binary and back):
                continue  # numpy's own JSON of this kind is refused by the client
            array = np.array([[0, 1, 1], [1, 0, 1]], dtype=dtype)
            outputs = [triton.InferRequestedOutput("output", binary_data=back)]
            answer = client.infer("digits", [given("X", array, kind, binary)], outputs=outputs, request_id="q")
            expected = array * 2
            result = answer.as_numpy("output")
            assert answer.get_response()["id"] == "q"
            assert result.dtype == expected.dtype and (result == expected).all(), (kind, binary, back, result)
            seen += 1
default = client.infer("digits", [given("X", np.ones((1, 2), "float32"), "FP32", True)])
assert default.as_numpy("output").tolist() == [[2.0, 2.0]]
print(seen)
"""
TRITON_TEXTS = """
import sys
import numpy as np
import tritonclient.http as triton

client = triton.InferenceServerClient(sys.argv[1].removeprefix("http://"))
for binary in (True, False):
    x = triton.InferInput("x", [2, 3], "FP32")
    x.set_data_from_numpy(np.array([[1, 2, 3], [4, 5, 6]], "float32"), binary_data=binary)
    names = triton.InferInput("names", [2, 2], "BYTES")
    names.set_data_from_numpy(np.array([["a", "b"], ["\\u00fc", "d"]], dtype=object), binary_data=binary)
    wanted = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("first", "sum")]
    answer = client.infer("digits", [x, names], outputs=wanted)
    first = [item.decode() if isinstance(item, bytes) else item for item in answer.as_numpy("first").tolist()]
    assert first == ["a", "\\u00fc"], first
    assert answer.as_numpy("sum").tolist() == [6.0, 15.0]
"""


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with other people's clients, and with what the service needs."""
    folder = tmp_path_factory.mktemp("clients") / "venv"
    for words in (["venv", str(folder)], ["pip", "install", "--python", str(folder), *NEEDED]):
        made = subprocess.run([str(find_uv()), *words], capture_output=True, text=True, check=False)
        if made.returncode:
            pytest.skip(f"NOT TESTED: the clients cannot be installed here: {made.stderr[-300:]}")
    return folder / "bin/python"


def run(python: Path, script: str, *arguments: str) -> str:
    ran = subprocess.run(
        [str(python), "-c", script, *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr[-3000:]
    return ran.stdout


def test_triton__raw_and_json_both_ways__same_arrays(served: Callable[[str], Any], clients: Path) -> None:
    assert run(clients, TRITON, served(BATCH).address, '["X"]') == "21\n"


def test_triton__texts_and_several_tensors__in_order(served: Callable[[str], Any], clients: Path) -> None:
    run(clients, TRITON_TEXTS, served(TENSORS).address)


SHAPED = ("--include-path-regex", "infer|invocations", "--exclude-checks", "positive_data_acceptance")
PAGE = ("/openapi.json", "--exclude-path-regex", "infer|invocations")
TYPED = """
from typing import Optional

def predict(x: list[float], n: int, flag: bool = False, s: Optional[float] = 1.0, more: dict[str, list[int]] = {}):
    return n
"""
LONE = """
def predict(n: int) -> int:
    return n
"""
SOURCES = {"total": TOTAL, "typed": TYPED, "lone": LONE}


@pytest.mark.parametrize(
    ("source", "described", "words"),
    [
        pytest.param("total", PAGE[0], PAGE[1:], id="our page, several parameters"),
        pytest.param("typed", PAGE[0], PAGE[1:], id="our page, all kinds of types"),
        pytest.param("lone", PAGE[0], PAGE[1:], id="our page, one value"),
        pytest.param("total", "/openapi.json", SHAPED, id="our page, tensors and tables"),
        pytest.param("total", str(OPEN_INFERENCE), SHAPED[2:], id="Open Inference"),
    ],
)
def test_schemathesis__description__kept(  # noqa: PLR0917 (rows of three, fixtures of three)
    served, clients: Path, tmp_path: Path, source: str, described: str, words: tuple[str, ...]
) -> None:
    """All checks but one: no schema can say that as many elements as the shape means, or columns of one length, are
    wanted, so not all that fits the schema of a tensor or a table is taken.
    """
    service = served(SOURCES[source])
    place = described if described.endswith("yaml") else service.address + described
    command = [
        str(clients.with_name("st")), "run", place, "--url", service.address, "--phases", "examples,coverage,fuzzing",
        "--checks", "all", "--max-examples", "10", "--seed", "6", "--no-color", "--generation-deterministic", *words,
    ]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=300)
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert "Traceback" not in service.log.read_text()


@pytest.fixture(scope="session")
def table_service(start_service, clients: Path) -> Any:
    service = start_service(FRAME, python=str(clients))
    service.wait()
    return service


ROWS = [{"a": 1, "b": "xy"}, {"a": 2, "b": "z"}]


@pytest.mark.parametrize(
    ("route", "body", "expected"),
    [
        ("/predict", {"table": ROWS}, [3, 3]),
        ("/predict", {"table": {"a": [1, 2], "b": ["xy", "z"]}, "times": 2}, [6, 6]),
        ("/predict", {"table": {"columns": ["a", "b"], "data": [[1, "xy"]]}}, [3]),
        ("/v1/models/digits:predict", {"instances": ROWS, "parameters": {"times": 10}}, {"predictions": [30, 30]}),
        ("/invocations", {"dataframe_split": {"columns": ["a", "b"], "data": [[1, "xy"]]}}, {"predictions": [3]}),
        ("/invocations", {"dataframe_records": ROWS}, {"predictions": [3, 3]}),
        ("/invocations", {"inputs": {"a": [1], "b": ["x"]}}, {"predictions": [2]}),
        ("/invocations", ROWS, [3, 3]),
        ("/invocations", "a,b\n1,xy\n2,z\n", [3, 3]),
        (
            "/v2/models/digits/infer",
            {"inputs": [{"name": "a", "shape": [2], "datatype": "INT64", "data": [1, 2]},
                        {"name": "b", "shape": [2, 1], "datatype": "BYTES", "data": ["xy", "z"]}]},
            [3, 3],
        ),
    ],
    ids=["records", "columns", "split", "V1", "MLflow split", "MLflow records", "MLflow inputs", "list", "csv", "V2"],
)  # fmt: skip
def test_frame__every_form__a_data_frame(table_service: Any, route: str, body: Any, expected: Any) -> None:
    kind = "text/csv" if isinstance(body, str) else "application/json"
    answer = table_service.ask(route, body, content_type=kind)
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert (result["outputs"][0]["data"] if "infer" in route else result) == expected


@pytest.mark.parametrize(
    "body", [{"table": 1}, {"table": [1]}, {"table": {"a": 1, "b": [1]}}, {"table": ROWS, "times": "x"}]
)
def test_frame__no_table__422(table_service: Any, body: Any) -> None:
    assert table_service.ask("/predict", json.dumps(body)).status_code == 422
