import functools
import itertools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy_layers import SIZES, conv, leaky_relu, randomize, weights

from tf_mmdgan import errors
from tf_mmdgan.conditions import Classes
from tf_mmdgan.networks import CriticOptions, GeneratorOptions, dcgan
from tf_mmdgan.networks.conditioning import Conditioning

DCGAN5 = functools.partial(dcgan.generator, stages=5)


def generator_parameters(side, channels, z, width, stages, batch_norm):
    depths = [width * 2**k for k in reversed(range(stages))] + [channels]
    count = (z + 1) * side**2 * depths[0]
    for before, after in itertools.pairwise(depths):
        count += 25 * before * after + after
    # Scale, offset, mean and variance of every layer but the last.
    return count + 4 * sum(depths[:-1]) * batch_norm


def critic_parameters(side, channels, d, width, stages, batch_norm):
    depths = [channels] + [width * 2**k for k in range(stages)]
    count = (side**2 * depths[-1] + 1) * d
    for before, after in itertools.pairwise(depths):
        count += 25 * before * after + after
    return count + 4 * sum(depths[2:]) * batch_norm


CASES = [
    (size, stages, width)
    for size in SIZES
    for stages in (4, 5)
    for width in (4, 16)
    if size >= 2**stages
]


@pytest.mark.parametrize(("size", "stages", "width"), CASES)
def test_parameters(size, stages, width):
    channels = 1 if size == 28 else 3
    shape, side = (size, size, channels), SIZES[size][stages]
    for norm in (False, True):
        critic = dcgan.critic(
            shape,
            CriticOptions(16, width=width, batch_norm=norm),
            stages=stages,
        )
        assert critic.count_params() == critic_parameters(
            side, channels, 16, width, stages, norm
        )
        generator = dcgan.generator(
            shape,
            GeneratorOptions(128, width=width, batch_norm=norm),
            stages=stages,
        )
        assert generator.count_params() == generator_parameters(
            side, channels, 128, width, stages, norm
        )


@pytest.mark.parametrize(("size", "stages", "width"), CASES[::2])
def test_stages_have_the_published_sizes(size, stages, width):
    shape, sides = (size, size, 3), SIZES[size][: stages + 1]
    critic = dcgan.critic(shape, CriticOptions(2, width=width), stages=stages)
    activations = critic.output["activations"]
    assert [x.shape[1:] for x in activations] == [
        (side, side, width * 2**k) for k, side in enumerate(sides[1:])
    ]
    generator = dcgan.generator(
        shape, GeneratorOptions(2, width=width), stages=stages
    )
    deconvs = [x for x in generator.layers if x.name.startswith("deconv")]
    depths = [3, *(width * 2**k for k in range(stages - 1))]
    assert [x.output.shape[1:] for x in reversed(deconvs)] == [
        (side, side, depth)
        for side, depth in zip(sides[:-1], depths, strict=True)
    ]


@pytest.mark.parametrize("shape", [(16, 16, 1), (17, 18, 3)])
def test_critic_is_convolutions_with_leaky_relu(rng, shape):
    critic = dcgan.critic(shape, CriticOptions(3, width=2))
    randomize(critic, rng, 0.1)
    images = rng.uniform(-1, 1, (2, *shape)).astype(np.float32)
    outputs = critic(images)
    x = (images + 1) / 2
    for number in range(1, 5):
        x = conv(x, *weights(critic, f"conv{number}"), stride=2)
        x = leaky_relu(x, 0.2)
        found = outputs["activations"][number - 1]
        np.testing.assert_allclose(found, x, atol=1e-5)
    kernel, bias = weights(critic, "features")
    np.testing.assert_allclose(
        outputs["features"], x.reshape(2, -1) @ kernel + bias, atol=1e-5
    )


@pytest.mark.parametrize("shape", [(16, 16, 1), (19, 22, 3)])
def test_generator_stages_are_adjoint_to_convolutions(rng, shape):
    # A transposed convolution is the transpose of one as a matrix:
    # <deconv(x), y> = <x, conv(y)> for every x and y.
    generator = dcgan.generator(shape, GeneratorOptions(3, width=2))
    for number in range(1, 5):
        layer = generator.get_layer(f"deconv{number}")
        kernel = rng.normal(size=layer.kernel.shape)
        layer.set_weights([kernel, np.zeros(kernel.shape[2])])
        x = rng.normal(size=(1, *layer.input.shape[1:]))
        y = rng.normal(size=(1, *layer.output.shape[1:]))
        down = conv(y, kernel, stride=2)
        np.testing.assert_allclose(
            np.sum(layer(x.astype(np.float32)) * y), np.sum(x * down), rtol=1e-4
        )


