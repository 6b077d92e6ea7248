"""The Open Inference protocol (V2): a request's tensors -> calls of the predict function -> tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlpack_server.answers import Answer, Asked
from mlpack_server.faults import Refused
from mlpack_server.formats import must_be_json, read_object
from mlpack_server.kinds import has
from mlpack_server.outputs import make_outputs
from mlpack_server.predictor import Predictor
from mlpack_server.results import json_bytes
from mlpack_server.signature import Parameter, Signature
from mlpack_server.tensors import NUMPY, Tensor, packed, read_tensor

BINARY = "inference-header-content-length"
DATATYPES: dict[Any, str] = {bool: "BOOL", int: "INT64", float: "FP64", str: "BYTES", bytes: "BYTES"}


async def infer(predictor: Predictor, asked: Asked, name: str, version: str | None) -> Answer:
    """One inference request; tensors may be JSON or raw bytes behind it."""
    length = asked.headers.get(BINARY)
    if length is None:
        must_be_json(asked.content_type)
    head, raw = split(asked.body, length)
    request = read_object(head)
    if not isinstance(request.get("id"), (str, type(None))):
        raise Refused(400, '"id" must be text')
    tensors = read_inputs(request, raw)
    wanted = read_wanted(request)
    results = await call(predictor, tensors, as_object(request, "parameters"))
    outputs = make_outputs(*results)
    if wanted:
        by_name = {tensor.name: tensor for tensor in outputs}
        missing = [name for name in wanted if name not in by_name]
        if missing:
            raise Refused(400, f"no output {', '.join(missing)}; there is {', '.join(by_name)}")
        outputs = [by_name[name] for name in wanted]
    answer: dict[str, Any] = {"model_name": name, "model_version": version or "1"}
    if request.get("id") is not None:
        answer["id"] = request["id"]
    usual = as_object(request, "parameters").get("binary_data_output") is True
    return written(answer, outputs, {tensor.name: wanted.get(tensor.name, usual) for tensor in outputs}, usual)


def split(body: bytes, length: str | None) -> tuple[bytes, memoryview]:
    """The JSON and the raw bytes behind it. Raises Refused."""
    if length is None:
        return body, memoryview(b"")
    if not length.isascii() or not length.isdigit() or int(length) > len(body):
        raise Refused(400, f"Inference-Header-Content-Length is not a length within the body of {len(body)} bytes")
    return body[: int(length)], memoryview(body)[int(length) :]


def read_inputs(request: dict[str, Any], raw: memoryview) -> dict[str, Tensor]:
    """The tensors by name. Raises Refused."""
    described = request.get("inputs")
    if not isinstance(described, list) or not described:
        raise Refused(400, '"inputs" must be a list of tensors')
    tensors: dict[str, Tensor] = {}
    for number, item in enumerate(described):
        tensor, raw = read_tensor(item, f"inputs.{number}", raw)
        if tensor.name in tensors:
            raise Refused(400, f"inputs.{number}: there is a tensor of that name already")
        tensors[tensor.name] = tensor
    if len(raw):
        raise Refused(400, f"{len(raw)} raw bytes belong to no tensor")
    return tensors


def read_wanted(request: dict[str, Any]) -> dict[str, bool]:
    """The outputs that are asked for, and which of them as raw bytes. Raises Refused."""
    described = request.get("outputs")
    if described is None:
        return {}
    if not isinstance(described, list) or not all(isinstance(item, dict) for item in described):
        raise Refused(400, '"outputs" must be a list of objects')
    if not all(isinstance(item.get("name"), str) for item in described):
        raise Refused(400, 'each of "outputs" must have a "name"')
    usual = as_object(request, "parameters").get("binary_data_output") is True
    return {item["name"]: as_object(item, "parameters").get("binary_data", usual) is True for item in described}


def as_object(holder: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Raises Refused."""
    value = holder.get(key)
    if value is not None and not isinstance(value, dict):
        raise Refused(400, f'"{key}" must be an object')
    return value or {}


