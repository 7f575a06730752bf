"""Models: how a generator is trained."""

from tf_mmdgan.models.adversarial import AdversarialModel, BurnIn
from tf_mmdgan.models.implicit_model import ImplicitModel, InputClock
