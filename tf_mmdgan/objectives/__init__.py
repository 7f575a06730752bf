"""Objectives: what critic and generator minimise."""

from tf_mmdgan.objectives.annealing import Annealing
from tf_mmdgan.objectives.augmentations import (
    AdaptiveProbability,
    CriticAugmentation,
)
from tf_mmdgan.objectives.characteristic import CharacteristicGAN
from tf_mmdgan.objectives.constrained import GradientConstrainedMMD
from tf_mmdgan.objectives.cramer import CramerGAN
from tf_mmdgan.objectives.criterion import (
    Batch,
    Comparison,
    Criterion,
    Critic,
    CriticOutput,
    Loss,
    ScalarCriterion,
)
from tf_mmdgan.objectives.critic_form import CriticForm
from tf_mmdgan.objectives.denoising import DenoisingGAN
from tf_mmdgan.objectives.gan import (
    FGAN,
    GAN,
    FeatureMatchingGAN,
    HingeGAN,
    LeastSquaresGAN,
    RelativisticGAN,
)
from tf_mmdgan.objectives.generator_penalties import (
    Generator,
    GeneratorRegularizer,
    OrthogonalPenalty,
    PathLengthPenalty,
)
from tf_mmdgan.objectives.learned_moments import LearnedMoments
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
    NoisePenalty,
    Regularizer,
    ZeroCentredPenalty,
)
from tf_mmdgan.objectives.scaled import Scale, ScaledMMD, ScaledWGAN
from tf_mmdgan.objectives.sliced import SlicedEnergyGAN
from tf_mmdgan.objectives.stabilizers import InstanceNoise, WeightClipping
from tf_mmdgan.objectives.wasserstein import WGAN, FisherGAN, SobolevGAN
