"""Our own route, the instances of Vertex AI and KServe V1, and the scoring of SageMaker and MLflow: body -> answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlpack_server import formats
from mlpack_server.answers import Answer, Asked
from mlpack_server.faults import Refused
from mlpack_server.predictor import Predictor
from mlpack_server.results import json_bytes
from mlpack_server.signature import Parameter

SCORING = ("dataframe_split", "dataframe_records", "instances", "inputs")
"""MLflow's keys, of which a body has exactly one; ``instances`` is everybody's."""


async def predict(predictor: Predictor, asked: Asked) -> Answer:
    """One call: the body is an object of the parameters; the answer is the function's result."""
    formats.must_be_json(asked.content_type)
    body, signature = formats.read_json(asked.body), predictor.signature
    lone = signature.lone
    if lone is not None and lone.kind.body and not (isinstance(body, dict) and signature.fits(body)):
        return Answer(json_bytes(await predictor.one({lone.name: body})))
    if not isinstance(body, dict) or not signature.fits(body):
        raise signature.misfit(body, "")
    return Answer(json_bytes(await predictor.one(body)))


async def instances(predictor: Predictor, asked: Asked) -> Answer:
    """``{"instances": [...], "parameters": {...}}`` -> ``{"predictions": [...]}``."""
    formats.must_be_json(asked.content_type)
    body = formats.read_object(asked.body)
    if "instances" not in body:
        raise Refused(422, 'the body must be an object with "instances", a list')
    results, _ = await predictor.many(as_list(body, "instances"), as_object(body, "parameters"))
    return Answer(json_bytes({"predictions": results}))


async def invocations(predictor: Predictor, asked: Asked) -> Answer:
    """SageMaker and MLflow share the route: the body's keys tell whose it is."""
    accept = formats.wanted(asked.headers.get("accept", ""))
    kind, options = formats.media(asked.content_type)
    if kind in (formats.CSV, *formats.LINES):
        rows = (
            formats.read_lines(asked.body)
            if kind != formats.CSV
            else formats.read_csv(asked.body, options.get("header", ""))
        )
        result: Any = await table(predictor, rows, {})
    elif kind == formats.NUMPY:
        array = formats.read_numpy(asked.body)
        result = await one_or_many(predictor, array.tolist())
    elif kind in ("", formats.JSON, "*/*") or kind.endswith("+json"):
        result = await scored(predictor, formats.read_json(asked.body))
    else:
        raise Refused(415, f"this route takes {formats.JSON}, {formats.CSV}, {formats.LINES[0]} and {formats.NUMPY}")
    if accept != formats.JSON and isinstance(result, dict) and result.keys() == {"predictions"}:
        result = result["predictions"]
    return Answer(formats.write(result, accept), accept)


async def scored(predictor: Predictor, body: Any) -> Any:
    """The result of a JSON body of either platform."""
    found = [key for key in SCORING if isinstance(body, dict) and key in body]
    if not found or predictor.signature.fits(body):
        return await one_or_many(predictor, body)
    if len(found) > 1:
        raise Refused(422, f"exactly one of {', '.join(SCORING)} is wanted, not {' and '.join(found)}")
    (key,) = found
    extra = {**as_object(body, "parameters"), **as_object(body, "params")}
    if key == "instances":
        results, _ = await predictor.many(as_list(body, key), extra)
    elif key == "inputs":
        results = await inputs(predictor, body[key], extra)
    else:
        results = await table(predictor, records(body[key]) if key == "dataframe_split" else as_list(body, key), extra)
    return {"predictions": results}


async def inputs(predictor: Predictor, value: Any, extra: Mapping[str, Any]) -> list[Any]:
    """MLflow's tensors: a list of instances, or an object of columns."""
    if isinstance(value, list):
        return (await predictor.many(value, extra, "inputs"))[0]
    if not isinstance(value, dict) or not value or not all(isinstance(column, list) for column in value.values()):
        raise Refused(422, "inputs: a list of instances or an object of columns is wanted")
    if len({len(column) for column in value.values()}) > 1:
        raise Refused(422, "inputs: the columns must be equally long")
    rows = [dict(zip(value, row)) for row in zip(*value.values())]  # noqa: B905
    return await table(predictor, rows, extra)


async def table(predictor: Predictor, rows: list[Any], extra: Mapping[str, Any]) -> list[Any]:
    """Results for a table's rows: by the columns' names where they are the parameters', else each row as a whole."""
    signature = predictor.signature
    lone = signature.lone
    if lone is not None:
        rows = [
            row if isinstance(row, dict) and signature.fits({**extra, **row}) else for_lone(row, lone) for row in rows
        ]
    return (await predictor.many(rows, extra, "row"))[0]


def for_lone(row: Any, lone: Parameter) -> Any:
    """A row for the one parameter: as it is where that takes objects or tables, its bare values elsewhere."""
    kind = lone.kind
    if isinstance(row, dict) and not kind.body and kind.form != "frame":
        row = list(row.values())
    return row[0] if isinstance(row, list) and kind.depth == 0 and len(row) == 1 else row


async def one_or_many(predictor: Predictor, value: Any) -> Any:
    """A bare body: one instance if it is one, else a list of them, which gives a list of results."""
    signature = predictor.signature
    lone = signature.lone
    if not isinstance(value, list) or not value:
        return await predictor.one(signature.bind(value))
    if lone is None:
        many = all(isinstance(item, (list, dict)) for item in value)
    elif lone.kind.depth is not None and lone.kind.form == "value":
        many = nesting(value) > lone.kind.depth
    else:
        many = all(isinstance(item, (list, dict)) for item in value)
    if many:
        return (await predictor.many(value, {}, ""))[0]
    return await predictor.one(signature.bind(value))


def nesting(value: Any) -> int:
    """How many lists the first element is inside of."""
    depth = 0
    while isinstance(value, list):
        depth, value = depth + 1, value[0] if value else None
    return depth


def records(split: Any) -> list[Any]:
    """pandas' ``split`` form as rows."""
    if not isinstance(split, dict) or not isinstance(split.get("data"), list):
        raise Refused(422, 'dataframe_split: an object with "columns" and "data" is wanted')
    columns = split.get("columns")
    rows = split["data"]
    if columns is None:
        return rows  # type: ignore[no-any-return]
    if not isinstance(columns, list) or not all(isinstance(row, list) and len(row) == len(columns) for row in rows):
        raise Refused(422, "dataframe_split: each row of data must be as long as columns")
    return [dict(zip(map(str, columns), row)) for row in rows]  # noqa: B905


def as_list(body: Mapping[str, Any], key: str) -> list[Any]:
    """Raises Refused."""
    value = body[key]
    if not isinstance(value, list):
        raise Refused(422, f"{key}: a list is wanted")
    return value


def as_object(body: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Nothing, null or an object. Raises Refused."""
    value = body.get(key)
    if value is not None and not isinstance(value, dict):
        raise Refused(422, f"{key}: an object is wanted")
    return value or {}
