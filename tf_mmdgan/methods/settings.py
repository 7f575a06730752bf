"""The settings of a method, as typed values.

A setting has one name everywhere: that of its flag. What is not written down
for a method is the default here, that of methods published without.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from tf_mmdgan.config.fields import Named
from tf_mmdgan.kernels import Kernel, RadialMixture
from tf_mmdgan.objectives import AdaptiveProbability, Criterion
from tf_mmdgan.objectives.f_divergences import FDivergence

Self = TypeVar("Self", bound="Settings")

# Fields that hold settings of their own, and how the names of the flags of
# these begin.
_GROUPS = {"criterion": "", "scale": "scale_"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings that every method has.

    Attributes:
      learning_rate: of the generator's optimizer.
      clip_norm: the gradient of each variable is clipped to this L2 norm; None:
        it is not.
      schedule_floor: least variance in the test that lowers the learning rate.
      batch_statistics: whether the generator's batch normalisation takes the
        statistics of the batch in evaluation too.
    """

    learning_rate: float = 1e-4
    clip_norm: float | None = None
    schedule_floor: float = 1e-12
    batch_statistics: bool = False

    def by_name(self) -> dict[str, Any]:
        """Every setting, under the name of its flag."""
        return _by_name(self)

    def changed(self: Self, values: Mapping[str, Any]) -> Self:
        """The settings with other values for some, named as in `by_name`.

        Raises:
          TypeError: for a name that is none of a setting here.
          UsageError: for values that a criterion refuses.
        """
        unknown = values.keys() - self.by_name().keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} has no {sorted(unknown)}.")
        return _changed(self, values)


@dataclasses.dataclass(frozen=True, kw_only=True)
class CriticSettings(Settings):
    """Settings of a method that trains a second network.

    Attributes:
      critic_learning_rate: that of the second network; None: the generator's.
      critic_output: number of its outputs.
      critic_batch_norm: whether it has batch normalisation.
      published_weights: whether it starts from the small weights of the
        published codes; see `networks.CriticOptions`.
    """

    critic_learning_rate: float | None = None
    critic_output: int = 1
    critic_batch_norm: bool = False
    published_weights: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class AdversarialSettings(CriticSettings):
    """Settings of a method that trains a generator against a critic.

    The weight of a regulariser is 0 where there is none. Images are in [0, 1]
    as far as weights, slopes and noise are concerned.

    Attributes:
      criterion: what the two play for; its fields are settings too, and those
        of its `scale`, as `scale_offset`.
      critic_steps: updates of the critic in a step.
      burn_in_critic_steps: the same in a burn-in step; 0: there are none.
      burn_in_first: so many first steps are burn-in steps.
      burn_in_every: so is every step that this divides; 0: none.
      moved_with_generator: whether the vectors of spectral normalisation move
        in the generator's update too.
      spectral_norm: of the critic's kernels as matrices, or of its layers as
        operators.
      spectral_scale: norm that spectral normalisation gives a layer, at first.
      learnable_spectral_scale: whether these norms are learnt.
      spectral_vectors: how many singular vectors spectral normalisation
        follows.
      project_output: whether labels are projected on the critic's output, not
        on its last activations; see `networks.Conditioning`.
      minibatch_kernels: matrices of minibatch discrimination in the critic; 0:
        it has none.
      minibatch_deviation: images of a group whose deviation the critic is told;
        0: it is not.
      gradient_penalty: weight of the two-sided penalty on slopes.
      penalized_function: the function whose slope that is.
      penalty_norm: axes of the image that the slope's norm runs over.
      penalty_epsilon: what is added under the root of that norm.
      r1: weight of the squared slope at real images.
      r2: weight of the squared slope at generated images.
      feature_penalty: weight of the L2 penalty on the critic's activations.
      noise_penalty: variance of the noise whose limit penalises a GAN.
      instance_noise: standard deviation of noise on all images.
      noise_annealing_steps: steps in which noise falls to a tenth; 0: never.
      weight_clip: bound that the critic's weights are clipped to; 0: none.
      regularize_every: the penalties on the critic are an update of their own
        in each step that this divides; 1: they are part of all updates.
      orthogonal_penalty: weight of the penalty on products of the generator's
        filters.
      path_length_penalty: weight of the penalty on how unequally the styles of
        a style-based generator change its images.
      regularize_generator_every: as `regularize_every`, of the penalties on the
        generator.
      diff_augment: random changes of all images that the critic sees, by name.
      ada: whether their probability follows the critic; without names, of the
        changes of Karras et al. 2020.
      ada_target: what the mean sign of the critic's margins is led to.
      ada_images: real images in which that probability can rise from 0 to 1.
    """

    criterion: Criterion
    critic_steps: int = 5
    burn_in_critic_steps: int = 0
    burn_in_first: int = 25
    burn_in_every: int = 500
    moved_with_generator: bool = False
    spectral_norm: Literal["none", "matrix", "operator"] = "none"
    spectral_scale: float = 1.0
    learnable_spectral_scale: bool = False
    spectral_vectors: int = 8
    project_output: bool = False
    minibatch_kernels: int = 0
    minibatch_deviation: int = 0
    gradient_penalty: float = 0.0
    penalized_function: Literal["witness", "critic", "outputs"] = "witness"
    penalty_norm: Literal["image", "rows", "channels"] = "image"
    penalty_epsilon: float = 1e-12
    r1: float = 0.0
    r2: float = 0.0
    feature_penalty: float = 0.0
    noise_penalty: float = 0.0
    instance_noise: float = 0.0
    noise_annealing_steps: int = 0
    weight_clip: float = 0.0
    regularize_every: int = 1
    orthogonal_penalty: float = 0.0
    path_length_penalty: float = 0.0
    regularize_generator_every: int = 1
    diff_augment: tuple[object, ...] = ()
    ada: bool = False
    ada_target: float = AdaptiveProbability.target
    ada_images: int = AdaptiveProbability.images


