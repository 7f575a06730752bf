"""From the names of a configuration to a method and its model."""

from tf_mmdgan.method.catalogue import METHODS
from tf_mmdgan.method.make import make_model, make_objective
from tf_mmdgan.method.parts import LinearDecay
from tf_mmdgan.method.settings import settings_of
