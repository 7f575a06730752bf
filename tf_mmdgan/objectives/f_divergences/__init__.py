"""f-divergences and their variational form, as frozen values."""

from tf_mmdgan.objectives.f_divergences.catalogue import (
    DIVERGENCE_FAMILY,
    DIVERGENCES,
)
from tf_mmdgan.objectives.f_divergences.divergence import FDivergence
from tf_mmdgan.objectives.f_divergences.jensen import (
    GANDivergence,
    JensenDivergence,
    JensenShannonDivergence,
)
from tf_mmdgan.objectives.f_divergences.logarithms import (
    JeffreyDivergence,
    KLDivergence,
    ReverseKLDivergence,
    log_wright_omega,
)
from tf_mmdgan.objectives.f_divergences.powers import (
    AlphaDivergence,
    HellingerDivergence,
    NeymanDivergence,
    PearsonDivergence,
    TotalVariation,
)
