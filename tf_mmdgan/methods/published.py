"""Every objective by name, with its published settings.

To add one, write its criterion in a module here and give it an entry in
`OBJECTIVES`. A setting has the name of its flag; what neither flag nor entry
gives is that of `DEFAULTS`.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from tf_mmdgan.objectives.annealing import Annealing
from tf_mmdgan.objectives.constrained import GradientConstrainedMMD
from tf_mmdgan.objectives.cramer import CramerGAN
from tf_mmdgan.objectives.criterion import Criterion
from tf_mmdgan.objectives.gan import FGAN, GAN, HingeGAN
from tf_mmdgan.objectives.mmd_gan import (
    MMDGAN,
    AutoencoderMMD,
    RatioMMD,
    RepulsiveMMD,
)
from tf_mmdgan.objectives.objective import Objective
from tf_mmdgan.objectives.regularizers import (
    FeaturePenalty,
    GradientPenalty,
    InstanceNoise,
    NoisePenalty,
    Regularizer,
    WeightClipping,
    ZeroCentredPenalty,
)
from tf_mmdgan.objectives.scaled import Scale, ScaledMMD, ScaledWGAN
from tf_mmdgan.objectives.wasserstein import WGAN, SobolevGAN


@dataclasses.dataclass(frozen=True)
class Entry:
    """An objective of the catalogue.

    Attributes:
      criterion: class of the criterion.
      source: where it was published.
      settings: the published ones.
      by_kernel: published for some kernels instead.
    """

    criterion: type[Criterion]
    source: str
    settings: Mapping[str, Any]
    by_kernel: Mapping[str, Mapping[str, Any]] = dataclasses.field(
        default_factory=dict
    )

    @property
    def fields(self) -> frozenset[str]:
        """Settings that the criterion itself has."""
        names = {field.name for field in dataclasses.fields(self.criterion)}
        if "scale" in names:
            names |= SCALE_SETTINGS.keys()
        return frozenset(names - {"scale"})

    def published(self, kernel: str | None = None) -> dict[str, Any]:
        """All settings, those for `kernel` where it has its own."""
        own = {
            field.name: field.default
            for field in dataclasses.fields(self.criterion)
            if field.name in self.fields
            and field.default is not dataclasses.MISSING
        }
        return {
            **DEFAULTS,
            **own,
            **self.settings,
            **({"kernel": kernel} if kernel else {}),
            **self.by_kernel.get(kernel, {}),
        }


SCALE_SETTINGS = {
    "scale_offset": "offset",
    "scale_measure": "measure",
    "scale_jacobian": "jacobian",
    "scale_coefficient": "coefficient",
}

# Of methods that were published without.
DEFAULTS: dict[str, Any] = {
    "critic_output": 1,
    "critic_batch_norm": False,
    "critic_steps": 5,
    "burn_in_critic_steps": 0,
    "burn_in_first": 25,
    "burn_in_every": 500,
    "spectral_norm": "none",
    "spectral_scale": 1.0,
    "learnable_spectral_scale": False,
    "spectral_vectors": 8,
    "project_output": False,
    "gradient_penalty": 0.0,
    "penalized_function": "witness",
    "penalty_norm": "image",
    "penalty_epsilon": 1e-12,
    "r1": 0.0,
    "r2": 0.0,
    "feature_penalty": 0.0,
    "noise_penalty": 0.0,
    "instance_noise": 0.0,
    "noise_annealing_steps": 0,
    "weight_clip": 0.0,
    "scale_offset": 1.0,
    "scale_measure": "real",
    "scale_jacobian": "exact",
    "scale_coefficient": None,
}

_DEMYSTIFYING = "Binkowski et al. 2018, Demystifying MMD GANs"
_SCALED = "Arbel et al. 2018, On gradient regularizers for MMD GANs"
_REPULSIVE = "Wang et al. 2019, MMD-GAN with repulsive loss function"
_PENALISED = {
    "critic_output": 16,
    "gradient_penalty": 1.0,
    "feature_penalty": 1.0,
}
_REPULSIVE_SETTINGS = {
    "kernel": "rbf",
    "critic_output": 16,
    "critic_steps": 1,
    "spectral_norm": "operator",
    "spectral_scale": 1.0 / 0.55,
}
_DISTANCE = {"critic_output": 256, "gradient_penalty": 10.0}
_SN = {"spectral_norm": "matrix", "learnable_spectral_scale": True}

OBJECTIVES: dict[str, Entry] = {
    "mmd": Entry(
        MMDGAN,
        _DEMYSTIFYING,
        {"kernel": "rq_linear", **_PENALISED},
        by_kernel={
            "distance": {**_DISTANCE, "feature_penalty": 1e-4},
            "energy": {**_DISTANCE, "feature_penalty": 1e-4},
        },
    ),
    "linear_mmd": Entry(
        MMDGAN,
        f"{_DEMYSTIFYING}, table 3",
        {"kernel": "linear", **_PENALISED},
    ),
    "energy": Entry(
        MMDGAN,
        f"{_DEMYSTIFYING}, distance kernel",
        {"kernel": "energy", **_DISTANCE, "feature_penalty": 1e-4},
    ),
    "ratio_mmd": Entry(
        RatioMMD,
        # The statistic alone is theirs; they have no critic. One that tells
        # all images apart makes the variance vanish and the ratio run away;
        # noise on the images keeps both finite.
        "Sutherland et al. 2017, Generative models and model criticism",
        {"kernel": "rq", **_PENALISED, "instance_noise": 0.5},
    ),
    "li_mmd": Entry(
        AutoencoderMMD,
        "Li et al. 2017, MMD GAN",
        {
            "kernel": "rbf_octaves",
            "critic_output": 128,
            "critic_batch_norm": True,
            "weight_clip": 0.01,
            "burn_in_critic_steps": 100,
            "reconstruction_weight": 8.0,
            "feasible_set_weight": 16.0,
        },
    ),
    "repulsive_mmd": Entry(
        RepulsiveMMD,
        _REPULSIVE,
        _REPULSIVE_SETTINGS,
    ),
    "bounded_repulsive_mmd": Entry(
        RepulsiveMMD,
        f"{_REPULSIVE}, section 4",
        {**_REPULSIVE_SETTINGS, "bounds": (0.25, 4.0)},
    ),
    "smmd": Entry(ScaledMMD, _SCALED, {"kernel": "rbf"}),
    "sn_smmd": Entry(ScaledMMD, _SCALED, {"kernel": "rbf", **_SN}),
    "gc_mmd_gan": Entry(
        GradientConstrainedMMD,
        f"{_SCALED}, section 3, there with fixed kernels",
        {"kernel": "rbf", "critic_output": 16},
    ),
    "swgan": Entry(ScaledWGAN, _SCALED, {}),
    "sn_swgan": Entry(ScaledWGAN, _SCALED, _SN),
    "wgan": Entry(
        WGAN,
        "Arjovsky et al. 2017, Wasserstein GAN",
        {
            "critic_batch_norm": True,
            "weight_clip": 0.01,
            "burn_in_critic_steps": 100,
        },
    ),
    "wgan_gp": Entry(
        WGAN,
        "Gulrajani et al. 2017, Improved training of Wasserstein GANs",
        {"gradient_penalty": 10.0},
    ),
    "sobolev": Entry(
        SobolevGAN,
        "Mroueh et al. 2018, Sobolev GAN",
        # Our choice: the code of Arbel et al. 2018 leaves it to a flag.
        {"constraint_weight": 0.1},
    ),
    "cramer": Entry(
        CramerGAN,
        "Bellemare et al. 2017, The Cramer distance",
        {"generator_form": "energy", **_DISTANCE},
    ),
    "cramer_surrogate": Entry(
        CramerGAN,
        f"{_DEMYSTIFYING}, code, reddit_cramer",
        {"generator_form": "surrogate", **_DISTANCE},
    ),
    "gan_minimax": Entry(
        GAN,
        "Goodfellow et al. 2014, Generative adversarial nets",
        {
            "generator_form": "minimax",
            "critic_steps": 1,
            "critic_batch_norm": True,
        },
    ),
    "gan": Entry(
        GAN,
        "Goodfellow et al. 2014, Generative adversarial nets",
        {
            "generator_form": "non_saturating",
            "critic_steps": 1,
            "critic_batch_norm": True,
        },
    ),
    "sn_gan": Entry(
        GAN,
        "Miyato et al. 2018, Spectral normalization",
        {"generator_form": "non_saturating", "spectral_norm": "matrix"},
    ),
    "gan_hinge": Entry(
        HingeGAN,
        "Miyato et al. 2018, Spectral normalization",
        {"spectral_norm": "matrix"},
    ),
    "boundary_seeking": Entry(
        GAN,
        "Hjelm et al. 2018, Boundary-seeking GANs",
        {
            "generator_form": "boundary_seeking",
            "critic_steps": 1,
            "critic_batch_norm": True,
        },
    ),
    "f_gan": Entry(
        FGAN,
        "Nowozin et al. 2016, f-GAN",
        {
            "divergence": "jensen_shannon",
            "generator_form": "minimax",
            "critic_steps": 1,
            # Not of the paper: single steps of both networks want it. S.
            # Nowozin's tutorial at the Machine Learning Summer School 2018 has
            # 10, by pixels in [-1, 1], on the activated output.
            "r1": 2.5,
        },
    ),
}


def build(entry: Entry, settings: Mapping[str, Any]) -> Objective:
    """The objective of an entry.

    Args:
      entry: of `OBJECTIVES`.
      settings: all of `entry.published()`, kernel and divergence as objects.

    Raises:
      UsageError: for settings that do not go together.
    """
    values = {name: settings[name] for name in entry.fields & settings.keys()}
    scale = {
        field: values.pop(name)
        for name, field in SCALE_SETTINGS.items()
        if name in values
    }
    if scale:
        values["scale"] = Scale(**scale)
    annealing = Annealing(settings["noise_annealing_steps"])
    regularizers = (
        make(settings, annealing)
        for name, make in REGULARIZERS.items()
        if settings[name]
    )
    noise, bound = settings["instance_noise"], settings["weight_clip"]
    objective = Objective(
        entry.criterion(**values),
        tuple(regularizers),
        InstanceNoise(noise, annealing) if noise else None,
        WeightClipping(bound) if bound else None,
    )
    objective.check(settings["critic_output"])
    return objective


Maker = Callable[[Mapping[str, Any], Annealing], Regularizer]

# By the name of the setting that is the weight; 0 leaves one out.
REGULARIZERS: dict[str, Maker] = {
    "gradient_penalty": lambda settings, _: GradientPenalty(
        settings["gradient_penalty"],
        settings["penalized_function"],
        settings["penalty_norm"],
        settings["penalty_epsilon"],
    ),
    "r1": lambda settings, _: ZeroCentredPenalty(settings["r1"], "real"),
    "r2": lambda settings, _: ZeroCentredPenalty(settings["r2"], "fake"),
    "feature_penalty": lambda settings, _: FeaturePenalty(
        settings["feature_penalty"]
    ),
    "noise_penalty": lambda settings, annealing: NoisePenalty(
        settings["noise_penalty"], annealing
    ),
}
