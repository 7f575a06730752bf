"""Methods that match moments or ratios: nothing plays against the generator."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras

from tf_mmdgan import data, errors, kernels, networks
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.features import frozen
from tf_mmdgan.methods.builder import COMMON, Parts, dtype_policy
from tf_mmdgan.mmd.constrained import distance
from tf_mmdgan.models import (
    CodeMatchingModel,
    FeatureMatchingModel,
    ImplicitModel,
    MomentMatchingModel,
    RatioMatchingModel,
    pixels,
)
from tf_mmdgan.objectives.density_ratio import RatioMatching
from tf_mmdgan.objectives.discrepancies import (
    Discrepancy,
    GradientConstrainedDiscrepancy,
    KernelDiscrepancy,
)

_PIXELS = "pixels"
# Of networks beside the generator that have neither.
_NETWORK = {"critic_batch_norm": False, "published_weights": False}


@dataclasses.dataclass(frozen=True)
class _Matching:
    """What these methods have in common; see `methods.Method`."""

    source: str
    settings: Mapping[str, Any]
    has_deviations = False
    # Names of settings of the run that not all methods have.
    also = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """Of the settings that it has."""
        return self.settings.keys() | COMMON.keys() | self.also

    def published(self, config: TrainConfig) -> dict[str, Any]:
        """Every setting as published."""
        del config
        return {**COMMON, **self.settings}

    def loss(self, settings: dict[str, Any]) -> Any:
        """See `methods.Method`."""
        raise NotImplementedError

    def model(self, parts: Parts, loss: Any) -> ImplicitModel:
        """The compiled model; see `methods.Method`."""
        config = parts.config
        if config.conditioning != "none":
            raise errors.UsageError(
                f"--conditioning={config.conditioning}: "
                f"--objective={config.objective} takes no labels."
            )
        return self._model(parts, loss)

    def _model(self, parts: Parts, loss: Any) -> ImplicitModel:
        raise NotImplementedError


class MomentMatchingMethod(_Matching):
    """GMMN and its kin: a discrepancy of pixels or of frozen features."""

    def loss(self, settings: dict[str, Any]) -> Discrepancy:
        """The discrepancy."""
        return KernelDiscrepancy(
            _kernel(settings),
            settings["mmd_estimator"],
            settings["mmd_root"],
            settings["median_bandwidth"],
        )

    def _model(self, parts: Parts, loss: Discrepancy) -> MomentMatchingModel:
        features = _features(parts, parts.settings["matched_features"])
        model = MomentMatchingModel(
            parts.generator(),
            parts.latents,
            loss,
            features,
            mmd_scope=parts.config.mmd_scope,
            **parts.options(),
        )
        parts.compile(model, parts.optimizer(model))
        return model


class GradientConstrainedMethod(MomentMatchingMethod):
    """The same with the gradient-constrained MMD."""

    def loss(self, settings: dict[str, Any]) -> Discrepancy:
        """The discrepancy."""
        kernel = _kernel(settings)
        distance.check_kernel(kernel, "--kernel")
        return GradientConstrainedDiscrepancy(
            kernel,
            settings["ridge"],
            settings["mmd_root"],
            settings["median_bandwidth"],
        )


class CodeMatchingMethod(MomentMatchingMethod):
    """GMMN+AE: the same for codes of an auto-encoder that is trained before."""

    also = frozenset({"critic_learning_rate"})

    def _model(self, parts: Parts, loss: Discrepancy) -> ImplicitModel:
        if parts.config.schedule_every:
            raise errors.UsageError(
                f"--schedule_every={parts.config.schedule_every}: rates would "
                "fall while the auto-encoder of "
                f"--objective={parts.config.objective} is trained."
            )
        critic = parts.critic()
        width = critic.output["features"].shape[-1]
        autoencoder = networks.autoencoder(critic, parts.generator(width))
        with dtype_policy(parts.config.dtype_policy):
            code_generator = networks.code_generator(
                width, parts.config.latent_size
            )
        model = CodeMatchingModel(
            autoencoder,
            code_generator,
            parts.latents,
            loss,
            autoencoder_steps=parts.settings["autoencoder_steps"],
            mmd_scope=parts.config.mmd_scope,
            **parts.options(),
        )
        parts.compile(
            model, parts.optimizer(model), parts.critic_optimizer(model)
        )
        return model


class FeatureMatchingMethod(_Matching):
    """GFMN: means and variances of frozen features."""

    def published(self, config: TrainConfig) -> dict[str, Any]:
        """The network is that of the data set, where there is one."""
        entry = data.DATASETS.get(config.dataset)
        known = entry and entry.features in frozen.NETWORKS
        features = entry.features if known else None
        return {**super().published(config), "matched_features": features}

    def loss(self, settings: dict[str, Any]) -> str:
        """The names of the features whose moments are matched."""
        if settings["matched_features"] is None:
            raise errors.UsageError(
                "--matched_features is missing: name the frozen network, such "
                "as a LeNet of tools/train_lenet.py, lenet:FILE.npz."
            )
        return settings["matched_features"]

    def _model(self, parts: Parts, loss: str) -> FeatureMatchingModel:
        if parts.config.mmd_scope != "global":
            raise errors.UsageError(
                f"--mmd_scope={parts.config.mmd_scope}: --objective="
                f"{parts.config.objective} has no kernel, and averages its "
                "moments over batches, hence over replicas too."
            )
        model = FeatureMatchingModel(
            parts.generator(),
            parts.latents,
            _features(parts, loss),
            **parts.options(),
        )
        rate = parts.settings["moving_average_rate"]
        averages = {
            "adam": lambda: keras.optimizers.Adam(rate, beta_1=0.5),
            "plain": lambda: keras.optimizers.SGD(rate),
        }
        average = averages[parts.settings["moving_average"]]()
        parts.compile(model, parts.optimizer(model), average)
        return model


class RatioMatchingMethod(_Matching):
    """GRAM-nets: the Pearson divergence and the MMD of a projection."""

    also = frozenset({"critic_learning_rate"})

    def loss(self, settings: dict[str, Any]) -> RatioMatching:
        """Both losses."""
        return RatioMatching(
            _numbers(settings["bandwidths"]),
            settings["ridge"],
            settings["ratio_positivity"],
            settings["median_bandwidth"],
        )

    def _model(self, parts: Parts, loss: RatioMatching) -> RatioMatchingModel:
        model = RatioMatchingModel(
            parts.generator(),
            parts.critic(),
            parts.latents,
            loss,
            mmd_scope=parts.config.mmd_scope,
            **parts.options(),
        )
        parts.compile(
            model, parts.optimizer(model), parts.critic_optimizer(model)
        )
        return model


def _features(parts: Parts, text: str):
    if text == _PIXELS:
        return pixels
    return frozen.parse(text, parts.image_shape)


def _kernel(settings: dict[str, Any]) -> kernels.Kernel:
    if settings["bandwidths"] is None:
        return settings["kernel"]
    return kernels.Gaussian(_numbers(settings["bandwidths"]))


def _numbers(text: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or not all(0.0 < number < 1e9 for number in numbers):
        raise errors.UsageError(
            f"--bandwidths={text}: need numbers > 0, separated by commas."
        )
    return numbers


_GMMN = "Li et al. 2015, Generative moment matching networks"
_DISCREPANCY = {
    "kernel": "rbf_gmmn",
    "bandwidths": None,
    "median_bandwidth": False,
    "mmd_estimator": "biased",
    "mmd_root": True,
}

MATCHING: dict[str, _Matching] = {
    "gmmn": MomentMatchingMethod(
        _GMMN, {**_DISCREPANCY, "matched_features": _PIXELS}
    ),
    "t_mmd": MomentMatchingMethod(
        "Sutherland et al. 2017, Generative models and model criticism, "
        "section 3.2",
        {
            **_DISCREPANCY,
            "kernel": "rbf_mix",
            "mmd_estimator": "ratio",
            "mmd_root": False,
            "matched_features": _PIXELS,
        },
    ),
    "gc_mmd": GradientConstrainedMethod(
        "Arbel et al. 2018, On gradient regularizers for MMD GANs, section 3",
        {
            "kernel": "rbf",
            "bandwidths": None,
            "median_bandwidth": False,
            "mmd_root": False,
            "matched_features": _PIXELS,
            "ridge": 1.0,
        },
    ),
    "gmmn_ae": CodeMatchingMethod(
        f"{_GMMN}, section 4",
        {
            **_DISCREPANCY,
            **_NETWORK,
            "kernel": "rbf",
            "critic_output": 32,
            "autoencoder_steps": 3000,
        },
    ),
    "gfmn": FeatureMatchingMethod(
        "dos Santos et al. 2019, Learning implicit generative models by "
        "matching perceptual features",
        {
            "matched_features": None,
            "moving_average": "adam",
            "moving_average_rate": 1e-5,
        },
    ),
    "gram": RatioMatchingMethod(
        "Srivastava et al. 2020, Generative ratio matching networks",
        {
            **_NETWORK,
            # With He's, which are larger, the projection begins too steep.
            "published_weights": True,
            "critic_output": 10,
            "bandwidths": "1",
            "median_bandwidth": False,
            "ridge": 1e-3,
            "ratio_positivity": "penalty",
        },
    ),
}
