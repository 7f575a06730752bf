"""From a configuration to an objective and a model."""

import numpy as np
import pytest

from tf_mmdgan import config, data, errors, kernels, method
from tf_mmdgan.objectives import FeaturePenalty, GradientPenalty


def settings(**kwargs):
    return config.TrainConfig(**{"run_dir": "run", **kwargs})


def test_unset_settings_are_the_published_ones():
    objective = method.make_objective(settings())
    assert objective.criterion.kernel == kernels.KERNELS["rq_linear"]
    assert objective.regularizers == (GradientPenalty(1.0), FeaturePenalty(1.0))
    objective = method.make_objective(settings(kernel="distance"))
    assert objective.regularizers[0] == GradientPenalty(10.0)
    assert (
        method.settings_of(settings(kernel="distance"))["critic_output"] == 256
    )


def test_given_settings_win_even_when_they_are_zero():
    objective = method.make_objective(
        settings(kernel="rbf", gradient_penalty=0.0, feature_penalty=0.5)
    )
    assert objective.regularizers == (FeaturePenalty(0.5),)


def test_model_has_the_settings_of_the_configuration():
    model = method.make_model(
        settings(
            kernel="distance", generator_width=4, critic_width=4,
            latent_size=7, critic_steps=2, learning_rate=3e-4,
            critic_learning_rate=2e-4, beta_1=0.3, clip_norm=2.0,
            burn_in_critic_steps=9, ema_decay=0.5, seed=3,
        ),
        (16, 16, 1),
    )  # fmt: skip
    assert model.critic.output["features"].shape == (None, 256)
    assert model.generator.input_shape == (None, 7)
    assert model.batches_per_step == 3
    assert float(model.generator_optimizer.learning_rate) == pytest.approx(3e-4)
    assert float(model.critic_optimizer.learning_rate) == pytest.approx(2e-4)
    assert model.critic_optimizer.beta_1 == 0.3
    assert model.critic_optimizer.beta_2 == 0.9
    assert (model.clip_norm, model.ema_decay, model.seed) == (2.0, 0.5, 3)
    assert model.burn_in.critic_steps == 9


def test_weights_depend_on_the_seed_alone():
    def weights(seed):
        np.random.random(seed + 1)
        made = method.make_model(
            settings(seed=seed, generator_width=4, critic_width=4), (16, 16, 1)
        )
        return made.generator.get_weights()[0]

    np.testing.assert_array_equal(weights(1), weights(1))
    assert (weights(1) != weights(2)).any()


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"kernel": "rqq"}, "known: rbf"),
        ({"objective": "mdm"}, "Did you mean 'mmd'"),
        ({"architecture": "dcgan4"}, "known: dcgan"),
        ({"critic_batch_norm": True}, "--nocritic_batch_norm"),
    ],
    ids=str,
)
def test_impossible_settings_are_refused(wrong, words):
    with pytest.raises(errors.UsageError, match=words):
        method.make_model(settings(**wrong), (16, 16, 1))


def test_critic_batch_norm_is_fine_without_penalty():
    model = method.make_model(
        settings(
            critic_batch_norm=True, gradient_penalty=0.0, critic_width=4,
            generator_width=4, critic_steps=1,
        ),
        (16, 16, 1),
    )  # fmt: skip
    images = data.load("synthetic_grey", "train", 16)
    history = model.fit(
        data.batches(images, 8, 0), steps_per_epoch=1, verbose=0
    ).history
    assert np.isfinite(list(history.values())).all()
