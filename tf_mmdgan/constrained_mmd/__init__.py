"""Distances whose critics are held by their gradients."""

from tf_mmdgan.constrained_mmd.distance import Distance, check_kernel
from tf_mmdgan.constrained_mmd.expansions import Expansion
from tf_mmdgan.constrained_mmd.gradient_constrained import (
    critic_gradient_constrained_mmd2,
    gradient_constrained,
    gradient_constrained_mmd2,
)
from tf_mmdgan.constrained_mmd.lipschitz import lipschitz, lipschitz_mmd2
from tf_mmdgan.constrained_mmd.scale import scaled_mmd_square, scaled_mmd_terms
from tf_mmdgan.constrained_mmd.solvers import SOLVERS

__all__ = [
    "SOLVERS",
    "Distance",
    "Expansion",
    "check_kernel",
    "critic_gradient_constrained_mmd2",
    "gradient_constrained",
    "gradient_constrained_mmd2",
    "lipschitz",
    "lipschitz_mmd2",
    "scaled_mmd_square",
    "scaled_mmd_terms",
]
