"""Methods that match moments or ratios: nothing plays against the generator."""

import dataclasses

import keras

from tf_mmdgan import data, errors, kernels, networks
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.features import frozen
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.methods.builder import Builder, dtype_policy
from tf_mmdgan.methods.method import Method
from tf_mmdgan.methods.settings import (
    CodeMatchingSettings,
    DiscrepancySettings,
    FeatureMatchingSettings,
    GradientConstrainedSettings,
    MomentMatchingSettings,
    RatioMatchingSettings,
)
from tf_mmdgan.mmd.constrained import distance
from tf_mmdgan.models import (
    CodeMatchingModel,
    FeatureMatchingModel,
    MomentMatchingModel,
    RatioMatchingModel,
    pixels,
)
from tf_mmdgan.models.moment_matching import Features
from tf_mmdgan.objectives.density_ratio import RatioMatching
from tf_mmdgan.objectives.discrepancies import (
    Discrepancy,
    GradientConstrainedDiscrepancy,
    KernelDiscrepancy,
)


class MomentMatchingMethod(Method[MomentMatchingSettings]):
    """GMMN and its kin: an MMD of pixels or of frozen features."""

    def loss(self, settings: MomentMatchingSettings) -> KernelDiscrepancy:
        """The discrepancy that is lowered."""
        return _discrepancy(settings)

    def model(
        self, builder: Builder[MomentMatchingSettings]
    ) -> MomentMatchingModel:
        """See `Method.model`."""
        settings = builder.settings
        loss = self.loss(settings)
        return _moment_matching(builder, loss, settings.matched_features)


class GradientConstrainedMethod(Method[GradientConstrainedSettings]):
    """The same with the gradient-constrained MMD."""

    def loss(
        self, settings: GradientConstrainedSettings
    ) -> GradientConstrainedDiscrepancy:
        """The discrepancy that is lowered."""
        kernel = _kernel(settings)
        distance.check_kernel(kernel, "--kernel")
        return GradientConstrainedDiscrepancy(
            kernel,
            settings.ridge,
            settings.mmd_root,
            settings.median_bandwidth,
        )

    def model(
        self, builder: Builder[GradientConstrainedSettings]
    ) -> MomentMatchingModel:
        """See `Method.model`."""
        settings = builder.settings
        loss = self.loss(settings)
        return _moment_matching(builder, loss, settings.matched_features)


class CodeMatchingMethod(Method[CodeMatchingSettings]):
    """GMMN+AE: the MMD of codes of an auto-encoder that is trained before."""

    def loss(self, settings: CodeMatchingSettings) -> KernelDiscrepancy:
        """The discrepancy that the generator of codes lowers."""
        return _discrepancy(settings)

    def model(
        self, builder: Builder[CodeMatchingSettings]
    ) -> CodeMatchingModel:
        """See `Method.model`."""
        config, settings = builder.config, builder.settings
        loss = self.loss(settings)
        if config.schedule_every:
            raise errors.UsageError(
                f"--schedule_every={config.schedule_every}: rates would fall "
                f"while the auto-encoder of --objective={config.objective} is "
                "trained."
            )
        critic = builder.critic()
        width = critic.output["features"].shape[-1]
        autoencoder = networks.autoencoder(critic, builder.generator(width))
        with dtype_policy(config.dtype_policy):
            code_generator = networks.code_generator(width, config.latent_size)
        model = CodeMatchingModel(
            autoencoder,
            code_generator,
            builder.latents,
            loss,
            autoencoder_steps=settings.autoencoder_steps,
            mmd_scope=config.mmd_scope,
            **builder.model_options(),
        )
        builder.compile(
            model, builder.optimizer(model), builder.critic_optimizer(model)
        )
        return model


class FeatureMatchingMethod(Method[FeatureMatchingSettings]):
    """GFMN: means and variances of frozen features."""

    def published(
        self, config: TrainConfig, kernel: Kernel | None
    ) -> FeatureMatchingSettings:
        """As published, with the frozen network of the data set, if any."""
        del kernel
        entry = data.DATASETS.get(config.dataset)
        if entry is None or entry.features not in frozen.NETWORKS:
            return self.settings
        return dataclasses.replace(
            self.settings, matched_features=entry.features
        )

    def loss(self, settings: FeatureMatchingSettings) -> str:
        """The names of the features whose moments are matched."""
        if settings.matched_features is None:
            raise errors.UsageError(
                "--matched_features is missing: name the frozen network, such "
                "as a LeNet of tools/train_lenet.py, lenet:FILE.npz."
            )
        return settings.matched_features

    def model(
        self, builder: Builder[FeatureMatchingSettings]
    ) -> FeatureMatchingModel:
        """See `Method.model`."""
        config, settings = builder.config, builder.settings
        names = self.loss(settings)
        if config.mmd_scope != "global":
            raise errors.UsageError(
                f"--mmd_scope={config.mmd_scope}: --objective="
                f"{config.objective} has no kernel, and averages its moments "
                "over batches, hence over replicas too."
            )
        model = FeatureMatchingModel(
            builder.generator(),
            builder.latents,
            _features(builder.image_shape, names),
            **builder.model_options(),
        )
        rate = settings.moving_average_rate
        averages = {
            "adam": lambda: keras.optimizers.Adam(rate, beta_1=0.5),
            "plain": lambda: keras.optimizers.SGD(rate),
        }
        average = averages[settings.moving_average]()
        builder.compile(model, builder.optimizer(model), average)
        return model


class RatioMatchingMethod(Method[RatioMatchingSettings]):
    """GRAM-nets: the Pearson divergence and the MMD of a projection."""

    def loss(self, settings: RatioMatchingSettings) -> RatioMatching:
        """The losses of both networks."""
        return RatioMatching(
            settings.bandwidths,
            settings.ridge,
            settings.ratio_positivity,
            settings.median_bandwidth,
        )

    def model(
        self, builder: Builder[RatioMatchingSettings]
    ) -> RatioMatchingModel:
        """See `Method.model`."""
        loss = self.loss(builder.settings)
        model = RatioMatchingModel(
            builder.generator(),
            builder.critic(),
            builder.latents,
            loss,
            mmd_scope=builder.config.mmd_scope,
            **builder.model_options(),
        )
        builder.compile(
            model, builder.optimizer(model), builder.critic_optimizer(model)
        )
        return model


def _moment_matching(
    builder: Builder[DiscrepancySettings], loss: Discrepancy, features: str
) -> MomentMatchingModel:
    matched = _features(builder.image_shape, features)
    model = MomentMatchingModel(
        builder.generator(),
        builder.latents,
        loss,
        matched,
        mmd_scope=builder.config.mmd_scope,
        **builder.model_options(),
    )
    builder.compile(model, builder.optimizer(model))
    return model


def _discrepancy(
    settings: MomentMatchingSettings | CodeMatchingSettings,
) -> KernelDiscrepancy:
    return KernelDiscrepancy(
        _kernel(settings),
        settings.mmd_estimator,
        settings.mmd_root,
        settings.median_bandwidth,
    )


def _kernel(settings: DiscrepancySettings) -> Kernel:
    if settings.bandwidths is None:
        return settings.kernel
    return kernels.Gaussian(settings.bandwidths)


def _features(image_shape: tuple[int, ...], text: str) -> Features:
    if text == "pixels":
        return pixels
    return frozen.parse(text, image_shape)
