"""Estimators of the squared MMD, their variance, and tests made of them."""

from tf_mmdgan.mmd.embeddings import (
    Summary,
    WitnessRanking,
    herd,
    prototypes_and_criticisms,
    rank_by_witness,
    vendi_score,
)
from tf_mmdgan.mmd.estimators import (
    Grams,
    gram_matrices,
    leave_one_out_margins,
    mmd2_biased,
    mmd2_unbiased,
    mmd2_ustatistic,
    mmd2_weighted,
    witness,
)
from tf_mmdgan.mmd.outcome import TwoSampleTest
from tf_mmdgan.mmd.random_features import (
    Seed,
    characteristic_mmd2,
    random_frequencies,
)
from tf_mmdgan.mmd.sliced import sliced_energy
from tf_mmdgan.mmd.three_sample import (
    ThreeSampleTest,
    candidate_sums,
    three_sample_test,
)
from tf_mmdgan.mmd.two_sample import TWO_SAMPLE_TESTS, two_sample_test
from tf_mmdgan.mmd.variance import (
    ESTIMATORS,
    CandidateSums,
    PairSums,
    Variance,
    mmd2_ratio,
    mmd2_variance,
    sum_pairs,
    unbiased_from_sums,
    variance_from_sums,
)
