# ruff: noqa: I001
"""What editors and type checkers see of the names that are imported late."""

# fmt: off
from tf_mmdgan import (
    conditions as conditions, config as config, data as data,
    distribute as distribute, errors as errors,
    evaluation as evaluation, export as export, features as features,
    images as images, kernels as kernels, latents as latents,
    methods as methods, metrics as metrics, mmd as mmd, models as models,
    networks as networks, objectives as objectives,
    reproduction as reproduction, serving as serving, training as training,
)
from tf_mmdgan.kernels import (
    Kernel as Kernel, Gaussian as Gaussian,
    RationalQuadratic as RationalQuadratic, Linear as Linear,
    Distance as Distance, Laplace as Laplace, LaplaceL1 as LaplaceL1,
    Matern as Matern, Polynomial as Polynomial, Rescaled as Rescaled,
    Tanh as Tanh, Sum as Sum, Product as Product, KERNELS as KERNELS,
)
from tf_mmdgan.mmd import (
    Grams as Grams, gram_matrices as gram_matrices, mmd2_biased as mmd2_biased,
    mmd2_unbiased as mmd2_unbiased, mmd2_ustatistic as mmd2_ustatistic,
    mmd2_weighted as mmd2_weighted, mmd2_variance as mmd2_variance,
    mmd2_ratio as mmd2_ratio, candidate_sums as candidate_sums,
    three_sample_test as three_sample_test, two_sample_test as two_sample_test,
    TwoSampleTest as TwoSampleTest, TWO_SAMPLE_TESTS as TWO_SAMPLE_TESTS,
    herd as herd, prototypes_and_criticisms as prototypes_and_criticisms,
    random_frequencies as random_frequencies,
    characteristic_mmd2 as characteristic_mmd2, sliced_energy as sliced_energy,
    rank_by_witness as rank_by_witness, vendi_score as vendi_score,
)
from tf_mmdgan.mmd.constrained import (
    scaled_mmd_terms as scaled_mmd_terms,
    scaled_mmd_square as scaled_mmd_square,
    gradient_constrained_mmd2 as gradient_constrained_mmd2,
    lipschitz_mmd2 as lipschitz_mmd2,
)
from tf_mmdgan.latents import (
    Latents as Latents,
)
from tf_mmdgan.conditions import (
    Condition as Condition, Classes as Classes, Numbers as Numbers,
)
from tf_mmdgan.distribute import (
    Cluster as Cluster, make_cluster as make_cluster,
)
from tf_mmdgan.networks import (
    ARCHITECTURES as ARCHITECTURES, Architecture as Architecture,
    Conditioning as Conditioning, CriticOptions as CriticOptions,
    GeneratorOptions as GeneratorOptions,
    MinibatchDeviation as MinibatchDeviation,
    MinibatchDiscrimination as MinibatchDiscrimination,
    StyleOptions as StyleOptions,
    with_decoder as with_decoder, with_denoiser as with_denoiser,
)
from tf_mmdgan.networks.spectral_normalization import (
    SpectralNorm as SpectralNorm,
    SpectralNormalization as SpectralNormalization,
)
from tf_mmdgan.data import (
    ImageSet as ImageSet, DatasetEntry as DatasetEntry, DATASETS as DATASETS,
)
from tf_mmdgan.objectives import (
    Criterion as Criterion, ScalarCriterion as ScalarCriterion,
    Regularizer as Regularizer, Loss as Loss, Objective as Objective,
    MMDGAN as MMDGAN, RatioMMD as RatioMMD, RepulsiveMMD as RepulsiveMMD,
    AutoencoderMMD as AutoencoderMMD, ScaledMMD as ScaledMMD,
    ScaledWGAN as ScaledWGAN, Scale as Scale,
    GradientConstrainedMMD as GradientConstrainedMMD, WGAN as WGAN,
    SobolevGAN as SobolevGAN, FisherGAN as FisherGAN, CramerGAN as CramerGAN,
    CharacteristicGAN as CharacteristicGAN, SlicedEnergyGAN as SlicedEnergyGAN,
    GAN as GAN, HingeGAN as HingeGAN, LeastSquaresGAN as LeastSquaresGAN,
    RelativisticGAN as RelativisticGAN,
    FeatureMatchingGAN as FeatureMatchingGAN, DenoisingGAN as DenoisingGAN,
    FGAN as FGAN,
    GeneratorRegularizer as GeneratorRegularizer,
    GradientPenalty as GradientPenalty,
    ZeroCentredPenalty as ZeroCentredPenalty, NoisePenalty as NoisePenalty,
    FeaturePenalty as FeaturePenalty, OrthogonalPenalty as OrthogonalPenalty,
    PathLengthPenalty as PathLengthPenalty,
    InstanceNoise as InstanceNoise,
    WeightClipping as WeightClipping, Annealing as Annealing,
)
from tf_mmdgan.objectives.augmentations import (
    CriticAugmentation as CriticAugmentation,
    AdaptiveProbability as AdaptiveProbability,
    CRITIC_AUGMENTATIONS as CRITIC_AUGMENTATIONS, ImageChange as ImageChange,
    GatedChange as GatedChange,
)
from tf_mmdgan.objectives.constrained import (
    critic_gradient_constrained_mmd2 as critic_gradient_constrained_mmd2,
)
from tf_mmdgan.objectives.f_divergences import (
    FDivergence as FDivergence, KLDivergence as KLDivergence,
    ReverseKLDivergence as ReverseKLDivergence,
    JeffreyDivergence as JeffreyDivergence,
    PearsonDivergence as PearsonDivergence,
    NeymanDivergence as NeymanDivergence,
    HellingerDivergence as HellingerDivergence,
    AlphaDivergence as AlphaDivergence, TotalVariation as TotalVariation,
    JensenShannonDivergence as JensenShannonDivergence,
    GANDivergence as GANDivergence, JensenDivergence as JensenDivergence,
    DIVERGENCES as DIVERGENCES,
)
from tf_mmdgan.objectives.discrepancies import (
    KernelDiscrepancy as KernelDiscrepancy,
    GradientConstrainedDiscrepancy as GradientConstrainedDiscrepancy,
    SlicedEnergy as SlicedEnergy,
    RandomFeatureDiscrepancy as RandomFeatureDiscrepancy,
)
from tf_mmdgan.objectives.discrepancy import (
    Discrepancy as Discrepancy,
    PlainDiscrepancy as PlainDiscrepancy,
)
from tf_mmdgan.objectives.drift import (
    DriftField as DriftField,
)
from tf_mmdgan.objectives.drifting import (
    DriftDiscrepancy as DriftDiscrepancy,
)
from tf_mmdgan.objectives.density_ratio import (
    RatioMatching as RatioMatching,
)
from tf_mmdgan.objectives.learned_moments import (
    LearnedMoments as LearnedMoments,
)
from tf_mmdgan.objectives.loss import (
    MMDLoss as MMDLoss, MMDRegularizer as MMDRegularizer,
)
from tf_mmdgan.features import (
    EXTRACTORS as EXTRACTORS, Extracted as Extracted,
    FeatureExtractor as FeatureExtractor, FrozenFeatures as FrozenFeatures,
)
from tf_mmdgan.metrics import (
    METRICS as METRICS, Metric as Metric, MetricSettings as MetricSettings,
)
from tf_mmdgan.metrics.kid import (
    kid as kid, KID as KID,
)
from tf_mmdgan.metrics.kid_tests import (
    kid_test as kid_test, nearer_test as nearer_test, NearerTest as NearerTest,
)
from tf_mmdgan.metrics.deep_kernel import (
    deep_kernel_test as deep_kernel_test, DeepKernel as DeepKernel,
)
from tf_mmdgan.metrics.classifier import (
    classifier_test as classifier_test,
)
from tf_mmdgan.metrics.trained_tests import (
    TRAINED_TESTS as TRAINED_TESTS,
)
from tf_mmdgan.evaluation import (
    Report as Report,
)
from tf_mmdgan.models import (
    Search as Search,
    ImplicitModel as ImplicitModel, AdversarialModel as AdversarialModel,
    BurnIn as BurnIn, MomentMatchingModel as MomentMatchingModel,
    CodeMatchingModel as CodeMatchingModel,
    FeatureMatchingModel as FeatureMatchingModel,
    RatioMatchingModel as RatioMatchingModel,
    LearnedMomentsModel as LearnedMomentsModel,
)
from tf_mmdgan.methods import (
    METHODS as METHODS,
)
from tf_mmdgan.methods.published import (
    OBJECTIVES as OBJECTIVES,
)
from tf_mmdgan.methods.adversarial import (
    REGULARIZERS as REGULARIZERS,
)
from tf_mmdgan.training import (
    train as train, evaluate as evaluate, load_run as load_run,
    TrainedRun as TrainedRun,
)
from tf_mmdgan.training.guard import (
    StopAtNaN as StopAtNaN,
)
from tf_mmdgan.reproduction.studies import (
    STUDIES as STUDIES,
)
from tf_mmdgan.export import (
    export_generator as export_generator, load_generator as load_generator,
)
from tf_mmdgan.serving import (
    Connection as Connection, LocalPredictor as LocalPredictor,
    Sampler as Sampler,
)
from tf_mmdgan.config import (
    DataConfig as DataConfig, TrainConfig as TrainConfig,
    EvaluateConfig as EvaluateConfig, ExportConfig as ExportConfig,
    SampleConfig as SampleConfig, DemoConfig as DemoConfig,
    CompareConfig as CompareConfig, TwoSampleConfig as TwoSampleConfig,
)

__version__: str
