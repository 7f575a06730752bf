"""Images by seed, in requests of a size that a server takes."""

import functools
import math
import numbers
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import class_names, errors
from tf_mmdgan.conditions import Label, numbers_of
from tf_mmdgan.serving import labels, told
from tf_mmdgan.serving.drawn import Drawn
from tf_mmdgan.serving.predictor import Arrays, Predictor, check, typed

# Of the images of one request, unless the predictor says another number.
_MOST_BYTES = 2**28
_MOST_LAYERS = 64  # with styles, of any size of images


class Sampler:
    """Draws images from a predictor.

    The same seed gives the same latents, bit for bit, however many images are
    drawn and however the requests are split; images of the same requests are
    the same bits, those of other splits may differ by one level, because
    convolutions of another batch size sum in another order.

        >>> options = tm.GeneratorOptions(8, width=4)
        >>> generator = tm.ARCHITECTURES["mlp"].generator((4, 4, 1), options)
        >>> latents = tm.Latents(8, "normal")
        >>> path = tm.export_generator(generator, latents, "export")
        >>> predictor = tm.LocalPredictor(tm.load_generator(path).signatures)
        >>> tm.Sampler(predictor, batch_size=2).sample(3, seed=1).images.shape
        (3, 4, 4, 1)

    Args:
      predictor: what is asked.
      batch_size: images of one request; more are split, and so are those that
        have more than 256 MiB together, over REST 8 MiB.

    Attributes:
      image_shape: [h, w, c] of an image.
      has_classes: whether images can be of a class that is asked for.
      label_width: how many numbers the generator is told; None of others.
      has_styles: whether the generator is a style-based one.
      makes_rows: whether rows of a table are drawn, and no images.

    Raises:
      UsageError: for what is no predictor, and if the model is none of this
        package.
      DataError: if the server does not answer.
    """

    def __init__(self, predictor: Predictor, batch_size: int = 64):
        errors.check_positive(batch_size=batch_size)
        check(predictor)
        self._predictor = predictor
        self._batch_size = batch_size
        signatures = predictor.signatures()
        if "sample_range" not in signatures:
            found = errors.excerpt(", ".join(sorted(signatures)) or "none")
            raise errors.UsageError(
                "The model was not exported by tf_mmdgan: it has no signature "
                f"sample_range, but {found}."
            )
        self._output, self._made = told.output(signatures["sample_range"])
        self.makes_rows = self._output == "rows"
        self.image_shape = tuple(self._made.shape[1:])
        self.has_classes = "sample_class" in signatures
        self._labels = labels.form(signatures)
        self.label_width = None
        if self._labels is not None and not self.has_classes:
            self.label_width = self._labels.shape[1]
        self.has_styles = {"mix_styles", "interpolate_styles"} <= set(
            signatures
        )
        self._has_values = "values" in signatures["sample_range"].outputs
        self._most_bytes = getattr(predictor, "most_bytes", _MOST_BYTES)
        fitting = self._most_bytes // self._bytes_of(self.image_shape)
        self._at_once = max(1, min(batch_size, fitting))
        self._names_told = told.width_of_names(signatures.get("class_names"))
        # Servers that join requests take this signature alone.
        self._by_rows = "sample_by_seed" in signatures

    def sample(
        self,
        num_samples: int,
        seed: int,
        start: int = 0,
        truncation: float = 1.0,
        label: Label | None = None,
    ) -> Drawn:
        """Draws images of a seed.

        Args:
          num_samples: how many, 1 or more.
          seed: any integer of 64 bits.
          start: number of the first one, 0 or more.
          truncation: see `Latents.sample`.
          label: of all images: a class, its number or its name, or numbers; by
            default labels are drawn.

        Returns:
          Those images, and their labels where there are any.

        Raises:
          UsageError: for inputs that the model refuses.
          DataError: if the server does not answer.
        """
        errors.check_count(1, num_samples=num_samples)
        errors.check_seed(seed=seed)
        errors.check_type("start", start, numbers.Integral)
        if start + num_samples > 2**63:
            raise errors.UsageError(
                f"start={errors.excerpt(start, 40)}: a seed has 2^63 images; "
                f"with num_samples={num_samples}, start at "
                f"{2**63 - num_samples} "
                "at most."
            )
        named: dict[str, Any] = {"seed": seed, "truncation": truncation}
        if label is not None:
            named["label"] = self._label(label)
        parts, stop = [], start + num_samples
        for first in range(start, stop, self._at_once):
            last = min(stop, first + self._at_once)
            parts.append(self._draw(first, last, named))
        return _joined(parts)

    def _draw(
        self, first: int, last: int, named: Mapping[str, Any]
    ) -> tuple[Arrays, float]:
        """Asks for the images first .. last - 1 of a seed in one request."""
        count = last - first
        if self._by_rows and (self._labels is None or "label" in named):
            rows = {name: [value] * count for name, value in named.items()}
            rows["index"] = list(range(first, last))
            return self._ask("sample_by_seed", count, **rows)
        labelled = "sample_class" if self.has_classes else "sample_numbers"
        signature = labelled if "label" in named else "sample_range"
        return self._ask(
            signature, count, num_samples=count, start=first, **named
        )

    def interpolate(
        self,
        seed_a: int,
        seed_b: int,
        steps: int,
        truncation: float = 1.0,
        label: Label | None = None,
    ) -> Drawn:
        """Draws the way from the first image of a seed to that of another.

        Of a style-based generator styles change, and noise does not.

        Args:
          seed_a: the seed at the beginning.
          seed_b: the seed at the end.
          steps: images, both ends included.
          truncation: see `Latents.sample`.
          label: of all images, as of `sample`; a generator with labels needs
            one.

        Returns:
          The images on the way.

        Raises:
          UsageError: for inputs that the model refuses.
          DataError: if the server does not answer.
        """
        errors.check_seed(seed_a=seed_a, seed_b=seed_b)
        errors.check_type("steps", steps, numbers.Integral)
        part = self._ask(
            "interpolate_styles" if self.has_styles else "interpolate",
            steps,
            steps=steps,
            seed_a=seed_a,
            seed_b=seed_b,
            truncation=truncation,
            **self._one_label(label),
        )
        return _joined([part])

    def mix_styles(
        self,
        seed: int,
        other_seed: int,
        pairs: Sequence[tuple[int, int]],
        cutoff: int | Sequence[int],
        truncation: float = 1.0,
        label: Label | None = None,
    ) -> Drawn:
        """Draws images of coarse styles of one image, fine ones of another.

        Args:
          seed: of the coarse styles, and of the noise.
          other_seed: of the fine ones.
          pairs: numbers of the two images in their seeds, of each that is
            drawn.
          cutoff: the first layer with a style of the other one, 0 or more; of
            each pair, or of all.
          truncation: of the styles, in (0, 1].
          label: as in `interpolate`.

        Returns:
          An image for each pair.

        Raises:
          UsageError: for a generator without styles, and for inputs that the
            model refuses.
          DataError: if the server does not answer.
        """
        self._check_styles()
        errors.check_seed(seed=seed, other_seed=other_seed)
        errors.check_count(1, pairs=len(pairs))
        cutoffs: Sequence[int] = (
            [cutoff] * len(pairs)
            if isinstance(cutoff, int | np.integer)
            else cutoff
        )
        parts = []
        for first in range(0, len(pairs), self._at_once):
            some = slice(first, first + self._at_once)
            count = len(pairs[some])
            named: dict[str, Any] = {"seed": seed, "other_seed": other_seed}
            named |= {"truncation": truncation, **self._one_label(label)}
            rows = {name: [value] * count for name, value in named.items()}
            rows["index"], rows["other_index"] = (
                [pair[which] for pair in pairs[some]] for which in (0, 1)
            )
            rows["cutoff"] = list(cutoffs[some])
            parts.append(self._ask("mix_styles", count, **rows))
        return _joined(parts)

    @functools.cached_property
    def style_layers(self) -> int:
        """How many layers of the generator have a style.

        Raises:
          UsageError: for a generator without styles.
          DataError: if the model does not answer, or answers something else.
        """
        self._check_styles()
        names = ("seed", "index", "other_seed", "other_index", "cutoff")
        asked = {name: [0] for name in names} | {"truncation": [1.0]}
        if self._labels is not None:
            form = [1, *self._labels.shape[1:]]
            asked["label"] = tf.zeros(form, self._labels.dtype).numpy()
        wanted = {"layers": tf.TensorSpec([1], tf.int32)}
        found = self._predictor.predict("mix_styles", typed(asked), wanted)
        layers = int(found["layers"][0])
        if not 0 < layers <= _MOST_LAYERS:
            raise errors.DataError(f"The model has {layers} layers of styles.")
        return layers

    def _check_styles(self) -> None:
        if not self.has_styles:
            raise errors.UsageError(
                "This generator has no styles: those of the architecture "
                "stylegan2 have."
            )

    def _one_label(self, label: Label | None) -> dict[str, Any]:
        """The input that is the label of all images, if there are any."""
        if label is not None:
            return {"label": self._label(label)}
        if self._labels is not None:
            has = "has classes" if self.has_classes else "is told numbers"
            raise errors.UsageError(
                f"This generator {has}: name the label that all images show."
            )
        return {}

    def _ask(
        self, signature: str, count: int, **inputs: Any
    ) -> tuple[Arrays, float]:
        """Asks for what should be `count` images."""
        given = typed(inputs)
        began = time.perf_counter()
        found = self._predictor.predict(signature, given, self._wanted(count))
        seconds = time.perf_counter() - began
        if self._labels is not None:
            labels.check(found["labels"], given.get("label"))
        return found, seconds

    def _bytes_of(self, shape: Sequence[int]) -> int:
        """Of images of a shape, or of one."""
        values = tf.float32.size if self._has_values else 0
        return math.prod(shape) * (self._made.dtype.size + values)

    def _wanted(self, count: int) -> dict[str, tf.TensorSpec]:
        """What a request for `count` images is answered with."""
        count = max(count, 0)  # Negative ones are the model's to refuse.
        shape = (count, *self._made.shape[1:])
        if self._bytes_of(shape) > self._most_bytes:
            raise errors.UsageError(
                f"{count} {self._output} of {shape[1:]} are more than "
                f"{self._most_bytes:,} bytes: ask for fewer at a time."
            )
        wanted = {self._output: tf.TensorSpec(shape, self._made.dtype)}
        if self._has_values:
            wanted["values"] = tf.TensorSpec(shape, tf.float32)
        if self._labels is not None:
            rows = [count, *self._labels.shape[1:]]
            wanted["labels"] = tf.TensorSpec(rows, self._labels.dtype)
        return wanted

    def _label(self, label: Any) -> Any:
        """The number of a class, or numbers, float32 [k]."""
        if self.label_width is not None:
            return numbers_of(label, self.label_width)
        if not self.has_classes:
            raise errors.UsageError(
                f"label={errors.excerpt(label, 80)}: this generator has no "
                "classes; leave the label out."
            )
        # Names are asked for where they can make a difference.
        names = self.class_names if isinstance(label, str) else None
        found = class_names.number(label, names)
        assert found is not None  # for a label is given
        return found

    @functools.cached_property
    def class_names(self) -> tuple[str, ...] | None:
        """The names of the classes, in their order; None without names.

        Raises:
          DataError: as `labels.names`, and if the model does not answer.
        """
        if self._names_told is None:
            return None
        return labels.names(self._ask_names, self._batch_size)

    def _ask_names(self, numbers: Sequence[int]) -> Arrays:
        count, width = len(numbers), self._names_told
        wanted = {
            "name": tf.TensorSpec((count, width), tf.uint8),
            "num_classes": tf.TensorSpec([count], tf.int32),
        }
        asked = typed({"label": list(numbers)})
        return self._predictor.predict("class_names", asked, wanted)


def _joined(parts: Sequence[tuple[Arrays, float]]) -> Drawn:
    arrays = [part for part, _ in parts]
    joined = {
        name: np.concatenate([part[name] for part in arrays])
        for name in arrays[0]
    }
    return Drawn(
        joined["rows" if "rows" in joined else "images"],
        joined.get("labels"),
        tuple(seconds for _, seconds in parts),
        joined.get("values"),
    )
