"""f-divergences by name.

To add one, derive a frozen dataclass from `FDivergence` and list it here.

    >>> tm.DIVERGENCES["squared_hellinger"]
    HellingerDivergence()
"""

from tf_mmdgan.config.catalogue import Catalogue
from tf_mmdgan.config.expressions import Family
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
)
from tf_mmdgan.objectives.f_divergences.powers import (
    AlphaDivergence,
    HellingerDivergence,
    NeymanDivergence,
    PearsonDivergence,
    TotalVariation,
)

DIVERGENCES: Catalogue[FDivergence] = Catalogue("divergence", __doc__) | {
    "kl": KLDivergence(),
    "reverse_kl": ReverseKLDivergence(),
    "pearson": PearsonDivergence(),
    "neyman": NeymanDivergence(),
    "squared_hellinger": HellingerDivergence(),
    "jeffrey": JeffreyDivergence(),
    "jensen_shannon": JensenShannonDivergence(),
    "gan": GANDivergence(),
    "total_variation": TotalVariation(),
    "alpha_0.5": AlphaDivergence(0.5),
    "alpha_2": AlphaDivergence(2.0),
    "jensen_weighted": JensenDivergence(0.25),
}

DIVERGENCE_FAMILY: Family[FDivergence] = Family(
    "divergence",
    DIVERGENCES,
    FDivergence,
    {"alpha": AlphaDivergence, "jensen_weighted": JensenDivergence},
    {type(made).__name__: type(made) for made in DIVERGENCES.values()},
)
