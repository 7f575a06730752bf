"""Every method by name: where it was published, and with what settings.

To add one that trains against a critic, write its criterion in `objectives` and
give it a line in `OBJECTIVES`, or in `CLASSIFIERS` of `classifiers` if its
critic is one. One with a model of its own goes to `MATCHING`. A setting that is
not given here has the default of its class in `settings`.

    >>> tm.METHODS["gmmn"].source
    'Li et al. 2015, Generative moment matching networks'
    >>> tm.OBJECTIVES["wgan_gp"].settings.critic_output
    1
"""

from dataclasses import replace
from typing import Any

from tf_mmdgan import errors
from tf_mmdgan.config import spelling
from tf_mmdgan.config.catalogue import Catalogue
from tf_mmdgan.config.expressions import Family
from tf_mmdgan.kernels import KERNEL_FAMILY, KERNELS, Laplace
from tf_mmdgan.methods.adversarial import AdversarialMethod
from tf_mmdgan.methods.classifiers import CLASSIFIERS
from tf_mmdgan.methods.few_steps import EnergyScoreMethod, InductiveMethod
from tf_mmdgan.methods.few_steps_settings import (
    EnergyScoreSettings,
    InductiveSettings,
)
from tf_mmdgan.methods.learned_moments import LearnedMomentsMethod
from tf_mmdgan.methods.learned_moments_settings import LearnedMomentsSettings
from tf_mmdgan.methods.matching import (
    CodeDriftMethod,
    CodeMatchingMethod,
    DriftMethod,
    FeatureMatchingMethod,
    GradientConstrainedMethod,
    MomentMatchingMethod,
    RatioMatchingMethod,
)
from tf_mmdgan.methods.method import Method
from tf_mmdgan.methods.settings import (
    AdversarialSettings,
    CodeDriftSettings,
    CodeMatchingSettings,
    FeatureDriftSettings,
    FeatureMatchingSettings,
    GradientConstrainedSettings,
    MomentMatchingSettings,
    RatioMatchingSettings,
)
from tf_mmdgan.objectives import (
    MMDGAN,
    WGAN,
    AutoencoderMMD,
    CharacteristicGAN,
    CramerGAN,
    Criterion,
    FisherGAN,
    GradientConstrainedMMD,
    RatioMMD,
    RepulsiveMMD,
    ScaledMMD,
    ScaledWGAN,
    SlicedEnergyGAN,
    SobolevGAN,
)
from tf_mmdgan.objectives.f_divergences import DIVERGENCE_FAMILY

_DEMYSTIFYING = "Binkowski et al. 2018, Demystifying MMD GANs"
_SCALED = "Arbel et al. 2018, On gradient regularizers for MMD GANs"
_REPULSIVE = "Wang et al. 2019, MMD-GAN with repulsive loss function"
_TWO_SAMPLE = "Sutherland et al. 2017, Generative models and model criticism"
_DRIFTING = "Deng et al. 2026, Generative modeling via drifting"
_GMMN = "Li et al. 2015, Generative moment matching networks"

_MMD = AdversarialSettings(
    criterion=MMDGAN(KERNELS["rq_linear"]),
    critic_output=16,
    gradient_penalty=1.0,
    feature_penalty=1.0,
)
_ENERGY = AdversarialSettings(
    criterion=MMDGAN(KERNELS["energy"]),
    critic_output=256,
    gradient_penalty=10.0,
    feature_penalty=1e-4,
)
_CRAMER = AdversarialSettings(
    criterion=CramerGAN("energy"), critic_output=256, gradient_penalty=10.0
)
_REPULSIVE_MMD = AdversarialSettings(
    criterion=RepulsiveMMD(KERNELS["rbf"]),
    critic_output=16,
    critic_steps=1,
    learning_rate=2e-4,
    spectral_norm="operator",
    spectral_scale=1.0 / 0.55,
)
# With the paper's scale and He's weights these learn far more slowly:
# docs/scaled_mmd.md.
_SMMD = AdversarialSettings(
    criterion=ScaledMMD(KERNELS["rbf"]),
    published_weights=True,
    learning_rate=2e-4,
)
_SWGAN = AdversarialSettings(
    criterion=ScaledWGAN(), published_weights=True, learning_rate=2e-4
)

