"""Kernel-distance generative models for TensorFlow 2 and Keras 3.

Public names are imported when they are first used, because TensorFlow takes
seconds to load and `--help` should not.
"""

import importlib

__version__ = "0.1.0"

_HOMES = {
    "kernels": (
        "Kernel", "Gaussian", "RationalQuadratic", "Linear", "Distance",
        "Laplace", "LaplaceL1", "Matern", "Polynomial", "Rescaled", "Tanh",
        "Sum", "Product",
        "KERNELS",
    ),
    "mmd": (
        "Grams", "gram_matrices", "mmd2_biased", "mmd2_unbiased",
        "mmd2_ustatistic", "mmd2_weighted", "mmd2_variance", "mmd2_ratio",
        "candidate_sums", "three_sample_test", "two_sample_test",
        "TwoSampleTest", "TWO_SAMPLE_TESTS", "herd",
        "prototypes_and_criticisms", "random_frequencies",
        "characteristic_mmd2", "sliced_energy",
        "rank_by_witness", "vendi_score",
    ),
    "mmd.constrained": (
        "scaled_mmd_terms", "scaled_mmd_square", "gradient_constrained_mmd2",
        "lipschitz_mmd2",
    ),
    "latents": ("Latents",),
    "conditions": ("Condition", "Classes", "Numbers"),
    "distribute": ("Cluster", "make_cluster"),
    "networks": (
        "ARCHITECTURES", "Architecture", "Conditioning", "CriticOptions",
        "GeneratorOptions", "MinibatchDeviation", "MinibatchDiscrimination",
        "StyleOptions", "with_decoder", "with_denoiser",
    ),
    "networks.spectral_normalization": (
        "SpectralNorm", "SpectralNormalization",
    ),
    "data": ("ImageSet", "DatasetEntry", "DATASETS"),
    "objectives": (
        "Criterion", "ScalarCriterion", "Regularizer", "GeneratorRegularizer",
        "Loss",
        "Objective", "MMDGAN", "RatioMMD", "RepulsiveMMD", "AutoencoderMMD",
        "ScaledMMD", "ScaledWGAN", "Scale", "GradientConstrainedMMD", "WGAN",
        "SobolevGAN", "FisherGAN", "CramerGAN", "CharacteristicGAN",
        "SlicedEnergyGAN",
        "GAN", "HingeGAN", "LeastSquaresGAN", "RelativisticGAN",
        "FeatureMatchingGAN", "DenoisingGAN",
        "FGAN", "GradientPenalty", "ZeroCentredPenalty",
        "NoisePenalty", "FeaturePenalty", "OrthogonalPenalty",
        "PathLengthPenalty",
        "InstanceNoise", "WeightClipping", "Annealing",
    ),
    "objectives.augmentations": (
        "CriticAugmentation", "AdaptiveProbability", "CRITIC_AUGMENTATIONS",
        "ImageChange", "GatedChange",
    ),
    "objectives.constrained": ("critic_gradient_constrained_mmd2",),
    "objectives.f_divergences": (
        "FDivergence", "KLDivergence", "ReverseKLDivergence",
        "JeffreyDivergence", "PearsonDivergence", "NeymanDivergence",
        "HellingerDivergence", "AlphaDivergence", "TotalVariation",
        "JensenShannonDivergence", "GANDivergence", "JensenDivergence",
        "DIVERGENCES",
    ),
    "objectives.discrepancy": ("Discrepancy", "PlainDiscrepancy"),
    "objectives.discrepancies": (
        "KernelDiscrepancy", "GradientConstrainedDiscrepancy", "SlicedEnergy",
        "RandomFeatureDiscrepancy",
    ),
    "objectives.drift": ("DriftField",),
    "objectives.drifting": ("DriftDiscrepancy",),
    "objectives.density_ratio": ("RatioMatching",),
    "objectives.learned_moments": ("LearnedMoments",),
    "objectives.loss": ("MMDLoss", "MMDRegularizer"),
    "features": (
        "EXTRACTORS", "Extracted", "FeatureExtractor", "FrozenFeatures",
    ),
    "metrics": ("METRICS", "Metric", "MetricSettings"),
    "metrics.kid": ("kid", "KID"),
    "metrics.kid_tests": ("kid_test", "nearer_test", "NearerTest"),
    "metrics.deep_kernel": ("deep_kernel_test", "DeepKernel"),
    "metrics.classifier": ("classifier_test",),
    "metrics.trained_tests": ("TRAINED_TESTS",),
    "evaluation": ("Report",),
    "models": (
        "Search",
        "ImplicitModel", "AdversarialModel", "BurnIn", "MomentMatchingModel",
        "CodeMatchingModel", "FeatureMatchingModel", "RatioMatchingModel",
        "LearnedMomentsModel",
    ),
    "methods": ("METHODS",),
    "methods.published": ("OBJECTIVES",),
    "methods.adversarial": ("REGULARIZERS",),
    "training": ("train", "evaluate", "load_run", "TrainedRun"),
    "training.guard": ("StopAtNaN",),
    "reproduction.studies": ("STUDIES",),
    "export": ("export_generator", "load_generator"),
    "serving": ("Connection", "LocalPredictor", "Sampler"),
    "config": (
        "DataConfig", "TrainConfig", "EvaluateConfig", "ExportConfig",
        "SampleConfig", "DemoConfig", "CompareConfig", "TwoSampleConfig",
    ),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_HOME_OF]


# Rooms are there without being imported by name: `tm.data.load`.
_ROOMS = {home.partition(".")[0] for home in _HOMES} | {"errors", "images"}


def __getattr__(name: str) -> object:
    if name in _ROOMS:
        return importlib.import_module(f"tf_mmdgan.{name}")
    if name not in _HOME_OF:
        errors = importlib.import_module("tf_mmdgan.errors")
        raise AttributeError(
            f"module 'tf_mmdgan' has no attribute '{name}'."
            + errors.hint(__all__, name)
        )
    home = _HOME_OF[name]
    # Settings are read without TensorFlow; all else needs it, and Keras.
    if home != "config":
        importlib.import_module("tf_mmdgan.keras_settings").check()
    module = importlib.import_module(f"tf_mmdgan.{home}")
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS})
