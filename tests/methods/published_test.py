"""Published settings and what is made of settings."""

import dataclasses
import re

import pytest

from tf_mmdgan import config, errors, kernels
from tf_mmdgan.config.method import MethodConfig
from tf_mmdgan.methods.adversarial import REGULARIZERS
from tf_mmdgan.methods.published import METHODS, OBJECTIVES
from tf_mmdgan.methods.settings import AdversarialSettings
from tf_mmdgan.objectives import (
    FeaturePenalty,
    GradientPenalty,
    InstanceNoise,
    NoisePenalty,
    OrthogonalPenalty,
    Scale,
    SobolevGAN,
    WeightClipping,
    ZeroCentredPenalty,
)
from tf_mmdgan.objectives.annealing import Annealing

CONFIG = config.TrainConfig(run_dir="run")


def make(name, **changes):
    entry = OBJECTIVES[name]
    if "kernel" in changes:
        changes["kernel"] = kernels.KERNELS[changes["kernel"]]
    return entry.loss(entry.settings.changed(changes))


def test_published_settings_depend_on_the_kernel():
    mmd, known = OBJECTIVES["mmd"], kernels.KERNELS
    usual = mmd.published(CONFIG, None)
    assert usual.criterion.kernel == known["rq_linear"]
    assert mmd.published(CONFIG, known["rbf"]) == usual
    for name in ("distance", "energy"):
        other = mmd.published(CONFIG, known[name])
        given = other.changed({"kernel": known[name]})
        assert given == usual.changed(
            {
                "kernel": known[name],
                "critic_output": 256,
                "gradient_penalty": 10.0,
                "feature_penalty": 1e-4,
            }
        )
    assert "kernel" not in OBJECTIVES["wgan"].names


def test_every_regularizer_is_made_of_its_setting():
    objective = make(
        "gan_minimax",
        critic_batch_norm=False,
        gradient_penalty=0.1,
        penalized_function="critic",
        penalty_norm="rows",
        penalty_epsilon=1e-5,
        r1=0.2,
        r2=0.3,
        feature_penalty=0.4,
        noise_penalty=0.5,
        instance_noise=0.6,
        weight_clip=0.7,
        orthogonal_penalty=0.8,
        noise_annealing_steps=8,
    )
    assert objective.regularizers == (
        GradientPenalty(0.1, "critic", "rows", 1e-5),
        ZeroCentredPenalty(0.2, "real"),
        ZeroCentredPenalty(0.3, "fake"),
        FeaturePenalty(0.4),
        NoisePenalty(0.5, Annealing(8)),
    )
    assert objective.instance_noise == InstanceNoise(0.6, Annealing(8))
    assert objective.weight_clipping == WeightClipping(0.7)
    assert objective.generator_regularizers == (OrthogonalPenalty(0.8),)
    names = [part.name for part in objective.regularizers]
    assert names == list(REGULARIZERS)


def test_zeros_leave_everything_out():
    others = ("instance_noise", "weight_clip", "orthogonal_penalty")
    zeros = dict.fromkeys((*REGULARIZERS, *others), 0.0)
    for name in OBJECTIVES:
        objective = make(name, **zeros)
        assert objective.regularizers == ()
        assert objective.instance_noise is None
        assert objective.weight_clipping is None
        assert objective.generator_regularizers == ()


def test_criterion_has_the_settings_of_its_fields():
    criterion = make(
        "smmd",
        kernel="rq",
        scale_form="paper",
        scale_offset=0.1,
        scale_measure="mixture",
        scale_jacobian="hutchinson",
    ).criterion
    assert criterion.kernel == kernels.KERNELS["rq"]
    assert criterion.scale == Scale("paper", 0.1, "mixture", "hutchinson")
    assert make("swgan").criterion.scale == Scale()
    criterion = make("repulsive_mmd", bounds=(0.5, 2.0)).criterion
    assert criterion.bounds == (0.5, 2.0)
    assert make("sobolev", constraint_weight=3.0).criterion == (SobolevGAN(3.0))


def test_settings_of_the_criteria():
    shared = OBJECTIVES["wgan"].names
    fields = {field.name for field in dataclasses.fields(AdversarialSettings)}
    assert shared == fields - {"criterion"}
    own = OBJECTIVES["f_gan"].names - shared
    assert own == {"divergence", "generator_form"}
    assert OBJECTIVES["swgan"].names - shared == {
        "scale_form",
        "scale_offset",
        "scale_measure",
        "scale_jacobian",
    }


@pytest.mark.parametrize(
    "name, changes, message",
    [
        ("wgan", {"critic_output": 16}, "--critic_output: WGAN .* not 16"),
        ("f_gan", {"critic_output": 2}, "--critic_output: FGAN .* not 2"),
        ("swgan", {"critic_output": 16}, "--critic_output: ScaledWGAN .* 16"),
        ("mmd", {"penalized_function": "critic"}, "--penalized_function"),
        ("mmd", {"noise_penalty": 0.1}, "--noise_penalty: .* MMDGAN has none"),
        (
            "smmd",
            {"kernel": "distance"},
            "--kernel: The kernel has no Scaled MMD",
        ),
        (
            "smmd",
            {"kernel": "polynomial", "scale_jacobian": "hutchinson"},
            "With an exact Jacobian",
        ),
        ("bounded_repulsive_mmd", {"kernel": "rq"}, "--kernel"),
        ("gan", {"generator_form": "hinge"}, "Unknown generator form"),
    ],
)
def test_settings_that_do_not_go_together(name, changes, message):
    with pytest.raises(errors.UsageError) as caught:
        make(name, **changes)
    assert re.search(message, caught.value.with_flag)


def test_a_single_output_may_be_penalised_itself():
    objective = make("mmd", critic_output=1, penalized_function="critic")
    assert objective.regularizers[0].function == "critic"


PUBLISHED = [
    ("mmd", "critic_output", 16),
    ("cramer", "critic_output", 256),
    ("wgan_gp", "gradient_penalty", 10.0),
    ("wgan", "weight_clip", 0.01),
    ("li_mmd", "weight_clip", 0.01),
    ("li_mmd", "reconstruction_weight", 8.0),
    ("li_mmd", "feasible_set_weight", 16.0),
    ("li_mmd", "kernel", kernels.KERNELS["rbf_octaves"]),
    ("smmd", "critic_output", 1),
    ("smmd", "gradient_penalty", 0.0),
    ("sn_smmd", "learnable_spectral_scale", True),
    ("sn_gan", "learnable_spectral_scale", False),
    ("bounded_repulsive_mmd", "bounds", (0.25, 4.0)),
    ("repulsive_mmd", "critic_steps", 1),
]


@pytest.mark.parametrize("name, setting, value", PUBLISHED)
def test_published_values(name, setting, value):
    assert OBJECTIVES[name].settings.by_name()[setting] == value


def test_every_flag_that_means_as_published_is_a_setting_of_a_method():
    flags = {
        field.name
        for field in dataclasses.fields(MethodConfig)
        if field.default is None
    }
    # These are as published for the architecture.
    flags -= {"generator_spectral_norm", "mapping_layers", "style_mixing"}
    assert not flags.difference(*(m.names for m in METHODS.values()))
