"""The public data sets, as TensorFlow Datasets (TFDS) has built them.

To add one, give it a line in `SOURCES` and one in `data.DATASETS`.
"""

import dataclasses
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.config import ReadConfig
from tf_mmdgan.data import image_set, preprocessing, resize
from tf_mmdgan.data.cache import build, cached
from tf_mmdgan.data.readers import example_reader, links, tfds_build

# The most training images that are held out, of a set without a test split.
_HELD_OUT = 10_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class TFDSSource:
    """A data set of TFDS, and what the papers make of its images.

    Attributes:
      name: its name in TFDS, NAME or NAME/CONFIG.
      url: where TFDS downloads it from; None where TFDS cannot fetch it.
      image_shape: height, width and channels as published; None for a side
        that is not the same for all images.
      preprocess: what the papers do: (image uint8 [h, w, c], image_size,
        number of the image) -> uint8 [image_size, image_size, c]; None where
        they do nothing: then only other sizes than the images' are resized.
      train: its split in TFDS that is trained on.
      test: its split in TFDS that is held out; None: the last 10,000 training
        images are, or the last tenth of fewer.
      num_classes: number of classes; None leaves the labels out.
      largest: the most pixels on a side to which images are not enlarged; more
        are refused. None: any size is made.
    """

    name: str
    url: str | None
    image_shape: tuple[int | None, int | None, int]
    preprocess: Callable[[np.ndarray, int, int], np.ndarray] | None = None
    train: str = "train"
    test: str | None = "test"
    num_classes: int | None = None
    largest: int | None = None


def load(
    name: str,
    split: str,
    image_size: int,
    reading: ReadConfig,
    otherwise: str = "",
) -> image_set.ImageSet:
    """A public data set, from its TFDS build.

    Args:
      name: a name in `SOURCES`.
      split: "train" or "test".
      image_size: height and width in pixels.
      reading: `data_dir`, the folder of TFDS' builds, by default that of TFDS;
        whether an absent set may be downloaded; where decoded images are kept;
        and how to resize, if not as published.
      otherwise: what else the user can do where the set is absent.

    Returns:
      Images [n, image_size, image_size, c] as published for training, with
      labels if the source has classes.

    Raises:
      DataError: for a build that is absent or damaged, and without a network.
      UsageError: for a size that the images do not have.
    """
    check_size(name, image_size, reading.resize)
    folder = _find_or_build(name, reading, otherwise)
    links.check(reading, folder)
    encoded = _encoded(name, split, folder)
    return cached.cached(*deferred(name, split, image_size, reading, *encoded))


def preview(
    name: str, split: str, image_size: int, reading: ReadConfig
) -> image_set.Preview | None:
    """What `load` would give, by the metadata of the build.

    Returns:
      That, or None where there is no build yet.

    Raises:
      DataError: as of `load`, but for what decoding alone shows.
      UsageError: as of `load`.
    """
    check_size(name, image_size, reading.resize)
    folder = tfds_build.find(SOURCES[name].name, reading.data_dir)
    if folder is None:
        return None
    links.check(reading, folder)
    encoded = _encoded(name, split, folder)
    return cached.preview(*deferred(name, split, image_size, reading, *encoded))


def _encoded(
    name: str, split: str, folder: pathlib.Path
) -> tuple[dict[str, Any], Callable[[], example_reader.Examples]]:
    """What tells the images of a build from others, and how to open them."""
    source = SOURCES[name]

    def opened() -> example_reader.Examples:
        held_out = source.test if split == "test" else None
        examples = tfds_build.Split(folder, held_out or source.train)
        _check_features(source, examples.features, folder)
        return examples

    origin = {"build": tfds_build.fingerprint(folder), "source": name}
    return origin, opened


def check_size(name: str, image_size: int, mode: str | None) -> None:
    """Refuses sizes of a source now rather than after hours of downloading.

    Args:
      name: a name in `SOURCES`.
      image_size: height and width in pixels.
      mode: a name in `resize.RESIZES`; None for what the papers do.

    Raises:
      UsageError: for more pixels than the images have, if the mode does not
        enlarge.
    """
    largest = SOURCES[name].largest
    enlarges = mode is not None and resize.RESIZES[mode].enlarges
    if largest is not None and image_size > largest and not enlarges:
        raise errors.UsageError(
            f"image_size={image_size}: {name} has images of {largest} pixels. "
            "Ask for fewer, or for --resize=enlarge."
        )


def deferred(
    name: str,
    split: str,
    image_size: int,
    reading: ReadConfig,
    origin: Mapping[str, Any],
    opened: Callable[[], example_reader.Examples],
) -> tuple[str, dict[str, Any], Callable[[], build.Plan], ReadConfig]:
    """How the images of a source are made once, as `cached` takes it.

    Args:
      name: a name in `SOURCES`.
      split: "train" or "test".
      image_size: height and width in pixels.
      reading: where decoded images are kept, and how to resize, if not as
        published.
      origin: tells the encoded images from any others; plain JSON.
      opened: opens the encoded images of the split or, of a source that has no
        test split, all of them. Called where they are not decoded yet; raises
        DataError for too few images to hold out any, or damaged ones.
    """
    key = {
        **origin,
        "split": split,
        "image_size": image_size,
        "resize": reading.resize,
        "preprocessing": preprocessing.VERSION,
    }

    def plan() -> build.Plan:
        source, mode = SOURCES[name], reading.resize
        return _plan(source, opened(), split, image_size, mode)

    return f"{name}/{split}", key, plan, reading


