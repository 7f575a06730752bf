import itertools

import keras
import numpy as np
import pytest
from numpy_layers import (
    SIZES,
    conv,
    double,
    halve,
    leaky_relu,
    normalize,
    randomize,
    weights,
)

from tf_mmdgan import errors
from tf_mmdgan.networks import (
    CriticOptions,
    GeneratorOptions,
    blocks,
    residual,
    resnet,
)


def block_parameters(before, middle, after, shortcut=True):
    """Two 3 x 3 convolutions, the first without bias, and a 1 x 1."""
    count = 9 * before * middle + 9 * middle * after + after
    return count + (before * after + after) * shortcut


def generator_parameters(depths, side, last):
    """From latents of size 10 to three channels; and what batch norm adds."""
    count, norms = 11 * side**2 * depths[0], 0
    for before, after in itertools.pairwise(depths):
        count += block_parameters(before, after, after)
        norms += 4 * (before + after)
    return count + last**2 * depths[-1] * 3 + 3, norms, 4 * depths[-1]


@pytest.mark.parametrize("size", [32, 48, 160])
def test_generator_parameters_and_shapes(size):
    shape, sides = (size, size, 3), SIZES[size]
    depths = (32, 16, 8, 4, 2)
    count, norms, last = generator_parameters(depths, sides[5], last=5)
    for plain, norm, added in (
        (False, True, norms + last),
        (False, False, 0),
        (True, True, last),
    ):
        network = resnet.generator(
            shape,
            GeneratorOptions(10, width=2, batch_norm=norm),
            plain=plain,
        )
        assert network.count_params() == count + added
    assert [
        network.get_layer(f"block{number}").output.shape[1:]
        for number in (1, 2, 3, 4)
    ] == [
        (sides[5 - number], sides[5 - number], depths[number])
        for number in (1, 2, 3, 4)
    ]
    assert network.output.shape == (None, *shape)


@pytest.mark.parametrize("size", [32, 64, 48])
def test_sn_generator_parameters_and_shapes(size):
    shape = (size, size, 3)
    depths = (32, 16, 8, 4, 2) if size == 64 else (32, 32, 16, 8, 4, 2)
    blocks_count = len(depths) - 1
    sides = SIZES[size]
    count, norms, last = generator_parameters(
        depths, sides[blocks_count], last=3
    )
    network = resnet.sn_generator(shape, GeneratorOptions(10, width=2))
    assert network.count_params() == count + norms + last
    for number in range(1, blocks_count + 1):
        side = sides[blocks_count - number]
        found = network.get_layer(f"block{number}").output.shape[1:]
        assert found == (side, side, depths[number])


@pytest.mark.parametrize("size", [32, 48, 64])
def test_critic_parameters_and_shapes(size):
    shape, sides = (size, size, 3), SIZES[size]
    depths = (2, 4, 8, 16, 16)
    count = 9 * 3 * 2 + 2
    for before, after in itertools.pairwise(depths):
        count += block_parameters(before, before, after)
        count += 2 * 2 * before  # two layer norms
    count += (sides[4] ** 2 * 16 + 1) * 5
    critic = resnet.critic(shape, CriticOptions(5, width=2))
    assert critic.count_params() == count
    assert [x.shape[1:] for x in critic.output["activations"]] == [
        (side, side, depth)
        for side, depth in zip(sides[:5], depths, strict=True)
    ]


@pytest.mark.parametrize("size", [32, 48, 64])
def test_sn_critic_parameters_and_shapes(size):
    shape, sides = (size, size, 3), SIZES[size]
    depths = (2, 4, 8, 16, 32)
    count = 9 * 3 * 2 + 2 + (32 + 1) * 5
    for before, after in itertools.pairwise(depths):
        count += block_parameters(before, before, after)
    more = size != 64
    count += more * block_parameters(32, 32, 32, shortcut=False)
    critic = resnet.sn_critic(shape, CriticOptions(5, width=2))
    assert critic.count_params() == count
    found = [x.shape[1:] for x in critic.output["activations"]]
    last = [(sides[4], sides[4], 32)] * (1 + more)
    assert (
        found
        == [
            (side, side, depth)
            for side, depth in zip(sides[:5], depths, strict=True)
        ]
        + last
    )


def batch_normalize(x):
    return normalize(x, (0, 1, 2))


def layer_normalize(x):
    return normalize(x, (1, 2, 3))


def keras_batch_norm(x, name):
    return keras.layers.BatchNormalization(epsilon=1e-5, name=name)(x)


