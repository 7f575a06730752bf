import itertools

import numpy as np
import pytest
from numpy_layers import conv, leaky_relu, randomize, weights

from tf_mmdgan import errors
from tf_mmdgan.networks import CriticOptions, GeneratorOptions, sngan


@pytest.mark.parametrize("size", [16, 32, 48, 64])
def test_parameters_and_shapes(size):
    shape, side, width = (size, size, 3), size // 8, 4
    count = 11 * side**2 * 8 * width  # from latents of size 10
    for before, after in ((32, 16), (16, 8), (8, 4)):
        count += 16 * before * after + after
    count += 9 * 4 * 3 + 3
    options = GeneratorOptions(10, width=width, batch_norm=False)
    generator = sngan.generator(shape, options)
    assert generator.count_params() == count
    generator = sngan.generator(shape, GeneratorOptions(10, width=width))
    assert generator.count_params() == count + 4 * (32 + 16 + 8 + 4)
    assert generator.output.shape == (None, *shape)

    critic = sngan.critic(shape, CriticOptions(6, width=width))
    depths = (3, 4, 8, 8, 16, 16, 32, 32)
    sides = (1, 2, 2, 4, 4, 8, 8)
    count = (side**2 * 32 + 1) * 6
    for number, (before, after) in enumerate(itertools.pairwise(depths)):
        count += (9, 16)[number % 2] * before * after + after
    assert critic.count_params() == count
    assert [x.shape[1:] for x in critic.output["activations"]] == [
        (size // scale, size // scale, depth)
        for scale, depth in zip(sides, depths[1:], strict=True)
    ]


def test_critic_is_convolutions_with_leaky_relu(rng):
    critic = sngan.critic((16, 24, 2), CriticOptions(3, width=2))
    randomize(critic, rng, 0.2)
    images = rng.uniform(-1, 1, (2, 16, 24, 2)).astype(np.float32)
    outputs = critic(images)
    x = (images + 1) / 2
    for number, found in enumerate(outputs["activations"], start=1):
        stride = 2 - number % 2
        x = conv(x, *weights(critic, f"conv{number}"), stride=stride)
        x = leaky_relu(x, 0.1)
        np.testing.assert_allclose(found, x, rtol=1e-4, atol=1e-5)
    kernel, bias = weights(critic, "features")
    np.testing.assert_allclose(
        outputs["features"],
        x.reshape(2, -1) @ kernel + bias,
        rtol=1e-4,
        atol=1e-5,
    )


def test_generator_stages_are_adjoint_to_convolutions(rng):
    generator = sngan.generator((16, 24, 1), GeneratorOptions(3, width=2))
    for number in (1, 2, 3):
        layer = generator.get_layer(f"deconv{number}")
        kernel = rng.normal(size=layer.kernel.shape)
        assert kernel.shape[:2] == (4, 4)
        layer.set_weights([kernel, np.zeros(kernel.shape[2])])
        x = rng.normal(size=(1, *layer.input.shape[1:]))
        y = rng.normal(size=(1, *layer.output.shape[1:]))
        np.testing.assert_allclose(
            np.sum(layer(x.astype(np.float32)) * y),
            np.sum(x * conv(y, kernel, stride=2)),
            rtol=1e-4,
        )


def test_published_weights_have_deviation_02():
    options = CriticOptions(64, width=16, published_weights=True)
    critic = sngan.critic((16, 16, 3), options)
    for layer in critic.layers:
        if layer.get_weights():
            kernel = layer.get_weights()[0]
            # A normal of deviation s cut at 2 s has deviation .8796 s.
            assert abs(kernel.std() / (0.8796 * 0.02) - 1) < 5 / np.sqrt(
                2 * kernel.size
            )


@pytest.mark.parametrize("shape", [(28, 32, 1), (8, 16, 1), (136, 64, 3)])
def test_refuses_other_sizes(shape):
    sides = f"{shape[0]} x {shape[1]}"
    message = f"SNGAN makes images of 16 to 128 .* steps of 8, not of {sides}"
    with pytest.raises(errors.UsageError, match=message):
        sngan.generator(shape, GeneratorOptions(4))
    with pytest.raises(errors.UsageError, match=message):
        sngan.critic(shape, CriticOptions(4))


def test_critic_refuses_batch_norm():
    with pytest.raises(errors.UsageError, match="critic of SNGAN has no batch"):
        sngan.critic((16, 16, 1), CriticOptions(4, batch_norm=True))
