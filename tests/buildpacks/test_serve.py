"""mlpack/serving: detection, the files it writes, and what the service answers on every platform's routes."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SUM = '''
def predict(x: list[float], scale: float = 1.0) -> float:
    """The sum of four numbers."""
    assert len(x) == 4, "four numbers are wanted"
    return sum(x) * scale
'''
NAMED = """
def predict(width: float, height: float = 2.0, unit: str = "cm") -> dict[str, float | str]:
    return {"area": width * height, "unit": unit}
"""
MODEL = """
from pydantic import BaseModel

class Flower(BaseModel):
    petals: int
    colour: str = "red"

class Kind(BaseModel):
    kind: str

def predict(flower: Flower) -> Kind:
    return Kind(kind=f"{flower.colour}-{flower.petals}")
"""
LOOSE_ROW = """
import numpy as np
weights = np.arange(4.0)

def predict(features):
    return np.asarray(features).reshape(4) @ weights
"""
LOOSE_TABLE = """
import numpy as np
weights = np.arange(4.0)

def predict(X):
    return X.dot(weights).astype("float32")
"""
ONE_ARRAY = """
import numpy as np

def predict(x: np.ndarray):
    if x.ndim != 2:
        raise ValueError("Expected 2D array")
    return {"total": x.sum(axis=1), "label": ["small" if row.sum() < 20 else "large" for row in x]}
"""
IMAGE = """
import numpy as np

def predict(image: list[list[int]]) -> int:
    return int(np.sum(image))
"""
TEXT = """
def predict(text: str) -> list[str]:
    return text.split()
"""
ASYNC = """
import asyncio
ready = await asyncio.sleep(0, result=1)

async def predict(n: int) -> int:
    await asyncio.sleep(0)
    return n + ready
"""
BYTES = """
def predict(data: bytes) -> bytes:
    return data[::-1]
"""
ODD = """
import datetime, math
import numpy as np

def predict(kind: str):
    return {
        "nan": math.nan, "inf": [math.inf, 1.0], "numpy": np.float32(0.5), "int": np.int64(3), "array": np.eye(2),
        "set": {1}, "when": datetime.date(2026, 1, 2), "bytes": b"ab", "none": None, "object": object(),
    }[kind]
