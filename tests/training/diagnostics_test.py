"""Spectra and slopes against NumPy, and a training that they do not touch."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

from tf_mmdgan import kernels
from tf_mmdgan.networks import spectral_normalization
from tf_mmdgan.objectives import MMDGAN, Batch, Objective, gradients
from tf_mmdgan.training import callbacks, diagnostics
from tf_mmdgan.training.events import Events

SHAPE = (3, 4, 2)
PIXELS = 24


def chain(*layers, shape=SHAPE):
    """A critic of these layers, after flattening."""
    images = keras.Input(shape)
    x = keras.layers.Flatten()(images)
    for layer in layers:
        x = layer(x)
    return keras.Model(images, {"features": x, "activations": []})


def dense(matrix, name):
    layer = keras.layers.Dense(matrix.shape[1], name=name)
    layer.build((None, matrix.shape[0]))
    layer.set_weights([matrix, np.ones(matrix.shape[1])])
    return layer


def batch_of(rng, count=5):
    return Batch(tf.constant(rng.uniform(-1, 1, (count, *SHAPE)), tf.float32))


def roy_and_vetterli(values):
    shares = values / values.sum()
    return np.exp(-np.sum(shares * np.log(shares)))


def test_spectra_and_slopes_of_a_linear_critic(rng):
    first, second = rng.normal(size=(PIXELS, 7)), rng.normal(size=(7, 4))
    critic = chain(dense(first, "first"), dense(second, "second"))
    found = diagnostics.kernel_spectra(critic)
    expected = {"spectrum/product": 1.0}
    for name, matrix in (("first", first), ("second", second)):
        values = np.linalg.svd(matrix)[1]
        expected[f"spectrum/{name}/largest"] = values[0]
        expected[f"spectrum/{name}/smallest"] = values[-1]
        expected[f"spectrum/{name}/effective_rank"] = roy_and_vetterli(values)
        expected["spectrum/product"] *= values[0]
    assert found == pytest.approx(expected, rel=1e-5)
    # Pixels in [0, 1] take half of the way of those in [-1, 1].
    assert diagnostics.slopes(critic, batch_of(rng)) == pytest.approx(
        {
            "slope/jacobian": 2.0 * np.linalg.norm(first @ second),
            "slope/spectral": 2.0 * np.linalg.norm(first @ second, 2),
        },
        rel=1e-5,
    )


def test_slopes_differ_between_images(rng):
    matrix = rng.normal(size=(PIXELS, 3))
    critic = chain(dense(matrix, "only"), keras.layers.Activation("tanh"))
    batch = batch_of(rng)
    rows = batch.images.numpy().reshape(5, PIXELS)
    jacobians = [
        matrix.T * (1.0 - np.tanh(row @ matrix + 1.0) ** 2)[:, None]
        for row in rows
    ]
    squares = [np.linalg.norm(jacobian) ** 2 for jacobian in jacobians]
    spectral = [np.linalg.norm(jacobian, 2) for jacobian in jacobians]
    assert np.ptp(spectral) > 0.1
    assert diagnostics.slopes(critic, batch) == pytest.approx(
        {
            "slope/jacobian": 2.0 * np.sqrt(np.mean(squares)),
            "slope/spectral": 2.0 * np.max(spectral),
        },
        rel=1e-4,
    )


def test_points_are_not_pixels(rng):
    matrix = rng.normal(size=(2, 3))
    critic = chain(dense(matrix, "only"), shape=(2,))
    points = Batch(tf.constant(rng.normal(size=(5, 2)), tf.float32))
    found = diagnostics.slopes(critic, points)["slope/spectral"]
    assert found == pytest.approx(np.linalg.norm(matrix, 2), rel=1e-5)


def test_spectrally_normalized_critic(rng):
    matrix = rng.normal(size=(PIXELS, 4))
    norm = spectral_normalization.SpectralNorm(scale=1.5)
    layer = norm.wrap(keras.layers.Dense(4, name="only"))
    critic = chain(layer)
    layer.layer.kernel.assign(matrix)
    for _ in range(200):
        spectral_normalization.power_iterate(critic)
    values = np.linalg.svd(matrix)[1]
    normalized = 1.5 * values / values[0]
    assert diagnostics.kernel_spectra(critic) == pytest.approx(
        {
            "spectrum/only/largest": 1.5,
            "spectrum/only/smallest": normalized[-1],
            "spectrum/only/effective_rank": roy_and_vetterli(values),
            "spectrum/product": 1.5,
        },
        rel=1e-4,
    )
    assert diagnostics.slopes(critic, batch_of(rng)) == pytest.approx(
        {
            "slope/jacobian": 2.0 * np.linalg.norm(normalized),
            "slope/spectral": 3.0,
        },
        rel=1e-4,
    )


def test_rank_collapse_is_visible(rng):
    sound = rng.normal(size=(PIXELS, 8))
    collapsed = np.outer(rng.normal(size=8), rng.normal(size=6))
    critic = chain(dense(sound, "sound"), dense(collapsed, "collapsed"))
    found = diagnostics.kernel_spectra(critic)
    assert found["spectrum/collapsed/effective_rank"] == pytest.approx(1.0)
    assert found["spectrum/collapsed/smallest"] < 1e-5
    assert found["spectrum/sound/effective_rank"] > 6.0
    # One direction is left: both norms of the Jacobian are the same.
    steep = diagnostics.slopes(critic, batch_of(rng))
    assert steep["slope/jacobian"] == pytest.approx(
        steep["slope/spectral"], rel=1e-5
    )


def test_product_leaves_out_what_is_beside_the_chain(rng):
    kernel, table = rng.normal(size=(PIXELS, 4)), rng.normal(size=(3, 4))
    decoding = rng.normal(size=(4, PIXELS))
    images, one_hot = keras.Input(SHAPE), keras.Input((3,))
    flat = keras.layers.Flatten()(images)
    share = dense(table, "embedding")(one_hot)
    features = dense(kernel, "features")(flat) + share
    decoder = keras.Sequential(
        [keras.Input((4,)), dense(decoding, "outputs")], name="decoder"
    )
    critic = keras.Model(
        [images, one_hot],
        {"features": features, "reconstruction": decoder(features)},
    )
    found = diagnostics.kernel_spectra(critic)
    largest = np.linalg.norm(kernel, 2)
    assert found["spectrum/product"] == pytest.approx(largest, rel=1e-5)
    assert found["spectrum/embedding/largest"] == pytest.approx(
        np.linalg.norm(table, 2), rel=1e-5
    )
    assert found["spectrum/decoder/outputs/largest"] == pytest.approx(
        np.linalg.norm(decoding, 2), rel=1e-5
    )


def test_labels_go_with_their_images(rng):
    """300 features that are the first pixel times the label."""
    images, labels = keras.Input(SHAPE), keras.Input((), dtype="int32")
    scale = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    x = keras.layers.Flatten()(images)[:, :1]
    factor = scale(keras.ops.cast(labels, "float32")[:, None])
    features = x * factor * np.ones((1, 300), np.float32)
    critic = keras.Model([images, labels], {"features": features})
    # 1024 // 300 = 3 images are looked at; the fourth is the steepest.
    batch = Batch(tf.zeros([4, *SHAPE]), tf.constant([1, 5, 2, 9]))
    found = diagnostics.slopes(critic, batch)
    assert found == pytest.approx(
        {
            "slope/jacobian": 2.0 * np.sqrt(300 * (1 + 25 + 4) / 3),
            "slope/spectral": 2.0 * np.sqrt(300) * 5.0,
        },
        rel=1e-5,
    )


@pytest.mark.parametrize(
    "width, expected", [(16, 64), (17, 60), (256, 4), (2000, 1)]
)
def test_many_features_mean_few_images(monkeypatch, width, expected):
    critic = chain(keras.layers.Dense(width))
    seen = []

    def products(features, images):
        seen.append((features(images).shape, len(images)))
        return None, tf.zeros([len(images), 1, 1])

    monkeypatch.setattr(gradients, "jacobian_products", products)
    diagnostics.slopes(critic, Batch(tf.zeros([64, *SHAPE])))
    assert seen == [((expected, width), expected)]


def test_weights_that_are_not_finite(rng):
    matrix = rng.normal(size=(PIXELS, 3))
    matrix[2, 1] = np.nan
    critic = chain(dense(matrix, "only"))
    found = diagnostics.kernel_spectra(critic)
    found |= diagnostics.slopes(critic, batch_of(rng))
    assert np.isnan(list(found.values())).all() and len(found) == 6


@pytest.fixture
def log(tmp_path):
    writer = Events(tmp_path)
    return callbacks.MetricsLog(tmp_path / "metrics.jsonl", 100, writer)


def fit(made, *extra):
    made.fit(
        tiny.batches(), steps_per_epoch=4, verbose=0, callbacks=list(extra)
    )


@pytest.mark.parametrize(
    "batch_norm", [pytest.param(False, marks=pytest.mark.slow), True]
)
def test_logging_does_not_change_the_training(monkeypatch, log, batch_norm):
    critic = functools.partial(tiny.critic, batch_norm=batch_norm)
    monkeypatch.setattr(tiny, "critic", critic)
    batch = Batch(next(iter(tiny.batches())))
    # A penalty for single images would refuse batch normalisation.
    objective = Objective(MMDGAN(kernels.Gaussian())) if batch_norm else None
    watched, alone = (tiny.model(objective=objective) for _ in range(2))
    fit(watched, diagnostics.CriticDiagnostics(2, log, batch))
    fit(alone)
    for a, b in zip(tiny.weights(watched), tiny.weights(alone), strict=True):
        np.testing.assert_array_equal(a, b)
    first, second = callbacks.read_log(log.path)
    assert (first.pop("step"), second.pop("step")) == (2, 4)
    assert second == pytest.approx(
        diagnostics.kernel_spectra(watched.critic)
        | diagnostics.slopes(watched.critic, batch)
    )
    assert first.keys() == second.keys() and first != second


def test_two_replicas(two_cpus, log):
    batch = Batch(next(iter(tiny.batches())))
    with two_cpus.scope():
        made = tiny.model()
    callback = diagnostics.CriticDiagnostics(1, log, batch)
    callback.set_model(made)
    callback.act(1, {})
    (line,) = callbacks.read_log(log.path)
    critic = tiny.model().critic
    expected = diagnostics.kernel_spectra(critic)
    expected |= diagnostics.slopes(critic, batch)
    # Keras has numbered the layers of the two apart.
    assert list(line.values()) == pytest.approx(
        [1, *expected.values()], rel=1e-5
    )


@pytest.mark.parametrize(
    "kernel, maximum",
    [
        (kernels.Gaussian((1.0, 2.0)), 4.0),
        (kernels.RationalQuadratic((0.2, 1.0)), None),
        (kernels.Laplace(1.0), 2.0),
        (kernels.Linear(), None),
        (kernels.Gaussian() + 0.1 * kernels.Linear(), None),
    ],
)
def test_mmd2_is_limited_for_kernels_that_fall_to_zero(kernel, maximum):
    found = diagnostics.maximum_mmd2(kernel, width=3)
    assert found == (None if maximum is None else pytest.approx(maximum))


class Lines:
    def __init__(self):
        self.written = []

    def write(self, step, values):
        self.written.append((step, values["saturation/mmd2_share"]))


def test_a_kernel_that_stays_saturated_is_told_of_once(capsys):
    lines = Lines()
    watch = diagnostics.SaturationWatch(20, lines, maximum=2.0, patience=40)
    for step, mmd2 in ((20, 1.4), (40, 1.0), (60, 1.4), (80, 1.5), (100, 1.6)):
        assert not capsys.readouterr().err
        watch.act(step, {"critic/mmd2": mmd2})
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "since step 60: MMD^2 is 80 % of its maximum" in told
    watch.act(120, {"critic/mmd2": 1.9})
    watch.act(140, {"critic/loss": 1.0})
    assert not capsys.readouterr().err
    assert lines.written == [
        (20, 0.7), (40, 0.5), (60, 0.7), (80, 0.75), (100, 0.8), (120, 0.95),
    ]  # fmt: skip
