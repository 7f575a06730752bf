"""How optimizers follow their settings."""

import pytest

from tf_mmdgan import config, errors, methods
from tf_mmdgan.methods.optimizers import lazily


def settings(**kwargs):
    return config.TrainConfig(run_dir="run", **kwargs)


@pytest.mark.parametrize(
    ("updates", "rate", "expected", "beta_2"),
    # Of Karras et al. 2020: R1 every 16 updates, path lengths every 4.
    [(16, 0.0025, 0.0023529, 0.990586), (4, 0.002, 0.0016, 0.991992)],
)
def test_lazy_updates_scale_adams_rate_and_decays(
    updates, rate, expected, beta_2
):
    found, corrected = lazily(updates, rate, settings(beta_1=0.0, beta_2=0.99))
    assert found == pytest.approx(expected, abs=1e-7)
    assert corrected.beta_1 == 0.0
    assert corrected.beta_2 == pytest.approx(beta_2, abs=1e-6)


def test_lazy_penalties_are_of_the_critics_optimizer_alone():
    tiny = {
        "architecture": "mlp", "generator_width": 2, "critic_width": 2,
        "objective": "gan_hinge", "r1": 1.0, "critic_steps": 2,
        "learning_rate": 1e-3, "beta_1": 0.5, "beta_2": 0.9,
    }  # fmt: skip
    chosen = settings(regularize_every=8, **tiny)
    model = methods.make_model(chosen, (2, 2, 1))
    critic, generator = model.critic_optimizer, model.generator_optimizer
    assert model.regularize_every == 8 and model.penalty_factor == 16
    assert float(critic.learning_rate) == pytest.approx(1e-3 * 16 / 17)
    assert critic.beta_1 == pytest.approx(0.5 ** (16 / 17))
    assert critic.beta_2 == pytest.approx(0.9 ** (16 / 17))
    assert float(generator.learning_rate) == pytest.approx(1e-3)
    assert generator.beta_2 == 0.9
    usual = methods.make_model(settings(**tiny), (2, 2, 1))
    assert usual.critic_optimizer.beta_2 == 0.9


def test_lazy_penalties_of_the_generator_are_of_its_optimizer_alone():
    tiny = {
        "architecture": "mlp", "generator_width": 2, "critic_width": 2,
        "objective": "gan_hinge", "orthogonal_penalty": 1.0,
        "learning_rate": 0.002, "beta_1": 0.0, "beta_2": 0.99,
    }  # fmt: skip
    chosen = settings(regularize_generator_every=4, **tiny)
    model = methods.make_model(chosen, (2, 2, 1))
    critic, generator = model.critic_optimizer, model.generator_optimizer
    assert model.regularize_generator_every == 4
    assert float(generator.learning_rate) == pytest.approx(0.0016)
    assert generator.beta_2 == pytest.approx(0.991992, abs=1e-6)
    assert float(critic.learning_rate) == pytest.approx(0.002)
    assert critic.beta_2 == 0.99


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": "sgd", "r1": 1.0}, "optimizer=sgd.* Adam"),
        ({}, "regularize_every needs .*r1"),
        (
            {"r1": 1.0, "regularize_generator_every": 4},
            "regularize_generator_every needs .*path_length",
        ),
        ({"r1": 1.0, "path_length_penalty": 2.0}, "no styles"),
    ],
)
def test_lazy_penalties_that_mean_nothing_are_refused(changes, message):
    chosen = settings(
        objective="gan_hinge", architecture="mlp", regularize_every=4, **changes
    )
    with pytest.raises(errors.UsageError, match=message):
        methods.make_model(chosen, (2, 2, 1))