async def call(
    predictor: Predictor, tensors: dict[str, Tensor], shared: Mapping[str, Any]
) -> tuple[list[Any] | None, Any]:
    """Results for each instance (None for one call of its own), and the function's own value.

    A tensor with one dimension more than its parameter has lists is a batch along the first.
    """
    signature = predictor.signature
    lone = signature.lone
    extra = {name: value for name, value in shared.items() if name in signature.names and name not in tensors}
    if lone is not None and not tensors.keys() & signature.names:
        if lone.kind.form == "frame" and (len(tensors) > 1 or len(next(iter(tensors.values())).shape) < 2):
            return await predictor.many(columns(tensors), extra, "inputs")
        if len(tensors) == 1:
            tensors = {lone.name: next(iter(tensors.values()))}
    unknown, missing = (
        sorted(tensors.keys() - signature.names),
        sorted(signature.required - tensors.keys() - extra.keys()),
    )
    if unknown or missing:
        names = ", ".join(parameter.name for parameter in signature.parameters)
        wrong = [f"unknown: {', '.join(unknown)}"] * bool(unknown) + [f"missing: {', '.join(missing)}"] * bool(missing)
        raise Refused(400, f"inputs are the parameters {names}; {'; '.join(wrong)}")
    by_name = {parameter.name: parameter for parameter in signature.parameters}
    shaped = {name: shape(tensor, by_name[name]) for name, tensor in tensors.items()}
    batches = {name: tensor for name, (tensor, is_batch) in shaped.items() if is_batch}
    singles = {name: value_of(tensor, by_name[name]) for name, (tensor, is_batch) in shaped.items() if not is_batch}
    if not batches:
        return None, await predictor.one({**extra, **singles})
    counts = {tensor.shape[0] for tensor in batches.values()}
    if len(counts) > 1:
        raise Refused(400, "the inputs' first dimensions differ: they are the instances")
    rows = {name: list(value_of(tensor, by_name[name])) for name, tensor in batches.items()}
    instances = [{name: column[number] for name, column in rows.items()} for number in range(counts.pop())]
    return await predictor.many(instances, {**extra, **singles}, "inputs")


def columns(tensors: dict[str, Tensor]) -> list[dict[str, Any]]:
    """Tensors that are the columns of a table, as its rows. Raises Refused."""
    counts = {len(tensor.data) for tensor in tensors.values()}
    if len(counts) > 1:
        raise Refused(400, "the inputs are columns of a table, and not equally long")
    return [{name: tensor.data[row] for name, tensor in tensors.items()} for row in range(counts.pop())]


def shape(tensor: Tensor, parameter: Parameter) -> tuple[Tensor, bool]:
    """The tensor as the parameter takes it, and whether its first dimension are instances. Raises Refused."""
    depth, rank = parameter.kind.depth, len(tensor.shape)
    if depth is None:
        return tensor, rank > 0
    if rank == depth + 2 and depth == 0 and tensor.shape[1] == 1:
        return Tensor(tensor.name, tensor.datatype, tensor.shape[:1], tensor.data), True
    if rank not in (depth, depth + 1):
        raise Refused(
            400, f"{tensor.name}: {depth} dimensions are one value, {depth + 1} a batch; the shape has {rank}"
        )
    return tensor, rank > depth


def value_of(tensor: Tensor, parameter: Parameter) -> Any:
    """Lists, or an array with the tensor's own type where the function takes one, or says nothing of rows."""
    form = parameter.kind.form
    is_array = form == "array" or (form == "any" and len(tensor.shape) > 1)
    if is_array and has("numpy") and tensor.datatype in NUMPY:
        import numpy

        return numpy.array(tensor.data, dtype=NUMPY[tensor.datatype]).reshape(tensor.shape)
    return tensor.nested()


def written(answer: dict[str, Any], outputs: list[Tensor], raw: Mapping[str, bool], usual: bool) -> Answer:
    """The response: JSON, or JSON with raw bytes behind it where a tensor is wanted so."""
    tail: list[bytes] = []
    answer["outputs"] = []
    for tensor in outputs:
        entry: dict[str, Any] = {"name": tensor.name, "shape": list(tensor.shape), "datatype": tensor.datatype}
        if raw.get(tensor.name, usual):
            tail.append(packed(tensor))
            entry["parameters"] = {"binary_data_size": len(tail[-1])}
        else:
            entry["data"] = list(tensor.data)
        answer["outputs"].append(entry)
    body = json_bytes(answer)
    if not tail:
        return Answer(body)
    return Answer(
        body + b"".join(tail), "application/octet-stream", {"Inference-Header-Content-Length": str(len(body))}
    )


def metadata(signature: Signature, name: str) -> dict[str, Any]:
    """What the protocol tells of a model before it is asked. Sizes that requests choose are -1."""
    inputs = []
    for parameter in signature.parameters:
        depth = parameter.kind.depth if parameter.kind.depth is not None else 1
        datatype = DATATYPES.get(parameter.kind.leaf, "FP64" if parameter.kind.leaf is None else "BYTES")
        inputs.append({"name": parameter.name, "datatype": datatype, "shape": [-1] * (depth + 1)})
    outputs = [{"name": "output", "datatype": result_type(signature), "shape": [-1]}]
    return {"name": name, "versions": ["1"], "platform": "mlpack_python", "inputs": inputs, "outputs": outputs}


def result_type(signature: Signature) -> str:
    """The datatype of results, as far as the annotation tells."""
    schema = signature.returns.json_schema(mode="serialization") if signature.returns else {}
    while schema.get("type") == "array" and isinstance(schema.get("items"), dict):
        schema = schema["items"]
    return {"integer": "INT64", "boolean": "BOOL", "string": "BYTES"}.get(str(schema.get("type")), "FP64")
