"""From the names of a configuration to a method and its model."""

from tf_mmdgan.methods.catalogue import METHODS
from tf_mmdgan.methods.model import make_model, make_objective
from tf_mmdgan.methods.optimizers import LinearDecay
from tf_mmdgan.methods.settings import settings_of
