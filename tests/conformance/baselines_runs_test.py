"""Runs of denoising feature matching and learned moments, and toys to learn."""

import keras
import numpy as np
import pytest
import whole_runs

from tf_mmdgan import config, methods

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"conditioning": "projection"}, id="by class"),
        pytest.param({"dtype_policy": "mixed_bfloat16"}, id="half precision"),
        pytest.param(
            {"critic_batch_norm": False, "r1": 0.1, "regularize_every": 2},
            id="lazy penalty",
        ),
    ],
)
def test_a_run_of_dfm_goes_on_is_scored_and_exported(settings, tmp_path):
    whole_runs.check_goes_on(
        tmp_path, objective="dfm", architecture="mlp", denoiser_layers=2,
        **settings,
    )  # fmt: skip


def test_a_run_of_molm_in_half_precision_goes_on(tmp_path):
    whole_runs.check_goes_on(
        tmp_path, objective="molm", architecture="mlp", moment_updates=2,
        objective_steps=3, dtype_policy="mixed_float16",
    )  # fmt: skip


SETTINGS = {
    "dfm": {"denoiser_layers": 3, "denoiser_units": 32, "beta_2": 0.99},
    "molm": {"moment_updates": 50, "objective_steps": 50},
}


@pytest.mark.parametrize("objective", SETTINGS)
def test_a_cloud_of_points_is_learnt(objective):
    """Its mean, and how far it spreads along both axes, within a half.

    Denoising leads points to where there are many: the cloud gets narrower.
    """
    chosen = config.TrainConfig(
        run_dir="run", objective=objective, architecture="mlp",
        generator_width=32, critic_width=32, latent_size=4,
        latent_distribution="normal", generator_batch_norm=False,
        learning_rate=2e-3, ema_decay=0.98, **SETTINGS[objective],
    )  # fmt: skip
    model = methods.make_model(chosen, (2,))
    rng = np.random.default_rng(0)
    mean, deviation = np.array([1.0, -0.5]), np.array([0.3, 0.8])
    points = rng.normal(mean, deviation, (4096, 2)).astype(np.float32)
    keras.utils.set_random_seed(0)
    model.fit(points, batch_size=64, epochs=1, steps_per_epoch=1500, verbose=0)
    drawn = model.generate(2000, seed=1)
    np.testing.assert_allclose(drawn.mean(0), mean, atol=0.15)
    np.testing.assert_allclose(drawn.std(0), deviation, rtol=0.5)
