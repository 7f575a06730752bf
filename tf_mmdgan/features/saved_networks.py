"""Feature extractors from files: Inception, SavedModels, Keras models.

Nothing here reaches for the network. A SavedModel or a graph is a program: use
those that you trust.
"""

import hashlib
import os
import pathlib
import tarfile
import tempfile
from collections.abc import Mapping

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.features.network import Network

INCEPTION_URL = "https://tfhub.dev/tensorflow/tfgan/eval/inception/1"
_INCEPTION_SHAPE = (299, 299, 3)
_KERAS_INCEPTION = "inception_v3_weights_tf_dim_ordering_tf_kernels.h5"
# Names in the graphs of 2015 that are in use: where scaled images of 299 pixels
# enter, where features leave, and where logits do.
_GRAPH_IMAGES = "Mul"
_GRAPH_FEATURES = "pool_3"
_GRAPH_LOGITS = ("logits", "softmax/logits")
# What reading a damaged file raises.
_DAMAGE = (OSError, ValueError, LookupError, TypeError, tf.errors.OpError)


def inception(path: str | None = None, resize: str = "tf1") -> Network:
    """The Inception network of 2015 by which KID, FID and IS are published.

    2,048 features (pool_3) and 1,008 classes, of images of 299 pixels.

    Args:
      path: a frozen graph (.pb, or a .tar.gz, .tgz with one in it), or the
        folder of TF-GAN's SavedModel; by default its place in TensorFlow Hub's
        cache.
      resize: in `network.RESIZES`.

    Raises:
      DataError: if there is no such file, or something else is in it.
    """
    if path is None:
        path = hub_cache(INCEPTION_URL)
        if not path.is_dir():
            raise errors.DataError(
                f"Inception's weights are not in TensorFlow Hub's cache "
                f"({path}). Fetch {INCEPTION_URL} on a machine with a network "
                "and unpack it there, or name a copy: "
                "--features=inception:PATH, of the SavedModel or of a frozen "
                "graph (inceptionv1_for_inception_score.pb, "
                "classify_image_graph_def.pb)."
            )
    path = pathlib.Path(path)
    if path.is_dir():
        return saved_model(
            path, output="pool_3", logits="logits", size=299, resize=resize,
            range="inception", name="inception",
        )  # fmt: skip
    return _frozen_inception(path, resize)


def keras_inception(
    path: str | None = None, resize: str = "antialias"
) -> Network:
    """`keras.applications.InceptionV3`, of 2016: 1,000 classes.

    Other features than `inception`: their scores do not compare.

    Args:
      path: its weights with the classifier (.h5); by default their place in
        Keras' cache.
      resize: in `network.RESIZES`.

    Raises:
      DataError: if there is no such file, or something else is in it.
    """
    if path is None:
        path = _keras_home() / "models" / _KERAS_INCEPTION
        if not path.exists():
            raise errors.DataError(
                f"InceptionV3's weights are not in Keras' cache ({path}). "
                "Fetch them there by keras.applications.InceptionV3() on a "
                "machine with a network, or name a copy: "
                "--features=keras_inception:PATH."
            )
    path = pathlib.Path(path)
    digest = _digest(path)
    model = keras.applications.InceptionV3(
        weights=None, classifier_activation=None
    )
    try:
        model.load_weights(path)
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    return _keras_network(
        model, "avg_pool", "predictions", digest, "keras_inception", resize,
        "symmetric",
    )  # fmt: skip


def _keras_home() -> pathlib.Path:
    """Where Keras keeps files; it has no public function for it."""
    default = pathlib.Path.home() / ".keras"
    return pathlib.Path(os.environ.get("KERAS_HOME", default))


def keras_model(
    path: str | None = None,
    output: str | None = None,
    logits: str | None = None,
    resize: str = "antialias",
    range: str = "symmetric",
) -> Network:
    """Any Keras model of images, from a .keras file; no custom code is run.

    Args:
      path: of the file.
      output: layer whose output are the features; by default the last.
      logits: layer whose output are logits of classes, if there is one.
      resize: in `network.RESIZES`.
      range: in `network.RANGES`, what the model was trained on.

    Raises:
      UsageError: without a path, or for a layer that there is not.
      DataError: if there is no such file, or something else is in it.
    """
    path = _required(path, "keras")
    digest = _digest(path)
    try:
        model = keras.models.load_model(path, compile=False)
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    output = output or model.layers[-1].name
    return _keras_network(
        model, output, logits, digest, f"keras-{path.stem}-{output}", resize,
        range,
    )  # fmt: skip


