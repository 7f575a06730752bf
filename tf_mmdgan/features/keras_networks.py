"""Keras models as features: what scores compare and what generators match."""

import os
import pathlib
import zipfile
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.features import (
    frozen,
    image_inputs,
    resizes,
    weight_files,
)
from tf_mmdgan.features.network import RANGES, Forward, Network, usual_range

# The largest factor of a layer that takes levels: 1 / 127.5 is usual.
_OF_LEVELS = 0.02
_SUFFIX = ".keras"


class KerasNetwork(Network):
    """Outputs of layers of a Keras model, for scores and for matching.

    network = KerasNetwork("mine", digest, model, ["pooled"])
    extract(network, images)  # of uint8 images, for scores
    network.frozen()  # of images in [-1, 1], to train through
    """

    def __init__(
        self,
        name: str,
        digest: str,
        model: keras.Model,
        compared: Sequence[str],
        matched: Sequence[str] | None = None,
        logits: str | None = None,
        resize: str = "antialias",
        value_range: str | None = None,
        slow: bool = True,
        variant: str = "",
        scored_size: tuple[int | None, int | None] | None = None,
    ):
        """Takes layers of a model.

        Args:
          name: as users choose it.
          digest: SHA-256 of the weights.
          model: of images [b, h, w, c]; it is called in inference mode.
          compared: layers whose outputs are the features of scores; none for
            the output of the model.
          matched: layers whose outputs generators match; by default the same.
          logits: layer whose output are logits of classes, if there is one.
          resize: in `resizes.RESIZES`.
          value_range: as `Network` takes it.
          slow: whether it takes longer than reading a file.
          variant: as `Network` takes it.
          scored_size: height and width to which scores resize; by default what
            the model takes.

        Raises:
          UsageError: for an unknown layer, resize or range, or several outputs
            of which none is named.
          DataError: for weights that are not finite, or a model that takes
            something else than images.
        """
        taken = _image_input(name, model)
        weight_files.check_finite(
            name, ((w.path, w.numpy()) for w in model.weights)
        )
        self._model = model
        self._matched = matched or compared
        run = _run(name, model, compared, logits)
        super().__init__(
            name, digest, run, (*(scored_size or taken.size), taken.channels),
            dtype=taken.dtype, resize=resize, value_range=value_range,
            classifies=logits is not None, slow=slow, variant=variant,
        )  # fmt: skip
        self._matched_resize = resizes.of_range(resize, -1.0, 1.0)
        chosen = value_range or usual_range(taken.dtype)
        self._matched_range = RANGES[chosen].of_symmetric
        self._differentiable = taken.dtype.is_floating

    def frozen(self) -> frozen.Matched:
        """See `FeatureExtractor.frozen`."""
        if not self._differentiable:
            return super().frozen()
        return frozen.FrozenFeatures(
            self.name, self._model, self._matched, self._matched_range,
            self._matched_resize,
        )  # fmt: skip


def _run(
    name: str, model: keras.Model, compared: Sequence[str], logits: str | None
) -> Forward:
    """A model from its images to features and logits, in inference mode."""
    features = frozen.outputs_of(name, model, compared)
    classes = frozen.outputs_of(name, model, [logits]) if logits else []
    network = frozen.with_outputs(name, model, [*features, *classes])

    def run(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        outputs = network(images, training=False)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        found = outputs[: len(features)]
        return (
            found[0] if len(found) == 1 else frozen.side_by_side(found),
            outputs[-1] if logits else None,
        )

    return run


def _image_input(name: str, model: keras.Model) -> image_inputs.ImageInput:
    inputs = getattr(model, "inputs", None)  # Sequential ones may have none.
    if inputs is None:
        raise errors.DataError(
            f"{name} was never built, so that its input is not known: call it "
            "on images once before it is saved."
        )
    return image_inputs.image_input(name, inputs)


def keras_model(
    path: str | os.PathLike[str] | None = None,
    layers: Sequence[str] = (),
    output: str | None = None,
    logits: str | None = None,
    resize: str = "antialias",
    range: str | None = None,
) -> KerasNetwork:
    """Any Keras model of images, from a .keras file; no custom code is run.

    Args:
      path: of the file.
      layers: those whose outputs are the features; by default the output of the
        model.
      output: the same for a single layer.
      logits: layer whose output are logits of classes, if there is one.
      resize: in `resizes.RESIZES`.
      range: as `Network` takes it.

    Raises:
      UsageError: without a path, for a layer that there is not, for several
        outputs of which none is named, and for both `layers` and `output`.
      DataError: if there is no such file, something else is in it, or the
        model takes something else than images.
    """
    path = weight_files.required(path, "keras")
    if layers and output is not None:
        raise errors.UsageError(
            f"keras:{path}@{'+'.join(layers)},output={output}: give @LAYER or "
            "output=LAYER, not both."
        )
    if output is not None:
        layers = (str(output),)  # a name may be a number
    logits = None if logits is None else str(logits)
    digest = weight_files.digest(path)
    try:
        # Of folders and HDF5 files Keras makes networks of any claimed size.
        if path.suffix != _SUFFIX or not zipfile.is_zipfile(path):
            raise ValueError("need a file of model.save('network.keras')")
        weight_files.check_claims(path)
        with weight_files.complete():
            model = keras.models.load_model(path, compile=False)
        if not isinstance(model, keras.Model):
            raise ValueError(f"it holds a {type(model).__name__}")
    except Exception as error:  # Keras raises many kinds.
        raise weight_files.damaged(path, error, "Keras model") from error
    chosen = tuple(layers) or _last_layer(model)
    network = KerasNetwork(
        "-".join(["keras", path.stem, "+".join(chosen)]), digest, model, chosen,
        logits=logits, resize=resize, value_range=range,
        variant=f"-logits={logits}" if logits else "",
    )  # fmt: skip
    if range is None and model.inputs[0].dtype.startswith("float"):
        _warn_of_levels(path, model)
    return network


def _warn_of_levels(path: pathlib.Path, model: keras.Model) -> None:
    """Warns of a model that itself divides pixels, as if they were levels."""
    first, *others = model.layers
    if isinstance(first, keras.layers.InputLayer) and others:
        first = others[0]
    if isinstance(first, keras.Model):
        _warn_of_levels(path, first)
        return
    rescales = isinstance(first, keras.layers.Rescaling)
    if rescales and np.max(first.scale) <= _OF_LEVELS:
        errors.warn(
            f"{path} begins with the layer {first.name}, which divides pixels "
            "as if they were levels of 0 to 255, and gets them in [-1, 1]: say "
            "range=levels, or range=symmetric if this is meant.",
            stacklevel=3,
        )


def _last_layer(model: keras.Model) -> tuple[str, ...]:
    """The layer that gives the only output of a model; none if none does."""
    outputs = getattr(model, "outputs", None) or []
    names = [
        layer.name
        for layer in model.layers
        if len(outputs) == 1 and layer.output is outputs[0]
    ]
    return tuple(names[-1:])


def named(name: str, layers: Sequence[str]) -> str:
    """A network's name with those of the layers that were asked for, if any."""
    return f"{name}@{'+'.join(layers)}" if layers else name
