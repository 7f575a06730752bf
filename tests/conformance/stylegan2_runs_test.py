"""Runs of StyleGAN2, from data to SavedModel, and what a step changes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import whole_runs

from tf_mmdgan import config, methods
from tf_mmdgan.conditions import Classes

pytestmark = pytest.mark.slow
PUBLISHED = {
    "objective": "gan",
    "r1": 0.1,
    "regularize_every": 2,
    "path_length_penalty": 2.0,
    "regularize_generator_every": 2,
    "minibatch_deviation": 4,
    "latent_distribution": "normal",
    "beta_1": 0.0,
    "beta_2": 0.99,
}


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(PUBLISHED, id="as published"),
        pytest.param(
            {
                "objective": "gan",
                "r1": 0.1,
                "path_length_penalty": 2.0,
                "conditioning": "projection",
            },
            id="by class, all penalties in every update",
        ),
        pytest.param(
            {
                "objective": "sn_smmd",
                "critic_output": 4,
                "conditioning": "concatenation",
            },
            id="MMD critic with spectral norm",
        ),
    ],
)
def test_a_run_goes_on_is_scored_and_exported(settings, tmp_path):
    few = {
        "architecture": "stylegan2", "critic_steps": 1, "latent_size": 12,
        "mapping_layers": 2, "critic_batch_norm": False,
    }  # fmt: skip
    whole_runs.check_goes_on(tmp_path, **few | settings)


def model(condition=None, **settings):
    """Of the smallest width; its images have 16 pixels."""
    chosen = config.TrainConfig(
        run_dir="run", architecture="stylegan2", generator_width=2,
        critic_width=2, latent_size=12, mapping_layers=2, critic_steps=1,
        critic_batch_norm=False, **settings,
    )  # fmt: skip
    keras.utils.set_random_seed(0)
    return methods.make_model(chosen, (16, 16, 1), condition)


def images(count=64):
    """Two constant colours."""
    colours = np.where(np.arange(count) % 2, 0.5, -0.5).astype("float32")
    return (
        np.ones((count, 16, 16, 1), np.float32) * colours[:, None, None, None]
    )


def test_path_lengths_and_the_mean_of_w_are_state_of_the_model():
    made = model(**PUBLISHED)
    made.fit(images(), batch_size=16, epochs=1, steps_per_epoch=2, verbose=0)
    kept = {weight.path.split("/")[-1]: weight for weight in made.weights}
    assert float(kept["path_length"].numpy()) > 0.0
    means = [w.numpy() for w in made.weights if w.path.endswith("styles/mean")]
    assert len(means) == 2 and np.abs(means[0]).max() > 0.0
    np.testing.assert_array_equal(*means)
    assert int(made.generator_optimizer.iterations) == 3


@pytest.mark.parametrize("classes", [None, 3])
def test_two_replicas_move_as_one_device(two_cpus, classes):
    """Groups, halves for path lengths, and the labels of these too."""
    given = {**PUBLISHED}
    condition = classes and Classes(classes)
    if classes:
        given["conditioning"] = "projection"
    rng = np.random.default_rng(0)
    data = rng.uniform(-1.0, 1.0, (64, 16, 16, 1)).astype(np.float32)
    labels = classes and rng.integers(0, classes, 64)

    def trained():
        made = model(condition, **given)
        # Adam's steps are of one size, whatever the gradients are.
        rates = [keras.optimizers.SGD(0.02) for _ in range(2)]
        made.compile(*rates, jit_compile=False)
        made.fit(data, labels, batch_size=16, epochs=1, steps_per_epoch=2,
                 verbose=0, shuffle=False)  # fmt: skip
        return made

    start, one = model(condition, **given), trained()
    with two_cpus.scope():
        two = trained()
    for before, a, b in zip(start.weights, one.weights, two.weights,
                            strict=True):  # fmt: skip
        moved = np.abs(a.numpy() - before.numpy()).max()
        np.testing.assert_allclose(
            b.numpy(), a.numpy(), rtol=1e-4, atol=1e-6 + 1e-2 * moved,
            err_msg=a.path,
        )  # fmt: skip
    assert float(one.path_length.numpy()) > 0.0


def test_two_constant_colours_are_learnt():
    made = model(**PUBLISHED, learning_rate=2e-3, ema_decay=0.98)
    made.fit(images(), batch_size=16, epochs=1, steps_per_epoch=300, verbose=0)
    means = np.mean(made.generate(64) / 127.5 - 1.0, axis=(1, 2, 3))
    # Most are of either colour, and some between, for latents have no gap.
    assert np.mean(np.abs(np.abs(means) - 0.5) < 0.2) > 0.5
    assert 0.2 < np.mean(means > 0.0) < 0.8
    assert np.isfinite(tf.reduce_sum(made.path_length.value))