def _find_or_build(
    name: str, reading: ReadConfig, otherwise: str
) -> pathlib.Path:
    """The folder of a TFDS build, made now if it is absent and may be made."""
    source, data_dir = SOURCES[name], reading.data_dir
    folder = tfds_build.find(source.name, data_dir)
    if folder is None and reading.download and source.url is not None:
        tfds_build.build(source.name, source.url, data_dir)
        folder = tfds_build.find(source.name, data_dir)
    if folder is None:
        raise errors.DataError(_absent(name, data_dir, otherwise))
    return folder


def _absent(name: str, data_dir: str | None, otherwise: str) -> str:
    folder = tfds_build.data_folder(data_dir)
    unfinished = tfds_build.unfinished(SOURCES[name].name, data_dir)
    found = (
        f"The TFDS build of {name} in {unfinished[0]} was interrupted. "
        if unfinished
        else f"No {name} in {folder}, nor a TFDS build of it "
        f"({SOURCES[name].name}). "
    )
    remedies = [otherwise] if otherwise else []
    if SOURCES[name].url is not None:
        remedies.append(
            f"fetch it with `tf-mmdgan prepare_data --dataset={name} "
            f"--data_dir={folder} --download`"
        )
    remedies.append("train on a folder of images, --dataset=folder --data_dir=")
    return f"{found}Remedy: {', or '.join(remedies)}."


def _plan(
    source: TFDSSource,
    examples: example_reader.Examples,
    split: str,
    image_size: int,
    mode: str | None,
) -> build.Plan:
    """How the examples of a source are decoded, wherever they are."""
    numbers = range(examples.count)
    if source.test is None:
        kept = len(numbers) - min(_HELD_OUT, len(numbers) // 10)
        numbers = {"train": numbers[:kept], "test": numbers[kept:]}[split]
    if not numbers:
        raise examples.damaged("has too few images to hold out any")
    channels = source.image_shape[-1]

    def transform(image: np.ndarray, number: int) -> np.ndarray:
        if source.preprocess is not None and mode is None:
            return source.preprocess(image, image_size, number)
        return resize.resize_images(image[np.newaxis], image_size, mode)[0]

    return build.Plan(
        count=len(numbers),
        image_shape=(image_size, image_size, channels),
        num_classes=source.num_classes,
        fill=example_reader.ExampleReader(
            examples,
            numbers,
            channels,
            transform,
            labelled=source.num_classes is not None,
        ),
    )


def _check_features(
    source: TFDSSource, features: Mapping[str, Any], folder: pathlib.Path
) -> None:
    """Refuses builds of something else under the same name."""
    known = dict(features.items())
    image, label = known.get("image"), known.get("label")
    shape = image and image.shape
    classes = label and label.num_classes
    if shape != source.image_shape or source.num_classes not in (None, classes):
        raise errors.DataError(
            f"The TFDS build in {folder} is not {source.name}: it has images "
            f"{shape} and {classes} classes, not {source.image_shape} and "
            f"{source.num_classes}."
        )


SOURCES = {
    "mnist": TFDSSource(
        name="mnist",
        url="https://storage.googleapis.com/cvdf-datasets/mnist/",
        image_shape=(28, 28, 1),
        num_classes=10,
    ),
    "fashion_mnist": TFDSSource(
        name="fashion_mnist",
        url="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        image_shape=(28, 28, 1),
        num_classes=10,
    ),
    "cifar10": TFDSSource(
        name="cifar10",
        url="https://www.cs.toronto.edu/~kriz/",
        image_shape=(32, 32, 3),
        num_classes=10,
    ),
    "cifar100": TFDSSource(
        name="cifar100",
        url="https://www.cs.toronto.edu/~kriz/",
        image_shape=(32, 32, 3),
        num_classes=100,
    ),
    # The papers train on the 100,000 images without labels.
    "stl10": TFDSSource(
        name="stl10",
        url="http://ai.stanford.edu/~acoates/stl10/",
        image_shape=(96, 96, 3),
        train="unlabelled",
        preprocess=preprocessing.stl10,
        largest=96,
    ),
    "stl10_labelled": TFDSSource(
        name="stl10",
        url="http://ai.stanford.edu/~acoates/stl10/",
        image_shape=(96, 96, 3),
        num_classes=10,
        preprocess=preprocessing.stl10,
        largest=96,
    ),
    "celeb_a": TFDSSource(
        name="celeb_a",
        url="https://drive.google.com/",
        image_shape=(218, 178, 3),
        preprocess=preprocessing.celeb_a,
        largest=160,
    ),
    # Its validation split, 300 images, is too small to score against.
    "lsun_bedroom": TFDSSource(
        name="lsun/bedroom",
        url=None,  # 46 GB that TFDS could then not read: see lsun.py
        image_shape=(None, None, 3),
        test=None,
        preprocess=preprocessing.lsun,
        largest=256,
    ),
    "imagenet64": TFDSSource(
        name="imagenet_resized/64x64",
        url="http://www.image-net.org/data/downsample/",
        image_shape=(64, 64, 3),
        num_classes=1000,
        test="validation",
    ),
}
