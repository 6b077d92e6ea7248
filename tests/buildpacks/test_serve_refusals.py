"""The serve process and requests that it cannot answer: 4xx with a reason, never 5xx, nothing of the program told."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

SUM = """
import numpy as np

class Broken(Exception):
    pass

def predict(x: list[float], scale: float = 1.0, fail: str = "") -> float:
    if fail == "bug":
        raise Broken("the password is swordfish")
    if fail == "key":
        {"swordfish": 1}[x[0]]
    if fail == "object":
        return object()
    if len(x) != 4:
        raise ValueError(f"four numbers are wanted, not {len(x)}")
    return float(np.sum(x)) * scale
"""
LOOSE = """
import numpy as np

def predict(features):
    return float(np.asarray(features, dtype=float).reshape(4).sum())
"""
TABLE = """
def predict(X):
    return [sum(row) for row in X][:1]
"""
ROW = [1, 2, 3, 4]
PREDICT, INVOCATIONS, V1, V2 = "/predict", "/invocations", "/v1/models/digits:predict", "/v2/models/digits/infer"
EVERY = (PREDICT, INVOCATIONS, V1, V2)


def tensor(**changes: object) -> dict[str, Any]:
    return {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": ROW, **changes}]}


REFUSED: list[tuple[str, str, Any, int, str]] = [
    ("no JSON", PREDICT, '{"x":', 400, "not JSON"),
    ("nothing", PREDICT, "", 400, "not JSON"),
    ("half a letter", PREDICT, '{"x": ["\\ud800"]}', 400, "not JSON"),
    ("not UTF-8", PREDICT, b'{"x": "\xff"}', 400, "not JSON"),
    ("too deep", PREDICT, "[" * 100_000, 400, "not JSON"),
    ("a list", PREDICT, ROW, 422, "the parameters is wanted: x, scale, fail"),
    ("a null", PREDICT, "null", 422, "the parameters is wanted"),
    ("nothing in it", PREDICT, {}, 422, '"at":"x","problem":"is missing"'),
    ("one too many", PREDICT, {"x": ROW, "y": 1}, 422, '"at":"y","problem":"is not a parameter"'),
    ("a wrong type", PREDICT, {"x": "text"}, 422, "x: Input should be a valid list"),
    ("a number as text", PREDICT, {"x": ["1", 2, 3, 4]}, 422, "x.0: Input should be a valid number"),
    ("a truth as number", PREDICT, {"x": ROW, "scale": True}, 422, "scale: Input should be a valid number"),
    ("a wrong element", PREDICT, {"x": [1, "two"]}, 422, "x.1: Input should be a valid number"),
    ("function's ValueError", PREDICT, {"x": [1]}, 422, "ValueError in cell 3, line 14: four numbers are"),
    ("function's KeyError", PREDICT, {"x": ROW, "fail": "key"}, 422, "predict() raised KeyError in cell 3, line 10"),
    ("V1, no instances", V1, {"x": 1}, 422, '\\"instances\\"'),
    ("V1, no list", V1, {"instances": 3}, 422, "instances: a list"),
    ("V1, a wrong instance", V1, {"instances": [ROW, "x"]}, 422, "instances.1.x: "),
    ("V1, parameters", V1, {"instances": [ROW], "parameters": [1]}, 422, "parameters: an object"),
    ("V1, unknown parameter", V1, {"instances": [ROW], "parameters": {"q": 1}}, 422, "no parameter q"),
    ("V1, a wrong parameter", V1, {"instances": [], "parameters": {"scale": {}}}, 422, "parameters.scale: "),
    ("V1, no object", V1, [ROW], 422, "must be a JSON object"),
    ("V1, other model", "/v1/models/other:predict", {"instances": []}, 404, "no such model"),
    ("V2, no inputs", V2, {}, 400, '\\"inputs\\"'),
    ("V2, no tensor", V2, {"inputs": [1]}, 400, "inputs.0: an object"),
    ("V2, no name", V2, tensor(name=1), 400, '\\"name\\"'),
    ("V2, datatype", V2, tensor(datatype="FLOAT"), 400, '\\"datatype\\" must be one of'),
    ("V2, shape", V2, tensor(shape=[2, 4]), 400, "shape [2, 4] means 8 elements, data has 4"),
    ("V2, negative shape", V2, tensor(shape=[-1, 4]), 400, '\\"shape\\"'),
    ("V2, huge shape", V2, tensor(shape=[2**30, 2**30]), 400, '\\"shape\\"'),
    ("V2, too many dimensions", V2, tensor(shape=[1, 1, 4]), 400, "1 dimensions are one value, 2 a batch"),
    ("V2, no data", V2, tensor(data=None), 400, '\\"data\\"'),
    ("V2, texts as numbers", V2, tensor(data=["1", "2", "3", "4"]), 400, "not FP32"),
    ("V2, out of range", V2, tensor(datatype="INT8", data=[1, 2, 3, 400]), 400, "not INT8"),
    ("V2, booleans", V2, tensor(datatype="INT8", data=[True, 2, 3, 4]), 400, "not INT8"),
    ("V2, too large", V2, tensor(datatype="FP64", data=[10**400, 2, 3, 4]), 400, ""),
    ("V2, null", V2, tensor(data=[None, 2, 3, 4]), 400, "not FP32"),
    ("V2, another name", V2, {"inputs": [tensor()["inputs"][0], tensor(name="y")["inputs"][0]]}, 400, "unknown: y"),
    ("V2, twice", V2, {"inputs": tensor()["inputs"] * 2}, 400, "already"),
    ("V2, no such output", V2, {**tensor(), "outputs": [{"name": "z"}]}, 400, "no output z; there is output"),
    ("V2, raw size", V2, tensor(parameters={"binary_data_size": 16}), 400, "binary_data_size is 0 bytes at most"),
    ("V2, other version", "/v2/models/digits/versions/2/infer", tensor(), 404, "no such version"),
    ("V2, deep", V2, json.dumps(tensor(shape=[1], data=[0])).replace("[0]", "[" * 150 + "1" + "]" * 150), 422, "not 1"),
    ("MLflow, two keys", INVOCATIONS, {"instances": [], "inputs": []}, 422, "exactly one of"),
    ("MLflow, split", INVOCATIONS, {"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}, 422, "dataframe_split"),
    ("MLflow, records", INVOCATIONS, {"dataframe_records": {}}, 422, "dataframe_records: a list"),
    ("MLflow, uneven inputs", INVOCATIONS, {"inputs": {"a": [1], "b": []}}, 422, "equally long"),
    ("SageMaker, no row", INVOCATIONS, "3", 422, "x: Input should be a valid list"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("route", "body", "status", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refused__body__status_and_reason(served, route: str, body: Any, status: int, said: str) -> None:
    answer = served(SUM).ask(route, body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json"), answer.text
    assert said in answer.text
    assert isinstance(answer.json()["error"], str)
    assert "swordfish" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("route", "kind", "body", "status"),
    [
        (PREDICT, "text/csv", "1,2", 415), (V1, "text/plain", "{}", 415), (V2, "application/octet-stream", "{}", 415),
        (INVOCATIONS, "image/png", "x", 415), (INVOCATIONS, "text/csv", '"a', 400),
        (INVOCATIONS, "text/csv", "1,2\n3", 400), (INVOCATIONS, "text/csv", b"\xff\xfe", 400),
        (INVOCATIONS, "application/x-npy", "no array", 400),
        (INVOCATIONS, "application/jsonlines", "[1]\n{", 400),
    ],
    ids=["csv", "text", "raw", "image", "open quote", "uneven", "not UTF-8", "no array", "half a line"],
)  # fmt: skip
def test_refused__content_type__told(served, route: str, kind: str, body: str | bytes, status: int) -> None:
    assert served(SUM).ask(route, body, content_type=kind).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"accept": "image/png"}, 406), ({"content_encoding": "gzip"}, 415)],
    ids=["accept", "compressed"],
)
def test_refused__headers__told(served, headers: dict[str, str], status: int) -> None:
    assert served(SUM).ask(INVOCATIONS, [ROW], **headers).status_code == status


@pytest.mark.parametrize("length", ["-1", "x", "100000", ""], ids=["negative", "text", "beyond the body", "empty"])
def test_refused__length_of_the_head__400(served, length: str) -> None:
    answer = served(SUM).ask(V2, tensor(), Inference_Header_Content_Length=length)
    assert answer.status_code == 400


@pytest.mark.parametrize("route", [*EVERY, "/", "/ping", "/v2", "/metrics", "/v1/models/digits", "/nowhere"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_refused__method__405_or_404(served, route: str, method: str) -> None:
    answer = served(SUM).ask(route, {}, method=method)
    assert answer.status_code == (404 if route == "/nowhere" else 405)
    assert answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"x": ROW, "fail": "bug"},
            "predict() raised Broken in cell 3, line 8; the log of the service has the traceback",
        ),
        ({"x": ROW, "fail": "object"}, "the result (object) cannot be written as JSON"),
    ],
    ids=["exception", "result"],
)
def test_failed__function_of_the_notebook__500_and_the_log(served, body: dict[str, Any], said: str) -> None:
    service = served(SUM)
    answer = service.ask(PREDICT, body)
    assert (answer.status_code, answer.json()["error"]) == (500, said)
    if body["fail"] == "bug":
        assert 'File "cell 3", line 8, in predict' in service.log.read_text()
        assert 'raise Broken("the password is swordfish")' in service.log.read_text()


def test_failed__results_of_a_table_do_not_match__500(served) -> None:
    answer = served(TABLE).ask(V1, {"instances": [ROW, ROW]})
    assert (answer.status_code, answer.json()["error"]) == (500, "the function gave 1 results for 2 instances")


PIECES: list[Any] = [
    None,
    True,
    -1,
    0.5,
    10**30,
    "",
    "x",
    [],
    {},
    [[]],
    [1, [2]],
    {"x": 1},
    {"instances": [{}]},
    ROW,
    [ROW],
    "é" * 50,
]
KEYS = [
    "x", "instances", "inputs", "parameters", "params", "dataframe_split", "dataframe_records", "data", "shape", "name",
    "datatype", "columns", "outputs", "features", "id",
]  # fmt: skip


@pytest.mark.parametrize("source", [SUM, LOOSE], ids=["typed", "loose"])
def test_fuzz__any_body__never_5xx(served, source: str) -> None:
    service, chance = served(source), random.Random(6)

    def value(depth: int) -> Any:
        kind = chance.random()
        if depth == 0 or kind < 0.4:
            return chance.choice(PIECES)
        if kind < 0.6:
            return [value(depth - 1) for _ in range(chance.randint(0, 3))]
        return {chance.choice(KEYS): value(depth - 1) for _ in range(chance.randint(0, 4))}

    for number in range(400):
        body: Any = value(4)
        text = json.dumps(body).encode()
        if number % 4 == 0:
            text = bytearray(text)
            for _ in range(3):
                text[chance.randrange(len(text))] = chance.randrange(256)
            text = bytes(text)
        answer = service.ask(EVERY[number % 4], text)
        assert answer.status_code < 500, (EVERY[number % 4], text, answer.text)
    assert service.ask("/ready").status_code == 200
