"""Methods that match moments or ratios: nothing plays against the generator."""

import dataclasses
from typing import Any

import keras

from tf_mmdgan import data, errors, kernels, networks
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.config.fields import Named
from tf_mmdgan.features import LENETS, get_matched
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.methods import codes
from tf_mmdgan.methods.builder import Builder
from tf_mmdgan.methods.method import Method
from tf_mmdgan.methods.settings import (
    CodeDriftSettings,
    CodeMatchingSettings,
    DiscrepancySettings,
    DriftSettings,
    EstimateSettings,
    FeatureDriftSettings,
    FeatureMatchingSettings,
    GradientConstrainedSettings,
    MomentMatchingSettings,
    RatioMatchingSettings,
    Settings,
)
from tf_mmdgan.models import (
    CodeMatchingModel,
    FeatureMatchingModel,
    MomentMatchingModel,
    RatioMatchingModel,
)
from tf_mmdgan.objectives import CriticAugmentation
from tf_mmdgan.objectives.density_ratio import RatioMatching
from tf_mmdgan.objectives.discrepancies import (
    GradientConstrainedDiscrepancy,
    KernelDiscrepancy,
    RandomFeatureDiscrepancy,
    SlicedEnergy,
)
from tf_mmdgan.objectives.discrepancy import Discrepancy
from tf_mmdgan.objectives.drift import DriftField
from tf_mmdgan.objectives.drifting import DriftDiscrepancy


class MomentMatchingMethod(Method[MomentMatchingSettings]):
    """GMMN and its kin: an MMD of pixels or of frozen features."""

    takes_labels = by_class = True

    def loss(self, settings: MomentMatchingSettings) -> Discrepancy:
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

    takes_labels = by_class = True
    projects_labels = False

    def loss(self, settings: CodeMatchingSettings) -> Discrepancy:
        """The discrepancy that the generator of codes lowers."""
        return _discrepancy(settings)

    def generator(self, builder: Builder[CodeMatchingSettings]) -> keras.Model:
        """See `Method.generator`."""
        return networks.decoded(*codes.networks_of(builder))

    def model(
        self, builder: Builder[CodeMatchingSettings]
    ) -> CodeMatchingModel:
        """See `Method.model`."""
        return codes.make_model(builder, self.loss(builder.settings))


class DriftMethod(Method[FeatureDriftSettings]):
    """Drifting of pixels or of frozen features."""

    takes_labels = by_class = True

    def loss(self, settings: FeatureDriftSettings) -> DriftDiscrepancy:
        """The discrepancy that is lowered."""
        return _drift(settings)

    def model(
        self, builder: Builder[FeatureDriftSettings]
    ) -> MomentMatchingModel:
        """See `Method.model`."""
        settings = builder.settings
        loss = _drift_of_run(builder, self.loss(settings))
        return _moment_matching(builder, loss, settings.matched_features)


class CodeDriftMethod(Method[CodeDriftSettings]):
    """Drifting of codes of an auto-encoder that is trained before."""

    takes_labels = by_class = True
    projects_labels = False

    def loss(self, settings: CodeDriftSettings) -> DriftDiscrepancy:
        """The discrepancy that the generator of codes lowers."""
        return _drift(settings)

    def generator(self, builder: Builder[CodeDriftSettings]) -> keras.Model:
        """See `Method.generator`."""
        return networks.decoded(*codes.networks_of(builder))

    def model(self, builder: Builder[CodeDriftSettings]) -> CodeMatchingModel:
        """See `Method.model`."""
        loss = _drift_of_run(builder, self.loss(builder.settings))
        return codes.make_model(builder, loss)