@dataclasses.dataclass(frozen=True, kw_only=True)
class DiscrepancySettings(Settings):
    """Settings of a method that lowers the MMD of fixed features.

    Attributes:
      kernel: on the features.
      bandwidths: those of Gaussian kernels that stand in place of `kernel`; or
        None.
      median_bandwidth: whether bandwidths are multiples of the median distance.
      mmd_root: whether the root of the estimate is lowered.
    """

    kernel: Kernel
    bandwidths: tuple[float, ...] | None = None
    median_bandwidth: bool = False
    mmd_root: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class EstimateSettings(DiscrepancySettings):
    """Settings of a method that lowers an estimate of a distance.

    Attributes:
      discrepancy: by all pairs, by random frequencies, or along lines.
      mmd_estimator: which estimate of MMD^2 by all pairs is lowered.
      slices: how many lines a step draws.
      frequencies: how many frequencies a step draws.
    """

    discrepancy: Literal["kernel", "random_features", "sliced"] = "kernel"
    mmd_estimator: Literal["biased", "unbiased", "ratio"] = "biased"
    slices: int = 128
    frequencies: int = 256


@dataclasses.dataclass(frozen=True, kw_only=True)
class MomentMatchingSettings(EstimateSettings):
    """Settings of a GMMN.

    Attributes:
      matched_features: names of frozen features, or "pixels".
    """

    matched_features: Named = "pixels"


@dataclasses.dataclass(frozen=True, kw_only=True)
class GradientConstrainedSettings(DiscrepancySettings):
    """Settings of a generator that lowers the gradient-constrained MMD.

    Attributes:
      ridge: lambda of the constraint.
      matched_features: names of frozen features, or "pixels".
    """

    ridge: float
    matched_features: Named = "pixels"


