"""Runs of BigGAN and SAGAN, from data to SavedModel, and a toy to learn."""

import keras
import numpy as np
import pytest
import whole_runs

from tf_mmdgan import config, methods
from tf_mmdgan.conditions import Classes

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(
            {
                "architecture": "biggan",
                "objective": "gan_hinge",
                "conditioning": "projection",
                "orthogonal_penalty": 1e-4,
                "latent_distribution": "normal",
            },
            id="biggan by class, hinge",
        ),
        pytest.param(
            {
                "architecture": "biggan_deep",
                "objective": "gan_hinge",
                "conditioning": "projection",
                "orthogonal_penalty": 1e-4,
                "latent_distribution": "normal",
            },
            id="biggan_deep by class, hinge",
        ),
        pytest.param(
            {"architecture": "sagan", "objective": "smmd", "critic_output": 4},
            id="sagan without classes, MMD critic",
        ),
        pytest.param(
            {
                "architecture": "biggan_plain",
                "objective": "gan_hinge",
                "r1": 0.1,
                "regularize_every": 2,
                "conditioning": "concatenation",
            },
            id="biggan_plain, lazy penalty",
        ),
    ],
)
def test_a_run_goes_on_is_scored_and_exported(settings, tmp_path):
    few = {"critic_steps": 1, "latent_size": 12}
    whole_runs.check_goes_on(tmp_path, **few, **settings)


def test_two_constant_colours_are_learnt_by_class():
    """Class means are within .1 of the truth after 300 steps."""
    chosen = config.TrainConfig(
        run_dir="run", objective="gan_hinge", architecture="biggan",
        conditioning="projection", generator_width=2, critic_width=2,
        critic_steps=1, latent_size=12, latent_distribution="normal",
        learning_rate=1e-3, critic_learning_rate=2e-3, beta_1=0.0,
        beta_2=0.999, ema_decay=0.98,
    )  # fmt: skip
    model = methods.make_model(chosen, (16, 16, 1), Classes(2))
    labels = np.arange(64) % 2
    colours = np.array([-0.5, 0.5], np.float32)
    images = np.ones((64, 16, 16, 1), np.float32)
    images *= colours[labels][:, None, None, None]
    keras.utils.set_random_seed(0)
    model.fit(images, labels, batch_size=32, epochs=1, steps_per_epoch=300,
              verbose=0)  # fmt: skip
    for label, colour in enumerate(colours):
        drawn = model.generate(64, label=label) / 127.5 - 1.0
        assert drawn.mean() == pytest.approx(colour, abs=0.1)
