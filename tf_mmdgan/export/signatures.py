"""What an exported generator can be asked for: its signatures.

  serving_default  latents float32 [n, z]      -> images float32 [n, h, w, c]
  sample           num_samples int32, seed int64
                                               -> images uint8 [n, h, w, c],
                                                  latents float32 [n, z]
  sample_png       num_samples, seed           -> png_bytes strings [n]
  sample_range     num_samples, seed, start int64, truncation float32
                                               -> the outputs of `sample`
  interpolate      seed_a int64, seed_b int64, steps int32, truncation
                                               -> the outputs of `sample`
  sample_by_seed   seed int64 [n], index int64 [n], truncation float32 [n]
                                               -> images uint8 [n, h, w, c]

Of a generator with classes `serving_default` takes labels int32 [n] too,
`sample_by_seed` label int32 [n], `interpolate` one label int32, and all but
`serving_default` return labels int32 [n]: those asked for, or drawn as often as
the data have each class. It has one more:

  sample_class     num_samples, seed, start, truncation, label
                                               -> the outputs of `sample`

If its classes have names, as those of a folder of pictures have, one more:

  class_names      label int32 [n]             -> name uint8 [n, longest],
                                                  num_classes int32 [n]

Row i of `name` is the name of the class label_i in UTF-8, filled with zeros;
each row of `num_classes` is the number of all. All else takes numbers. A
generator of rows has "rows", float32 [n, d] in the units of their table, for
"images", and no `sample_png`. Data of another range than 0 to 255 have it: all
outputs of `sample` and its kin have values float32 [n, h, w, c] beside images.

Float images are in [-1, 1]; with a fourth channel, opacity, their colours are
multiplied by it, those of uint8 are not. A seed stands for one endless sequence
of latents: `sample` and `sample_png` take its first rows, `sample_range` those
from `start` on, so that split requests do not repeat images; truncation, in
(0, 1], is that of `Latents.sample`, and 1 is none. Row i of `sample_by_seed` is
the image number index_i of seed_i. All of its inputs and outputs have one row
per image, as those of `serving_default` and `class_names`: a server that joins
requests takes these alone. `interpolate` goes from the first row of one seed to
that of another. Servers take no request that leaves an input out, so
`sample_range` and `sample` are two. REST writes `png_bytes` as base64.
"""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import class_names as names_of_classes
from tf_mmdgan import errors, images
from tf_mmdgan.export import refuse
from tf_mmdgan.latents import (
    Latents,
    checked_shares,
    draw_labels,
    sampling_seed,
)

# Of one request. Enough for a grid, too few to take a server's memory.
MAX_SAMPLES = 1024

Tensors = dict[str, tf.Tensor]


def _scalar(name: str, dtype: tf.DType) -> tf.TensorSpec:
    return tf.TensorSpec([], dtype, name=name)


_FIRST_ROWS = (_scalar("num_samples", tf.int32), _scalar("seed", tf.int64))
_TRUNCATION = _scalar("truncation", tf.float32)
_RANGE = (*_FIRST_ROWS, _scalar("start", tf.int64), _TRUNCATION)
_ENDS = (
    _scalar("seed_a", tf.int64),
    _scalar("seed_b", tf.int64),
    _scalar("steps", tf.int32),
    _TRUNCATION,
)
_LABEL = _scalar("label", tf.int32)


def _column(name: str, dtype: tf.DType) -> tf.TensorSpec:
    return tf.TensorSpec([None], dtype, name=name)


_ROWS = (
    _column("seed", tf.int64),
    _column("index", tf.int64),
    _column("truncation", tf.float32),
)


