"""MMD as a Keras loss and regulariser: values, weights, replicas, saving."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.objectives.loss import MMDLoss, MMDRegularizer

KERNEL = kernels.Gaussian((0.8,))


@dataclasses.dataclass(frozen=True)
class Unwritten(kernels.Kernel):
    """A kernel that no expression makes."""

    def _matrix(self, x, y):
        return tf.matmul(x, y, transpose_b=True)


def gram(x, y, sigma=0.8):
    squares = np.sum((x[:, None] - y[None]) ** 2, axis=-1)
    return np.exp(-squares / (2 * sigma**2))


def mmd2(x, y, biased, sigma=0.8):
    xx, yy = gram(x, x, sigma), gram(y, y, sigma)
    if not biased:
        n, m = len(x), len(y)
        within = (xx.sum() - n) / (n * (n - 1)) + (yy.sum() - m) / (m * (m - 1))
        return within - 2 * gram(x, y, sigma).mean()
    return xx.mean() + yy.mean() - 2 * gram(x, y, sigma).mean()


@pytest.mark.parametrize("estimator", ["biased", "unbiased"])
def test_value_is_mmd2_of_the_batch(rng, estimator):
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(7, 3))
    value = MMDLoss(KERNEL, estimator)(x, y)
    expected = mmd2(x, y, estimator == "biased")
    np.testing.assert_allclose(value, expected, rtol=1e-9)


def test_outputs_of_any_rank_and_type_are_rows(rng):
    x, y = rng.normal(size=(2, 5, 2, 3))
    flat = [rows.reshape(5, 6) for rows in (x, y)]
    value = MMDLoss(KERNEL, "biased")(x, y)
    np.testing.assert_allclose(value, mmd2(*flat, True), rtol=1e-9)
    half = [tf.constant(rows, tf.float16) for rows in (x, y)]
    assert MMDLoss(KERNEL)(*half).dtype == tf.float32


def test_median_heuristic_is_that_of_the_batch(rng):
    x, y = rng.normal(size=(5, 2)), rng.normal(size=(6, 2))
    pooled = np.concatenate([x, y])
    squares = np.sum((pooled[:, None] - pooled) ** 2, axis=-1)
    sigma = np.sqrt(np.median(squares[np.triu_indices(11, 1)]))
    value = MMDLoss("rbf, median heuristic", "biased")(x, y)
    np.testing.assert_allclose(value, mmd2(x, y, True, sigma), rtol=1e-9)


def test_ratio_is_the_t_statistic(rng):
    x, y = rng.normal(size=(2, 8, 2))
    value = MMDLoss(KERNEL, "ratio")(x, y)
    grams = mmd.gram_matrices(KERNEL, x, y)
    np.testing.assert_allclose(value, mmd.mmd2_ratio(grams, 1e-8))


def test_weights_repeat_rows(rng):
    x, y = rng.normal(size=(2, 4, 2))
    counts = np.array([1, 3, 0, 2])
    value = MMDLoss(KERNEL, "biased")(x, y, counts)
    repeated = [np.repeat(rows, counts, axis=0) for rows in (x, y)]
    np.testing.assert_allclose(value, mmd2(*repeated, True), rtol=1e-9)


@pytest.mark.parametrize("biased", [True, False])
def test_each_sample_may_have_weights_of_its_own(rng, biased):
    x, y = rng.normal(size=(4, 2)), rng.normal(size=(5, 2))
    u, v = rng.random(4), rng.random(5)
    grams = mmd.gram_matrices(KERNEL, x, y)
    value = mmd.mmd2_weighted(grams, u, v, biased)
    terms = []
    for weights, rows in ((u, x), (v, y)):
        pairs = weights[:, None] * weights
        if not biased:
            np.fill_diagonal(pairs, 0.0)
        terms.append(np.sum(pairs * gram(rows, rows)) / pairs.sum())
    across = u @ gram(x, y) @ v / (u.sum() * v.sum())
    np.testing.assert_allclose(value, sum(terms) - 2 * across, rtol=1e-9)
    equal = mmd.mmd2_weighted(grams, np.ones(4), np.full(5, 3.0), biased)
    np.testing.assert_allclose(equal, mmd2(x, y, biased), rtol=1e-9)


@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 0.5, 1.0]])
def test_gradients_are_finite_differences(rng, weights):
    x, y = rng.normal(size=(2, 4, 2))
    loss = MMDLoss(KERNEL)
    with tf.GradientTape() as tape:
        codes = tf.constant(y)
        tape.watch(codes)
        value = loss(x, codes, weights)
    expected = np.zeros_like(y)
    for index in np.ndindex(y.shape):
        step = np.zeros_like(y)
        step[index] = 1e-5
        ends = [float(loss(x, y + s * step, weights)) for s in (1, -1)]
        expected[index] = (ends[0] - ends[1]) / 2e-5
    np.testing.assert_allclose(
        tape.gradient(value, codes), expected, rtol=1e-5, atol=1e-9
    )


def test_fit_brings_outputs_to_the_targets(rng):
    keras.utils.set_random_seed(0)
    layer = keras.layers.Dense(1)
    model = keras.Sequential([keras.Input((1,)), layer])
    layer.set_weights([np.array([[0.5]]), np.array([2.0])])
    x, y = rng.normal(size=(2, 256, 1))
    model.compile(keras.optimizers.Adam(0.1), loss=MMDLoss())
    model.fit(x, 3.0 * y - 1.0, batch_size=128, epochs=40, verbose=0)
    found = model.predict(x, verbose=0)
    assert abs(found.mean() + 1.0) < 0.4
    assert abs(found.std() - 3.0) < 0.5


def trained(strategy, regularised):
    """Weights after three steps of gradient descent on batches of 8."""
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 24, 3)).astype("float32")
    weights = [rng.normal(size=(3, 3)), rng.normal(size=(3,))]
    with strategy.scope():
        own = MMDRegularizer(weight=0.7, kernel="rq") if regularised else None
        layer = keras.layers.Dense(3, activity_regularizer=own)
        model = keras.Sequential([keras.Input((3,)), layer])
        layer.set_weights(weights)
        model.compile(
            keras.optimizers.SGD(0.5),
            loss="mse" if regularised else MMDLoss("rq"),
        )
    counts = rng.integers(1, 4, 24).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((x, y, counts))
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF
    )
    data = data.batch(8, drop_remainder=True).with_options(options)
    history = model.fit(data, epochs=1, verbose=0, shuffle=False)
    return layer.get_weights(), history.history["loss"]


@pytest.mark.parametrize("regularised", [False, True])
def test_two_replicas_train_as_one_device(two_cpus, regularised):
    one, one_loss = trained(tf.distribute.get_strategy(), regularised)
    two, two_loss = trained(two_cpus, regularised)
    for u, v in zip(one, two, strict=True):
        np.testing.assert_allclose(u, v, rtol=2e-5, atol=1e-6)
    if not regularised:  # Keras adds penalties of the first replica to others'
        np.testing.assert_allclose(one_loss, two_loss, rtol=2e-5)


def test_regulariser_is_mmd2_to_draws_of_the_prior(rng):
    codes = rng.normal(size=(300, 2)) * 0.2 + 1.0
    penalty = MMDRegularizer("uniform", 2.5, KERNEL)(codes)
    uniform = rng.uniform(-1, 1, size=(1000, 2))
    expected = 300 * 2.5 * mmd2(uniform, codes, False)
    np.testing.assert_allclose(penalty, expected, rtol=0.15)


def test_regulariser_draws_anew_and_the_same_by_seed(rng):
    codes = rng.normal(size=(20, 2))
    first = MMDRegularizer(seed=3)
    values = [float(first(codes)) for _ in range(2)]
    again = MMDRegularizer(seed=3)
    assert values == [float(again(codes)) for _ in range(2)]
    assert values[0] != values[1]


def test_a_layer_adds_the_penalty_once_per_batch(rng):
    regulariser = MMDRegularizer(kernel="rq", seed=5)
    layer = keras.layers.Dense(2, activity_regularizer=regulariser)
    x = rng.normal(size=(12, 3)).astype("float32")
    codes = layer(x)
    expected = MMDRegularizer(kernel="rq", seed=5)(codes) / 12
    np.testing.assert_allclose(layer.losses[0], expected, rtol=1e-5)


def test_one_row_has_no_penalty():
    assert float(MMDRegularizer()(np.ones((1, 3)))) == 0.0


def test_one_row_has_none_where_the_graph_does_not_know_either(rng):
    regulariser = MMDRegularizer()

    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def slopes(codes):
        with tf.GradientTape() as tape:
            tape.watch(codes)
            penalty = regulariser(codes)
        return tape.gradient(penalty, codes)

    np.testing.assert_array_equal(slopes(np.ones((1, 3))), np.zeros((1, 3)))
    found = slopes(rng.normal(size=(4, 3)).astype("float32")).numpy()
    assert np.isfinite(found).all()
    assert (found != 0.0).all()


@pytest.mark.parametrize(
    ("estimator", "rows", "weights"),
    [
        ("unbiased", 1, None),
        ("ratio", 3, None),
        ("unbiased", 3, [0.0, 0.0, 2.0]),
        ("biased", 2, [0.0, 0.0]),
    ],
)
def test_a_batch_of_too_few_rows_changes_nothing(rng, estimator, rows, weights):
    loss = MMDLoss(KERNEL, estimator)

    def slopes(x, y):
        with tf.GradientTape() as tape:
            tape.watch(y)
            value = loss(x, y, weights)
        return value, tape.gradient(value, y)

    spec = tf.TensorSpec([None, 2])
    traced = tf.function(slopes, input_signature=[spec, spec])
    x, y = rng.normal(size=(2, rows, 2)).astype("float32")
    for call in (slopes, tf.function(slopes), traced):
        value, slope = call(tf.constant(x), tf.constant(y))
        assert float(value) == 0.0
        assert not slope.numpy().any()


def test_fit_takes_the_rest_of_an_epoch(rng):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    x, y = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
    model.compile("sgd", MMDLoss(KERNEL))
    history = model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert np.isfinite(model.get_weights()[0]).all()


def test_kernels_are_saved_as_expressions():
    kernel = kernels.Gaussian((0.8, 2.0)) + 0.5 * kernels.Linear()
    again = MMDLoss.from_config(MMDLoss(kernel, "ratio").get_config())
    x, y = np.random.default_rng(0).normal(size=(2, 6, 2))
    np.testing.assert_array_equal(again(x, y), MMDLoss(kernel, "ratio")(x, y))


def test_losses_and_regularisers_are_saved_with_a_model(tmp_path, rng):
    layer = keras.layers.Dense(
        2, activity_regularizer=MMDRegularizer("uniform", 0.5, "rq", seed=9)
    )
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile("sgd", loss=MMDLoss("rq", "biased"))
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    own = loaded.layers[0].activity_regularizer
    assert own.get_config() == layer.activity_regularizer.get_config()
    assert loaded.loss.get_config() == model.loss.get_config()


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: MMDLoss("rbff"), errors.UsageError, "Did you mean 'rbf'"),
        (lambda: MMDLoss(estimator="root"), errors.UsageError, "estimator"),
        (lambda: MMDRegularizer("cauchy"), errors.UsageError, "cauchy"),
        (lambda: MMDRegularizer(weight=-1.0), errors.UsageError, "weight=-1"),
        (
            lambda: MMDLoss(estimator="ratio")(
                np.eye(5), np.eye(5), np.ones(5)
            ),
            errors.UsageError,
            "no form for weights",
        ),
        (
            lambda: MMDLoss()(np.ones((4, 2)), np.ones((4, 3))),
            ValueError,
            "unequal widths",
        ),
        (
            lambda: MMDLoss()(np.ones((4, 2)), np.ones((1, 2))),
            ValueError,
            "at least 2",
        ),
        (
            lambda: MMDLoss(Unwritten()).get_config(),
            errors.UsageError,
            "Unwritten",
        ),
    ],
)
def test_what_cannot_be_honoured_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
