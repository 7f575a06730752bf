"""The REST interface of the test server.

Paths, forms and messages are those of `http_rest_api_handler.cc` and
`json_tensor.cc` in github.com/tensorflow/serving.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import json_format

from tf_mmdgan import errors, files
from tf_mmdgan.serving import visitors
from tf_mmdgan.serving.protocol import grpc_server
from tf_mmdgan.serving.protocol.model import Code, ServedModel, StatusError

with errors.extra("demo", "The test server needs"):
    import flask
    from tensorflow_serving.apis import get_model_metadata_pb2, model_pb2

_MODEL = r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d+))?"
_HTTP = {
    Code.INVALID_ARGUMENT: 400, Code.FAILED_PRECONDITION: 400,
    Code.OUT_OF_RANGE: 400, Code.PERMISSION_DENIED: 403, Code.NOT_FOUND: 404,
    Code.RESOURCE_EXHAUSTED: 429, Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503, Code.DEADLINE_EXCEEDED: 504,
}  # fmt: skip


def make_app(model: ServedModel) -> flask.Flask:
    """The interface as a WSGI application."""
    app = flask.Flask(__name__)
    allowed = visitors.allowed_hosts()
    routes = [
        ("POST", rf"{_MODEL}:predict", _predict),
        ("GET", rf"{_MODEL}/metadata", _metadata),
        ("GET", _MODEL, _status),
    ]

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def answer(path: str) -> flask.Response:
        try:
            fault = visitors.fault(flask.request, allowed)
            if fault is not None:
                raise StatusError(Code.PERMISSION_DENIED, fault)
            action, spec = _chosen(routes, flask.request.method, f"/{path}")
            content, code = action(model, spec), 200
        except StatusError as error:
            content = {"error": error.message}
            code = _HTTP.get(error.code, 500)
        return flask.Response(
            json.dumps(content), code, content_type="application/json"
        )

    return app


def _chosen(
    routes: list[tuple[str, str, Callable[..., Any]]], method: str, path: str
) -> tuple[Callable[..., Any], model_pb2.ModelSpec]:
    for wanted, pattern, action in routes:
        found = re.fullmatch(pattern, path)
        if method == wanted and found:
            spec = model_pb2.ModelSpec(name=found["name"])
            if found["version"]:
                spec.version.value = _version(found["version"])
            return action, spec
    raise StatusError(
        Code.INVALID_ARGUMENT, f"Malformed request: {method} {path}"
    )


def _version(text: str) -> int:
    # Of very many digits, int() makes none.
    if len(text) > 19 or int(text) >= 2**63:
        raise _invalid(
            f"Failed to convert version: {errors.excerpt(text)} to numeric."
        )
    return int(text)


def _predict(model: ServedModel, spec: model_pb2.ModelSpec) -> Any:
    body = _body()
    signature = _signature_name(body)
    version = model.versions[model.choose(spec)]
    try:
        definition = version.definition(signature)
    except StatusError:
        raise _invalid(
            f'Serving signature name: "{signature}" not found in signature def'
        ) from None
    if "instances" in body:
        if "inputs" in body:
            raise _invalid(
                "Not formatted correctly expecting only one of 'inputs' or "
                "'instances' keys to exist"
            )
        named = _rows(body["instances"], definition.inputs)
        outputs = version.run(signature, _arrays(named, definition.inputs))
        return {"predictions": _as_rows(outputs)}
    if "inputs" not in body:
        raise _invalid("Missing 'inputs' or 'instances' key")
    named = _columns(body["inputs"], definition.inputs)
    outputs = version.run(signature, _arrays(named, definition.inputs))
    columns = {name: _json(name, value) for name, value in outputs.items()}
    if len(columns) == 1:
        (columns,) = columns.values()
    return {"outputs": columns}


def _signature_name(body: Mapping[str, Any]) -> str:
    name = body.get("signature_name", "")
    try:
        # JSON has texts with halves of surrogate pairs; messages have none.
        name.encode()
    except (AttributeError, UnicodeError):
        raise _invalid("'signature_name' key must be a string value.") from None
    return name


def _metadata(model: ServedModel, spec: model_pb2.ModelSpec) -> Any:
    response = grpc_server.metadata(model, spec)
    definitions = get_model_metadata_pb2.SignatureDefMap()
    response.metadata["signature_def"].Unpack(definitions)
    return {
        "model_spec": _as_dict(response.model_spec)
        | {"version": str(response.model_spec.version.value)},
        "metadata": {"signature_def": _as_dict(definitions)},
    }


def _status(model: ServedModel, spec: model_pb2.ModelSpec) -> Any:
    return _as_dict(grpc_server.status(model, spec))


def _as_dict(message: Any) -> dict[str, Any]:
    return json_format.MessageToDict(
        message,
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )


def _body() -> dict[str, Any]:
    # Of any other type, pages of others could send it without being asked.
    if flask.request.mimetype != "application/json":
        raise _invalid("The Content-Type must be application/json")
    try:
        return files.parse_json(flask.request.get_data().decode())
    except (ValueError, RecursionError) as error:
        raise _invalid(f"JSON Parse error: {errors.excerpt(error)}") from error


def _columns(values: Any, infos: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs by name, of the form {"inputs": ...}."""
    if not isinstance(values, dict) or "b64" in values:
        if len(infos) > 1:
            raise _invalid(
                "inputs is a plain value/list, but expecting an object as "
                "multiple input tensors required as per tensorinfo_map"
            )
        return dict.fromkeys(infos, values)
    for name in sorted(infos):
        if name not in values:
            raise _invalid(f"Missing named input: {name} in 'inputs' object.")
    return {name: values[name] for name in infos}


