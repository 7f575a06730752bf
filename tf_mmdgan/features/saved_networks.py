"""Feature extractors from graphs: Inception of 2015, and SavedModels.

A SavedModel or a graph is a program: use
those that you trust.
"""

import hashlib
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tf_mmdgan import archives, errors, files, owned
from tf_mmdgan.config.data import user_cache
from tf_mmdgan.features import image_inputs, published_weights, weight_files
from tf_mmdgan.features.image_inputs import ImageInput
from tf_mmdgan.features.network import Forward, Network, variant_of

INCEPTION_URL = "https://tfhub.dev/tensorflow/tfgan/eval/inception/1"
_INCEPTION_SHAPE = (299, 299, 3)
# Names in the graphs of 2015 that are in use: where scaled images of 299 pixels
# enter, where features leave, and where logits do.
_GRAPH_IMAGES = "Mul"
_GRAPH_FEATURES = "pool_3"
_GRAPH_LOGITS = ("logits", "softmax/logits")


def inception(
    path: str | os.PathLike[str] | None = None,
    resize: str = "tf1",
    range: str = "inception",
) -> Network:
    """The Inception network of 2015 by which KID, FID and IS are published.

    2,048 features (pool_3) and 1,008 classes, of images of 299 pixels.

    Args:
      path: a frozen graph (.pb, or a .tar.gz, .tgz with one in it), or the
        folder of TF-GAN's SavedModel; by default that of `inception_weights`.
      resize: in `resizes.RESIZES`.
      range: in `network.RANGES`; the network was trained on "inception".

    Raises:
      DataError: if there is no such file, something else is in it, or others
        can write to that cache.
    """
    if path is None:
        path = inception_weights()
    if path is None:
        raise errors.DataError(_absent())
    path = pathlib.Path(path)
    if path.is_dir():
        return saved_model(
            path, output="pool_3", logits="logits", size=299, resize=resize,
            range=range, name="inception",
        )  # fmt: skip
    return _frozen_inception(path, resize, range)


def inception_weights() -> pathlib.Path | None:
    """Where Inception's weights are, of this user; None if they are nowhere.

    Either they were fetched, or they are in TensorFlow Hub's cache.

    Raises:
      DataError: for a file that was changed, or that others can write to.
    """
    path = published_weights.at_hand("inception")
    if path is not None:
        return path
    path = hub_cache(INCEPTION_URL)
    if not path.is_dir():
        return None
    owned.check_private(path)
    return path


def inception_remedy() -> str | None:
    """How to get Inception's weights; None where they are at hand."""
    return _absent() if inception_weights() is None else None


def _absent() -> str:
    return (
        "Inception's weights are not in TensorFlow Hub's cache "
        f"({hub_cache(INCEPTION_URL)}), nor in {published_weights.cache()}. "
        f"{published_weights.remedy('inception')}, of TF-GAN's SavedModel or "
        "of a frozen graph (inceptionv1_for_inception_score.pb, "
        "classify_image_graph_def.pb)."
    )


def saved_model(
    path: str | os.PathLike[str] | None = None,
    output: str | None = None,
    logits: str | None = None,
    size: int | None = None,
    resize: str = "antialias",
    range: str | None = None,
    name: str | None = None,
) -> Network:
    """Any SavedModel of images [n, h, w, c], called or by serving_default.

    Args:
      path: its folder.
      output: which output are the features; not needed where there is one.
      logits: which output are logits of classes, if there is one.
      size: height and width that it takes; by default that of its signature.
      resize: in `resizes.RESIZES`.
      range: as `Network` takes it.
      name: in reports; by default of the folder.

    Raises:
      UsageError: without a path, or for an output that there is not, a size or
        a range that the model does not take.
      DataError: if there is no such folder, something else is in it, or the
        model takes something else than images.
    """
    path = weight_files.required(path, "saved_model")
    if not (path / "saved_model.pb").is_file():
        raise errors.DataError(f"There is no SavedModel in {path}.")
    files.check_plain(path)
    try:
        module = tf.saved_model.load(os.fspath(path))
    except weight_files.DAMAGE as error:
        raise weight_files.damaged(path, error) from error
    _check_finite(path)
    function = _function(module, path)
    taken = _image_input(function, path)
    # Names may be numbers.
    output, logits = (x if x is None else str(x) for x in (output, logits))

    return Network(
        name or f"saved_model-{path.name}",
        weight_files.digest(path),
        _run(function, path, output, logits),
        (*image_inputs.chosen_size(path, size, taken.size), taken.channels),
        dtype=taken.dtype,
        resize=resize,
        value_range=range,
        classifies=logits is not None,
        variant=variant_of(output=output, logits=logits, size=size),
        # Its variables live as long as the object does.
        keeps=module,
    )