def saved_model(
    path: str | os.PathLike[str] | None = None,
    output: str | None = None,
    logits: str | None = None,
    size: int | None = None,
    resize: str = "antialias",
    range: str = "symmetric",
    name: str | None = None,
) -> Network:
    """Any SavedModel of images [n, h, w, 3], called or by serving_default.

    Args:
      path: its folder.
      output: which output are the features; not needed where there is one.
      logits: which output are logits of classes, if there is one.
      size: height and width that it takes; by default that of its signature.
      resize: in `network.RESIZES`.
      range: in `network.RANGES`, what the model was trained on.
      name: in reports; by default of the folder.

    Raises:
      UsageError: without a path, or for an output that there is not.
      DataError: if there is no such folder, or something else is in it.
    """
    path = _required(path, "saved_model")
    if not (path / "saved_model.pb").is_file():
        raise errors.DataError(f"There is no SavedModel in {path}.")
    try:
        module = tf.saved_model.load(os.fspath(path))
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    function = module if callable(module) else None
    if function is None:
        function = module.signatures.get("serving_default")
    if function is None:
        raise errors.DataError(
            f"{path} can neither be called nor has it a signature "
            "serving_default."
        )

    def run(images):
        outputs = function(images)
        if not isinstance(outputs, Mapping):
            outputs = {"output": outputs}
        chosen = output or (next(iter(outputs)) if len(outputs) == 1 else "")
        features = errors.pick(outputs, chosen, f"output of {path}")
        if logits is None:
            return features, None
        return features, errors.pick(outputs, logits, f"output of {path}")

    network = Network(
        name or f"saved_model-{path.name}",
        _digest(path),
        run,
        (size, size, 3),
        resize=resize,
        value_range=range,
        classifies=logits is not None,
    )
    # Its variables live as long as the object does.
    network.module = module
    return network


def hub_cache(handle: str) -> pathlib.Path:
    """Where TensorFlow Hub keeps a model that it has fetched."""
    folder = os.environ.get("TFHUB_CACHE_DIR") or os.path.join(
        tempfile.gettempdir(), "tfhub_modules"
    )
    return pathlib.Path(folder, hashlib.sha1(handle.encode()).hexdigest())


def _frozen_inception(path: pathlib.Path, resize: str) -> Network:
    digest = _digest(path)
    definition = tf.compat.v1.GraphDef()
    try:
        definition.ParseFromString(_graph_bytes(path))
    except Exception as error:  # protobuf's own is of no common class.
        raise _damaged(path, error) from error
    nodes = {node.name for node in definition.node}
    logits = next((name for name in _GRAPH_LOGITS if name in nodes), None)
    if logits is None or not {_GRAPH_IMAGES, _GRAPH_FEATURES} <= nodes:
        raise errors.DataError(
            f"{path} is no Inception graph of 2015: it lacks nodes named "
            f"{_GRAPH_IMAGES}, {_GRAPH_FEATURES} and "
            f"{' or '.join(_GRAPH_LOGITS)}."
        )

    def run(images):
        # Inside the caller's graph; nothing is copied but constants.
        return tf.graph_util.import_graph_def(
            definition,
            input_map={f"{_GRAPH_IMAGES}:0": images},
            return_elements=[f"{_GRAPH_FEATURES}:0", f"{logits}:0"],
        )

    return Network(
        "inception", digest, run, _INCEPTION_SHAPE, resize=resize,
        value_range="inception", classifies=True,
    )  # fmt: skip


def _graph_bytes(path: pathlib.Path) -> bytes:
    if path.suffix not in (".gz", ".tgz", ".tar"):
        return path.read_bytes()
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(".pb"):
                return archive.extractfile(member).read()
    raise LookupError("no .pb file in the archive")


def _keras_network(
    model: keras.Model,
    output: str,
    logits: str | None,
    digest: str,
    name: str,
    resize: str,
    value_range: str,
) -> Network:
    layers = {layer.name: layer for layer in model.layers}
    names = {"features": output} | ({"logits": logits} if logits else {})
    network = keras.Model(
        model.inputs,
        {
            key: errors.pick(layers, layer, f"layer of {name}").output
            for key, layer in names.items()
        },
    )

    def run(images):
        outputs = network(images, training=False)
        return outputs["features"], outputs.get("logits")

    return Network(
        name, digest, run, model.input_shape[1:], resize=resize,
        value_range=value_range, classifies=logits is not None,
    )  # fmt: skip


def _required(path: str | os.PathLike[str] | None, name: str) -> pathlib.Path:
    if path is None:
        raise errors.UsageError(
            f"--features={name} needs a path: --features={name}:PATH."
        )
    return pathlib.Path(path)


def _digest(path: pathlib.Path) -> str:
    """SHA-256 of a file, or of all files in a folder.

    Raises:
      DataError: if it cannot be read.
    """
    if not path.exists():
        raise errors.DataError(f"There is no file or folder {path}.")
    digest = hashlib.sha256()
    try:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                digest.update(file.read_bytes())
    except OSError as error:
        raise errors.DataError(
            f"Cannot read the extractor's weights {path} ({error.strerror})."
        ) from error
    return digest.hexdigest()


def _damaged(path: pathlib.Path, error: Exception) -> errors.DataError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return errors.DataError(
        f"{path} is damaged, or not such a network: {reason[:200]}"
    )