class Servable:
    """The generator in inference mode, behind the functions of the signatures.

    Attributes:
      generator: of latents, or of [latents, labels] with `num_classes`.
      output: name of what it makes, "images" or "rows".
      latents: what the sampling signatures draw.
      num_classes: of a generator that takes labels, or None.
      max_samples: the most images of one request.
      class_shares: how often each class is drawn, [num_classes], of sum 1;
        None for equal shares.
      class_names: the name of each class; None where they have none, or there
        are no classes.
      value_range: lowest and highest number of the data, if these are no
        levels of 8 bits: what is drawn has `values` in this range too.

    Raises:
      UsageError: for a `max_samples` below 2, which leaves no interpolation;
        and for names or shares that are none of `num_classes` classes.
    """

    def __init__(
        self,
        generator: keras.Model,
        latents: Latents,
        num_classes: int | None = None,
        max_samples: int = MAX_SAMPLES,
        class_shares: np.ndarray | None = None,
        class_names: Sequence[str] | None = None,
        value_range: tuple[float, float] | None = None,
    ):
        errors.check_type("latents", latents, Latents)
        if max_samples < 2:
            raise errors.UsageError(f"max_samples={max_samples}, need >= 2.")
        named = bool(num_classes) and class_names is not None
        if named and not names_of_classes.is_names(class_names, num_classes):
            raise errors.UsageError(
                f"class_names: need {num_classes} unequal names of 1 to 255 "
                "bytes, without a slash."
            )
        self.generator = generator
        shape = getattr(generator, "output_shape", None) or ()
        self.output = "rows" if len(shape) == 2 else "images"
        self.latents = latents
        self.num_classes = num_classes
        self.max_samples = max_samples
        self.class_shares = checked_shares(class_shares, num_classes)
        self.value_range = value_range
        self.class_names = tuple(class_names or ()) if named else None

    def serve(
        self, latents: tf.Tensor, labels: tf.Tensor | None = None
    ) -> Tensors:
        """Float images of given latents."""
        # Networks take any label.
        checks = [] if labels is None else [self._label_check(labels)]
        with tf.control_dependencies(checks):
            return self._served(latents, labels)

    def _served(
        self, latents: tf.Tensor, labels: tf.Tensor | None = None
    ) -> Tensors:
        inputs = latents if labels is None else [latents, labels]
        generated = self.generator(inputs, training=False)
        # Under a mixed policy the generator may return 16-bit floats.
        return {self.output: tf.cast(generated, tf.float32)}

    def sample(self, num_samples: tf.Tensor, seed: tf.Tensor) -> Tensors:
        """The first images of a seed."""
        return self._draw(num_samples, seed, tf.constant(0, tf.int64))

    def sample_png(self, num_samples: tf.Tensor, seed: tf.Tensor) -> Tensors:
        """The first images of a seed, as PNG files."""
        drawn = self.sample(num_samples, seed)
        shown = images.shown(drawn["images"])
        pngs = tf.map_fn(
            tf.io.encode_png,
            shown,
            fn_output_signature=tf.TensorSpec([], tf.string),
        )
        named = {"labels": drawn["labels"]} if "labels" in drawn else {}
        return {"png_bytes": pngs, **named}

    def sample_range(
        self,
        num_samples: tf.Tensor,
        seed: tf.Tensor,
        start: tf.Tensor,
        truncation: tf.Tensor,
    ) -> Tensors:
        """Images of a seed from number `start` on."""
        with tf.control_dependencies([refuse.bad_truncation(truncation)]):
            return self._draw(num_samples, seed, start, truncation)

    def sample_class(
        self,
        num_samples: tf.Tensor,
        seed: tf.Tensor,
        start: tf.Tensor,
        truncation: tf.Tensor,
        label: tf.Tensor,
    ) -> Tensors:
        """The same images, all of one class."""
        checks = [refuse.bad_truncation(truncation), self._label_check(label)]
        with tf.control_dependencies(checks):
            return self._draw(num_samples, seed, start, truncation, label)

    def sample_by_seed(
        self,
        seed: tf.Tensor,
        index: tf.Tensor,
        truncation: tf.Tensor,
        label: tf.Tensor | None = None,
    ) -> Tensors:
        """One image for each row: number `index` of a seed."""
        count = tf.size(seed)
        checks = [
            self._count_check("the number of rows", count, 1),
            refuse.bad_truncation(truncation),
            refuse.unless(index >= 0, "index must be >= 0, not {}", index),
        ]
        if label is not None:
            checks.append(self._label_check(label))
        with tf.control_dependencies(checks):
            latents = tf.map_fn(
                lambda row: self.latents.sample(
                    sampling_seed(row[0]), 1, row[1], row[2]
                )[0],
                (seed, index, truncation),
                fn_output_signature=tf.TensorSpec(
                    [self.latents.size], tf.float32
                ),
            )
        drawn = {"latents": latents}
        if label is not None:
            drawn["labels"] = tf.identity(label)
        found = self._images_of(drawn)
        del found["latents"]
        return found

    def names(self, label: tf.Tensor) -> Tensors:
        """The name of each class, as bytes, and how many classes there are."""
        table = names_of_classes.encoded(self.class_names or ())
        with tf.control_dependencies([self._label_check(label)]):
            name = tf.gather(tf.constant(table), label)
        return {
            "name": name,
            "num_classes": tf.fill(tf.shape(label), len(table)),
        }

    def interpolate(
        self,
        seed_a: tf.Tensor,
        seed_b: tf.Tensor,
        steps: tf.Tensor,
        truncation: tf.Tensor,
        label: tf.Tensor | None = None,
    ) -> Tensors:
        """Images on the way from one seed's first to another's."""
        checks = [
            refuse.bad_truncation(truncation),
            self._count_check("steps", steps, 2),
        ]
        if label is not None:
            checks.append(self._label_check(label))
        with tf.control_dependencies(checks):
            first, last = (
                self.latents.sample(sampling_seed(seed), 1, 0, truncation)[0]
                for seed in (seed_a, seed_b)
            )
            drawn = {"latents": self.latents.interpolate(first, last, steps)}
            if label is not None:
                drawn["labels"] = tf.fill([steps], label)
        return self._images_of(drawn)

    def signatures(self) -> dict[str, Callable[..., Tensors]]:
        """Concrete functions by the names of the signatures."""
        latents = tf.TensorSpec(
            [None, self.latents.size], tf.float32, name="latents"
        )
        labels = tf.TensorSpec([None], tf.int32, name="labels")
        with_labels = (labels,) if self.num_classes else ()
        with_label = (_LABEL,) if self.num_classes else ()
        label_column = (_column("label", tf.int32),) if self.num_classes else ()
        arguments = {
            "serving_default": (self.serve, latents, *with_labels),
            "sample": (self.sample, *_FIRST_ROWS),
            "sample_range": (self.sample_range, *_RANGE),
            "interpolate": (self.interpolate, *_ENDS, *with_label),
            "sample_by_seed": (self.sample_by_seed, *_ROWS, *label_column),
        }
        if self.output == "images":
            arguments["sample_png"] = (self.sample_png, *_FIRST_ROWS)
        if self.num_classes:
            arguments["sample_class"] = (self.sample_class, *_RANGE, _LABEL)
        if self.class_names:
            arguments["class_names"] = (self.names, *label_column)
        return {
            name: tf.function(function).get_concrete_function(*specs)
            for name, (function, *specs) in arguments.items()
        }

    def weights(self) -> tf.Module:
        """What a SavedModel has to hold beside the signatures.

        Not the network itself: of that, sessions such as a server's restore
        copies of the variables, and miss those that the functions read.
        """
        module = tf.Module()
        module.weights = [v.value for v in self.generator.variables]
        return module

    def _draw(
        self,
        num_samples: tf.Tensor,
        seed: tf.Tensor,
        start: tf.Tensor,
        truncation: tf.Tensor | None = None,
        label: tf.Tensor | None = None,
    ) -> Tensors:
        checks = [
            self._count_check("num_samples", num_samples, 1),
            refuse.unless(start >= 0, "start must be >= 0, not {}", start),
        ]
        pair = sampling_seed(seed)
        # Else a draw may fail first, with a message about dimensions.
        with tf.control_dependencies(checks):
            latents = self.latents.sample(pair, num_samples, start, truncation)
            drawn = {"latents": latents}
            if label is not None:
                drawn["labels"] = tf.fill([num_samples], label)
            elif self.num_classes:
                drawn["labels"] = draw_labels(
                    pair, num_samples, start, self.num_classes,
                    self.class_shares,
                )  # fmt: skip
        return self._images_of(drawn)

    def _images_of(self, drawn: Tensors) -> Tensors:
        generated = self._served(**drawn)[self.output]
        if self.output == "rows":
            return {"rows": generated, **drawn}
        found = {"images": images.to_uint8(generated), **drawn}
        if self.value_range is not None:
            low, high = self.value_range
            share = 0.5 * (tf.clip_by_value(generated, -1.0, 1.0) + 1.0)
            found["values"] = low + share * (high - low)
        return found

    def _count_check(
        self, name: str, count: tf.Tensor, least: int
    ) -> tf.Operation:
        return refuse.unless(
            tf.logical_and(count >= least, count <= self.max_samples),
            f"{name} must be {least} to {self.max_samples}, not {{}}",
            count,
        )

    def _label_check(self, label: tf.Tensor) -> tf.Operation:
        classes = self.num_classes or 0
        return refuse.unless(
            tf.logical_and(label >= 0, label < classes),
            f"label must be 0 to {classes - 1}, not {{}}",
            label,
        )
