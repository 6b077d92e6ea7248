"""The OpenAPI description of the service: FastAPI's, with the bodies that the predict function's signature asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from mlpack_server.formats import CSV, JSON, LINES
from mlpack_server.predictor import Predictor
from mlpack_server.routes import Get, Post
from mlpack_server.signature import Signature
from mlpack_server.tensors import DATATYPES

REFERENCE = "#/components/schemas/{model}"
ERROR = "Error"
STATUSES = {
    400: "The body cannot be read", 413: "The body is too large", 415: "Another content type is wanted",
    422: "The body is not what the predict function takes", 500: "The predict function failed",
    503: "Not loaded yet, or too many requests: come again after Retry-After seconds",
}  # fmt: skip
VALUE: dict[str, Any] = {}
OBJECT_OR_NULL = {"type": ["object", "null"]}
"""For keys that are not required: clients in use send null for what they leave out."""
SIZES = {"type": "array", "items": {"type": "integer", "minimum": 0}}
TENSOR = {
    "type": "object",
    "required": ["name", "shape", "datatype", "data"],
    "properties": {
        "name": {"type": "string"}, "shape": SIZES, "datatype": {"enum": list(DATATYPES)},
        "parameters": OBJECT_OR_NULL, "data": {"type": "array", "items": {}},
    },
}  # fmt: skip
NAMED = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "parameters": OBJECT_OR_NULL},
}
SHARED: dict[str, Any] = {
    ERROR: {
        "type": "object", "required": ["error"],
        "properties": {"error": {"type": "string"}, "details": {"type": "array", "items": {"type": "object"}}},
    },
    "Instances": {
        "type": "object", "required": ["instances"],
        "properties": {"instances": {"type": "array", "items": VALUE}, "parameters": OBJECT_OR_NULL},
    },
    "Predictions": {
        "type": "object", "required": ["predictions"], "properties": {"predictions": {"type": "array", "items": VALUE}},
    },
    "InferenceRequest": {
        "type": "object", "required": ["inputs"],
        "properties": {
            "id": {"type": ["string", "null"]}, "parameters": OBJECT_OR_NULL,
            "inputs": {"type": "array", "minItems": 1, "items": TENSOR},
            "outputs": {"type": ["array", "null"], "items": NAMED},
        },
    },
    "InferenceResponse": {
        "type": "object", "required": ["model_name", "outputs"],
        "properties": {
            "model_name": {"type": "string"}, "model_version": {"type": "string"}, "id": {"type": "string"},
            "outputs": {"type": "array", "items": TENSOR},
        },
    },
}  # fmt: skip
BODIES = {"predict": "Request", "instances": "Instances", "invocations": "Invocation", "infer": "InferenceRequest"}
RESULTS = {"predict": "Result", "instances": "Predictions", "invocations": "Scored", "infer": "InferenceResponse"}


def describe_post(post: Post, model: str) -> dict[str, Any]:
    """What OpenAPI says of a route that predicts."""
    more = {CSV: {"schema": VALUE}, LINES[0]: {"schema": VALUE}} if post.form == "invocations" else {}
    statuses = {**STATUSES, 404: "No such model"} if "{model}" in post.path else dict(STATUSES)
    statuses |= {406: "None of the accepted forms can be given"} if post.form == "invocations" else {}
    own = f"-{post.function}" if post.function else ""
    return {
        "summary": f"{post.function or post.form.capitalize()} ({post.whose})",
        "parameters": parameters(post.path, model),
        "requestBody": {"required": True, "content": {JSON: {"schema": reference(BODIES[post.form] + own)}, **more}},
        "responses": {"200": answer("The result", RESULTS[post.form] + own, more), **errors(statuses)},
    }


def describe_get(get: Get, model: str) -> dict[str, Any]:
    """What OpenAPI says of a route that tells something."""
    kind = "text/plain" if get.tell == "metrics" else JSON
    responses: dict[str, Any] = {"200": {"description": "As it is", "content": {kind: {"schema": VALUE}}}}
    if "ready" in get.tell or get.tell == "model":
        responses["503"] = {"description": "Not loaded yet", "content": {JSON: {"schema": VALUE}}}
    if "{model}" in get.path:
        responses |= errors({404: "No such model"})
    return {
        "summary": f"{get.tell.capitalize()} ({get.whose})",
        "parameters": parameters(get.path, model),
        "responses": responses,
    }


def parameters(path: str, model: str) -> list[dict[str, Any]]:
    """The parts of a path that vary, each with its one value."""
    values = {"model": model, "version": "1"}
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": [value]}}
        for name, value in values.items()
        if f"{{{name}}}" in path
    ]


def errors(statuses: dict[int, str]) -> dict[str, Any]:
    """Answers without a result."""
    return {str(status): answer(text, ERROR, {}) for status, text in sorted(statuses.items())}


def answer(text: str, schema: str, more: dict[str, Any]) -> dict[str, Any]:
    """One response."""
    return {"description": text, "content": {JSON: {"schema": reference(schema)}, **more}}


def reference(name: str) -> dict[str, Any]:
    """A schema of the page."""
    return {"$ref": REFERENCE.format(model=name)}


def page(app: FastAPI, predictors: Mapping[str, Predictor], main: str) -> dict[str, Any]:
    """The whole page; before the model is loaded without the functions' own schemas. ``main`` is the first of them."""
    if app.openapi_schema:
        return app.openapi_schema
    text = predictors[main].signature.summary if predictors else ""
    described = get_openapi(title=app.title, version=app.version, description=text or None, routes=app.routes)
    schemas = described.setdefault("components", {}).setdefault("schemas", {})
    schemas |= {**SHARED, "Request": VALUE, "Result": VALUE, "Invocation": VALUE, "Scored": VALUE}
    for name, predictor in predictors.items():
        own = own_schemas(predictor.signature)
        schemas |= own if name == main else renamed(own, name)
        app.openapi_schema = described
    return described