OBJECTIVES: Catalogue[AdversarialMethod] = Catalogue("objective", __doc__) | {
    "mmd": AdversarialMethod(
        _DEMYSTIFYING,
        _MMD,
        by_kernel={KERNELS[name]: _ENERGY for name in ("distance", "energy")},
    ),
    "linear_mmd": AdversarialMethod(
        f"{_DEMYSTIFYING}, table 3",
        replace(_MMD, criterion=MMDGAN(KERNELS["linear"])),
    ),
    "energy": AdversarialMethod(f"{_DEMYSTIFYING}, distance kernel", _ENERGY),
    "sliced_energy": AdversarialMethod(
        f"{_DEMYSTIFYING}, distance kernel; along lines: Hertrich et al. 2024",
        replace(_ENERGY, criterion=SlicedEnergyGAN()),
    ),
    "ratio_mmd": AdversarialMethod(
        # The statistic alone is theirs; they have no critic. One that tells
        # all images apart makes the variance vanish and the ratio run away;
        # noise on the images keeps both finite.
        _TWO_SAMPLE,
        replace(_MMD, criterion=RatioMMD(KERNELS["rq"]), instance_noise=0.5),
    ),
    "li_mmd": AdversarialMethod(
        "Li et al. 2017, MMD GAN",
        AdversarialSettings(
            criterion=AutoencoderMMD(
                KERNELS["rbf_octaves"],
                reconstruction_weight=8.0,
                feasible_set_weight=16.0,
            ),
            critic_output=128,
            critic_batch_norm=True,
            weight_clip=0.01,
            burn_in_critic_steps=100,
            learning_rate=5e-5,
        ),
    ),
    "repulsive_mmd": AdversarialMethod(_REPULSIVE, _REPULSIVE_MMD),
    "bounded_repulsive_mmd": AdversarialMethod(
        f"{_REPULSIVE}, section 4",
        replace(
            _REPULSIVE_MMD,
            criterion=RepulsiveMMD(KERNELS["rbf"], bounds=(0.25, 4.0)),
        ),
    ),
    "smmd": AdversarialMethod(_SCALED, _SMMD),
    "sn_smmd": AdversarialMethod(
        _SCALED,
        replace(_SMMD, spectral_norm="matrix", learnable_spectral_scale=True),
    ),
    "gc_mmd_gan": AdversarialMethod(
        f"{_SCALED}, section 3, there with fixed kernels",
        AdversarialSettings(
            criterion=GradientConstrainedMMD(KERNELS["rbf"]), critic_output=16
        ),
    ),
    "swgan": AdversarialMethod(_SCALED, _SWGAN),
    "sn_swgan": AdversarialMethod(
        _SCALED,
        replace(_SWGAN, spectral_norm="matrix", learnable_spectral_scale=True),
    ),
    "wgan": AdversarialMethod(
        "Arjovsky et al. 2017, Wasserstein GAN",
        AdversarialSettings(
            criterion=WGAN(),
            critic_batch_norm=True,
            weight_clip=0.01,
            burn_in_critic_steps=100,
            learning_rate=5e-5,
        ),
    ),
    "wgan_gp": AdversarialMethod(
        "Gulrajani et al. 2017, Improved training of Wasserstein GANs",
        AdversarialSettings(criterion=WGAN(), gradient_penalty=10.0),
    ),
    "sobolev": AdversarialMethod(
        "Mroueh et al. 2018, Sobolev GAN",
        # Our choice: the code of Arbel et al. 2018 leaves it to a flag.
        AdversarialSettings(criterion=SobolevGAN(constraint_weight=0.1)),
    ),
    "fisher": AdversarialMethod(
        "Mroueh and Sercu 2017, Fisher GAN",
        AdversarialSettings(
            criterion=FisherGAN(),
            critic_steps=2,
            critic_batch_norm=True,
            learning_rate=2e-4,
        ),
    ),
    "cramer": AdversarialMethod(
        "Bellemare et al. 2017, The Cramer distance", _CRAMER
    ),
    "cramer_surrogate": AdversarialMethod(
        f"{_DEMYSTIFYING}, code, reddit_cramer",
        replace(_CRAMER, criterion=CramerGAN("surrogate")),
    ),
    "ocf": AdversarialMethod(
        "Ansari et al. 2020, A characteristic function approach",
        AdversarialSettings(
            criterion=CharacteristicGAN(),
            critic_output=32,
            gradient_penalty=10.0,
            # The witness may oscillate, and its slope does not bound features.
            penalized_function="outputs",
        ),
    ),
    **CLASSIFIERS,
}

