import keras
import numpy as np
import pytest
from numpy_layers import leaky_relu, normalize, randomize, weights

from tf_mmdgan import errors
from tf_mmdgan.networks import CriticOptions, GeneratorOptions, mlp


@pytest.mark.parametrize("shape", [(2,), (3,), (5, 4, 2)])
@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("hidden", [1, 2, 3])
def test_parameters(shape, norm, hidden):
    size, width = int(np.prod(shape)), 7
    hidden_weights = (hidden - 1) * (width + 1) * width
    generator = mlp.generator(
        shape,
        GeneratorOptions(6, width=width, batch_norm=norm),
        multiples=(1,) * hidden,
    )
    count = 7 * width + hidden_weights + (width + 1) * size
    assert generator.count_params() == count + norm * hidden * 4 * width
    critic = mlp.critic(
        shape,
        CriticOptions(3, width=width, batch_norm=norm),
        multiples=(1,) * hidden,
    )
    count = (size + 1) * width + hidden_weights + (width + 1) * 3
    assert critic.count_params() == count + norm * (hidden - 1) * 4 * width


@pytest.mark.parametrize("shape", [(2,), (3, 4, 2)])
def test_generator_values(shape, rng):
    generator = mlp.generator(shape, GeneratorOptions(5, width=4))
    randomize(generator, rng, 1.0)
    latents = x = rng.normal(size=(6, 5)).astype(np.float32)
    for number in (1, 2):
        kernel, bias = weights(generator, f"hidden{number}")
        scale, offset, *_ = weights(generator, f"bn{number}")
        x = normalize(x @ kernel + bias, 0) * scale + offset
        x = np.maximum(x, 0.0)
    kernel, bias = weights(generator, "outputs")
    x = x @ kernel + bias
    if len(shape) > 1:
        x = np.tanh(x / 2).reshape(-1, *shape)
    found = generator(latents, training=True)
    np.testing.assert_allclose(found, x, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("shape", [(3,), (3, 4, 2)])
def test_critic_values(shape, rng):
    critic = mlp.critic(shape, CriticOptions(2, width=4))
    randomize(critic, rng)
    images = rng.uniform(-1, 1, (6, *shape)).astype(np.float32)
    outputs = critic(images)
    # Points are taken as they are, images from [-1, 1] to [0, 1].
    x = images if len(shape) == 1 else (images.reshape(6, -1) + 1) / 2
    for number, found in enumerate(outputs["activations"], start=1):
        kernel, bias = weights(critic, f"hidden{number}")
        x = leaky_relu(x @ kernel + bias, 0.2)
        np.testing.assert_allclose(found, x, rtol=1e-4, atol=1e-6)
    kernel, bias = weights(critic, "features")
    np.testing.assert_allclose(
        outputs["features"], x @ kernel + bias, rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize(("published", "gain"), [(False, 2.0), (True, 1.0)])
def test_initial_weights(published, gain):
    options = CriticOptions(50, width=100, published_weights=published)
    critic = mlp.critic((100,), options)
    # With as many units in as out, He's variance is 2 / n and Glorot's 1 / n.
    kernel, _ = weights(critic, "hidden1")
    assert abs(kernel.std() / np.sqrt(gain / 100) - 1) < 0.05
    kernel, _ = weights(critic, "features")
    assert abs(kernel.std() / np.sqrt(2 / 150) - 1) < 0.05


def test_networks_of_ratio_matching_have_relu_and_glorots_weights(rng):
    generator = mlp.gram_generator(
        (2,), GeneratorOptions(100, width=100, batch_norm=False)
    )
    critic = mlp.gram_critic((100,), CriticOptions(10, width=100))
    for network in (generator, critic):
        for name in ("hidden1", "hidden2"):
            kernel, _ = weights(network, name)
            assert abs(kernel.std() / np.sqrt(1 / 100) - 1) < 0.05
    x = rng.normal(size=(5, 100)).astype(np.float32)
    first, _ = critic(x)["activations"]
    np.testing.assert_allclose(
        first, np.maximum(x @ weights(critic, "hidden1")[0], 0), atol=1e-5
    )


def test_points_are_float32_under_half_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator = mlp.generator((2,), GeneratorOptions(3, width=2))
    finally:
        keras.config.set_dtype_policy(before)
    assert generator.output.dtype == "float32"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_shape": (0,)}, "coordinates=0"),
        ({"image_shape": (0, 4, 3)}, "MLP .* 2 to 160 .* not of 0 x 4"),
        ({"image_shape": (4, 4)}, "MLP makes images"),
        ({"image_shape": (2,), "multiples": ()}, "hidden_layers=0"),
    ],
)
def test_refuses_what_it_cannot_make(arguments, message):
    with pytest.raises(errors.UsageError, match=message):
        mlp.generator(options=GeneratorOptions(2), **arguments)
    with pytest.raises(errors.UsageError, match=message):
        mlp.critic(options=CriticOptions(2), **arguments)
