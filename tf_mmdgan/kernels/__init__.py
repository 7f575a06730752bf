"""Kernels as frozen values, composed with + and *; KERNELS names them."""

from tf_mmdgan.kernels.kernel import (
    Kernel,
    Product,
    Sum,
    as_matrices,
    squared_distances,
)
from tf_mmdgan.kernels.library import (
    KERNELS,
    Distance,
    Gaussian,
    LaplaceL1,
    Linear,
    Polynomial,
    RadialMixture,
    RationalQuadratic,
    Rescaled,
    Tanh,
    gaussian,
)
