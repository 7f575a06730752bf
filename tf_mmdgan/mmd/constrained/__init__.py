"""MMDs whose critic is constrained in its values and slopes."""

from tf_mmdgan.mmd.constrained.distance import Optimum, check_kernel
from tf_mmdgan.mmd.constrained.expansions import Expansion
from tf_mmdgan.mmd.constrained.gradient_constrained import (
    gradient_constrained,
    gradient_constrained_mmd2,
)
from tf_mmdgan.mmd.constrained.lipschitz import lipschitz, lipschitz_mmd2
from tf_mmdgan.mmd.constrained.scale import scaled_mmd_square, scaled_mmd_terms
from tf_mmdgan.mmd.constrained.solvers import SOLVERS

__all__ = [
    "SOLVERS",
    "Optimum",
    "Expansion",
    "check_kernel",
    "gradient_constrained",
    "gradient_constrained_mmd2",
    "lipschitz",
    "lipschitz_mmd2",
    "scaled_mmd_square",
    "scaled_mmd_terms",
]
