import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import architectures, errors


def _shapes():
    for name, entry in architectures.ARCHITECTURES.items():
        low, high = entry.minimum_size, entry.maximum_size
        for channels in (1, 3):
            yield name, (low, low, channels)
            yield name, (low + 1, low + 1, channels)
            yield name, (low + 13, low + 6, channels)
            yield name, (high, high, channels)


@pytest.fixture(params=_shapes(), ids=str)
def built(request):
    name, shape = request.param
    entry = architectures.ARCHITECTURES[name]
    generator = entry.generator(shape, 6, width=4)
    critic = entry.critic(shape, 5, width=4)
    return shape, generator, critic


def test_generator_and_critic_fit(built, rng):
    shape, generator, critic = built
    latents = rng.uniform(-1, 1, (3, 6)).astype(np.float32)
    for weight in generator.trainable_weights:  # far from zero output
        weight.assign(rng.normal(size=weight.shape))
    images = generator(latents)
    assert images.dtype == tf.float32 and images.shape == (3, *shape)
    assert np.abs(images).max() <= 1.0 and np.std(images) > 0.1
    outputs = critic(images)
    features, activations = outputs["features"], outputs["activations"]
    assert features.dtype == tf.float32 and features.shape == (3, 5)
    assert np.std(features) > 0.0
    assert all(x.shape[0] == 3 for x in activations) and activations
    # One image does not see another.
    alone = critic(images[1:2])["features"]
    np.testing.assert_allclose(features[1:2], alone, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_weights_survive_a_file(name, tmp_path, rng):
    entry = architectures.ARCHITECTURES[name]
    shape = (entry.minimum_size + 1, entry.minimum_size, 3)
    builders = (
        (lambda: entry.generator(shape, 6, width=4), (3, 6)),
        (lambda: entry.critic(shape, 5, width=4), (3, *shape)),
    )
    path = tmp_path / "network.weights.h5"
    for build, input_shape in builders:
        inputs = rng.uniform(-1, 1, input_shape).astype(np.float32)
        saved, loaded = build(), build()
        saved.save_weights(path)
        loaded.load_weights(path)
        for before, after in zip(
            tf.nest.flatten(saved(inputs)),
            tf.nest.flatten(loaded(inputs)),
            strict=True,
        ):
            np.testing.assert_array_equal(before, after)
            assert np.std(before) > 0.0


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_impossible_sizes_name_the_range(name):
    entry = architectures.ARCHITECTURES[name]
    low, high = entry.minimum_size, entry.maximum_size
    for size in (low - 1, high + 1):
        for build in (entry.generator, entry.critic):
            with pytest.raises(errors.UsageError, match=f"{low} to {high}"):
                build((size, size, 3), 4, width=4)
            with pytest.raises(errors.UsageError, match="width=0"):
                build((low, low, 3), 4, width=0)
