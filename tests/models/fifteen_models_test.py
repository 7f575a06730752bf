"""Many models in one process: what each leaves behind."""

import gc
import os
import pathlib

import keras
import numpy as np
import pytest

from tf_mmdgan.latents import Latents
from tf_mmdgan.models import AdversarialModel
from tf_mmdgan.objectives import MMDGAN, GradientPenalty, Objective

STATM = pathlib.Path("/proc/self/statm")


def resident():
    """Memory of this process, in MB."""
    pages = int(STATM.read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def train_one():
    def dense(inputs, outputs):
        hidden = keras.layers.Dense(64, activation="relu")
        layers = [keras.Input((inputs,)), hidden, keras.layers.Dense(outputs)]
        return keras.Sequential(layers)

    objective = Objective(MMDGAN("rq"), GradientPenalty(1.0))
    model = AdversarialModel(
        dense(4, 8), dense(8, 4), Latents(4, "normal"), objective,
        critic_steps=1,
    )  # fmt: skip
    model.compile("adam", "adam")
    points = np.random.default_rng(0).normal(size=(32, 8))
    model.fit(points, batch_size=8, verbose=0)
    model.generate(4)


@pytest.mark.slow
@pytest.mark.skipif(not STATM.exists(), reason="needs /proc")
def test_fifteen_models_in_a_row_leave_little_memory_behind():
    used = []
    for _ in range(15):
        train_one()
        gc.collect()
        used.append(resident())
    # The first ones make what all share.
    assert (max(used[3:]) - used[3]) / 11 < 10.0
