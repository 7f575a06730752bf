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

Of a generator that is told k numbers a label is float32 [k], labels float32
[n, k] and the column `label` too; labels that are drawn are rows of the data,
and the one more is called `sample_numbers`.

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
(0, 1], is that of `Latents.sample`, and 1 is none: style-based generators have
another, and more signatures (`style_signatures`). Row i of `sample_by_seed` is
the image number index_i of seed_i. What it takes and makes has one row for each
image, as with `serving_default` and `class_names`: a server that joins requests
takes these alone. `interpolate` goes from the first row of one seed to that of
another. Servers take no request that leaves an input out, so `sample_range` and
`sample` are two. REST writes `png_bytes` as base64.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import class_names, errors, images
from tf_mmdgan.conditions import Classes, Condition
from tf_mmdgan.export import refuse
from tf_mmdgan.export.inputs import (
    ENDS,
    FIRST_ROWS,
    RANGE,
    ROWS,
    of_labels,
    repeated,
)
from tf_mmdgan.latents import Latents, sampling_seed

# Of one request. Enough for a grid, too few to take a server's memory.
MAX_SAMPLES = 1024

Tensors = dict[str, tf.Tensor]


class Servable:
    """The generator in inference mode, behind the functions of the signatures.

    Attributes:
      generator: of latents, or of [latents, labels] with a `condition`.
      output: name of what it makes, "images" or "rows".
      latents: what the sampling signatures draw.
      condition: what the labels are that it takes, the law by which they are
        drawn, and the names of classes; None: it takes none.
      max_samples: the most images of one request.
      value_range: lowest and highest number of the data, if these are no
        levels of 8 bits: what is drawn has `values` in this range too.

    Raises:
      UsageError: for a `max_samples` below 2, which leaves no interpolation,
        and for what is no range.
    """

    def __init__(
        self,
        generator: keras.Model,
        latents: Latents,
        condition: Condition | None = None,
        max_samples: int = MAX_SAMPLES,
        value_range: tuple[float, float] | None = None,
    ):
        errors.check_type("latents", latents, Latents)
        errors.check_count(2, max_samples=max_samples)
        refuse.bad_range(value_range)
        if condition is not None:
            errors.check_type("condition", condition, Condition)
        self.generator = generator
        shape = getattr(generator, "output_shape", None) or ()
        self.output = "rows" if len(shape) == 2 else "images"
        self.latents = latents
        self.condition = condition
        self.max_samples = max_samples
        self.value_range = value_range

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The name of each class; None where they have none, or are none."""
        condition = self.condition
        if not isinstance(condition, Classes) or condition.names is None:
            return None
        return tuple(condition.names)

    def serve(
        self, latents: tf.Tensor, labels: tf.Tensor | None = None
    ) -> Tensors:
        """Float images of given latents."""
        # Networks take any number of rows, and any label.
        checks = refuse.bad_rows(self.max_samples, 0, latents, labels)
        checks += [] if labels is None else [self._label_check(labels)]
        with tf.control_dependencies(checks):
            return self._served(latents, labels)

    def _served(
        self, latents: tf.Tensor, labels: tf.Tensor | None = None
    ) -> Tensors:
        given = latents if labels is None else [latents, labels]
        generated = self.generator(given, training=False)
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

    def sample_label(
        self,
        num_samples: tf.Tensor,
        seed: tf.Tensor,
        start: tf.Tensor,
        truncation: tf.Tensor,
        label: tf.Tensor,
    ) -> Tensors:
        """The same images, all of one label."""
        checks = self._checks(truncation, label)
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
        checks = self._row_checks(seed, index, truncation, label)
        with tf.control_dependencies(checks):
            drawn = {"latents": self._rows(seed, index, truncation)}
        if label is not None:
            drawn["labels"] = label
        found = self._images_of(drawn, truncation)
        del found["latents"]
        return found

    def names(self, label: tf.Tensor) -> Tensors:
        """The name of each class, as bytes, and how many classes there are."""
        table = class_names.encoded(self.class_names or ())
        checks = refuse.bad_rows(self.max_samples, 0, label)
        with tf.control_dependencies([*checks, self._label_check(label)]):
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
        checks = self._way_checks(steps, truncation, label)
        with tf.control_dependencies(checks):
            first, last = (
                self._latents(sampling_seed(seed), 1, 0, truncation)[0]
                for seed in (seed_a, seed_b)
            )
            drawn = {"latents": self.latents.interpolate(first, last, steps)}
            if label is not None:
                drawn["labels"] = repeated(label, steps)
        return self._images_of(drawn, truncation)

    def signatures(self) -> dict[str, Callable[..., Tensors]]:
        """Concrete functions by the names of the signatures."""
        return {
            name: tf.function(function).get_concrete_function(*specs)
            for name, (function, *specs) in self._arguments().items()
        }

    def _arguments(self) -> dict[str, tuple[Any, ...]]:
        """What each signature does, and what it takes."""
        latents = tf.TensorSpec(
            [None, self.latents.size], tf.float32, name="latents"
        )
        with_labels, with_label, label_column = of_labels(self.condition)
        arguments = {
            "serving_default": (self.serve, latents, *with_labels),
            "sample": (self.sample, *FIRST_ROWS),
            "sample_range": (self.sample_range, *RANGE),
            "interpolate": (self.interpolate, *ENDS, *with_label),
            "sample_by_seed": (self.sample_by_seed, *ROWS, *label_column),
        }
        if self.output == "images":
            arguments["sample_png"] = (self.sample_png, *FIRST_ROWS)
        if self.condition is not None:
            of_class = self.condition.num_classes is not None
            name = "sample_class" if of_class else "sample_numbers"
            arguments[name] = (self.sample_label, *RANGE, *with_label)
        if self.class_names:
            arguments["class_names"] = (self.names, *label_column)
        return arguments

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
            refuse.bad_index("start", start),
        ]
        pair = sampling_seed(seed)
        # Else a draw may fail first, with a message about dimensions.
        with tf.control_dependencies(checks):
            latents = self._latents(pair, num_samples, start, truncation)
            drawn = {"latents": latents}
            if label is not None:
                drawn["labels"] = repeated(label, num_samples)
            elif self.condition is not None:
                drawn["labels"] = self.condition.draw(pair, num_samples, start)
        return self._images_of(drawn, truncation)

    def _latents(
        self,
        seed: tf.Tensor,
        count: int | tf.Tensor,
        start: int | tf.Tensor,
        truncation: tf.Tensor | None,
    ) -> tf.Tensor:
        return self.latents.sample(seed, count, start, truncation)

    def _rows(
        self, seed: tf.Tensor, index: tf.Tensor, truncation: tf.Tensor
    ) -> tf.Tensor:
        """Latents number `index` of a seed, for each row."""
        return tf.map_fn(
            lambda row: self._latents(sampling_seed(row[0]), 1, *row[1:])[0],
            (seed, index, truncation),
            fn_output_signature=tf.TensorSpec([self.latents.size], tf.float32),
        )

    def _generated(
        self, drawn: Tensors, truncation: tf.Tensor | None
    ) -> tf.Tensor:
        """What the generator makes of latents that were drawn truncated."""
        return self._served(**drawn)[self.output]

    def _images_of(
        self, drawn: Tensors, truncation: tf.Tensor | None
    ) -> Tensors:
        return self._shown(self._generated(drawn, truncation), drawn)

    def _shown(self, generated: tf.Tensor, drawn: Tensors) -> Tensors:
        if self.output == "rows":
            return {"rows": generated, **drawn}
        found = {"images": images.to_uint8(generated), **drawn}
        if self.value_range is not None:
            low, high = self.value_range
            share = 0.5 * (tf.clip_by_value(generated, -1.0, 1.0) + 1.0)
            found["values"] = low + share * (high - low)
        return found

    def _row_checks(
        self, seed: tf.Tensor, index: tf.Tensor, *given: tf.Tensor | None
    ) -> list[tf.Operation]:
        rows = refuse.bad_rows(self.max_samples, 1, seed, index, *given)
        return [*rows, refuse.bad_index("index", index), *self._checks(*given)]

    def _way_checks(
        self, steps: tf.Tensor, *given: tf.Tensor | None
    ) -> list[tf.Operation]:
        return [self._count_check("steps", steps, 2), *self._checks(*given)]

    def _checks(
        self, truncation: tf.Tensor, label: tf.Tensor | None
    ) -> list[tf.Operation]:
        labels = [] if label is None else [self._label_check(label)]
        return [refuse.bad_truncation(truncation), *labels]

    def _count_check(
        self, name: str, count: tf.Tensor, least: int
    ) -> tf.Operation:
        return refuse.bad_count(name, count, least, self.max_samples)

    def _label_check(self, label: tf.Tensor) -> tf.Operation:
        assert self.condition is not None  # for there are labels
        return refuse.unless(*self.condition.allowed(label), label)