def _rows(values: Any, infos: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs by name, of the form {"instances": [...]}."""
    if not isinstance(values, list):
        raise _invalid("Excepting 'instances' to be an list/array")
    if not values:
        raise _invalid("No values in 'instances' array")
    if not isinstance(values[0], dict):
        if len(infos) > 1:
            raise _invalid(
                "instances is a plain list, but expecting list of objects as "
                "multiple input tensors required as per tensorinfo_map"
            )
        return dict.fromkeys(infos, values)
    for number, row in enumerate(values):
        if not isinstance(row, dict) or set(row) != set(infos):
            raise _invalid(
                f"Failed to process element: {number} of 'instances' list. "
                f"JSON object: {errors.excerpt(json.dumps(row))} must only "
                "have keys: "
                f"{','.join(sorted(infos))}"
            )
    return {name: [row[name] for row in values] for name in infos}


def _arrays(
    named: Mapping[str, Any], infos: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    arrays = {}
    for name, value in named.items():
        expected = tf.dtypes.as_dtype(infos[name].dtype)
        try:
            # By way of what JSON said, so that neither 0.5 nor "1" is an
            # integer; and a text is not made as long as the longest.
            for leaf in np.asarray(value, object).ravel():
                if expected.is_integer and type(leaf) is not int:
                    raise ValueError(f"{leaf!r} is not {expected.name}")
            arrays[name] = np.asarray(value, expected.as_numpy_dtype)
        except (OverflowError, TypeError, ValueError) as error:
            raise _invalid(
                f"JSON Value: of the input {name} cannot be converted: "
                f"{errors.excerpt(error)}"
            ) from error
    return arrays


def _as_rows(outputs: Mapping[str, np.ndarray]) -> list[Any]:
    sizes = {value.shape[:1] for value in outputs.values()}
    if len(sizes) != 1 or () in sizes:
        raise _invalid(
            "Tensors of outputs have different sizes in the first dimension"
        )
    columns = {name: _json(name, value) for name, value in outputs.items()}
    rows = zip(*columns.values(), strict=True)
    if len(columns) == 1:
        return [row for (row,) in rows]
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _json(name: str, value: np.ndarray) -> Any:
    if value.dtype.kind not in "OS":
        return value.tolist()
    if name.endswith("_bytes"):
        return [{"b64": base64.b64encode(v).decode()} for v in value]
    return [v.decode("utf-8", "replace") for v in value]


def _invalid(message: str) -> StatusError:
    return StatusError(Code.INVALID_ARGUMENT, message)
