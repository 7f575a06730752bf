"""Methods without a critic's game, from a configuration to a model."""

import dataclasses

import keras
import losses
import pytest

from tf_mmdgan import config, errors, fetching, kernels, methods
from tf_mmdgan.conditions import Classes
from tf_mmdgan.features import pixels
from tf_mmdgan.latents import Latents
from tf_mmdgan.objectives.density_ratio import RatioMatching
from tf_mmdgan.objectives.discrepancies import (
    GradientConstrainedDiscrepancy,
    KernelDiscrepancy,
    RandomFeatureDiscrepancy,
    SlicedEnergy,
)
from tf_mmdgan.objectives.drift import DriftField
from tf_mmdgan.objectives.drifting import DriftDiscrepancy
from tf_mmdgan.objectives.energy_score import EnergyScore
from tf_mmdgan.objectives.f_divergences import DIVERGENCES

SHAPE = (8, 8, 1)


def settings(objective, **kwargs):
    toy = {"run_dir": "run", "architecture": "mlp", "generator_width": 2}
    return config.TrainConfig(objective=objective, **{**toy, **kwargs})


def test_published_settings():
    made = losses.loss_of(settings("gmmn"))
    assert made == KernelDiscrepancy(kernels.KERNELS["rbf_gmmn"])
    made = losses.loss_of(settings("t_mmd"))
    assert made == KernelDiscrepancy(
        kernels.KERNELS["rbf_mix"], "ratio", root=False
    )
    made = losses.loss_of(settings("gc_mmd"))
    assert made == GradientConstrainedDiscrepancy(
        kernels.KERNELS["rbf"], ridge=1.0, root=False
    )
    made = losses.loss_of(settings("gram"))
    assert made == RatioMatching((1.0,), 1e-3, "penalty")
    assert losses.loss_of(settings("gfmn")) == "lenet_digits"
    for name in ("drift", "drift_ae"):
        made = losses.loss_of(settings(name))
        field = DriftField(kernels.Laplace(), "both")
        assert made == DriftDiscrepancy(field, (0.02, 0.05, 0.2), True, 0.99)


def test_settings_of_flags():
    made = losses.loss_of(
        settings(
            "gmmn", bandwidths="0.5, 2", median_bandwidth=True,
            mmd_estimator="unbiased", mmd_root=False,
        )
    )  # fmt: skip
    assert made == KernelDiscrepancy(
        kernels.Gaussian((0.5, 2.0)), "unbiased", False, True
    )
    made = losses.loss_of(
        settings("gc_mmd", bandwidths="0.5", ridge=0.1, mmd_root=True)
    )
    assert made == GradientConstrainedDiscrepancy(
        kernels.Gaussian((0.5,)), 0.1, root=True
    )
    made = losses.loss_of(settings("gmmn", kernel="rq"))
    assert made.kernel == kernels.KERNELS["rq"]
    made = losses.loss_of(
        settings("gram", bandwidths="1,3", ridge=0.1, ratio_positivity="clip")
    )
    assert made == RatioMatching((1.0, 3.0), 0.1, "clip")
    made = losses.loss_of(
        settings(
            "drift_ae", kernel="rbf", temperatures="0.1, 0.3",
            drift_normalization="separate", drift_divergence="kl",
            drift_scale=False,
        )
    )  # fmt: skip
    field = DriftField(kernels.Gaussian(), "separate", DIVERGENCES["kl"])
    assert made == DriftDiscrepancy(field, (0.1, 0.3), scaled=False)
    made = losses.loss_of(settings("gmmn", discrepancy="sliced", slices=9))
    assert made == SlicedEnergy(9)
    chosen = {"discrepancy": "random_features", "frequencies": 9}
    made = losses.loss_of(settings("gmmn_ae", **chosen, kernel="laplace"))
    assert made == RandomFeatureDiscrepancy(kernels.Laplace(), 9)
    chosen |= {"bandwidths": "0.5,2", "median_bandwidth": True}
    made = losses.loss_of(settings("gmmn", **chosen))
    expected = RandomFeatureDiscrepancy(kernels.Gaussian((0.5, 2.0)), 9, True)
    assert made == expected
    made = losses.loss_of(settings("drift", drift_decay=0.5))
    assert made.decay == 0.5


def test_models_have_the_settings_of_the_configuration():
    model = methods.make_model(settings("gmmn", seed=3, ema_decay=0.5), SHAPE)
    assert (model.seed, model.ema_decay, model.critic) == (3, 0.5, None)
    assert model.matched_features is pixels
    assert model.batches_per_step == 1
    model = methods.make_model(
        settings(
            "gmmn_ae", critic_output=5, autoencoder_steps=7,
            critic_learning_rate=0.3, learning_rate=0.2, critic_width=2,
        ),
        SHAPE,
    )  # fmt: skip
    assert model.pretraining_steps == 7
    assert model.code_generator.output.shape == (None, 5)
    assert float(model.autoencoder_optimizer.learning_rate) == pytest.approx(
        0.3
    )
    assert float(model.optimizers[0].learning_rate) == pytest.approx(0.2)
    model = methods.make_model(
        settings("gram", critic_output=5, critic_width=2, optimizer="sgd"),
        SHAPE,
    )
    assert model.critic.output["features"].shape == (None, 5)
    assert model.generator_optimizer.momentum == 0.5
    kinds = {"adam": keras.optimizers.Adam, "plain": keras.optimizers.SGD}
    for average, rate in (("adam", 0.1), ("plain", 0.2)):
        model = methods.make_model(
            settings(
                "gfmn", matched_features="pixels", moving_average=average,
                moving_average_rate=rate,
            ),
            SHAPE,
        )  # fmt: skip
        assert isinstance(model.average_optimizer, kinds[average])
        assert float(model.average_optimizer.learning_rate) == pytest.approx(
            rate
        )