@dataclasses.dataclass(frozen=True, kw_only=True)
class AutoencoderSettings(CriticSettings):
    """Settings of a method that makes codes of an auto-encoder.

    The encoder is the second network, and its outputs are the codes.

    Attributes:
      autoencoder_steps: so many first steps train the auto-encoder.
      refine_features: names of frozen features in which generated images are
        refined after `code_steps`; None: they are not.
      code_steps: steps of the generator of codes before the refining.
      refine_learning_rate: of the refining; None: the generator's.
      refine_places: how many places of a map are compared.
    """

    autoencoder_steps: int
    refine_features: Named | None = None
    code_steps: int = 0
    refine_learning_rate: float | None = None
    refine_places: int = 16


@dataclasses.dataclass(frozen=True, kw_only=True)
class CodeMatchingSettings(EstimateSettings, AutoencoderSettings):
    """Settings of a GMMN on the codes of an auto-encoder."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DriftSettings(Settings):
    """Settings of a method that lets generated points drift to real ones.

    Attributes:
      kernel: of the distance.
      temperatures: bandwidths in mean distances, where the kernel's own is 1.
      drift_normalization: what the weights of a drift are divided by.
      drift_divergence: the divergence that a separately normalised drift
        lowers; None: the reverse KL.
      drift_scale: whether drifts are divided by their sizes.
      drift_decay: of the average of sizes over steps; 0: those of the batch.
      drift_floor: least product of both softmaxes.
      drift_guidance: how far classes are driven from each other; 1: they are
        not.
    """

    kernel: RadialMixture
    temperatures: tuple[float, ...] = (0.02, 0.05, 0.2)
    drift_normalization: Literal["both", "row", "separate", "none", "sharp"] = (
        "both"
    )
    drift_divergence: FDivergence | None = None
    drift_scale: bool = True
    drift_decay: float = 0.99
    drift_floor: float = 0.0
    drift_guidance: float = 1.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class FeatureDriftSettings(DriftSettings):
    """Settings of a drift of images or of their features.

    Attributes:
      matched_features: names of frozen features, or "pixels".
    """

    matched_features: Named = "pixels"


@dataclasses.dataclass(frozen=True, kw_only=True)
class CodeDriftSettings(DriftSettings, AutoencoderSettings):
    """Settings of a drift of the codes of an auto-encoder."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FeatureMatchingSettings(Settings):
    """Settings of a GFMN.

    Attributes:
      matched_features: names of frozen features; None: those of the data set.
      moving_average: how differences of moments are averaged over batches.
      moving_average_rate: the average's learning rate; of the plain one, its
        share of the newest batch.
    """

    matched_features: Named | None = None
    moving_average: Literal["adam", "plain"]
    moving_average_rate: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class RatioMatchingSettings(CriticSettings):
    """Settings of a GRAM-net, whose projection is the second network.

    Attributes:
      bandwidths: those of the Gaussian kernels.
      median_bandwidth: whether bandwidths are multiples of the median distance.
      ridge: of the density ratio.
      ratio_positivity: what keeps ratios positive.
      diff_augment: random changes of all images that the projection sees, by
        name.
    """

    bandwidths: tuple[float, ...]
    median_bandwidth: bool = False
    ridge: float
    ratio_positivity: Literal["penalty", "clip", "none"]
    diff_augment: tuple[object, ...] = ()


def _by_name(settings: Any) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        prefix = _GROUPS.get(field.name)
        if prefix is None:
            named[field.name] = value
        else:
            group = _by_name(value)
            named |= {prefix + name: inner for name, inner in group.items()}
    return named


def _changed(settings: Any, values: Mapping[str, Any]) -> Any:
    changes = {}
    for field in dataclasses.fields(settings):
        prefix = _GROUPS.get(field.name)
        if prefix is not None:
            group = {
                name.removeprefix(prefix): value
                for name, value in values.items()
                if name.startswith(prefix)
            }
            changes[field.name] = _changed(getattr(settings, field.name), group)
        elif field.name in values:
            changes[field.name] = values[field.name]
    return dataclasses.replace(settings, **changes)