MATCHING: dict[str, Method[Any]] = {
    "gmmn": MomentMatchingMethod(
        _GMMN, MomentMatchingSettings(kernel=KERNELS["rbf_gmmn"])
    ),
    "t_mmd": MomentMatchingMethod(
        f"{_TWO_SAMPLE}, section 3.2",
        MomentMatchingSettings(
            kernel=KERNELS["rbf_mix"], mmd_estimator="ratio", mmd_root=False
        ),
    ),
    "gc_mmd": GradientConstrainedMethod(
        f"{_SCALED}, section 3",
        GradientConstrainedSettings(
            kernel=KERNELS["rbf"], mmd_root=False, ridge=1.0
        ),
    ),
    "gmmn_ae": CodeMatchingMethod(
        f"{_GMMN}, section 4",
        CodeMatchingSettings(
            kernel=KERNELS["rbf"], critic_output=32, autoencoder_steps=3000
        ),
    ),
    "drift": DriftMethod(
        _DRIFTING,
        FeatureDriftSettings(kernel=Laplace(), learning_rate=2e-4),
    ),
    "drift_ae": CodeDriftMethod(
        # The codes of theirs are those of a trained latent diffusion model.
        f"{_DRIFTING}; of the codes of {_GMMN}, section 4",
        CodeDriftSettings(
            kernel=Laplace(),
            learning_rate=2e-4,
            critic_output=32,
            autoencoder_steps=3000,
        ),
    ),
    "energy_score": EnergyScoreMethod(
        "De Bortoli et al. 2025, Distributional diffusion models with scoring "
        "rules",
        EnergyScoreSettings(),
    ),
    "imm": InductiveMethod(
        "Zhou et al. 2025, Inductive moment matching", InductiveSettings()
    ),
    "gfmn": FeatureMatchingMethod(
        "dos Santos et al. 2019, Learning implicit generative models by "
        "matching perceptual features",
        FeatureMatchingSettings(
            moving_average="adam", moving_average_rate=1e-5
        ),
    ),
    "molm": LearnedMomentsMethod(
        "Ravuri et al. 2018, Learning implicit generative models with the "
        "method of learned moments",
        LearnedMomentsSettings(),
    ),
    "gram": RatioMatchingMethod(
        "Srivastava et al. 2020, Generative ratio matching networks",
        RatioMatchingSettings(
            critic_output=10,
            # With He's, which are larger, the projection begins too steep.
            published_weights=True,
            bandwidths=(1.0,),
            ridge=1e-3,
            ratio_positivity="penalty",
        ),
    ),
}

METHODS: Catalogue[Method[Any]] = OBJECTIVES | MATCHING

METHOD_FAMILY: Family[Method[Any] | Criterion] = Family(
    "objective",
    METHODS,
    (Method, Criterion),
    parts=(KERNEL_FAMILY, DIVERGENCE_FAMILY),
)


def get_method(given: object) -> Method[Any]:
    """The method that an objective stands for.

    A criterion of the user's own has the defaults of `AdversarialSettings`; an
    `AdversarialMethod` says what they are.

    Args:
      given: a name, a criterion or an `AdversarialMethod`, or an expression for
        one of these.

    Raises:
      UsageError: for anything else.
    """
    found = METHOD_FAMILY.get(given)
    if isinstance(found, Criterion):
        if not hasattr(found, "__dataclass_fields__"):
            raise errors.UsageError(
                f"objective: {type(found).__name__} has no fields, which "
                "settings are: make it a frozen dataclass."
            )
        settings = AdversarialSettings(criterion=found)
        return AdversarialMethod(spelling.text(given), settings)
    if isinstance(found, AdversarialMethod) or found in METHODS.values():
        return found
    raise errors.UsageError(
        f"objective {spelling.text(given)}: a method with a model of its own "
        "must be listed in METHODS."
    )
