"""Learnt scales of a critic's features."""

import keras
import numpy as np
import pytest
import tiny

from tf_mmdgan import networks
from tf_mmdgan.networks.frequency_scale import FrequencyScale


def test_features_are_scaled_by_what_is_learnt(rng):
    critic = tiny.critic()
    scaled = networks.with_frequency_scales(critic)
    images = rng.uniform(-1, 1, (4, *tiny.SHAPE)).astype(np.float32)
    before = critic(images)["features"]
    np.testing.assert_array_equal(scaled(images)["features"], before)
    assert len(scaled.trainable_weights) == len(critic.trainable_weights) + 1
    (layer,) = (x for x in scaled.layers if isinstance(x, FrequencyScale))
    layer.logarithms.assign(np.log([2.0, 0.5]))
    after = scaled(images)["features"]
    np.testing.assert_allclose(after, before * np.array([2.0, 0.5]), rtol=1e-6)
    np.testing.assert_allclose(networks.frequency_scales(scaled), [2.0, 0.5])
    assert networks.frequency_scales(critic) is None


def test_a_scaled_critic_can_be_cloned():
    scaled = networks.with_frequency_scales(tiny.critic())
    clone = keras.models.clone_model(scaled)
    assert len(clone.weights) == len(scaled.weights)
    assert networks.frequency_scales(clone).shape == (2,)


def test_scales_are_at_first_one():
    layer = FrequencyScale()
    layer.build((None, 3))
    assert np.asarray(layer.scales) == pytest.approx(1.0)