"""
ROW = [1, 2, 3, 4]
V1 = "/v1/models/digits:predict"
V2 = "/v2/models/digits/infer"
JSON = "application/json"


def tensor(name: str, shape: list[int], datatype: str, data: object) -> dict[str, object]:
    return {"name": name, "shape": shape, "datatype": datatype, "data": data}


def inputs(*tensors: dict[str, object], **more: object) -> dict[str, object]:
    return {"inputs": list(tensors), **more}


# --- the buildpack ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("purpose", "is_described", "status"),
    [("inference", True, 0), ("inference", False, 1), ("training", True, 100)],
    ids=["inference", "no description", "training"],
)
def test_detect__purpose__passes_or_not(bench, purpose: str, is_described: bool, status: int) -> None:
    bench.describe(purpose=purpose)
    if is_described:
        (bench.app / ".mlpack/service.json").write_text("{}")
    ended, plan = bench.detect("serving")
    assert ended == status
    names = [entry["name"] for entry in tomllib.loads(plan).get("requires", [])]
    assert names == (["python", "python-packages"] if status == 0 else [])


def test_build__launch_file__process_and_labels(bench, read_tree) -> None:
    bench.describe(purpose="inference")
    (bench.app / ".mlpack/service.json").write_text(json.dumps({"function": "guess", "name": "digits", "cells": []}))
    ran, other = bench.build("serving"), bench.build("serving", umask=0o077)
    assert read_tree(ran.layers) == read_tree(other.layers)
    launch = tomllib.loads((ran.layers / "launch.toml").read_text())
    assert launch["processes"] == [
        {"type": "serve", "command": ["python", "/layers/mlpack_serving/server/serve.py"], "default": True}
    ]
    assert {label["key"].rpartition(".")[2]: label["value"] for label in launch["labels"]} == {
        "function": "guess", "model": "digits", "notebook": "train.ipynb", "purpose": "inference",
    }  # fmt: skip


# --- answers ----------------------------------------------------------------------------------------------------------

ANSWERS: list[tuple[str, str, str, Any, Any]] = [
    ("one", SUM, "/predict", {"x": ROW}, 10.0),
    ("with an option", SUM, "/predict", {"x": ROW, "scale": 2}, 20.0),
    ("by names", NAMED, "/predict", {"width": 2}, {"area": 4.0, "unit": "cm"}),
    ("a body of its own", MODEL, "/predict", {"petals": 5}, {"kind": "red-5"}),
    ("a body by its name", MODEL, "/predict", {"flower": {"petals": 5}}, {"kind": "red-5"}),
    ("async", ASYNC, "/predict", {"n": 1}, 2),
    ("bytes", BYTES, "/predict", {"data": base64.b64encode(b"abc").decode()}, base64.b64encode(b"cba").decode()),
    ("not annotated", LOOSE_ROW, "/predict", {"features": ROW}, 20.0),
    ("a table by its name", LOOSE_TABLE, "/predict", {"X": [ROW, ROW]}, [20.0, 20.0]),
    ("nan", ODD, "/predict", {"kind": "nan"}, None),
    ("inf", ODD, "/predict", {"kind": "inf"}, [None, 1.0]),
    ("numpy number", ODD, "/predict", {"kind": "numpy"}, 0.5),
    ("numpy int", ODD, "/predict", {"kind": "int"}, 3),
    ("numpy array", ODD, "/predict", {"kind": "array"}, [[1.0, 0.0], [0.0, 1.0]]),
    ("set", ODD, "/predict", {"kind": "set"}, [1]),
    ("date", ODD, "/predict", {"kind": "when"}, "2026-01-02"),
    ("none", ODD, "/predict", {"kind": "none"}, None),
    ("V1", SUM, V1, {"instances": [ROW, [0, 0, 0, 1]]}, {"predictions": [10.0, 1.0]}),
    ("V1, objects", SUM, V1, {"instances": [{"x": ROW, "scale": 3}, {"x": ROW}]}, {"predictions": [30.0, 10.0]}),
    ("V1, shared", SUM, V1, {"instances": [ROW], "parameters": {"scale": 2}}, {"predictions": [20.0]}),
    ("V1, shared for objects", NAMED, V1, {"instances": [{"width": 1}], "parameters": {"unit": "m"}},
     {"predictions": [{"area": 2.0, "unit": "m"}]}),
    ("V1, by position", NAMED, V1, {"instances": [[2, 5]]}, {"predictions": [{"area": 10.0, "unit": "cm"}]}),
    ("V1, bare", NAMED, V1, {"instances": [3]}, {"predictions": [{"area": 6.0, "unit": "cm"}]}),
    ("V1, none", SUM, V1, {"instances": []}, {"predictions": []}),
    ("V1, models", MODEL, V1, {"instances": [{"petals": 1}]}, {"predictions": [{"kind": "red-1"}]}),
    ("V1, async", ASYNC, V1, {"instances": [1, 2]}, {"predictions": [2, 3]}),
    ("V1, rows of a loose function", LOOSE_ROW, V1, {"instances": [ROW, ROW]}, {"predictions": [20.0, 20.0]}),
    ("V1, a table", LOOSE_TABLE, V1, {"instances": [ROW]}, {"predictions": [20.0]}),
    ("V1, found to be a table", ONE_ARRAY, V1, {"instances": [ROW, [9, 9, 9, 9]]},
     {"predictions": [{"total": 10, "label": "small"}, {"total": 36, "label": "large"}]}),
    ("V1, images", IMAGE, V1, {"instances": [[[1, 2], [3, 4]]]}, {"predictions": [10]}),
    ("V2, flat", SUM, V2, inputs(tensor("x", [2, 4], "FP32", ROW + ROW)), [("output", "FP64", [2], [10.0, 10.0])]),
    ("V2, nested", SUM, V2, inputs(tensor("x", [1, 4], "INT64", [ROW])), [("output", "FP64", [1], [10.0])]),
    ("V2, one value", SUM, V2, inputs(tensor("x", [4], "FP32", ROW)), [("output", "FP64", [1], [10.0])]),
    ("V2, any name", SUM, V2, inputs(tensor("input-0", [1, 4], "FP32", ROW)), [("output", "FP64", [1], [10.0])]),
    ("V2, parameters", SUM, V2, inputs(tensor("x", [1, 4], "FP32", ROW), parameters={"scale": 2}),
     [("output", "FP64", [1], [20.0])]),
    ("V2, several", NAMED, V2, inputs(tensor("width", [2], "FP32", [1, 2]), tensor("height", [2, 1], "FP32", [3, 4])),
     [("area", "FP64", [2], [3.0, 8.0]), ("unit", "BYTES", [2], ["cm", "cm"])]),
    ("V2, one for all", NAMED, V2, inputs(tensor("width", [2], "FP32", [1, 2]), tensor("unit", [], "BYTES", ["m"])),
     [("area", "FP64", [2], [2.0, 4.0]), ("unit", "BYTES", [2], ["m", "m"])]),
    ("V2, own type of results", LOOSE_TABLE, V2, inputs(tensor("X", [2, 4], "FP32", ROW + ROW)),
     [("output", "FP32", [2], [20.0, 20.0])]),
    ("V2, columns of results", ONE_ARRAY, V2, inputs(tensor("x", [1, 4], "INT32", ROW)),
     [("total", "INT64", [1], [10]), ("label", "BYTES", [1], ["small"])]),
    ("V2, uneven results", TEXT, V2, inputs(tensor("text", [2], "BYTES", ["a b", "c"])),
     [("output", "BYTES", [2], ['["a","b"]', '["c"]'])]),
    ("V2, id and output", SUM, V2, inputs(tensor("x", [1, 4], "FP64", ROW), id="7", outputs=[{"name": "output"}]),
     [("output", "FP64", [1], [10.0])]),
    ("V2, version", SUM, "/v2/models/digits/versions/1/infer", inputs(tensor("x", [1, 4], "FP64", ROW)),
     [("output", "FP64", [1], [10.0])]),
    ("SageMaker, one", SUM, "/invocations", ROW, 10.0),
    ("SageMaker, many", SUM, "/invocations", [ROW, ROW], [10.0, 10.0]),
    ("SageMaker, by name", SUM, "/invocations", {"x": ROW}, 10.0),
    ("SageMaker, images", IMAGE, "/invocations", [[1, 2], [3, 4]], 10),
    ("SageMaker, text", TEXT, "/invocations", "a b".join('""'), ["a", "b"]),
    ("MLflow, records", NAMED, "/invocations", {"dataframe_records": [{"width": 2, "height": 1}]},
     {"predictions": [{"area": 2.0, "unit": "cm"}]}),
    ("MLflow, split", NAMED, "/invocations", {"dataframe_split": {"columns": ["width"], "data": [[2], [3]]}},
     {"predictions": [{"area": 4.0, "unit": "cm"}, {"area": 6.0, "unit": "cm"}]}),
    ("MLflow, other columns", SUM, "/invocations", {"dataframe_split": {"columns": [*"abcd"], "data": [ROW]}},
     {"predictions": [10.0]}),
    ("MLflow, inputs", SUM, "/invocations", {"inputs": [ROW], "params": {"scale": 2}}, {"predictions": [20.0]}),
    ("MLflow, inputs by name", SUM, "/invocations", {"inputs": {"x": [ROW, ROW]}}, {"predictions": [10.0, 10.0]}),
    ("MLflow, instances", SUM, "/invocations", {"instances": [ROW]}, {"predictions": [10.0]}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "route", "body", "expected"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS]
)
def test_answer__body__the_functions_result(
    served: Callable[[str], Any], source: str, route: str, body: Any, expected: Any
) -> None:
    answer = served(source).ask(route, body)
    assert answer.status_code == 200, answer.text
    result = answer.json()
    if "/infer" in route:
        assert result.get("id") == body.get("id")
        assert (result["model_name"], result["model_version"]) == ("digits", "1")
        result = [(item["name"], item["datatype"], item["shape"], item["data"]) for item in result["outputs"]]
    assert result == expected


@pytest.mark.parametrize(
    ("kind", "accept", "body", "expected"),
    [
        ("text/csv", "", "1,2,3,4\n5,6,7,8\n", "[10.0,26.0]"),
        ("text/csv", "text/csv", "1,2,3,4\n5,6,7,8\n", "10.0\n26.0\n"),
        ("text/csv", JSON, "a,b,c,d\n1,2,3,4\n", "[10.0]"),
        ("text/csv; header=absent", "*/*", "1e0,2.5,-3,.5\r\n", "[1.0]"),
        ("application/jsonlines", "application/jsonlines", "[1,2,3,4]\n{\"x\":[1,1,1,1]}\n", "10.0\n4.0\n"),
        (JSON, "text/csv;q=0.5, application/json", "[1,2,3,4]", "10.0"),
        (JSON, "text/csv", '{"instances":[[1,2,3,4]]}', "10.0\n"),
    ],
    ids=["csv", "csv both ways", "csv header", "csv numbers", "lines", "quality", "predictions as csv"],
)  # fmt: skip
def test_invocations__content_type_and_accept__both_count(
    served, kind: str, accept: str, body: str, expected: str
) -> None:
    answer = served(SUM).ask("/invocations", body, content_type=kind, accept=accept)
    assert (answer.status_code, answer.text) == (200, expected)
    assert answer.headers["content-type"].partition(";")[0] == {"": JSON, "*/*": JSON}.get(
        accept, accept.rpartition(" ")[2]
    )


TOLD = [
    ("/", {"status": "alive"}),
    ("/live", {"status": "alive"}),
    ("/ready", {"ready": True}),
    ("/health", {"ready": True}),
    ("/ping", {"ready": True}),
    ("/v1/models", {"models": ["digits"]}),
    ("/v1/models/digits", {"name": "digits", "ready": True}),
    ("/v2/health/live", {"live": True}),
    ("/v2/health/ready", {"ready": True}),
    ("/v2/models/digits/ready", {"name": "digits", "ready": True}),
    ("/v2/models/digits/versions/1/ready", {"name": "digits", "ready": True}),
    ("/v2", {"name": "mlpack", "version": "1", "extensions": ["binary_tensor_data"]}),
    (
        "/v2/models/digits",
        {
            "name": "digits",
            "versions": ["1"],
            "platform": "mlpack_python",
            "inputs": [
                {"name": "x", "datatype": "FP64", "shape": [-1, -1]},
                {"name": "scale", "datatype": "FP64", "shape": [-1]},
            ],
            "outputs": [{"name": "output", "datatype": "FP64", "shape": [-1]}],
        },
    ),
]


@pytest.mark.parametrize(("route", "expected"), TOLD, ids=[row[0] for row in TOLD])
def test_tell__route__what_platforms_ask(served, route: str, expected: object) -> None:
    answer = served(SUM).ask(route)
    assert (answer.status_code, answer.json()) == (200, expected)


def test_openapi__typed_function__typed_page(served) -> None:
    page = served(SUM).ask("/openapi.json").json()
    schemas = page["components"]["schemas"]
    assert page["info"]["description"] == "The sum of four numbers."
    assert schemas["Request"]["properties"]["x"] == {"type": "array", "items": {"type": "number"}}
    assert (schemas["Request"]["required"], schemas["Request"]["properties"]["scale"]["default"]) == (["x"], 1.0)
    assert schemas["Result"] == {"type": "number"}
    assert served(MODEL).ask("/openapi.json").json()["components"]["schemas"]["Flower"]["required"] == ["petals"]
    assert served(SUM).ask("/docs").status_code == 200


def test_metrics__after_requests__counted_by_route(served) -> None:
    service = served(NAMED)
    service.ask("/predict", {"width": 1})
    service.ask("/predict", {"width": "wide"})
    service.ask("/nowhere/at/all")
    page = service.ask("/metrics").text
    assert 'mlpack_requests_total{route="/predict",status="200"}' in page
    assert 'mlpack_requests_total{route="/predict",status="422"}' in page
    assert 'route="other",status="404"' in page
    assert "nowhere" not in page
    assert "mlpack_ready 1.0" in page


SEVERAL = """
class Model:
    def predict(self, X):
        return [sum(row) for row in X]