def test_few_steps_are_those_of_the_configuration():
    chosen = settings(
        "energy_score", energy_power=1.5, energy_repulsion=0.5,
        energy_draws=3, data_deviation=0.7,
    )  # fmt: skip
    assert losses.loss_of(chosen) == EnergyScore(1.5, 0.5)
    model = methods.make_model(chosen, SHAPE)
    assert (model.draws, model.noise_times) == (3, "all")
    sampler = model.generator.layers[-1]
    assert (sampler.steps, sampler.noise_path.deviation) == (4, 0.7)
    assert model.latents == Latents(5 * 64, "normal")
    # Of other steps it has the same weights, and more noise.
    for steps in (1, 8):
        other = dataclasses.replace(chosen, sampling_steps=steps)
        made = methods.make_generator(other, SHAPE)
        assert made.latents.size == (1 + steps) * 64
        made.generator.set_weights(model.generator.get_weights())
    last = methods.settings_of(settings("energy_score", noise_times="last"))
    assert last.sampling_steps == 1


IMPOSSIBLE = [
    ("gmmn", {"gradient_penalty": 1.0}, "--gradient_penalty has no .*=gmmn"),
    ("gmmn", {"critic_output": 3}, "--critic_output has no"),
    ("gmmn", {"critic_learning_rate": 3.0}, "--critic_learning_rate has no"),
    ("mmd", {"bandwidths": "1"}, "--bandwidths has no .*=mmd"),
    ("mmd", {"ridge": 1.0}, "--ridge has no"),
    ("gmmn", {"bandwidths": "1,x"}, "--bandwidths=1,x: need numbers"),
    ("gram", {"bandwidths": "0"}, "--bandwidths=0: need numbers"),
    ("gmmn", {"mmd_estimator": "unbiased"}, "no root: take the estimate"),
    ("gmmn", {"as_published": "scaled"}, "--as_published=scaled: these codes"),
    ("gram", {"conditioning": "projection"}, "takes no labels"),
    ("gmmn", {"classes_per_batch": 2}, "compares no class with its own"),
    (
        "drift",
        {"conditioning": "concatenation", "batch_size": 32},
        "need as many images of each of the 3 classes",
    ),
    (
        "gmmn",
        {
            "conditioning": "concatenation",
            "classes_per_batch": 3,
            "batch_size": 3,
        },
        "two at least",
    ),
    (
        "drift",
        {
            "conditioning": "concatenation",
            "batch_size": 12,
            "mmd_scope": "replica",
        },
        "may have a part of a class",
    ),
    ("gmmn", {"spectra_every": 2}, "--spectra_every=2: .* no critic"),
    ("gmmn_ae", {"schedule_every": 2}, "--schedule_every=2: rates would fall"),
    ("gmmn", {"matched_features": "vgg18:x"}, "Did you mean 'vgg19'"),
    ("gmmn", {"matched_features": "lenet_digits@conv1"}, "Unknown layer"),
    ("gmmn", {"slices": 3}, "--slices needs --discrepancy=sliced"),
    ("gmmn", {"slices": 0}, "--slices=0: must be > 0"),
    ("gmmn", {"frequencies": 3}, "needs --discrepancy=random_features"),
    (
        "gmmn_ae",
        {"discrepancy": "sliced", "kernel": "rq"},
        "--kernel needs --discrepancy=kernel or random_features",
    ),
    (
        "gmmn",
        {"discrepancy": "sliced", "mmd_estimator": "unbiased"},
        "--mmd_estimator needs --discrepancy=kernel",
    ),
    (
        "gmmn",
        {"discrepancy": "random_features", "kernel": "energy"},
        "No random frequencies of .* are known: take rbf",
    ),
    ("gc_mmd", {"discrepancy": "sliced"}, "--discrepancy has no meaning"),
    ("mmd", {"discrepancy": "sliced"}, "--discrepancy has no meaning"),
    ("drift_ae", {"schedule_every": 2}, "--schedule_every=2: rates would"),
    (
        "drift",
        {"temperatures": "0.1,-2"},
        "--temperatures=0.1,-2: need numbers",
    ),
    ("drift", {"temperatures": ""}, "--temperatures=: need numbers"),
    ("drift", {"drift_divergence": "kl"}, "needs --drift_normalization=sep"),
    ("drift", {"drift_divergence": "kll"}, "divergence 'kll'.*mean 'kl'"),
    ("drift", {"kernel": "linear"}, "A drift needs a kernel of the distance"),
    (
        "drift",
        {"kernel": "rbf_mix", "drift_normalization": "sharp"},
        "No sharp drift: .* no companion kernel is known",
    ),
    (
        "drift",
        {"drift_scale": False, "drift_decay": 0.5},
        "--drift_decay needs --drift_scale",
    ),
    ("drift", {"batch_size": 3}, "--batch_size=3: .*=drift needs at least 4"),
    ("drift_ae", {"batch_size": 2}, "--batch_size=2: .*needs at least 4"),
    ("drift", {"bandwidths": "1"}, "--bandwidths has no meaning"),
    ("gmmn", {"temperatures": "1"}, "--temperatures has no meaning"),
    ("gc_mmd", {"kernel": "energy"}, "kernel bears no .* not differentiable"),
    ("gc_mmd", {"mmd_estimator": "ratio"}, "--mmd_estimator has no"),
    ("gfmn", {"dataset": "cifar10"}, "--matched_features is missing"),
    (
        "drift",
        {"drift_guidance": 2.0},
        "guidance=2: is away from other classes: give --conditioning",
    ),
    ("drift_ae", {"drift_guidance": 0.5}, r"guidance=0.5: must be in \[1"),
    (
        "drift",
        {
            "conditioning": "concatenation",
            "classes_per_batch": 1,
            "batch_size": 8,
            "drift_guidance": 2.0,
        },
        "two classes or more in a batch",
    ),
    ("gmmn", {"drift_guidance": 2.0}, "--drift_guidance has no meaning"),
    ("energy_score", {"conditioning": "concatenation"}, "takes no labels"),
    ("energy_score", {"architecture": "dcgan"}, "those of unet, mlp, gmmn are"),
    ("energy_score", {"energy_power": 3.0}, "power=3.0, need .* in .0, 2"),
    ("energy_score", {"energy_repulsion": -1.0}, "repulsion=-1.0: must be"),
    ("energy_score", {"energy_draws": 1}, "draws=1, need 2 or more"),
    ("energy_score", {"sampling_steps": 0}, "sampling_steps=0: must be > 0"),
    ("energy_score", {"data_deviation": 0.0}, "deviation=0.0: must be > 0"),
    (
        "energy_score",
        {"mmd_scope": "replica"},
        "compares nothing over the whole batch",
    ),
    (
        "energy_score",
        {"noise_times": "last", "sampling_steps": 2},
        "at the last noise level alone .* makes one step",
    ),
    ("imm", {"mmd_estimator": "ratio"}, "has biased and unbiased"),
    ("imm", {"batch_size": 30}, "need whole groups of 4"),
    (
        "imm",
        {"group_size": 1, "mmd_estimator": "unbiased", "batch_size": 8},
        "group_size=1, need 2 or more for the unbiased",
    ),
    ("imm", {"energy_draws": 2}, "--energy_draws has no meaning"),
    ("imm", {"mmd_scope": "replica"}, "compares nothing over the whole batch"),
    ("gmmn", {"sampling_steps": 2}, "--sampling_steps has no meaning"),
    (
        "gfmn",
        {"matched_features": "pixels", "mmd_scope": "replica"},
        "averages its moments over batches",
    ),
]


