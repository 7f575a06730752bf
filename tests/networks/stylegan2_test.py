"""The networks of StyleGAN2: tables of layers, and identities."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.conditions import Classes
from tf_mmdgan.networks import (
    ARCHITECTURES,
    Conditioning,
    CriticOptions,
    GeneratorOptions,
    StyleOptions,
    blocks,
    matrices,
    style_parts,
    stylegan2,
    styles,
)
from tf_mmdgan.networks.spectral_normalization import (
    SpectralNorm,
    spectral_layers,
)

PAIR = ARCHITECTURES["stylegan2"]
CONVOLUTION, IMAGE = 2_622_465, 264_195


def pair(size, *, width=2, latents=6, colours=3, conditioning=None, **options):
    """Generator and critic, as graphs in which no weight has a value."""
    shape, chosen = (size, size, colours), StyleOptions(**options)
    with tf.Graph().as_default():
        generator = PAIR.generator(
            shape,
            GeneratorOptions(
                latents, width=width, styles=chosen, conditioning=conditioning
            ),
        )
        critic = PAIR.critic(
            shape,
            CriticOptions(
                1, width=width, conditioning=conditioning, minibatch_deviation=4
            ),
        )
    return generator, critic


def trained_numbers(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


@pytest.mark.parametrize(
    ("size", "width", "latents", "layers", "counts"),
    [
        # 512 channels at all sizes, as in the settings for CIFAR-10.
        (32, 512, 512, 8, (21_523_475, 21_507_073)),
        pytest.param(
            64, 512, 512, 8, (23_819_544, 23_407_361), id="64 pixels",
            marks=pytest.mark.slow,
        ),
        # 2,048 / side channels, 128 at most.
        (32, 64, 64, 2, (1_042_003, 1_153_473)),
        pytest.param(
            1024, 1024, 512, 8, (30_370_060, 29_012_513), id="published",
            marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_numbers_of_parameters(
    size, width, latents, layers, counts, monkeypatch
):
    monkeypatch.setattr(stylegan2, "SIZES", blocks.Sizes(16, 1024))
    networks = pair(size, width=width, latents=latents, mapping_layers=layers)
    assert tuple(map(trained_numbers, networks)) == counts
    # The codes print these for every layer of 512 channels.
    parts = style_parts(networks[0])
    if width >= 512:
        first = parts.synthesis.get_layer("block0_conv2")
        image = parts.synthesis.get_layer("block0_image")
        assert trained_numbers(first) + 1 == CONVOLUTION
        assert trained_numbers(image) == IMAGE
        assert trained_numbers(parts.mapping) == layers * 262_656
    assert parts.styles.layers == 2 * math.log2(size) - 2


TABLES = {  # of width 2: sides and channels, smallest first
    28: [(7, 4), (14, 4), (28, 4)],
    64: [(4, 4), (8, 4), (16, 4), (32, 2), (64, 1)],
    29: [(8, 4), (15, 4), (29, 4)],
}


@pytest.mark.parametrize("size", TABLES)
def test_tables_of_stages(size):
    generator, critic = pair(size)
    synthesis, table = style_parts(generator).synthesis, TABLES[size]
    for stage, (side, depth) in enumerate(table):
        for number in (1, 2) if stage else (2,):
            made = synthesis.get_layer(f"block{stage}_conv{number}").output
            assert made.shape == (None, side, side, depth)
        image = synthesis.get_layer(f"block{stage}_image").output
        assert image.shape == (None, side, side, 3)
    assert generator.output.shape == (None, size, size, 3)
    for stage in range(1, len(table)):
        made = critic.get_layer(f"block{stage}").output
        assert made.shape == (
            None,
            *[table[stage - 1][0]] * 2,
            table[stage - 1][1],
        )
    deviation = critic.get_layer("deviation").output
    assert deviation.shape[-1] == table[0][1] + 1


@pytest.fixture(scope="module")
def generator():
    made = PAIR.generator((16, 16, 1), GeneratorOptions(6, width=2))
    rng = np.random.default_rng(0)
    for weight in made.trainable_weights:
        if weight.name in ("strength", "bias"):
            weight.assign_add(rng.normal(size=weight.shape))
    return made


def latents(rng, count=3):
    return tf.constant(rng.normal(size=(count, 6)), tf.float32)


def random_styles(rng, count=3):
    return tf.constant(rng.normal(size=(count, 6, 4)), tf.float32)


def test_parts_make_the_same_images(generator, rng):
    parts, z = style_parts(generator), latents(rng)
    w = parts.mapping(z)
    assert w.shape == (3, 4)
    repeated = tf.repeat(w[:, None], parts.styles.layers, axis=1)
    images = parts.synthesis([repeated, z])
    np.testing.assert_array_equal(images, generator(z))
    assert np.std(images) > 0.1
    assert style_parts(keras.Sequential([keras.layers.Dense(2)])) is None


def test_the_length_of_latents_changes_nothing(generator, rng):
    z = latents(rng)
    np.testing.assert_allclose(generator(5.0 * z), generator(z), atol=2e-5)


def test_the_last_style_alters_the_last_image_alone(generator, rng):
    parts, z = style_parts(generator), latents(rng)
    names = ["block2_sum", "block2_up", "block2_conv2_lrelu"]
    probe = keras.Model(
        parts.synthesis.inputs,
        [parts.synthesis.get_layer(name).output for name in names],
    )
    first, second = random_styles(rng), random_styles(rng)
    whole, *before = probe([first, z])
    moved, *after = probe([styles.mixed(first, second, 5), z])
    assert np.abs(moved - whole).max() > 1e-2
    for one, two in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, two)
    none = probe([styles.mixed(first, second, 6), z])
    np.testing.assert_array_equal(none[0], whole)


def test_noise_without_strength_has_no_effect(generator, rng):
    parts, z = style_parts(generator), latents(rng)
    w = random_styles(rng)
    layers = [
        layer
        for layer in parts.synthesis.layers
        if isinstance(layer, styles.NoiseInput)
    ]
    assert len(layers) == 5
    strengths = [float(layer.strength.numpy()) for layer in layers]
    noisy = [parts.synthesis([w, some]) for some in (z, -z)]
    assert np.abs(noisy[0] - noisy[1]).max() > 1e-3
    for layer in layers:
        layer.strength.assign(0.0)
    np.testing.assert_array_equal(*(parts.synthesis([w, x]) for x in (z, -z)))
    # Then images of the mean style are one, whatever the latents.
    mean = styles.truncated(w, w[0, 0], 0.0)
    images = parts.synthesis([mean, z]).numpy()
    np.testing.assert_allclose(
        images, np.tile(images[:1], (3, 1, 1, 1)), atol=1e-5
    )
    for layer, strength in zip(layers, strengths, strict=True):
        layer.strength.assign(strength)


def test_images_are_clipped_but_in_training(generator, rng):
    z = latents(rng, 8)
    parts = style_parts(generator)
    w = random_styles(rng, 8)
    free = parts.synthesis([w, z], training=True).numpy()
    assert np.abs(free).max() > 1.0
    np.testing.assert_array_equal(
        parts.synthesis([w, z]), np.clip(free, -1.0, 1.0)
    )


def test_training_mixes_styles_and_moves_their_mean(generator, rng):
    z, parts = latents(rng, 16), style_parts(generator)
    before = parts.styles.mean.numpy()
    drawn = generator(z, training=True)
    again = generator(z, training=True)
    np.testing.assert_array_equal(drawn, again)
    still = np.clip(drawn, -1.0, 1.0) == generator(z).numpy()
    unmixed = still.all(axis=(1, 2, 3))
    assert np.any(~unmixed) and unmixed.mean() < 0.5
    w = np.mean(parts.mapping(z), 0)
    moved = before + 0.005 * (w - before)
    moved += 0.005 * (w - moved)
    np.testing.assert_allclose(parts.styles.mean, moved, rtol=1e-5, atol=1e-7)
    parts.styles.mean.assign(before)


def test_without_mixing_there_is_no_second_pass():
    made, _ = pair(16, mixing=0.0)
    assert [layer.name for layer in made.layers] == [
        "latents", "mapping", "styles", "synthesis",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["projection", "concatenation"])
def test_labels_enter_the_mapping_network(kind):
    made, critic = pair(
        16, conditioning=Conditioning(Classes(3), kind), width=4
    )
    mapping = style_parts(made).mapping
    columns = {"projection": 6 + 8, "concatenation": 6 + 3}[kind]
    assert mapping.get_layer("dense1").kernel.shape == (columns, 8)
    if kind == "projection":
        table = critic.get_layer("embedding")
        assert table.kernel_scale == pytest.approx(8**-0.5)
        assert table.kernel.shape == (3, 8)


def test_every_kernel_of_the_critic_is_equalised_or_normalised():
    for norm in (None, SpectralNorm()):
        critic = PAIR.critic(
            (16, 16, 1), CriticOptions(2, width=1, spectral_norm=norm)
        )
        scales = [
            layer.kernel_scale
            for layer in critic.layers
            if hasattr(layer, "kernel_scale")
        ]
        wrapped = spectral_layers(critic)
        assert (len(scales), len(wrapped)) == ((0, 10) if norm else (10, 0))
        assert len(matrices.kernel_matrices(critic)) == 10


def test_what_the_networks_do_not_offer_is_refused():
    for size in (15, 161):
        with pytest.raises(errors.UsageError, match=r"StyleGAN2 .* 16 to 160"):
            PAIR.generator((size, size, 1), GeneratorOptions(2))
    norm = SpectralNorm()
    with pytest.raises(errors.UsageError, match="no spectral normalisation"):
        PAIR.generator((16, 16, 1), GeneratorOptions(2, spectral_norm=norm))
    with pytest.raises(errors.UsageError, match="no batch normalisation"):
        PAIR.critic((16, 16, 1), CriticOptions(1, batch_norm=True))
    for settings in ({"mixing": 1.5}, {"mixing": -0.1}, {"mapping_layers": 0}):
        with pytest.raises(errors.UsageError, match="|".join(settings)):
            StyleOptions(**settings)
