"""A learning rate that falls when samples no longer come closer to the data.

Every so many steps new samples are compared with older ones by the three-sample
test; where they are not closer, again and again, both learning rates fall.
Binkowski et al. 2018, "Demystifying MMD GANs", section 4.1 and code.
"""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from tf_mmdgan import kernels, mmd
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.training.callbacks import Every, MetricsLog

# Samples of the test; no score of a run has one of these seeds.
_FIRST_SEED = 2**33


class ThreeSampleRule(tf.Module):
    """Decides from test to test whether samples have stopped to improve.

    Until `history` sets of samples are stored, each new one is. From then on
    each is tested against the oldest. It is closer to the data, p <= threshold:
    it takes the place of the oldest. It is not: nothing is stored, so that the
    next one meets the same old set; and at `patience` of these in a row the
    rate falls, and only the last `patience` sets stay.

    All of it is in variables, for a checkpoint.

    Attributes:
      num_samples: in each set and in the reference.
      failures: int64 variable, tests in a row that found nothing closer.
      count: int64 variable, sets stored.
    """

    def __init__(
        self,
        num_samples: int,
        history: int = 10,
        patience: int = 3,
        threshold: float = 0.1,
        floor: float = 1e-12,
    ):
        """Makes an empty store.

        Args:
          num_samples: m, in each set and in the reference.
          history: sets stored before the first test, >= patience.
          patience: failures in a row, >= 1.
          threshold: of p, in (0, 1).
          floor: least variance of the test, see `mmd.three_sample_test`.
        """
        super().__init__()
        self.num_samples = num_samples
        self.history = history
        self.patience = patience
        self.threshold = threshold
        self.floor = floor
        self.failures = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.count = tf.Variable(0, dtype=tf.int64, trainable=False)
        shapes = mmd.CandidateSums(
            [num_samples], [num_samples], [num_samples], [], []
        )
        self._store = [
            tf.Variable(
                tf.zeros([history, *shape], tf.float64), trainable=False
            )
            for shape in shapes
        ]

    def decide(self, new: mmd.CandidateSums) -> tuple[bool, float | None]:
        """Whether the rate falls now, and the p of the test, if there was one.

        Args:
          new: sums of the new set, all against one reference.
        """
        if self.count < self.history:
            self._append(new)
            return False, None
        oldest = mmd.CandidateSums(*(store[0] for store in self._store))
        test = mmd.three_sample_test(new, oldest, floor=self.floor)
        p_value = float(test.p_value)
        if p_value <= self.threshold:
            self._drop(1)
            self._append(new)
            self.failures.assign(0)
            return False, p_value
        self.failures.assign_add(1)
        if self.failures < self.patience:
            return False, p_value
        self.failures.assign(0)
        self._drop(self.history - self.patience)
        return True, p_value

    def _append(self, new: mmd.CandidateSums) -> None:
        for store, values in zip(self._store, new, strict=True):
            store[self.count].assign(values)
        self.count.assign_add(1)

    def _drop(self, oldest: int) -> None:
        for store in self._store:
            store.assign(tf.roll(store, -oldest, axis=0))
        self.count.assign_sub(oldest)


class KIDSchedule(Every):
    """Lowers both learning rates by a `ThreeSampleRule`.

    The samples of each test are new, drawn from the averaged or the current
    generator, and compared by the kernel of KID. Logs "three_sample_p", where
    there was a test, and "learning_rate".

    Attributes:
      rule: its state, for the checkpoint; the rates are the optimizers'.
    """

    def __init__(
        self,
        rule: ThreeSampleRule,
        features: Callable[[np.ndarray], np.ndarray],
        reference: np.ndarray,
        interval: int,
        log: MetricsLog,
        *,
        factor: float = 0.5,
        minimum: float = 1e-6,
        weights: str = "ema",
    ):
        """Takes what it compares with.

        Args:
          rule: the decision.
          features: uint8 images [m, h, w, c] -> [m, d].
          reference: features [m, d] of training images.
          interval: steps between tests; 0 for never.
          log: gets the numbers.
          factor: of the rates when they fall, in (0, 1).
          minimum: that no rate falls below.
          weights: "ema" or "current".
        """
        super().__init__(interval)
        self.rule = rule
        self.features = features
        self.reference = reference
        self.log = log
        self.factor = factor
        self.minimum = minimum
        self.weights = weights

    def on_train_begin(self, logs=None):  # noqa: D102
        if self.interval and int(self.model.step.numpy()) == 0:
            self._act(0, logs)

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """See `Every.act`."""
        del logs
        images = self.model.generate(
            len(self.reference), _FIRST_SEED + step, self.weights
        )
        sums = mmd.candidate_sums(
            kernels.Polynomial(), self.reference, self.features(images)
        )
        falls, p_value = self.rule.decide(sums)
        if falls:
            lower_rates(self.model, self.factor, self.minimum)
        rate = float(self.model.optimizers[0].learning_rate.numpy())
        tested = {} if p_value is None else {"three_sample_p": p_value}
        self.log.write(step, {**tested, "learning_rate": rate})


def lower_rates(model: ImplicitModel, factor: float, minimum: float) -> None:
    """Multiplies the learning rates; none falls below `minimum`."""
    for optimizer in model.optimizers:
        rate = optimizer.learning_rate
        rate.assign(tf.maximum(rate * factor, tf.minimum(minimum, rate)))
