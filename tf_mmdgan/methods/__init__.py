"""From the names of a configuration to a method and its model."""

from tf_mmdgan.methods.model import (
    check_method,
    count_critic_weights,
    count_weights,
    make_generator,
    make_model,
)
from tf_mmdgan.methods.published import METHODS, get_method
from tf_mmdgan.methods.resolution import settings_of