@pytest.mark.parametrize("objective, wrong, words", IMPOSSIBLE, ids=str)
def test_impossible_settings_are_refused(objective, wrong, words):
    with pytest.raises(errors.UsageError, match=words) as caught:
        methods.make_model(settings(objective, **wrong), SHAPE, Classes(3))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "objective, setting",
    [
        ("gfmn", "matched_features"), ("gmmn", "matched_features"),
        ("gmmn_ae", "refine_features"),
    ],
)  # fmt: skip
def test_networks_are_fetched_where_a_configuration_allows_it(
    objective, setting, tmp_path, monkeypatch
):
    for cache in ("XDG_CACHE_HOME", "KERAS_HOME"):
        monkeypatch.setenv(cache, str(tmp_path))

    def check(url, seconds):
        raise fetching.NotFetched(f"No network: {url}.")

    monkeypatch.setattr(fetching, "check", check)
    chosen = {setting: "vgg16"} | (
        {"code_steps": 1} if objective == "gmmn_ae" else {}
    )
    for download, words in ((False, "by --download"), (True, "No network: ")):
        made = settings(objective, download=download, steps=9, **chosen)
        with pytest.raises(errors.DataError, match=words):
            methods.make_model(made, (32, 32, 3))


def test_to_switch_off_what_is_not_there_is_no_error():
    methods.settings_of(settings("gmmn", critic_batch_norm=False))


@pytest.mark.parametrize("name", methods.METHODS)
def test_every_method_says_where_it_is_from_and_has_what_it_names(name):
    entry = methods.METHODS[name]
    assert entry.source
    published = entry.published(settings(name), None)
    assert type(published) is type(entry.settings)
    assert published.by_name().keys() == entry.names
