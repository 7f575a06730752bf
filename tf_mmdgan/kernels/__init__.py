"""Kernels as frozen values, composed with + and *; KERNELS names them."""

from tf_mmdgan.kernels.kernel import Kernel, Product, Sum
from tf_mmdgan.kernels.library import (
    KERNEL_FAMILY,
    KERNELS,
    Distance,
    LaplaceL1,
    Linear,
    Polynomial,
    Rescaled,
    Tanh,
)
from tf_mmdgan.kernels.radial import (
    Gaussian,
    Laplace,
    Matern,
    RadialMixture,
    RationalQuadratic,
    gaussian,
    some_numbers,
)
from tf_mmdgan.kernels.rows import (
    as_matrices,
    pairwise_squares,
    squared_distances,
)
