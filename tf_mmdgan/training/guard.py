"""What stops a run whose numbers are no longer finite."""

import math

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.models import ImplicitModel

_REMEDY = (
    "Checkpoints from before are unharmed; try a smaller learning rate, or to "
    "clip gradients, clip_norm=1."
)


class StopAtNaN(keras.callbacks.Callback):
    """Stops the run at the first step with a loss that is not finite.

        >>> layers = [keras.Input((2,)), keras.layers.Dense(3)]
        >>> generator = keras.Sequential(layers)
        >>> latents = tm.Latents(2, "normal")
        >>> distance = tm.KernelDiscrepancy("rbf")
        >>> model = tm.MomentMatchingModel(generator, latents, distance)
        >>> model.compile("adam")
        >>> guard = tm.StopAtNaN()
        >>> points = np.ones((64, 3))
        >>> _ = model.fit(points, batch_size=16, verbose=0, callbacks=[guard])

    At the end of each epoch it looks at the weights too, because some losses
    stay finite where networks have become NaN.

    Raises:
      DataError: naming step and loss, before anything of it is saved.
      UsageError: in a model that is none of this package.
    """

    def on_train_begin(self, logs=None):  # noqa: D102
        if not isinstance(self.model, ImplicitModel):
            raise errors.UsageError(
                "StopAtNaN is for models of tf_mmdgan: give others "
                "keras.callbacks.TerminateOnNaN()."
            )

    def on_train_batch_end(self, batch, logs=None):  # noqa: D102
        broken = [k for k, value in logs.items() if not math.isfinite(value)]
        if broken:
            step = int(self.model.step.numpy())
            raise errors.DataError(
                f"Step {step}: not finite: {', '.join(broken)}. {_REMEDY}"
            )

    def on_epoch_end(self, epoch, logs=None):  # noqa: D102
        check_weights(self.model, int(self.model.step.numpy()))


def check_weights(model: ImplicitModel, step: int) -> None:
    """Refuses weights that are not finite after `step` steps.

    Raises:
      DataError: naming the step and the first of them.
    """
    for weight in model.trainable_weights:
        if not tf.reduce_all(tf.math.is_finite(weight.value)):
            raise errors.DataError(
                f"Step {step}: {weight.path} is not finite. {_REMEDY}"
            )