def test_generator_starts_with_normalized_linear_and_ends_in_tanh(rng):
    generator = dcgan.generator((16, 16, 1), GeneratorOptions(3, width=2))
    randomize(generator, rng, 1.0)
    latents = rng.uniform(-1, 1, (8, 3)).astype(np.float32)
    names = ("relu1", "deconv4", "images")
    outputs = [generator.get_layer(name).output for name in names]
    probe = keras.Model(generator.input, outputs)
    first, last, images = probe(latents, training=True)
    kernel, bias = generator.get_layer("linear").get_weights()
    x = (latents @ kernel + bias).reshape(8, 1, 1, 16)
    norm = generator.get_layer("bn1")
    x = (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-5)
    x = np.maximum(x * norm.gamma.numpy() + norm.beta.numpy(), 0.0)
    np.testing.assert_allclose(first, x, atol=1e-4)
    # 2 sigmoid(x) - 1, the published output brought to [-1, 1].
    expected = 2 / (1 + np.exp(-last.numpy().astype(np.float64))) - 1
    np.testing.assert_allclose(images, expected, atol=1e-6)
    assert norm.momentum == 0.9


@pytest.mark.parametrize("stages", [4, 5])
def test_initial_weights_have_the_documented_deviation(stages):
    shape = (32, 32, 3)
    networks = (
        dcgan.critic(shape, CriticOptions(16, width=32), stages=stages),
        dcgan.generator(shape, GeneratorOptions(100, width=32), stages=stages),
    )
    published = {"deconv": 0.02, "linear": 0.01}
    for network in networks:
        for layer in network.layers:
            kind = layer.name.rstrip("12345")
            if kind not in {*published, "conv", "features"}:
                continue
            kernel, bias = layer.get_weights()
            inputs = math.prod(kernel.shape[:-1])
            if kind == "conv":  # He et al. 2015
                deviation = math.sqrt(2 / inputs)
            elif kind == "features":  # Glorot and Bengio 2010
                deviation = math.sqrt(2 / (inputs + kernel.shape[-1]))
            else:
                deviation = published[kind]
            error = deviation / math.sqrt(2 * kernel.size)
            assert abs(kernel.std() - deviation) < 5 * error
            assert abs(kernel.mean()) < 5 * deviation / math.sqrt(kernel.size)
            np.testing.assert_array_equal(bias, 0.0)


@pytest.mark.parametrize("option", ["published_weights", "batch_norm"])
def test_critics_that_start_from_the_published_weights(option, rng):
    # A normal of deviation s cut at 2 s has deviation .8796 s.
    for build in (dcgan.critic, dcgan.fully_convolutional_critic):
        critic = build(
            (32, 32, 3), CriticOptions(64, width=32, **{option: True})
        )
        for layer in critic.layers:
            if len(layer.get_weights()) != 2:
                continue
            kernel, bias = layer.get_weights()
            deviation = 0.01 if layer.name == "features" else 0.8796 * 0.02
            error = deviation / math.sqrt(2 * kernel.size)
            assert abs(kernel.std() - deviation) < 5 * error, layer.name
            np.testing.assert_array_equal(bias, 0.0)


@pytest.mark.parametrize("size", [32, 48, 160])
def test_fully_convolutional_critic(size, rng):
    shape, sides = (size, size, 3), SIZES[size]
    critic = dcgan.fully_convolutional_critic(shape, CriticOptions(5, width=4))
    depths = (3, 4, 8, 16, 32, 5)
    count = sum(
        25 * before * after + after
        for before, after in itertools.pairwise(depths)
    )
    assert critic.count_params() == count
    assert [x.shape[1:] for x in critic.output["activations"]] == [
        (side, side, depth)
        for side, depth in zip(sides[1:5], depths[1:5], strict=True)
    ]
    images = rng.uniform(-1, 1, (2, *shape)).astype(np.float32)
    outputs = critic(images)
    last = outputs["activations"][-1].numpy()
    x = leaky_relu(conv(last, *weights(critic, "conv5"), stride=2), 0.2)
    assert x.shape == (2, sides[5], sides[5], 5)
    np.testing.assert_allclose(
        outputs["features"], x.reshape(2, -1), rtol=1e-4, atol=1e-5
    )


