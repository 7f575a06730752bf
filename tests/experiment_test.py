"""From a configuration to a model, and every published recipe."""

import dataclasses
import pathlib

import numpy as np
import pytest

from tf_mmdgan import config, data, errors, experiment, kernels
from tf_mmdgan.tools import flag_config

RECIPES = sorted((pathlib.Path(__file__).parents[1] / "flags").glob("*.cfg"))


def settings(**kwargs):
    return config.TrainConfig(**{"run_dir": "run", **kwargs})


def test_unset_settings_are_the_published_ones():
    objective = experiment.make_objective(settings())
    assert objective.kernel == kernels.KERNELS["rq_linear"]
    assert (objective.gradient_penalty, objective.feature_penalty) == (1, 1)
    objective = experiment.make_objective(settings(kernel="distance"))
    assert objective.gradient_penalty == 10


def test_given_settings_win_even_when_they_are_zero():
    objective = experiment.make_objective(
        settings(kernel="rbf", gradient_penalty=0.0, feature_penalty=0.5)
    )
    assert objective.gradient_penalty == 0
    assert objective.feature_penalty == 0.5


def test_model_has_the_settings_of_the_configuration():
    model = experiment.make_model(
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
        made = experiment.make_model(
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
        ({"critic_batch_norm": True}, "--gradient_penalty=0"),
    ],
    ids=str,
)
def test_impossible_settings_are_refused(wrong, words):
    with pytest.raises(errors.UsageError, match=words):
        experiment.make_model(settings(**wrong), (16, 16, 1))


def test_critic_batch_norm_is_fine_without_penalty():
    model = experiment.make_model(
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


@pytest.mark.parametrize(
    "wrong, error, words",
    [
        ({"dataset": "digit"}, errors.UsageError, "Did you mean 'digits'"),
        ({"image_size": 8}, errors.UsageError, "16 to 160 pixels"),
        ({"batch_size": 2000}, errors.UsageError, "batch_size=2000"),
        ({"features": "lenett"}, errors.UsageError, "known: pixels"),
        ({"features": "none.npz"}, errors.DataError, r"none\.npz"),
        ({"max_block_size": 1}, errors.UsageError, "max_block_size=1"),
        ({"evaluation_samples": 1}, errors.DataError, "1 samples"),
        (
            {"dataset": "fashion_mnist", "data_dir": "flags"},
            errors.DataError,
            "--data_dir",
        ),
    ],
    ids=str,
)
def test_nothing_is_written_for_what_cannot_start(
    tmp_path, wrong, error, words
):
    toy = {"generator_width": 4, "critic_width": 4, "steps": 20, **wrong}
    run_dir = tmp_path / "run"
    with pytest.raises(error, match=words):
        experiment.prepare(settings(**toy, run_dir=str(run_dir)))
    assert not run_dir.exists()


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipe_builds_and_takes_a_step_on_two_devices(path, two_cpus):
    recipe = flag_config.parse(
        config.TrainConfig, [f"--flagfile={path}", "--run_dir=run"]
    )
    entry = data.DATASETS[recipe.dataset]
    toy = dataclasses.replace(
        recipe, generator_width=4, critic_width=4, critic_steps=1
    )
    size = recipe.image_size or entry.image_size
    name = "synthetic_grey" if entry.channels == 1 else "synthetic"
    images = data.load(name, "train", size)
    with two_cpus.scope():
        model = experiment.make_model(toy, images.image_shape)
    batches = two_cpus.experimental_distribute_dataset(
        data.batches(images, 8, 0)
    )
    history = model.fit(batches, steps_per_epoch=1, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert history["critic/mmd2"] != [0]


def test_later_flags_win_over_the_flagfile():
    recipe = flag_config.parse(
        config.TrainConfig,
        [f"--flagfile={RECIPES[0]}", "--run_dir=run", "--batch_size=7"],
    )
    assert recipe.batch_size == 7
