"""Small TFDS builds with names and features of the real ones."""

import io

import numpy as np
import PIL.Image
import tensorflow_datasets as tfds

# As in the code of TensorFlow Datasets 4.9.10.
_FEATURES = {
    "mnist": lambda: {"image": _image(28, 28, 1), "label": _label(10)},
    "fashion_mnist": lambda: {"image": _image(28, 28, 1), "label": _label(10)},
    "cifar10": lambda: {
        "id": tfds.features.Text(),
        "image": _image(32, 32, 3),
        "label": _label(10),
    },
    "cifar100": lambda: {
        "id": tfds.features.Text(),
        "image": _image(32, 32, 3),
        "label": _label(100),
        "coarse_label": _label(20),
    },
    "stl10": lambda: {"image": _image(96, 96, 3), "label": _label(10)},
    "celeb_a": lambda: {
        "image": _image(218, 178, 3, "jpeg"),
        "landmarks": {"lefteye_x": np.int64, "lefteye_y": np.int64},
        "attributes": {"Bald": np.bool_, "Smiling": np.bool_},
        "identity": {"Identity_No": np.int64},
    },
    "lsun/bedroom": lambda: {
        "id": tfds.features.Text(),
        "image": _image(None, None, 3, "jpeg"),
    },
    "imagenet_resized/64x64": lambda: {
        "image": _image(64, 64, 3),
        "label": _label(1000),
    },
}
# Of the published images, but for LSUN's, whose short side has 256 pixels.
SHAPES = {
    "mnist": (28, 28, 1),
    "fashion_mnist": (28, 28, 1),
    "cifar10": (32, 32, 3),
    "cifar100": (32, 32, 3),
    "stl10": (96, 96, 3),
    "celeb_a": (218, 178, 3),
    "lsun/bedroom": (70, 90, 3),
    "imagenet_resized/64x64": (64, 64, 3),
}
_SPLITS = {
    "stl10": ("train", "test", "unlabelled"),
    "celeb_a": ("train", "validation", "test"),
    "lsun/bedroom": ("train", "validation"),
    "imagenet_resized/64x64": ("train", "validation"),
}


def splits_of(name):
    """The splits that TFDS gives a set."""
    return _SPLITS.get(name, ("train", "test"))


def write(data_dir, name, splits, version="1.0.0"):
    """Builds a set in `data_dir` out of {split: [(image, label)]}.

    An image is an array, or bytes that are stored as they are.
    """
    made = builder(data_dir, name, splits, version)
    made.download_and_prepare()
    return made.data_path


def builder(data_dir, name, splits, version="1.0.0"):
    """What builds such a set."""
    name, _, config = name.partition("/")
    full_name = f"{name}/{config}" if config else name

    class LocalBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version(version)
        BUILDER_CONFIGS = [
            tfds.core.BuilderConfig(name=config, version=version)
        ] * bool(config)

        def _info(self):
            return tfds.core.DatasetInfo(
                builder=self,
                features=tfds.features.FeaturesDict(_FEATURES[full_name]()),
            )

        def _split_generators(self, dl_manager):
            return {
                split: self._generate_examples(examples)
                for split, examples in splits.items()
            }

        def _generate_examples(self, examples):
            for number, (image, label) in enumerate(examples):
                if isinstance(image, bytes):
                    image = io.BytesIO(image)
                values = {"image": image, "label": label, "id": str(number)}
                yield number, _example(self.info.features, values)

    LocalBuilder.name = name
    return LocalBuilder(data_dir=data_dir)


def jpeg(image):
    """A JPEG file of an array."""
    buffer = io.BytesIO()
    PIL.Image.fromarray(image).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def decoded(content):
    """The array of a JPEG file."""
    return np.asarray(PIL.Image.open(io.BytesIO(content)))


def _example(features, values):
    """Values for all features; 0 for those that nothing here reads."""
    return {
        name: _example(feature, values)
        if isinstance(feature, tfds.features.FeaturesDict)
        else values.get(name, 0)
        for name, feature in features.items()
    }


def _image(height, width, channels, encoding="png"):
    return tfds.features.Image(
        shape=(height, width, channels), encoding_format=encoding
    )


def _label(num_classes):
    return tfds.features.ClassLabel(num_classes=num_classes)


def noise(rng, shape, count, classes=10):
    """Images of noise with their labels, in turn."""
    return [
        (rng.integers(0, 256, shape).astype(np.uint8), number % classes)
        for number in range(count)
    ]
