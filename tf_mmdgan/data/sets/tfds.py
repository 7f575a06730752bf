"""The public data sets, as TensorFlow Datasets (TFDS) has built them.

To add one, give it a line in `SOURCES`, and in `data.DATASETS`.
"""

import dataclasses
import functools
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.data import image_set, preprocessing, resize
from tf_mmdgan.data.cache import build, cached
from tf_mmdgan.data.options import DEFAULTS, LoadOptions
from tf_mmdgan.data.readers import example_reader, tfds_build

# Of the last training images, where a set has no test split.
_HELD_OUT = 10_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """A data set of TFDS, and what the papers make of its images.

    Attributes:
      name: in TFDS, with the configuration.
      url: of what it is downloaded from; None where TFDS cannot fetch it.
      image_shape: height, width and channels as published; None: they differ.
      preprocess: as published: (image uint8 [h, w, c], image_size, its
        number) -> uint8 [image_size, image_size, c]; None where nothing was
        done, which resizes images to other sizes.
      train: split of TFDS.
      test: split of TFDS; None holds out the last 10,000 training images, or
        a tenth of fewer.
      num_classes: of the labels; None leaves them out.
      largest: image_size that needs no enlarging, which is refused; None
        where the papers enlarge.
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
    data_dir: str | os.PathLike[str] | None = None,
    options: LoadOptions = DEFAULTS,
    otherwise: str = "",
) -> image_set.ImageSet:
    """A public data set, from its TFDS build.

    Args:
      name: a name in `SOURCES`.
      split: "train" or "test".
      image_size: height and width in pixels.
      data_dir: folder of TFDS' builds; by default that of TFDS.
      options: where decoded images are kept, whether a set that is absent may
        be downloaded, and how to resize, if not as published.
      otherwise: what else the user can do where the set is absent.

    Returns:
      Images [n, image_size, image_size, c] as published for training, with
      labels if the source has classes.

    Raises:
      DataError: for a build that is absent or damaged, and without a network.
      UsageError: for a size that the images do not have.
    """
    source = SOURCES[name]
    check_size(name, image_size, options.resize)
    folder = tfds_build.find(source.name, data_dir)
    if folder is None:
        if not options.download or source.url is None:
            raise errors.DataError(_absent(name, data_dir, otherwise))
        tfds_build.build(source.name, source.url, data_dir)
        folder = tfds_build.find(source.name, data_dir)
    key = {
        "build": tfds_build.fingerprint(folder),
        "source": name,
        "split": split,
        "image_size": image_size,
        "resize": options.resize,
        "preprocessing": preprocessing.VERSION,
    }
    return cached.cached(
        f"{name}/{split}",
        key,
        functools.partial(
            _plan, source, folder, split, image_size, options.resize
        ),
        options,
    )


def check_size(name: str, image_size: int, mode: str | None) -> None:
    """Refuses sizes of a source now rather than after hours of downloading.

    Raises:
      UsageError: for a size that the images do not have, or an unknown mode.
    """
    resize.check_size(image_size)
    enlarges = False
    if mode is not None:
        enlarges = errors.pick(resize.RESIZES, mode, "resize mode").enlarges
    largest = SOURCES[name].largest
    if largest is not None and image_size > largest and not enlarges:
        raise errors.UsageError(
            f"image_size={image_size}: {name} has images of {largest} pixels. "
            "Ask for fewer, or for --resize=enlarge."
        )


def _absent(
    name: str, data_dir: str | os.PathLike[str] | None, otherwise: str
) -> str:
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
            f"fetch it with `python tools/prepare_data.py --dataset={name} "
            f"--data_dir={folder} --download`"
        )
    remedies.append("train on a folder of images, --dataset=folder --data_dir=")
    return f"{found}Remedy: {', or '.join(remedies)}."


def _plan(
    source: Source,
    folder: pathlib.Path,
    split: str,
    image_size: int,
    mode: str | None,
) -> build.Plan:
    separate = split == "test" and source.test is not None
    opened = tfds_build.Split(folder, source.test if separate else source.train)
    _check_features(source, opened.features, folder)
    return plan(source, opened, split, image_size, mode)


def plan(
    source: Source,
    examples: example_reader.Examples,
    split: str,
    image_size: int,
    mode: str | None,
) -> build.Plan:
    """How the examples of a source, wherever they are, are decoded.

    Args:
      source: what the papers make of them.
      examples: of the split, or, where none is held out, of all.
      split: "train" or "test".
      image_size: height and width in pixels.
      mode: name in `resize.RESIZES`; None for what the papers do.

    Raises:
      DataError: for too few examples to hold out any.
    """
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
    source: Source, features: Mapping[str, Any], folder: pathlib.Path
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
    "mnist": Source(
        name="mnist",
        url="https://storage.googleapis.com/cvdf-datasets/mnist/",
        image_shape=(28, 28, 1),
        num_classes=10,
    ),
    "fashion_mnist": Source(
        name="fashion_mnist",
        url="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        image_shape=(28, 28, 1),
        num_classes=10,
    ),
    "cifar10": Source(
        name="cifar10",
        url="https://www.cs.toronto.edu/~kriz/",
        image_shape=(32, 32, 3),
        num_classes=10,
    ),
    "cifar100": Source(
        name="cifar100",
        url="https://www.cs.toronto.edu/~kriz/",
        image_shape=(32, 32, 3),
        num_classes=100,
    ),
    # The papers train on the 100,000 images without labels.
    "stl10": Source(
        name="stl10",
        url="http://ai.stanford.edu/~acoates/stl10/",
        image_shape=(96, 96, 3),
        train="unlabelled",
        preprocess=preprocessing.stl10,
        largest=96,
    ),
    "stl10_labelled": Source(
        name="stl10",
        url="http://ai.stanford.edu/~acoates/stl10/",
        image_shape=(96, 96, 3),
        num_classes=10,
        preprocess=preprocessing.stl10,
        largest=96,
    ),
    "celeb_a": Source(
        name="celeb_a",
        url="https://drive.google.com/",
        image_shape=(218, 178, 3),
        preprocess=preprocessing.celeb_a,
        largest=160,
    ),
    # Its validation split, 300 images, is too small to score against.
    "lsun_bedroom": Source(
        name="lsun/bedroom",
        url=None,  # 46 GB that TFDS could then not read: see lsun.py
        image_shape=(None, None, 3),
        test=None,
        preprocess=preprocessing.lsun,
        largest=256,
    ),
    "imagenet64": Source(
        name="imagenet_resized/64x64",
        url="http://www.image-net.org/data/downsample/",
        image_shape=(64, 64, 3),
        num_classes=1000,
        test="validation",
    ),
}