def renamed(schemas: dict[str, Any], name: str) -> dict[str, Any]:
    """The request's and the result's of a further function, under its own name."""
    found = {key: value for key, value in schemas.items() if key not in ("Request", "Result", "Instances")}
    return found | {f"{key}-{name}": schemas.get(key, VALUE) for key in ("Request", "Result")}


def own_schemas(signature: Signature) -> dict[str, Any]:
    """The request's and the result's, and all that they refer to."""
    adapters: list[tuple[str, Any, TypeAdapter[Any]]] = [
        (parameter.name, "validation", parameter.kind.adapter) for parameter in signature.parameters
    ]
    if signature.returns is not None:
        adapters.append(("return", "serialization", signature.returns))
    try:
        by_key, rest = TypeAdapter.json_schemas(adapters, ref_template=REFERENCE)
    except Exception:  # types may refuse to be described; the service works without
        return {}
    found = dict(rest.get("$defs", {}))
    properties = {}
    for parameter in signature.parameters:
        schema = dict(by_key[parameter.name, "validation"])
        if not parameter.required:
            schema["default"] = parameter.default
        properties[parameter.name] = schema
    request: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    request |= {"required": sorted(signature.required)} if signature.required else {}
    lone = signature.lone
    if lone is not None and lone.kind.body:
        request = {"anyOf": [properties[lone.name], request]}
    found["Request"] = request
    found["Instances"] = instances(signature, properties)
    if signature.returns is not None:
        found["Result"] = by_key["return", "serialization"]
    return found


def instances(signature: Signature, properties: dict[str, Any]) -> dict[str, Any]:
    """The body with instances, each as ``Signature.bind`` takes it, as far as annotations tell what that is."""
    body: dict[str, Any] = dict(SHARED["Instances"])
    shared: dict[str, Any] = {"type": ["object", "null"], "properties": properties, "additionalProperties": False}
    items: dict[str, Any] = VALUE
    if signature.batch is False or all(
        one.kind.form == "value" and one.kind.depth is not None for one in signature.parameters
    ):
        lone = signature.lone
        forms = [reference("Request")]
        if lone is not None and not lone.kind.body:
            forms.append(properties[lone.name])
        if lone is None or lone.kind.depth == 0:
            listed = [properties[one.name] for one in signature.parameters]
            sizes = {"minItems": len(signature.required), "maxItems": len(listed)}
            forms.append({"type": "array", "prefixItems": listed, "items": False, **sizes})
        items = {"anyOf": forms}
    body["properties"] = {"instances": {"type": "array", "items": items}, "parameters": shared}
    return body
