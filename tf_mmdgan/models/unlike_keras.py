"""Where models are unlike Keras' own, and what there is instead."""

import os
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.features import weight_files
from tf_mmdgan.models.phases import Logs
from tf_mmdgan.models.stepping import SteppedModel
from tf_mmdgan.networks.layers import ShownArguments

_NO_CONFIG = (
    "A model is not saved or copied as a whole: save_weights(path), make it "
    "again, load_weights(path); or ema_generator.save(path), or "
    "export_generator, to keep the generator."
)


# Of these a step is made, once: to change them later would change nothing.
_IN_STEPS = {
    "accumulate", "burn_in", "critic_steps", "discrepancy", "ema_decay",
    "latents", "mmd_scope", "moved_with_generator", "objective",
    "regularize_every", "regularize_generator_every", "seed",
}  # fmt: skip


class UnlikeKeras(SteppedModel):
    """A model whose weights are kept, and which is not kept as a whole."""

    __signature__ = ShownArguments()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _IN_STEPS and name in vars(self):
            raise errors.UsageError(
                f"{name} is set when a model is made: make another one, of the "
                "same networks."
            )
        super().__setattr__(name, value)

    def train_on_batch(self, *args: Any, **kwargs: Any) -> Logs:
        """Raises UsageError: a step takes several batches, see `train_step`."""
        raise errors.UsageError(
            f"A step takes {self.batches_per_step} batches: call "
            "train_step(iter(model.feed(data)))."
        )

    def get_config(self) -> dict[str, Any]:
        """A model holds networks and an objective, of which Keras has no form.

        Raises:
          UsageError: with what to do instead.
        """
        raise errors.UsageError(_NO_CONFIG)

    def export(self, *args: Any, **kwargs: Any) -> None:
        """As `get_config`."""
        raise errors.UsageError(_NO_CONFIG)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """As `get_config`."""
        raise errors.UsageError(_NO_CONFIG)

    def __deepcopy__(self, memo: dict[int, Any]) -> "UnlikeKeras":
        raise errors.UsageError(_NO_CONFIG)

    def __reduce__(self) -> tuple[Any, ...]:
        raise errors.UsageError(_NO_CONFIG)

    def get_weights(self) -> list[np.ndarray]:
        """Values of all weights, without the counters.

        Where a callback puts weights back, such as `EarlyStopping` with
        `restore_best_weights`, neither noise nor data are to repeat.
        """
        return [weight.numpy() for weight in self._without_counters()]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Sets what `get_weights` gives.

        Raises:
          UsageError: for weights of another model.
        """
        own = self._without_counters()
        if [w.shape for w in own] != [np.shape(value) for value in weights]:
            raise errors.UsageError("These are weights of another model.")
        for weight, value in zip(own, weights, strict=True):
            weight.assign(value)

    def _without_counters(self) -> list[keras.Variable]:
        counters = {id(self.step), id(self.updates)}
        return [w for w in self.weights if id(w) not in counters]

    def load_weights(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """Takes what `save_weights` has written; see `keras.Model`.

        The file may be anybody's: it is looked at before Keras reads it. After
        an error the model has the weights that it had before.

        Raises:
          DataError: for no file, weights of another model, and for what
            `weight_files.check_saved` refuses.
        """
        if not os.path.exists(filepath):
            raise errors.DataError(f"There is no file {filepath}.")
        before = [weight.numpy() for weight in self.weights]
        try:
            weight_files.check_saved(filepath)
            with weight_files.complete():
                super().load_weights(filepath, *args, **kwargs)
            weight_files.check_finite(
                filepath, ((w.path, w.numpy()) for w in self.weights)
            )
        except weight_files.DAMAGE as error:
            for weight, value in zip(self.weights, before, strict=True):
                weight.assign(value)
            if isinstance(error, errors.DataError):
                raise
            raise errors.DataError(
                f"{filepath} holds the weights of another model, or none: "
                f"{errors.excerpt(error)}"
            ) from None