def explain(x: list[float], top: int = 2) -> list[int]:
    if top < 0:
        raise ValueError("no such place")
    return list(range(top))

model = Model()
"""


@pytest.fixture(scope="module")
def several(start_service: Any) -> Any:
    service = start_service(SEVERAL, described={"function": "model.predict", "others": ["explain"]})
    service.wait()
    return service


@pytest.mark.parametrize(
    ("route", "body", "status", "said"),
    [
        ("/v1/models/digits:predict", {"instances": [[1, 2], [3, 4]]}, 200, '{"predictions":[3,7]}'),
        ("/predict", {"X": [[1, 2]]}, 200, "[3]"),
        ("/predict/explain", {"x": [1], "top": 3}, 200, "[0,1,2]"),
        (
            "/predict/explain",
            {"x": [1], "top": -1},
            422,
            "explain() raised ValueError in cell 3, line 7: no such place",
        ),
        ("/predict/explain", {"X": [[1]]}, 422, "x, top"),
        ("/predict/other", {}, 404, "Not Found"),
    ],
    ids=["a method, as platforms ask", "a method", "a function", "its own words", "not of the other", "of nobody"],
)
def test_several_functions__each_at_its_route(several: Any, route: str, body: Any, status: int, said: str) -> None:
    answer = several.ask(route, body)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text


def test_several_functions__page__has_both(several: Any) -> None:
    page = several.ask("/openapi.json").json()
    wanted = page["paths"]["/predict/explain"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert wanted == {"$ref": "#/components/schemas/Request-explain"}
    assert set(page["components"]["schemas"]["Request-explain"]["properties"]) == {"x", "top"}
    assert set(page["components"]["schemas"]["Request"]["properties"]) == {"X"}