def _run(
    function: Callable[..., Any],
    path: pathlib.Path,
    output: str | None,
    logits: str | None,
) -> Forward:
    """A function of a SavedModel, of which two outputs are taken."""

    def run(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        outputs = function(images)
        if isinstance(outputs, list | tuple):
            outputs = {f"output_{i}": part for i, part in enumerate(outputs)}
        if not isinstance(outputs, Mapping):
            outputs = {"output": outputs}
        if output is None and len(outputs) != 1:
            raise errors.UsageError(
                f"{path} has several outputs, {', '.join(sorted(outputs))}: "
                "name the one of the features, by output=NAME."
            )
        chosen = output or next(iter(outputs))
        features = errors.pick(outputs, chosen, f"output of {path}")
        if logits is None:
            return features, None
        return features, errors.pick(outputs, logits, f"output of {path}")

    return run


def _image_input(function: Any, path: pathlib.Path) -> ImageInput:
    """What images a function of a SavedModel takes.

    A model that is called has a trace for each form of call; those that differ
    in other arguments than tensors are alike.
    """
    given = [
        tf.nest.flatten(trace.structured_input_signature)
        for trace in getattr(function, "concrete_functions", [function])
    ]
    inputs = [[x for x in g if isinstance(x, tf.TypeSpec)] for g in given]
    taken = {image_inputs.image_input(path, found) for found in inputs}
    if len({(x.channels, x.dtype) for x in taken}) != 1:
        raise errors.DataError(
            f"{path} can be called in {len(taken)} ways, with images of "
            "unequal kinds: save it with one signature."
        )
    first = taken.pop()
    return first._replace(size=(None, None)) if taken else first


def _function(module: Any, path: pathlib.Path) -> Callable[..., Any]:
    """What is called with images: the model itself, or its usual signature."""
    if callable(module):
        return module.__call__
    signature = module.signatures.get("serving_default")
    if signature is None:
        raise errors.DataError(
            f"{path} can neither be called nor has it a signature "
            "serving_default."
        )
    return signature


def _check_finite(path: pathlib.Path) -> None:
    """Checks the variables and the constants of a sound SavedModel."""
    if (path / "variables" / "variables.index").exists():
        reader = tf.train.load_checkpoint(path / "variables" / "variables")
        names = reader.get_variable_to_shape_map()
        tensors = ((name, reader.get_tensor(name)) for name in sorted(names))
        arrays = ((k, np.asarray(v)) for k, v in tensors)
        weight_files.check_finite(path, arrays)
    program = saved_model_pb2.SavedModel()
    program.ParseFromString((path / "saved_model.pb").read_bytes())
    for graph in program.meta_graphs:
        weight_files.check_nodes(path, graph.graph_def.node)
        for function in graph.graph_def.library.function:
            weight_files.check_nodes(path, function.node_def)


def hub_cache(handle: str) -> pathlib.Path:
    """Where TensorFlow Hub keeps a model for this user.

    Not its usual place, a temporary folder that all users write to: whoever
    comes first could leave a program there.
    """
    folder = os.environ.get("TFHUB_CACHE_DIR")
    if not folder:
        folder = os.fspath(user_cache().with_name("tfhub_modules"))
    return pathlib.Path(folder, hashlib.sha1(handle.encode()).hexdigest())


def _frozen_inception(
    path: pathlib.Path, resize: str, value_range: str
) -> Network:
    digest = weight_files.digest(path)
    definition = tf.compat.v1.GraphDef()
    try:
        definition.ParseFromString(_graph_bytes(path))
    except Exception as error:  # protobuf's own is of no common class.
        raise weight_files.damaged(path, error) from error
    weight_files.check_nodes(path, definition.node)
    nodes = {node.name for node in definition.node}
    logits = next((name for name in _GRAPH_LOGITS if name in nodes), None)
    if not {_GRAPH_IMAGES, _GRAPH_FEATURES} <= nodes:
        raise errors.DataError(
            f"{path} is no Inception graph of 2015: it lacks nodes named "
            f"{_GRAPH_IMAGES}, {_GRAPH_FEATURES}."
        )
    flat = [
        node.name
        for node in definition.node
        if node.op in ("Reshape", "Squeeze")
        and _node_name(node.input[0]) == _GRAPH_FEATURES
    ]

    def run(images):
        given = {_GRAPH_IMAGES: images}
        features = _imported(definition, given, _GRAPH_FEATURES)
        if logits is None:
            return features, None
        # The published graph reshapes its features to [1, 2048], which is right
        # for one image alone.
        rows = tf.reshape(features, [tf.shape(images)[0], -1])
        given = {_GRAPH_FEATURES: features} | dict.fromkeys(flat, rows)
        return features, _imported(definition, given, logits)

    return Network(
        "inception", digest, run, _INCEPTION_SHAPE, resize=resize,
        value_range=value_range, classifies=logits is not None,
    )  # fmt: skip


def _imported(
    definition: tf.compat.v1.GraphDef,
    given: Mapping[str, tf.Tensor],
    output: str,
) -> tf.Tensor:
    """A node's output in the caller's graph, where outputs of some are given.

    No node is imported that the output does not need; constants are copied.
    """
    nodes = {node.name: node for node in definition.node}
    needed, replaced, waiting = set(), set(), [output]
    while waiting:
        name = waiting.pop()
        if name in given:
            replaced.add(name)
        elif name not in needed:
            needed.add(name)
            waiting += [_node_name(text) for text in nodes[name].input]
    part = tf.compat.v1.GraphDef(versions=definition.versions)
    part.library.CopyFrom(definition.library)
    part.node.extend(node for node in definition.node if node.name in needed)
    (found,) = tf.graph_util.import_graph_def(
        part,
        input_map={f"{name}:0": given[name] for name in replaced},
        return_elements=[f"{output}:0"],
    )
    return found


def _node_name(text: str) -> str:
    """The node of an input such as "a", "a:0" or "^a"."""
    return text.removeprefix("^").partition(":")[0]


def _graph_bytes(path: pathlib.Path) -> bytes:
    if path.suffix not in (".gz", ".tgz", ".tar"):
        return path.read_bytes()
    for name, part in archives.tar_files(path):
        if name.endswith(".pb"):
            return part.read()
    raise LookupError("no .pb file in the archive")
