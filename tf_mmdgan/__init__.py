"""Kernel-distance generative models for TensorFlow 2 and Keras 3.

Public names are imported when they are first used, because TensorFlow takes
seconds to load and `--help` should not.
"""

import importlib

__version__ = "0.1.0"

_HOMES = {
    "kernels": (
        "Kernel", "Gaussian", "RationalQuadratic", "Linear", "Distance",
        "Polynomial", "Tanh", "KERNELS",
    ),
    "mmd": (
        "Grams", "gram_matrices", "mmd2_biased", "mmd2_unbiased",
        "mmd2_ustatistic", "mmd2_variance", "mmd2_ratio", "candidate_sums",
        "three_sample_test",
    ),
    "latents": ("Latents",),
    "f_divergences": ("FDivergence", "DIVERGENCES"),
    "spectral_normalization": ("SpectralNorm", "SpectralNormalization"),
    "constrained_mmd": (
        "scaled_mmd_terms",
        "scaled_mmd_square",
        "gradient_constrained_mmd2",
        "critic_gradient_constrained_mmd2",
        "lipschitz_mmd2",
    ),
    "objectives": (
        "Objective", "MMDGAN", "RatioMMD", "RepulsiveMMD", "AutoencoderMMD",
        "ScaledMMD", "ScaledWGAN", "Scale", "GradientConstrainedMMD", "WGAN",
        "SobolevGAN", "CramerGAN",
        "GAN", "HingeGAN", "FGAN", "GradientPenalty", "ZeroCentredPenalty",
        "NoisePenalty", "FeaturePenalty", "InstanceNoise", "WeightClipping",
        "Annealing", "OBJECTIVES", "REGULARIZERS",
    ),
    "architectures": ("ARCHITECTURES", "Conditioning", "with_decoder"),
    "data": ("ImageSet", "DATASETS"),
    "discrepancies": ("KernelDiscrepancy",),
    "density_ratio": ("RatioMatching",),
    "frozen_features": ("FrozenFeatures",),
    "models": (
        "ImplicitModel", "AdversarialModel", "BurnIn", "MomentMatchingModel",
        "CodeMatchingModel", "FeatureMatchingModel", "RatioMatchingModel",
    ),
    "method": ("METHODS",),
    "evaluation": ("METRICS", "EXTRACTORS", "Report"),
    "evaluation.kid": ("kid", "KID"),
    "export": ("export_generator", "load_generator"),
    "serving": ("Connection", "LocalPredictor", "Sampler"),
    "config": (
        "TrainConfig", "EvaluateConfig", "ExportConfig", "SampleConfig",
        "DemoConfig", "CompareConfig",
    ),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_HOME_OF]


def __getattr__(name: str):
    if name not in _HOME_OF:
        raise AttributeError(f"module 'tf_mmdgan' has no attribute '{name}'")
    module = importlib.import_module(f"tf_mmdgan.{_HOME_OF[name]}")
    return getattr(module, name)


def __dir__():
    return sorted({*globals(), *__all__})
