"""The guard stops a run whose numbers are no longer finite."""

import keras
import numpy as np
import pytest
import tiny

from tf_mmdgan import errors
from tf_mmdgan.training.guard import StopAtNaN


def test_networks_that_have_become_nan_are_noticed_behind_finite_losses():
    made = tiny.model()
    guard = StopAtNaN()
    guard.set_model(made)
    guard.on_epoch_end(0)
    weight = made.critic.trainable_weights[0]
    weight.assign(weight.value * np.nan)
    guard.on_train_batch_end(0, {"critic/loss": 0.0})
    with pytest.raises(errors.DataError, match=r"Step 0: .* is not finite"):
        guard.on_epoch_end(0)
    with pytest.raises(errors.DataError, match="not finite: critic/loss"):
        guard.on_train_batch_end(0, {"critic/loss": float("nan")})


def test_the_guard_is_for_models_of_this_package():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    network.compile("sgd", loss="mse")
    rows = np.zeros((4, 2), np.float32)
    with pytest.raises(errors.UsageError, match=r"TerminateOnNaN\(\)"):
        network.fit(rows, rows, verbose=0, callbacks=[StopAtNaN()])
