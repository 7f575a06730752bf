"""Models: how a generator is trained."""

from tf_mmdgan.models.adversarial import AdversarialModel, BurnIn
from tf_mmdgan.models.feature_matching import FeatureMatchingModel
from tf_mmdgan.models.implicit_model import ImplicitModel
from tf_mmdgan.models.input_clock import InputClock
from tf_mmdgan.models.learned_moments import LearnedMomentsModel
from tf_mmdgan.models.moment_matching import (
    CodeMatchingModel,
    MomentMatchingModel,
)
from tf_mmdgan.models.ratio_matching import RatioMatchingModel
from tf_mmdgan.models.refining import RefinedModel
from tf_mmdgan.models.searching import Found, Search