def test_fully_convolutional_critic_projects_its_output_only():
    def build(**kwargs):
        conditioning = Conditioning(Classes(3), "projection", **kwargs)
        options = CriticOptions(5, width=4, conditioning=conditioning)
        return dcgan.fully_convolutional_critic((32, 32, 3), options)

    with pytest.raises(errors.UsageError, match="concatenate them"):
        build()
    critic = build(project_output=True)
    assert weights(critic, "embedding")[0].shape == (3, 5)


@pytest.mark.parametrize("norm", [False, True])
def test_every_weight_has_a_gradient(rng, norm):
    shape = (16, 17, 3)
    generator = dcgan.generator(
        shape, GeneratorOptions(5, width=4, batch_norm=norm)
    )
    critic = dcgan.critic(shape, CriticOptions(6, width=4, batch_norm=norm))
    latents = rng.uniform(-1, 1, (4, 5)).astype(np.float32)
    with tf.GradientTape() as tape:
        outputs = critic(generator(latents, training=True), training=True)
        loss = tf.reduce_sum(outputs["features"] ** 2)
    weights = generator.trainable_weights + critic.trainable_weights
    gradients = tape.gradient(loss, weights)
    for weight, gradient in zip(weights, gradients, strict=True):
        assert gradient is not None, weight.path
        # A bias before batch normalization does nothing.
        assert norm or np.abs(gradient).max() > 0.0, weight.path


@pytest.mark.parametrize(
    ("network", "options", "norm", "names"),
    [
        (dcgan.generator, GeneratorOptions, False, []),
        (
            dcgan.generator, GeneratorOptions, True,
            ["bn1", "bn2", "bn3", "bn4"],
        ),
        (dcgan.critic, CriticOptions, False, []),
        (dcgan.critic, CriticOptions, True, ["bn2", "bn3", "bn4"]),
    ],
)  # fmt: skip
def test_batch_norm_is_where_it_was_asked_for(network, options, norm, names):
    model = network((16, 16, 1), options(3, width=2, batch_norm=norm))
    kind = keras.layers.BatchNormalization
    found = [layer.name for layer in model.layers if isinstance(layer, kind)]
    assert found == names


def test_batch_norm_takes_the_global_batch_under_several_replicas(
    two_cpus,
):
    def first_norm():
        generator = dcgan.generator((16, 16, 1), GeneratorOptions(3, width=2))
        return generator.get_layer("bn1")

    alone = first_norm()
    with two_cpus.scope():
        shared = first_norm()
    assert (alone.synchronized, shared.synchronized) == (False, True)


@pytest.mark.parametrize("policy", ["float16", "mixed_bfloat16"])
def test_outputs_are_float32_under_any_policy(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        generator = dcgan.generator((16, 16, 1), GeneratorOptions(3, width=2))
        critic = dcgan.critic((16, 16, 1), CriticOptions(3, width=2))
    finally:
        keras.config.set_dtype_policy(before)
    outputs = critic.output
    assert generator.output.dtype == outputs["features"].dtype == "float32"
    half = policy.removeprefix("mixed_")
    assert {x.dtype for x in outputs["activations"]} == {half}


@pytest.mark.parametrize(
    ("network", "shape", "message"),
    [
        (dcgan.critic, (15, 16, 3), "4 stages .* 16 to 160 .* 15 x 16"),
        (dcgan.critic, (16, 161, 3), "16 to 160 .* 16 x 161"),
        (DCGAN5, (31, 32, 3), "5 stages .* 32 to"),
        (dcgan.generator, (2,), r"not points of shape \(2,\); .* mlp"),
        (dcgan.generator, (16, 16, 0), "channels=0, need >= 1"),
    ],
)
def test_refuses_what_it_cannot_make(network, shape, message):
    critic = network is dcgan.critic
    options = CriticOptions(1) if critic else GeneratorOptions(1)
    with pytest.raises(errors.UsageError, match=message):
        network(shape, options)
