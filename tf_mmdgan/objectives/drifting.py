"""Drifting: generated points are moved towards where a drift field points.

Deng, Li, Li, Du and He 2026, "Generative modeling via drifting",
https://arxiv.org/abs/2602.04770; code: https://github.com/lambertae/drifting.
"""

import dataclasses
import math

import tensorflow as tf

from tf_mmdgan import errors, mmd, switches
from tf_mmdgan.config.fields import Given
from tf_mmdgan.kernels import (
    RadialMixture,
    as_matrices,
    pairwise_squares,
    some_numbers,
)
from tf_mmdgan.objectives.discrepancy import Discrepancy, Lowered
from tf_mmdgan.objectives.drift import DriftField, Sides, pull


@dataclasses.dataclass(frozen=True)
class DriftDiscrepancy(Discrepancy):
    """The squared distance of generated features to where they would drift.

    loss = mean ||u - stop_gradient(u + sum_t V_t / size_t)||^2

    u are generated features in units of S = mean distance / sqrt(d), where
    distances are those of a generated point to real ones and to other generated
    ones. V_t is the drift of temperature t, whose bandwidth is t mean
    distances, and size_t is its root mean square. The gradient with respect to
    a generated feature is -2 / (m d S) times the sum; none passes through
    anything else. The loss of one temperature would always be 1 if its size
    were that of the batch at hand. It is the average over some batches, so that
    the loss falls where the drift does.

    With the normalisation "none", one temperature and sizes of 1 this is a
    GMMN: the gradient is 1 / d times that of the unbiased MMD^2, whose kernel
    is the companion of the field's at this bandwidth, in the unit S.

        >>> distance = tm.DriftDiscrepancy(tm.DriftField("laplace"))
        >>> distance.memory_size
        3

    Attributes:
      field: the drift field.
      temperatures: bandwidths in mean distances, for a kernel of bandwidth 1;
        one, or some.
      scaled: whether drifts are divided by their sizes; otherwise sizes are 1.
      decay: of the moving average of sizes over steps; 0: those of the batch,
        as in the published code.
      guidance: alpha >= 1: where it is above 1, real points of all classes are
        negatives too, so many times that these have the law q / alpha + (1 -
        1 / alpha) p_any of generated points of the class and of real ones of
        any. The drift then rests where q = alpha p - (alpha - 1) p_any: further
        from the other classes than the real points p of its own are.
      classes: how many classes the places are of, which follow each other in
        equal numbers.

    Raises:
      UsageError: for no temperature, one that is not positive, a decay that is
        not in [0, 1), a guidance below 1, and one above it of a single class.
    """

    field: DriftField = dataclasses.field(default_factory=DriftField)
    temperatures: Given[tuple[float, ...]] = (0.02, 0.05, 0.2)
    scaled: bool = True
    decay: float = 0.99
    guidance: float = 1.0
    classes: int = 1

    def __post_init__(self):
        switches.settle(self)
        errors.check_type("field", self.field, DriftField)
        given = some_numbers(self.temperatures)
        if not given:
            raise errors.UsageError(
                f"temperatures={errors.excerpt(self.temperatures, 60)}: need "
                "one or more numbers > 0."
            )
        object.__setattr__(self, "temperatures", given)
        for temperature in given:
            errors.check_above(0.0, temperature=temperature)
        errors.check_at_least(0.0, decay=self.decay)
        if self.decay >= 1.0:
            raise errors.UsageError(f"decay={self.decay}, need less than 1.")
        errors.check_at_least(1.0, guidance=self.guidance)
        errors.check_count(1, classes=self.classes)

    def check(self, classes: int) -> None:
        """See `Discrepancy.check`: guidance needs the classes of a batch."""
        if self.guidance > 1.0 and not 1 < classes == self.classes:
            raise errors.UsageError(
                f"guidance={self.guidance}: away from the other classes of a "
                f"batch, and the model has {classes} there, the discrepancy "
                f"classes={self.classes}: give both as many, 2 or more.",
                setting="drift_guidance",
            )

    @property
    def memory_size(self) -> int:
        """As many sizes as there are temperatures, if they are averaged."""
        return len(self.temperatures) if self.scaled and self.decay else 0

    def lowered(
        self,
        real: tf.Tensor,
        fake: tf.Tensor,
        memory: tf.Tensor,
        seed: mmd.Seed,
    ) -> Lowered:
        """See `Discrepancy.lowered`; logs sizes, and MMD^2 with its error.

        Places share one mean distance and one size; of more than one place
        there is no MMD^2.
        """
        del seed
        real, fake = tf.stop_gradient(real), tf.convert_to_tensor(fake)
        if fake.shape.rank == 2:
            real, fake = as_matrices(real, fake)
        points = tf.stop_gradient(fake)
        distance, squares = _in_mean_distances(real, points)
        unit = tf.math.divide_no_nan(math.sqrt(fake.shape[-1]), distance)
        negatives, guided = points, squares
        if self.guidance > 1.0:
            others = self._of_any_class(real)
            negatives = tf.concat([points, others], axis=-2)
            guided = self._guided(squares, points, others, distance)
        drifts = [
            unit * pull(self.field.weights(guided, t), points, real, negatives)
            for t in self.temperatures
        ]
        found = tf.stack([_root_mean_square(drift) for drift in drifts])
        sizes, memory = self._averaged(found, memory)
        total = tf.add_n(
            [
                tf.math.divide_no_nan(drift, size)
                for drift, size in zip(drifts, tf.unstack(sizes), strict=True)
            ]
        )
        # The difference of the features is 0, and has their gradient. Small
        # drifts would be rounded away beside the features themselves.
        loss = tf.reduce_mean(tf.square(total + unit * (points - fake)))
        logs = {
            f"drift/size_{t:g}": size
            for t, size in zip(
                self.temperatures, tf.unstack(found), strict=True
            )
        }
        if fake.shape.rank == 2:
            logs |= self._mmd2(squares, real, distance)
        return Lowered(loss, memory, logs)

    def _of_any_class(self, real: tf.Tensor) -> tf.Tensor:
        """Real points of all classes, at each place: [places, classes n, d].

        Raises:
          UsageError: where there is no other class.
        """
        if self.classes < 2 or real.shape.rank == 2:
            raise errors.UsageError(
                f"guidance={self.guidance}: away from other classes, and there "
                "are none: give classes, and points [places, n, d] of each.",
                setting="drift_guidance",
            )
        width, places = real.shape[-1], real.shape[0] // self.classes
        apart = tf.reshape(real, [self.classes, places, -1, width])
        together = tf.reshape(
            tf.transpose(apart, [1, 0, 2, 3]), [places, -1, width]
        )
        return tf.tile(together, [self.classes, 1, 1])

    def _guided(
        self,
        squares: Sides,
        points: tf.Tensor,
        others: tf.Tensor,
        distance: tf.Tensor,
    ) -> Sides:
        """Squares with those of further negatives, which are weighted."""
        further = tf.math.divide_no_nan(
            pairwise_squares(points, others), tf.square(distance)
        )
        own, count = tf.shape(points)[-2], tf.shape(others)[-2]
        weight = tf.cast((own - 1) / count, further.dtype)
        log_weight = tf.math.log((self.guidance - 1.0) * weight)
        logs = [tf.zeros([own], further.dtype), tf.fill([count], log_weight)]
        return squares._replace(
            negative=tf.concat([squares.negative, further], axis=-1),
            log_weights=tf.concat(logs, axis=0),
        )

    def _averaged(
        self, found: tf.Tensor, memory: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """What drifts are divided by, and the memory of the next step."""
        if not self.scaled:
            return tf.ones_like(found), memory
        if not self.memory_size:
            return found, memory
        memory = tf.cast(memory, found.dtype)
        moved = memory + (1.0 - self.decay) * (found - memory)
        sizes = tf.where(memory > 0.0, moved, found)
        return sizes, sizes

    def _mmd2(
        self, squares: Sides, real: tf.Tensor, distance: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """The unbiased MMD^2 of the field's companions, and its error.

        They are summed over temperatures, each with values in [0, 1].
        """
        try:
            _, kernel = self.field.kernel.companion
        except ValueError:
            return {}
        between_real = tf.math.divide_no_nan(
            pairwise_squares(real, real), tf.square(distance)
        )
        grams = mmd.Grams(
            self._gram(kernel, between_real),
            tf.transpose(self._gram(kernel, squares.positive)),
            self._gram(kernel, squares.negative),
        )
        sums = mmd.sum_pairs(grams)
        error = tf.sqrt(mmd.variance_from_sums(sums).clipped)
        value = mmd.unbiased_from_sums(sums)
        return {
            "drift/mmd2": tf.cast(value, distance.dtype),
            "drift/mmd2_error": tf.cast(error, distance.dtype),
        }

    def _gram(self, kernel: RadialMixture, squares: tf.Tensor) -> tf.Tensor:
        return tf.add_n(
            [kernel.of_squares(squares / t**2) for t in self.temperatures]
        )


def _in_mean_distances(
    real: tf.Tensor, fake: tf.Tensor
) -> tuple[tf.Tensor, Sides]:
    """The mean distance of points to all others, and squares in its unit."""
    squares = Sides(
        pairwise_squares(fake, real), pairwise_squares(fake, fake), own=True
    )
    total = tf.reduce_sum(tf.sqrt(squares.joint))
    positives, negatives = squares.counts()
    points = tf.cast(tf.size(fake) // fake.shape[-1], total.dtype)
    distance = total / (points * (positives + negatives))
    return distance, squares.map(
        lambda side: tf.math.divide_no_nan(side, tf.square(distance))
    )


def _root_mean_square(values: tf.Tensor) -> tf.Tensor:
    """A scalar; squares of small values do not underflow."""
    largest = tf.reduce_max(tf.abs(values))
    shares = tf.math.divide_no_nan(values, largest)
    return largest * tf.sqrt(tf.reduce_mean(tf.square(shares)))