class FeatureMatchingMethod(Method[FeatureMatchingSettings]):
    """GFMN: means and variances of frozen features."""

    def published(
        self, config: TrainConfig, kernel: Kernel | None
    ) -> FeatureMatchingSettings:
        """As published, with the frozen network of the data set, if any."""
        del kernel
        if config.matched_features is not None:
            return self.settings
        entry = data.DATASET_FAMILY.get(config.dataset)
        if entry.features not in LENETS:
            return self.settings
        return dataclasses.replace(
            self.settings, matched_features=entry.features
        )

    def loss(self, settings: FeatureMatchingSettings) -> Named:
        """The names of the features whose moments are matched."""
        if settings.matched_features is None:
            raise errors.UsageError(
                "--matched_features is missing: name the frozen network, such "
                "as a LeNet of tf-mmdgan train_lenet, lenet:FILE.npz."
            )
        return settings.matched_features

    def model(
        self, builder: Builder[FeatureMatchingSettings]
    ) -> FeatureMatchingModel:
        """See `Method.model`."""
        config, settings = builder.config, builder.settings
        names = self.loss(settings)
        check_scope(config)
        model = FeatureMatchingModel(
            builder.generator(),
            builder.latents,
            get_matched(names, builder.image_shape, config.download),
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
        changes = builder.settings.diff_augment
        model = RatioMatchingModel(
            builder.generator(),
            builder.critic(),
            builder.latents,
            loss,
            CriticAugmentation(changes) if changes else None,
            mmd_scope=builder.config.mmd_scope,
            **builder.model_options(),
        )
        builder.compile(
            model, builder.optimizer(model), builder.critic_optimizer(model)
        )
        return model


def check_scope(config: TrainConfig) -> None:
    """Refuses moments of each replica.

    Raises:
      UsageError: naming the scope.
    """
    if config.mmd_scope != "global":
        raise errors.UsageError(
            f"--mmd_scope={config.mmd_scope}: --objective={config.objective} "
            "has no kernel, and averages its moments over batches, hence over "
            "replicas too."
        )


def _moment_matching(
    builder: Builder[Settings], loss: Discrepancy, features: Named
) -> MomentMatchingModel:
    matched = get_matched(
        features, builder.image_shape, builder.config.download
    )
    model = MomentMatchingModel(
        builder.generator(conditioning=builder.conditioning),
        builder.latents,
        loss,
        matched,
        classes_per_batch=builder.classes_per_batch,
        mmd_scope=builder.config.mmd_scope,
        **builder.model_options(),
    )
    builder.compile(model, builder.optimizer(model))
    return model


def _discrepancy(settings: EstimateSettings) -> Discrepancy:
    if settings.discrepancy == "sliced":
        return SlicedEnergy(settings.slices)
    kernel = _kernel(settings)
    if settings.discrepancy == "random_features":
        return RandomFeatureDiscrepancy(
            kernel, settings.frequencies, settings.median_bandwidth
        )
    return KernelDiscrepancy(
        kernel,
        settings.mmd_estimator,
        settings.mmd_root,
        settings.median_bandwidth,
    )


def _drift(settings: DriftSettings) -> DriftDiscrepancy:
    field = DriftField(
        settings.kernel,
        settings.drift_normalization,
        settings.drift_divergence,
        settings.drift_floor,
    )
    return DriftDiscrepancy(
        field,
        settings.temperatures,
        settings.drift_scale,
        settings.drift_decay,
        settings.drift_guidance,
    )


def _drift_of_run(
    builder: Builder[Any], loss: DriftDiscrepancy
) -> DriftDiscrepancy:
    """The loss, with the classes of a batch.

    Raises:
      UsageError: for too small batches, and guidance without classes.
    """
    config = builder.config
    classes = builder.classes_per_batch or 1
    if loss.guidance > 1.0 and classes < 2:
        raise errors.UsageError(
            f"--drift_guidance={loss.guidance:g}: is away from other classes: "
            "give --conditioning=concatenation, and two classes or more in a "
            "batch."
        )
    if config.batch_size < 4:
        raise errors.UsageError(
            f"--batch_size={config.batch_size}: --objective="
            f"{config.objective} needs at least 4."
        )
    if loss.guidance == 1.0:
        return loss
    return dataclasses.replace(loss, classes=classes)


def _kernel(settings: DiscrepancySettings) -> Kernel:
    if settings.bandwidths is None:
        return settings.kernel
    return kernels.Gaussian(settings.bandwidths)
