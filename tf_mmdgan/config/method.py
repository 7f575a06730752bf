"""What is trained against what: objective, regularisers, networks."""

import dataclasses

from tf_mmdgan.config import fields
from tf_mmdgan.config.denoising import DenoisingConfig
from tf_mmdgan.config.drift import DriftConfig
from tf_mmdgan.config.few_steps import FewStepsConfig
from tf_mmdgan.config.fields import Named, NamedList, setting
from tf_mmdgan.config.moments import LearnedMomentsConfig
from tf_mmdgan.config.styles import StyleConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class MethodConfig(
    DenoisingConfig,
    DriftConfig,
    FewStepsConfig,
    LearnedMomentsConfig,
    StyleConfig,
):
    """The method of a run; None means as published for its objective."""

    objective: Named = setting(
        "mmd",
        "Name of the objective; or a criterion of your own, "
        "package.module:Name(arguments), see docs/extending.md.",
    )
    as_published: str = setting(
        "none",
        "What the original code does otherwise than the papers: none, "
        "demystifying, scaled, drifting, or names of single deviations, "
        "separated by commas; see docs/deviations.md.",
    )
    kernel: Named | None = setting(
        None,
        "Kernel on the critic's output: a name, rbf(2.0), sums and multiples "
        "such as rbf(2.0)+0.5*linear; or your own, "
        "package.module:Name(arguments).",
    )
    divergence: Named | None = setting(
        None,
        "Divergence of --objective=f_gan: a name, alpha(0.3), "
        "jensen_weighted(0.4), or your own, package.module:NAME.",
    )
    generator_form: str | None = setting(
        None,
        "Which of the published losses the generator has: minimax, "
        "non_saturating or boundary_seeking of a GAN, zero_one or pearson of a "
        "least-squares GAN, energy or surrogate of a Cramer GAN.",
    )
    scale_form: str | None = setting(
        None,
        "Scale of the Scaled MMD: that of the published code, or that of the "
        "paper, which is meant too where --scale_offset is given.",
        choices=("code", "paper"),
    )
    scale_offset: float | None = setting(
        None, "Lambda of the paper's Scaled MMD: weight of the RKHS norm."
    )
    scale_measure: str | None = setting(
        None,
        "Where a Scaled MMD takes the critic's slope: at real images, a "
        "mixture of real and generated ones, or noise.",
        choices=("real", "mixture", "noise"),
    )
    scale_jacobian: str | None = setting(
        None,
        "Slope of a critic with many outputs: exact, a backward pass for "
        "each, or hutchinson, an unbiased estimate in one pass.",
        choices=("exact", "hutchinson"),
    )
    real_weight: float | None = setting(
        None,
        "Of --objective=repulsive_mmd: -1 repulsive, 1 attractive, 0 without "
        "real pairs.",
    )
    reconstruction_weight: float | None = setting(
        None, "Weight of the auto-encoder's error in --objective=li_mmd."
    )
    feasible_set_weight: float | None = setting(
        None,
        "Weight of the feasible-set reduction in --objective=li_mmd and ocf.",
    )
    constraint_weight: float | None = setting(
        None, "Rho of --objective=sobolev and fisher."
    )

    bandwidths: str | None = setting(
        None,
        "Standard deviations of Gaussian kernels, which are summed, separated "
        "by commas; in place of --kernel. Of methods that match moments or "
        "ratios.",
    )
    median_bandwidth: bool | None = setting(
        None, "Whether bandwidths are multiples of the median distance."
    )
    discrepancy: str | None = setting(
        None,
        "What gmmn, t_mmd and gmmn_ae lower: the MMD by all pairs (kernel); an "
        "estimate of it by characteristic functions at random frequencies "
        "(random_features); the energy distance along random lines (sliced).",
        choices=("kernel", "random_features", "sliced"),
    )
    slices: int | None = setting(
        None,
        "How many lines are drawn in a step of --discrepancy=sliced, in an "
        "update of --objective=sliced_energy.",
        most=2**16,
    )
    frequencies: int | None = setting(
        None,
        "How many frequencies are drawn in a step of "
        "--discrepancy=random_features, in an update of --objective=ocf.",
        most=2**16,
    )
    mmd_estimator: str | None = setting(
        None,
        "Which estimate of MMD^2 a generator lowers without a critic; ratio: "
        "the t-statistic.",
        choices=("biased", "unbiased", "ratio"),
    )
    mmd_root: bool | None = setting(
        None,
        "Whether the generator lowers the root of the estimate of MMD^2; in "
        "--objective=ocf, of the biased one.",
    )
    matched_features: Named | None = setting(
        None,
        "Frozen features that are matched: pixels, or networks as "
        "NAME[:PATH][@LAYER+LAYER][,setting=value], separated by commas.",
    )
    moving_average: str | None = setting(
        None,
        "How --objective=gfmn averages differences of moments over batches.",
        choices=("adam", "plain"),
    )
    moving_average_rate: float | None = setting(
        None,
        "Learning rate of --moving_average=adam; of a plain average, the share "
        "of the newest batch.",
    )
    autoencoder_steps: int | None = setting(
        None,
        "How many of the first steps of --objective=gmmn_ae and drift_ae train "
        "the auto-encoder.",
    )
    refine_features: Named | None = setting(
        None,
        "Frozen features in which images of --objective=gmmn_ae and drift_ae "
        "are refined, written as for --matched_features: after --code_steps "
        "the generator of codes and the decoder are trained on them together.",
    )
    code_steps: int | None = setting(
        None,
        "Steps of the generator of codes, after those of the auto-encoder and "
        "before the refining.",
    )
    refine_learning_rate: float | None = setting(
        None, "Learning rate of the refining; by default --learning_rate."
    )
    refine_places: int | None = setting(
        None,
        "How many places of a map of features are compared in a step of the "
        "refining, drawn anew in each.",
        most=2**16,
    )
    ridge: float | None = setting(
        None,
        "Ridge of the density ratio of --objective=gram; lambda of the "
        "constraint of --objective=gc_mmd and gc_mmd_gan.",
    )
    ratio_positivity: str | None = setting(
        None,
        "What keeps the density ratios of --objective=gram positive.",
        choices=("penalty", "clip", "none"),
    )

    gradient_penalty: float | None = setting(
        None, "Weight of the gradient penalty; 0 switches it off."
    )
    penalized_function: str | None = setting(
        None,
        "What --gradient_penalty is on: the objective's witness function, the "
        "critic's single output itself, or the sum of its outputs.",
        choices=("witness", "critic", "outputs"),
    )
    r1: float | None = setting(
        None, "Weight of the squared slope at real images."
    )
    r2: float | None = setting(
        None, "Weight of the squared slope at generated images."
    )
    feature_penalty: float | None = setting(
        None, "Weight of the L2 penalty on the critic's activations."
    )
    instance_noise: float | None = setting(
        None,
        "Standard deviation of noise on all images, for pixels in [0, 1].",
    )
    noise_penalty: float | None = setting(
        None, "Variance of the instance noise whose limit penalises a GAN."
    )
    noise_annealing_steps: int | None = setting(
        None, "Steps in which noise falls to a tenth; 0: it is constant."
    )
    weight_clip: float | None = setting(
        None, "Bound that the critic's weights are clipped to; 0: none."
    )
    regularize_every: int | None = setting(
        None,
        "Steps between updates by the penalties on the critic, which are then "
        "updates of their own, with Adam's rate and decays adapted to it; 1: "
        "the penalties are a part of every update.",
    )
    orthogonal_penalty: float | None = setting(
        None,
        "Weight of the penalty on products of the generator's filters, which "
        "makes them orthogonal; 0 switches it off.",
    )
    diff_augment: NamedList | None = setting(
        None,
        "What is done by chance to all images that the critic sees, real and "
        "generated, in both losses, separated by commas: color, translation, "
        "cutout, ...; see docs/augmentation.md; or your own, "
        "package.module:NAME.",
    )
    ada: bool | None = setting(
        None,
        "Whether the probability of each change of --diff_augment follows the "
        "critic (adaptive augmentation); without --diff_augment the changes "
        "are those of Karras et al. 2020.",
    )
    ada_target: float | None = setting(
        None,
        "Of --ada: mean sign of what the critic says of real images; above it "
        "the probability rises, below it falls.",
    )
    ada_images: int | None = setting(
        None,
        "Of --ada: real images in which the probability can rise from 0 to 1.",
    )
    spectral_norm: str | None = setting(
        None,
        "Spectral normalisation of the critic: of its kernels as matrices, "
        "or of its layers as operators.",
        choices=("none", "matrix", "operator"),
    )
    spectral_scale: float | None = setting(
        None, "Norm that spectral normalisation gives a layer, at the start."
    )
    learnable_spectral_scale: bool | None = setting(
        None, "Whether the norms of --spectral_scale are learnt."
    )

    architecture: Named = setting(
        "dcgan", "Pair of networks: a name, or your own, package.module:NAME."
    )
    generator_width: int = setting(
        64,
        "Channels of the generator's last hidden layer.",
        most=2**16,
    )
    critic_width: int = setting(
        64,
        "Channels of the critic's first layer: 64 is big, 16 is small.",
        most=2**16,
    )
    critic_output: int | None = setting(
        None,
        "Number of outputs (features) of the critic.",
        most=2**16,
    )
    published_weights: bool | None = setting(
        None,
        "Whether the second network starts from the small weights of the "
        "published codes, of deviation .02, rather than from those of He et "
        "al. 2015.",
    )
    generator_batch_norm: bool = setting(
        True, "Batch normalisation in the generator."
    )
    generator_spectral_norm: bool | None = setting(
        None,
        "Spectral normalisation in generators that have it, such as biggan's.",
    )
    critic_batch_norm: bool | None = setting(
        None, "Batch normalisation in the critic; not with a penalty."
    )
    minibatch_kernels: int | None = setting(
        None,
        "Matrices of minibatch discrimination, by which the critic compares "
        "the images of a batch; 0: none. Not with a penalty on slopes.",
        most=1000,
    )
    conditioning: str = setting(
        "none",
        "How labels enter, of classes or of numbers: projection (conditional "
        "batch norm and a projection critic) or concatenation with the inputs.",
        choices=("none", "projection", "concatenation"),
    )
    latent_size: int = setting(
        100, "Width of the generator's input.", most=2**16
    )
    latent_distribution: str = setting(
        "uniform",
        "Distribution of each number of the generator's input: U(-1, 1) or "
        "N(0, 1).",
        choices=("uniform", "normal"),
    )

    critic_steps: int | None = setting(
        None,
        "Critic updates per generator update.",
        most=1000,
    )
    burn_in_critic_steps: int | None = setting(
        None,
        "Critic updates in a burn-in step; 0 switches burn-in off.",
        most=10_000,
    )
    burn_in_first: int | None = setting(
        None, "How many of the first steps are burn-in steps."
    )
    burn_in_every: int | None = setting(
        None,
        "Every step whose number this divides is a burn-in step too; 0: none.",
    )

    def __post_init__(self):
        for part in (
            DenoisingConfig, DriftConfig, FewStepsConfig,
            LearnedMomentsConfig, StyleConfig,
        ):  # fmt: skip
            part.__post_init__(self)
        fields.require_positive(
            self, "scale_offset", "constraint_weight", "spectral_scale",
            "generator_width", "critic_width", "critic_output", "latent_size",
            "critic_steps", "regularize_every", "moving_average_rate",
            "autoencoder_steps", "ridge",
            "slices", "frequencies", "code_steps", "refine_learning_rate",
            "refine_places", "ada_images",
        )  # fmt: skip
        fields.require_non_negative(
            self, "reconstruction_weight", "feasible_set_weight",
            "gradient_penalty", "r1", "r2", "feature_penalty",
            "instance_noise", "noise_penalty", "noise_annealing_steps",
            "weight_clip", "orthogonal_penalty", "burn_in_critic_steps",
            "burn_in_first", "burn_in_every", "minibatch_kernels",
        )  # fmt: skip
        fields.require_choices(self)