@pytest.mark.parametrize("kind", ["up", "down", "same"])
@pytest.mark.parametrize("target", [(7, 10), (8, 9)])
@pytest.mark.parametrize(
    ("norm", "expected_norm"),
    [
        (residual.no_norm, lambda x: x),
        (residual.layer_norm, layer_normalize),
        (keras_batch_norm, batch_normalize),
    ],
)
def test_block(kind, target, norm, expected_norm, rng):
    small, depth = (4, 5), 3 if kind == "same" else 4
    shape = (*(small if kind == "up" else target), 3)
    inputs = keras.Input(shape)
    make = blocks.LayerFactory()
    if kind == "up":
        outputs = residual.up(inputs, depth, target, "b", make, norm)
    elif kind == "down":
        outputs = residual.down(inputs, depth, "b", make, norm)
    else:
        outputs = residual.same(inputs, "b", make, norm)
    model = keras.Model(inputs, outputs)
    randomize(model, rng)
    for layer in model.layers:  # as the formula here has neither
        if "norm" in layer.name:
            layer.gamma.assign(np.ones(layer.gamma.shape))
            layer.beta.assign(np.zeros(layer.beta.shape))
    x = rng.normal(size=(3, *shape)).astype(np.float32)
    found = model(x, training=True)

    def before(x):
        return double(x, *target) if kind == "up" else x

    def after(x):
        return halve(x) if kind == "down" else x

    y = before(leaky_relu(expected_norm(x), 0.0))
    y = conv(y, *weights(model, "b_conv1"))
    y = leaky_relu(expected_norm(y), 0.0)
    y = after(conv(y, *weights(model, "b_conv2")))
    shortcut = after(before(x))
    if kind != "same":
        shortcut = conv(shortcut, *weights(model, "b_shortcut"))
    np.testing.assert_allclose(found, shortcut + y, rtol=1e-3, atol=1e-4)


def test_layer_norm_scales_channels(rng):
    inputs = keras.Input((3, 4, 2))
    model = keras.Model(inputs, residual.layer_norm(inputs, "norm"))
    scale, offset = rng.normal(size=(2, 2))
    model.get_layer("norm").set_weights([scale, offset])
    x = 5 + rng.normal(size=(3, 3, 4, 2)).astype(np.float32)
    expected = layer_normalize(x) * scale + offset
    np.testing.assert_allclose(model(x), expected, rtol=1e-3, atol=1e-4)


def test_sn_critic_sums_over_positions(rng):
    critic = resnet.sn_critic((32, 36, 1), CriticOptions(3, width=1))
    randomize(critic, rng)
    images = rng.uniform(-1, 1, (2, 32, 36, 1)).astype(np.float32)
    outputs = critic(images)
    first, *_, block, last = (x.numpy() for x in outputs["activations"])
    x = conv((images + 1) / 2, *weights(critic, "conv"))
    np.testing.assert_allclose(first, leaky_relu(x, 0.2), atol=1e-4)
    np.testing.assert_allclose(last, leaky_relu(block, 0.2), rtol=1e-5)
    assert last.shape[1:3] == (2, 3)
    kernel, bias = weights(critic, "features")
    expected = last.sum(axis=(1, 2)) @ kernel + bias
    np.testing.assert_allclose(
        outputs["features"], expected, rtol=1e-4, atol=1e-4
    )


def test_critic_is_linear_in_all_that_the_last_block_gives(rng):
    critic = resnet.critic((32, 33, 1), CriticOptions(3, width=1))
    randomize(critic, rng)
    images = rng.uniform(-1, 1, (2, 32, 33, 1)).astype(np.float32)
    outputs = critic(images)
    last = outputs["activations"][-1].numpy()
    kernel, bias = weights(critic, "features")
    expected = last.reshape(2, -1) @ kernel + bias
    np.testing.assert_allclose(outputs["features"], expected, atol=1e-4)


@pytest.mark.parametrize(
    ("network", "options", "gain"),
    [
        (resnet.critic, CriticOptions, 2.0),
        (resnet.sn_critic, CriticOptions, 1.0),
        (resnet.generator, GeneratorOptions, 2.0),
        (resnet.sn_generator, GeneratorOptions, 1.0),
    ],
)
def test_initial_weights_of_the_blocks(network, options, gain):
    model = network((32, 32, 3), options(16, width=8))
    for name in ("block2_conv1", "block2_conv2", "block2_shortcut"):
        kernel = weights(model, name)[0]
        fans = np.prod(kernel.shape[:2]) * sum(kernel.shape[2:])
        scale = 1.0 if name.endswith("shortcut") else gain
        deviation = np.sqrt(scale * 2 / fans)
        assert abs(kernel.std() / deviation - 1) < 5 / np.sqrt(2 * kernel.size)
        assert np.abs(kernel).max() <= np.sqrt(3) * deviation  # uniform


@pytest.mark.parametrize("critic", [resnet.critic, resnet.sn_critic])
def test_published_linear_weights(critic):
    options = CriticOptions(16, width=8, published_weights=True)
    network = critic((32, 32, 3), options)
    kernel, _ = weights(network, "features")
    assert abs(kernel.std() / 0.01 - 1) < 5 / np.sqrt(2 * kernel.size)


@pytest.mark.parametrize("critic", [resnet.critic, resnet.sn_critic])
def test_critics_refuse_batch_norm(critic):
    with pytest.raises(errors.UsageError, match="ResNet has no batch norm"):
        critic((32, 32, 3), CriticOptions(1, batch_norm=True))
