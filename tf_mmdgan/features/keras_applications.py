"""The networks of keras.applications as features, with published weights."""

import functools
import os
import pathlib
from collections.abc import Callable, Mapping, Sequence

import keras

from tf_mmdgan import errors, keras_settings
from tf_mmdgan.config.data import at_home
from tf_mmdgan.features import published_weights, weight_files
from tf_mmdgan.features.keras_networks import KerasNetwork, named


def keras_inception(
    path: str | os.PathLike[str] | None = None,
    layers: Sequence[str] = (),
    resize: str = "antialias",
) -> KerasNetwork:
    """`keras.applications.InceptionV3`, of 2016: 1,000 classes.

    Other features than the Inception of 2015, `saved_networks.inception`:
    their scores do not compare.

    Args:
      path: its weights with the classifier (.h5); by default those of
        `weights`.
      layers: those to take in place of the last pooling.
      resize: in `resizes.RESIZES`.

    Raises:
      DataError: if there is no such file, or something else is in it.
    """
    path = _chosen("keras_inception", path)
    digest = weight_files.digest(path)
    keras_settings.check()
    model = keras.applications.InceptionV3(
        weights=None, classifier_activation=None
    )
    _load_weights(model, path, "weights of InceptionV3")
    return KerasNetwork(
        named("keras_inception", layers), digest, model,
        layers or ("avg_pool",), logits="predictions", resize=resize,
    )  # fmt: skip


def application(
    name: str,
    build: Callable[..., keras.Model],
    matched_suffix: str | tuple[str, ...],
    path: str | os.PathLike[str] | None = None,
    layers: Sequence[str] = (),
    image_shape: Sequence[int | None] | None = None,
    resize: str = "antialias",
) -> KerasNetwork:
    """A network of keras.applications without its top, of images of any size.

    Scores take its last layer. Generators match the first 16 of its layers
    whose names end in `matched_suffix`, those behind a ReLU, as dos Santos et
    al. 2019 choose them.

    Args:
      name: as users choose it.
      build: of keras.applications.
      matched_suffix: see above.
      path: its weights, without the top (.h5); by default those of `weights`.
      layers: those to take in place of these.
      image_shape: [h, w, ...] of the images, where it is known.
      resize: in `resizes.RESIZES`; there is nothing to resize to.

    Raises:
      UsageError: for a layer that there is not.
      DataError: if there is no such file, or something else is in it.
    """
    path = _chosen(name, path)
    digest = weight_files.digest(path)
    shape = (*(image_shape or (None, None))[:2], 3)
    expected = f"weights of {name} without its top"
    keras_settings.check()
    try:
        model = build(include_top=False, weights=None, input_shape=shape)
    except ValueError as error:
        raise errors.UsageError(
            f"{name} takes no images of {shape[0]} x {shape[1]} pixels: "
            f"{errors.excerpt(error)}"
        ) from error
    _load_weights(model, path, expected)
    # The first is the input, whose name ends in a number of Keras' own.
    names = [layer.name for layer in model.layers[1:]]
    usual = [n for n in names if n.endswith(matched_suffix)][:16]
    return KerasNetwork(
        named(name, layers), digest, model, layers or names[-1:],
        layers or usual, resize=resize, value_range="caffe",
    )  # fmt: skip


vgg16 = functools.partial(
    application, "vgg16", keras.applications.VGG16, tuple("123")
)
vgg19 = functools.partial(
    application, "vgg19", keras.applications.VGG19, tuple("1234")
)
resnet50 = functools.partial(
    application, "resnet50", keras.applications.ResNet50, ("relu", "out")
)
# Those whose weights have been published, by name.
APPLICATIONS: Mapping[str, Callable[..., KerasNetwork]] = {
    "vgg16": vgg16, "vgg19": vgg19, "resnet50": resnet50,
    "keras_inception": keras_inception,
}  # fmt: skip


def weights(name: str) -> pathlib.Path | None:
    """Where published weights are, of this user; None if they are nowhere.

    Either they were fetched, or they are in Keras' cache.

    Args:
      name: of an extractor with a network of keras.applications.

    Raises:
      DataError: for a file that was changed, or that others can write to.
    """
    path = published_weights.at_hand(name)
    if path is None and _in_cache_of_keras(name).exists():
        return _in_cache_of_keras(name)
    return path


def remedy(name: str) -> str | None:
    """How to get the weights of an extractor; None where they are at hand."""
    return _absent(name) if weights(name) is None else None


def _absent(name: str) -> str:
    return (
        f"The weights of {name} are not in Keras' cache "
        f"({_in_cache_of_keras(name)}), nor in {published_weights.cache()}. "
        f"{published_weights.remedy(name)}."
    )


def _chosen(name: str, path: str | os.PathLike[str] | None) -> pathlib.Path:
    """The weights at a path or, without one, those that are at hand."""
    path = weights(name) if path is None else path
    if path is None:
        raise errors.DataError(_absent(name))
    return pathlib.Path(path)


def _in_cache_of_keras(name: str) -> pathlib.Path:
    """Where Keras keeps such a file; it has no public function for it."""
    home = at_home(os.environ.get("KERAS_HOME") or "~/.keras")
    return home / "models" / published_weights.WEIGHTS[name][0].name


def _load_weights(
    model: keras.Model, path: pathlib.Path, expected: str
) -> None:
    try:
        weight_files.check_claims(path)
    except weight_files.DAMAGE as error:
        raise weight_files.damaged(path, error, expected) from error
    try:
        with weight_files.complete():
            model.load_weights(path)
    except OSError as error:
        raise weight_files.damaged(path, error, expected) from error
    except (ValueError, LookupError, TypeError) as error:
        raise weight_files.another(path, error, expected) from error
