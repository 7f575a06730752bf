"""Two replicas train as one device does, whatever the method."""

import numpy as np
import pytest
import tiny
import tiny_methods

from tf_mmdgan.distribute import Cluster

STEPS = 20
BATCH = 8
# That of the MMD alone is tested in adversarial_test.py.
METHODS = ("smmd", "wgan_gp", "cramer", "gram")


def fit(model, batches):
    model.fit(batches, steps_per_epoch=STEPS, verbose=0, shuffle=False)
    return model


@pytest.mark.parametrize("name", METHODS)
def test_two_replicas_learn_what_one_device_learns(name, two_cpus):
    batches = tiny.batches(BATCH, dtype=np.float64)
    first = [w.numpy() for w in tiny_methods.model(name, "float64").weights]
    one = fit(tiny_methods.model(name, "float64"), batches)
    with two_cpus.scope():
        two = tiny_methods.model(name, "float64")
    fit(two, Cluster(two_cpus).spread(batches, BATCH))
    moved = 0
    for before, a, b in zip(first, one.weights, two.weights, strict=True):
        np.testing.assert_allclose(
            a.numpy(), b.numpy(), rtol=0, atol=1e-8, err_msg=a.path
        )
        moved += (before != a.numpy()).any()
    # All but a constraint's multiplier, and the bias of a difference.
    assert moved >= len(first) - 2
